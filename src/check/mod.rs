//! The whole flow on one page. The command line, the hook and the editor all call [`run`].

mod baseline;
mod deprecations;
mod failure;
mod fingerprint;
mod from_git;
mod gone;
mod known_by;
mod large_pages;
mod learnt;
mod levels;
mod live;
mod members;
mod memo;
mod opened;
mod outcome;
mod partial;
mod read;
mod relock;
mod scripts;
mod settings;
mod sql_files;
mod statements;
mod suppress;
mod unsuppress;

pub use failure::Failure;
pub use fingerprint::fingerprints;
pub use large_pages::large_pages;
pub use live::{Buffers, Live, Versions};
pub use members::Member;
pub use memo::{Memo, run_again};
pub use opened::{Opened, open, open_again, read_lock};
pub use outcome::{Outcome, Summary};
pub use read::{Memory, recode};
pub use settings::{LockInput, Settings};
pub use statements::{Statement, Statements, statements};

use std::sync::OnceLock;

use baseline::Baseline;
use members::Folders;
use suppress::Suppressions;

use crate::diagnostic::Diagnostic;
use crate::source::{FileId, Sources};
use crate::{migrations, repair, rules};

/// Holds the code to the lock.
pub fn run(settings: &Settings) -> Result<Outcome, Failure> {
    levels::names_are_rules(settings)?;
    match Folders::find(settings) {
        Some(folders) => members::run(settings, &folders, None, None, false),
        None => run_alone(settings, false),
    }
}

/// The same over all files as one project, with a look at everything that was linked while it is there.
pub fn run_with<T>(settings: &Settings, look: impl FnOnce(&Opened, &rules::Context<'_, '_>) -> T) -> Result<(Outcome, T), Failure> {
    run_looking(settings, false, look)
}

/// The same over one project; `last` says that the program ends after it: then trees and links are left to the system, which frees them in one go.
fn run_alone(settings: &Settings, last: bool) -> Result<Outcome, Failure> {
    run_looking(settings, last, |_, _| ()).map(|(outcome, ())| outcome)
}

fn run_looking<T>(settings: &Settings, last: bool, look: impl FnOnce(&Opened, &rules::Context<'_, '_>) -> T) -> Result<(Outcome, T), Failure> {
    levels::names_are_rules(settings)?;
    let mut opened = open(settings)?;
    let mut outcome = Outcome { notes: std::mem::take(&mut opened.notes), troubles: std::mem::take(&mut opened.troubles), ..Outcome::default() };
    outcome.diagnostics = std::mem::take(&mut opened.diagnostics);
    outcome.summary.skipped = std::mem::take(&mut opened.skipped);

    let folders = settings.migration_folders();
    let (project, histories) = opened.project_beside(settings, |world| migrations::histories_of(world, &folders));
    let context = rules::Context { histories: OnceLock::from(histories), ..rules::Context::new(&project, &opened.schema, Some(opened.lock), &folders) };
    let mut found = rules::run(&context);
    repair::attach(&context, &mut found);
    outcome.diagnostics.append(&mut found);
    outcome.count(settings, &opened, &context);
    let crashed = project.uses.crashed.clone();
    let seen = look(&opened, &context);
    drop(context);
    if last {
        std::mem::forget(project);
    } else {
        drop(project);
    }
    opened.note_crashes(crashed, &mut outcome);
    conclude(settings, &mut opened, &mut outcome)?;
    outcome.sources = std::mem::take(&mut opened.sources);
    if last {
        std::mem::forget(opened);
    }
    outcome.finish();
    Ok((outcome, seen))
}

/// What is done with the findings once they stand: only those asked for, folded, by the levels of the user, without the suppressed and the accepted.
fn conclude(settings: &Settings, opened: &mut Opened, outcome: &mut Outcome) -> Result<(), Failure> {
    let mut suppressions = Suppressions::new(&opened.sources, &opened.facts);
    repair::spare_broken_files(&opened.sources, &mut outcome.diagnostics);
    outcome.diagnostics.retain(|d| reported(settings, opened, d));
    rules::fold(&mut outcome.diagnostics);
    levels::apply(settings, opened, &mut outcome.diagnostics);
    outcome.diagnostics.retain(|d| !suppressions.hide(d));
    let mut unused = suppressions.findings(None, |rule| levels::runs(settings, rule));
    unused.retain(|d| reported(settings, opened, d));
    levels::apply(settings, opened, &mut unused);
    outcome.order(&opened.sources);
    outcome.diagnostics.append(&mut unused);
    accept(settings, opened, outcome)
}

