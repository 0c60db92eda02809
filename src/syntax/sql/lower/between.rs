//! `BETWEEN`, whose left side the parser does not always see.
//!
//! Behind `x::date` it makes a node of its own of what follows, which lacks its left side; and of `a + 1 BETWEEN …` it takes the 1 alone, where PostgreSQL's
//! operators bind more tightly than the word.

use squawk_syntax::ast::{self, AstNode};
use squawk_syntax::{SyntaxKind, SyntaxNode};

use super::Lower;
use crate::source::Span;
use crate::syntax::sql::ast::{Expr, ExprKind};

/// Whether the node begins with `BETWEEN` or `NOT BETWEEN`: what stands before it is its left side.
fn lacks_target(node: &SyntaxNode) -> bool {
    let mut tokens = node.descendants_with_tokens().filter_map(rowan::NodeOrToken::into_token).filter(|t| !t.kind().is_trivia());
    match tokens.next().map(|t| t.kind()) {
        Some(SyntaxKind::BETWEEN_KW) => true,
        Some(SyntaxKind::NOT_KW) => tokens.next().is_some_and(|t| t.kind() == SyntaxKind::BETWEEN_KW),
        _ => false,
    }
}

/// Whether an expression is only the rest of the one before it.
pub(super) fn is_rest(expr: &ast::Expr) -> bool {
    matches!(expr, ast::Expr::BetweenExpr(_) | ast::Expr::BinExpr(_)) && lacks_target(expr.syntax())
}

/// Comparisons bind less tightly than `BETWEEN`; all other operators of two sides more.
pub(super) fn binds_more(operator: &str) -> bool {
    !matches!(operator, "=" | "<" | ">" | "<=" | ">=" | "<>" | "!=")
}

/// `build`, of what stands left of `right` and of `right`; where that is a `BETWEEN` whose left side is only the last part of it, within that.
pub(super) fn within(start: u32, right: Expr, build: impl FnOnce(Expr) -> ExprKind) -> ExprKind {
    match right.kind {
        ExprKind::Between(mut between) => {
            let target = std::mem::replace(&mut between.0, Expr { span: right.span, kind: ExprKind::Broken });
            let span = Span { start, end: target.span.end };
            between.0 = Expr { span, kind: build(target) };
            ExprKind::Between(between)
        }
        ExprKind::Not(inner) if matches!(inner.kind, ExprKind::Between(_)) => {
            let span = Span { start, end: inner.span.end };
            ExprKind::Not(Box::new(Expr { span, kind: within(start, *inner, build) }))
        }
        _ => build(right),
    }
}

impl Lower<'_> {
    /// With what follows it, where that is the rest of it.
    pub(super) fn with_rest(&self, cast: &ast::CastExpr, lowered: Expr) -> Expr {
        let Some(rest) = cast.syntax().next_sibling().and_then(ast::Expr::cast).filter(is_rest) else { return lowered };
        let span = Span { start: lowered.span.start, end: self.span(rest.syntax()).end };
        let before = self.target.replace(Some(lowered));
        let kind = self.expr(Some(rest)).kind;
        self.target.set(before);
        Expr { span, kind }
    }

    /// `a BETWEEN b AND c`
    pub(super) fn between(&self, between: &ast::BetweenExpr) -> ExprKind {
        let three = if lacks_target(between.syntax()) {
            let broken = || Expr { span: self.span(between.syntax()), kind: ExprKind::Broken };
            (self.target.take().unwrap_or_else(broken), self.expr(between.target()), self.expr(between.start()))
        } else {
            (self.expr(between.target()), self.expr(between.start()), self.expr(between.end()))
        };
        let span = Span { start: three.0.span.start, end: self.span(between.syntax()).end };
        let kind = ExprKind::Between(Box::new(three));
        if between.not_token().is_some() { ExprKind::Not(Box::new(Expr { span, kind })) } else { kind }
    }
}
