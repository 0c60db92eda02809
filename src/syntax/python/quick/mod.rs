//! Text to tree without a general parser: one pass over plain modern Python, twenty times as fast as the other way.
//!
//! It knows the common part of the language and refuses whatever else it meets (`match`, type parameters, Python 2, errors of any kind): such a file goes the
//! slow way through tree-sitter. What it does accept has the very tree that the slow way gives; a test compares the two over the interpreter's library.

mod expr;
mod fstring;
mod list;
mod names;
mod stmt;
mod token;

use std::cell::Cell;

use crate::symbol::Symbol;

use super::ast::{Arg, Body, Expr, Ident, MAX_DEPTH, Module, Stmt};
use crate::source::Span;
use names::Names;
use token::{Lexer, T};

/// The tree of a file, or `None` where the slow way has to decide.
pub(super) fn parse(text: &str) -> Option<Module> {
    attempt(text)?.ok()
}

/// The tree, or the byte at which it was given up; `None` where it was not begun.
pub(super) fn attempt(text: &str) -> Option<Result<Module, usize>> {
    // Comments that speak to us are found in the other tree.
    if u32::try_from(text.len()).is_err() || memchr::memmem::find(text.as_bytes(), b"dbtruth").is_some() {
        return None;
    }
    let mut names = NAMES.take().unwrap_or_default();
    names.another_file();
    let mut parser = Parser { lexer: Lexer::new(text), depth: 0, height: 0, exprs: Vec::new(), args: Vec::new(), stmts: Vec::new(), names };
    let body = parser.module();
    let at = parser.start() as usize;
    NAMES.set(Some(parser.names));
    Some(body.map(|body| Module { body, ..Module::default() }).ok_or(at))
}

thread_local! {
    /// Names met lately: interning asks a table that all threads share.
    static NAMES: Cell<Option<Box<Names>>> = const { Cell::new(None) };
}

/// The state of parsing one file. Every function begins at its first token and ends behind its last; `None` gives the file up.
struct Parser<'t> {
    lexer: Lexer<'t>,
    /// How many parsing functions that nest are on the stack.
    depth: usize,
    /// The height of the tallest expression since this was last reset; never less than what the slow way counts.
    height: usize,
    /// Members of the lists being read, innermost last. Each list is made in one piece when it ends, so that it takes no more room than it needs.
    exprs: Vec<Expr>,
    args: Vec<Arg>,
    stmts: Vec<Stmt>,
    names: Box<Names>,
}

impl<'t> Parser<'t> {
    fn module(&mut self) -> Option<Body> {
        self.advance()?;
        while self.kind() != T::End {
            self.statement()?;
        }
        Some(self.stmts.drain(..).collect())
    }

    /// The name that the token at hand is.
    fn name(&mut self) -> Symbol {
        self.names.at(self.lexer.text, self.lexer.start, self.lexer.end)
    }

    fn kind(&self) -> T {
        self.lexer.kind
    }

    /// Where the token at hand begins.
    fn start(&self) -> u32 {
        self.lexer.start
    }

    /// Where the last token behind us ended.
    fn behind(&self) -> u32 {
        self.lexer.behind
    }

    fn since(&self, start: u32) -> Span {
        Span { start, end: self.behind() }
    }

    fn advance(&mut self) -> Option<()> {
        self.lexer.advance()
    }

    /// Goes past a token if it is there.
    fn eat(&mut self, kind: T) -> Option<bool> {
        if self.kind() != kind {
            return Some(false);
        }
        self.advance()?;
        Some(true)
    }

    /// Goes past a token that must be there.
    fn expect(&mut self, kind: T) -> Option<()> {
        if self.kind() == kind { self.advance() } else { None }
    }

    fn text(&self) -> &'t str {
        self.lexer.text.get(self.lexer.start as usize..self.lexer.end as usize).unwrap_or("")
    }

    fn ident(&mut self) -> Option<Ident> {
        if self.kind() != T::Name {
            return None;
        }
        let name = Ident { name: self.name(), span: Span { start: self.lexer.start, end: self.lexer.end } };
        self.advance()?;
        Some(name)
    }

    /// Runs something that nests, within the limit.
    fn nested<R>(&mut self, run: impl FnOnce(&mut Self) -> Option<R>) -> Option<R> {
        if self.depth >= MAX_DEPTH {
            return None;
        }
        self.depth += 1;
        let made = run(self);
        self.depth -= 1;
        made
    }

    /// Counts one more level on the expression at hand.
    fn taller(&mut self) -> Option<()> {
        self.height += 1;
        if self.height >= MAX_DEPTH { None } else { Some(()) }
    }
}

fn at(span: Span, kind: super::ast::ExprKind) -> Expr {
    Expr { span, kind }
}
