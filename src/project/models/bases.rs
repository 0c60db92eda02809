//! Classes outside the project that bring columns to the models derived from them (`bases.yaml`): the member lists of the libraries we know.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use serde::Deserialize;

use crate::source::Location;
use crate::symbol::Symbol;

use super::super::eval::Evaluator;
use super::super::index::{Binding, ClassId};
use super::super::value::Value;
use super::super::world::is_from;
use super::Member;
use super::declared::{Column, ForeignKey, SqlType, Target};
use super::draft::Draft;
use super::types::last;

/// A class as `bases.yaml` describes it.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Base {
    #[serde(default)]
    bases: Vec<String>,
    #[serde(default)]
    columns: BTreeMap<String, String>,
    #[serde(default)]
    members: Vec<String>,
    table: Option<String>,
    #[serde(default)]
    maps: bool,
}

/// How a base names its children's tables.
pub enum TableName {
    /// This, with `{class}` for the class's name in lower case.
    Fixed(&'static str),
    /// The words of the class's name, joined by `_`.
    Words,
}

type Bases = BTreeMap<String, BTreeMap<String, Base>>;

fn all() -> &'static Bases {
    static ALL: OnceLock<Bases> = OnceLock::new();
    ALL.get_or_init(|| serde_yaml::from_str(include_str!("bases.yaml")).expect("bases.yaml is what a test reads"))
}

fn package(path: &str) -> Option<&'static BTreeMap<String, Base>> {
    // Litestar hands out the same classes under its own name.
    let path = if is_from(path, "litestar") && path.contains("sqlalchemy") { "advanced_alchemy" } else { path };
    all().iter().find(|(p, _)| is_from(path, p)).map(|(_, classes)| classes)
}

/// What is known of the class with that path.
pub fn find(path: &str) -> Option<&'static Base> {
    package(path)?.get(last(path))
}

/// Whether children of the class with that path are mapped by it.
pub fn maps(path: &str) -> bool {
    find(path).is_some_and(|b| b.maps)
}

/// The class and what it is derived from, nearest first.
fn lineage(path: &str) -> Vec<&'static Base> {
    let (Some(classes), Some(own)) = (package(path), find(path)) else { return Vec::new() };
    let mut out = vec![own];
    let mut at = 0;
    // The data has no circles, which a test holds; the bound is for whoever adds to it.
    while at < out.len() && out.len() < 32 {
        out.extend(out[at].bases.iter().filter_map(|b| classes.get(b)));
        at += 1;
    }
    out
}

/// How the class with that path names the tables of its children.
pub fn table(path: &str) -> Option<TableName> {
    lineage(path).into_iter().find_map(|b| b.table.as_deref()).map(|t| if t == "words" { TableName::Words } else { TableName::Fixed(t) })
}

/// Adds what a class's bases outside the project bring, except what its mapped parent brings already and what the project declares anew.
pub fn columns(ev: &Evaluator<'_, '_>, class: ClassId, parent: Option<ClassId>, d: &mut Draft<'_>) {
    let Some(own) = ev.world.lineage(class) else { return };
    let behind = parent.and_then(|p| ev.world.lineage(p)).map(|l| l.outside.as_slice()).unwrap_or_default();
    let at = d.model.at;
    for path in own.outside.iter().filter(|v| !behind.iter().any(|b| b.same(v))).filter_map(Value::external) {
        for base in lineage(path) {
            for (attribute, text) in &base.columns {
                let attribute = Symbol::from(attribute);
                let declares = |c: &ClassId| {
                    let bindings = ev.world.index.class(*c).names.get(&attribute);
                    bindings.is_some_and(|all| all.iter().any(|b| !matches!(b, Binding::Declared { .. })))
                };
                if !d.model.members.contains_key(&attribute) && !own.mro.iter().any(declares) {
                    let (column, null) = read(text, at);
                    d.add(attribute, at, column, None, Some(null));
                }
            }
            base.members.iter().for_each(|m| d.note(Symbol::from(m), Member::Other));
        }
    }
}

/// `[name =] type [null] [primary key] [unique] [default] [references table.column]`
fn read(text: &str, at: Location) -> (Column, bool) {
    let mut column = Column::new(at);
    let rest = match text.split_once(" = ") {
        Some((name, rest)) => {
            column.name = Some((Symbol::from(name), at));
            rest
        }
        None => text,
    };
    let mut words = rest.split(' ');
    column.ty = words.next().map(SqlType::plain);
    let words: Vec<&str> = words.collect();
    column.primary_key = words.contains(&"primary");
    column.unique = words.contains(&"unique");
    column.has_default = words.contains(&"default");
    if let [.., "references", target] = words[..] {
        column.foreign_keys.push(ForeignKey { target: Target::Text(target.to_owned()), at });
    }
    (column, words.contains(&"null"))
}

#[cfg(test)]
mod tests {
    use super::{all, find, lineage};

    #[test]
    fn every_base_that_is_named_is_there() {
        for (package, classes) in all() {
            for (name, class) in classes {
                for base in &class.bases {
                    assert!(classes.contains_key(base), "{package}: {name} names {base}");
                }
                assert!(lineage(&format!("{package}.{name}")).len() < 32, "{package}: {name} is its own ancestor");
            }
        }
        assert!(find("advanced_alchemy.base.UUIDAuditBase").is_some());
        assert!(find("litestar.plugins.sqlalchemy.base.UUIDAuditBase").is_some());
    }
}
