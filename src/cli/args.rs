//! Arguments as typed.

use std::path::PathBuf;

use clap::{Parser, Subcommand, ValueEnum};

use crate::generate::Target;
use crate::report::Format;
use crate::report::drift::DriftFormat;

/// Your code cannot name a column that does not exist.
#[derive(Debug, Parser)]
#[command(name = "dbtruth", bin_name = "dbtruth", version, propagate_version = true)]
pub struct Args {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Hold every table and column named in the code to the lock.
    Check(Check),
    /// Write the opposite repair: a migration that brings the database to the models. It is never run by us.
    Fix(Fix),
    /// Make a repository ready: configuration, lock, hook, workflow, baseline.
    Init(Init),
    /// Write the lock, from a live database or from DDL.
    Pull(Pull),
    /// List every place that names a table or a column: who breaks if I drop this?
    Refs(Refs),
    /// List every model and what it maps to.
    Models(Models),
    /// The git hook: install it, take it out, or run what it runs.
    #[command(subcommand)]
    Hook(Hook),
    /// Say what changed between two locks, breaking changes first.
    Diff(Diff),
    /// Compare the live database and the models with the lock; exit with 1 on drift.
    Drift(Drift),
    /// Merge two branches' locks by meaning: git's merge driver, `dbtruth merge %O %A %B %P`.
    Merge(Merge),
    /// Write Python models that match the lock exactly.
    Generate(Generate),
    /// Show the lock, or one table with all that points at it and all code that names it.
    Show(Show),
    /// Say how far database, models, scripts, documents and caches agree with the lock.
    Report(Report),
    /// Ask a live PostgreSQL to prepare every SQL statement of the code, and list where it and `check` disagree. Nothing is run.
    Verify(Verify),
    /// Pull, generate and report in one go.
    Sync(Sync),
    /// Speak the language server protocol on standard input and output, for editors.
    #[cfg(feature = "server")]
    Server(Server),
    /// Print a shell's completions.
    Completions {
        /// The shell.
        shell: clap_complete::Shell,
    },
    /// Print the manual page.
    Man,
    /// List the rules.
    Rules {
        /// How to print.
        #[arg(long, value_enum, default_value_t)]
        format: ListFormat,
    },
    /// Show a rule's page: what, why, wrong, right.
    Explain {
        /// Its name.
        rule: String,
    },
}

/// `dbtruth fix`
#[derive(Debug, clap::Args)]
pub struct Fix {
    /// Write a migration (to repair the code instead, `dbtruth check --fix`).
    #[arg(long, required = true)]
    pub migration: bool,
    /// What to write (default: a revision where the project has an Alembic history, else SQL).
    #[arg(long, value_enum)]
    pub format: Option<MigrationFormat>,
    /// The file or folder to write to (default: the folder of revisions; SQL goes to standard output).
    #[arg(long, short, value_name = "PATH")]
    pub output: Option<PathBuf>,
    /// Also drop columns that no model has.
    #[arg(long)]
    pub drop: bool,
    /// The lock file.
    #[arg(long, value_name = "FILE")]
    pub lock: Option<PathBuf>,
}

/// Forms of a migration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum MigrationFormat {
    /// A revision for Alembic.
    Alembic,
    /// Statements.
    Sql,
}

/// `dbtruth init`
#[derive(Debug, clap::Args)]
pub struct Init {
    /// Accept every offer.
    #[arg(long, short)]
    pub yes: bool,
    /// Install the git hook.
    #[arg(long)]
    pub hook: bool,
    /// Write a workflow for GitHub.
    #[arg(long)]
    pub workflow: bool,
    /// Accept today's findings, so that only new ones are reported.
    #[arg(long)]
    pub baseline: bool,
    /// Where the lock comes from: a `.sql` file, or a folder of migrations (default: what is found).
    #[arg(long, value_name = "PATH")]
    pub from: Option<PathBuf>,
}

/// `dbtruth pull`
#[derive(Debug, clap::Args)]
pub struct Pull {
    /// Without a database: a `.sql` file (`pg_dump --schema-only`, or written by hand), or a folder of migrations (SQL, Alembic).
    #[arg(long, value_name = "PATH", conflicts_with = "database_url")]
    pub from: Option<PathBuf>,
    /// The database (default: `DATABASE_URL`, then `PGHOST` and its kin; passwords also from `PGPASSWORD` and `~/.pgpass`).
    #[arg(long, value_name = "URL")]
    pub database_url: Option<String>,
    /// The lock to write (default: `lock` of the configuration, else `schema.lock.yaml`).
    #[arg(long, short, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// Write nothing; exit with 1 if the lock would change.
    #[arg(long)]
    pub check: bool,
}

/// How lists are printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum ListFormat {
    /// For people.
    #[default]
    Human,
    /// Version 1, for scripts.
    Json,
}

