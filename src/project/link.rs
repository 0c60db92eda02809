//! The phases of linking, one after another.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use rayon::prelude::*;
use rustc_hash::FxHashSet;

use crate::config;
use crate::schema::Schema;
use crate::source::{FILES_AT_ONCE, FileId, Language, Sources};
use crate::symbol::Symbol;
use crate::syntax::python;

use super::beyond::{Beyond, Table, Whole, key};
use super::eval::Evaluator;
use super::index::Index;
use super::isolate;
use super::late::Late;
use super::models::{Model, Models};
use super::modules::ModuleTable;
use super::trace::Trace;
use super::uses::{RelationName, Uses};
use super::world::{Place, World};

/// Everything linked.
pub struct Project<'a> {
    /// Definitions, lineages, models, summaries.
    pub world: World<'a>,
    /// What the code does with the database, over all files, in file and then source order.
    pub uses: Uses,
    /// What files without Python create.
    pub created_by_others: BTreeSet<(Symbol, Option<Symbol>)>,
    /// What the walk over each file showed, where that is to be kept.
    pub(super) seen: Vec<(FileId, Seen)>,
    /// What the walk over each file gave, where it gave anything and that is to be kept ([`Keep::apart`]).
    pub apart: BTreeMap<FileId, Uses>,
}

/// Python files, parsed.
type Modules<'m, 'a> = &'m [(FileId, &'a python::Module)];

/// What the walk over one file showed that later links of a part need.
#[derive(Debug, Default)]
pub(super) struct Seen {
    /// Files in whose functions it goes on, or in which it says something of a place.
    pub others: BTreeSet<FileId>,
    /// What it creates.
    pub created: BTreeSet<(Symbol, Option<Symbol>)>,
}

/// Why a link of a part is no use: the models must be collected anew. See [`Project::link_part`].
pub const MODELS: &str = "it concerns the models";

/// How much is kept of what is linked.
#[derive(Clone, Copy, Debug, Default)]
pub struct Keep {
    /// The SQL texts.
    pub statements: bool,
    /// What later links of a part need.
    pub trace: bool,
    /// What each file's walk gave, beside what all gave together.
    pub apart: bool,
}

