//! Going through a tree: what stands directly inside an expression or a statement.
//!
//! Readers that only care for a few kinds walk with these and leave the rest to them; the depth is bounded, so they may recurse.

use super::ast::{Arg, Body, CompFor, DictItem, Expr, ExprKind, Function, Param, Stmt, StmtKind};
use super::literal::StrPart;

impl Expr {
    /// Does `visit` on every expression directly inside, in the order of the source.
    pub fn each_child<'a>(&'a self, visit: &mut dyn FnMut(&'a Expr)) {
        match &self.kind {
            ExprKind::Attribute(a) => visit(&a.value),
            ExprKind::Call(c) => {
                visit(&c.func);
                each_arg(&c.args, visit);
            }
            ExprKind::Subscript(b) => {
                visit(&b.0);
                visit(&b.1);
            }
            ExprKind::Str(s) => s.parts.iter().for_each(|p| {
                if let StrPart::Hole { expr, .. } = p {
                    visit(expr);
                }
            }),
            ExprKind::Tuple(items) | ExprKind::List(items) | ExprKind::Set(items) => items.iter().for_each(visit),
            ExprKind::Dict(items) => items.iter().for_each(|item| match item {
                DictItem::Pair(k, v) => {
                    visit(k);
                    visit(v);
                }
                DictItem::Spread(v) => visit(v),
            }),
            ExprKind::Binary(b) => {
                visit(&b.0);
                visit(&b.2);
            }
            ExprKind::BoolOp(b) => {
                visit(&b.0);
                visit(&b.2);
            }
            ExprKind::Compare(c) => c.0.iter().for_each(visit),
            ExprKind::Unary(u) => visit(&u.1),
            ExprKind::Conditional(c) => {
                visit(&c.1);
                visit(&c.0);
                visit(&c.2);
            }
            ExprKind::Lambda(l) => {
                each_param(&l.0, visit);
                visit(&l.1);
            }
            ExprKind::Comprehension(c) => {
                visit(&c.element);
                c.value.iter().for_each(&mut *visit);
                c.clauses.iter().for_each(|f| each_clause(f, visit));
            }
            ExprKind::Await(e) | ExprKind::Starred(e) | ExprKind::Yield(Some(e)) => visit(e),
            ExprKind::Named(n) => visit(&n.1),
            ExprKind::Name(_)
            | ExprKind::Bytes(_)
            | ExprKind::Int(_)
            | ExprKind::Number
            | ExprKind::Bool(_)
            | ExprKind::None
            | ExprKind::Ellipsis
            | ExprKind::Yield(None)
            | ExprKind::Slice
            | ExprKind::Opaque => {}
        }
    }

    /// Does `visit` on this expression and on everything inside it, outer before inner.
    pub fn each<'a>(&'a self, visit: &mut dyn FnMut(&'a Expr)) {
        visit(self);
        self.each_child(&mut |e| e.each(visit));
    }
}

impl Stmt {
    /// Does `visit` on every expression of the statement itself: a compound statement's head, decorators, defaults and annotations, not its body.
    pub fn each_expr<'a>(&'a self, visit: &mut dyn FnMut(&'a Expr)) {
        match &self.kind {
            StmtKind::Assign(a) => {
                a.0.iter().for_each(&mut *visit);
                visit(&a.1);
            }
            StmtKind::AnnAssign(a) => {
                visit(&a.0);
                visit(&a.1);
                a.2.iter().for_each(visit);
            }
            StmtKind::AugAssign(a) => {
                visit(&a.0);
                visit(&a.2);
            }
            StmtKind::Expr(e) | StmtKind::Assert(e) | StmtKind::Return(Some(e)) | StmtKind::Raise(Some(e)) => visit(e),
            StmtKind::Delete(items) => items.iter().for_each(visit),
            StmtKind::If(i) => visit(&i.test),
            StmtKind::For(f) => {
                visit(&f.target);
                visit(&f.iter);
            }
            StmtKind::While(w) => visit(&w.0),
            StmtKind::With(w) => w.0.iter().for_each(|(context, target)| {
                visit(context);
                target.iter().for_each(&mut *visit);
            }),
            StmtKind::Try(t) => t.handlers.iter().filter_map(|h| h.kind.as_ref()).for_each(visit),
            StmtKind::Match(m) => {
                visit(&m.0);
                for case in &m.1 {
                    case.class.iter().for_each(&mut *visit);
                    case.guard.iter().for_each(&mut *visit);
                }
            }
            StmtKind::Function(f) => {
                f.decorators.iter().for_each(&mut *visit);
                each_param(&f.params, visit);
                f.returns.iter().for_each(visit);
            }
            StmtKind::Class(c) => {
                c.decorators.iter().for_each(&mut *visit);
                each_arg(&c.bases, visit);
            }
            StmtKind::TypeAlias(t) => visit(&t.1),
            StmtKind::Import(_)
            | StmtKind::ImportFrom(_)
            | StmtKind::Return(None)
            | StmtKind::Raise(None)
            | StmtKind::Global(_)
            | StmtKind::Nothing
            | StmtKind::Prose
            | StmtKind::Opaque => {}
        }
    }

