//! Pydantic models, dataclasses and typed dicts: `model_dump()`, `.dict()`, `asdict(obj)` have the class's fields for keys; a class that is made from a row
//! (`Model(**row)`, `Model.model_validate(row)`, psycopg's `class_row(Model)`) needs the row to have its fields.

use std::sync::Arc;

use crate::symbol::Symbol;

use crate::project::eval::{Args, Evaluator};
use crate::project::index::{Binding, ClassId};
use crate::project::libraries::LibraryValue;
use crate::project::libraries::postgrest::{Postgrest, Rows};
use crate::project::text::Text;
use crate::project::value::{Dict, DictEntry, Value};
use crate::source::Location;
use crate::syntax::python::{ArgKind, Call, Expr, ExprKind, Ident};

/// `obj.model_dump(exclude={"a"})`
pub fn method<'a>(ev: &mut Evaluator<'_, 'a>, receiver: &Value<'a>, name: Ident, call: &'a Call, args: &Args<'a>) -> Option<Value<'a>> {
    match receiver {
        // `Model.model_validate(row)`
        Value::Class(class) => {
            let made = matches!(name.as_str(), "model_validate" | "parse_obj" | "from_orm" | "validate")
                && ev.world.class_member(*class, name.name).is_none()
                && is_model(ev, *class);
            if made && let Some(row) = args.values.first().and_then(rows) {
                read(ev, *class, &row, ev.at(name.span));
            }
            return made.then_some(Value::Instance(*class));
        }
        // `TypeAdapter(list[Model]).validate_python(rows)`
        Value::Type(inner) if matches!(name.as_str(), "validate_python" | "validate_json" | "validate_strings") => {
            if let (Some(row), Value::Instance(class)) = (args.values.first().and_then(rows), if is_list(inner) { inner.element() } else { (**inner).clone() })
            {
                read(ev, class, &row, ev.at(name.span));
            }
            return Some((**inner).clone());
        }
        _ => {}
    }
    let Value::Instance(class) = receiver else { return None };
    if !matches!(name.as_str(), "model_dump" | "dict") || ev.world.class_member(*class, name.name).is_some() || !is_model(ev, *class) {
        return None;
    }
    let mut dict = fields(ev, *class);
    computed(ev, *class, &mut dict);
    let names = |key: &str| args.keyword(call, key).map(strings);
    if let Some(excluded) = names("exclude") {
        dict.entries.retain(|e| e.key.constant().is_none_or(|k| !excluded.iter().any(|x| *x == k)));
    }
    if let Some(included) = names("include") {
        dict.entries.retain(|e| e.key.constant().is_some_and(|k| included.iter().any(|x| *x == k)));
        dict.open = false;
    }
    let said = |key: &str| matches!(args.keyword(call, key), Some(v) if !matches!(v, Value::Bool(false)));
    // What has no default is always set, and what cannot be None is never left out for it; but who knows all that a field may be.
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

/// `asdict(obj)`, `Model(**row)`, `TypeAdapter(Model)`
pub fn call<'a>(ev: &mut Evaluator<'_, 'a>, callee: &Value<'a>, call: &'a Call, args: &Args<'a>) -> Option<Value<'a>> {
    match (callee, args.values.first()?) {
        (Value::External(p), Value::Instance(class)) if p.as_str() == "dataclasses.asdict" => Some(Value::Dict(Arc::new(fields(ev, *class)))),
        (Value::External(p), _) if is_class_row(p) || matches!(p.as_str(), "pydantic.TypeAdapter" | "pydantic.type_adapter.TypeAdapter") => {
            let of = ev.annotation(call.positional(0)?);
            (!of.is_unknown()).then(|| Value::Type(Arc::new(of)))
        }
        (Value::Class(class), _) => {
            let spread = call.args.iter().zip(&args.values).filter(|(a, _)| matches!(a.kind, ArgKind::DoubleSpread)).find_map(|(_, v)| rows(v));
            if let Some(row) = spread.filter(|_| call.args.len() == 1) {
                read(ev, *class, &row, ev.at(super::sqlalchemy::emit::token(&call.func)));
            }
            None
        }
        _ => None,
    }
}

/// Whether a path is psycopg's factory of rows that are objects: `class_row(Model)`, `kwargs_row(Model)`.
fn is_class_row(path: &str) -> bool {
    matches!(path, "psycopg.rows.class_row" | "psycopg.rows.kwargs_row")
}

/// The class that a cursor of `row_factory=class_row(Model)` makes its rows into.
pub(super) fn row_class(factory: Option<&Value<'_>>) -> Option<ClassId> {
    match factory? {
        Value::Type(inner) => match **inner {
            Value::Instance(c) => Some(c),
            _ => None,
        },
        _ => None,
    }
}

fn is_list(v: &Value<'_>) -> bool {
    matches!(v, Value::List(_))
}

fn rows(v: &Value<'_>) -> Option<Arc<Rows>> {
    match v {
        Value::Library(LibraryValue::Postgrest(Postgrest::Rows(r))) => Some(r.clone()),
        _ => None,
    }
}

