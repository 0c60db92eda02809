//! Folders of SQL migrations beside the history that a lock is made of: whether they run on the same database, nobody can tell.
//!
//! They are not replayed into the lock. But what they make or change is not taken for known either, and the user hears of them.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Component, Path, PathBuf};

use super::database::Database;
use super::files::{self, Script};
use super::find::{ASIDE, Histories, slashed};
use super::order;
use super::python::Files;
use crate::schema::Relation;
use crate::source::{FileId, Location, Span};
use crate::syntax::sql::template::Template;
use crate::syntax::sql::{Parameters, Skip, parse};

/// Why a table is listed that the lock does not have.
const LEFT_OUT: &str = "SQL that was left out creates it";
/// Why a table is open that the lock has.
const DIFFERS: &str = "SQL that was left out creates or changes it, too";

/// Folders of other people's code.
const VENDORED: &[&str] = &["vendor", "vendors", "vendored", "third_party", "third-party", "thirdparty", "external"];

/// A few scripts of one folder beside the chosen history.
#[derive(Clone, Debug)]
pub struct Loose {
    /// The folder.
    pub folder: String,
    /// What runs of it.
    pub scripts: Vec<Script>,
    /// What to call it: the only file, or else the folder, relative to the path.
    pub name: String,
}

/// The files that run as the chosen history of SQL, wherever they lie, and the folder that is theirs.
fn chosen(found: &Histories) -> (Option<&Path>, BTreeSet<PathBuf>) {
    let Some((folder, scripts)) = &found.sql else { return (None, BTreeSet::new()) };
    let place = |script: &Script| {
        let mut out = PathBuf::from(folder);
        for part in Path::new(script.path()).components() {
            if part == Component::ParentDir {
                out.pop();
            } else {
                out.push(part);
            }
        }
        out
    };
    (Some(Path::new(folder)), scripts.iter().map(place).collect())
}

/// The folders of SQL under a path that look like a history of their own, relative to it, with what runs of each: those named `migrations` in which no step of the chosen
/// history lies, and those of Flyway's versions.
pub(super) fn folders(path: &Path, all: &[PathBuf], found: &Histories) -> Vec<(String, Vec<Script>)> {
    let revisions = found.alembic.iter().flat_map(|t| t.files.iter().chain(&t.env));
    let steps: Vec<&str> = revisions.chain(found.django.iter().flat_map(|d| &d.files).map(|f| &f.2)).map(String::as_str).collect();
    let (folder, run) = chosen(found);
    let holds_steps = |folder: &Path| {
        let folder = slashed(&path.join(folder)) + "/";
        steps.iter().any(|s| s.starts_with(&folder))
    };
    let mut inside: BTreeMap<PathBuf, Vec<String>> = BTreeMap::new();
    let other = |f: &&PathBuf| files::is_sql(&slashed(f)) && !run.contains(*f) && !folder.is_some_and(|folder| f.starts_with(folder));
    for file in all.iter().filter(other) {
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

/// Folders full of such scripts beside the folder of SQL migrations that was chosen, which people run by hand; and those with a few of them.
pub(super) fn piles(path: &Path, all: &[PathBuf], found: &mut Histories) {
    let mut inside: BTreeMap<PathBuf, Vec<String>> = BTreeMap::new();
    let (folder, run) = chosen(found);
    for file in all.iter().filter(|f| files::is_sql(&slashed(f)) && !run.contains(*f) && !folder.is_some_and(|folder| f.starts_with(folder))) {
        let Some(parent) = file.strip_prefix(path).ok().and_then(Path::parent) else { continue };
        let part = |p: &str| p == "migrations" || ASIDE.contains(&p) || VENDORED.contains(&p);
        if files::is_foreign(&slashed(parent)) || parent.iter().any(|p| p.to_str().is_some_and(|p| part(&p.to_ascii_lowercase()))) {
            continue;
        }
        if !found.left_out.iter().any(|f| Path::new(&f.0) == parent) {
            inside.entry(parent.to_owned()).or_default().extend(file.file_name().map(|n| n.to_string_lossy().into_owned()));
        }
    }
    for (folder, mut paths) in inside {
        let text = |inside: &str| files::text(&path.join(&folder).join(inside));
        let many = paths.len() >= PILE && paths.iter().filter(|p| text(p).is_some_and(|t| order::shapes(&t))).count() >= PILE;
        if many {
            found.left_out.push((slashed(&folder), files::plan(&paths, &text)));
            continue;
        }
        // One file by itself says less: it must not be about something else.
        paths.retain(|p| !files::is_foreign(p) && !files::is_aside(p) && text(p).is_some_and(|t| order::shapes(&t) && !is_of_another(&t)));
        let scripts = files::plan(&paths, &text);
        if let Some(first) = scripts.first() {
            let name = if scripts.len() == 1 { folder.join(first.path()) } else { folder.clone() };
            let name = if name.as_os_str().is_empty() { ".".to_owned() } else { slashed(&name) };
            found.loose.push(Loose { folder: slashed(&folder), scripts, name });
        }
    }
}

/// Whether a text has statements that only another database reads.
fn is_of_another(text: &str) -> bool {
    let mut template = Template::default();
    template.push_verbatim(text, Location::new(FileId(0), Span::new(0, text.len())));
    parse(&template, Parameters::Dollar).skipped.iter().any(|s| s.1 == Skip::OtherDialect)
}

/// Says of the tables that such a folder makes or changes that they are not wholly known, and whether there are any. With `all` it is a history of its own,
/// whose other tables are there, too.
///
/// The scripts run twice: on an empty database, since `IF NOT EXISTS` hides how a table would look like that they make; and on what the chosen history leaves
/// behind, since they may ask for its tables before they change them.
pub(super) fn confess(db: &mut Database, disk: &dyn Files<'_>, (folder, scripts): (&str, &[Script]), all: bool) -> bool {
    let alone = files::replay(disk, folder, scripts, Database::new());
    let after = files::replay(disk, folder, scripts, db.beside());
    let (mut differing, mut more) = (BTreeSet::new(), BTreeSet::new());
    for (other, is_after) in [(&alone, false), (&after, true)] {
        for (name, theirs) in &other.schema().relations {
            match db.schema().relations.get(name) {
                Some(ours) if ours.open || is_after && ours == theirs => {}
                // All that the other makes of it is known; it may be an older state of the same, or only point at it.
                Some(ours) if has_all(ours, theirs, |c| !is_after && db.has_let_go(name, c)) && !(is_after && theirs.open) => {}
                Some(_) => drop(differing.insert(name.clone())),
                None if other.phantoms().contains(name) || !all => {}
                None => drop(more.insert(name.clone())),
            }
        }
    }
    let says = !differing.is_empty() || !more.is_empty();
    for name in differing {
        db.not_understood(Some(&name), DIFFERS);
    }
    for name in more.into_iter().filter(|n| n.schema != crate::sql::ddl::TEMPORARY) {
        db.schema_mut().mark_incomplete(name.to_string(), LEFT_OUT);
    }
    says
}

/// Whether a table has all columns of another state of it, those apart that it had before.
fn has_all(ours: &Relation, theirs: &Relation, had: impl Fn(&str) -> bool) -> bool {
    theirs.columns.iter().all(|c| ours.column(&c.name).is_some() || had(&c.name))
}
