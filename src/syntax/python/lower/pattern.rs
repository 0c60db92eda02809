//! `match`: the names that patterns bind, and the classes they name.

use super::Lowerer;
use crate::syntax::python::ast::{Attribute, Case, Expr, ExprKind, Ident, MAX_DEPTH, StmtKind};
use crate::syntax::python::kinds::Kind;

impl Lowerer<'_> {
    /// `match subject: …`
    pub(super) fn match_statement(&mut self) -> StmtKind {
        let mut subjects = Vec::new();
        let mut cases = Vec::new();
        let span = self.span();
        self.each_node(|l, kind| match kind {
            Kind::Block => l.each_node(|l, kind| match kind {
                Kind::CaseClause => cases.push(l.case()),
                Kind::Error => l.note_error(),
                _ => {}
            }),
            Kind::Error => l.note_error(),
            _ => subjects.push(l.header()),
        });
        let subject = if subjects.len() == 1 { subjects.remove(0) } else { Expr { span, kind: ExprKind::Tuple(Box::new(subjects)) } };
        StmtKind::Match(Box::new((subject, cases)))
    }

    fn case(&mut self) -> Case {
        let mut case = Case { binds: Vec::new(), class: None, guard: None, body: Vec::new() };
        self.each_node(|l, kind| match kind {
            Kind::CasePattern if !l.has_error() => {
                if case.class.is_none() {
                    case.class = l.pattern_class();
                }
                l.binds(&mut case.binds, 0);
            }
            Kind::IfClause => l.each_node(|l, _| case.guard = Some(l.header())),
            Kind::Block => l.statements(&mut case.body),
            _ => l.note_error(),
        });
        case
    }

    /// The class of `Name(...)` at the top of a pattern.
    fn pattern_class(&mut self) -> Option<Expr> {
        let mut class = None;
        self.each_node(|l, kind| match kind {
            Kind::ClassPattern => l.each_node(|l, kind| {
                if kind == Kind::DottedName && class.is_none() {
                    class = l.dotted();
                }
            }),
            // `Name() as name`
            Kind::AsPattern => l.each_node(|l, kind| {
                if kind == Kind::CasePattern && class.is_none() {
                    class = l.pattern_class();
                }
            }),
            _ => {}
        });
        class
    }

    /// `a.b.c` as an expression.
    pub(super) fn dotted(&mut self) -> Option<Expr> {
        let mut value: Option<Expr> = None;
        self.each_node(|l, _| {
            let attr = l.ident();
            value = Some(match value.take() {
                None => Expr { span: attr.span, kind: ExprKind::Name(attr.name) },
                Some(value) => Expr { span: value.span.cover(attr.span), kind: ExprKind::Attribute(Box::new(Attribute { value, attr })) },
            });
        });
        value
    }

    fn binds(&mut self, into: &mut Vec<Ident>, depth: usize) {
        if depth > MAX_DEPTH {
            return self.too_deep();
        }
        let parent = self.kind();
        // The first name of a class pattern is the class.
        let mut class = parent == Kind::ClassPattern;
        self.each_node(|l, kind| {
            match kind {
                // A bare name binds; a dotted one is compared with.
                Kind::DottedName if !class && !l.here().contains('.') => into.push(l.ident()),
                Kind::Identifier if matches!(parent, Kind::AsPattern | Kind::SplatPattern) => into.push(l.ident()),
                Kind::DottedName | Kind::Identifier => {}
                _ => l.binds(into, depth + 1),
            }
            class = false;
        });
    }
}
