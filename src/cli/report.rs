//! `dbtruth report`

use super::args::{Report, ReportFormat};
use super::check::working_directory;
use super::{Code, out};
use crate::check::{self, Failure, Settings};
use crate::discover::{display_path, normalise};
use crate::report::conformance::{self, Report as Conformance};
use crate::schema::Schema;

/// Writes the conformance report: 0 everything conforms, 1 something drifts, 2 could not run in full.
pub fn run(args: &Report) -> Result<Code, Failure> {
    let cwd = working_directory()?;
    let settings = Settings::worktree(&cwd, &args.paths, args.truth.lock.as_deref())?;
    let live = args.truth.database_url.as_deref().map(live).transpose()?;
    let (report, code) = of(&settings, live.as_ref())?;
    let text = render(args.format, &report);
    match &args.output {
        None => out::results(&text),
        Some(output) => {
            let path = normalise(output, &cwd);
            crate::schema::lock::replace(&path, &text).map_err(|e| Failure::new(format!("{}: cannot be written: {e}", display_path(&path, &cwd))))?;
            out::say(&format!("{} written: {}", display_path(&path, &cwd), report.headline()));
        }
    }
    Ok(code)
}

/// A report where there may be no code yet; `None` then.
pub(super) fn try_of(settings: Result<Settings, Failure>) -> Result<Option<(Conformance, Code)>, Failure> {
    match settings {
        Ok(settings) => of(&settings, None).map(Some),
        Err(why) => {
            out::say(&format!("note: no report: {}", why.message));
            Ok(None)
        }
    }
}

/// The report of a run, and its exit code.
pub(super) fn of(settings: &Settings, live: Option<&Schema>) -> Result<(Conformance, Code), Failure> {
    let (outcome, (seen, schema)) = check::run_with(settings, |opened, context| (conformance::look(opened, context), context.schema.clone()))?;
    for note in &outcome.notes {
        out::say(&format!("note: {note}"));
    }
    for trouble in &outcome.troubles {
        out::say(&format!("error: {trouble}"));
    }
    let report = conformance::report(&outcome, seen, &schema, live);
    let code = if outcome.troubles.is_empty() { Code::from(report.drifts()) } else { 2 };
    Ok((report, code))
}

/// The report as bytes.
pub(super) fn render(format: ReportFormat, report: &Conformance) -> String {
    match format {
        ReportFormat::Text => conformance::text(report),
        ReportFormat::Json => conformance::json(report),
        ReportFormat::Markdown => conformance::markdown(report),
        ReportFormat::Html => conformance::html(report),
    }
}

/// The schema of the database at that URL.
#[cfg(feature = "live")]
pub(super) fn live(url: &str) -> Result<Schema, Failure> {
    use crate::schema::live::{DsnOptions, Redacted};
    use crate::sql::live::pull;
    let options = DsnOptions { url: Some(Redacted::new(url)), ..DsnOptions::default() };
    pull(&options).map_err(|e| Failure { message: e.message, help: e.help })
}

#[cfg(not(feature = "live"))]
pub(super) fn live(_: &str) -> Result<Schema, Failure> {
    Err(Failure::new("this dbtruth was built without the database client").help("leave `--database-url` out, or build with the feature `live`"))
}