    /// The bodies directly inside, in the order of the source.
    pub fn bodies(&self) -> Vec<&Body> {
        match &self.kind {
            StmtKind::If(i) => vec![&i.body, &i.orelse],
            StmtKind::For(f) => vec![&f.body, &f.orelse],
            StmtKind::While(w) => vec![&w.1, &w.2],
            StmtKind::With(w) => vec![&w.1],
            StmtKind::Try(t) => {
                let handlers = t.handlers.iter().map(|h| &h.body);
                std::iter::once(&t.body).chain(handlers).chain([&t.orelse, &t.finally]).collect()
            }
            StmtKind::Match(m) => m.1.iter().map(|c| &c.body).collect(),
            StmtKind::Function(f) => vec![&f.body],
            StmtKind::Class(c) => vec![&c.body],
            _ => Vec::new(),
        }
    }

    /// Does `visit` on this statement and on every one inside it, outer before inner.
    pub fn each<'a>(&'a self, visit: &mut dyn FnMut(&'a Stmt)) {
        visit(self);
        for body in self.bodies() {
            for stmt in body {
                stmt.each(visit);
            }
        }
    }
}

impl Function {
    /// Whether a `yield` stands in it, outside of functions and classes inside.
    pub fn is_generator(&self) -> bool {
        self.body.iter().any(yields)
    }
}

fn yields(stmt: &Stmt) -> bool {
    if matches!(stmt.kind, StmtKind::Function(_) | StmtKind::Class(_)) {
        return false;
    }
    let mut found = false;
    stmt.each_expr(&mut |e| e.each(&mut |e| found |= matches!(e.kind, ExprKind::Yield(_))));
    found || stmt.bodies().into_iter().flatten().any(yields)
}

fn each_arg<'a>(args: &'a [Arg], visit: &mut dyn FnMut(&'a Expr)) {
    for arg in args {
        visit(&arg.value);
    }
}

fn each_param<'a>(params: &'a [Param], visit: &mut dyn FnMut(&'a Expr)) {
    for param in params {
        param.annotation.iter().for_each(&mut *visit);
        param.default.iter().for_each(&mut *visit);
    }
}

fn each_clause<'a>(clause: &'a CompFor, visit: &mut dyn FnMut(&'a Expr)) {
    visit(&clause.target);
    visit(&clause.iter);
    clause.conditions.iter().for_each(visit);
}

#[cfg(test)]
mod tests {
    use crate::syntax::python::{ExprKind, parse};

    #[test]
    fn all_names_are_reached() {
        let module = parse("@a\nclass b(c, d=e):\n  f: g = [h for i in j if k]\n  def l(m: n = o):\n    return f'{p}' if q else r[s](*t)\n");
        let mut names = Vec::new();
        for stmt in &module.body {
            stmt.each(&mut |s| {
                s.each_expr(&mut |e| {
                    e.each(&mut |e| {
                        if let ExprKind::Name(n) = e.kind {
                            names.push(n.as_str());
                        }
                    });
                });
            });
        }
        assert_eq!(names.join(" "), "a c e f g h i j k n o p q r s t");
    }
}
