//! Indexes and constraints.

use super::M;
use super::conditions::condition;
use super::create::{column_index, columns_of, groups, is_indexed, like_index, unique_name};
use super::fields::{Field, ModelKey, last};
use super::operations::{alter, find, name, place};
use crate::migrations::python::{Made, Value};
use crate::migrations::sqltext::{Sql, quoted};
use crate::project::digest::django_index;
use crate::schema::{CONSTRAINT_NOT_KNOWN, INDEX_NOT_KNOWN};
use crate::source::Location;

pub(super) fn drop_unique(m: &mut M<'_, '_>, table: &str, columns: &[String], at: Location) {
    let found = find(m, table).and_then(|(_, r)| r.unique.iter().find(|u| u.columns == columns).map(|u| u.name.clone()));
    if let Some(n) = found {
        m.sql(&Sql::new(at, &format!("ALTER TABLE {} DROP CONSTRAINT {}", quoted(table), quoted(&n))).finish());
    }
}

pub(super) fn drop_key(m: &mut M<'_, '_>, table: &str, column: &str, at: Location) {
    let found = find(m, table).and_then(|(_, r)| r.foreign_keys.iter().find(|k| k.columns == [column]).map(|k| k.name.clone()));
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
            let columns = columns_of(&model, group, made.at);
            sql.raw("ADD CONSTRAINT ").name(&unique_name(&table, &columns, made.at)).raw(" UNIQUE ").names(&columns);
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
    let asked = made.args.keyword("condition").filter(|c| !matches!(c, Value::None)).cloned();
    let rows = asked.as_ref().and_then(|c| condition(m, key, c));
    if fields.is_empty() || asked.is_some() != rows.is_some() {
        // An index over expressions, or a part of the rows that we cannot tell: columns stay as they are.
        m.host.db.schema_mut().mark_incomplete(place(&table).to_string(), INDEX_NOT_KNOWN);
        return Some(());
    }
    let classes = made.args.keyword("opclasses").cloned().map(|v| m.members_of(&v)).unwrap_or_default();
    let include = made.args.keyword("include").cloned().map(|v| m.members_of(&v)).unwrap_or_default();
    let method = match last(made.path.as_str()) {
        "GinIndex" => " USING gin",
        "GistIndex" => " USING gist",
        "BrinIndex" => " USING brin",
        "HashIndex" => " USING hash",
        "SpGistIndex" => " USING spgist",
        "BloomIndex" => " USING bloom",
        _ => "",
    };
    let mut sql = Sql::new(made.at, "CREATE INDEX ");
    if let Some(n) = made.args.named("name") {
        sql.name(&name(&n, made.at));
    }
    sql.raw(" ON ").name(&name(&table, made.at)).raw(method).raw(" (");
    for (n, f) in fields.iter().enumerate() {
        let (bare, descending) = f.strip_prefix('-').map_or((f.as_str(), false), |b| (b, true));
        let column = columns_of(&model, &[bare.to_owned()], made.at);
        sql.raw(if n > 0 { ", " } else { "" }).name(&column[0]);
        if let Some(class) = classes.get(n).and_then(Value::constant) {
            sql.raw(&format!(" {class}"));
        }
        sql.raw(if descending { " DESC" } else { "" });
    }
    sql.raw(")");
    included(&mut sql, &model, &include, made.at);
    if let Some(rows) = rows {
        sql.raw(&format!(" WHERE {rows}"));
    }
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
    let asked = made.args.keyword("condition").or_else(|| made.args.keyword("check")).filter(|c| !matches!(c, Value::None)).cloned();
    let rows = asked.as_ref().and_then(|c| condition(m, key, c));
    let given = made.args.named("name");
    let mut sql = alter(&table, made.at);
    let constraint = given.as_ref().map(|n| format!("CONSTRAINT {} ", quoted(n))).unwrap_or_default();
    let nulls = if matches!(made.args.keyword("nulls_distinct"), Some(Value::Bool(false))) { " NULLS NOT DISTINCT" } else { "" };
    let columns = columns_of(&model, &fields, made.at);
    match (last(made.path.as_str()), rows) {
        ("CheckConstraint", Some(rows)) => {
            sql.raw(&format!("ADD {constraint}CHECK ({rows})"));
        }
        ("UniqueConstraint", rows) if !fields.is_empty() && asked.is_some() == rows.is_some() => {
            let include = made.args.keyword("include").cloned().map(|v| m.members_of(&v)).unwrap_or_default();
            // Rows, covered columns and classes of operators make it an index; PostgreSQL has no such constraint.
            if rows.is_some() || made.args.keyword("opclasses").is_some() {
                sql = Sql::new(made.at, "CREATE UNIQUE INDEX ");
                sql.name(&name(&given?, made.at)).raw(" ON ").name(&name(&table, made.at)).raw(" ").names(&columns);
                included(&mut sql, &model, &include, made.at);
                sql.raw(nulls);
                if let Some(rows) = rows {
                    sql.raw(&format!(" WHERE {rows}"));
                }
            } else {
                sql.raw(&format!("ADD {constraint}UNIQUE{nulls} ")).names(&columns);
                included(&mut sql, &model, &include, made.at);
                sql.raw(match made.args.keyword("deferrable").and_then(|d| d.path()).map(last) {
                    Some("DEFERRED") => " DEFERRABLE INITIALLY DEFERRED",
                    Some("IMMEDIATE") => " DEFERRABLE INITIALLY IMMEDIATE",
                    _ => "",
                });
            }
        }
        _ => {
            m.host.db.schema_mut().mark_incomplete(place(&table).to_string(), CONSTRAINT_NOT_KNOWN);
            return Some(());
        }
    }
    m.sql(&sql.finish());
    Some(())
}

