//! `dbtruth diff A B`: what changed between two locks, and the code that each change touches.

use std::path::Path;

use super::args::{Diff, DiffFormat};
use super::check::working_directory;
use super::{Code, out};
use crate::check::{self, Failure, LockInput, Settings, read_lock};
use crate::discover::git::Git;
use crate::discover::normalise;
use crate::report::changes::{self, ChangeEntry};
use crate::report::listing::RefEntry;
use crate::schema::Schema;
use crate::schema::diff::{Change, diff};
use crate::source::Sources;

/// Runs the command: 0 the same, 1 something changed.
pub fn run(args: &Diff) -> Result<Code, Failure> {
    let cwd = working_directory()?;
    let old = lock_of(&args.old, &cwd, args.lock.as_deref())?;
    let new = lock_of(&args.new, &cwd, args.lock.as_deref())?;
    let changes = diff(&old, &new);
    let places = if args.impact { places(&changes, old, &cwd, args.lock.as_deref())? } else { changes.iter().map(|_| Vec::new()).collect() };
    let entries: Vec<ChangeEntry> = changes.iter().zip(places).map(|(c, places)| ChangeEntry::new(c, args.impact.then_some(places))).collect();
    out::results(&match args.format {
        DiffFormat::Text => changes::text(&entries),
        DiffFormat::Json => changes::json(&entries),
        DiffFormat::Markdown => changes::markdown(&entries),
    });
    Ok(Code::from(!entries.is_empty()))
}

/// A lock by its file, as `REV:PATH`, or as a revision of git has it.
fn lock_of(name: &str, cwd: &Path, lock: Option<&Path>) -> Result<Schema, Failure> {
    let path = normalise(Path::new(name), cwd);
    let mut settings = Settings::lock_only(cwd, lock)?;
    if path.is_file() || name.contains(':') {
        settings.lock = LockInput::typed(Path::new(name), cwd)?;
    } else {
        let file = settings.lock.path.clone();
        let shown = Git::open(cwd).and_then(|git| git.file_at(name, &file)).map_err(|e| {
            Failure::new(format!("{name}: neither a file nor a revision that has the lock: {e}")).help("give two lock files, or two revisions of git")
        })?;
        settings.lock.bytes = Some(shown);
    }
    Ok(read_lock(&settings, &mut Sources::default())?.0)
}

/// For each change the places in the code that name what changed.
fn places(changes: &[Change], old: Schema, cwd: &Path, lock: Option<&Path>) -> Result<Vec<Vec<RefEntry>>, Failure> {
    let settings = Settings::worktree(cwd, &[], lock)?;
    let mut opened = check::open(&settings)?;
    // Code that names what is gone was written for the old schema.
    opened.schema = old.into();
    let project = opened.project(&settings);
    let touched = |change: &Change| {
        let relation = |r: &&crate::project::uses::Reference| {
            r.relation.name.as_str() == change.object.name && r.relation.schema.is_none_or(|s| s.as_str() == change.object.schema)
        };
        // A change of a column touches those who name it; a change of a table everyone who names the table.
        let part = |r: &&crate::project::uses::Reference| match (&change.part, r.column) {
            (Some(part), Some(column)) => column.as_str() == part,
            (Some(_), None) => false,
            (None, column) => column.is_none(),
        };
        let mut found: Vec<_> = project.uses.references.iter().filter(relation).filter(part).collect();
        found.sort_by_cached_key(|r| (opened.sources.get(r.location.file).path.clone(), r.location.span));
        found.dedup_by_key(|r| r.location);
        found.into_iter().map(|r| RefEntry::new(&opened.sources, r, Some(&change.object.schema))).collect()
    };
    Ok(changes.iter().map(touched).collect())
}
