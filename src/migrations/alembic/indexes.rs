//! Indexes in SQL.

use super::Alembic;
use super::columns::{self, Column, last, name, raw};
use super::create::{column_name, names};
use super::operations::{Call, Table};
use crate::migrations::python::{Args, Machine, Value};
use crate::migrations::sqltext::{Name, Sql};
use crate::project::digest::by_sqlalchemy;
use crate::source::Location;

type M<'m, 'a> = Machine<'m, 'a, Alembic<'a>>;

/// The index of a column with `index=True`.
pub(super) fn index_of(m: &mut M<'_, '_>, table: &Table, c: &Column) {
    let made = m.host.conventional("ix", &table.name.text, std::slice::from_ref(&c.name), None);
    let label = table.schema.as_ref().map_or_else(|| table.name.text.clone(), |s| format!("{s}_{}", table.name.text));
    let text = made.unwrap_or_else(|| by_sqlalchemy(&format!("ix_{label}_{}", c.name.text)));
    let mut sql = Sql::new(c.at, if c.unique { "CREATE UNIQUE INDEX " } else { "CREATE INDEX " });
    sql.name(&Name { text, at: c.name.at }).raw(" ON ");
    table.push(&mut sql);
    sql.raw(" ").names(std::slice::from_ref(&c.name));
    m.sql(&sql.finish());
}

pub(super) fn create_index<'a>(m: &mut M<'_, 'a>, call: &Call<'_, 'a>) -> Option<()> {
    let table = call.table(1, "table_name", "schema")?;
    let (keys, at) = call.value(2, 1, "columns")?;
    let keys = match &keys {
        Value::Str(_) | Value::Made(_) => vec![keys.clone()],
        _ => {
            let (items, open) = keys.items()?;
            if open {
                return None;
            }
            items
        }
    };
    let given = call.name(0, 1, "index_name");
    let unique = call.args.flag("unique");
    index(m, &table, given.as_ref(), &keys, unique, call.args, at)
}

/// `Index("name", "column", …)` among the parts of a table.
pub(super) fn table_index<'a>(m: &mut M<'_, 'a>, table: &Table, args: &Args<'a>, at: Location) {
    let given = args.positional.first().and_then(|(v, at)| name(v, *at));
    let keys: Vec<_> = args.positional.iter().skip(1).map(|k| k.0.clone()).collect();
    if index(m, table, given.as_ref(), &keys, args.flag("unique"), args, at).is_none() {
        m.lost(Some(table), "an index could not be worked out", at);
    }
}

pub(super) fn index<'a>(m: &mut M<'_, 'a>, table: &Table, given: Option<&Name>, keys: &[Value<'a>], unique: bool, args: &Args<'a>, at: Location) -> Option<()> {
    let mut sql = Sql::new(at, if unique { "CREATE UNIQUE INDEX " } else { "CREATE INDEX " });
    if args.flag("if_not_exists") {
        sql.raw("IF NOT EXISTS ");
    }
    let plain: Vec<Name> = keys.iter().filter_map(|k| name(k, at)).collect();
    let made = || m.host.conventional("ix", &table.name.text, &plain, None).map(|text| Name { text, at });
    if let Some(n) = given.cloned().or_else(made) {
        sql.name(&n);
    }
    sql.raw(" ON ");
    table.push(&mut sql);
    if let Some(method) = args.named("postgresql_using") {
        sql.raw(&format!(" USING {method}"));
    }
    sql.raw(" (");
    let ops = args.keyword("postgresql_ops").and_then(|v| if let Value::Dict(d) = v { Some(d.borrow().entries.clone()) } else { None }).unwrap_or_default();
    for (n, key) in keys.iter().enumerate() {
        if n > 0 {
            sql.raw(", ");
        }
        let op = |key: &str| ops.iter().find(|e| e.0.constant().as_deref() == Some(key)).and_then(|e| e.1.constant());
        match (name(key, at), column_name(key, at)) {
            (Some(n), _) | (None, Some(n)) if !matches!(key, Value::Made(m) if last(m.path.as_str()) == "text") => {
                sql.name(&n);
                if let Some(op) = op(&n.text) {
                    sql.raw(&format!(" {op}"));
                }
            }
            _ => {
                // `text("lower(name)")`, `func.lower(column)`, `column.desc()`
                let text = columns::expression(m, key, at, 0)?;
                let wrap = matches!(key, Value::Made(m) if last(m.path.as_str()) == "cast");
                sql.raw(if wrap { "(" } else { "" }).template(&text).raw(if wrap { ")" } else { "" });
            }
        }
    }
    sql.raw(")");
    if let Some(include) = args.keyword("postgresql_include") {
        let include = names(m, Some((include.clone(), at)))?;
        if !include.is_empty() {
            sql.raw(" INCLUDE ").names(&include);
        }
    }
    if args.flag("postgresql_nulls_not_distinct") {
        sql.raw(" NULLS NOT DISTINCT");
    }
    if let Some(condition) = args.keyword("postgresql_where").filter(|v| !matches!(v, Value::None)) {
        match raw(condition, at).or_else(|| columns::expression(m, condition, at, 0)) {
            Some(w) => {
                sql.raw(" WHERE ").template(&w);
            }
            None => {
                m.lost(Some(table), "the condition of an index could not be worked out", at);
            }
        }
    }
    m.sql(&sql.finish());
    Some(())
}

pub(super) fn drop_index<'a>(m: &mut M<'_, 'a>, call: &Call<'_, 'a>) -> Option<()> {
    let index = call.name(0, 1, "index_name")?;
    let table = call.table(1, "table_name", "schema");
    let schema = table.as_ref().and_then(|t| t.schema.clone()).or_else(|| call.args.named("schema"));
    // An index of a table that was there before the history is not known by name.
    if let Some((_, r)) = table.as_ref().and_then(|t| m.host.db.find(t.schema.as_deref(), &t.name.text))
        && r.open
        && !r.indexes.iter().any(|i| i.name == index.text)
    {
        return Some(());
    }
    let mut sql = Sql::new(call.at, if call.args.flag("if_exists") { "DROP INDEX IF EXISTS " } else { "DROP INDEX " });
    sql.qualified(schema.as_deref(), &index);
    m.sql(&sql.finish());
    Some(())
}
