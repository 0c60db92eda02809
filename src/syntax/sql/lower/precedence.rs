//! Where the parser's precedence is not PostgreSQL's.

use squawk_syntax::ast::{self, BinOp};

use crate::source::Span;
use crate::syntax::sql::ast::{Binary, Expr, ExprKind};

/// "Any other operator" of PostgreSQL's table of precedence: `||`, `->`, `?`, `OPERATOR(…)`.
pub(super) fn is_other(binary: &ast::BinExpr) -> bool {
    matches!(binary.op(), Some(BinOp::CustomOp(_) | BinOp::OperatorCall(_)))
}

/// How many of them lean to the right, one in another.
pub(super) fn others_in(mut expr: Option<ast::Expr>) -> usize {
    let mut count = 0;
    while let Some(ast::Expr::BinExpr(inner)) = expr {
        if !is_other(&inner) {
            break;
        }
        count += 1;
        expr = inner.rhs();
    }
    count
}

/// The parser reads `a -> b ? c` as `a -> (b ? c)`; PostgreSQL takes such operators from the left. `right`, which leans to the left already, holds `chained` of them.
pub(super) fn lean_left(left: Expr, op: String, op_span: Span, mut right: Expr, chained: usize) -> ExprKind {
    fn first(expr: &mut Expr) -> Option<&mut Expr> {
        match &mut expr.kind {
            ExprKind::Binary(binary) => Some(&mut binary.left),
            ExprKind::AnyArray(pair, _) => Some(&mut pair.0),
            ExprKind::AnyQuery(pair, _) => Some(&mut pair.0),
            _ => None,
        }
    }
    let start = left.span.start;
    let mut slot = &mut right;
    for _ in 0..chained {
        slot.span.start = start;
        if first(slot).is_none() {
            // too deep to have been read
            return ExprKind::Broken;
        }
        slot = first(slot).expect("just looked");
    }
    let operand = std::mem::replace(slot, Expr { span: left.span, kind: ExprKind::Broken });
    let span = Span { start, end: operand.span.end };
    *slot = Expr { span, kind: ExprKind::Binary(Box::new(Binary { op, op_span, left, right: operand })) };
    right.kind
}
