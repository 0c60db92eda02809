//! What rows hold: the select list, linked to the schema.

use std::sync::Arc;

use crate::symbol::Symbol;

use crate::diagnostic::{Access, Context};
use crate::project::eval::Evaluator;
use crate::project::text::Text;
use crate::project::uses::{Certainty, Embed, RelationName};
use crate::source::{Location, Span};
use crate::syntax::sql::template::{HOLE, Template};

use super::embed::{self, Target};
use super::note;
use super::select::{self, Item, ItemKind, Name};

/// What a row holds.
#[derive(Clone, Debug, Default)]
pub struct Shape {
    /// The relation its columns belong to.
    pub relation: Option<RelationName>,
    /// `*`: all columns of the relation.
    pub star: bool,
    /// There may be keys that are not known.
    pub open: bool,
    /// Known keys.
    pub keys: Vec<Key>,
}

/// One key of a row.
#[derive(Clone, Debug)]
pub struct Key {
    /// As the row has it.
    pub name: Symbol,
    /// The column behind it.
    pub column: Option<(RelationName, Symbol)>,
    /// An embedded row or list of rows.
    pub nested: Option<Nested>,
}

/// An embedded resource.
#[derive(Clone, Debug)]
pub struct Nested {
    /// What it holds.
    pub shape: Arc<Shape>,
    /// Whether it is one row; `None` where it may be a list.
    pub single: Option<bool>,
    /// The name it is embedded by, where an alias stands before it.
    pub relation: Symbol,
}

impl Shape {
    /// All columns of a relation.
    pub fn all(relation: Option<RelationName>) -> Self {
        Self { relation, star: true, open: relation.is_none(), keys: Vec::new() }
    }

    /// Nothing is known.
    pub fn unknown() -> Self {
        Self { open: true, ..Self::default() }
    }

    /// The key of that name.
    pub fn key(&self, name: &str) -> Option<&Key> {
        self.keys.iter().find(|k| k.name.as_str() == name)
    }

    /// The embedded resource that a filter's `name.column` means: by alias, else by name.
    pub fn embedded(&self, name: &str) -> Option<&Nested> {
        self.key(name).and_then(|k| k.nested.as_ref()).or_else(|| self.keys.iter().filter_map(|k| k.nested.as_ref()).find(|n| n.relation.as_str() == name))
    }
}

/// Reads a select list, notes what it names, and gives what its rows hold.
pub fn read(ev: &mut Evaluator<'_, '_>, text: &Text<'_>, relation: Option<RelationName>, sure: Certainty) -> Shape {
    let template = text.template();
    let items = select::parse(template.text());
    Reader { template: &template, sure, offset: 0 }.shape(ev, &items, relation)
}

/// The same for a select list that stands at byte `offset` of a longer text.
pub fn read_at(ev: &mut Evaluator<'_, '_>, template: &Template, list: &str, offset: usize, relation: Option<RelationName>, sure: Certainty) -> Shape {
    let items = select::parse(list);
    Reader { template, sure, offset }.shape(ev, &items, relation)
}

struct Reader<'t> {
    template: &'t Template,
    sure: Certainty,
    /// Where the list begins in the template.
    offset: usize,
}

impl Reader<'_> {
    fn locate(&self, name: &Name) -> Option<Location> {
        self.template.locate(Span::new(name.range.start + self.offset, name.range.end + self.offset))
    }

    fn shape(&self, ev: &mut Evaluator<'_, '_>, items: &[Item], relation: Option<RelationName>) -> Shape {
        let mut shape = Shape { relation, ..Shape::default() };
        for item in items {
            let key = item.key().map(Symbol::from);
            if key.is_some_and(|k| k.contains(HOLE)) {
                shape.open = true;
            }
            match &item.kind {
                ItemKind::Star => {
                    shape.star = true;
                    // All columns of something that is not known.
                    shape.open |= relation.is_none();
                }
                ItemKind::Count => shape.keys.extend(key.map(|name| Key { name, column: None, nested: None })),
                ItemKind::Column { name, path_end, aggregate } => {
                    let column = self.column(ev, name, relation);
                    let plain = path_end.is_none() && aggregate.is_none();
                    shape.keys.extend(key.map(|k| Key { name: k, column: column.filter(|_| plain), nested: None }));
                }
                ItemKind::Embed { relation: name, hint, items, spread } => {
                    let (target, single) = self.embed(ev, name, hint.as_ref(), relation);
                    let inner = self.shape(ev, items, target);
                    if *spread {
                        shape.open |= inner.open || inner.star;
                        shape.keys.extend(inner.keys);
                    } else if let Some(k) = key {
                        let nested = Nested { shape: Arc::new(inner), single, relation: Symbol::from(&name.text) };
                        shape.keys.push(Key { name: k, column: None, nested: Some(nested) });
                    }
                }
            }
        }
        shape
    }

    fn column(&self, ev: &mut Evaluator<'_, '_>, name: &Name, relation: Option<RelationName>) -> Option<(RelationName, Symbol)> {
        let relation = relation?;
        if name.text.contains(HOLE) {
            return None;
        }
        // A bare `count` is the aggregate where no column has that name.
        if name.text == "count"
            && ev.world.schema.relation(relation.schema.map(|s| s.as_str()), &relation.name).is_none_or(|(_, r)| r.column("count").is_none())
        {
            return None;
        }
        let column = Symbol::from(&name.text);
        note::reference(ev, self.locate(name), relation, Some(column), Access::Read, self.sure);
        Some((relation, column))
    }

    /// The relation that an embed leads to, and whether it gives one row.
    fn embed(&self, ev: &mut Evaluator<'_, '_>, name: &Name, hint: Option<&Name>, parent: Option<RelationName>) -> (Option<RelationName>, Option<bool>) {
        let Some(parent) = parent.filter(|_| !name.text.contains(HOLE) && hint.is_none_or(|h| !h.text.contains(HOLE))) else { return (None, None) };
        let found = embed::resolve(ev.world.schema, parent, &name.text, hint.map(|h| h.text.as_str()));
        let at = self.locate(name);
        match found {
            Target::Relation(target, single) => {
                let relation = RelationName {
                    schema: parent.schema.or((target.schema != "public").then(|| Symbol::from(&target.schema))),
                    name: Symbol::from(&target.name),
                };
                note::reference(ev, at, relation, None, Access::Read, self.sure);
                (Some(relation), single)
            }
            Target::Unknown => (None, None),
            Target::Nothing => {
                if let Some(location) = at
                    && ev.notes()
                {
                    let certainty = note::certainty(ev, self.sure);
                    let hint = hint.map(|h| Symbol::from(&h.text));
                    ev.uses.embeds.push(Embed { location, relation: parent, name: Symbol::from(&name.text), hint, context: Context::Query, certainty });
                }
                (None, None)
            }
        }
    }
}
