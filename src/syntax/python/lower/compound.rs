//! Statements that hold statements.

use crate::symbol::Symbol;

use super::Lowerer;
use super::expr::one_or_tuple;
use crate::source::Span;
use crate::syntax::python::ast::{Arg, ArgKind, Body, Class, Expr, ExprKind, For, Function, Handler, Ident, If, MAX_DEPTH, Stmt, StmtKind, Try, WithItem};
use crate::syntax::python::kinds::Kind;

impl Lowerer<'_> {
    pub(super) fn if_statement(&mut self) -> StmtKind {
        let mut arms: Vec<(Span, If)> = Vec::new();
        let mut last = Body::new();
        let first = self.arm();
        arms.push((self.span(), first));
        let whole = self.span();
        self.each_node(|l, kind| match kind {
            Kind::Elif => {
                let arm = l.arm();
                let mut span = l.span();
                span.end = arm.body.last().map_or(span.end, |s| s.span.end);
                arms.push((span, arm));
            }
            Kind::Else => l.blocks(&mut last),
            _ => {}
        });
        // A chain of `elif` nests; what goes beyond the limit is flat code that nobody wrote by hand.
        if arms.len() > MAX_DEPTH / 2 {
            self.too_deep();
            arms.truncate(MAX_DEPTH / 2);
            last = vec![Stmt { span: whole, kind: StmtKind::Opaque }];
        }
        while arms.len() > 1 {
            let Some((span, mut arm)) = arms.pop() else { break };
            arm.orelse = last;
            last = vec![Stmt { span, kind: StmtKind::If(Box::new(arm)) }];
        }
        match arms.pop() {
            Some((_, mut arm)) => {
                arm.orelse = last;
                StmtKind::If(Box::new(arm))
            }
            None => StmtKind::Opaque,
        }
    }

    /// `if test: body`, `elif test: body`
    fn arm(&mut self) -> If {
        let mut test = None;
        let mut body = Vec::new();
        self.each_node(|l, kind| match kind {
            Kind::Block => l.statements(&mut body),
            Kind::Elif | Kind::Else => {}
            Kind::Error => l.broken(&mut body),
            _ => test = Some(l.header()),
        });
        If { test: test.unwrap_or_else(|| self.opaque()), body, orelse: Vec::new() }
    }

    /// The blocks among the children, added to `body`.
    fn blocks(&mut self, body: &mut Body) {
        self.each_node(|l, kind| match kind {
            Kind::Block => l.statements(body),
            Kind::Error => l.broken(body),
            _ => {}
        });
    }

    /// An error at the cursor, inside the head of a compound statement: its body is no longer fully known.
    fn broken(&mut self, body: &mut Body) {
        self.note_error();
        let span = self.span();
        self.statements_in_error(body);
        body.push(Stmt { span, kind: StmtKind::Opaque });
    }

    pub(super) fn for_statement(&mut self) -> StmtKind {
        let (mut target, mut iter) = (None, None);
        let (mut body, mut orelse) = (Vec::new(), Vec::new());
        self.each_node(|l, kind| match kind {
            Kind::Block => l.statements(&mut body),
            Kind::Else => l.blocks(&mut orelse),
            Kind::Error => l.broken(&mut body),
            _ if target.is_none() => target = Some(l.header()),
            _ => iter = Some(l.header()),
        });
        let opaque = || self.opaque();
        StmtKind::For(Box::new(For { target: target.unwrap_or_else(opaque), iter: iter.unwrap_or_else(opaque), body, orelse }))
    }

    pub(super) fn while_statement(&mut self) -> StmtKind {
        let mut test = None;
        let (mut body, mut orelse) = (Vec::new(), Vec::new());
        self.each_node(|l, kind| match kind {
            Kind::Block => l.statements(&mut body),
            Kind::Else => l.blocks(&mut orelse),
            Kind::Error => l.broken(&mut body),
            _ => test = Some(l.header()),
        });
        StmtKind::While(Box::new((test.unwrap_or_else(|| self.opaque()), body, orelse)))
    }

    pub(super) fn try_statement(&mut self) -> StmtKind {
        let mut made = Try { body: Vec::new(), handlers: Vec::new(), orelse: Vec::new(), finally: Vec::new() };
        self.each_node(|l, kind| match kind {
            Kind::Block => l.statements(&mut made.body),
            Kind::Except => {
                let handler = l.handler();
                made.handlers.push(handler);
            }
            Kind::Else => l.blocks(&mut made.orelse),
            Kind::Finally => l.blocks(&mut made.finally),
            _ => l.broken(&mut made.body),
        });
        StmtKind::Try(Box::new(made))
    }

    fn handler(&mut self) -> Handler {
        let (mut kinds, mut name, mut body) = (Vec::new(), None, Vec::new());
        let mut named = false;
        let start = self.span().start as usize;
        self.each(|l, kind| match kind {
            Kind::Block => l.statements(&mut body),
            Kind::Error => l.broken(&mut body),
            Kind::AsWord => named = true,
            kind if kind.is_token() => {}
            Kind::AsPattern => {
                let (kind, target) = l.as_pattern();
                kinds.push(kind);
                name = target.and_then(|t| if let ExprKind::Name(name) = t.kind { Some(name) } else { None });
            }
            _ if named => name = Some(l.name()),
            _ => kinds.push(l.header()),
        });
        let several = kinds.len() > 1;
        let kind = if kinds.is_empty() { None } else { Some(one_or_tuple(kinds, several, start)) };
        Handler { kind, name, body }
    }

    /// `value as target`
    fn as_pattern(&mut self) -> (Expr, Option<Expr>) {
        if self.has_error() {
            return (self.header(), None);
        }
        let (mut value, mut target) = (None, None);
        self.each_node(|l, _| {
            if value.is_none() {
                value = Some(l.expr());
            } else {
                target = Some(l.expr());
            }
        });
        (value.unwrap_or_else(|| self.opaque()), target)
    }

    pub(super) fn with_statement(&mut self) -> StmtKind {
        let (mut items, mut body) = (Vec::new(), Vec::new());
        self.each_node(|l, kind| match kind {
            Kind::WithClause => l.each_node(|l, kind| match kind {
                Kind::WithItem => l.each_node(|l, kind| l.with_item(kind, &mut items)),
                _ => l.note_error(),
            }),
            Kind::Block => l.statements(&mut body),
            _ => l.broken(&mut body),
        });
        StmtKind::With(Box::new((items, body)))
    }

    fn with_item(&mut self, kind: Kind, items: &mut Vec<WithItem>) {
        match kind {
            Kind::AsPattern => {
                let item = self.as_pattern();
                items.push(item);
            }
            // `with (a as b, c as d):` reads as a tuple of `as` patterns.
            Kind::Tuple | Kind::Parenthesized if !self.has_error() && self.holds_as_pattern() => self.each_node(|l, kind| l.with_item(kind, items)),
            _ => {
                let value = self.header();
                items.push((value, None));
            }
        }
    }

    fn holds_as_pattern(&mut self) -> bool {
        let mut found = false;
        self.each_node(|_, kind| found |= kind == Kind::AsPattern);
        found
    }

    pub(super) fn decorated(&mut self) -> StmtKind {
        let mut decorators = Vec::new();
        let mut made = StmtKind::Opaque;
        self.each_node(|l, kind| match kind {
            Kind::Decorator => l.each_node(|l, _| decorators.push(l.header())),
            Kind::Function => made = l.function(),
            Kind::Class => made = l.class(),
            _ => l.note_error(),
        });
        match &mut made {
            StmtKind::Function(f) => f.decorators = decorators,
            StmtKind::Class(c) => c.decorators = decorators,
            _ => {}
        }
        made
    }

    pub(super) fn function(&mut self) -> StmtKind {
        let mut name = None;
        let mut made = Function { name: self.ident_at_start(), decorators: Vec::new(), params: Vec::new(), returns: None, body: Vec::new(), is_async: false };
        self.each(|l, kind| match kind {
            Kind::AsyncWord => made.is_async = true,
            Kind::Identifier => name = Some(l.ident()),
            Kind::Parameters if l.has_error() => l.broken(&mut made.body),
            Kind::Parameters => made.params = l.parameters(),
            Kind::Type => made.returns = Some(l.header()),
            Kind::Block => l.statements(&mut made.body),
            Kind::Error => l.broken(&mut made.body),
            _ => {}
        });
        match name.filter(|n| !n.span.is_empty()) {
            Some(name) => {
                made.name = name;
                StmtKind::Function(Box::new(made))
            }
            None => StmtKind::Opaque,
        }
    }

    pub(super) fn class(&mut self) -> StmtKind {
        let mut name = None;
        let mut made = Class { name: self.ident_at_start(), decorators: Vec::new(), bases: Vec::new(), body: Vec::new() };
        self.each(|l, kind| match kind {
            Kind::Identifier => name = Some(l.ident()),
            Kind::ArgumentList if l.has_error() => made.bases = vec![Arg { kind: ArgKind::Positional, value: l.header() }],
            Kind::ArgumentList => made.bases = l.arguments(),
            Kind::Block => l.statements(&mut made.body),
            Kind::Error => l.broken(&mut made.body),
            _ => {}
        });
        match name.filter(|n| !n.span.is_empty()) {
            Some(name) => {
                made.name = name;
                StmtKind::Class(Box::new(made))
            }
            None => StmtKind::Opaque,
        }
    }

    /// A name to be replaced by the real one.
    fn ident_at_start(&self) -> Ident {
        Ident { name: Symbol::default(), span: self.span() }
    }
}
