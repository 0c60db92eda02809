//! Indexes and constraints.

use super::M;
use super::create::{columns_of, groups};
use super::fields::{ModelKey, last};
use super::operations::{alter, name};
use crate::migrations::python::{Made, Value};
use crate::migrations::sqltext::{Sql, quoted};
use crate::source::Location;

pub(super) fn drop_unique(m: &mut M<'_, '_>, table: &str, columns: &[String], at: Location) {
    let found = m.host.db.find(None, table).and_then(|(_, r)| r.unique.iter().find(|u| u.columns == columns).map(|u| u.name.clone()));
    if let Some(n) = found {
        m.sql(&Sql::new(at, &format!("ALTER TABLE {} DROP CONSTRAINT {}", quoted(table), quoted(&n))).finish());
    }
}

pub(super) fn drop_key(m: &mut M<'_, '_>, table: &str, column: &str, at: Location) {
    let found = m.host.db.find(None, table).and_then(|(_, r)| r.foreign_keys.iter().find(|k| k.columns == [column]).map(|k| k.name.clone()));
    if let Some(n) = found {
        m.sql(&Sql::new(at, &format!("ALTER TABLE {} DROP CONSTRAINT {}", quoted(table), quoted(&n))).finish());
    }
}

pub(super) fn unique_together<'a>(m: &mut M<'_, 'a>, key: &ModelKey, made: &Made<'a>, tables: bool) -> Option<()> {
    let value = made.args.get(1, "unique_together")?.clone();
    let new = groups(m, &value);
    let model = m.host.models.get_mut(key)?;
    let old = std::mem::replace(&mut model.unique_together, new.clone());
    let model = model.clone();
    if tables && model.has_table {
        let table = m.host.table(key);
        for group in old.iter().filter(|g| !new.contains(g)) {
            let columns: Vec<String> = columns_of(&model, group, made.at).into_iter().map(|n| n.text).collect();
            drop_unique(m, &table, &columns, made.at);
        }
        for group in new.iter().filter(|g| !old.contains(g)) {
            let mut sql = alter(&table, made.at);
            sql.raw("ADD UNIQUE ").names(&columns_of(&model, group, made.at));
            m.sql(&sql.finish());
        }
    }
    Some(())
}

pub(super) fn add_index<'a>(m: &mut M<'_, 'a>, key: &ModelKey, made: &Made<'a>, tables: bool) -> Option<()> {
    let Value::Made(i) = made.args.get(1, "index")? else { return None };
    if tables && m.host.models.get(key)?.has_table { index(m, key, i) } else { Some(()) }
}

pub(super) fn index<'a>(m: &mut M<'_, 'a>, key: &ModelKey, made: &Made<'a>) -> Option<()> {
    let model = m.host.models.get(key)?.clone();
    let table = m.host.table(key);
    let list = made.args.keyword("fields").cloned().unwrap_or_default();
    let fields: Vec<String> = m.members_of(&list).iter().filter_map(Value::constant).collect();
    if fields.is_empty() || made.args.keyword("condition").is_some_and(|c| !matches!(c, Value::None)) {
        // An index over expressions or a part of the rows: columns stay as they are.
        m.host.db.schema_mut().mark_incomplete(format!("public.{table}"), "an index over an expression could not be worked out");
        return Some(());
    }
    let method = match last(made.path.as_str()) {
        "GinIndex" => " USING gin",
        "GistIndex" => " USING gist",
        "BrinIndex" => " USING brin",
        "HashIndex" => " USING hash",
        _ => "",
    };
    let mut sql = Sql::new(made.at, "CREATE INDEX ");
    if let Some(n) = made.args.text(99, "name") {
        sql.name(&name(&n, made.at));
    }
    sql.raw(" ON ").name(&name(&table, made.at)).raw(method).raw(" (");
    for (n, f) in fields.iter().enumerate() {
        let (bare, descending) = f.strip_prefix('-').map_or((f.as_str(), false), |b| (b, true));
        let column = columns_of(&model, &[bare.to_owned()], made.at);
        sql.raw(if n > 0 { ", " } else { "" }).name(&column[0]).raw(if descending { " DESC" } else { "" });
    }
    sql.raw(")");
    m.sql(&sql.finish());
    Some(())
}

pub(super) fn remove_index(m: &mut M<'_, '_>, made: &Made<'_>, tables: bool) -> Option<()> {
    let n = made.args.text(1, "name")?;
    if tables {
        m.sql(&Sql::new(made.at, &format!("DROP INDEX IF EXISTS {}", quoted(&n))).finish());
    }
    Some(())
}

pub(super) fn rename_index(m: &mut M<'_, '_>, made: &Made<'_>, tables: bool) -> Option<()> {
    let (new, old) = (made.args.text(1, "new_name")?, made.args.text(2, "old_name"));
    if let (true, Some(old)) = (tables, old) {
        m.sql(&Sql::new(made.at, &format!("ALTER INDEX IF EXISTS {} RENAME TO {}", quoted(&old), quoted(&new))).finish());
    }
    Some(())
}

pub(super) fn add_constraint<'a>(m: &mut M<'_, 'a>, key: &ModelKey, made: &Made<'a>, tables: bool) -> Option<()> {
    let Value::Made(c) = made.args.get(1, "constraint")? else { return None };
    if tables && m.host.models.get(key)?.has_table { constraint(m, key, c) } else { Some(()) }
}

pub(super) fn constraint<'a>(m: &mut M<'_, 'a>, key: &ModelKey, made: &Made<'a>) -> Option<()> {
    let model = m.host.models.get(key)?.clone();
    let table = m.host.table(key);
    let list = made.args.keyword("fields").cloned().unwrap_or_default();
    let fields: Vec<String> = m.members_of(&list).iter().filter_map(Value::constant).collect();
    let plain = last(made.path.as_str()) == "UniqueConstraint" && !fields.is_empty() && made.args.keyword("condition").is_none_or(|c| matches!(c, Value::None));
    if !plain {
        m.host.db.schema_mut().mark_incomplete(format!("public.{table}"), "a constraint over an expression could not be worked out");
        return Some(());
    }
    let mut sql = alter(&table, made.at);
    sql.raw("ADD ");
    if let Some(n) = made.args.text(99, "name") {
        sql.raw("CONSTRAINT ").name(&name(&n, made.at)).raw(" ");
    }
    sql.raw("UNIQUE ").names(&columns_of(&model, &fields, made.at));
    m.sql(&sql.finish());
    Some(())
}

pub(super) fn remove_constraint<'a>(m: &mut M<'_, 'a>, key: &ModelKey, made: &Made<'a>, tables: bool) -> Option<()> {
    let n = made.args.text(1, "name")?;
    if tables {
        let table = m.host.table(key);
        m.sql(&Sql::new(made.at, &format!("ALTER TABLE {} DROP CONSTRAINT IF EXISTS {}", quoted(&table), quoted(&n))).finish());
        m.sql(&Sql::new(made.at, &format!("DROP INDEX IF EXISTS {}", quoted(&n))).finish());
    }
    Some(())
}
