//! `CREATE TABLE` and everything that stands in one.

use super::Alembic;
use super::columns::{self, Column, actions, last, name, raw};
use super::indexes::{index_of, table_index};
use super::operations::{Call, Table};
use super::types::Enumeration;
use crate::migrations::python::{Args, Machine, Value};
use crate::migrations::sqltext::{Name, Sql, literal};
use crate::source::Location;
use crate::syntax::sql::template::Template;

type M<'m, 'a> = Machine<'m, 'a, Alembic<'a>>;

/// Names in a list; `None` where one could not be worked out.
pub(super) fn names(m: &mut M<'_, '_>, value: Option<(Value<'_>, Location)>) -> Option<Vec<Name>> {
    let _ = m;
    let (v, at) = value?;
    if let Some(one) = name(&v, at) {
        return Some(vec![one]);
    }
    let (items, open) = v.items()?;
    if open {
        return None;
    }
    items.iter().map(|i| name(i, at)).collect()
}

/// A column's definition behind its name: type, default, NOT NULL.
pub(super) fn definition(m: &mut M<'_, '_>, sql: &mut Sql, c: &Column, serial: bool) {
    let _ = m;
    let ty = c.ty.text.as_deref().unwrap_or("unknown");
    let ty = match (serial, ty) {
        (true, "integer") => "serial",
        (true, "bigint") => "bigserial",
        (true, "smallint") => "smallserial",
        (_, other) => other,
    };
    sql.name(&c.name).raw(" ").raw(ty);
    if let Some(d) = &c.default {
        sql.raw(" ").template(d);
    }
    if c.not_null {
        sql.raw(" NOT NULL");
    }
}

/// Whether a primary key column counts up by itself: the only one, an integer, neither a foreign key nor with a default of its own.
pub(super) fn counts_up(c: &Column, key: &[String]) -> bool {
    let in_key = key.contains(&c.name.text);
    let alone = key.len() == 1 && c.foreign_keys.is_empty();
    c.ty.integer && !c.filled && in_key && c.autoincrement.unwrap_or(alone)
}

pub(super) fn create_table<'a>(m: &mut M<'_, 'a>, call: &Call<'_, 'a>) -> Value<'a> {
    let Some((v, at)) = call.value(0, usize::MAX, "table_name").or_else(|| call.value(0, usize::MAX, "name")) else { return Value::Unknown };
    let parts: Vec<_> = call.args.positional.iter().skip(1).cloned().collect();
    let Some(table_name) = name(&v, at) else {
        m.lost(None, "a table is created whose name could not be worked out", call.at);
        return Value::Unknown;
    };
    let table = Table { schema: call.args.named("schema"), name: table_name };
    build_table(m, &table, &parts, call.args, call.at);
    // What it gives is the table, for `bulk_insert`.
    let at = call.at;
    let args = Args { positional: call.args.positional.clone(), keywords: call.args.keywords.clone(), open: call.args.open };
    Value::Made(std::rc::Rc::new(crate::migrations::python::Made { path: "sqlalchemy.Table".into(), receiver: None, args, at }))
}

/// `CREATE TABLE` and what comes with it.
pub fn build_table<'a>(m: &mut M<'_, 'a>, table: &Table, parts: &[(Value<'a>, Location)], args: &Args<'a>, at: Location) {
    let mut unclear = args.open.then_some("the columns of a table could not be worked out");
    let mut columns = Vec::new();
    let mut constraints = Vec::new();
    let mut key: Vec<String> = Vec::new();
    for (v, _) in parts {
        if let Some(c) = columns::column(m, v) {
            unclear = unclear.or(c.unclear);
            columns.push(c);
        } else {
            match constraint(m, table, v) {
                Some(Some(c)) => constraints.push(c),
                Some(None) => {}
                None => unclear = unclear.or(Some("a part of a table could not be worked out")),
            }
            if let Some(made) = v.made().filter(|c| last(c.path.as_str()) == "PrimaryKeyConstraint") {
                key = made.args.positional.iter().filter_map(|(v, at)| name(v, *at)).map(|n| n.text).collect();
            }
        }
    }
    let inline: Vec<Name> = columns.iter().filter(|c| c.primary_key).map(|c| c.name.clone()).collect();
    if key.is_empty() {
        key = inline.iter().map(|n| n.text.clone()).collect();
        if !inline.is_empty() {
            let mut sql = Sql::new(at, "");
            name_constraint(m, &mut sql, None, "pk", table, &inline, None);
            sql.raw("PRIMARY KEY ").names(&inline);
            constraints.push(sql.finish());
        }
    }
    for c in &columns {
        if let Some(e) = &c.ty.enumeration {
            create_enum(m, e, c.at);
        }
    }
    let mut sql = Sql::new(at, if args.flag("if_not_exists") { "CREATE TABLE IF NOT EXISTS " } else { "CREATE TABLE " });
    table.push(&mut sql);
    sql.raw(" (");
    let mut first = true;
    for c in &columns {
        if !first {
            sql.raw(", ");
        }
        first = false;
        let mut c = c.clone();
        c.not_null |= key.contains(&c.name.text);
        definition(m, &mut sql, &c, counts_up(&c, &key));
    }
    for c in &columns {
        for reference in &c.foreign_keys {
            sql.raw(", ");
            foreign_key(m, &mut sql, table, c, reference);
        }
        if c.unique && !c.index {
            sql.raw(", ");
            name_constraint(m, &mut sql, None, "uq", table, std::slice::from_ref(&c.name), None);
            sql.raw("UNIQUE ").names(std::slice::from_ref(&c.name));
        }
    }
    for c in &constraints {
        if !first {
            sql.raw(", ");
        }
        first = false;
        sql.template(c);
    }
    sql.raw(")");
    m.sql(&sql.finish());
    for c in columns.iter().filter(|c| c.index) {
        index_of(m, table, c);
    }
    for (v, _) in parts {
        if let Some(made) = v.made().filter(|i| last(i.path.as_str()) == "Index") {
            table_index(m, table, &made.args, made.at);
        }
    }
    comments(m, table, args.named("comment").as_deref(), &columns, at);
    if let Some(reason) = unclear {
        m.lost(Some(table), reason, at);
    }
}

