//! Notes what the ORM code names.

use crate::symbol::Symbol;

use crate::diagnostic::{Access, Context};
use crate::project::eval::Evaluator;
use crate::project::index::{ClassId, ModuleDef};
use crate::project::models::{Member, Model, ModelId, enums};
use crate::project::text::Text;
use crate::project::uses::{Certainty, Literal, MissingAttribute, Reference};
use crate::project::value::Value;
use crate::source::{Location, Span};
use crate::syntax::python::{Expr, ExprKind};

use super::values::ColumnRef;

/// A mixin's column is noted for at most this many models.
const MAX_MODELS: usize = 64;

/// What a name on a class is.
#[derive(Clone, Debug)]
pub enum Found {
    /// A column; of several models where the class is a mixin or abstract base.
    Columns(Vec<ColumnRef>),
    /// A relationship.
    Relationship(Option<ClassId>, Option<bool>),
    /// Something else that exists.
    Other,
    /// The class is closed and has no such name.
    Missing,
    /// Nothing can be said.
    Unknown,
}

/// Whether a class is mapped, or a base or mixin of a mapped one.
pub fn is_mapped(ev: &Evaluator<'_, '_>, class: ClassId) -> bool {
    ev.world.models.of_class(class).is_some() || ev.world.models.bases.contains(&class)
}

/// Looks a name up on a class.
pub fn find<'a>(ev: &Evaluator<'_, 'a>, class: ClassId, name: Symbol) -> Found {
    let models = &ev.world.models;
    let Some((id, model)) = models.of_class(class) else { return find_inherited(ev, class, name) };
    let own = model.members.get(&name);
    if !matches!(own, Some(Member::Column(_) | Member::Relationship { .. }))
        && let Some(found) = find_in_parent(ev, class, name)
    {
        return found;
    }
    match own {
        Some(Member::Column(n)) => Found::Columns(vec![ColumnRef { model: id, column: *n }]),
        Some(Member::Relationship { target, many }) => Found::Relationship(*target, *many),
        Some(Member::Synonym(of)) => match model.members.get(of) {
            Some(Member::Column(n)) => Found::Columns(vec![ColumnRef { model: id, column: *n }]),
            Some(Member::Relationship { target, many }) => Found::Relationship(*target, *many),
            _ => Found::Other,
        },
        Some(Member::Inherited(parent)) if *parent != class => find(ev, *parent, name),
        Some(Member::Inherited(_) | Member::Other) => Found::Other,
        None => missing(ev, class, model, name),
    }
}

/// With joined inheritance a child has what its parent's table has, unless it defines the name anew.
fn find_in_parent<'a>(ev: &Evaluator<'_, 'a>, class: ClassId, name: Symbol) -> Option<Found> {
    for &above in &ev.world.lineage(class)?.mro {
        if above != class
            && let Some((id, parent)) = ev.world.models.of_class(above)
        {
            match parent.members.get(&name) {
                Some(Member::Column(n)) => return Some(Found::Columns(vec![ColumnRef { model: id, column: *n }])),
                Some(Member::Relationship { target, many }) => return Some(Found::Relationship(*target, *many)),
                _ => {}
            }
        }
        if ev.world.index.class(above).names.contains_key(&name) {
            return None;
        }
    }
    None
}

fn missing<'a>(ev: &Evaluator<'_, 'a>, class: ClassId, model: &Model, name: Symbol) -> Found {
    let dunder = name.as_str().starts_with("__");
    let set_elsewhere = || ev.world.lineage(class).is_some_and(|l| l.mro.iter().any(|c| ev.world.attribute(*c, name).is_some()));
    let unnamed = model.members.contains_key(&Symbol::from(crate::project::models::ANY_NAME));
    if model.open || model.foreign || model.reflected || unnamed || dunder || ev.world.class_member(class, name).is_some() || set_elsewhere() {
        return Found::Unknown;
    }
    // A base or metaclass that catches all names.
    if ev.world.lineage(class).is_none_or(|l| l.open)
        || ["__getattr__", "__getattribute__"].iter().any(|n| ev.world.class_member(class, Symbol::from(n)).is_some())
    {
        return Found::Unknown;
    }
    Found::Missing
}

