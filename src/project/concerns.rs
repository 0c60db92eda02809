//! Whether a change of a file may concern more than those who look into it: then a link of a part is not enough.

use rustc_hash::FxHashMap;

use super::beyond::{Beyond, Table, key};
use super::index::FunctionId;
use super::world::World;
use super::{keep, models};
use crate::source::FileId;
use crate::symbol::Symbol;

/// Whether the models must be collected anew: the file declares some, or did, or they depend on it. The world must be collecting.
pub(super) fn models(world: &World<'_>, beyond: &Beyond, file: FileId) -> bool {
    beyond.find(Table::OfModels, &key(file)).is_some() || models::declares_any(world, file)
}

/// What can be told while models are collected. The answer, if any, says why.
pub(super) fn before(world: &World<'_>, beyond: &Beyond, file: FileId) -> Option<&'static str> {
    let known = |table| beyond.find(table, &key(file));
    let module = world.index.module_of(file)?;
    if known(Table::Headers).is_some_and(|before| !still_there(before, &keep::headers_of(world, file))) {
        return Some("its classes have other ancestors, on which classes elsewhere depend");
    }
    if known(Table::Unbound).is_some_and(|names| names.split(' ').any(|n| module.names.contains_key(&Symbol::from(n)))) {
        return Some("it defines a name that others asked for in vain");
    }
    None
}

/// Whether all classes are what they were; there may be more.
fn still_there(before: &str, now: &str) -> bool {
    let by_name = |text| {
        let mut all: FxHashMap<&str, Vec<&str>> = FxHashMap::default();
        for (name, digest) in str::split(text, ' ').filter_map(|c| c.split_once('=')) {
            all.entry(name).or_default().push(digest);
        }
        all
    };
    let now = by_name(now);
    by_name(before).iter().all(|(name, digests)| now.get(name) == Some(digests))
}

/// What can be told when everything is linked.
pub(super) fn after(world: &World<'_>, beyond: &Beyond, file: FileId) -> Option<&'static str> {
    if world.is_migration(file) {
        return Some("it is a migration");
    }
    // What nobody asked for before, nobody calls.
    let before: Vec<&str> = beyond.find(Table::Plain, &key(file)).unwrap_or_default().split(' ').collect();
    let was_plain = |f: &&FunctionId| before.contains(&world.index.function(**f).qualname.as_str());
    let new = world.index.functions_of(file).iter().filter(was_plain).any(|f| world.is_followed(world.summary(*f)));
    new.then_some("a function hands something on that its callers say, or gives them something to go on with")
}

/// What can be told of a file that is asked about and has models: whether the migrations' environment is known to import it.
pub(super) fn unregistered(world: &World<'_>, beyond: &Beyond, changed: &[FileId], asked: FileId) -> Option<&'static str> {
    beyond.lines(Table::Reached).next()?;
    if !world.models.all.iter().any(|m| m.at.file == asked) {
        return None;
    }
    let same = |f: &FileId| beyond.find(Table::Reached, &key(*f)).is_none_or(|imports| imports == keep::imports_of(world, *f));
    let known = beyond.find(Table::Reached, &key(asked)).is_some() && changed.iter().all(same);
    (!known).then_some("the environment of migrations may not import its models")
}

#[cfg(test)]
mod tests {
    use super::still_there;

    #[test]
    fn classes_may_come_and_not_go() {
        assert!(still_there("A=1 B=2", "A=1 C=3 B=2"));
        assert!(still_there("", "A=1"));
        assert!(!still_there("A=1 B=2", "A=1"));
        assert!(!still_there("A=1 A=2", "A=2 A=1"));
    }
}
