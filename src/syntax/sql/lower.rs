//! From the parser's tree to ours.
//!
//! Each statement is parsed alone ([`split`](super::split)), so that a broken one cannot swallow its neighbours. The parser recurses: a text
//! whose parentheses or operators nest too deep is refused before it is parsed.

mod alter;
mod between;
mod create;
mod dml;
mod expr;
mod names;
mod precedence;
mod query;
mod statement;
mod table;

use std::cell::Cell;

use rowan::GreenNodeBuilder;
use squawk_parser::{EntryPoint, LexedStr, StrStep};
use squawk_syntax::ast::{self, AstNode};
use squawk_syntax::{SyntaxNode, ast::Stmt};

use super::ast::{Expr, MAX_DEPTH, Statement, StatementKind};
use super::mask::Edit;
use crate::source::Span;

/// Turns one statement's tree into ours.
struct Lower<'a> {
    /// Where the parsed text begins in the whole.
    base: u32,
    depth: Cell<usize>,
    /// What was replaced before parsing.
    edits: &'a [Edit],
    /// What stands left of the `BETWEEN` that is read next, where the parser did not see that.
    target: Cell<Option<Expr>>,
}

impl Lower<'_> {
    /// A place of the parsed text in the whole, as the start of a span.
    fn start(&self, at: u32) -> u32 {
        let n = self.edits.partition_point(|e| e.masked.0 <= at);
        self.base
            + match n.checked_sub(1).map(|n| self.edits[n]) {
                None => at,
                Some(edit) if at < edit.masked.1 => edit.original.0,
                Some(edit) => edit.original.1 + (at - edit.masked.1),
            }
    }

    /// The same, as the end of a span.
    fn end(&self, at: u32) -> u32 {
        let n = self.edits.partition_point(|e| e.masked.0 < at);
        self.base
            + match n.checked_sub(1).map(|n| self.edits[n]) {
                None => at,
                Some(edit) if at <= edit.masked.1 => edit.original.1,
                Some(edit) => edit.original.1 + (at - edit.masked.1),
            }
    }

    /// Runs `f` one level deeper; `None` beyond [`MAX_DEPTH`].
    fn nested<T>(&self, f: impl FnOnce(&Self) -> T) -> Option<T> {
        if self.depth.get() >= MAX_DEPTH {
            return None;
        }
        self.depth.set(self.depth.get() + 1);
        let out = f(self);
        self.depth.set(self.depth.get() - 1);
        Some(out)
    }
}

/// What the parser made of one statement.
#[derive(Clone, Debug, PartialEq)]
pub struct Parsed {
    /// The statement; of a broken one as much as could be read.
    pub statement: Statement,
    /// Places (in the whole text) where the parser stumbled.
    pub errors: Vec<u32>,
}

/// Parses the text of one statement that begins at byte `base` of the whole; `edits` says what was replaced in it.
pub fn parse_statement(text: &str, base: u32, edits: &[Edit]) -> Parsed {
    let (root, mut errors) = tree(text);
    let lower = Lower { base, depth: Cell::new(0), edits, target: Cell::new(None) };
    let span = Span { start: base, end: lower.end(Span::new(0, text.len()).end) };
    for error in &mut errors {
        *error = lower.start(*error);
    }
    let mut statements = ast::SourceFile::cast(root).into_iter().flat_map(|f| f.stmts());
    let first = statements.find(|s| !matches!(s, Stmt::EmptyStmt(_)));
    let Some(first) = first else {
        return Parsed { statement: Statement { span, kind: StatementKind::Broken }, errors: vec![base] };
    };
    if let Some(next) = statements.find(|s| !matches!(s, Stmt::EmptyStmt(_))) {
        errors.push(lower.start(next.syntax().text_range().start().into()));
    }
    Parsed { statement: lower.statement(&first), errors }
}

/// The parser's tree and the offsets of its errors. (`SourceFile::parse` would validate and parse function bodies too, at half the speed.)
fn tree(text: &str) -> (SyntaxNode, Vec<u32>) {
    let lexed = LexedStr::new(text);
    let output = EntryPoint::SourceFile.parse(&lexed.to_input());
    let mut builder = GreenNodeBuilder::new();
    let mut errors = Vec::new();
    let offset = |n: usize| Span::new(n, n).start;
    lexed.intersperse_trivia(&output, &mut |step| match step {
        StrStep::Token { kind, text } => builder.token(rowan::SyntaxKind(kind.into()), text),
        StrStep::Enter { kind } => builder.start_node(rowan::SyntaxKind(kind.into())),
        StrStep::Exit => builder.finish_node(),
        StrStep::Error { pos, .. } => errors.push(offset(pos)),
    });
    errors.extend(lexed.errors().map(|(range, _)| range.start));
    errors.sort_unstable();
    (SyntaxNode::new_root(builder.finish()), errors)
}
