//! `dbtruth check`

use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use super::args::Check;
use super::{Code, fix, out};
use crate::check::{self, Failure, Outcome, Settings};
use crate::discover::{display_path, normalise};
use crate::report::{self, Format};

/// Runs the command.
pub fn run(args: &Check) -> Result<Code, Failure> {
    let cwd = working_directory()?;
    let mut settings = settings(args, &cwd)?;
    settings.select.clone_from(&args.select);
    settings.ignore.clone_from(&args.ignore);
    settings.baseline = match &args.baseline {
        Some(typed) => Some(normalise(typed, &cwd)),
        None => settings.configured_baseline(),
    };
    settings.allow_growth = args.allow_growth;
    if args.update_baseline && settings.baseline.is_none() {
        return Err(Failure::new("--update-baseline: no baseline is named").help("name it with `--baseline FILE`, or as `baseline` in the configuration"));
    }
    settings.update_baseline = args.update_baseline;
    if args.show_config {
        out::results(&show_config(&settings)?);
        return Ok(0);
    }
    if args.fix || args.diff {
        settings.fetch()?;
        return fix::repair(args, &settings);
    }
    let memo = if args.no_cache { None } else { check::Memo::of(&settings.root) };
    settings.learns = memo.is_some();
    let outcome = check::run_again(&settings, memo.as_ref())?;
    if args.update_baseline {
        let shown = settings.baseline.as_deref().map_or_else(String::new, |b| display_path(b, &cwd));
        out::say(&format!("{shown} written"));
        if !outcome.diagnostics.is_empty() {
            report(&outcome, args.format);
            out::say(&format!("{} not accepted: the baseline grows only with `--allow-growth`", report::count(outcome.diagnostics.len(), "new finding")));
            return Ok(outcome.exit_code().max(1));
        }
        return Ok(if outcome.troubles.is_empty() { 0 } else { 2 });
    }
    report(&outcome, args.format);
    fix::offer(&outcome, args.unsafe_fixes);
    let code = outcome.exit_code();
    // The system frees all texts and names in one go.
    std::mem::forget((outcome, settings));
    Ok(code)
}

/// Settles what is read: the index, a buffer, or the worktree.
fn settings(args: &Check, cwd: &Path) -> Result<Settings, Failure> {
    let lock = args.lock.as_deref();
    if args.staged {
        return Settings::staged(cwd, &args.paths, lock);
    }
    if let Some(file) = &args.stdin_filename {
        let mut bytes = Vec::new();
        std::io::stdin().read_to_end(&mut bytes).map_err(|e| Failure::new(format!("standard input cannot be read: {e}")))?;
        return Settings::buffer(cwd, file, bytes, lock);
    }
    match &args.since {
        Some(revision) => Settings::since(cwd, &args.paths, lock, revision),
        None => Settings::worktree(cwd, &args.paths, lock),
    }
}

/// The working directory; everything is named relative to it.
pub fn working_directory() -> Result<PathBuf, Failure> {
    std::env::current_dir().map_err(|e| Failure::new(format!("the working directory cannot be read: {e}")))
}

/// Prints an outcome in the format, and what stands beside it.
pub fn report(outcome: &Outcome, format: Format) {
    for note in &outcome.notes {
        out::say(&format!("note: {note}"));
    }
    out::results(&report::render(format, outcome, out::style()));
    if !report::carries_summary(format) {
        out::say(&report::summary_line(&outcome.summary));
    }
    if format == Format::Github {
        append_job_summary(outcome);
    }
    for trouble in &outcome.troubles {
        out::say(&format!("error: {trouble}"));
    }
}

/// GitHub shows the file that `$GITHUB_STEP_SUMMARY` names on the run's page.
fn append_job_summary(outcome: &Outcome) {
    let Some(path) = std::env::var_os("GITHUB_STEP_SUMMARY").filter(|p| !p.is_empty()) else { return };
    let file = std::fs::OpenOptions::new().create(true).append(true).open(&path);
    if let Err(error) = file.and_then(|mut f| f.write_all(report::job_summary(outcome).as_bytes())) {
        out::say(&format!("note: the job summary cannot be written: {error}"));
    }
}

fn show_config(settings: &Settings) -> Result<String, Failure> {
    let mut config = settings.config.config.clone();
    config.lock = Some(config.lock_name().to_owned());
    let text = serde_yaml::to_string(&config).map_err(|e| Failure::new(e.to_string()))?;
    let source = settings.config.path.as_ref().map_or_else(|| "defaults; no configuration file found".to_owned(), |p| p.display().to_string());
    Ok(format!("# from: {source}\n# root: {}\n# lock: {}\n{text}", settings.root.display(), settings.lock.path.display()))
}
