//! Whether a change of a file may concern more than those who look into it: then a link of a part is not enough.

use super::beyond::{Beyond, Table, key};
use super::models;
use super::world::World;
use crate::source::FileId;

/// What can be told while models are collected. The answer, if any, says why.
pub(super) fn before(world: &World<'_>, beyond: &Beyond, file: FileId) -> Option<&'static str> {
    let known = |table| beyond.find(table, &key(file));
    if known(Table::OfModels).is_some() {
        return Some("models depend on it");
    }
    let module = world.index.module_of(file)?;
    if models::declares_any(world, file) {
        return Some("it declares models");
    }
    if known(Table::Headers).is_some_and(|before| before != super::keep::headers_of(world, file)) {
        return Some("its classes have other ancestors, on which classes elsewhere depend");
    }
    if known(Table::Unbound).is_some_and(|names| names.split(' ').any(|n| module.names.contains_key(&ustr::Ustr::from(n)))) {
        return Some("it defines a name that others asked for in vain");
    }
    None
}

/// What can be told when everything is linked.
pub(super) fn after(world: &World<'_>, beyond: &Beyond, file: FileId) -> Option<&'static str> {
    if world.is_migration(file) {
        return Some("it is a migration");
    }
    beyond.files(Table::Walkers, &key(file)).next()?;
    let before: Vec<&str> = beyond.find(Table::HandsOn, &key(file)).unwrap_or_default().split(' ').collect();
    let new = world.index.functions_of(file).iter().any(|f| world.summary(*f).hands_on && !before.contains(&world.index.function(*f).qualname.as_str()));
    new.then_some("a function hands something on that its callers say")
}
