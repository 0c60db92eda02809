//! Look-ups: `author__name__icontains` walked over the fields and relations of the models.

use crate::symbol::Symbol;

use crate::diagnostic::Access;
use crate::project::eval::Evaluator;
use crate::project::libraries::sqlalchemy::emit;
use crate::project::libraries::sqlalchemy::values::ColumnRef;
use crate::project::models::ModelId;
use crate::project::text::Text;
use crate::project::uses::{Certainty, Reference};
use crate::source::{Location, Span};
use crate::syntax::python::Ident;

use super::graph::{self, Touched};

/// A name as the code spells it, with the place of each of its parts.
#[derive(Clone, Debug)]
pub struct Path {
    parts: Vec<(Symbol, Location)>,
    /// Whether a relation alone means its rows, not its key (`select_related`).
    pub plain: bool,
}

impl Path {
    /// From a keyword.
    pub fn from_keyword(ev: &Evaluator<'_, '_>, k: Ident) -> Self {
        let mut at = k.span.start as usize;
        let parts = k
            .as_str()
            .split("__")
            .map(|p| {
                let location = ev.at(Span::new(at, at + p.len()));
                at += p.len() + 2;
                (Symbol::from(p), location)
            })
            .collect();
        Path { parts, plain: false }
    }

    /// From a string; the sign of an ordering in front is left away. `?` asks for any order, and names nothing.
    pub fn from_text(text: &Text<'_>) -> Option<Self> {
        Self::behind(text, &['-', '+'])
    }

    /// The same with other signs in front.
    pub fn behind(text: &Text<'_>, signs: &[char]) -> Option<Self> {
        let whole = text.constant()?;
        if whole == "?" {
            return None;
        }
        let mut at = whole.len() - whole.trim_start_matches(signs).len();
        let mut parts = Vec::new();
        for p in whole[at..].split("__") {
            parts.push((Symbol::from(p), text.locate(at..at + p.len())?));
            at += p.len() + 2;
        }
        Some(Path { parts, plain: false })
    }

    /// From a dict's key.
    pub fn from_key(name: &str, at: Location) -> Self {
        let mut start = at.span.start as usize;
        let parts = name
            .split("__")
            .map(|p| {
                let location = Location::new(at.file, Span::new(start, start + p.len()));
                start += p.len() + 2;
                (Symbol::from(p), location)
            })
            .collect();
        Path { parts, plain: false }
    }

    /// Where its first part stands.
    pub fn location(&self) -> Option<Location> {
        self.parts.first().map(|p| p.1)
    }

    /// Its first part.
    pub fn first(&self) -> Symbol {
        self.parts.first().map(|p| p.0).unwrap_or_default()
    }
}

/// What a walk came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum End {
    /// A column, or the key of a relation.
    Field(Option<ColumnRef>),
    /// The first part is no field.
    Nothing,
    /// This part, behind a relation to that model, is neither a field of it nor a look-up of the key. It may be an annotation's (`books__count`).
    Beyond(ModelId, Symbol, Location),
}

/// Look-ups that a relation has (`django.db.models.fields.related_lookups`), and what databases and packages register for all fields.
const OF_KEYS: &[&str] =
    &["exact", "iexact", "in", "isnull", "gt", "gte", "lt", "lte", "range", "contains", "icontains", "startswith", "regex", "any", "len", "overlap"];

/// Walks a path from a model and notes what it touches.
pub fn walk(ev: &mut Evaluator<'_, '_>, from: ModelId, path: &Path, access: Access) -> End {
    let mut model = from;
    let mut last = None;
    for (n, &(name, at)) in path.parts.iter().enumerate() {
        let final_part = n + 1 == path.parts.len();
        let access = if final_part { access } else { Access::Read };
        if name.as_str() == "pk" {
            last = graph::primary_key(ev.world, model);
            if let Some(c) = last {
                column(ev, model, c, at, access);
            }
            // A primary key may itself be a relation.
            continue;
        }
        if let Some(edge) = ev.world.django.edge(ev.world, model, name).cloned() {
            inherited(ev, model, &edge.touched, at);
            for (i, t) in edge.touched.iter().enumerate() {
                touch(ev, *t, at, if i == 0 { access } else { Access::Read });
            }
            last = edge.touched.first().and_then(|t| if let Touched::Column(c) = t { Some(*c) } else { None });
            model = edge.target;
            continue;
        }
        let Some(c) = graph::through_parents(ev.world, model).find_map(|m| graph::field_column(ev.world, m, name)) else {
            if n == 0 {
                return End::Nothing;
            }
            // Behind a relation stands a field of the other model, or a look-up of the key.
            let before = path.parts[n - 1].0;
            if before.as_str() != "pk" && !OF_KEYS.contains(&name.as_str()) {
                return End::Beyond(model, name, at);
            }
            return End::Field(last);
        };
        column(ev, model, c, at, access);
        // `author_id` is the key of `author`.
        if let Some(short) = name.as_str().strip_suffix("_id")
            && let Some(edge) = ev.world.django.edge(ev.world, model, Symbol::from(short)).cloned()
        {
            for t in edge.touched.iter().skip(1) {
                touch(ev, *t, at, Access::Read);
            }
        }
        // Whatever follows is a transform or a look-up, or the inside of a JSON column.
        return End::Field(Some(c));
    }
    End::Field(last)
}

/// Notes a column of a model; a parent's is reached over the link to the parent.
fn column(ev: &mut Evaluator<'_, '_>, model: ModelId, c: ColumnRef, at: Location, access: Access) {
    inherited(ev, model, &[Touched::Column(c)], at);
    emit::column(ev, c, at, access);
}

fn inherited(ev: &mut Evaluator<'_, '_>, model: ModelId, touched: &[Touched], at: Location) {
    let Some(Touched::Column(c)) = touched.first() else { return };
    let Some((owner, ..)) = emit::owner(ev, *c) else { return };
    if owner != model
        && ev.world.models.get(owner).relation != ev.world.models.get(model).relation
        && graph::through_parents(ev.world, model).any(|m| m == owner)
    {
        for m in [model, owner] {
            if let Some(key) = graph::primary_key(ev.world, m) {
                emit::column(ev, key, at, Access::Read);
            }
        }
    }
}

/// Notes one column of a step.
pub fn touch(ev: &mut Evaluator<'_, '_>, t: Touched, at: Location, access: Access) {
    match t {
        Touched::Column(c) => emit::column(ev, c, at, access),
        Touched::Raw(relation, column) => {
            if ev.notes() {
                let context = emit::context(ev);
                ev.uses.references.push(Reference {
                    location: at,
                    relation,
                    column: Some(column),
                    access,
                    context,
                    via: "django",
                    model: None,
                    attribute: None,
                    // The name of an automatic table is worked out, not read.
                    certainty: Certainty::Medium,
                });
            }
        }
    }
}
