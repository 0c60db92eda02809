//! Pydantic models and dataclasses as dicts: `model_dump()`, `.dict()`, `asdict(obj)` have the class's fields for keys.

use std::sync::Arc;

use ustr::Ustr;

use crate::project::eval::{Args, Evaluator};
use crate::project::index::{Binding, ClassId};
use crate::project::text::Text;
use crate::project::value::{Dict, DictEntry, Value};
use crate::source::Location;
use crate::syntax::python::{Call, Expr, ExprKind, Ident};

/// `obj.model_dump(exclude={"a"})`
pub fn method<'a>(ev: &mut Evaluator<'_, 'a>, receiver: &Value<'a>, name: Ident, call: &'a Call, args: &Args<'a>) -> Option<Value<'a>> {
    let Value::Instance(class) = receiver else { return None };
    if !matches!(name.as_str(), "model_dump" | "dict") || ev.world.class_member(*class, name.name).is_some() || !is_model(ev, *class) {
        return None;
    }
    let mut dict = fields(ev, *class);
    let names = |key: &str| args.keyword(call, key).map(strings);
    if let Some(excluded) = names("exclude") {
        dict.entries.retain(|e| e.key.constant().is_none_or(|k| !excluded.iter().any(|x| *x == k)));
    }
    if let Some(included) = names("include") {
        dict.entries.retain(|e| e.key.constant().is_some_and(|k| included.iter().any(|x| *x == k)));
        dict.open = false;
    }
    let said = |key: &str| matches!(args.keyword(call, key), Some(v) if !matches!(v, Value::Bool(false)));
    if said("exclude_unset") || said("exclude_none") || said("exclude_defaults") {
        for e in &mut dict.entries {
            e.conditional = true;
        }
    }
    // Aliases may come from a generator.
    if said("by_alias") {
        return None;
    }
    Some(Value::Dict(Arc::new(dict)))
}

/// `asdict(obj)`
pub fn call<'a>(ev: &mut Evaluator<'_, 'a>, callee: &Value<'a>, args: &Args<'a>) -> Option<Value<'a>> {
    match (callee, args.values.first()?) {
        (Value::External(p), Value::Instance(class)) if p.as_str() == "dataclasses.asdict" => Some(Value::Dict(Arc::new(fields(ev, *class)))),
        _ => None,
    }
}

fn is_model(ev: &Evaluator<'_, '_>, class: ClassId) -> bool {
    ev.world.lineage(class).is_some_and(|l| {
        l.has_outside("pydantic", &["BaseModel"]) || l.has_outside("sqlmodel", &["SQLModel"]) || l.has_outside("pydantic_settings", &["BaseSettings"])
    })
}

/// The annotated fields of a class and its bases.
pub(super) fn fields<'a>(ev: &Evaluator<'_, 'a>, class: ClassId) -> Dict<'a> {
    let mut dict = Dict::default();
    let Some(lineage) = ev.world.lineage(class) else { return Dict { open: true, ..dict } };
    dict.open = lineage.open;
    for &c in lineage.mro.iter().rev() {
        let def = ev.world.index.class(c);
        // `class Config: extra = "allow"`, `model_config = ConfigDict(extra="allow")`
        dict.open |= def.names.contains_key(&Ustr::from("model_config")) && ev.world.sources.get(def.file).slice(def_span(def)).contains("allow");
        for name in &def.order {
            let (annotation, target) = match def.names.get(name).and_then(|b| b.last()) {
                Some(Binding::Declared { annotation, target } | Binding::Value { annotation: Some(annotation), target, .. }) => (*annotation, *target),
                _ => continue,
            };
            if name.starts_with('_') || is_class_var(annotation) || dict.get(name).is_some() {
                continue;
            }
            let at = Location::new(def.file, target.span);
            dict.entries.push(DictEntry { key: Text::made(name, at), at, value: Value::Unknown, expr: None, conditional: false });
        }
    }
    dict
}

fn def_span(def: &crate::project::index::ClassDef<'_>) -> crate::source::Span {
    let body = &def.node.body;
    body.first().zip(body.last()).map_or(def.node.name.span, |(a, b)| a.span.cover(b.span))
}

fn is_class_var(annotation: &Expr) -> bool {
    match &annotation.kind {
        ExprKind::Subscript(s) => is_class_var(&s.0),
        _ => crate::project::index::last_name(annotation).is_some_and(|n| n.as_str() == "ClassVar"),
    }
}

fn strings(v: &Value<'_>) -> Vec<String> {
    let of = |all: &[Value<'_>]| all.iter().filter_map(|v| v.constant().map(std::borrow::Cow::into_owned)).collect();
    match v {
        Value::List(l) => of(&l.items),
        Value::Tuple(t) => of(t),
        Value::Dict(d) => d.entries.iter().filter_map(|e| e.key.constant().map(std::borrow::Cow::into_owned)).collect(),
        _ => Vec::new(),
    }
}