impl<'a> Project<'a> {
    /// Links the Python files given. The result depends on nothing but its arguments, at any number of threads.
    pub fn link(sources: &'a Sources, modules: &[(FileId, &'a python::Module)], schema: &'a Schema) -> Self {
        Self::link_with(sources, modules, schema, &[])
    }

    /// The same, with the user's own wrappers.
    pub fn link_with(sources: &'a Sources, modules: &[(FileId, &'a python::Module)], schema: &'a Schema, calls: &[config::Call]) -> Self {
        Self::link_bound(sources, modules, schema, calls, &BTreeMap::new())
    }

    /// The same, with the classes that the configuration binds to tables (`models:`, class → table).
    pub fn link_bound(
        sources: &'a Sources,
        modules: &[(FileId, &'a python::Module)],
        schema: &'a Schema,
        calls: &[config::Call],
        bound: &BTreeMap<String, String>,
    ) -> Self {
        let config = config::Config { calls: calls.to_vec(), models: bound.clone(), ..config::Config::default() };
        Self::link_configured(sources, modules, schema, &config, Keep::default())
    }

    /// The same, with all that the configuration says.
    pub fn link_configured(sources: &'a Sources, modules: &[(FileId, &'a python::Module)], schema: &'a Schema, config: &config::Config, keep: Keep) -> Self {
        Self::link_beside(sources, (modules, modules), schema, config, keep, |_| ()).0
    }

    /// The same, and something that needs definitions alone, worked out while code is walked. What is walked is `own`, a part of the modules: the others are there for what
    /// these take from them.
    pub fn link_beside<T: Send>(
        sources: &'a Sources,
        (modules, own): (Modules<'_, 'a>, Modules<'_, 'a>),
        schema: &'a Schema,
        config: &config::Config,
        keep: Keep,
        beside: impl FnOnce(&World<'a>) -> T + Send,
    ) -> (Self, T) {
        let mut world = configured(World::new(sources, schema, Index::build(sources, modules)), config, keep);
        let mut models = super::models::collect(&world);
        models.index(&world);
        world.models = models;
        world.end_collecting();
        world.django = super::libraries::django::graph::Graph::build(&world);
        let (walked, beside) = rayon::join(|| walk(&world, own), || beside(&world));
        // From now on who walks code wants to see it anew.
        world.walks_once = false;
        let seen = if keep.trace { walked.iter().map(|(file, u)| (*file, Seen::of(u, *file))).collect() } else { Vec::new() };
        let apart = if keep.apart { kept_apart(&walked).collect() } else { BTreeMap::new() };
        let uses = together(&world, walked.into_iter().map(|w| w.1));
        (Project { world, uses, created_by_others: BTreeSet::new(), seen, apart }, beside)
    }

    /// Takes in what files say that are not Python; `created` are tables that are known to be made besides.
    pub fn add_others(&mut self, others: Vec<(FileId, Uses)>, created: BTreeSet<(Symbol, Option<Symbol>)>, keep: Keep) {
        self.created_by_others.extend(created.iter().copied());
        self.uses.created.extend(created);
        if keep.apart {
            self.apart.extend(kept_apart(&others));
        }
        for (_, uses) in others {
            self.created_by_others.extend(uses.created.iter().copied());
            self.uses.append(uses);
        }
        self.uses.drop_created();
    }

    /// Puts all together once more, after some of what is kept `apart` was replaced.
    pub fn join_again(&mut self) {
        let is_python = |file: &FileId| self.world.index.modules.contains_key(file);
        self.uses = together(&self.world, self.apart.iter().filter(|(file, _)| is_python(file)).map(|w| w.1.clone()));
        // Markdown is read behind SQL.
        let language = |file: &FileId| self.world.sources.get(*file).language;
        let others = |wanted| self.apart.iter().filter(move |(file, _)| language(file) == wanted).map(|(file, uses)| (*file, uses.clone()));
        let others = others(Language::Sql).chain(others(Language::Markdown)).collect();
        let created = self.created_by_others.clone();
        self.add_others(others, created, Keep::default());
    }

    /// Links a part: `modules` are read, `table` has all Python files there are, `asked` those whose uses are wanted. What files beyond the part say is taken from
    /// `beyond`, which notes what is needed of them besides; the models too, unless they are to be collected `anew`. `Err` where what changed may concern more
    /// than those who look into it, [`MODELS`] where it concerns the models.
    pub fn link_part(
        sources: &'a Sources,
        (table, modules, asked): (&Arc<ModuleTable>, &[(FileId, &'a python::Module)], &[FileId]),
        schema: &'a Schema,
        config: &config::Config,
        beyond: &'a Arc<Beyond>,
        (whole, anew): (Whole, bool),
    ) -> Result<Self, &'static str> {
        let changed: Vec<FileId> = modules.iter().map(|m| m.0).filter(|f| beyond.is_changed(*f)).collect();
        let new_world = || {
            let index = Index::build_part(Arc::clone(table), modules, beyond, &whole.classes);
            configured(World::new(sources, schema, index), config, Keep::default())
        };
        let mut world = new_world();
        world.restore_lineages(&whole.classes);
        let concerned: Vec<FileId> = changed.iter().copied().filter(|f| super::concerns::models(&world, beyond, *f)).collect();
        // Of several models of a name or table the first counts, in the order of files.
        if concerned.iter().any(|f| beyond.is_new(*f)) {
            return Err("a new file declares models");
        }
        if anew {
            // Nothing of what stood for models' files may be left.
            world = new_world();
        }
        if let Some(why) = changed.iter().find_map(|f| super::concerns::before(&world, beyond, *f)) {
            return Err(why);
        }
        let mut models = if anew { collect_anew(&mut world, beyond, &changed)? } else { restored(whole.models, whole.unnamed, beyond) };
        models.index(&world);
        world.models = models;
        world.end_collecting();
        world.django = if anew { super::libraries::django::graph::Graph::build(&world) } else { whole.graph.with(Late::kept(beyond, Table::Steps, 0)) };
        if whole.question_marks.iter().any(|f| !beyond.is_changed(*f)) {
            world.index.turn_question_marks();
        }
        // Whoever calls a function of a file may say something of it; what changed may do so now.
        let mut walked: BTreeSet<FileId> = asked.iter().chain(&changed).copied().collect();
        asked.iter().for_each(|f| walked.extend(beyond.files(Table::Walkers, &key(*f))));
        walked.iter().filter(|f| world.index.module_of(**f).is_none()).for_each(|f| beyond.miss(*f));
        let modules: Vec<_> = modules.iter().copied().filter(|m| walked.contains(&m.0)).collect();
        let mut uses = Uses::default();
        for (_, u) in walk(&world, &modules) {
            uses.append(u);
        }
        declare(&world, asked, &mut uses);
        uses.created.extend(whole.created.iter().copied());
        for (name, files) in beyond.lines(Table::Created) {
            if super::beyond::numbers(files).any(|f| !beyond.is_changed(f)) {
                let (table, column) = name.split_once(' ').map_or((name, None), |(t, c)| (t, Some(c)));
                uses.created.insert((Symbol::from(table), column.map(Symbol::from)));
            }
        }
        uses.dedup();
        if !anew && !concerned.is_empty() {
            return Err(MODELS);
        }
        for file in &world.models.unnamed {
            *uses.skipped.entry(("model whose table could not be worked out", Some(*file))).or_default() += 1;
        }
        let unregistered = |f: &FileId| super::concerns::unregistered(&world, beyond, &changed, *f);
        if let Some(why) = changed.iter().find_map(|f| super::concerns::after(&world, beyond, *f)).or_else(|| asked.iter().find_map(unregistered)) {
            return Err(why);
        }
        let created_by_others = whole.created.iter().copied().collect();
        Ok(Project { world, uses, created_by_others, seen: Vec::new(), apart: BTreeMap::new() })
    }

    /// Puts what a file gives now in the place of what it gave before, in what is kept `apart`.
    pub fn replace_apart(&mut self, file: FileId, uses: Uses) {
        if uses.is_empty() {
            self.apart.remove(&file);
        } else {
            self.apart.insert(file, uses);
        }
    }

    /// Drops what is remembered of one file.
    pub fn forget(&mut self, file: FileId) {
        let stores = self.world.index.stores_in(file).to_vec();
        self.world.forget_file(file, &stores);
    }

    /// What a Python file does with the database, walked once more.
    pub fn walk(&self, file: FileId) -> Uses {
        self.world.index.module_of(file).map_or_else(Uses::default, |module| walked(&self.world, file, module.node))
    }

    /// What later links of a part need to know, in the order of [`Table`]. Only of what was linked with a trace.
    pub fn tables(&self) -> Option<Vec<String>> {
        super::keep::tables(self)
    }
}

fn kept_apart(walked: &[(FileId, Uses)]) -> impl Iterator<Item = (FileId, Uses)> {
    walked.iter().filter(|(_, uses)| !uses.is_empty()).cloned()
}

/// Everything in one: what models declare, then what the walks over files gave, in order.
fn together(world: &World<'_>, walked: impl Iterator<Item = Uses>) -> Uses {
    let mut uses = Uses { references: super::libraries::sqlalchemy::declare::declarations(world, |_| true), ..Uses::default() };
    walked.for_each(|u| uses.append(u));
    for file in &world.models.unnamed {
        *uses.skipped.entry(("model whose table could not be worked out", Some(*file))).or_default() += 1;
    }
    // A helper walked for the callers of several files is seen once for each.
    uses.dedup();
    uses
}

/// Puts in front what models declare, as far as it matters for what these files say: a column that no table has is one mistake of its model, and not one of each use.
fn declare(world: &World<'_>, asked: &[FileId], uses: &mut Uses) {
    let used: FxHashSet<(RelationName, Symbol)> = uses.references.iter().filter_map(|r| Some((r.relation, r.column?))).collect();
    let relations: FxHashSet<RelationName> = used.iter().map(|u| u.0).collect();
    let matters = |m: &Model| relations.contains(&m.relation) || m.stands_in(asked);
    let mut references = super::libraries::sqlalchemy::declare::declarations(world, matters);
    references.retain(|r| asked.contains(&r.location.file) || r.column.is_some_and(|c| used.contains(&(r.relation, c))));
    references.append(&mut uses.references);
    uses.references = references;
}

/// The models as they were.
fn restored(all: Vec<Model>, unnamed: Vec<FileId>, beyond: &Arc<Beyond>) -> Models {
    let mut models = Models { unnamed, ..Models::default() };
    for (model, n) in all.into_iter().zip(0..) {
        models.add(Model { body: Late::kept(beyond, Table::Bodies, n), ..model });
    }
    models
}

/// The models of all files that declare any or did, which must all be read for it.
fn collect_anew(world: &mut World<'_>, beyond: &Beyond, changed: &[FileId]) -> Result<Models, &'static str> {
    let mut files: BTreeSet<FileId> = beyond.lines(Table::OfModels).filter_map(|(k, _)| k.parse().ok().map(FileId)).collect();
    let unread: Vec<FileId> = files.iter().copied().filter(|f| world.index.module_of(*f).is_none()).collect();
    if !unread.is_empty() {
        return Err("the models' files are needed");
    }
    files.extend(changed);
    // What the others are read for has nothing to do with models.
    let all = std::mem::replace(&mut world.index.order, files.into_iter().collect());
    let models = super::models::collect(world);
    world.index.order = all;
    Ok(models)
}

impl Seen {
    fn of(uses: &Uses, file: FileId) -> Self {
        let mut others = uses.called.clone();
        others.extend(uses.places().map(|l| l.file));
        others.remove(&file);
        Self { others, created: uses.created.clone() }
    }
}

fn configured<'a>(mut world: World<'a>, config: &config::Config, keep: Keep) -> World<'a> {
    world.bound.clone_from(&config.models);
    world.keeps_statements = keep.statements;
    world.trace = keep.trace.then(Trace::default);
    world.caches = super::libraries::redis::Bindings::new(&config.caches);
    if !config.calls.is_empty() {
        world.calls = super::libraries::calls::Calls::with(&config.calls);
    }
    world
}

/// The walk that counts, over each of these files.
fn walk<'a>(world: &World<'a>, modules: &[(FileId, &'a python::Module)]) -> Vec<(FileId, Uses)> {
    let one = |&(file, node): &(FileId, &'a python::Module)| (file, isolate::uses(world.sources, file, || walked(world, file, node)));
    // Few files are one thread's: a second one costs more to wake than it spares.
    if modules.len() <= FILES_AT_ONCE {
        return modules.iter().map(one).collect();
    }
    modules.par_iter().with_max_len(FILES_AT_ONCE).map(one).collect()
}

/// What one walk over a file shows.
pub(super) fn walked<'a>(world: &World<'a>, file: FileId, node: &'a python::Module) -> Uses {
    let mut ev = Evaluator::new(world, Place::module(file));
    ev.module(node);
    super::libraries::sql_text::finish(&mut ev);
    ev.uses.dedup();
    ev.uses
}