fn find_inherited<'a>(ev: &Evaluator<'_, 'a>, class: ClassId, name: Symbol) -> Found {
    let Some((owner, _)) = ev.world.class_member(class, name) else { return Found::Unknown };
    // What is no base of a model declares nothing for one, and no model need be read to know.
    let Some(all) = Some(owner).filter(|o| ev.world.models.bases.contains(o)).and_then(|o| ev.world.models.by_owner().get(&(o, name))) else {
        return Found::Unknown;
    };
    let cast = |&(model, column): &(ModelId, usize)| ColumnRef { model, column };
    let below: Vec<ColumnRef> =
        all.iter().filter(|(m, _)| ev.world.models.get(*m).class.is_some_and(|c| ev.world.is_subclass(c, class))).map(cast).take(MAX_MODELS).collect();
    Found::Columns(if below.is_empty() { all.iter().map(cast).take(MAX_MODELS).collect() } else { below })
}

/// What kind of text the code being walked is.
pub fn context(ev: &Evaluator<'_, '_>) -> Context {
    let revision = || ev.world.index.module_of(ev.place.file).is_some_and(ModuleDef::is_revision);
    if revision() {
        Context::Migration
    } else if ev.place.function.is_none() && ev.place.class.is_some() {
        Context::Model
    } else {
        Context::Query
    }
}

fn certainty(model: &Model) -> Certainty {
    if model.foreign { Certainty::Low } else { Certainty::High }
}

/// The model that owns a column: with joined inheritance a parent's column lies in the parent's table.
pub fn owner<'w, 'a>(ev: &Evaluator<'w, 'a>, at: ColumnRef) -> Option<(ModelId, &'w Model, usize)> {
    let model = ev.world.models.get(at.model);
    let column = model.columns.get(at.column)?;
    if let Some(owner) = column.owner
        && Some(owner) != model.class
        && let Some((id, above)) = ev.world.models.of_class(owner)
        && above.relation != model.relation
        && let Some(n) = above.columns.iter().position(|c| c.attribute == column.attribute)
    {
        return Some((id, above, n));
    }
    Some((at.model, model, at.column))
}

/// Notes a column.
pub fn column(ev: &mut Evaluator<'_, '_>, of: ColumnRef, location: Location, access: Access) {
    if !ev.notes() {
        return;
    }
    let context = context(ev);
    let Some((id, model, n)) = owner(ev, of) else { return };
    let mut noted = |model: &Model, n: usize| {
        let column = &model.columns[n];
        ev.uses.references.push(Reference {
            location,
            relation: model.relation,
            column: Some(column.column),
            access,
            context,
            via: model.framework.name(),
            model: Some(model.name),
            attribute: Some(column.attribute),
            certainty: certainty(model),
        });
    };
    noted(model, n);
    // The key of a child with joined inheritance is its parent's key too.
    let (own, key) = (model.columns[n].owner, &model.columns[n]);
    if key.primary_key
        && !key.foreign_keys.is_empty()
        && (own.is_none() || own == model.class)
        && let Some(lineage) = model.class.and_then(|c| ev.world.lineage(c))
    {
        for above in lineage.mro.iter().skip(1) {
            if let Some((parent, m)) = ev.world.models.of_class(*above)
                && parent != id
                && m.relation != model.relation
                && let Some(n) = m.columns.iter().position(|c| c.attribute == key.attribute)
            {
                noted(m, n);
            }
        }
    }
}

/// Notes each of several columns at one place.
pub fn columns(ev: &mut Evaluator<'_, '_>, all: &[ColumnRef], location: Location, access: Access) {
    for &c in all {
        column(ev, c, location, access);
    }
}

/// Notes a model's relation.
pub fn relation(ev: &mut Evaluator<'_, '_>, id: ModelId, location: Location, access: Access) {
    if !ev.notes() {
        return;
    }
    let context = context(ev);
    let model = ev.world.models.get(id);
    let reference = Reference {
        location,
        relation: model.relation,
        column: None,
        access,
        context,
        via: model.framework.name(),
        model: Some(model.name),
        attribute: None,
        certainty: certainty(model),
    };
    ev.uses.references.push(reference);
}

