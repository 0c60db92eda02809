//! `dbtruth sync`

use std::io::{IsTerminal, Write};
use std::path::Path;

use super::args::{Generate, Pull, Sync};
use super::check::working_directory;
use super::{Code, generate, out, pull, report};
use crate::check::{Failure, Settings};
use crate::config;
use crate::discover::{display_path, normalise};
use crate::generate::Target;

/// Pulls the lock, writes what the configuration says is generated from it, and reports: the worst exit code of the three.
pub fn run(args: &Sync) -> Result<Code, Failure> {
    let cwd = working_directory()?;
    let loaded = config::find_upwards(&cwd)?.unwrap_or_default();
    let dir = loaded.path.as_deref().and_then(Path::parent).unwrap_or(&cwd).to_path_buf();
    let mut targets = Vec::new();
    for (path, name) in &loaded.config.generate {
        let target = <Target as clap::ValueEnum>::from_str(name, false).map_err(|_| {
            Failure::new(format!("`generate` in the configuration: `{name}` is nothing that can be generated")).help("pydantic, sqlalchemy or sqlmodel")
        })?;
        targets.push((dir.join(path), target));
    }
    let steps = targets.len() + 2;
    step(1, steps, "pull");
    let mut worst = pull::run(&Pull { from: args.from.clone(), database_url: args.database_url.clone(), output: None, check: args.check })?;
    for (n, (path, target)) in targets.into_iter().enumerate() {
        step(n + 2, steps, &format!("generate {}", display_path(&path, &cwd)));
        worst = worst.max(generate::run(&Generate { target, output: Some(path), check: args.check, lock: None })?);
    }
    step(steps, steps, "report");
    let Some((made, code)) = report::try_of(Settings::worktree(&cwd, &[], None))? else { return Ok(worst) };
    let text = report::render(args.format, &made);
    match &args.output {
        None => out::results(&text),
        Some(output) => {
            let path = normalise(output, &cwd);
            let shown = display_path(&path, &cwd);
            crate::schema::lock::replace(&path, &text).map_err(|e| Failure::new(format!("{shown}: cannot be written: {e}")))?;
            out::say(&format!("{shown} written: {}", made.headline()));
        }
    }
    Ok(worst.max(code))
}

/// Says which step begins, to a person at a terminal.
fn step(n: usize, of: usize, what: &str) {
    let mut err = std::io::stderr();
    if err.is_terminal() {
        let _ = writeln!(err, "[{n}/{of}] {}", crate::report::escape::visible(what));
    }
}
