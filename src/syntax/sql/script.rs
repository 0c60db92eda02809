//! A whole text: its statements, each parsed alone, and what was skipped.

use super::ast::{Statement, StatementKind};
use super::lower::{Parsed, parse_statement};
use super::split::split;
use super::template::Template;
use crate::source::Span;

/// How the text marks its parameters, where that is known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Parameters {
    /// Look at the text.
    #[default]
    Guess,
    /// `%s`, `%(name)s`; `%%` is one `%`
    Percent,
    /// `:name`
    Colon,
    /// `?`
    Question,
    /// `$1`
    Dollar,
}

/// Why a statement was not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Skip {
    /// The grammar of PostgreSQL does not have it.
    Unparsable,
    /// It belongs to another database.
    OtherDialect,
    /// It nests too deep.
    TooDeep,
}

impl Skip {
    /// A short name for counting.
    pub fn name(self) -> &'static str {
        match self {
            Skip::Unparsable => "sql-unparsable",
            Skip::OtherDialect => "sql-other-dialect",
            Skip::TooDeep => "sql-too-deep",
        }
    }
}

/// A statement that was read.
#[derive(Clone, Debug, PartialEq)]
pub struct ScriptStatement {
    /// The statement.
    pub statement: Statement,
    /// Part of it is unknown in a way that may bring further relations into scope (a hole where a join may stand).
    pub open_scope: bool,
}

/// A text as its statements.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Script {
    /// What was read, in order.
    pub statements: Vec<ScriptStatement>,
    /// What was not, in order.
    pub skipped: Vec<(Span, Skip)>,
}

/// Reads a text. Never fails: what cannot be read is in [`Script::skipped`].
pub fn parse(template: &Template, parameters: Parameters) -> Script {
    let text = template.text();
    let mut script = Script::default();
    let _ = parameters;
    for piece in split(text) {
        if piece.too_deep {
            script.skipped.push((piece.span, Skip::TooDeep));
            continue;
        }
        let Some(part) = text.get(piece.span.range()) else { continue };
        let Parsed { statement, errors } = parse_statement(part, piece.span.start);
        if errors.is_empty() && statement.kind != StatementKind::Broken {
            script.statements.push(ScriptStatement { statement, open_scope: false });
        } else {
            script.skipped.push((piece.span, Skip::Unparsable));
        }
    }
    script
}
