//! Flask-SQLAlchemy: one object (`db`) that hands out SQLAlchemy's names.

use crate::symbol::Symbol;

use crate::syntax::python::Ident;

use super::super::eval::Evaluator;
use super::super::index::ClassId;
use super::super::trail::{Mark, note_cut};
use super::super::value::Value;
use super::super::world::Place;

/// Names that the object has of its own (not SQLAlchemy's); left to whoever knows sessions and queries.
const OWN: &[&str] = &[
    "session",
    "engine",
    "engines",
    "app",
    "init_app",
    "create_all",
    "drop_all",
    "reflect",
    "get_engine",
    "get_or_404",
    "first_or_404",
    "one_or_404",
    "paginate",
    "make_connector",
    "create_scoped_session",
    "configure_mappers",
];

/// Whether a value is the extension's object, or an instance of a class of the project derived from it.
pub fn is_extension(ev: &Evaluator<'_, '_>, value: &Value<'_>) -> bool {
    match value {
        Value::Object(o) => is_class(o.path.as_str()),
        Value::Instance(c) => match ev.world.lineage(*c) {
            Some(l) => l.outside.iter().any(|v| v.external().is_some_and(is_class)),
            // While lineages are worked out, bases are asked themselves.
            None => derives(ev, *c, 0),
        },
        _ => false,
    }
}

fn derives(ev: &Evaluator<'_, '_>, class: ClassId, depth: usize) -> bool {
    let def = ev.world.index.class(class);
    let place = Place { file: def.file, class: def.outer_class, function: def.outer_function };
    let mark = Mark::Header(class);
    if ev.trail.contains(&mark) {
        note_cut();
        return false;
    }
    let trail: Vec<Mark> = ev.trail.iter().copied().chain([mark]).collect();
    depth < 5
        && def.node.bases.iter().any(|b| match Evaluator::quiet_on(ev.world, place, &trail).base_class(&b.value) {
            Value::External(p) => is_class(&p),
            Value::Class(c) => c != class && derives(ev, c, depth + 1),
            _ => false,
        })
}

/// The path of the extension's class, by whichever of its names it is imported.
fn is_class(path: &str) -> bool {
    matches!(
        path,
        "flask_sqlalchemy.SQLAlchemy"
            | "flask_sqlalchemy.extension.SQLAlchemy"
            | "flask.ext.sqlalchemy.SQLAlchemy"
            | "flask_sqlalchemy_lite.SQLAlchemy"
            | "quart_sqlalchemy.SQLAlchemy"
            | "sqla_wrapper.SQLAlchemy"
    )
}

/// `db.Column` is SQLAlchemy's `Column`; `db.Model` the extension's base class.
pub fn attribute<'a>(ev: &mut Evaluator<'_, 'a>, value: &Value<'a>, attr: Ident) -> Option<Value<'a>> {
    if !is_extension(ev, value) {
        return None;
    }
    if let Value::Instance(c) = value
        && ev.world.class_member(*c, attr.name).is_some()
    {
        return None;
    }
    match attr.as_str() {
        "Model" => Some(model_class(ev, value)),
        "metadata" => Some(Value::object(Symbol::from("sqlalchemy.MetaData"))),
        name if OWN.contains(&name) || name.starts_with('_') => None,
        name => Some(Value::External(Symbol::from(&format!("sqlalchemy.{name}")))),
    }
}

/// The base of all models: the extension's own, with the project's behind it where `model_class=` names one.
fn model_class<'a>(ev: &mut Evaluator<'_, 'a>, value: &Value<'a>) -> Value<'a> {
    let own = Value::External(Symbol::from("flask_sqlalchemy.SQLAlchemy.Model"));
    if let Value::Object(o) = value
        && let Some((file, call)) = o.call
        && let Some(class) = call.keyword("model_class")
    {
        let mut inner = Evaluator::quiet_on(ev.world, Place::module(file), &ev.trail);
        let class = inner.eval(class);
        return Value::union([class, own]);
    }
    own
}