/// Takes out what the baseline accepts, or writes what it is to accept from now on.
fn accept(settings: &Settings, opened: &mut Opened, outcome: &mut Outcome) -> Result<(), Failure> {
    if let Some(path) = settings.baseline.as_ref().filter(|_| !settings.update_baseline) {
        let mut accepted = Baseline::read(path, settings, opened)?;
        outcome.diagnostics.retain(|d| !accepted.hide(settings, opened, d));
        let mut stale = accepted.findings(opened, |file| settings.lines.is_none() && settings.reports(&settings.root.join(file)));
        levels::apply(settings, opened, &mut stale);
        outcome.diagnostics.append(&mut stale);
    }
    if let (Some(path), true) = (&settings.baseline, settings.update_baseline) {
        // What the file does not accept is still to be said.
        let mut written = baseline::update(path, settings, opened, &outcome.diagnostics)?;
        outcome.diagnostics.retain(|d| !written.hide(settings, opened, d));
    }
    Ok(())
}

/// Whether the finding lies in what the user asked about.
fn reported(settings: &Settings, opened: &Opened, d: &Diagnostic) -> bool {
    let Some(absolute) = opened.path_of(d.location.file) else { return true };
    settings.reports(absolute) && settings.reports_span(absolute, opened.sources.get(d.location.file), d.location.span)
}

/// The path of a file as reported, which the order of findings follows.
fn shown(sources: &Sources, file: FileId) -> &str {
    &sources.get(file).path
}

#[cfg(test)]
mod tests {
    use std::path::{Path, PathBuf};

    use super::*;
    use crate::discover::{Candidate, Origin};
    use crate::source::Language;

    /// Python that does not parse is not repaired, whatever is found in it.
    #[test]
    fn a_broken_file_gets_no_repairs() {
        let lock = "version: 1\nsearch_path: [public]\ntables:\n  public.batches:\n    columns:\n      id: bigint not null\n      status: text\n";
        let text = "import psycopg\n\n\ndef f(cur):\n    cur.execute('SELECT statuss FROM batches')\n";
        for (text, repaired) in [(text.to_owned(), true), (format!("{text}\n\ndef g(:\n    pass\n"), false)] {
            let origin = Origin::Memory(text.into_bytes());
            let settings = Settings {
                cwd: "/p".into(),
                root: "/p".into(),
                lock: LockInput { path: "/p/schema.lock.yaml".into(), bytes: Some(lock.into()), name: None },
                files: vec![Candidate { path: "a.py".into(), absolute: "/p/a.py".into(), language: Language::Python, origin }],
                report: vec![PathBuf::from("/p")],
                ..Settings::default()
            };
            let outcome = run(&settings).expect("it runs");
            let found = outcome.diagnostics.iter().find(|d| d.rule == "unknown-column").expect("a finding");
            assert_eq!(found.fix.is_some(), repaired, "{found:?}");
        }
    }

    /// A panic in one file is one finding and exit code 2; the other files are checked all the same.
    #[test]
    fn a_crash_is_a_finding_and_hides_no_other() {
        let lock = "version: 1\nsearch_path: [public]\ntables:\n  public.batches:\n    columns:\n      id: bigint not null\n";
        let file = |name: &str, language, text: &str| Candidate {
            path: name.into(),
            absolute: Path::new("/p").join(name).into(),
            language,
            origin: Origin::Memory(text.into()),
        };
        for name in ["crash-in-reading", "crash-in-linking"] {
            for (extension, language) in [("py", Language::Python), ("sql", Language::Sql), ("md", Language::Markdown)] {
                let name = format!("{name}.{extension}");
                let settings = Settings {
                    cwd: "/p".into(),
                    root: "/p".into(),
                    lock: LockInput { path: "/p/schema.lock.yaml".into(), bytes: Some(lock.into()), name: None },
                    files: vec![file("a.sql", Language::Sql, "SELECT nope FROM batches;"), file(&name, language, "x = 1\n")],
                    report: vec![PathBuf::from("/p")],
                    ..Settings::default()
                };
                let outcome = run(&settings).expect("it runs");
                assert_eq!(outcome.exit_code(), 2, "{name}");
                let found: Vec<_> = outcome.diagnostics.iter().map(|d| (outcome.sources.get(d.location.file).path.as_str(), d.rule)).collect();
                assert_eq!(found, [("a.sql", "unknown-column"), (name.as_str(), "syntax-error")]);
                assert_eq!(outcome.troubles, [format!("{name}: dbtruth crashed on this file; please report it")]);
            }
        }
    }
}
