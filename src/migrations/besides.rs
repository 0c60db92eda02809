//! Folders of SQL migrations beside the history that a lock is made of: whether they run on the same database, nobody can tell.
//!
//! They are not replayed into the lock. But what they make or change is not taken for known either, and the user hears of them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::database::Database;
use super::files::{self, Script};
use super::find::{ASIDE, Histories, slashed};
use super::python::Files;

/// Why a table is listed that the lock does not have.
const LEFT_OUT: &str = "a folder of SQL that was left out creates it";
/// Why a table is open that the lock has.
const DIFFERS: &str = "a folder of SQL that was left out creates or changes it, too";

/// The folders of SQL under a path that look like a history of their own, relative to it, with what runs of each: those named `migrations` in which no step of the chosen
/// history lies, and those of Flyway's versions.
pub(super) fn folders(path: &Path, all: &[PathBuf], found: &Histories) -> Vec<(String, Vec<Script>)> {
    let revisions = found.alembic.iter().flat_map(|t| t.files.iter().chain(&t.env));
    let steps: Vec<&str> = revisions.chain(found.django.iter().flat_map(|d| &d.files).map(|f| &f.2)).map(String::as_str).collect();
    let holds_steps = |folder: &Path| {
        let folder = slashed(&path.join(folder)) + "/";
        steps.iter().any(|s| s.starts_with(&folder))
    };
    let mut inside: BTreeMap<PathBuf, Vec<String>> = BTreeMap::new();
    for file in all.iter().filter(|f| files::is_sql(&slashed(f))) {
        let Some(parent) = file.strip_prefix(path).ok().and_then(Path::parent) else { continue };
        if files::is_foreign(&slashed(parent)) || parent.iter().any(|p| p.to_str().is_some_and(|p| ASIDE.contains(&p.to_ascii_lowercase().as_str()))) {
            continue;
        }
        let named = parent.iter().position(|p| p == "migrations").map(|at| parent.iter().take(at + 1).collect::<PathBuf>());
        let versioned = files::flyway_version(&slashed(file)).map(|_| parent.to_owned());
        let folder = named.filter(|f| !holds_steps(f)).or(versioned.filter(|f| !holds_steps(f)));
        if let Some(folder) = folder
            && let Ok(within) = file.strip_prefix(path.join(&folder))
        {
            inside.entry(folder).or_default().push(slashed(within));
        }
    }
    let plan = |(folder, paths): (PathBuf, Vec<String>)| {
        let text = |inside: &str| files::text(&path.join(&folder).join(inside));
        let scripts = files::plan(&paths, &text);
        (!scripts.is_empty()).then(|| (slashed(&folder), scripts))
    };
    inside.into_iter().filter_map(plan).collect()
}

/// So many scripts that make or change tables are no slip, but a part of the history.
const PILE: usize = 5;

/// Folders full of such scripts beside the folder of SQL migrations that was chosen, which people run by hand; relative to the path.
pub(super) fn piles(path: &Path, all: &[&PathBuf], chosen: &Path) -> Vec<(String, Vec<Script>)> {
    let mut inside: BTreeMap<PathBuf, Vec<String>> = BTreeMap::new();
    for file in all.iter().filter(|f| files::is_sql(&slashed(f)) && !f.starts_with(chosen)) {
        let Some(parent) = file.strip_prefix(path).ok().and_then(Path::parent) else { continue };
        let part = |p: &str| p == "migrations" || ASIDE.contains(&p);
        if parent.iter().any(|p| p.to_str().is_some_and(|p| part(&p.to_ascii_lowercase()))) {
            continue;
        }
        inside.entry(parent.to_owned()).or_default().extend(file.file_name().map(|n| n.to_string_lossy().into_owned()));
    }
    let plan = |(folder, paths): (PathBuf, Vec<String>)| {
        let text = |inside: &str| files::text(&path.join(&folder).join(inside));
        let shapes = |p: &&String| text(p).map(|t| t.to_ascii_lowercase()).is_some_and(|t| t.contains("alter table") || t.contains("create table"));
        let many = paths.len() >= PILE && paths.iter().filter(shapes).count() >= PILE;
        many.then(|| (slashed(&folder), files::plan(&paths, &text)))
    };
    inside.into_iter().filter_map(plan).collect()
}

/// Says of the tables that such a folder makes or changes that they are not wholly known.
pub(super) fn confess(db: &mut Database, disk: &dyn Files<'_>, folder: &str, scripts: &[Script]) {
    let other = files::replay(disk, folder, scripts, Database::new());
    for (name, theirs) in &other.schema().relations {
        let phantom = other.phantoms().contains(name);
        match db.schema().relations.get(name) {
            // All that the other makes of it is known; it may be an older state of the same, or only point at it.
            Some(ours) if theirs.columns.iter().all(|c| ours.column(&c.name).is_some()) => {}
            Some(_) => db.not_understood(Some(name), DIFFERS),
            None if phantom => {}
            None => db.schema_mut().mark_incomplete(name.to_string(), LEFT_OUT),
        }
    }
}
