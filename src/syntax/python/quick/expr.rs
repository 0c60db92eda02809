//! Expressions, by precedence.

use super::token::T;
use super::{Parser, at};
use crate::syntax::python::ast::{Attribute, BinaryOp, Call, Expr, ExprKind, Ident, Param, ParamKind};
use crate::syntax::python::lower::chain::{Joint, LEANING, balanced, join};
use crate::syntax::python::lower::expr::{index, integer};

/// How tightly an operator binds, loosest first.
const OR: u8 = 0;
const AND: u8 = 1;
const NOT: u8 = 2;
const COMPARE: u8 = 3;
const BAR: u8 = 4;
const CARET: u8 = 5;
const AMPERSAND: u8 = 6;
const SHIFT: u8 = 7;
const SUM: u8 = 8;
const PRODUCT: u8 = 9;
const UNARY: u8 = 10;

/// The operator that a token is, and how tightly it binds.
fn operator(kind: T) -> Option<(Joint, u8)> {
    Some(match kind {
        T::Or => (Joint::Bool(false), OR),
        T::And => (Joint::Bool(true), AND),
        T::Bar => (Joint::Binary(BinaryOp::BitOr), BAR),
        T::Caret => (Joint::Binary(BinaryOp::Other), CARET),
        T::Ampersand => (Joint::Binary(BinaryOp::BitAnd), AMPERSAND),
        T::Shift(op) => (Joint::Binary(op), SHIFT),
        T::Sum(op) => (Joint::Binary(op), SUM),
        T::Star => (Joint::Binary(BinaryOp::Mul), PRODUCT),
        T::At => (Joint::Binary(BinaryOp::Other), PRODUCT),
        T::Product(op) => (Joint::Binary(op), PRODUCT),
        _ => return None,
    })
}