/// `dbtruth diff`
#[derive(Debug, clap::Args)]
pub struct Diff {
    /// The old lock: a file, a revision of git, or a file of one (`main:schema.lock.yaml`).
    pub old: String,
    /// The new lock, likewise.
    pub new: String,
    /// List the places in the code that name what changed.
    #[arg(long)]
    pub impact: bool,
    /// The lock whose revisions are compared.
    #[arg(long, value_name = "FILE")]
    pub lock: Option<PathBuf>,
    /// How to print.
    #[arg(long, value_enum, default_value_t)]
    pub format: DiffFormat,
}

/// How changes are printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum DiffFormat {
    /// For people.
    #[default]
    Text,
    /// Version 1, for scripts.
    Json,
    /// For a pull request.
    Markdown,
}

/// What says how the schema is: the lock, and the database itself.
#[derive(Debug, Default, clap::Args)]
pub struct Truth {
    /// The database (`drift` and `verify` ask it always, of `DATABASE_URL` or `PGHOST` and its kin by default; passwords also from `PGPASSWORD` and `~/.pgpass`).
    #[arg(long, value_name = "URL")]
    pub database_url: Option<String>,
    /// The lock file.
    #[arg(long, value_name = "FILE")]
    pub lock: Option<PathBuf>,
}

/// `dbtruth drift`
#[derive(Debug, clap::Args)]
pub struct Drift {
    /// What is compared.
    #[command(flatten)]
    pub truth: Truth,
    /// Compare only this side with the lock.
    #[arg(long, value_enum)]
    pub only: Option<Side>,
    /// How to print.
    #[arg(long, value_enum, default_value_t)]
    pub format: DriftFormat,
}

/// `dbtruth merge`
#[derive(Debug, clap::Args)]
pub struct Merge {
    /// The common ancestor (`%O`).
    pub base: PathBuf,
    /// Our side (`%A`); the result is written here.
    pub ours: PathBuf,
    /// Their side (`%B`).
    pub theirs: PathBuf,
    /// The file's name in the repository (`%P`), for messages.
    pub name: Option<String>,
}

/// What is held to the lock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Side {
    /// The live database.
    Database,
    /// The models.
    Models,
}

/// `dbtruth generate`
#[derive(Debug, clap::Args)]
pub struct Generate {
    /// What to write.
    #[arg(value_enum)]
    pub target: Target,
    /// Where to write it (default: standard output).
    #[arg(long, short, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// Write nothing; exit with 1 if the file would change.
    #[arg(long, requires = "output")]
    pub check: bool,
    /// The lock file.
    #[arg(long, value_name = "FILE")]
    pub lock: Option<PathBuf>,
}

/// `dbtruth show`
#[derive(Debug, clap::Args)]
pub struct Show {
    /// `TABLE` or `SCHEMA.TABLE` (default: all).
    pub table: Option<String>,
    /// The lock file.
    #[arg(long, value_name = "FILE")]
    pub lock: Option<PathBuf>,
    /// How to print.
    #[arg(long, value_enum, default_value_t)]
    pub format: ShowFormat,
}

/// How the lock is shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum ShowFormat {
    /// For people.
    #[default]
    Text,
    /// Version 1, for scripts.
    Json,
    /// Mermaid's `erDiagram`: of a table, it and its neighbours.
    Mermaid,
    /// Graphviz: of a table, it and its neighbours.
    Dot,
}

/// `dbtruth report`
#[derive(Debug, clap::Args)]
pub struct Report {
    /// Only what these files and folders say (default: the working directory).
    pub paths: Vec<PathBuf>,
    /// What it is held to; the database only where it is named.
    #[command(flatten)]
    pub truth: Truth,
    /// How to print.
    #[arg(long, value_enum, default_value_t)]
    pub format: ReportFormat,
    /// Where to write it (default: standard output).
    #[arg(long, short, value_name = "FILE")]
    pub output: Option<PathBuf>,
}

/// `dbtruth verify`
#[derive(Debug, clap::Args)]
pub struct Verify {
    /// Only statements in these files and folders (default: the working directory).
    pub paths: Vec<PathBuf>,
    /// Who is asked.
    #[command(flatten)]
    pub truth: Truth,
    /// How to print.
    #[arg(long, value_enum, default_value_t)]
    pub format: ListFormat,
}

/// `dbtruth sync`
#[derive(Debug, clap::Args)]
pub struct Sync {
    /// The database (default: `DATABASE_URL`, then `PGHOST` and its kin).
    #[arg(long, value_name = "URL")]
    pub database_url: Option<String>,
    /// Without a database: a `.sql` file, or a folder of migrations.
    #[arg(long, value_name = "PATH", conflicts_with = "database_url")]
    pub from: Option<PathBuf>,
    /// Write nothing; exit with 1 if the lock or a generated file would change.
    #[arg(long)]
    pub check: bool,
    /// How to print the report.
    #[arg(long, value_enum, default_value_t)]
    pub format: ReportFormat,
    /// Where to write the report (default: standard output).
    #[arg(long, short, value_name = "FILE")]
    pub output: Option<PathBuf>,
}