/// `INCLUDE (…)`
fn included<'a>(sql: &mut Sql, model: &super::state::Model<'a>, fields: &[Value<'a>], at: Location) {
    let fields: Vec<String> = fields.iter().filter_map(Value::constant).collect();
    if !fields.is_empty() {
        sql.raw(" INCLUDE ").names(&columns_of(model, &fields, at));
    }
}

/// A field that becomes positive, or is so no longer, gains or loses its check.
pub(super) fn recheck(m: &mut M<'_, '_>, table: &str, column: &str, (was, is): (bool, bool), at: Location) {
    if was && !is {
        let condition = format!("{} >= 0", crate::schema::lock::quote(column));
        let found = find(m, table).and_then(|(_, r)| r.checks.iter().find(|c| *c.1 == condition).map(|c| c.0.clone()));
        if let Some(check) = found {
            m.sql(&Sql::new(at, &format!("ALTER TABLE {} DROP CONSTRAINT {}", quoted(table), quoted(&check))).finish());
        }
    } else if !was && is {
        let name = django_index(table, &[column], "_check");
        m.sql(&Sql::new(at, &format!("ALTER TABLE {} ADD CONSTRAINT {} CHECK ({} >= 0)", quoted(table), quoted(&name), quoted(column))).finish());
    }
}

/// A field that changes gains or loses the indexes that come with its kind.
pub(super) fn reindex<'a>(m: &mut M<'_, 'a>, key: &ModelKey, n: &str, (old, new): (&Field<'a>, &Field<'a>), types: (Option<&str>, &str), at: Location) {
    let (table, column) = (m.host.table(key), new.column(n));
    let (had, has) = (is_indexed(old), is_indexed(new));
    let own = |index: &crate::schema::Index| {
        let digest = index.name.strip_suffix("_like").unwrap_or(&index.name).rsplit('_').next().unwrap_or_default();
        !index.unique && index.keys == [Some(column.clone())] && digest.len() == 8 && digest.bytes().all(|b| b.is_ascii_hexdigit())
    };
    let text = |ty: &str| ["varchar", "text", "citext"].into_iter().find(|t| ty.starts_with(t));
    let retyped = types.0.and_then(text).is_some_and(|t| text(types.1) != Some(t));
    let found: Vec<String> = find(m, &table).map(|(_, r)| r.indexes.iter().filter(|i| own(i)).map(|i| i.name.clone()).collect()).unwrap_or_default();
    let like_gone = retyped || (old.unique() && !new.unique() && !has);
    for index in found.iter().filter(|i| (had && !has && (!new.unique() || !i.ends_with("_like"))) || (like_gone && i.ends_with("_like"))) {
        m.sql(&Sql::new(at, &format!("DROP INDEX {}", quoted(index))).finish());
    }
    if !had && has {
        column_index(m, key, n, new, at);
    } else if !old.unique()
        && new.unique()
        && !find(m, &table).is_some_and(|(_, r)| r.indexes.iter().any(|i| i.name == django_index(&table, &[&column], "_like")))
    {
        like_index(m, key, n, new, at);
    }
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
