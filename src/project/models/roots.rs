//! The root that models are mapped by: `Base`. Models of one root share a metadata, which `create_all` makes and Alembic compares as a whole.

use serde::{Deserialize, Serialize};

use crate::source::Location;
use crate::symbol::Symbol;

use super::super::eval::Evaluator;
use super::super::index::ClassId;
use super::super::libraries::flask_sqlalchemy;
use super::super::value::Value;
use super::super::world::is_from;
use super::declarative;

/// What models are mapped by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Root {
    /// A class of the project, or what a call in it made (`declarative_base()`): where that is written.
    At(Location),
    /// One that a package brings, the same for all: SQLModel, Flask-SQLAlchemy's `db.Model`.
    Of(Symbol),
}

/// Packages with a root of their own.
const PACKAGES: [&str; 2] = ["sqlmodel", "flask_sqlalchemy"];

fn of_path(path: &str) -> Option<Root> {
    PACKAGES.into_iter().find(|p| is_from(path, p)).map(|p| Root::Of(Symbol::from(p)))
}

/// The root of a class, which may be itself.
pub fn of_class(ev: &Evaluator<'_, '_>, class: ClassId) -> Option<Root> {
    let lineage = ev.world.lineage(class)?;
    let made = |v: &Value<'_>| if let Value::Object(o) = v { o.call.map(|(file, call)| Root::At(Location::new(file, call.func.span))) } else { None };
    if let Some(root) = lineage.outside.iter().filter(|v| declarative::is_base(v)).find_map(made) {
        return Some(root);
    }
    if let Some(&root) = lineage.mro.iter().find(|c| declarative::is_root(ev, **c)) {
        let def = ev.world.index.class(root);
        return Some(Root::At(Location::new(def.file, def.node.name.span)));
    }
    lineage.outside.iter().filter_map(Value::external).find_map(of_path)
}

/// The root whose metadata a value is, or that it is itself: `Base.metadata`, `Base`, `db`.
pub fn of_value(ev: &Evaluator<'_, '_>, value: &Value<'_>) -> Option<Root> {
    match value {
        Value::Class(c) => of_class(ev, *c),
        Value::External(path) => of_path(path),
        Value::Object(o) if declarative::is_base(value) => o.call.map(|(file, call)| Root::At(Location::new(file, call.func.span))),
        _ if flask_sqlalchemy::is_extension(ev, value) => Some(Root::Of(Symbol::from("flask_sqlalchemy"))),
        _ => None,
    }
}