impl Parser<'_> {
    /// Any expression but a bare tuple, a starred one, `yield` and `:=`.
    pub(super) fn expr(&mut self) -> Option<Expr> {
        let outer = std::mem::replace(&mut self.height, 0);
        let made = self.nested(|p| if p.kind() == T::Lambda { p.lambda() } else { p.conditional() });
        self.height = self.height.max(outer);
        made
    }

    /// The same, or `name := value`.
    pub(super) fn named(&mut self) -> Option<Expr> {
        let start = self.start();
        let value = self.expr()?;
        if self.kind() != T::Walrus {
            return Some(value);
        }
        let ExprKind::Name(name) = value.kind else { return None };
        if value.span.start != start {
            return None;
        }
        self.advance()?;
        let target = Ident { name, span: value.span };
        let value = self.expr()?;
        self.taller()?;
        Some(at(self.since(start), ExprKind::Named(Box::new((target, value)))))
    }

    fn conditional(&mut self) -> Option<Expr> {
        let start = self.start();
        let body = self.binary(OR)?;
        if !self.eat(T::If)? {
            return Some(body);
        }
        let test = self.or_test()?;
        self.expect(T::Else)?;
        let orelse = self.expr()?;
        self.taller()?;
        Some(at(self.since(start), ExprKind::Conditional(Box::new((test, body, orelse)))))
    }

    /// `a or b`: what stands in a comprehension's clauses.
    pub(super) fn or_test(&mut self) -> Option<Expr> {
        let outer = std::mem::replace(&mut self.height, 0);
        let made = self.nested(|p| p.binary(OR));
        self.height = self.height.max(outer);
        made
    }

    fn lambda(&mut self) -> Option<Expr> {
        let start = self.start();
        self.advance()?;
        let params = self.parameters(T::Colon, false)?;
        self.expect(T::Colon)?;
        let body = self.expr()?;
        self.taller()?;
        Some(at(self.since(start), ExprKind::Lambda(Box::new((params, body)))))
    }

    /// The parameters of a function or lambda, up to the token that ends them.
    pub(super) fn parameters(&mut self, close: T, annotated: bool) -> Option<Vec<Param>> {
        let mut params = Vec::new();
        let mut plain = ParamKind::Plain;
        while self.kind() != close {
            let kind = match self.kind() {
                T::Star => {
                    self.advance()?;
                    let lone = self.kind() == T::Comma;
                    plain = ParamKind::KeywordOnly;
                    if lone { None } else { Some(ParamKind::Args) }
                }
                T::Power => {
                    self.advance()?;
                    Some(ParamKind::Kwargs)
                }
                T::Product(BinaryOp::Div) => {
                    self.advance()?;
                    None
                }
                _ => Some(plain),
            };
            if let Some(kind) = kind {
                let name = self.ident()?;
                let annotation = if annotated && self.eat(T::Colon)? { Some(self.expr()?) } else { None };
                let default = if self.eat(T::Assign)? { Some(self.expr()?) } else { None };
                params.push(Param { name, kind, annotation, default });
            }
            if self.kind() != close {
                self.expect(T::Comma)?;
            }
        }
        params.shrink_to_fit();
        Some(params)
    }

    /// Operators that bind at least as tightly as `least`.
    fn binary(&mut self, least: u8) -> Option<Expr> {
        let start = self.start();
        let mut left = if least <= NOT && self.kind() == T::Not { self.not()? } else { self.unary()? };
        // The run of one operator at hand: a long one becomes a balanced tree.
        let mut run: Option<(Joint, usize)> = None;
        // What came before binds no looser than what comes now.
        let mut tightest = UNARY;
        loop {
            if least <= COMPARE && tightest >= COMPARE && matches!(self.kind(), T::Compare(_) | T::In | T::Is | T::Not) {
                end_run(&mut left, run.take());
                left = self.comparison(start, left)?;
                tightest = NOT;
                continue;
            }
            let Some((joint, level)) = operator(self.kind()).filter(|o| o.1 >= least && o.1 <= tightest) else { break };
            self.advance()?;
            let free = matches!(joint, Joint::Bool(_) | Joint::Binary(BinaryOp::Add | BinaryOp::BitOr | BinaryOp::BitAnd));
            let same = run.is_some_and(|r| r.0 == joint) && free;
            if !same {
                end_run(&mut left, run.take());
            }
            let outer = std::mem::replace(&mut self.height, 0);
            let right = self.nested(|p| p.binary(level + 1))?;
            self.height = self.height.max(outer);
            self.taller()?;
            left = at(self.since(start), join(joint, left, right));
            if free {
                run = Some((joint, run.map_or(0, |r| r.1) + 1));
            }
            tightest = level;
        }
        end_run(&mut left, run);
        Some(left)
    }

    fn not(&mut self) -> Option<Expr> {
        let start = self.start();
        self.advance()?;
        let value = self.nested(|p| p.binary(NOT))?;
        self.taller()?;
        Some(at(self.since(start), ExprKind::Unary(Box::new((self.names.of("not"), value)))))
    }

    fn comparison(&mut self, start: u32, first: Expr) -> Option<Expr> {
        let (mut operands, mut operators) = (Vec::with_capacity(2), Vec::with_capacity(1));
        operands.push(first);
        let outer = std::mem::replace(&mut self.height, 0);
        let mut tallest = outer;
        while let Some(op) = self.comparator()? {
            operators.push(self.names.of(op));
            self.height = 0;
            operands.push(self.nested(|p| p.binary(BAR))?);
            tallest = tallest.max(self.height);
        }
        self.height = tallest;
        self.taller()?;
        Some(at(self.since(start), ExprKind::Compare(Box::new((operands, operators)))))
    }

    fn comparator(&mut self) -> Option<Option<&'static str>> {
        let op = match self.kind() {
            T::Compare(op) => op.text(),
            T::In => "in",
            T::Not => {
                self.advance()?;
                if self.kind() != T::In {
                    return None;
                }
                "not in"
            }
            T::Is => {
                self.advance()?;
                return Some(Some(if self.eat(T::Not)? { "is not" } else { "is" }));
            }
            _ => return Some(None),
        };
        self.advance()?;
        Some(Some(op))
    }

    fn unary(&mut self) -> Option<Expr> {
        let start = self.start();
        let op = match self.kind() {
            T::Sum(BinaryOp::Add) => "+",
            T::Sum(_) => "-",
            T::Tilde => "~",
            _ => return self.power(),
        };
        self.advance()?;
        let value = self.nested(Self::unary)?;
        self.taller()?;
        Some(at(self.since(start), ExprKind::Unary(Box::new((self.names.of(op), value)))))
    }

    fn power(&mut self) -> Option<Expr> {
        let start = self.start();
        let left = if self.kind() == T::Await {
            self.advance()?;
            let value = self.primary()?;
            self.taller()?;
            at(self.since(start), ExprKind::Await(Box::new(value)))
        } else {
            self.primary()?
        };
        if !self.eat(T::Power)? {
            return Some(left);
        }
        let outer = std::mem::replace(&mut self.height, 0);
        let begin = self.start();
        let right = self.nested(Self::unary)?;
        self.height = self.height.max(outer);
        self.taller()?;
        // The grammars do not agree on which of two binds first; what stands in brackets begins behind them.
        if matches!(&right.kind, ExprKind::Binary(_)) && right.span.start == begin {
            return None;
        }
        Some(at(self.since(start), ExprKind::Binary(Box::new((left, BinaryOp::Other, right)))))
    }

    /// A leaf and what hangs on it: `leaf.a(b)[c]`.
    pub(super) fn primary(&mut self) -> Option<Expr> {
        let start = self.start();
        let mut value = self.leaf()?;
        self.taller()?;
        loop {
            let kind = match self.kind() {
                T::Dot => {
                    self.advance()?;
                    let attr = self.ident()?;
                    ExprKind::Attribute(Box::new(Attribute { value, attr }))
                }
                T::LPar => {
                    let outer = std::mem::replace(&mut self.height, 0);
                    let args = self.arguments()?;
                    self.height = self.height.max(outer);
                    ExprKind::Call(Box::new(Call { func: value, args }))
                }
                T::LBracket => {
                    let outer = std::mem::replace(&mut self.height, 0);
                    let behind = self.behind() as usize;
                    let (items, comma) = self.indices()?;
                    self.height = self.height.max(outer);
                    ExprKind::Subscript(Box::new((value, index(items, comma, behind))))
                }
                _ => return Some(value),
            };
            self.taller()?;
            value = at(self.since(start), kind);
        }
    }

    fn leaf(&mut self) -> Option<Expr> {
        let span = crate::source::Span { start: self.start(), end: self.lexer.end };
        let kind = match self.kind() {
            T::Name => ExprKind::Name(self.name()),
            T::Int => integer(self.text()).map_or(ExprKind::Number, ExprKind::Int),
            T::Number => ExprKind::Number,
            T::True => ExprKind::Bool(true),
            T::False => ExprKind::Bool(false),
            T::None => ExprKind::None,
            T::Ellipsis => ExprKind::Ellipsis,
            T::Str => return self.string(),
            T::LPar => return self.parenthesized(),
            T::LBracket => return self.bracketed(),
            T::LBrace => return self.braced(),
            _ => return None,
        };
        self.advance()?;
        Some(at(span, kind))
    }
}

fn end_run(value: &mut Expr, run: Option<(Joint, usize)>) {
    if let Some((joint, len)) = run
        && len > LEANING
    {
        let whole = std::mem::replace(value, Expr { span: value.span, kind: ExprKind::None });
        *value = balanced(joint, crate::syntax::python::lower::chain::operands(whole, len));
    }
}
