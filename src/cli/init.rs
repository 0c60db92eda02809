//! `dbtruth init`: a repository made ready in one go. Nothing that exists is overwritten.

use std::fmt::Write as _;
use std::io::{BufRead, IsTerminal};
use std::path::{Path, PathBuf};

use super::args::{Check, Hook, Init, Pull};
use super::check::working_directory;
use super::{Code, check, hook, out, pull};
use crate::check::{self as flow, Failure, Settings};
use crate::config;
use crate::discover::display_path;
use crate::discover::git::Git;
use crate::fix::{Refusal, write_new};
use crate::{migrations, report};

/// Where the baseline goes.
const BASELINE: &str = "dbtruth-baseline.jsonl";

/// Where GitHub looks for it.
const WORKFLOW: &str = ".github/workflows/dbtruth.yml";

/// Runs on pushes and pull requests; needs nothing but the repository.
const WORKFLOW_TEXT: &str = "name: dbtruth
on:
  push:
  pull_request:
permissions:
  contents: read
jobs:
  check:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
        with:
          persist-credentials: false
      - run: pipx run dbtruth check --format github
";

/// Packages whose calls and classes are understood, as their users list them.
const FRAMEWORKS: &[(&str, &str)] = &[
    ("sqlmodel", "SQLModel"),
    ("flask-sqlalchemy", "Flask-SQLAlchemy"),
    ("sqlalchemy", "SQLAlchemy"),
    ("django", "Django"),
    ("supabase", "Supabase"),
    ("postgrest", "PostgREST"),
    ("asyncpg", "asyncpg"),
    ("psycopg", "psycopg"),
    ("alembic", "Alembic"),
];

/// Runs the command: the exit code is that of the check at its end.
pub fn run(args: &Init) -> Result<Code, Failure> {
    let cwd = working_directory()?;
    let found = Found::look(&cwd);
    out::say(&found.describe());
    let existing = config::find_upwards(&cwd)?;
    let lock = existing
        .as_ref()
        .map_or_else(|| cwd.join(config::DEFAULT_LOCK), |l| l.path.as_deref().and_then(Path::parent).unwrap_or(&cwd).join(l.config.lock_name()));
    first_lock(args, &cwd, &lock, &found)?;
    let findings = count(&cwd)?;
    let has_baseline = existing.as_ref().is_some_and(|l| l.config.baseline.is_some());
    let accept = findings > 0
        && !has_baseline
        && existing.is_none()
        && offer(args, args.baseline, &format!("accept today's {} in {BASELINE}?", report::count(findings, "finding")));
    match &existing {
        Some(loaded) => {
            let path = loaded.path.as_deref().map_or_else(String::new, |p| display_path(p, &cwd));
            out::say(&format!("{path} is there already and is left as it is"));
            if findings > 0 && !has_baseline && args.baseline {
                out::say(&format!("to accept today's findings add `baseline: {BASELINE}` to it and run `dbtruth check --update-baseline`"));
            }
        }
        None => create(&cwd, "dbtruth.yaml", &found.configuration(accept))?,
    }
    if accept {
        check::run(&Check { update_baseline: true, ..Check::default() })?;
    }
    install_hook(args, &cwd)?;
    let wants_workflow = !cwd.join(WORKFLOW).exists() && offer(args, args.workflow, &format!("write {WORKFLOW}?"));
    if wants_workflow {
        create(&cwd, WORKFLOW, WORKFLOW_TEXT)?;
    }
    check::run(&Check::default())
}

/// What the repository says about itself.
#[derive(Debug, Default)]
struct Found {
    frameworks: Vec<&'static str>,
    /// Folders of migrations, relative, with `/`.
    migrations: Vec<String>,
    /// What a lock can be made of, best first.
    sources: Vec<PathBuf>,
}

impl Found {
    fn look(cwd: &Path) -> Self {
        let mut found = Self::default();
        let files = ["pyproject.toml", "requirements.txt", "requirements/base.txt", "requirements.in", "setup.py", "setup.cfg", "Pipfile", "environment.yml"];
        let listed: String = files.iter().filter_map(|f| std::fs::read_to_string(cwd.join(f)).ok()).collect::<String>().to_lowercase();
        let mut code = String::new();
        if listed.is_empty() {
            gather_imports(cwd, 0, &mut code);
        }
        let named = |package: &str| listed.contains(package) || code.contains(&package.replace('-', "_"));
        found.frameworks.extend(FRAMEWORKS.iter().filter(|(package, _)| named(package)).map(|(_, name)| *name));
        for name in ["schema.sql", "structure.sql", "db/schema.sql", "db/structure.sql", "sql/schema.sql", "database/schema.sql", "supabase/schema.sql"] {
            if cwd.join(name).is_file() {
                found.sources.push(cwd.join(name));
            }
        }
        if let Ok(histories) = migrations::histories(cwd) {
            let relative = |path: &Path| display_path(path, cwd);
            for tree in &histories.alembic {
                let env = tree.env.as_deref().map(Path::new).and_then(Path::parent);
                let folder = env.or_else(|| tree.files.first().map(Path::new).and_then(Path::parent));
                found.migrations.extend(folder.map(relative));
            }
            if let Some((folder, _)) = histories.sql.as_ref().filter(|(f, _)| Path::new(f) != cwd) {
                found.migrations.push(relative(Path::new(folder)));
            }
            let understood = !histories.alembic.is_empty() || histories.django.is_some() || !found.migrations.is_empty();
            if understood {
                found.sources.push(if let [only] = found.migrations.as_slice() { cwd.join(only) } else { cwd.to_path_buf() });
            }
        }
        found
    }