pub(super) fn comments(m: &mut M<'_, '_>, table: &Table, comment: Option<&str>, columns: &[Column], at: Location) {
    if let Some(c) = comment {
        let mut sql = Sql::new(at, "COMMENT ON TABLE ");
        table.push(&mut sql);
        sql.raw(&format!(" IS {}", literal(c)));
        m.sql(&sql.finish());
    }
    for c in columns {
        if let Some(text) = &c.comment {
            let mut sql = Sql::new(c.at, "COMMENT ON COLUMN ");
            table.push(&mut sql);
            sql.raw(".").name(&c.name).raw(&format!(" IS {}", literal(text)));
            m.sql(&sql.finish());
        }
    }
}

/// `CONSTRAINT name`, if it has one: as given, or by the naming convention of the metadata.
pub(super) fn name_constraint(m: &mut M<'_, '_>, sql: &mut Sql, given: Option<&Name>, kind: &str, table: &Table, columns: &[Name], referred: Option<&str>) {
    let name = match given {
        Some(n) => Some(n.clone()),
        None => m.host.conventional(kind, &table.name.text, columns, referred).map(|text| Name { text, at: table.name.at }),
    };
    if let Some(name) = name {
        sql.raw("CONSTRAINT ").name(&name).raw(" ");
    }
}

pub(super) fn foreign_key(m: &mut M<'_, '_>, sql: &mut Sql, table: &Table, c: &Column, reference: &columns::Reference) {
    let referred = reference.references.text().split('"').skip(1).step_by(2).collect::<Vec<_>>();
    let referred = referred.len().checked_sub(2).and_then(|n| referred.get(n)).map(|s| (*s).to_owned());
    name_constraint(m, sql, reference.name.as_ref(), "fk", table, std::slice::from_ref(&c.name), referred.as_deref());
    sql.raw("FOREIGN KEY ").names(std::slice::from_ref(&c.name)).raw(" ").template(&reference.references);
}

