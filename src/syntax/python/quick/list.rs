//! Everything between brackets, and lists without any.

use super::token::T;
use super::{Parser, at};
use crate::source::Span;
use crate::syntax::python::ast::{Arg, ArgKind, CompFor, Comprehension, ComprehensionKind, DictItem, Expr, ExprKind, Ident};
use crate::syntax::python::lower::expr::one_or_tuple;

/// Expressions with commas between them.
pub(super) enum Items {
    /// One without a comma behind it.
    One(Expr),
    /// Several, or one with a comma; from the first token to the last, a closing comma among them.
    Many(Vec<Expr>, Span),
}

impl Items {
    /// One by itself, or a tuple that covers all tokens.
    pub(super) fn whole(self) -> Expr {
        match self {
            Items::One(one) => one,
            Items::Many(items, span) => at(span, ExprKind::Tuple(Box::new(items))),
        }
    }

    /// One by itself, or a tuple that covers its members.
    pub(super) fn members(self) -> Expr {
        match self {
            Items::One(one) => one,
            Items::Many(items, span) => one_or_tuple(items, true, span.start as usize),
        }
    }

    fn list(self) -> Vec<Expr> {
        match self {
            Items::One(one) => vec![one],
            Items::Many(items, _) => items,
        }
    }

    pub(super) fn is_one(&self) -> bool {
        matches!(self, Items::One(_))
    }

    pub(super) fn first(&self) -> Option<&Expr> {
        match self {
            Items::One(one) => Some(one),
            Items::Many(items, _) => items.first(),
        }
    }
}

