//! `dbtruth pull`: writes the lock, from a live database or from DDL.

use std::path::{Path, PathBuf};

use super::args::Pull;
use super::check::working_directory;
use super::{Code, out};
use crate::check::Failure;
use crate::config;
use crate::discover::{display_path, normalise};
use crate::migrations::{self, up_part};
use crate::schema::Schema;
use crate::schema::lock;

/// Runs the command: 0 written or up to date, 1 with `--check` when it would change.
pub fn run(args: &Pull) -> Result<Code, Failure> {
    let cwd = working_directory()?;
    let path = lock_path(args, &cwd)?;
    let shown = display_path(&path, &cwd);
    let schema = match &args.from {
        Some(from) => from_ddl(from)?,
        None => live(args.database_url.as_deref(), Vec::new())?,
    };
    confess(&schema);
    let cannot = |doing: &str, e: std::io::Error| Failure::new(format!("{shown}: cannot be {doing}: {e}"));
    if args.check {
        let changes = lock::would_change(&path, &schema).map_err(|e| cannot("read", e))?;
        out::say(&if changes { format!("{shown} would change; run `dbtruth pull`") } else { format!("{shown} is up to date") });
        return Ok(Code::from(changes));
    }
    let changed = lock::save(&path, &schema).map_err(|e| cannot("written", e))?;
    let tables = schema.relations.len();
    out::say(&format!("{shown} {}: {tables} tables and views", if changed { "written" } else { "is up to date" }));
    Ok(0)
}

/// Names listed of one kind; all of them stand in the lock.
const NAMED: usize = 5;

/// Says what is only partly known, one line a reason: a lock of old migrations may have hundreds of such tables.
fn confess(schema: &Schema) {
    let mut by_reason: std::collections::BTreeMap<&str, Vec<&str>> = std::collections::BTreeMap::new();
    for object in &schema.incomplete {
        // What names no object concerns all of them.
        let name = if matches!(object.object.as_str(), "schema" | "do block" | "a name") { "the schema as a whole" } else { &object.object };
        let names = by_reason.entry(&object.reason).or_default();
        if !names.contains(&name) {
            names.push(name);
        }
    }
    for (reason, names) in by_reason {
        let list = names.iter().take(NAMED).copied().collect::<Vec<_>>().join(", ");
        match names.len() {
            1 => out::say(&format!("note: {list} is only partly known: {reason}")),
            n if n <= NAMED => out::say(&format!("note: {list} are only partly known: {reason}")),
            n => out::say(&format!("note: {n} objects are only partly known: {reason}: {list} and {} more, listed under `incomplete` of the lock", n - NAMED)),
        }
    }
    if schema.incomplete.iter().filter(|i| !i.leaves_columns()).count() * 2 > schema.relations.len() {
        out::say(
            "note: most tables are only partly known and little can be checked; a dump of the database (`pg_dump --schema-only`) or the database itself would tell all",
        );
    }
}

/// Where the lock goes: `--output`, else what the configuration says, else the usual name here.
fn lock_path(args: &Pull, cwd: &Path) -> Result<PathBuf, Failure> {
    if let Some(output) = &args.output {
        return Ok(normalise(output, cwd));
    }
    let config = config::find_upwards(cwd)?.unwrap_or_default();
    let dir = config.path.as_deref().and_then(Path::parent).unwrap_or(cwd);
    Ok(dir.join(config.config.lock_name()))
}

/// The schema of the database that the URL, or else the environment, names. `keep` are schemas that stay although a platform owns them.
#[cfg(feature = "live")]
pub(super) fn live(url: Option<&str>, keep: Vec<String>) -> Result<Schema, Failure> {
    use crate::schema::live::{DsnOptions, Redacted};
    use crate::sql::live::pull;
    let options = DsnOptions { url: url.map(Redacted::new), keep_schemas: keep };
    pull(&options).map_err(|e| Failure { message: e.message, help: e.help })
}

#[cfg(not(feature = "live"))]
pub(super) fn live(_: Option<&str>, _: Vec<String>) -> Result<Schema, Failure> {
    Err(Failure::new("this dbtruth was built without the database client").help("name a file or folder with `--from`, or build with the feature `live`"))
}

/// The schema that a file of DDL, or the migrations of a folder, leave behind in an empty database.
fn from_ddl(from: &Path) -> Result<Schema, Failure> {
    let mut schema = if from.is_dir() {
        let (schema, besides) = migrations::pull_from(from).map_err(Failure::new)?;
        if !besides.is_empty() {
            out::say(&format!("note: of several histories, or folders of SQL, one was read; SQL left out: {}", besides.join(", ")));
        }
        schema
    } else {
        let bytes = std::fs::read(from).map_err(|e| Failure::new(format!("{}: cannot be read: {e}", from.display())))?;
        let text = String::from_utf8(bytes).map_err(|e| Failure::new(format!("{}: not UTF-8 (byte {})", from.display(), e.utf8_error().valid_up_to())))?;
        migrations::of_template(up_part(&text)).unwrap_or_else(|| crate::sql::ddl::load_file(up_part(&text)))
    };
    schema.drop_platform(&[]);
    schema.drop_bookkeeping();
    if schema.relations.is_empty() {
        return Err(Failure::new(format!("{}: no table was found", from.display()))
            .help("name a file of DDL, such as `pg_dump --schema-only` writes, or a folder of migrations"));
    }
    Ok(schema)
}