/// A constraint inside a table: `Some(None)` for what is none, `None` for what is not understood.
#[expect(clippy::option_option, reason = "not understood, nothing to say, SQL")]
pub(super) fn constraint<'a>(m: &mut M<'_, 'a>, table: &Table, value: &Value<'a>) -> Option<Option<Template>> {
    let Some(made) = value.made() else { return if matches!(value, Value::None) { Some(None) } else { None } };
    let given = made.args.keyword("name").and_then(|v| name(v, made.at));
    let mut sql = Sql::new(made.at, "");
    match last(made.path.as_str()) {
        kind @ ("PrimaryKeyConstraint" | "UniqueConstraint") => {
            let columns: Option<Vec<Name>> = made.args.positional.iter().map(|(v, at)| name(v, *at).or_else(|| column_name(v, *at))).collect();
            let columns = columns?;
            if columns.is_empty() {
                return Some(None);
            }
            let (short, words) = if kind == "UniqueConstraint" { ("uq", "UNIQUE ") } else { ("pk", "PRIMARY KEY ") };
            name_constraint(m, &mut sql, given.as_ref(), short, table, &columns, None);
            if made.args.flag("postgresql_nulls_not_distinct") && short == "uq" {
                sql.raw("UNIQUE NULLS NOT DISTINCT ").names(&columns);
            } else {
                sql.raw(words).names(&columns);
            }
            sql.raw(&actions(&made.args));
        }
        // `use_alter` leaves the key to `create_all`; `op.create_table` writes none.
        "ForeignKeyConstraint" if made.args.flag("use_alter") => return Some(None),
        "ForeignKeyConstraint" => {
            let columns = names(m, made.args.get(0, "columns").map(|v| (v.clone(), made.at)))?;
            let (targets, at) = (made.args.get(1, "refcolumns")?.clone(), made.at);
            let (targets, _) = targets.items()?;
            let mut target_columns = Vec::new();
            let mut target = None;
            for t in &targets {
                let n = name(t, at)?;
                let mut parts: Vec<&str> = n.text.split('.').collect();
                target_columns.push(Name { text: parts.pop()?.to_owned(), at: n.at });
                let table = parts.pop()?.to_owned();
                target = Some(Table { schema: (!parts.is_empty()).then(|| parts.join(".")), name: Name { text: table, at: n.at } });
            }
            let target = target?;
            name_constraint(m, &mut sql, given.as_ref(), "fk", table, &columns, Some(&target.name.text));
            sql.raw("FOREIGN KEY ").names(&columns).raw(" REFERENCES ");
            target.push(&mut sql);
            sql.raw(" ").names(&target_columns).raw(&actions(&made.args));
        }
        "CheckConstraint" => {
            let condition = made.args.get(0, "sqltext").and_then(|v| raw(v, made.at))?;
            let given = given.map(|n| m.host.check_name(n, &table.name.text));
            name_constraint(m, &mut sql, given.as_ref(), "", table, &[], None);
            sql.raw("CHECK (").template(&condition).raw(")");
        }
        "ExcludeConstraint" => {
            exclude(m, &mut sql, &made.args, given.as_ref(), made.at)?;
        }
        "Index" | "Comment" | "Sequence" => return Some(None),
        _ => return None,
    }
    Some(Some(sql.finish()))
}

/// The name of `sa.column("x")` or `table.c.x`.
pub(super) fn column_name(value: &Value<'_>, at: Location) -> Option<Name> {
    let made = value.made()?;
    match last(made.path.as_str()) {
        "column" | "Column" => made.args.positional.first().and_then(|(v, at)| name(v, *at)),
        other if made.path.as_str().ends_with(&format!(".c.{other}")) => Some(Name { text: other.to_owned(), at }),
        _ => None,
    }
}

pub(super) fn exclude<'a>(m: &mut M<'_, 'a>, sql: &mut Sql, args: &Args<'a>, given: Option<&Name>, at: Location) -> Option<()> {
    if let Some(n) = given {
        sql.raw("CONSTRAINT ").name(n).raw(" ");
    }
    sql.raw(&format!("EXCLUDE USING {} (", args.named("using").unwrap_or_else(|| "gist".to_owned())));
    let elements: Vec<_> = args.positional.iter().filter_map(|(v, _)| v.items()).collect();
    if elements.is_empty() {
        return None;
    }
    for (n, (pair, _)) in elements.iter().enumerate() {
        let [element, operator] = pair.as_slice() else { return None };
        if n > 0 {
            sql.raw(", ");
        }
        match element {
            Value::Str(_) => sql.name(&name(element, at)?),
            other => match column_name(other, at) {
                Some(n) => sql.name(&n),
                None => sql.template(&columns::expression(m, other, at, 0)?),
            },
        };
        sql.raw(&format!(" WITH {}", operator.constant()?));
    }
    sql.raw(")");
    if let Some(w) = args.keyword("where").and_then(|v| raw(v, at)) {
        sql.raw(" WHERE (").template(&w).raw(")");
    }
    Some(())
}

/// `CREATE TYPE … AS ENUM`, unless it is there.
pub fn create_enum(m: &mut M<'_, '_>, e: &Enumeration, at: Location) {
    if !e.create || m.host.db.schema().find(&m.host.db.schema().enums, e.schema.as_deref(), &e.name).is_some() {
        return;
    }
    let Some(labels) = &e.labels else {
        m.host.db.schema_mut().mark_incomplete(e.name.clone(), "the labels of an enum could not be worked out");
        return;
    };
    let labels: Vec<_> = labels.iter().map(|l| literal(l)).collect();
    m.sql(&Sql::new(at, &format!("CREATE TYPE {} AS ENUM ({})", e.sql_name(), labels.join(", "))).finish());
}
