//! The histories of a linked project, for the rules: each revision in its own time.

use std::collections::{BTreeMap, BTreeSet};

use ustr::Ustr;

use super::alembic::{self, Graph, Step, Tree};
use super::database::Database;
use super::python::Files;
use crate::project::world::World;
use crate::schema::QualifiedName;
use crate::source::{FileId, Location};
use crate::syntax::python::Module;

/// One tree of Alembic revisions, replayed.
#[derive(Debug)]
pub struct History {
    /// The file `env.py`, where there is one.
    pub env: Option<FileId>,
    /// The graph.
    pub graph: Graph,
    /// What each revision did, in the order they run.
    pub steps: Vec<Step>,
    /// The database in the end.
    pub db: Database,
    /// The first revision that does something creates a table: the history begins with an empty database.
    pub from_nothing: bool,
    /// Files by path.
    pub files: BTreeMap<String, FileId>,
}

/// The files of a linked project.
struct Linked<'w, 'a> {
    by_path: BTreeMap<&'w str, (FileId, &'a Module)>,
}

impl<'a> Files<'a> for Linked<'_, 'a> {
    fn python(&self, path: &str) -> Option<(FileId, &'a Module)> {
        self.by_path.get(path).copied()
    }

    fn exists(&self, path: &str) -> bool {
        self.by_path.contains_key(path)
    }
}

/// Replays every tree of Alembic revisions in the project.
pub fn histories(world: &World<'_>) -> Vec<History> {
    let replayed = std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().stack_size(super::STACK).spawn_scoped(scope, || all(world));
        thread.ok().and_then(|t| t.join().ok())
    });
    // A history that cannot be replayed is one about which nothing can be said.
    replayed.unwrap_or_default()
}

fn all(world: &World<'_>) -> Vec<History> {
    let files = Linked { by_path: world.index.modules.iter().map(|(id, m)| (world.sources.get(*id).path.as_str(), (*id, m.node))).collect() };
    let mut trees: BTreeMap<String, Tree> = BTreeMap::new();
    for path in files.by_path.keys() {
        let (id, _) = files.by_path[path];
        let names = &world.index.modules[&id].names;
        if !["revision", "down_revision", "upgrade"].iter().all(|n| names.contains_key(&Ustr::from(n))) || world.is_test(id) {
            continue;
        }
        let env = folders(path).take(4).map(|f| if f.is_empty() { "env.py".to_owned() } else { format!("{f}/env.py") }).find(|p| files.exists(p));
        let key = env.clone().unwrap_or_else(|| folders(path).next().unwrap_or_default().to_owned());
        trees.entry(key).or_insert_with(|| Tree { env, files: Vec::new() }).files.push((*path).to_owned());
    }
    trees.into_values().map(|tree| history(&files, &tree)).collect()
}

fn history(files: &Linked<'_, '_>, tree: &Tree) -> History {
    let mut db = Database::new();
    db.judge_data = true;
    let (db, graph, steps) = alembic::replay(files, tree, db);
    let env = tree.env.as_ref().and_then(|p| files.python(p)).map(|f| f.0);
    let by_path = tree.files.iter().filter_map(|p| Some((p.clone(), files.python(p)?.0))).collect();
    History { env, graph, steps, from_nothing: db.begins_with_create(), db, files: by_path }
}

/// The folders around a path, innermost first.
fn folders(path: &str) -> impl Iterator<Item = &str> {
    std::iter::successors(Some(path.rsplit_once('/').map_or("", |p| p.0)), |p| if p.is_empty() { None } else { Some(p.rsplit_once('/').map_or("", |x| x.0)) })
}

impl History {
    /// Where a revision's file begins.
    pub fn place(&self, path: &str) -> Option<Location> {
        Some(Location::new(*self.files.get(path)?, crate::source::Span::default()))
    }

    /// Revisions that a revision needs, itself included.
    pub fn ancestors(&self, id: &str) -> BTreeSet<&str> {
        self.graph.ancestors(id)
    }

    /// Tables that revisions change although none creates them.
    pub fn supposed(&self) -> &BTreeSet<QualifiedName> {
        self.db.phantoms()
    }
}
