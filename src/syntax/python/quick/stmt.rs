//! Statements.

use crate::symbol::Symbol;

use super::Parser;
use super::list::is_target;
use super::token::T;
use crate::source::Span;
use crate::syntax::python::ast::{
    Body, Class, Expr, ExprKind, For, Function, Handler, Ident, If, ImportFrom, ImportName, MAX_DEPTH, Stmt, StmtKind, Try, WithItem,
};
use crate::syntax::python::lower::stmt::{end_of, statement_of};

impl Parser<'_> {
    /// A compound statement, or a line of simple ones, added to those at hand.
    pub(super) fn statement(&mut self) -> Option<()> {
        self.height = 0;
        let start = self.start();
        let kind = match self.kind() {
            T::If => self.nested(|p| p.if_statement(0))?,
            T::For => self.nested(Self::for_statement)?,
            T::While => self.nested(Self::while_statement)?,
            T::Try => self.nested(Self::try_statement)?,
            T::With => self.nested(Self::with_statement)?,
            T::Def => self.nested(|p| p.function(false))?,
            T::Class => self.nested(Self::class)?,
            T::At => self.nested(Self::decorated)?,
            T::Async => self.nested(Self::asynchronous)?,
            _ => return self.simple_line(),
        };
        let end = end_of(&kind)?;
        self.stmts.push(Stmt { span: Span { start, end }, kind });
        Some(())
    }

    fn simple_line(&mut self) -> Option<()> {
        loop {
            let start = self.start();
            self.height = 0;
            let kind = self.simple()?;
            let span = self.since(start);
            self.stmts.push(Stmt { span, kind });
            if self.eat(T::Newline)? {
                return Some(());
            }
            self.expect(T::Semicolon)?;
            if self.eat(T::Newline)? {
                return Some(());
            }
        }
    }

    /// What stands behind the `:` of a compound statement.
    fn block(&mut self) -> Option<Body> {
        self.expect(T::Colon)?;
        let base = self.stmts.len();
        if !self.eat(T::Newline)? {
            self.simple_line()?;
            return Some(self.stmts.drain(base..).collect());
        }
        self.expect(T::Indent)?;
        while self.kind() != T::Dedent {
            if self.kind() == T::End {
                return None;
            }
            self.statement()?;
        }
        self.advance()?;
        Some(self.stmts.drain(base..).collect())
    }

    fn simple(&mut self) -> Option<StmtKind> {
        let kind = match self.kind() {
            T::Return => {
                self.advance()?;
                StmtKind::Return(self.optional()?)
            }
            T::Raise => {
                self.advance()?;
                let value = self.optional()?;
                if value.is_some() && self.eat(T::From)? {
                    self.expr()?;
                }
                StmtKind::Raise(value)
            }
            T::Import => self.import()?,
            T::From => self.import_from()?,
            T::Pass | T::Break | T::Continue => {
                self.advance()?;
                StmtKind::Nothing
            }
            T::Assert => {
                self.advance()?;
                let test = self.expr()?;
                if self.eat(T::Comma)? {
                    self.expr()?;
                }
                StmtKind::Assert(Box::new(test))
            }
            T::Del => {
                self.advance()?;
                let whole = self.items(Self::expr)?.whole();
                StmtKind::Delete(if let ExprKind::Tuple(items) = whole.kind { items } else { Box::new(vec![whole]) })
            }
            T::Global | T::Nonlocal => {
                self.advance()?;
                let mut names = vec![self.ident()?.name];
                while self.eat(T::Comma)? {
                    names.push(self.ident()?.name);
                }
                StmtKind::Global(Box::new(names))
            }
            _ => return self.expression_statement(),
        };
        Some(kind)
    }

    fn ends(&self) -> bool {
        matches!(self.kind(), T::Newline | T::Semicolon)
    }

    fn optional(&mut self) -> Option<Option<Box<Expr>>> {
        if self.ends() { Some(None) } else { Some(Some(Box::new(self.items(Self::starred)?.whole()))) }
    }

    fn expression_statement(&mut self) -> Option<StmtKind> {
        if self.kind() == T::Str && self.prose() {
            return Some(StmtKind::Prose);
        }
        let python2 = self.kind() == T::Name && matches!(self.text(), "print" | "exec");
        if self.kind() == T::Yield {
            return Some(StmtKind::Expr(Box::new(self.r#yield()?)));
        }
        let list = self.items(Self::starred)?;
        match self.kind() {
            T::Assign => self.assignment(list.whole()),
            T::Colon if list.is_one() => {
                let target = list.whole();
                self.advance()?;
                let annotation = self.expr()?;
                let value = if self.eat(T::Assign)? { Some(self.right_side()?) } else { None };
                let plain = matches!(target.kind, ExprKind::Name(_) | ExprKind::Attribute(_) | ExprKind::Subscript(_));
                plain.then(|| StmtKind::AnnAssign(Box::new((target, annotation, value))))
            }
            T::Augmented(op) if list.is_one() => {
                let target = list.whole();
                self.advance()?;
                let value = self.right_side()?;
                is_target(&target).then(|| StmtKind::AugAssign(Box::new((target, op, value))))
            }
            _ if python2 && !(list.is_one() && matches!(list.first().map(|e| &e.kind), Some(ExprKind::Call(_) | ExprKind::Attribute(_)))) => None,
            _ => Some(statement_of(list.members())),
        }
    }

    fn assignment(&mut self, first: Expr) -> Option<StmtKind> {
        let mut targets = Vec::with_capacity(1);
        let mut value = first;
        while self.eat(T::Assign)? {
            if !is_target(&value) {
                return None;
            }
            targets.push(value);
            value = self.right_side()?;
        }
        Some(StmtKind::Assign(Box::new((targets, value))))
    }

    fn dotted(&mut self) -> Option<Ident> {
        let first = self.ident()?;
        let (start, mut parts) = (first.span.start, 0);
        while self.kind() == T::Dot {
            self.advance()?;
            self.ident()?;
            parts += 1;
        }
        if parts == 0 {
            return Some(first);
        }
        let span = self.since(start);
        let text = self.lexer.text.get(span.range())?;
        // Space around the dots.
        if text.bytes().any(|b| !(b.is_ascii_alphanumeric() || b == b'_' || b == b'.')) {
            return None;
        }
        Some(Ident { name: self.names.of(text), span })
    }

    fn alias(&mut self) -> Option<Option<Symbol>> {
        if self.eat(T::As)? { Some(Some(self.ident()?.name)) } else { Some(None) }
    }

    fn import(&mut self) -> Option<StmtKind> {
        self.advance()?;
        let mut names = Vec::new();
        loop {
            let start = self.start();
            let module = self.dotted()?.name;
            let alias = self.alias()?;
            names.push(ImportName { module, alias, span: self.since(start) });
            if !self.eat(T::Comma)? {
                return Some(StmtKind::Import(Box::new(names)));
            }
        }
    }

    fn import_from(&mut self) -> Option<StmtKind> {
        self.advance()?;
        let mut import = ImportFrom { level: 0, module: self.names.of(""), names: Vec::new() };
        loop {
            match self.kind() {
                T::Dot => import.level += 1,
                T::Ellipsis => import.level += 3,
                _ => break,
            }
            self.advance()?;
        }
        if self.kind() == T::Name {
            import.module = self.dotted()?.name;
        } else if import.level == 0 {
            return None;
        }
        self.expect(T::Import)?;
        if self.kind() == T::Star {
            let span = Span { start: self.start(), end: self.lexer.end };
            self.advance()?;
            import.names.push((Ident { name: self.names.of("*"), span }, None));
            return Some(StmtKind::ImportFrom(Box::new(import)));
        }
        let parenthesized = self.eat(T::LPar)?;
        loop {
            let name = self.ident()?;
            import.names.push((name, self.alias()?));
            if !self.eat(T::Comma)? {
                break;
            }
            if parenthesized && self.kind() == T::RPar {
                break;
            }
        }
        if parenthesized {
            self.expect(T::RPar)?;
        }
        Some(StmtKind::ImportFrom(Box::new(import)))
    }

    /// From `if` or `elif`; an `elif` stands alone in what the one before it has for `else`.
    fn if_statement(&mut self, arms: usize) -> Option<StmtKind> {
        if arms > MAX_DEPTH / 4 {
            return None;
        }
        self.advance()?;
        let test = self.named()?;
        let body = self.block()?;
        // The node of an `elif` does not cover what follows it.
        let orelse = match self.kind() {
            T::Elif => {
                let start = self.start();
                let kind = self.if_statement(arms + 1)?;
                let StmtKind::If(arm) = &kind else { return None };
                let end = arm.body.last()?.span.end;
                vec![Stmt { span: Span { start, end }, kind }]
            }
            T::Else => {
                self.advance()?;
                self.block()?
            }
            _ => Vec::new(),
        };
        Some(StmtKind::If(Box::new(If { test, body, orelse })))
    }

    fn orelse(&mut self) -> Option<Body> {
        if self.eat(T::Else)? { self.block() } else { Some(Vec::new()) }
    }

    fn for_statement(&mut self) -> Option<StmtKind> {
        self.advance()?;
        let target = self.target()?;
        self.expect(T::In)?;
        let iter = self.items(Self::starred)?.whole();
        let body = self.block()?;
        let orelse = self.orelse()?;
        Some(StmtKind::For(Box::new(For { target, iter, body, orelse })))
    }

    fn while_statement(&mut self) -> Option<StmtKind> {
        self.advance()?;
        let test = self.named()?;
        let body = self.block()?;
        let orelse = self.orelse()?;
        Some(StmtKind::While(Box::new((test, body, orelse))))
    }

    fn try_statement(&mut self) -> Option<StmtKind> {
        self.advance()?;
        let mut made = Try { body: self.block()?, handlers: Vec::new(), orelse: Vec::new(), finally: Vec::new() };
        while self.eat(T::Except)? {
            self.eat(T::Star)?;
            let kind = if self.kind() == T::Colon { None } else { Some(self.expr()?) };
            let name = self.alias()?;
            made.handlers.push(Handler { kind, name, body: self.block()? });
        }
        made.orelse = self.orelse()?;
        if self.eat(T::Finally)? {
            made.finally = self.block()?;
        } else if made.handlers.is_empty() {
            return None;
        }
        Some(StmtKind::Try(Box::new(made)))
    }

    fn with_statement(&mut self) -> Option<StmtKind> {
        self.advance()?;
        let mark = self.lexer.mark();
        let (depth, exprs, args) = (self.depth, self.exprs.len(), self.args.len());
        let items = match self.parenthesized_items() {
            Some(items) => items,
            None => {
                self.lexer.back_to(mark);
                self.depth = depth;
                self.exprs.truncate(exprs);
                self.args.truncate(args);
                self.with_items(false)?
            }
        };
        let body = self.block()?;
        Some(StmtKind::With(Box::new((items, body))))
    }

    /// `with (a as b, c as d):`
    fn parenthesized_items(&mut self) -> Option<Vec<WithItem>> {
        self.expect(T::LPar)?;
        let items = self.with_items(true)?;
        self.expect(T::RPar)?;
        (self.kind() == T::Colon && items.iter().any(|i| i.1.is_some())).then_some(items)
    }

    fn with_items(&mut self, parenthesized: bool) -> Option<Vec<WithItem>> {
        let mut items = Vec::new();
        loop {
            let value = self.expr()?;
            let target = if self.eat(T::As)? { Some(self.primary()?) } else { None };
            if target.as_ref().is_some_and(|t| !is_target(t)) {
                return None;
            }
            items.push((value, target));
            if !self.eat(T::Comma)? || (parenthesized && self.kind() == T::RPar) {
                return Some(items);
            }
        }
    }

    fn asynchronous(&mut self) -> Option<StmtKind> {
        self.advance()?;
        match self.kind() {
            T::Def => self.function(true),
            T::For => self.for_statement(),
            T::With => self.with_statement(),
            _ => None,
        }
    }

    fn decorated(&mut self) -> Option<StmtKind> {
        let mut decorators = Vec::new();
        while self.eat(T::At)? {
            decorators.push(self.named()?);
            self.expect(T::Newline)?;
        }
        let mut made = match self.kind() {
            T::Def => self.function(false)?,
            T::Class => self.class()?,
            T::Async => {
                self.advance()?;
                if self.kind() != T::Def {
                    return None;
                }
                self.function(true)?
            }
            _ => return None,
        };
        match &mut made {
            StmtKind::Function(f) => f.decorators = decorators,
            StmtKind::Class(c) => c.decorators = decorators,
            _ => {}
        }
        Some(made)
    }

    fn function(&mut self, is_async: bool) -> Option<StmtKind> {
        self.advance()?;
        let name = self.ident()?;
        self.expect(T::LPar)?;
        let params = self.parameters(T::RPar, true)?;
        self.expect(T::RPar)?;
        let returns = if self.eat(T::Arrow)? { Some(self.expr()?) } else { None };
        let body = self.block()?;
        Some(StmtKind::Function(Box::new(Function { name, decorators: Vec::new(), params, returns, body, is_async })))
    }

    fn class(&mut self) -> Option<StmtKind> {
        self.advance()?;
        let name = self.ident()?;
        let bases = if self.kind() == T::LPar { self.arguments()? } else { Vec::new() };
        let body = self.block()?;
        Some(StmtKind::Class(Box::new(Class { name, decorators: Vec::new(), bases, body })))
    }
}