/// A class is made from a row, at `at`: its fields read the row's columns, and one that it cannot do without must be there.
pub(super) fn read(ev: &mut Evaluator<'_, '_>, class: ClassId, row: &Arc<Rows>, at: Location) {
    let row = &Arc::new(Rows { single: Some(true), ..(**row).clone() });
    let of_class = fields(ev, class);
    // Code of its own may fill in what the row lacks, or take it under other names.
    let shaped = of_class.open || renames(ev, class) || !(is_model(ev, class) || is_dataclass(ev, class));
    for e in &of_class.entries {
        let Some(name) = e.key.constant() else { continue };
        if row.has_key(&name, ev.world.schema) {
            row.reads(ev, &name, e.at);
        } else if !shaped && is_required(ev, class, &name) {
            row.lacks(ev, &name, at, ev.world.index.class(class).node.name.name);
        }
    }
}

/// A typed dict's keys.
pub(super) fn typed_dict<'a>(ev: &Evaluator<'_, 'a>, v: &Value<'a>) -> Option<Dict<'a>> {
    let Value::Instance(class) = v else { return None };
    let is_typed = ev.world.lineage(*class)?.outside.iter().any(|v| v.external().is_some_and(|p| p.ends_with(".TypedDict")));
    if !is_typed {
        return None;
    }
    let mut dict = fields(ev, *class);
    // Which of them a value has hangs on `total=False` and `NotRequired`.
    dict.entries.iter_mut().for_each(|e| e.conditional = true);
    dict.open = true;
    Some(dict)
}

fn is_dataclass(ev: &Evaluator<'_, '_>, class: ClassId) -> bool {
    let decorators = &ev.world.index.class(class).node.decorators;
    decorators.iter().any(|d| crate::project::index::last_name(d).is_some_and(|n| n.as_str() == "dataclass"))
}

/// Whether a class may take its fields under other names, or from elsewhere: aliases, validators of the whole, a constructor.
fn renames(ev: &Evaluator<'_, '_>, class: ClassId) -> bool {
    let Some(lineage) = ev.world.lineage(class) else { return true };
    lineage.mro.iter().any(|&c| {
        let def = ev.world.index.class(c);
        let text = ev.world.sources.get(def.file).slice(def_span(def));
        ["alias", "model_validator", "root_validator", "def __init__", "def __new__", "__get_validators__", "InitVar"].iter().any(|w| text.contains(w))
    })
}

/// Whether a field has neither a default nor anything that might be one.
fn is_required(ev: &Evaluator<'_, '_>, class: ClassId, name: &str) -> bool {
    let Some((_, [.., binding])) = ev.world.class_member(class, Symbol::from(name)) else { return false };
    match binding {
        // `x: Optional[int]` has the default `None` under Pydantic 1; `Annotated[…]` may hold one.
        Binding::Declared { annotation, .. } => !may_default(annotation),
        // `Field(...)`
        Binding::Value { value: Expr { kind: ExprKind::Call(c), .. }, .. } => matches!(c.positional(0).map(|e| &e.kind), Some(ExprKind::Ellipsis)),
        _ => false,
    }
}

fn may_default(annotation: &Expr) -> bool {
    match &annotation.kind {
        ExprKind::None | ExprKind::Str(_) => true,
        ExprKind::Subscript(s) => {
            let base = crate::project::index::last_name(&s.0);
            base.is_none_or(|n| matches!(n.as_str(), "Optional" | "Annotated" | "Union" | "NotRequired" | "ClassVar"))
        }
        ExprKind::Binary(b) => may_default(&b.0) || may_default(&b.2),
        ExprKind::Name(n) => n.as_str() == "Any",
        _ => false,
    }
}

fn is_model(ev: &Evaluator<'_, '_>, class: ClassId) -> bool {
    ev.world.lineage(class).is_some_and(|l| {
        l.has_outside("pydantic", &["BaseModel"]) || l.has_outside("sqlmodel", &["SQLModel"]) || l.has_outside("pydantic_settings", &["BaseSettings"])
    })
}

/// What a dump has besides the fields: Pydantic 2's `@computed_field`; after a `@model_serializer` anything.
fn computed<'a>(ev: &Evaluator<'_, 'a>, class: ClassId, dict: &mut Dict<'a>) {
    let Some(lineage) = ev.world.lineage(class) else { return };
    for &c in &lineage.mro {
        let class = ev.world.index.class(c);
        for (name, bindings) in class.order.iter().filter_map(|n| Some((n, class.names.get(n)?))) {
            let Some(Binding::Function(f)) = bindings.last() else { continue };
            let def = ev.world.index.function(*f);
            if def.has_decorator("model_serializer") {
                dict.open = true;
            } else if def.has_decorator("computed_field") {
                let at = Location::new(def.file, def.node.name.span);
                dict.entries.push(DictEntry { key: Text::made(name.as_str(), at), at, value: Value::Unknown, expr: None, conditional: false });
            }
        }
    }
}

/// The annotated fields of a class and its bases.
pub(super) fn fields<'a>(ev: &Evaluator<'_, 'a>, class: ClassId) -> Dict<'a> {
    let mut dict = Dict::default();
    let Some(lineage) = ev.world.lineage(class) else { return Dict { open: true, ..dict } };
    dict.open = lineage.open;
    for &c in lineage.mro.iter().rev() {
        let def = ev.world.index.class(c);
        // `class Config: extra = "allow"`, `model_config = ConfigDict(extra="allow")`
        dict.open |= def.names.contains_key(&Symbol::from("model_config")) && ev.world.sources.get(def.file).slice(def_span(def)).contains("allow");
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
