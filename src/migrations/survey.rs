//! The histories of a linked project, for the rules: each revision in its own time.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use crate::symbol::Symbol;

use super::alembic::{self, Graph, Step, Tree};
use super::database::Database;
use super::files::{Script, up_part};
use super::python::Files;
use crate::project::world::World;
use crate::schema::QualifiedName;
use crate::source::{FileId, Language, Location};
use crate::syntax::python::Module;

/// What wrote a history.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tool {
    /// Alembic.
    Alembic,
    /// Django.
    Django,
    /// A folder of SQL files.
    Sql,
}

/// One history, replayed: a tree of Alembic revisions, the migrations of a Django project, a folder of SQL.
#[derive(Debug)]
pub struct History {
    /// What wrote it.
    pub tool: Tool,
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
    /// Files of SQL.
    sql: BTreeMap<&'w str, &'w str>,
}

impl<'a> Files<'a> for Linked<'_, 'a> {
    fn python(&self, path: &str) -> Option<(FileId, &'a Module)> {
        self.by_path.get(path).copied()
    }

    fn exists(&self, path: &str) -> bool {
        self.by_path.contains_key(path)
    }

    fn text(&self, path: &str) -> Option<String> {
        self.sql.get(path).map(|text| (*text).to_owned())
    }
}

/// Replays every history in the project; where folders are configured (paths as the sources name them), those in them alone.
pub fn histories(world: &World<'_>, folders: &[String]) -> Vec<History> {
    let replayed = std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().stack_size(super::STACK).spawn_scoped(scope, || all(world, folders));
        thread.ok().and_then(|t| t.join().ok())
    });
    // A history that cannot be replayed is one about which nothing can be said.
    replayed.unwrap_or_default()
}

/// Whether a path lies in one of the folders; without folders each does.
fn within(path: &str, folders: &[String]) -> bool {
    folders.is_empty() || folders.iter().any(|f| f.is_empty() || f == "." || path.strip_prefix(f.as_str()).is_some_and(|rest| rest.starts_with('/')))
}

fn all(world: &World<'_>, configured: &[String]) -> Vec<History> {
    // Files are in the order of paths, or nearly, which makes this short.
    let named = world.index.order.iter().filter_map(|id| Some((world.sources.get(*id).path.as_str(), (*id, world.index.modules.get(id)?.node))));
    let scripts = world.sources.iter().filter(|(_, f)| f.language == Language::Sql).map(|(_, f)| (f.path.as_str(), &*f.text));
    let files = Linked { by_path: named.collect(), sql: scripts.collect() };
    let telling = ["revision", "down_revision", "upgrade"].map(Symbol::from);
    let mut trees: BTreeMap<String, Tree> = BTreeMap::new();
    for (path, &(id, _)) in &files.by_path {
        let names = &world.index.modules[&id].names;
        if !telling.iter().all(|n| names.contains_key(n)) || world.is_test(id) || !within(path, configured) {
            continue;
        }
        let env = folders(path).take(4).map(|f| if f.is_empty() { "env.py".to_owned() } else { format!("{f}/env.py") }).find(|p| files.exists(p));
        let key = env.clone().unwrap_or_else(|| folders(path).next().unwrap_or_default().to_owned());
        trees.entry(key).or_insert_with(|| Tree { env, files: Vec::new() }).files.push((*path).to_owned());
    }
    let mut found: Vec<History> = trees.into_values().map(super::find::ours).map(|tree| history(&files, &tree)).collect();
    found.extend(django(world, &files, configured));
    found.extend(sql_folders(world, configured).into_iter().map(|(folder, paths)| sql(world, &files, &folder, &paths)));
    found
}

