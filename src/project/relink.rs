//! One file's text changed: what it says now, with everything else as it was linked. For an editor, which cannot wait until all is linked again.

use crate::source::{FileId, Sources};
use crate::syntax::python;

use super::Project;
use super::models::Declared;
use super::uses::Uses;
use super::world::World;

/// What must be kept beside a [`Project`] so that one file of it can be linked again.
pub struct Relinker<'a> {
    declared: Declared<'a>,
}

impl<'a> Relinker<'a> {
    /// Prepares for changes; about as much work as finding the models once more.
    pub fn new(project: &mut Project<'a>) -> Self {
        project.world.resize_rounds();
        let declared = collecting(&mut project.world, |world| Declared::find(world));
        Self { declared }
    }

    /// Puts a file's new tree into the project and gives what the file does now. `sources` hold its new text. What other files know of it (what its
    /// functions give, what its models declare) is renewed too, but they are not walked again: a full link has the last word.
    pub fn replace(&mut self, project: &mut Project<'a>, sources: &'a Sources, file: FileId, node: &'a python::Module) -> Uses {
        let world = &mut project.world;
        world.sources = sources;
        let mut stores = world.index.stores_in(file).to_vec();
        world.index.replace(file, node);
        stores.extend(world.index.stores_in(file));
        world.resize_rounds();
        world.forget_file(file, &stores);
        let declared = &mut self.declared;
        let models = collecting(world, |world| {
            world.relink_classes(file);
            declared.replace(world, file).map(|mut models| {
                models.index(world);
                models
            })
        });
        if let Some(models) = models {
            // What is remembered names models by their numbers.
            let known = &world.models.all;
            let same = models.all.len() == known.len() && models.all.iter().zip(known).all(|(a, b)| a.class == b.class && a.name == b.name);
            world.models = models;
            world.django = super::libraries::django::graph::Graph::build(world);
            if !same {
                world.forget();
            }
        }
        self.uses(project, file, node)
    }

    /// What a file does, seen from itself alone.
    pub fn uses(&self, project: &Project<'a>, file: FileId, node: &'a python::Module) -> Uses {
        let walked = super::link::walked(&project.world, file, node);
        let mut uses = Uses::default();
        // Listing what all models declare is work for nothing in most files: they declare none.
        let declares = |m: &super::models::Model| {
            let here = |c: &super::models::ModelColumn| c.at.file == file || c.foreign_keys.iter().any(|(_, at)| at.file == file);
            m.at.file == file || m.relation_at.file == file || m.columns.iter().any(here)
        };
        if project.world.models.all.iter().any(declares) {
            uses.references = super::libraries::sqlalchemy::declare::declarations(&project.world, |_| true);
            uses.references.retain(|r| r.location.file == file);
        }
        uses.append(walked);
        uses.dedup();
        uses
    }
}

/// Runs a step in the phase in which models are collected.
fn collecting<'a, T>(world: &mut World<'a>, step: impl FnOnce(&mut World<'a>) -> T) -> T {
    world.collecting = true;
    let result = step(world);
    world.collecting = false;
    result
}
