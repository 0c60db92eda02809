//! Attributes that an object's class does not have.

use crate::symbol::Symbol;

use crate::project::eval::Evaluator;
use crate::project::index::last_name;
use crate::project::uses::Certainty;
use crate::project::value::Value;
use crate::syntax::python::{Expr, ExprKind, Function, Ident, Stmt, StmtKind};

use super::attributes::{LIBRARY_MEMBERS, is_django};
use super::emit::{self, Found};

/// `name.attr`, read. What an object is was inferred, and Python lets anyone set anything on it. So this is never more than likely, and it takes a
/// name that the function around binds just once, in words that name the class; silent where some code sets that attribute on some object, or a
/// subclass has it.
pub fn read<'a>(ev: &mut Evaluator<'_, 'a>, receiver: &'a Expr, value: &Value<'a>, attr: Ident) {
    let (ExprKind::Name(variable), true) = (&receiver.kind, ev.notes()) else { return };
    let name = attr.name;
    if name.as_str().starts_with('_') || LIBRARY_MEMBERS.contains(&name.as_str()) {
        return;
    }
    let mut known = value.alternatives().iter().filter(|v| !matches!(v, Value::None));
    let (Some(Value::Instance(class)), None) = (known.next(), known.next()) else { return };
    let class = *class;
    let Some((id, _)) = ev.world.models.of_class(class) else { return };
    if is_django(ev, class) || !matches!(emit::find(ev, class, name), Found::Missing) {
        return;
    }
    let Some(function) = ev.place.function else { return };
    let function = ev.world.index.function(function).node;
    if !names_class(function, *variable, ev.world.index.class(class).node.name.name) {
        return;
    }
    if ev.world.index.is_set_on_objects(name) {
        return;
    }
    let below = |c| c != class && ev.world.is_subclass(c, class) && !matches!(emit::find(ev, c, name), Found::Missing);
    if !ev.world.models.all.iter().filter_map(|m| m.class).any(below) {
        emit::missing_attribute(ev, id, name, ev.at(attr.span), Certainty::Medium);
    }
}

/// Whether the only binding of a variable in a function names a class: as an annotation, or in the expression it is bound to.
fn names_class(function: &Function, variable: Symbol, class: Symbol) -> bool {
    let mut bindings = 0;
    let mut named = false;
    let mut bound = |by: Option<&Expr>| {
        bindings += 1;
        named = by.is_some_and(|e| mentions(e, class));
    };
    for p in &function.params {
        if p.name.name == variable {
            bound(p.annotation.as_ref());
        }
    }
    let mut visit = |s: &Stmt| match &s.kind {
        StmtKind::Assign(a) => {
            for target in &a.0 {
                match &target.kind {
                    ExprKind::Name(n) if *n == variable => bound(Some(&a.1)),
                    _ if mentions(target, variable) => bound(None),
                    _ => {}
                }
            }
        }
        StmtKind::AnnAssign(a) if mentions(&a.0, variable) => bound(Some(&a.1)),
        StmtKind::AugAssign(a) if mentions(&a.0, variable) => bound(None),
        StmtKind::For(f) if mentions(&f.target, variable) => bound(if matches!(f.target.kind, ExprKind::Name(_)) { Some(&f.iter) } else { None }),
        StmtKind::With(w) if w.0.iter().any(|(_, t)| t.as_ref().is_some_and(|t| mentions(t, variable))) => bound(None),
        StmtKind::Global(names) if names.contains(&variable) => bound(None),
        // A function inside may have a variable of the same name, an import brings anything, and a test may say more of it.
        StmtKind::Function(f) if f.name.name == variable || f.params.iter().any(|p| p.name.name == variable) => bound(None),
        StmtKind::Match(_) | StmtKind::Import(_) | StmtKind::ImportFrom(_) => {}
        _ => {}
    };
    for s in &function.body {
        s.each(&mut visit);
    }
    bindings == 1 && named
}

/// Whether an expression contains a name, bare or at the end of a path, or an annotation in quotes.
fn mentions(e: &Expr, name: Symbol) -> bool {
    let mut found = false;
    e.each(&mut |e| {
        found |= match &e.kind {
            ExprKind::Name(_) | ExprKind::Attribute(_) => last_name(e) == Some(name),
            ExprKind::Str(s) => s.constant().is_some_and(|t| t == name.as_str()),
            _ => false,
        };
    });
    found
}