/// The migrations of a Django project, all apps together.
fn django(world: &World<'_>, files: &Linked<'_, '_>, configured: &[String]) -> Option<History> {
    let text = |path: &Path| files.by_path.get(path.to_str()?).map(|f| world.sources.get(f.0).text.to_string());
    let paths: Vec<PathBuf> = files.by_path.iter().filter(|(_, (id, _))| !world.is_test(*id)).map(|(p, _)| PathBuf::from(*p)).collect();
    let mut apps = super::find::apps(&paths, &paths, &text)?;
    apps.files.retain(|f| within(&f.2, configured));
    if apps.files.is_empty() {
        return None;
    }
    let (db, graph, steps) = super::django::replay_steps(files, &apps, true);
    let by_path = apps.files.iter().filter_map(|f| Some((f.2.clone(), files.python(&f.2)?.0))).collect();
    Some(History { tool: Tool::Django, env: None, graph, steps, from_nothing: true, db, files: by_path })
}

/// Folders of SQL migrations: the configured ones, else those of that name. Each with its files, relative to it.
fn sql_folders(world: &World<'_>, configured: &[String]) -> BTreeMap<String, Vec<String>> {
    let mut found: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (id, file) in world.sources.iter().filter(|(_, f)| f.language == Language::Sql) {
        let path = file.path.as_str();
        let folder = match configured.iter().find(|f| within(path, std::slice::from_ref(f))) {
            Some(f) => Some(f.as_str()),
            None if configured.is_empty() && !world.is_test(id) => folders(path).filter(|f| f.rsplit('/').next() == Some("migrations")).last(),
            None => None,
        };
        if let Some(folder) = folder {
            let inside = path.strip_prefix(folder).unwrap_or(path).trim_start_matches('/');
            found.entry(folder.to_owned()).or_default().push(inside.to_owned());
        }
    }
    found
}

/// A folder of SQL files, each held to the schema that those before it leave behind.
fn sql(world: &World<'_>, files: &Linked<'_, '_>, folder: &str, paths: &[String]) -> History {
    let ids: BTreeMap<&str, FileId> = world.sources.iter().map(|(id, f)| (f.path.as_str(), id)).collect();
    let mut db = Database::new();
    db.judge_data = true;
    let (mut steps, mut by_path) = (Vec::new(), BTreeMap::new());
    let place = |inside: &str| if folder.is_empty() { inside.to_owned() } else { format!("{folder}/{inside}") };
    let text = |inside: &str| ids.get(place(inside).as_str()).map(|id| world.sources.get(*id).text.to_string());
    for script in super::files::plan(paths, &text) {
        let unsure = script.doubt();
        match script {
            Script::Sql(inside) | Script::Doubtful(inside) => {
                let path = place(&inside);
                let Some(&id) = ids.get(path.as_str()) else { continue };
                for (part, doubt) in super::jinja::parts(id, up_part(&world.sources.get(id).text)) {
                    db.execute(&part, doubt.or(unsure));
                }
                db.end_session();
                steps.push(Step { revision: inside, path: path.clone(), problems: db.take_problems() });
                by_path.insert(path, id);
            }
            Script::Python(inside) => db = alembic::run_script(files, &format!("{folder}/{inside}"), db),
        }
    }
    History { tool: Tool::Sql, env: None, graph: Graph::default(), steps, from_nothing: db.begins_with_create(), db, files: by_path }
}

fn history(files: &Linked<'_, '_>, tree: &Tree) -> History {
    let mut db = Database::new();
    db.judge_data = true;
    let (db, graph, steps) = alembic::replay(files, tree, db);
    let env = tree.env.as_ref().and_then(|p| files.python(p)).map(|f| f.0);
    let by_path = tree.files.iter().filter_map(|p| Some((p.clone(), files.python(p)?.0))).collect();
    History { tool: Tool::Alembic, env, graph, steps, from_nothing: db.begins_with_create(), db, files: by_path }
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

    /// Tables that revisions change although none creates them.
    pub fn supposed(&self) -> &BTreeSet<QualifiedName> {
        self.db.phantoms()
    }
}