/// Notes a name that a model does not have.
pub fn missing_attribute(ev: &mut Evaluator<'_, '_>, id: ModelId, name: Symbol, location: Location, at_most: Certainty) {
    // A helper that is walked with a caller's class may ask for what only other callers' classes have; what the caller wrote is the caller's.
    if !ev.notes() || (ev.is_through() && !ev.is_asked_keyword(location)) {
        return;
    }
    let at_most = if ev.is_through() { at_most.min(Certainty::Medium) } else { at_most };
    if ev.world.index.module_of(location.file).is_some_and(|m| m.asked_for.contains(&name)) {
        return;
    }
    let model = ev.world.models.get(id);
    let mut known: Vec<Symbol> =
        model.members.keys().copied().filter(|k| !k.as_str().starts_with('_') && k.as_str() != crate::project::models::ANY_NAME).collect();
    known.sort_unstable_by(|a, b| a.as_str().cmp(b.as_str()));
    let missing = MissingAttribute { location, model: model.name, relation: model.relation, attribute: name, known, certainty: certainty(model).min(at_most) };
    ev.uses.missing_attributes.push(missing);
}

/// Notes a constant that is compared with a column or written to it.
pub fn literal<'a>(ev: &mut Evaluator<'_, 'a>, of: ColumnRef, value: &Value<'a>, expr: Option<&'a Expr>, written: bool) {
    let Some(expr) = expr else { return };
    // A constant that is spelled here; what an enum's member is in the database is its own matter.
    let text = match (&expr.kind, value) {
        (ExprKind::Str(_), Value::Str(t)) => match t.constant() {
            Some(t) => Some(t.into_owned()),
            None => return,
        },
        // An object's `None` is often filled in before it is sent; see `null` for those that are not.
        _ => return,
    };
    note_literal(ev, of, expr, text, written);
}

/// Notes a `None` that a statement writes as it stands.
pub fn null<'a>(ev: &mut Evaluator<'_, 'a>, of: ColumnRef, expr: &'a Expr) {
    if matches!(expr.kind, ExprKind::None) {
        note_literal(ev, of, expr, None, true);
    }
}

fn note_literal(ev: &mut Evaluator<'_, '_>, of: ColumnRef, expr: &Expr, text: Option<String>, written: bool) {
    if !ev.notes() {
        return;
    }
    let context = context(ev);
    let location = ev.at(expr.span);
    let Some((_, model, n)) = owner(ev, of) else { return };
    if let (Some(class), Some(text)) = (model.columns[n].enum_class, text.as_deref())
        && stands_for_member(ev, class, text)
    {
        return;
    }
    // A `None` may be replaced before it is sent.
    let certainty = if text.is_none() { certainty(model).min(Certainty::Medium) } else { certainty(model) };
    let found = Literal { location, relation: model.relation, column: model.columns[n].column, value: text, written, context, certainty };
    ev.uses.literals.push(found);
}

/// Whether a text is equal to a member of an enum that is a string too: the library finds the member by it and sends its label (`Enum._db_value_for_lookup`).
fn stands_for_member(ev: &mut Evaluator<'_, '_>, class: ClassId, text: &str) -> bool {
    let of_strings = ev.world.lineage(class).is_some_and(|l| {
        l.outside.iter().any(|v| v.external().is_some_and(|p| p == "builtins.str" || matches!(p.rsplit('.').next(), Some("StrEnum" | "TextChoices"))))
    });
    of_strings && enums::members(ev, class).is_some_and(|all| all.iter().any(|m| m.value.as_deref() == Some(text)))
}

/// The last name of `a.b.c`: what a reference to it points at.
pub fn token(e: &Expr) -> Span {
    match &e.kind {
        ExprKind::Attribute(a) => a.attr.span,
        _ => e.span,
    }
}

/// Where a word of a text stands.
pub fn word(text: &Text<'_>, range: std::ops::Range<usize>) -> Option<Location> {
    text.locate(range)
}