/// How reports are printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum ReportFormat {
    /// For a terminal.
    #[default]
    Text,
    /// Version 1, for scripts.
    Json,
    /// For a pull request.
    Markdown,
    /// One self-contained page.
    Html,
}

/// `dbtruth hook`
#[derive(Clone, Copy, Debug, Subcommand)]
pub enum Hook {
    /// Write a pre-commit hook where git looks for it; another tool's hook is left alone.
    Install,
    /// Remove our hook.
    Uninstall,
    /// Check what is about to be committed, as the hook does.
    Run,
}

/// `dbtruth refs`
#[derive(Debug, clap::Args)]
pub struct Refs {
    /// `TABLE`, `TABLE.COLUMN` or `SCHEMA.TABLE.COLUMN` (default: all).
    pub name: Option<String>,
    /// Only places in these files and folders.
    #[arg(long = "in", value_name = "PATH", num_args = 1..)]
    pub within: Vec<PathBuf>,
    /// The lock file.
    #[arg(long, value_name = "FILE")]
    pub lock: Option<PathBuf>,
    /// How to print.
    #[arg(long, value_enum, default_value_t)]
    pub format: ListFormat,
}

/// `dbtruth models`
#[derive(Debug, clap::Args)]
pub struct Models {
    /// Only models in these files and folders.
    pub paths: Vec<PathBuf>,
    /// The lock file.
    #[arg(long, value_name = "FILE")]
    pub lock: Option<PathBuf>,
    /// How to print.
    #[arg(long, value_enum, default_value_t)]
    pub format: ListFormat,
}

/// `dbtruth check`
#[derive(Debug, Default, clap::Args)]
pub struct Check {
    /// Files and folders whose findings are reported (default: the working directory). All files of the project are linked either way.
    pub paths: Vec<PathBuf>,
    /// The lock file, also of a revision (`main:schema.lock.yaml`; default: `lock` of the configuration, else `schema.lock.yaml`).
    #[arg(long, value_name = "FILE")]
    pub lock: Option<PathBuf>,
    /// How to print.
    #[arg(long, value_enum, default_value_t)]
    pub format: Format,
    /// Check what is about to be committed: code, lock and configuration are read from the git index.
    #[arg(long, conflicts_with_all = ["since", "stdin_filename"])]
    pub staged: bool,
    /// Report only lines that differ from a revision (and all, when the lock or the configuration differs).
    #[arg(long, value_name = "REV", conflicts_with = "stdin_filename")]
    pub since: Option<String>,
    /// Read this file's text from standard input and report only on it.
    #[arg(long, value_name = "PATH", conflicts_with = "paths")]
    pub stdin_filename: Option<PathBuf>,
    /// Only these rules, separated by commas.
    #[arg(long, value_name = "RULE", value_delimiter = ',')]
    pub select: Vec<String>,
    /// Not these rules, separated by commas.
    #[arg(long, value_name = "RULE", value_delimiter = ',')]
    pub ignore: Vec<String>,
    /// Accept the findings listed in this file (default: `baseline` of the configuration); what it lists and is no longer there is a finding itself.
    #[arg(long, value_name = "FILE")]
    pub baseline: Option<PathBuf>,
    /// Write the baseline: all findings when there is none yet, else without those that are repaired; new ones are reported, not accepted.
    #[arg(long, conflicts_with_all = ["since", "stdin_filename", "staged", "paths"])]
    pub update_baseline: bool,
    /// With `--update-baseline`: also accept findings that the file does not accept yet.
    #[arg(long, requires = "update_baseline")]
    pub allow_growth: bool,
    /// Make the repairs that need no second look, and report what is left.
    #[arg(long, conflicts_with_all = ["update_baseline"])]
    pub fix: bool,
    /// With `--fix` or `--diff`: also the repairs that want a second look.
    #[arg(long)]
    pub unsafe_fixes: bool,
    /// Show what `--fix` would change, and write nothing; exit with 1 if it would.
    #[arg(long, conflicts_with_all = ["update_baseline"])]
    pub diff: bool,
    /// Neither use nor keep what earlier runs found in the same state of the files.
    #[arg(long)]
    pub no_cache: bool,
    /// Print the merged configuration and where it came from, and stop.
    #[arg(long)]
    pub show_config: bool,
    /// Excluded files stay excluded even when named: always so; taken for the sake of hooks written for other tools.
    #[arg(long, hide = true)]
    pub force_exclude: bool,
}

/// `dbtruth server`
#[cfg(feature = "server")]
#[derive(Clone, Copy, Debug, clap::Args)]
pub struct Server {
    /// The only way there is; taken because editors pass it.
    #[arg(long, hide = true)]
    pub stdio: bool,
}