impl Parser<'_> {
    /// `a, *b, c`: at least one.
    pub(super) fn items(&mut self, item: fn(&mut Self) -> Option<Expr>) -> Option<Items> {
        let start = self.start();
        let outer = std::mem::replace(&mut self.height, 0);
        let first = item(self)?;
        if self.kind() != T::Comma {
            self.height = self.height.max(outer);
            return Some(Items::One(first));
        }
        let base = self.exprs.len();
        self.exprs.push(first);
        while self.eat(T::Comma)? {
            if !self.begins_expression() {
                break;
            }
            let next = item(self)?;
            self.exprs.push(next);
        }
        self.height = self.height.max(outer);
        self.taller()?;
        Some(Items::Many(self.exprs.drain(base..).collect(), self.since(start)))
    }

    fn begins_expression(&self) -> bool {
        matches!(
            self.kind(),
            T::Name
                | T::Int
                | T::Number
                | T::Str
                | T::LPar
                | T::LBracket
                | T::LBrace
                | T::Star
                | T::Sum(_)
                | T::Tilde
                | T::Not
                | T::Lambda
                | T::Await
                | T::True
                | T::False
                | T::None
                | T::Ellipsis
        )
    }

    /// `*value`, or an expression.
    pub(super) fn starred(&mut self) -> Option<Expr> {
        self.starred_or(Self::expr)
    }

    /// `*value`, an expression or `name := value`.
    fn starred_or_named(&mut self) -> Option<Expr> {
        self.starred_or(Self::named)
    }

    fn starred_or(&mut self, other: fn(&mut Self) -> Option<Expr>) -> Option<Expr> {
        let start = self.start();
        if !self.eat(T::Star)? {
            return other(self);
        }
        let value = self.or_test()?;
        self.taller()?;
        Some(at(self.since(start), ExprKind::Starred(Box::new(value))))
    }

    /// The right-hand side of an assignment.
    pub(super) fn right_side(&mut self) -> Option<Expr> {
        if self.kind() == T::Yield { self.r#yield() } else { Some(self.items(Self::starred)?.whole()) }
    }

    pub(super) fn r#yield(&mut self) -> Option<Expr> {
        let start = self.start();
        self.advance()?;
        let value = if self.eat(T::From)? {
            Some(self.expr()?)
        } else if self.begins_expression() {
            Some(self.items(Self::starred)?.whole())
        } else {
            None
        };
        self.taller()?;
        Some(at(self.since(start), ExprKind::Yield(value.map(Box::new))))
    }

    /// A target of `for`: names, attributes, elements, and tuples of them.
    pub(super) fn target(&mut self) -> Option<Expr> {
        let list = self.items(|p| {
            let start = p.start();
            if p.eat(T::Star)? {
                let value = p.primary()?;
                return Some(at(p.since(start), ExprKind::Starred(Box::new(value))));
            }
            p.primary()
        })?;
        let whole = list.whole();
        is_target(&whole).then_some(whole)
    }

    /// `for target in iter if condition…`, if there is one.
    fn clauses(&mut self) -> Option<Vec<CompFor>> {
        let mut clauses = Vec::new();
        loop {
            if self.kind() == T::Async {
                self.advance()?;
                if self.kind() != T::For {
                    return None;
                }
            }
            if !self.eat(T::For)? {
                return Some(clauses);
            }
            let target = self.target()?;
            self.expect(T::In)?;
            let iter = self.or_test()?;
            let mut conditions = Vec::new();
            while self.eat(T::If)? {
                conditions.push(self.or_test()?);
            }
            clauses.push(CompFor { target, iter, conditions });
        }
    }

    fn comprehension(&mut self, kind: ComprehensionKind, element: Expr, value: Option<Expr>) -> Option<ExprKind> {
        let outer = std::mem::replace(&mut self.height, 0);
        let clauses = self.clauses()?;
        self.height = self.height.max(outer);
        self.taller()?;
        Some(ExprKind::Comprehension(Box::new(Comprehension { kind, element, value, clauses })))
    }

    fn at_clause(&self) -> bool {
        matches!(self.kind(), T::For | T::Async)
    }

    pub(super) fn parenthesized(&mut self) -> Option<Expr> {
        self.nested(Self::parenthesized_inner)
    }

    fn parenthesized_inner(&mut self) -> Option<Expr> {
        let start = self.start();
        self.advance()?;
        if self.eat(T::RPar)? {
            return Some(at(self.since(start), ExprKind::Tuple(Box::default())));
        }
        if self.kind() == T::Yield {
            let value = self.r#yield()?;
            self.expect(T::RPar)?;
            return Some(value);
        }
        let first = self.items(Self::starred_or_named)?;
        if first.is_one() && self.at_clause() {
            let kind = self.comprehension(ComprehensionKind::Generator, first.whole(), None)?;
            self.expect(T::RPar)?;
            return Some(at(self.since(start), kind));
        }
        self.expect(T::RPar)?;
        if first.is_one() {
            let one = first.whole();
            return if matches!(one.kind, ExprKind::Starred(_)) { None } else { Some(one) };
        }
        Some(at(self.since(start), ExprKind::Tuple(Box::new(first.list()))))
    }

    pub(super) fn bracketed(&mut self) -> Option<Expr> {
        self.nested(Self::bracketed_inner)
    }

    fn bracketed_inner(&mut self) -> Option<Expr> {
        let start = self.start();
        self.advance()?;
        if self.eat(T::RBracket)? {
            return Some(at(self.since(start), ExprKind::List(Box::default())));
        }
        let first = self.items(Self::starred_or_named)?;
        let kind = if first.is_one() && self.at_clause() {
            self.comprehension(ComprehensionKind::List, first.whole(), None)?
        } else {
            ExprKind::List(Box::new(first.list()))
        };
        self.expect(T::RBracket)?;
        Some(at(self.since(start), kind))
    }

    pub(super) fn braced(&mut self) -> Option<Expr> {
        self.nested(Self::braced_inner)
    }

    fn braced_inner(&mut self) -> Option<Expr> {
        let start = self.start();
        self.advance()?;
        let kind = match self.kind() {
            T::RBrace => ExprKind::Dict(Box::default()),
            T::Power => self.dict(None)?,
            _ => {
                let first = self.starred_or_named()?;
                if self.kind() == T::Colon { self.dict(Some(first))? } else { self.set(first)? }
            }
        };
        self.expect(T::RBrace)?;
        Some(at(self.since(start), kind))
    }

    fn set(&mut self, first: Expr) -> Option<ExprKind> {
        if self.at_clause() {
            return self.comprehension(ComprehensionKind::Set, first, None);
        }
        let base = self.exprs.len();
        self.exprs.push(first);
        while self.eat(T::Comma)? {
            if self.kind() == T::RBrace {
                break;
            }
            let next = self.starred_or_named()?;
            self.exprs.push(next);
        }
        self.taller()?;
        Some(ExprKind::Set(Box::new(self.exprs.drain(base..).collect())))
    }

    /// The rest of a dict, from the `:` behind its first key, or from a spread.
    fn dict(&mut self, first: Option<Expr>) -> Option<ExprKind> {
        let mut items = Vec::new();
        let mut key = first;
        loop {
            if let Some(key) = key.take() {
                self.expect(T::Colon)?;
                let value = self.expr()?;
                if items.is_empty() && self.at_clause() {
                    return self.comprehension(ComprehensionKind::Dict, key, Some(value));
                }
                items.push(DictItem::Pair(key, value));
            } else {
                self.expect(T::Power)?;
                items.push(DictItem::Spread(self.or_test()?));
            }
            if !self.eat(T::Comma)? || self.kind() == T::RBrace {
                break;
            }
            if self.kind() != T::Power {
                key = Some(self.expr()?);
            }
        }
        self.taller()?;
        items.shrink_to_fit();
        Some(ExprKind::Dict(Box::new(items)))
    }

    /// `(…)` behind a callee, or of a class's header.
    pub(super) fn arguments(&mut self) -> Option<Vec<Arg>> {
        self.nested(Self::arguments_inner)
    }

    fn arguments_inner(&mut self) -> Option<Vec<Arg>> {
        let start = self.start();
        self.advance()?;
        let base = self.args.len();
        while self.kind() != T::RPar {
            let arg = self.argument()?;
            if self.args.len() == base && arg.kind == ArgKind::Positional && self.at_clause() {
                let kind = self.comprehension(ComprehensionKind::Generator, arg.value, None)?;
                self.expect(T::RPar)?;
                return Some(vec![Arg { kind: ArgKind::Positional, value: at(self.since(start), kind) }]);
            }
            self.args.push(arg);
            if self.kind() != T::RPar {
                self.expect(T::Comma)?;
            }
        }
        self.advance()?;
        Some(self.args.drain(base..).collect())
    }

    fn argument(&mut self) -> Option<Arg> {
        if self.eat(T::Star)? {
            return Some(Arg { kind: ArgKind::Spread, value: self.expr()? });
        }
        if self.eat(T::Power)? {
            return Some(Arg { kind: ArgKind::DoubleSpread, value: self.expr()? });
        }
        let start = self.start();
        let value = self.named()?;
        if self.kind() != T::Assign {
            return Some(Arg { kind: ArgKind::Positional, value });
        }
        let ExprKind::Name(name) = value.kind else { return None };
        if value.span.start != start || self.behind() != value.span.end {
            return None;
        }
        self.advance()?;
        let name = Ident { name, span: value.span };
        Some(Arg { kind: ArgKind::Keyword(name.into()), value: self.expr()? })
    }

    /// `[…]` behind a value: the items, and whether there is a comma.
    pub(super) fn indices(&mut self) -> Option<(Vec<Expr>, bool)> {
        self.nested(|p| {
            p.advance()?;
            let (mut items, mut comma) = (Vec::with_capacity(1), false);
            while p.kind() != T::RBracket {
                items.push(p.index_item()?);
                if p.kind() != T::RBracket {
                    p.expect(T::Comma)?;
                    comma = true;
                }
            }
            p.advance()?;
            if items.is_empty() { None } else { Some((items, comma)) }
        })
    }

    fn index_item(&mut self) -> Option<Expr> {
        let start = self.start();
        let first = if self.kind() == T::Colon { None } else { Some(self.starred_or_named()?) };
        if let (Some(value), false) = (first, self.kind() == T::Colon) {
            return Some(value);
        }
        while self.eat(T::Colon)? {
            if !matches!(self.kind(), T::Colon | T::Comma | T::RBracket) {
                self.expr()?;
            }
        }
        Some(at(self.since(start), ExprKind::Slice))
    }
}

/// Whether something may be assigned to.
pub(super) fn is_target(e: &Expr) -> bool {
    match &e.kind {
        ExprKind::Name(_) | ExprKind::Attribute(_) | ExprKind::Subscript(_) => true,
        ExprKind::Tuple(items) | ExprKind::List(items) => items.iter().all(is_target),
        ExprKind::Starred(value) => is_target(value),
        _ => false,
    }
}
