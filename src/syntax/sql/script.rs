//! A whole text: its statements, each parsed alone, and what was skipped.

use std::cmp::Reverse;

use super::ast::{Statement, StatementKind};
use super::dialect;
use super::lower::{Parsed, parse_statement};
use super::mask::{self, Reading, Slot};
use super::repair::{self, Mended};
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
    /// A body in another language than SQL.
    Procedural,
}

impl Skip {
    /// A short name for counting.
    pub fn name(self) -> &'static str {
        match self {
            Skip::Unparsable => "sql-unparsable",
            Skip::OtherDialect => "sql-other-dialect",
            Skip::TooDeep => "sql-too-deep",
            Skip::Procedural => "sql-procedural",
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
    /// A hole may give names to queries (WITH): no bare table name can be called unknown.
    pub open_names: bool,
    /// Parts that could not be read and stand in the tree as holes.
    pub broken: Vec<Span>,
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
    read_all(template, parameters, false)
}

/// The same, but a statement that cannot be read is read around its smallest broken parts where that is possible; these are in [`Script::skipped`].
pub fn parse_around(template: &Template, parameters: Parameters) -> Script {
    read_all(template, parameters, true)
}

fn read_all(template: &Template, parameters: Parameters, around: bool) -> Script {
    let text = template.text();
    let mut script = Script::default();
    for piece in split(text) {
        if piece.too_deep {
            script.skipped.push((piece.span, Skip::TooDeep));
            continue;
        }
        let Some(part) = text.get(piece.span.range()) else { continue };
        match read(part, piece.span.start, parameters) {
            Ok(statement) => script.statements.push(statement),
            Err(_) if dialect::is_other(part) => script.skipped.push((piece.span, Skip::OtherDialect)),
            Err(best) => {
                let mended = if around { repair::mend(part, piece.span.start, &best.slots, &best.chosen, best.parsed) } else { None };
                match mended {
                    Some(Mended { parsed, broken, open_names }) => {
                        script.skipped.extend(broken.iter().map(|span| (*span, Skip::Unparsable)));
                        script.statements.push(ScriptStatement { statement: parsed.statement, open_scope: false, open_names, broken });
                    }
                    None => script.skipped.push((piece.span, Skip::Unparsable)),
                }
            }
        }
    }
    script
}

/// More holes than this are not tried in other readings.
const MAX_SLOTS: usize = 24;

/// The best reading of a statement that has none free of errors.
struct Best {
    slots: Vec<Slot>,
    chosen: Vec<usize>,
    parsed: Parsed,
}

/// One statement in its best reading.
#[expect(clippy::result_large_err, reason = "one caller, which takes both apart at once")]
fn read(text: &str, base: u32, parameters: Parameters) -> Result<ScriptStatement, Best> {
    let slots = mask::slots(text, parameters);
    let mut chosen = vec![0; slots.len()];
    let mut best = attempt(text, base, &slots, &chosen);
    if !best.errors.is_empty() && slots.len() <= MAX_SLOTS {
        // twice, since a later choice may make an earlier one matter
        for _ in 0..2 {
            for n in 0..slots.len() {
                for reading in 0..slots[n].readings.len() {
                    if best.errors.is_empty() {
                        break;
                    }
                    let before = std::mem::replace(&mut chosen[n], reading);
                    if before == reading {
                        continue;
                    }
                    let other = attempt(text, base, &slots, &chosen);
                    // fewer errors, or the same number farther on
                    if (other.errors.len(), Reverse(other.errors.first())) < (best.errors.len(), Reverse(best.errors.first())) {
                        best = other;
                    } else {
                        chosen[n] = before;
                    }
                }
            }
        }
    }
    if !best.errors.is_empty() || best.statement.kind == StatementKind::Broken {
        return Err(Best { slots, chosen, parsed: best });
    }
    let blank = |(slot, choice): (&Slot, &usize)| (slot.readings[*choice] == Reading::Blank).then_some(slot.clone());
    let blanks: Vec<Slot> = slots.iter().zip(&chosen).filter_map(blank).collect();
    let ctes = slots.iter().zip(&chosen).any(|(slot, choice)| slot.readings[*choice] == Reading::Cte);
    let open_names = ctes || blanks.iter().any(|s| s.first);
    Ok(ScriptStatement {
        statement: best.statement,
        open_scope: blanks.iter().any(|s| s.may_join) || slots.iter().any(|s| s.may_bring_from),
        open_names,
        broken: Vec::new(),
    })
}

fn attempt(text: &str, base: u32, slots: &[Slot], chosen: &[usize]) -> Parsed {
    if slots.is_empty() {
        return parse_statement(text, base, &[]);
    }
    let (masked, edits) = mask::apply(text, slots, chosen);
    parse_statement(&masked, base, &edits)
}
