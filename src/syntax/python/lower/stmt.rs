//! Statements.

use crate::symbol::Symbol;

use super::Lowerer;
use super::chain::binary_op;
use super::expr::one_or_tuple;
use crate::source::Span;
use crate::syntax::python::ast::{Arg, ArgKind, Body, Call, Expr, ExprKind, Ident, ImportFrom, ImportName, MAX_DEPTH, Stmt, StmtKind};
use crate::syntax::python::kinds::Kind;

impl Lowerer<'_> {
    /// The statements below the cursor (a file, a block, or what is left of either in an error), added to `body`.
    pub(super) fn statements(&mut self, body: &mut Body) {
        if self.depth >= MAX_DEPTH {
            self.too_deep();
            body.push(Stmt { span: self.span(), kind: StmtKind::Opaque });
            return;
        }
        self.depth += 1;
        self.each_node(|l, kind| match kind {
            Kind::Error => {
                // Whole statements that the parser found among the broken bytes are kept; the rest leaves a mark.
                l.note_error();
                let span = l.span();
                l.statements_in_error(body);
                body.push(Stmt { span, kind: StmtKind::Opaque });
            }
            Kind::Block => l.statements(body),
            _ => {
                let mut span = l.span();
                let kind = l.statement(kind);
                // A comment at the end of a block is no part of it.
                span.end = end_of(&kind).unwrap_or(span.end);
                body.push(Stmt { span, kind });
            }
        });
        self.depth -= 1;
    }

    pub(super) fn statements_in_error(&mut self, body: &mut Body) {
        self.each_node(|l, kind| {
            if kind == Kind::Block {
                l.statements(body);
            } else if is_statement(kind) {
                let span = l.span();
                let kind = l.statement(kind);
                body.push(Stmt { span, kind });
            }
        });
    }

    fn statement(&mut self, kind: Kind) -> StmtKind {
        self.tallest = 0;
        match kind {
            Kind::If => self.if_statement(),
            Kind::For => self.for_statement(),
            Kind::While => self.while_statement(),
            Kind::Try => self.try_statement(),
            Kind::With => self.with_statement(),
            Kind::Match => self.match_statement(),
            Kind::Function => self.function(),
            Kind::Class => self.class(),
            Kind::Decorated => self.decorated(),
            _ if self.has_error() => {
                self.note_error();
                StmtKind::Opaque
            }
            _ => self.simple(kind),
        }
    }

    fn simple(&mut self, kind: Kind) -> StmtKind {
        match kind {
            Kind::ExpressionStatement => self.expression_statement(),
            Kind::Import => StmtKind::Import(Box::new(self.import_names())),
            Kind::ImportFrom => self.import_from(),
            Kind::FutureImport => self.future_import(),
            Kind::Return => StmtKind::Return(self.values().into_iter().next().map(Box::new)),
            Kind::Raise => StmtKind::Raise(self.values().into_iter().next().map(Box::new)),
            Kind::Delete => {
                let targets = self.values().into_iter();
                StmtKind::Delete(Box::new(targets.flat_map(|e| if let ExprKind::Tuple(items) = e.kind { *items } else { vec![e] }).collect()))
            }
            Kind::Assert => self.values().into_iter().next().map_or(StmtKind::Opaque, |test| StmtKind::Assert(Box::new(test))),
            Kind::Global | Kind::Nonlocal => {
                let mut names = Vec::new();
                self.each_node(|l, _| names.push(l.name()));
                StmtKind::Global(Box::new(names))
            }
            Kind::Print | Kind::Exec => self.python2_call(kind),
            Kind::TypeAlias => self.type_alias(),
            Kind::Pass | Kind::Break | Kind::Continue => StmtKind::Nothing,
            _ => StmtKind::Opaque,
        }
    }

    fn values(&mut self) -> Vec<Expr> {
        let mut values = Vec::new();
        self.each_node(|l, _| values.push(l.expr()));
        values
    }

    fn expression_statement(&mut self) -> StmtKind {
        let (mut items, mut commas, mut found) = (Vec::new(), 0, None);
        let start = self.span().start as usize;
        self.each(|l, kind| match kind {
            Kind::Assignment => found = Some(l.assignment()),
            Kind::AugmentedAssignment => found = Some(l.augmented()),
            Kind::Comma => commas += 1,
            kind if kind.is_token() => {}
            _ => items.push(l.expr()),
        });
        found.unwrap_or_else(|| statement_of(one_or_tuple(items, commas > 0, start)))
    }

    /// `a = b = value`, `a: annotation = value`. Each further `=` is a node inside the right-hand side of the one before.
    fn assignment(&mut self) -> StmtKind {
        let (mut targets, mut annotation, mut value) = (Vec::new(), None, None);
        let mut around = vec![self.node];
        let mut child = self.down();
        let mut left = true;
        while let Some(kind) = child {
            match kind {
                Kind::Assignment => {
                    around.push(self.node);
                    left = true;
                    child = self.down();
                    continue;
                }
                Kind::Type => annotation = Some(self.expr()),
                kind if kind.is_token() => {}
                _ if left => {
                    targets.push(self.expr());
                    left = false;
                }
                _ => value = Some(self.expr()),
            }
            child = self.next();
        }
        while let Some(node) = around.pop() {
            self.up(node);
        }
        match (annotation, value) {
            (Some(annotation), value) if targets.len() == 1 => StmtKind::AnnAssign(Box::new((targets.remove(0), annotation, value))),
            (None, Some(value)) => StmtKind::Assign(Box::new((targets, value))),
            _ => StmtKind::Opaque,
        }
    }

    fn augmented(&mut self) -> StmtKind {
        let (mut target, mut op, mut value) = (None, "", None);
        self.each(|l, kind| match kind {
            kind if kind.is_token() => op = l.here(),
            _ if target.is_none() => target = Some(l.expr()),
            _ => value = Some(l.expr()),
        });
        match (target, value) {
            (Some(target), Some(value)) => StmtKind::AugAssign(Box::new((target, binary_op(op), value))),
            _ => StmtKind::Opaque,
        }
    }

    /// `print x` and `exec x` of Python 2, as the calls they became.
    fn python2_call(&mut self, kind: Kind) -> StmtKind {
        let span = self.span();
        let name = if kind == Kind::Print { "print" } else { "exec" };
        let func = Expr { span: Span::new(span.start as usize, span.start as usize + name.len()), kind: ExprKind::Name(Symbol::from(name)) };
        let args = self.values().into_iter().map(|value| Arg { kind: ArgKind::Positional, value }).collect();
        StmtKind::Expr(Box::new(Expr { span, kind: ExprKind::Call(Box::new(Call { func, args })) }))
    }

    fn type_alias(&mut self) -> StmtKind {
        let mut sides = Vec::new();
        self.each_node(|l, kind| {
            if kind == Kind::Type {
                sides.push(l.expr());
            }
        });
        let value = if sides.len() == 2 { sides.pop() } else { None };
        let (Some(mut left), Some(value)) = (sides.pop(), value) else { return StmtKind::Opaque };
        let name = match &left.kind {
            ExprKind::Name(name) => Some(Ident { name: *name, span: left.span }),
            // `type Pair[T] = …`
            ExprKind::Subscript(both) => match both.0.kind {
                ExprKind::Name(name) => Some(Ident { name, span: both.0.span }),
                _ => None,
            },
            _ => None,
        };
        if let Some(name) = name {
            return StmtKind::TypeAlias(Box::new((name, value)));
        }
        // The grammar also reads `type(x).y = value` as an alias.
        let start = self.span().start as usize;
        let func = Expr { span: Span::new(start, start + 4), kind: ExprKind::Name(Symbol::from("type")) };
        self.call_leftmost(&mut left, func);
        StmtKind::Assign(Box::new((vec![left], value)))
    }

    /// Makes `x.y[z]` into `func(x).y[z]`.
    fn call_leftmost(&self, expr: &mut Expr, func: Expr) {
        if let ExprKind::Attribute(attribute) = &mut expr.kind {
            expr.span.start = func.span.start;
            return self.call_leftmost(&mut attribute.value, func);
        }
        let close = self.slice(expr.span.end as usize, self.text.len()).find(')').map_or(0, |n| n + 1);
        let span = Span::new(func.span.start as usize, expr.span.end as usize + close);
        let value = std::mem::replace(expr, Expr { span, kind: ExprKind::Opaque });
        expr.kind = ExprKind::Call(Box::new(Call { func, args: vec![Arg { kind: ArgKind::Positional, value }] }));
    }

    fn import_names(&mut self) -> Vec<ImportName> {
        let mut names = Vec::new();
        self.each_node(|l, _| {
            let (ident, alias) = l.import_name();
            names.push(ImportName { module: ident.name, alias, span: l.span() });
        });
        names
    }

    /// `a.b`, or `a.b as c`.
    fn import_name(&mut self) -> (Ident, Option<Symbol>) {
        if self.kind() != Kind::AliasedImport {
            return (self.dotted_ident(), None);
        }
        let (mut name, mut alias) = (None, None);
        self.each_node(|l, kind| match kind {
            Kind::DottedName => name = Some(l.dotted_ident()),
            _ => alias = Some(l.name()),
        });
        (name.unwrap_or_else(|| self.ident()), alias)
    }

    /// A dotted name without the space that may stand around its dots.
    fn dotted_ident(&self) -> Ident {
        let text = self.here();
        let name = if text.contains(|c: char| c.is_whitespace() || c == '\\') {
            Symbol::from(&text.chars().filter(|c| !c.is_whitespace() && *c != '\\').collect::<String>())
        } else {
            Symbol::from(text)
        };
        Ident { name, span: self.span() }
    }

    fn import_from(&mut self) -> StmtKind {
        let mut import = ImportFrom { level: 0, module: Symbol::default(), names: Vec::new() };
        let mut first = true;
        self.each_node(|l, kind| {
            match kind {
                Kind::RelativeImport => l.each_node(|l, kind| match kind {
                    Kind::ImportPrefix => import.level = u32::try_from(l.here().matches('.').count()).unwrap_or(u32::MAX),
                    _ => import.module = l.dotted_ident().name,
                }),
                _ if first => import.module = l.dotted_ident().name,
                Kind::WildcardImport => import.names.push((l.ident(), None)),
                _ => import.names.push(l.import_name()),
            }
            first = false;
        });
        StmtKind::ImportFrom(Box::new(import))
    }

    fn future_import(&mut self) -> StmtKind {
        let mut names = Vec::new();
        self.each_node(|l, _| names.push(l.import_name()));
        StmtKind::ImportFrom(Box::new(ImportFrom { level: 0, module: Symbol::from("__future__"), names }))
    }
}

