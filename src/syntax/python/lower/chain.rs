//! Chains: `leaf.a(b)[c] + d and e` hangs to the left as deep as it is long, so it is walked by a loop.

use tree_sitter::Node;

use super::Lowerer;
use super::expr::index;
use crate::source::Span;
use crate::symbol::Symbol;
use crate::syntax::python::ast::{Arg, ArgKind, Attribute, BinaryOp, Call, Expr, ExprKind, Ident, MAX_DEPTH};
use crate::syntax::python::kinds::Kind;

/// Chains of one operator up to this many operands keep their left-leaning shape.
pub(in crate::syntax::python) const LEANING: usize = 16;

/// An operator that may be regrouped freely, as far as any reader of ours can tell.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(in crate::syntax::python) enum Joint {
    Binary(BinaryOp),
    Bool(bool),
}

/// How many times in a row the same operator joined the chain at hand.
#[derive(Default)]
struct Run {
    joint: Option<Joint>,
    len: usize,
}

impl<'t> Lowerer<'t> {
    /// A leaf, and everything that hangs on it to the right: `leaf.a(b)[c] + d and e`.
    pub(super) fn chain(&mut self) -> Expr {
        let base = self.spine.len();
        let mut kind = self.kind();
        while matches!(kind, Kind::Attribute | Kind::Call | Kind::Subscript | Kind::Binary | Kind::Boolean) {
            let node = self.node;
            let Some(inner) = self.down() else { break };
            self.spine.push((kind, node));
            kind = inner;
        }
        let star = (kind == Kind::ListSplatPattern || kind == Kind::ListSplat) && self.spine.len() > base;
        let mut value = if star { self.only() } else { self.leaf(kind) };
        let (outer, inner) = (self.span().start, value.span.start);
        self.tallest += 1;
        let mut run = Run::default();
        while self.spine.len() > base
            && let Some((kind, whole)) = self.spine.pop()
        {
            value = match kind {
                Kind::Binary | Kind::Boolean => self.joined(value, kind, whole, &mut run),
                _ => {
                    self.regroup(&mut value, &mut run);
                    // `.name(…)` is one level.
                    let called = kind == Kind::Attribute && self.spine.len() > base && self.spine.last().is_some_and(|s| s.0 == Kind::Call);
                    let value = self.linked(value, kind, whole);
                    self.tallest += usize::from(!called);
                    value
                }
            };
            if star && value.span.start == outer {
                value.span.start = inner;
            }
            if self.tallest >= MAX_DEPTH {
                self.too_deep();
                value = Expr { span: value.span, kind: ExprKind::Opaque };
                self.tallest = 1;
            }
        }
        self.regroup(&mut value, &mut run);
        if star {
            // The grammar may read `*f(x)` as `(*f)(x)`.
            return Expr { span: Span { start: outer, end: value.span.end }, kind: ExprKind::Starred(Box::new(value)) };
        }
        value
    }

    /// `value.name`, `value(…)`, `value[…]`: the cursor goes from `value` up to the whole.
    fn linked(&mut self, value: Expr, kind: Kind, whole: Node<'t>) -> Expr {
        let made = match kind {
            Kind::Attribute => {
                let mut attr = Ident { name: Symbol::default(), span: Span::default() };
                while let Some(kind) = self.next() {
                    if kind == Kind::Identifier {
                        attr = self.ident();
                        break;
                    }
                }
                ExprKind::Attribute(Box::new(Attribute { value, attr }))
            }
            Kind::Call => {
                let args = match self.next() {
                    Some(Kind::ArgumentList) => self.arguments(),
                    Some(Kind::Generator) => vec![Arg { kind: ArgKind::Positional, value: self.expr() }],
                    _ => Vec::new(),
                };
                ExprKind::Call(Box::new(Call { func: value, args }))
            }
            _ => {
                let start = self.span().end as usize;
                let (mut items, mut commas) = (Vec::new(), 0);
                while let Some(kind) = self.next() {
                    match kind {
                        Kind::Comma => commas += 1,
                        kind if kind.is_token() => {}
                        _ => items.push(self.expr()),
                    }
                }
                ExprKind::Subscript(Box::new((value, index(items, commas > 0, start))))
            }
        };
        self.up(whole);
        Expr { span: self.span(), kind: made }
    }

