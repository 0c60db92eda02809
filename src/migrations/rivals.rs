//! Tables that several files make, of which nobody knows which runs first: with `IF NOT EXISTS` the first of them makes the table, and the others do nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::database::Database;
use super::files::{self, Script};
use super::order;
use super::python::Files;
use crate::schema::QualifiedName;

/// A file that makes a table, and the columns that it gives it.
struct Maker<'s> {
    path: &'s str,
    columns: BTreeSet<String>,
}

/// Says of such tables that they are not wholly known, where it makes a difference which file wins.
pub(super) fn confess(db: &mut Database, disk: &dyn Files<'_>, folder: &str, scripts: &[Script]) {
    let mut made: BTreeMap<QualifiedName, Vec<Maker<'_>>> = BTreeMap::new();
    for script in several(folder, scripts) {
        let alone = files::replay(disk, folder, std::slice::from_ref(script), Database::new());
        for (name, relation) in alone.schema().relations.iter().filter(|r| alone.created(r.0)) {
            let columns = relation.columns.iter().map(|c| c.name.clone()).collect();
            made.entry(name.clone()).or_default().push(Maker { path: script.path(), columns });
        }
    }
    for (name, makers) in made {
        if let Some((one, other)) = differing(db, &name, &makers) {
            let reason = format!("`{one}` and `{other}` create it with different columns, and which of them runs first is not known");
            db.not_understood(Some(&name), &reason);
        }
    }
}

/// The scripts that make a table which another of them makes, too.
fn several<'s>(folder: &str, scripts: &'s [Script]) -> Vec<&'s Script> {
    let mut makers: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for (n, script) in scripts.iter().enumerate() {
        let text = if let Script::Sql(path) = script { files::text(&Path::new(folder).join(path)) } else { None };
        for table in text.map(|t| order::tables(&t.to_ascii_lowercase(), "create")).unwrap_or_default() {
            makers.entry(table).or_default().push(n);
        }
    }
    let wanted: BTreeSet<usize> = makers.into_values().filter(|m| m.len() > 1).flatten().collect();
    wanted.into_iter().map(|n| &scripts[n]).collect()
}

/// Two files between which it matters: what one of them gives the table it does not have now; or it has now what must be filled and what one of them does not
/// give it.
fn differing<'s>(db: &Database, name: &QualifiedName, makers: &[Maker<'s>]) -> Option<(&'s str, &'s str)> {
    let ours = db.schema().relations.get(name)?;
    let lost = |column: &String| ours.column(column).is_none() && !db.has_let_go(name, column);
    let required: Vec<&str> = ours.columns.iter().filter(|c| c.is_required()).map(|c| c.name.as_str()).collect();
    makers.iter().enumerate().find_map(|(n, maker)| {
        let mut others = makers.iter().enumerate().filter(|o| o.0 != n).map(|o| o.1);
        if maker.columns.iter().any(lost) {
            return others.next().map(|other| (other.path, maker.path));
        }
        let gives = |other: &&Maker<'_>| required.iter().any(|c| other.columns.contains(*c) && !maker.columns.contains(*c));
        others.find(gives).map(|other| (other.path, maker.path))
    })
}