/// Where the last statement inside a compound statement ends.
pub(in crate::syntax::python) fn end_of(kind: &StmtKind) -> Option<u32> {
    let last = |bodies: &[&Body]| bodies.iter().rev().find_map(|b| b.last()).map(|s| s.span.end);
    match kind {
        // An `elif` does not cover what follows it.
        StmtKind::If(i) => match i.orelse.last() {
            Some(s) => Some(s.span.end.max(end_of(&s.kind).unwrap_or(0))),
            None => last(&[&i.body]),
        },
        StmtKind::For(f) => last(&[&f.body, &f.orelse]),
        StmtKind::While(w) => last(&[&w.1, &w.2]),
        StmtKind::With(w) => last(&[&w.1]),
        StmtKind::Try(t) => last(&[&t.orelse, &t.finally]).or_else(|| last(&[&t.handlers.last()?.body])),
        StmtKind::Match(m) => m.1.last().and_then(|c| last(&[&c.body])),
        StmtKind::Function(f) => last(&[&f.body]),
        StmtKind::Class(c) => last(&[&c.body]),
        _ => None,
    }
}

fn is_statement(kind: Kind) -> bool {
    use Kind::{
        Assert, Class, Decorated, Delete, ExpressionStatement, For, Function, FutureImport, If, Import, ImportFrom, Match, Raise, Return, Try, TypeAlias,
        While, With,
    };
    matches!(
        kind,
        Assert
            | Class
            | Decorated
            | Delete
            | ExpressionStatement
            | For
            | Function
            | FutureImport
            | If
            | Import
            | ImportFrom
            | Match
            | Raise
            | Return
            | Try
            | TypeAlias
            | While
            | With
    )
}

/// An expression as a statement.
pub(in crate::syntax::python) fn statement_of(e: Expr) -> StmtKind {
    match &e.kind {
        ExprKind::Str(s) if s.is_constant() => StmtKind::Prose,
        _ => StmtKind::Expr(Box::new(e)),
    }
}