    fn describe(&self) -> String {
        let list = |all: &[String], none: &str| if all.is_empty() { none.to_owned() } else { all.join(", ") };
        let frameworks: Vec<String> = self.frameworks.iter().map(|f| (*f).to_owned()).collect();
        format!("found: {}; migrations: {}", list(&frameworks, "no library that is known by name"), list(&self.migrations, "none"))
    }

    /// `dbtruth.yaml`
    fn configuration(&self, baseline: bool) -> String {
        let mut text = String::from("# dbtruth: every table and column named in the code, held to one lock.\nlock: schema.lock.yaml\n");
        if !self.migrations.is_empty() {
            let names: Vec<String> = self.migrations.iter().map(|m| serde_json::Value::from(m.as_str()).to_string()).collect();
            let _ = writeln!(text, "migrations: [{}]", names.join(", "));
        }
        if baseline {
            let _ = writeln!(text, "baseline: {BASELINE}");
        }
        text
    }
}

/// The import lines of the repository's Python files, for those who list their packages nowhere we look.
fn gather_imports(dir: &Path, depth: usize, out: &mut String) {
    const ENOUGH: usize = 1 << 20;
    let Ok(entries) = std::fs::read_dir(dir) else { return };
    let mut paths: Vec<PathBuf> = entries.filter_map(|e| e.ok().map(|e| e.path())).collect();
    paths.sort();
    for path in paths {
        let hidden = path.file_name().and_then(|n| n.to_str()).is_none_or(|n| n.starts_with('.') || matches!(n, "node_modules" | "venv" | "target"));
        if hidden || out.len() > ENOUGH || path.is_symlink() {
            continue;
        }
        if path.is_dir() && depth < 6 {
            gather_imports(&path, depth + 1, out);
        } else if path.extension().is_some_and(|e| e == "py") {
            let text = std::fs::read_to_string(&path).unwrap_or_default();
            for line in text.lines().filter(|l| l.starts_with("import ") || l.starts_with("from ")) {
                out.push_str(line);
                out.push('\n');
            }
        }
    }
}

/// The first lock, from the best source there is.
fn first_lock(args: &Init, cwd: &Path, lock: &Path, found: &Found) -> Result<(), Failure> {
    let shown = display_path(lock, cwd);
    if lock.is_file() {
        out::say(&format!("{shown} is there already and is left as it is"));
        return Ok(());
    }
    let pull = |from: Option<PathBuf>| pull::run(&Pull { from, database_url: None, output: Some(lock.to_path_buf()), check: false });
    if let Some(from) = args.from.clone().or_else(|| found.sources.first().cloned()) {
        out::say(&format!("the lock comes from {}", display_path(&from, cwd)));
        pull(Some(from))?;
        return Ok(());
    }
    if ["DATABASE_URL", "PGHOST", "PGDATABASE"].iter().any(|v| std::env::var_os(v).is_some_and(|v| !v.is_empty())) {
        out::say("the lock comes from the database that the environment names");
        pull(None)?;
        return Ok(());
    }
    Err(Failure::new("nothing was found that a lock could be made of")
        .help("name a `.sql` file or a folder of migrations with `--from`, or the database in `DATABASE_URL`"))
}

/// How many findings there are today.
fn count(cwd: &Path) -> Result<usize, Failure> {
    let mut settings = Settings::worktree(cwd, &[], None)?;
    settings.baseline = settings.configured_baseline();
    Ok(flow::run(&settings)?.diagnostics.len())
}

fn create(cwd: &Path, name: &str, text: &str) -> Result<(), Failure> {
    match write_new(&cwd.join(name), text.as_bytes()) {
        Ok(()) => out::say(&format!("{name} written")),
        Err(Refusal::Exists) => out::say(&format!("{name} is there already and is left as it is")),
        Err(error) => return Err(Failure::new(format!("{name}: {error}"))),
    }
    Ok(())
}

fn install_hook(args: &Init, cwd: &Path) -> Result<(), Failure> {
    if Git::open(cwd).is_err() {
        if args.hook {
            return Err(Failure::new("--hook: there is no git repository here"));
        }
        return Ok(());
    }
    if cwd.join(".pre-commit-config.yaml").is_file() {
        out::say("this repository uses pre-commit: add the hook `dbtruth` to .pre-commit-config.yaml (README, \"In git and in CI\")");
        return Ok(());
    }
    if offer(args, args.hook, "install the git hook?")
        && let Err(failure) = hook::run(Hook::Install)
    {
        // Another tool's hook is a reason to say so, not to stop.
        out::say(&format!("note: {failure}"));
    }
    Ok(())
}

/// Whether to do it: as told, or as the person at the terminal says; nobody there means no.
fn offer(args: &Init, told: bool, question: &str) -> bool {
    if told || args.yes {
        return true;
    }
    if !std::io::stdin().is_terminal() || !std::io::stderr().is_terminal() {
        return false;
    }
    out::say(&format!("{question} [y/N]"));
    let mut answer = String::new();
    let _ = std::io::stdin().lock().read_line(&mut answer);
    matches!(answer.trim().to_lowercase().as_str(), "y" | "yes")
}
