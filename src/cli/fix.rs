//! `check --fix` and `check --diff`: repairs onto the disk, or shown. `fix --migration`: the repair of the database instead.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::args::{Check, Fix, MigrationFormat};
use super::check::working_directory;
use super::{Code, check, out};
use crate::check::{self as flow, Failure, Outcome, Settings};
use crate::diagnostic::Safety;
use crate::discover::{Origin, display_path, normalise};
use crate::fix::{self, Fixed, Options, migration};
use crate::report;
use crate::rules::Context;

/// Says how many findings can be repaired, where some can.
pub fn offer(outcome: &Outcome, unsafe_too: bool) {
    let count = |safety| outcome.diagnostics.iter().filter(|d| d.fix.as_ref().is_some_and(|f| f.safety == safety)).count();
    let (safe, more) = (count(Safety::Safe), count(Safety::Unsafe));
    match (safe, more) {
        (0, 0) => {}
        (n, 0) => out::say(&format!("{n} can be repaired with `--fix`")),
        (n, m) if unsafe_too => out::say(&format!("{} can be repaired with `--fix --unsafe-fixes`", n + m)),
        (0, m) => out::say(&format!("{m} can be repaired with `--fix --unsafe-fixes`; look at the changes")),
        (n, m) => out::say(&format!("{n} can be repaired with `--fix`, {m} more with `--unsafe-fixes`; look at those")),
    }
}

/// Repairs, or shows what would be repaired.
pub fn repair(args: &Check, settings: &Settings) -> Result<Code, Failure> {
    let options = Options { unsafe_fixes: args.unsafe_fixes, untouchable: if args.staged { differing(settings) } else { BTreeMap::new() } };
    let fixed = fix::run(settings, &options)?;
    for note in &fixed.notes {
        out::say(&format!("note: {note}"));
    }
    if args.diff {
        return Ok(show(&fixed));
    }
    if args.stdin_filename.is_some() {
        return Ok(to_standard_output(&fixed, settings));
    }
    let mut outcome_code = 0;
    for change in &fixed.changes {
        if let Err(why) = fix::write(change, &roots(settings)) {
            out::say(&format!("error: {}: {why}", change.path));
            outcome_code = 2;
        }
    }
    check::report(&fixed.outcome, args.format);
    if fixed.count() > 0 && outcome_code == 0 {
        out::say(&format!("{} in {}", report::count(fixed.count(), "repair"), report::count(fixed.changes.len(), "file")));
    }
    offer(&fixed.outcome, true);
    if args.staged && !fixed.changes.is_empty() {
        let names: Vec<&str> = fixed.changes.iter().map(|c| c.path.as_str()).collect();
        out::say(&format!("the index still has the old text: look at the changes, then `git add {}`", names.join(" ")));
        outcome_code = outcome_code.max(1);
    }
    Ok(fixed.outcome.exit_code().max(outcome_code))
}

/// Where files may be written: the project, and what was named outside it.
fn roots(settings: &Settings) -> Vec<PathBuf> {
    std::iter::once(settings.root.clone()).chain(settings.report.iter().cloned()).collect()
}

fn show(fixed: &Fixed) -> Code {
    out::results(&fix::unified(&fixed.changes));
    if fixed.changes.is_empty() {
        out::say("nothing would change");
    } else {
        out::say(&format!("{} in {} would be made", report::count(fixed.count(), "repair"), report::count(fixed.changes.len(), "file")));
    }
    if fixed.outcome.troubles.is_empty() { Code::from(!fixed.changes.is_empty()) } else { 2 }
}

/// The repaired buffer, for editors that pass one.
fn to_standard_output(fixed: &Fixed, settings: &Settings) -> Code {
    let buffer = settings.files.iter().find(|f| settings.reports(&f.absolute));
    let text = buffer.map(|b| match fixed.changes.iter().find(|c| b.absolute == *c.absolute) {
        Some(change) => change.new.clone(),
        None => match &b.origin {
            Origin::Memory(bytes) => String::from_utf8_lossy(bytes).into_owned(),
            Origin::Disk | Origin::Blob(_) => String::new(),
        },
    });
    out::results(&text.unwrap_or_default());
    for change in fixed.changes.iter().filter(|c| buffer.is_none_or(|b| b.absolute != *c.absolute)) {
        out::say(&format!("note: {} wants a change too and was left; run `dbtruth check --fix` on the files", change.path));
    }
    out::say(&report::summary_line(&fixed.outcome.summary));
    fixed.outcome.exit_code()
}

/// Files whose worktree is not what the index has: what stands there is not what would be committed, and is left alone.
fn differing(settings: &Settings) -> BTreeMap<PathBuf, String> {
    let differs = |f: &&crate::discover::Candidate| match &f.origin {
        Origin::Memory(bytes) => std::fs::read(&f.absolute).ok().as_ref() != Some(bytes),
        Origin::Disk => false,
        Origin::Blob(_) => std::fs::read(&f.absolute).ok() != f.bytes().ok(),
    };
    settings.files.iter().filter(differs).map(|f| (f.absolute.to_path_buf(), "the worktree differs from the index".to_owned())).collect()
}

/// Writes the migration: 0 nothing to do, 1 written (the database is not what the models say), 2 could not run.
pub fn run(args: &Fix) -> Result<Code, Failure> {
    let cwd = working_directory()?;
    let settings = Settings::worktree(&cwd, &[], args.lock.as_deref())?;
    let opened = flow::open(&settings)?;
    let project = opened.project(&settings);
    let migrations = settings.migration_folders();
    let context = Context::new(&project, &opened.schema, Some(opened.lock), &migrations);
    let plan = migration::plan(&context, args.drop);
    for note in &plan.notes {
        out::say(&format!("note: {note}"));
    }
    if plan.changes.is_empty() {
        out::say("the database has what the models say; nothing was written");
        return Ok(0);
    }
    let head = match args.format {
        Some(MigrationFormat::Sql) => None,
        _ => migration::head(&context).map_err(|e| Failure::new(e).help("merge them first, or write SQL with `--format sql`"))?,
    };
    let output = args.output.as_ref().map(|o| normalise(o, &cwd));
    let (text, path) = if args.format == Some(MigrationFormat::Alembic) || head.is_some() {
        let (id, text) = migration::revision(&opened.schema, &plan, head.as_ref().map(|h| h.revision.as_str()));
        let name = format!("{id}_match_the_models.py");
        let path = match (output, &head) {
            (Some(o), _) if o.is_dir() => Some(o.join(name)),
            (Some(o), _) => Some(o),
            (None, Some(head)) => Some(normalise(&head.folder, &cwd).join(name)),
            (None, None) => {
                return Err(Failure::new("there is no folder of revisions").help("name a file or folder with `--output`, or write SQL with `--format sql`"));
            }
        };
        (text, path)
    } else {
        (migration::sql(&plan), output)
    };
    match path {
        Some(path) => {
            let shown = display_path(&path, &cwd);
            fix::write_new(&path, text.as_bytes()).map_err(|e| Failure::new(format!("{shown}: {e}")))?;
            out::say(&format!("{shown} written: {}; read it before you run it, then `dbtruth pull`", report::count(plan.changes.len(), "change")));
        }
        None => out::results(&text),
    }
    Ok(1)
}
