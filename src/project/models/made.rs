//! Classes that a call makes: `type("OrderEvent", (Event, Base), {"__tablename__": "order_events", "source_id": Column(...)})`.

use crate::symbol::Symbol;

use crate::source::Location;

use super::super::eval::Evaluator;
use super::super::index::ClassId;
use super::super::text::Text;
use super::super::uses::RelationName;
use super::super::value::{Dict, Value};
use super::declared::{Arguments, Declared};
use super::draft::{Draft, Related, nullable};
use super::{Framework, Member, declarative};

/// A call of `type` with a name, bases and a body.
#[derive(Clone, Debug)]
pub struct Made<'a> {
    name: Text<'a>,
    bases: Vec<Value<'a>>,
    body: std::sync::Arc<Dict<'a>>,
    at: Location,
}

impl<'a> Made<'a> {
    /// Of the arguments of a call of `type`; `None` where they are not three that are known.
    pub fn of(args: &Arguments<'a>, at: Location) -> Option<Self> {
        let values: Vec<&Value<'a>> = args.positional().map(|a| &a.value).collect();
        let [Value::Str(name), Value::Tuple(bases), Value::Dict(body)] = values[..] else { return None };
        Some(Made { name: name.clone(), bases: bases.to_vec(), body: body.clone(), at })
    }

    fn table(&self) -> Option<&Text<'a>> {
        self.body.get("__tablename__")?.value.text()
    }
}

/// Each once: a `declared_attr` is asked whenever its class is looked at.
pub fn distinct(mut all: Vec<Made<'_>>) -> Vec<Made<'_>> {
    let mut seen = rustc_hash::FxHashSet::default();
    all.retain(|m| m.table().and_then(Text::constant).is_some_and(|table| seen.insert((m.at, table.into_owned()))));
    all
}

/// The model that such a class is; `None` where nothing maps it.
pub fn draft<'a>(ev: &mut Evaluator<'_, 'a>, made: &Made<'a>) -> Option<Draft<'a>> {
    let name = Symbol::from(&made.name.constant()?);
    let table = made.table()?;
    let relation = RelationName { schema: None, name: Symbol::from(&table.constant()?) };
    let classes: Vec<ClassId> = made.bases.iter().flat_map(Value::alternatives).filter_map(|b| if let Value::Class(c) = b { Some(*c) } else { None }).collect();
    let outside = made.bases.iter().flat_map(Value::alternatives).any(declarative::is_base);
    if !outside && !classes.iter().any(|c| declarative::is_declarative(ev, *c)) {
        return None;
    }
    let mut d = Draft::new(Framework::SqlAlchemy, name, relation, table.location().unwrap_or(made.at), made.at);
    d.model.open = made.body.open || classes.iter().any(|c| declarative::is_open(ev, *c));
    d.model.foreign = super::is_test_path(&ev.world.sources.get(made.at.file).path);
    for &class in classes.iter().rev() {
        let owners = ev.world.lineage(class).map_or_else(|| vec![class], |l| l.mro.clone());
        declarative::body(ev, class, &mut d, &owners);
    }
    for e in &made.body.entries {
        let Some(key) = e.key.constant().map(|k| Symbol::from(&k)) else { continue };
        match Declared::of(&e.value) {
            Some(Declared::Column(c)) => {
                let null = nullable(c);
                d.add(key, e.at, c.clone(), None, null);
            }
            Some(Declared::Relationship(r)) => {
                d.relationships.push((key, r.clone(), Related::default()));
                d.note(key, Member::Relationship { target: None, many: None });
            }
            _ if key.as_str() == "__table_args__" => declarative::apply(&e.value, &mut d),
            _ => d.note(key, Member::Other),
        }
    }
    Some(d)
}
