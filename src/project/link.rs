//! The phases of linking, one after another.

use std::collections::BTreeMap;

use rayon::prelude::*;

use crate::config;
use crate::schema::Schema;
use crate::source::{FileId, Sources};
use crate::syntax::python;

use super::eval::Evaluator;
use super::index::Index;
use super::isolate;
use super::uses::Uses;
use super::world::{Place, World};

/// Everything linked.
pub struct Project<'a> {
    /// Definitions, lineages, models, summaries.
    pub world: World<'a>,
    /// What the code does with the database, over all files, in file and then source order.
    pub uses: Uses,
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
        Self::link_configured(sources, modules, schema, &config, false)
    }

    /// The same, with all that the configuration says; `statements` keeps the SQL texts.
    pub fn link_configured(
        sources: &'a Sources,
        modules: &[(FileId, &'a python::Module)],
        schema: &'a Schema,
        config: &config::Config,
        statements: bool,
    ) -> Self {
        let index = Index::build(sources, modules);
        let mut world = World::new(sources, schema, index);
        world.bound.clone_from(&config.models);
        world.keeps_statements = statements;
        world.caches = super::libraries::redis::Bindings::new(&config.caches);
        if !config.calls.is_empty() {
            world.calls = super::libraries::calls::Calls::with(&config.calls);
        }
        let mut models = super::models::collect(&world);
        models.index(&world);
        world.models = models;
        world.end_collecting();
        world.django = super::libraries::django::graph::Graph::build(&world);
        let seen: Vec<Uses> = modules
            .par_iter()
            .map(|&(file, node)| {
                isolate::uses(sources, file, || {
                    let mut ev = Evaluator::new(&world, Place::module(file));
                    ev.module(node);
                    super::libraries::sql_text::finish(&mut ev);
                    ev.uses.dedup();
                    ev.uses
                })
            })
            .collect();
        let mut uses = Uses { references: super::libraries::sqlalchemy::declare::declarations(&world), ..Uses::default() };
        for u in seen {
            uses.append(u);
        }
        for file in &world.models.unnamed {
            *uses.skipped.entry(("model whose table could not be worked out", Some(*file))).or_default() += 1;
        }
        // A helper walked for the callers of several files is seen once for each.
        uses.dedup();
        Project { world, uses }
    }
}