    /// `left op right`, `left and right`: the cursor goes from `left` up to the whole.
    fn joined(&mut self, mut left: Expr, kind: Kind, whole: Node<'t>, run: &mut Run) -> Expr {
        let word = self.next();
        let op = self.here();
        let joint = match kind {
            Kind::Boolean => Joint::Bool(word == Some(Kind::AndWord)),
            _ => Joint::Binary(binary_op(op)),
        };
        let free = matches!(joint, Joint::Bool(_) | Joint::Binary(BinaryOp::Add | BinaryOp::BitOr | BinaryOp::BitAnd));
        if run.joint != Some(joint) || !free {
            self.regroup(&mut left, run);
            run.joint = Some(joint);
        }
        run.len += 1;
        let right = match self.next() {
            Some(_) => self.expr(),
            None => self.opaque(),
        };
        self.up(whole);
        let span = self.span();
        if !free {
            self.regroup_height(run);
        }
        Expr { span, kind: join(joint, left, right) }
    }

    /// Ends a run of one operator: a long one becomes a balanced tree.
    fn regroup(&mut self, value: &mut Expr, run: &mut Run) {
        if let Some(joint) = run.joint
            && run.len > LEANING
        {
            let whole = std::mem::replace(value, Expr { span: value.span, kind: ExprKind::None });
            let operands = operands(whole, run.len);
            *value = balanced(joint, operands);
        }
        self.regroup_height(run);
    }

    fn regroup_height(&mut self, run: &mut Run) {
        self.tallest += if run.len > LEANING { run.len.ilog2() as usize + 1 } else { run.len };
        *run = Run::default();
    }
}

/// The operands of a left-leaning tree of `len` operators, first first.
pub(in crate::syntax::python) fn operands(whole: Expr, len: usize) -> Vec<Expr> {
    let mut operands = Vec::with_capacity(len + 1);
    let mut left = whole;
    for _ in 0..len {
        let (next, right) = match left.kind {
            ExprKind::Binary(b) => (b.0, b.2),
            ExprKind::BoolOp(b) => (b.0, b.2),
            kind => (Expr { span: left.span, kind }, Expr { span: left.span, kind: ExprKind::Opaque }),
        };
        operands.push(right);
        left = next;
    }
    operands.push(left);
    operands.reverse();
    operands
}

pub(in crate::syntax::python) fn join(joint: Joint, left: Expr, right: Expr) -> ExprKind {
    match joint {
        Joint::Binary(op) => ExprKind::Binary(Box::new((left, op, right))),
        Joint::Bool(and) => ExprKind::BoolOp(Box::new((left, and, right))),
    }
}

/// The operands joined pairwise, and the pairs again, until one is left.
pub(in crate::syntax::python) fn balanced(joint: Joint, mut operands: Vec<Expr>) -> Expr {
    while operands.len() > 1 {
        let mut halved = Vec::with_capacity(operands.len().div_ceil(2));
        let mut rest = operands.into_iter();
        while let Some(left) = rest.next() {
            halved.push(match rest.next() {
                Some(right) => Expr { span: left.span.cover(right.span), kind: join(joint, left, right) },
                None => left,
            });
        }
        operands = halved;
    }
    operands.pop().unwrap_or(Expr { span: Span::default(), kind: ExprKind::Opaque })
}

pub(super) fn binary_op(op: &str) -> BinaryOp {
    match op {
        "+" | "+=" => BinaryOp::Add,
        "-" | "-=" => BinaryOp::Sub,
        "*" | "*=" => BinaryOp::Mul,
        "/" | "/=" => BinaryOp::Div,
        "%" | "%=" => BinaryOp::Mod,
        "|" | "|=" => BinaryOp::BitOr,
        "&" | "&=" => BinaryOp::BitAnd,
        ">>" | ">>=" => BinaryOp::RightShift,
        _ => BinaryOp::Other,
    }
}
