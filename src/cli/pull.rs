//! `dbtruth pull`: writes the lock, from a live database or from DDL.

use std::path::{Path, PathBuf};

use super::args::Pull;
use super::check::working_directory;
use super::{Code, out};
use crate::check::Failure;
use crate::config;
use crate::discover::{display_path, normalise};
use crate::migrations;
use crate::schema::Schema;
use crate::schema::lock;
use crate::sql::ddl::Ddl;

/// Runs the command: 0 written or up to date, 1 with `--check` when it would change.
pub fn run(args: &Pull) -> Result<Code, Failure> {
    let cwd = working_directory()?;
    let path = lock_path(args, &cwd)?;
    let shown = display_path(&path, &cwd);
    let schema = match &args.from {
        Some(from) => from_ddl(from)?,
        None => from_database(args)?,
    };
    for object in &schema.incomplete {
        out::say(&format!("note: {} is only partly known: {}", object.object, object.reason));
    }
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

/// Where the lock goes: `--output`, else what the configuration says, else the usual name here.
fn lock_path(args: &Pull, cwd: &Path) -> Result<PathBuf, Failure> {
    if let Some(output) = &args.output {
        return Ok(normalise(output, cwd));
    }
    let config = config::find_upwards(cwd)?.unwrap_or_default();
    let dir = config.path.as_deref().and_then(Path::parent).unwrap_or(cwd);
    Ok(dir.join(config.config.lock_name()))
}

/// The schema of the database that the arguments and the environment name.
#[cfg(feature = "live")]
fn from_database(args: &Pull) -> Result<Schema, Failure> {
    use crate::schema::live::{DsnOptions, Redacted, pull};
    let options = DsnOptions { url: args.database_url.clone().map(Redacted::new), ..DsnOptions::default() };
    pull(&options).map_err(|e| Failure { message: e.message, help: e.help })
}

#[cfg(not(feature = "live"))]
fn from_database(_: &Pull) -> Result<Schema, Failure> {
    Err(Failure::new("this dbtruth was built without the database client").help("name a file or folder with `--from`, or build with the feature `live`"))
}

/// The schema that a file of DDL, or a folder of migrations, leaves behind.
fn from_ddl(from: &Path) -> Result<Schema, Failure> {
    if from.is_dir()
        && let Ok(schema) = crate::migrations::pull_from(from)
    {
        return Ok(schema);
    }
    if !from.is_dir() {
        return run_in_order(from, vec![from.to_path_buf()]);
    }
    match migrations::pull_from(from) {
        Ok(schema) => Ok(schema),
        Err(why) => {
            let files = sql_files(from)?;
            if files.is_empty() { Err(Failure::new(format!("{}: {why}", from.display()))) } else { run_in_order(from, files) }
        }
    }
}

/// The schema that SQL files leave behind when they run one after another.
fn run_in_order(from: &Path, files: Vec<PathBuf>) -> Result<Schema, Failure> {
    let mut ddl = Ddl::new();
    for file in files {
        let bytes = std::fs::read(&file).map_err(|e| Failure::new(format!("{}: cannot be read: {e}", file.display())))?;
        let text = String::from_utf8(bytes).map_err(|e| Failure::new(format!("{}: not UTF-8 (byte {})", file.display(), e.utf8_error().valid_up_to())))?;
        ddl.run(up_part(&text));
    }
    let mut schema = ddl.finish();
    schema.drop_platform(&[]);
    if schema.relations.is_empty() {
        return Err(Failure::new(format!("{}: no table was found", from.display()))
            .help("name a file of DDL, such as `pg_dump --schema-only` writes, or a folder of them"));
    }
    Ok(schema)
}

/// The migrations of a folder in the order of their names, as every tool that numbers them runs them. Those that undo are left out.
fn sql_files(folder: &Path) -> Result<Vec<PathBuf>, Failure> {
    let cannot = |e: std::io::Error| Failure::new(format!("{}: cannot be read: {e}", folder.display()));
    let mut files = Vec::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).map_err(cannot)? {
            let entry = entry.map_err(cannot)?;
            let (path, kind) = (entry.path(), entry.file_type().map_err(cannot)?);
            let name = entry.file_name().to_string_lossy().to_lowercase();
            let undoes = [".down.sql", "_down.sql", "-down.sql"].iter().any(|end| name.ends_with(end)) || name == "down.sql";
            if kind.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|e| e.eq_ignore_ascii_case("sql")) && !undoes {
                files.push(path);
            }
        }
    }
    files.sort();
    Ok(files)
}

/// What runs forward in a file that holds both ways: up to the mark of dbmate, goose or sql-migrate.
fn up_part(text: &str) -> &str {
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let mark = line.trim().strip_prefix("--").map(|l| l.trim().to_ascii_lowercase());
        if mark.is_some_and(|m| m.starts_with("migrate:down") || m.starts_with("+goose down") || m.starts_with("+migrate down")) {
            return &text[..at];
        }
        at += line.len();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::up_part;

    #[test]
    fn only_the_way_forward_runs() {
        assert_eq!(up_part("-- migrate:up\nCREATE TABLE a ();\n-- migrate:down\nDROP TABLE a;\n"), "-- migrate:up\nCREATE TABLE a ();\n");
        assert_eq!(up_part("CREATE TABLE a ();"), "CREATE TABLE a ();");
    }
}
