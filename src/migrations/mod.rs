//! Histories of migrations, replayed without running anything: Alembic, Django, folders of SQL.
//!
//! A history becomes SQL, statement by statement, and the SQL changes a [`Schema`](crate::schema::Schema). What cannot be decided makes the relation open
//! and stands under `incomplete`.

pub mod alembic;
mod base;
mod besides;
mod database;

mod django;
mod files;
mod find;
mod first;
mod jinja;
mod liquibase;
mod order;
mod passed;
mod python;
mod rivals;
mod routines;
mod session;
mod sqitch;
mod sqltext;
mod survey;

#[cfg(test)]
mod tests;

use std::path::Path;

pub use database::{Database, Problem};
pub use files::up_part;
pub use find::{Histories, histories};
pub use python::{Disk, Files, Shelf};
pub use survey::{History, Tool, histories as histories_of};

use crate::schema::Schema;

/// The stack that a replay may use: its recursion is bounded by the depth of trees times the depth of calls.
const STACK: usize = 256 * 1024 * 1024;

/// The schema that the migrations under a path leave behind in a fresh PostgreSQL; and other folders of SQL migrations there, which were left out.
///
/// # Errors
/// When the path cannot be read, or holds no migrations.
pub fn pull_from(path: &Path) -> Result<(Schema, Vec<String>), String> {
    let path = path.to_owned();
    let run = move || {
        let found = histories(&path)?;
        let (mut schema, paths, differing) = replay(&found);
        if found.sql.is_some() && !schema.relations.is_empty() && schema.relations.values().all(|r| r.open && r.columns.is_empty()) {
            return Err(format!("{}: SQL was found, but not one of its tables was understood; it is perhaps for another database", path.display()));
        }
        session::adopt(&mut schema, &path, &paths);
        Ok((schema, found.sql_besides.into_iter().chain(differing).collect()))
    };
    let thread = std::thread::Builder::new().stack_size(STACK).spawn(run).map_err(|e| e.to_string())?;
    thread.join().unwrap_or_else(|_| Err("the migrations could not be replayed".to_owned()))
}

/// The schema that a file of SQL with Jinja's tags may leave behind; `None` for one that is no template.
pub fn of_template(text: &str) -> Option<Schema> {
    jinja::is_template(text).then(|| {
        let mut db = Database::new();
        for (part, doubt) in jinja::parts(crate::source::FileId(0), text) {
            db.execute(&part, doubt);
        }
        db.finish()
    })
}

/// The schema that histories leave behind, the search paths that their environments set, and the scripts beside them that tell another tale.
fn replay(found: &Histories) -> (Schema, Vec<Vec<String>>, Vec<String>) {
    let shelf = Shelf::default();
    let disk = Disk::new(&shelf);
    let mut db = Database::new();
    for tree in &found.alembic {
        db = alembic::replay(&disk, tree, db).0;
        db.next_history();
    }
    if let Some(first) = found.alembic.first().and_then(|t| t.files.first())
        && !db.is_whole()
    {
        let revisions = found.alembic.iter().flat_map(|t| &t.files).cloned().collect();
        first::complete(&mut db, &revisions, Path::new(first).parent().unwrap_or(Path::new("/")));
    }
    let mut django = found.django.as_ref().map(|apps| django::replay(&disk, apps));
    if found.alembic.is_empty()
        && let Some(alone) = django.take()
    {
        db = alone;
    }
    if let Some((folder, scripts)) = &found.sql {
        db = files::replay(&disk, folder, scripts, db);
        if !found.sql_in_order {
            rivals::confess(&mut db, &disk, folder, scripts);
        }
    }
    for (folder, scripts) in &found.left_out {
        besides::confess(&mut db, &disk, (folder, scripts), true);
    }
    let mut differing = Vec::new();
    for loose in &found.loose {
        if besides::confess(&mut db, &disk, (&loose.folder, &loose.scripts), false) {
            differing.push(loose.name.clone());
        }
    }
    let paths = db.paths_set().to_vec();
    let mut schema = db.finish();
    if let Some(django) = django {
        join(&mut schema, django.finish());
    }
    (schema, paths, differing)
}

/// Adds what a second history makes: a Django project beside one of Alembic. Of a table that both make nobody can tell which it is.
fn join(schema: &mut Schema, other: Schema) {
    for (name, relation) in other.relations {
        match schema.relations.get_mut(&name) {
            None => drop(schema.relations.insert(name, relation)),
            Some(have) => {
                have.open = true;
                for column in relation.into_inner().columns {
                    if have.column(&column.name).is_none() {
                        have.put_column(column);
                    }
                }
                schema.mark_incomplete(name.to_string(), database::TWO_CREATE);
            }
        }
    }
    for (name, labels) in other.enums {
        schema.enums.entry(name).or_insert(labels);
    }
    schema.sequences.extend(other.sequences);
    for entry in other.incomplete {
        schema.mark_incomplete(entry.object, &entry.reason);
    }
}
