//! `dbtruth drift`: the live database against the lock, and the models against the lock.

use super::args::{Drift, Side};
use super::check::working_directory;
use super::{Code, out};
use crate::check::{self, Failure, Outcome, Settings, read_lock};
use crate::diagnostic::Context;
use crate::discover::display_path;
use crate::report::changes::ChangeEntry;
use crate::report::drift::{self, Database, Report};
use crate::schema::diff::diff;
use crate::schema::lock;
use crate::schema::{Schema, diff::Change};
use crate::source::Sources;

/// Runs the command: 0 no drift, 1 drift, 2 something could not be compared.
pub fn run(args: &Drift) -> Result<Code, Failure> {
    let cwd = working_directory()?;
    let mut settings = Settings::everything(&cwd, args.truth.lock.as_deref())?;
    let shown = display_path(&settings.lock.path, &cwd);
    let database = if args.only == Some(Side::Models) { None } else { Some(database(args, &settings)?) };
    let models = if args.only == Some(Side::Database) { None } else { Some(models(&mut settings)?) };
    let troubles: Vec<String> = models.iter().flat_map(|m| m.troubles.clone()).collect();
    let report = Report { lock: shown, database, models };
    out::results(&drift::render(args.format, &report));
    for trouble in &troubles {
        out::say(&format!("error: {trouble}"));
    }
    Ok(if troubles.is_empty() { Code::from(report.drifted()) } else { 2 })
}

/// What the live database has otherwise than the lock. Code was written for the lock: what breaks it is breaking.
fn database(args: &Drift, settings: &Settings) -> Result<Database, Failure> {
    let (mut locked, _) = read_lock(settings, &mut Sources::default())?;
    // Locks of older versions have tables that tools keep for themselves.
    locked.drop_bookkeeping();
    let live = super::pull::live(args.truth.database_url.as_deref(), namespaces(&locked))?;
    let (unsure, changes): (Vec<Change>, Vec<Change>) = diff(&locked, &live).into_iter().partition(|c| unsure(&locked, c));
    let entries = changes.iter().map(|c| ChangeEntry::new(c, None)).collect();
    let rewritten = changes.is_empty() && locked.incomplete.is_empty() && lock::write(&locked) != lock::write(&live);
    Ok(Database { changes: entries, unsure: unsure.len(), rewritten })
}

/// The schemas that the lock speaks of: those of a platform are compared when it does.
fn namespaces(schema: &Schema) -> Vec<String> {
    let names = schema.relations.keys().chain(schema.enums.keys()).chain(schema.functions.keys()).chain(schema.domains.keys());
    let mut found: Vec<String> = names.map(|n| n.schema.clone()).collect();
    found.sort();
    found.dedup();
    found
}

/// Whether the lock itself says that it does not know that object in full.
fn unsure(locked: &Schema, change: &Change) -> bool {
    let name = change.object.to_string();
    locked.relations.get(&change.object).is_some_and(|r| r.open) || locked.incomplete.iter().any(|i| i.object == name)
}

/// What the models say otherwise than the lock.
fn models(settings: &mut Settings) -> Result<Outcome, Failure> {
    let mut outcome = check::run(settings)?;
    outcome.diagnostics.retain(|d| d.context == Context::Model && d.rule != "syntax-error");
    Ok(outcome)
}
