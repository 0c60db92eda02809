//! Fields that a model's `Meta` names: its ordering, its keys and indexes.

use crate::diagnostic::Access;
use crate::project::eval::Evaluator;
use crate::project::index::ClassId;
use crate::project::models::ModelId;
use crate::project::value::Value;
use crate::syntax::python::{Body, Expr, ExprKind, StmtKind};

use super::lookups::Path;
use super::{Django, model, queryset};

/// A class body: where it is a model's `Meta`, the fields it names are looked up (the options of django/db/models/options.py, `DEFAULT_NAMES`).
///
/// That of an abstract model is left alone, since what it names may be a child's.
pub fn class_body<'a>(ev: &mut Evaluator<'_, 'a>, class: ClassId, body: &'a Body) {
    let def = ev.world.index.class(class);
    if def.node.name.as_str() != "Meta" {
        return;
    }
    let Some(id) = def.outer_class.and_then(|c| model(ev, c)) else { return };
    for s in body {
        let StmtKind::Assign(a) = &s.kind else { continue };
        let [Expr { kind: ExprKind::Name(option), .. }] = a.0.as_slice() else { continue };
        match option.as_str() {
            "ordering" | "get_latest_by" | "order_with_respect_to" | "unique_together" | "index_together" => {
                let v = quietly(ev, &a.1);
                names(ev, id, &v, true);
            }
            "indexes" | "constraints" => {
                if let ExprKind::List(items) | ExprKind::Tuple(items) = &a.1.kind {
                    items.iter().for_each(|i| constraint(ev, id, i));
                }
            }
            _ => {}
        }
    }
}

/// The value of an expression that was walked already.
fn quietly<'a>(ev: &Evaluator<'_, 'a>, e: &'a Expr) -> Value<'a> {
    Evaluator::quiet_on(ev.world, ev.place, &ev.trail).eval(e)
}

/// `Index(Lower("a"), fields=["b"], condition=Q(c=1))`, `UniqueConstraint(fields=["a"], include=["b"])`, `CheckConstraint(check=Q(a=1))`
fn constraint<'a>(ev: &mut Evaluator<'_, 'a>, id: ModelId, e: &'a Expr) {
    let v = quietly(ev, e);
    names(ev, id, &v, false);
    let (ExprKind::Call(call), Some(Django::Expression(_))) = (&e.kind, Django::of(&v)) else { return };
    for list in ["fields", "include"] {
        if let Some(given) = call.keyword(list) {
            let v = quietly(ev, given);
            names(ev, id, &v, true);
        }
    }
}

/// Names in texts, in lists of them and of lists, and in expressions.
fn names<'a>(ev: &mut Evaluator<'_, 'a>, id: ModelId, v: &Value<'a>, texts: bool) {
    match v {
        // `_order` is the column of `order_with_respect_to`.
        Value::Str(t) if texts && !t.constant().is_some_and(|t| t.contains("_order")) => {
            if let Some(path) = Path::from_text(t) {
                queryset::plain(ev, id, &path, Access::Read);
            }
        }
        Value::List(l) => l.items.iter().for_each(|v| names(ev, id, v, texts)),
        Value::Tuple(all) => all.iter().for_each(|v| names(ev, id, v, texts)),
        v => {
            if let Some(Django::Expression(paths)) = Django::of(v) {
                paths.iter().for_each(|path| queryset::plain(ev, id, path, Access::Read));
            }
        }
    }
}
