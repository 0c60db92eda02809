//! Fields that `Meta` names: a model's ordering, keys and indexes, and what a form or serializer shows of one.

use crate::diagnostic::Access;
use crate::project::eval::Evaluator;
use crate::project::index::ClassId;
use crate::project::models::ModelId;
use crate::project::value::Value;
use crate::project::world::is_from;
use crate::symbol::Symbol;
use crate::syntax::python::{Body, Expr, ExprKind, StmtKind};

use super::lookups::Path;
use super::{Django, about, model, queryset};

/// A class body: where it is a model's `Meta`, the fields it names are looked up (the options of django/db/models/options.py, `DEFAULT_NAMES`).
///
/// That of an abstract model is left alone, since what it names may be a child's.
pub fn class_body<'a>(ev: &mut Evaluator<'_, 'a>, class: ClassId, body: &'a Body) {
    let def = ev.world.index.class(class);
    if def.node.name.as_str() != "Meta" {
        return about::class_body(ev, class, body);
    }
    let Some(outer) = def.outer_class else { return };
    let Some(id) = model(ev, outer) else {
        let judged = shown(ev, outer, class, body);
        return mentioned(ev, outer, body, judged);
    };
    for (option, value) in options(body) {
        match option.as_str() {
            "ordering" | "get_latest_by" | "order_with_respect_to" | "unique_together" | "index_together" => {
                let v = quietly(ev, value);
                names(ev, id, &v, true);
            }
            "indexes" | "constraints" => {
                if let ExprKind::List(items) | ExprKind::Tuple(items) = &value.kind {
                    items.iter().for_each(|i| constraint(ev, id, i));
                }
            }
            _ => {}
        }
    }
}

/// What a body assigns to single names.
pub(super) fn options(body: &Body) -> impl Iterator<Item = (Symbol, &Expr)> {
    body.iter().filter_map(|s| match &s.kind {
        StmtKind::Assign(a) => match a.0.as_slice() {
            [Expr { kind: ExprKind::Name(name), .. }] => Some((*name, &a.1)),
            _ => None,
        },
        _ => None,
    })
}

/// The `fields` of a form or serializer over a model. Each is declared beside it, or a field of the model (`ModelFormMetaclass` in django/forms/models.py); for a
/// serializer any attribute of the model will do (`ModelSerializer.build_field` in `rest_framework/serializers.py`). Gives whether they could be told from others.
fn shown<'a>(ev: &mut Evaluator<'_, 'a>, class: ClassId, meta: ClassId, body: &'a Body) -> bool {
    let world = ev.world;
    let Some(lineage) = world.lineage(class).filter(|l| !l.open) else { return false };
    let over_model = |p: &str| {
        let name = p.rsplit('.').next().unwrap_or_default();
        is_from(p, "django.forms") && name == "ModelForm" || is_from(p, "rest_framework.serializers") && name.ends_with("ModelSerializer")
    };
    let known = |p: &str| over_model(p) || ["builtins", "typing", "abc"].iter().any(|root| is_from(p, root));
    let outside = || lineage.outside.iter().map(|v| v.external().unwrap_or_default());
    // One that makes its fields by itself may have others, or make nothing of those it lists.
    let makes = |name: &&str| world.class_member(class, Symbol::from(name)).is_some();
    if !outside().any(over_model) || !outside().all(known) || MAKE_FIELDS.iter().any(makes) {
        return false;
    }
    // `extra_kwargs = {"title": {"source": "name"}}`
    if world.class_member(meta, Symbol::from("extra_kwargs")).is_some() {
        return false;
    }
    let Value::Class(of) = ev.plain_attribute(&Value::Class(meta), Symbol::from("model")) else { return false };
    let Some(id) = model(ev, of) else { return false };
    for (_, value) in options(body).filter(|o| o.0.as_str() == "fields") {
        let v = quietly(ev, value);
        let items = match &v {
            Value::List(l) => &l.items[..],
            Value::Tuple(t) => &t[..],
            _ => continue,
        };
        for text in items.iter().filter_map(Value::text) {
            let declared = |name: &str| name.contains("__") || name == "url" || world.class_member(class, Symbol::from(name)).is_some();
            if text.constant().is_some_and(|name| !declared(&name))
                && let Some(path) = Path::from_text(text)
            {
                queryset::plain(ev, id, &path, Access::Read);
            }
        }
    }
    true
}

/// What else the `Meta` of a class that is about a model names of its fields; `judged` if its `fields` have been looked up.
fn mentioned<'a>(ev: &mut Evaluator<'_, 'a>, class: ClassId, body: &'a Body, judged: bool) {
    let lists = |name: &str| (name == "fields" && !judged) || about::META_LISTS.contains(&name);
    let mut named = options(body).filter(|o| lists(o.0.as_str())).peekable();
    if named.peek().is_none() {
        return;
    }
    let Some(id) = about::subject(ev, class) else { return };
    for (_, value) in named {
        let v = quietly(ev, value);
        about::mention(ev, id, &v, 0);
    }
}

/// Methods by which a serializer makes its fields, or shows something else.
const MAKE_FIELDS: &[&str] =
    &["get_fields", "get_field_names", "build_field", "build_unknown_field", "include_extra_kwargs", "get_extra_kwargs", "fields", "to_representation"];

/// The value of an expression that was walked already.
pub(super) fn quietly<'a>(ev: &Evaluator<'_, 'a>, e: &'a Expr) -> Value<'a> {
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
