//! tree-sitter's tree into ours.
//!
//! One cursor walks the tree; every function here finds the cursor on the node that it lowers and leaves it there. Recursion is bounded by
//! [`MAX_DEPTH`]; long chains (`a + b + …`, `a.b().c()…`) are walked by loops.

pub(super) mod chain;
mod compound;
pub(super) mod expr;
mod params;
mod pattern;
pub(super) mod stmt;
pub(super) mod string;

#[cfg(test)]
mod tests;

use tree_sitter::{Node, Tree, TreeCursor};

use super::ast::{Comment, Ident, MAX_DEPTH, Module, SyntaxError};
use super::kinds::Kind;
use crate::source::Span;
use crate::symbol::Symbol;

/// More errors than these say nothing new.
const MAX_ERRORS: usize = 100;

/// The state of lowering one file.
pub(super) struct Lowerer<'t> {
    text: &'t str,
    cursor: TreeCursor<'t>,
    /// The node at the cursor; asking the cursor for it again is dear.
    node: Node<'t>,
    /// How many lowering functions are on the stack.
    depth: usize,
    /// The height of the tallest expression lowered since this was last reset.
    tallest: usize,
    /// The nodes between the expression being lowered and its leftmost leaf, of all expressions on the stack.
    spine: Vec<(Kind, Node<'t>)>,
    errors: Vec<SyntaxError>,
    /// The first place that nests too deeply.
    deep: Option<Span>,
    root: Node<'t>,
}

impl<'t> Lowerer<'t> {
    pub(super) fn new(text: &'t str, tree: &'t Tree) -> Self {
        let root = tree.root_node();
        Self { text, cursor: tree.walk(), node: root, depth: 0, tallest: 0, spine: Vec::new(), errors: Vec::new(), deep: None, root }
    }

    /// The whole file.
    pub(super) fn module(mut self) -> Module {
        let mut body = Vec::new();
        self.statements(&mut body);
        if let Some(span) = self.deep {
            self.errors.push(SyntaxError { span, message: format!("nested more than {MAX_DEPTH} levels deep") });
        }
        let comments = self.comments();
        Module { body, comments, errors: self.errors, ..Module::default() }
    }

    /// Comments that speak to us. They are found by their text, since the walk passes most comments by.
    fn comments(&self) -> Vec<Comment> {
        let mut comments: Vec<Comment> = Vec::new();
        for at in memchr::memmem::find_iter(self.text.as_bytes(), b"dbtruth") {
            let known = comments.last().is_some_and(|c| c.span.range().contains(&at));
            let Some(node) = self.root.descendant_for_byte_range(at, at) else { continue };
            if !known && Kind::of(node.kind_id()) == Kind::Comment {
                let span = Span::new(node.start_byte(), node.end_byte());
                comments.push(Comment { span, text: self.text_at(span).trim_start_matches('#').into() });
            }
        }
        comments
    }

    fn kind(&self) -> Kind {
        Kind::of(self.node.kind_id())
    }

    fn span(&self) -> Span {
        Span::new(self.node.start_byte(), self.node.end_byte())
    }

    fn slice(&self, start: usize, end: usize) -> &'t str {
        self.text.get(start..end).unwrap_or("")
    }

    fn text_at(&self, span: Span) -> &'t str {
        self.slice(span.start as usize, span.end as usize)
    }

    fn here(&self) -> &'t str {
        self.text_at(self.span())
    }

    fn name(&self) -> Symbol {
        Symbol::from(self.here())
    }

    fn ident(&self) -> Ident {
        Ident { name: self.name(), span: self.span() }
    }

    /// To the first child that is no comment; stays where it is when there is none.
    fn down(&mut self) -> Option<Kind> {
        let parent = self.node;
        if !self.cursor.goto_first_child() {
            return None;
        }
        self.node = self.cursor.node();
        let kind = self.kind();
        if !kind.is_extra() {
            return Some(kind);
        }
        let next = self.next();
        if next.is_none() {
            self.up(parent);
        }
        next
    }

    /// To the next sibling that is no comment. After `None` the cursor still stands on this level.
    fn next(&mut self) -> Option<Kind> {
        while self.cursor.goto_next_sibling() {
            self.node = self.cursor.node();
            let kind = self.kind();
            if !kind.is_extra() {
                return Some(kind);
            }
        }
        None
    }

    /// Back to the parent, which is `node`.
    fn up(&mut self, node: Node<'t>) {
        self.cursor.goto_parent();
        self.node = node;
    }

    /// Does `visit` on every child that is no comment.
    fn each(&mut self, mut visit: impl FnMut(&mut Self, Kind)) {
        let parent = self.node;
        let mut child = self.down();
        if child.is_none() {
            return;
        }
        while let Some(kind) = child {
            visit(self, kind);
            child = self.next();
        }
        self.up(parent);
    }

    /// Does `visit` on every child that is neither a comment nor a bare token.
    fn each_node(&mut self, mut visit: impl FnMut(&mut Self, Kind)) {
        self.each(|l, kind| {
            if !kind.is_token() {
                visit(l, kind);
            }
        });
    }

    fn has_error(&self) -> bool {
        self.node.has_error()
    }

    /// Notes the first error inside the node at the cursor.
    fn note_error(&mut self) {
        let start = self.node;
        let mut walk = self.cursor.clone();
        let mut node = start;
        while !node.is_error() && !node.is_missing() && walk.goto_first_child() {
            while !walk.node().has_error() && walk.goto_next_sibling() {}
            node = walk.node();
        }
        let (from, to) = (node.start_byte(), node.end_byte());
        let first_line = self.slice(from, to).lines().next().unwrap_or("");
        let span = Span::new(from, from + first_line.len());
        let message = if node.is_missing() {
            format!("expected {} here", shown(node.kind()))
        } else if first_line.is_empty() {
            "this is not valid Python".to_owned()
        } else {
            format!("did not expect {} here", shown(first_line))
        };
        let error = SyntaxError { span, message };
        if self.errors.len() < MAX_ERRORS && self.errors.last() != Some(&error) {
            self.errors.push(error);
        }
    }

    fn too_deep(&mut self) {
        if self.deep.is_none() {
            let span = self.span();
            let first_line = self.text_at(span).lines().next().unwrap_or("");
            self.deep = Some(Span::new(span.start as usize, span.start as usize + first_line.len()));
        }
    }
}

/// A piece of source for a message: short, on one line, in backticks.
fn shown(text: &str) -> String {
    let short: String = text.chars().take(30).map(|c| if c.is_control() { '\u{FFFD}' } else { c }).collect();
    format!("`{}{}`", short.trim_end(), if text.chars().nth(30).is_some() { "…" } else { "" })
}
