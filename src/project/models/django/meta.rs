//! What `Meta` says of a model, its own or one that it inherits.

use crate::symbol::Symbol;

use super::super::super::eval::Evaluator;
use super::super::super::fold;
use super::super::super::index::{Binding, ClassId};
use super::super::super::value::Value;
use super::is_model;

/// A class's own `Meta`.
fn own(ev: &Evaluator<'_, '_>, class: ClassId) -> Option<ClassId> {
    match ev.world.index.class(class).names.get(&Symbol::from("Meta"))?.as_slice() {
        [.., Binding::Class(meta)] => Some(*meta),
        _ => None,
    }
}

/// Whether a class has no table: by its `Meta`, or because only type checkers see it.
///
/// Only the class's own `Meta` can say so, with what that derives from; but of an abstract model's `Meta` a child's never takes it, since Django sets it to
/// false there once the model is made (`ModelBase.__new__` in django/db/models/base.py).
pub(super) fn is_abstract(ev: &mut Evaluator<'_, '_>, class: ClassId) -> bool {
    if ev.world.index.class(class).for_checkers {
        return true;
    }
    let (name, Some(meta)) = (Symbol::from("abstract"), own(ev, class)) else { return false };
    let Some((owner, _)) = ev.world.class_member(meta, name) else { return false };
    let of_model = owner != meta && ev.world.index.class(owner).outer_class.is_some_and(|c| is_model(ev, c));
    !of_model && fold::truth(&ev.plain_attribute(&Value::Class(meta), name)) == Some(true)
}

/// An attribute of a model's `Meta`: the class's own, else the next that Python finds among its bases. Django takes it out of the models that have tables
/// (`ModelBase.__new__`: `attrs.pop("Meta")`, then `getattr(new_class, "Meta")`), so that those of abstract models and of plain classes are found.
pub(super) fn attribute<'a>(ev: &mut Evaluator<'_, 'a>, class: ClassId, name: &str) -> Option<Value<'a>> {
    let (name, mro) = (Symbol::from(name), ev.world.lineage(class)?.mro.clone());
    for c in mro {
        let Some(meta) = own(ev, c) else { continue };
        if c != class && is_model(ev, c) && !is_abstract(ev, c) {
            continue;
        }
        ev.world.class_member(meta, name)?;
        return Some(ev.plain_attribute(&Value::Class(meta), name));
    }
    None
}

/// The name by which other models know one whose foreign keys give none: `default_related_name`.
pub fn default_related_name(ev: &mut Evaluator<'_, '_>, class: ClassId) -> Option<String> {
    let text = attribute(ev, class, "default_related_name")?.constant()?.into_owned();
    let name = ev.world.index.class(class).node.name.as_str().to_lowercase();
    Some(text.replace("%(class)s", &name).replace("%(model_name)s", &name))
}

/// The table's name that `Meta` gives, as Django knows it: the names of many-to-many tables begin with it, whatever PostgreSQL makes of it.
pub(super) fn written_table(ev: &mut Evaluator<'_, '_>, class: ClassId) -> Option<String> {
    let text = attribute(ev, class, "db_table")?.constant()?.into_owned();
    Some(text.rsplit("\".\"").next()?.trim_matches('"').to_owned())
}
