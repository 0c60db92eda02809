//! `op.…` in SQL.

use super::Alembic;
use super::columns::{self, Column, actions, last, name, raw};
use super::types::{self, Enumeration};
use crate::migrations::python::{Args, Machine, Value};
use crate::migrations::sqltext::{Name, Sql, literal};
use crate::source::Location;
use crate::syntax::sql::template::Template;

type M<'m, 'a> = Machine<'m, 'a, Alembic<'a>>;

/// The table that an operation is about.
#[derive(Clone, Debug)]
pub struct Table {
    /// Its schema, where given.
    pub schema: Option<String>,
    /// Its name.
    pub name: Name,
}

impl Table {
    fn push(&self, sql: &mut Sql) {
        sql.qualified(self.schema.as_deref(), &self.name);
    }

    fn alter(&self, at: Location) -> Sql {
        let mut sql = Sql::new(at, "ALTER TABLE ");
        self.push(&mut sql);
        sql.raw(" ");
        sql
    }
}

/// An operation's arguments, with the table taken out: `batch.add_column(c)` and `op.add_column(table, c)` are the same from there.
pub struct Call<'r, 'a> {
    /// The operation.
    pub name: &'r str,
    /// Its arguments as written.
    pub args: &'r Args<'a>,
    /// The table of the batch, or `None` outside of one.
    pub batch: Option<Table>,
    /// Where it stands.
    pub at: Location,
}

impl<'a> Call<'_, 'a> {
    /// Argument `n` of `op.…`; in a batch those behind the table's place `table` move up by one.
    fn value(&self, n: usize, table: usize, key: &str) -> Option<(Value<'a>, Location)> {
        let n = if self.batch.is_some() && n > table { n - 1 } else { n };
        self.args.positional.get(n).cloned().or_else(|| self.args.keywords.iter().find(|k| k.0 == key).map(|k| (k.1.clone(), k.2)))
    }

    fn name(&self, n: usize, table: usize, key: &str) -> Option<Name> {
        let (v, at) = self.value(n, table, key)?;
        name(&v, at)
    }

    fn table(&self, n: usize, key: &str, schema_key: &str) -> Option<Table> {
        if let Some(batch) = &self.batch {
            return Some(batch.clone());
        }
        let (v, at) = self.value(n, usize::MAX, key)?;
        Some(Table { schema: self.args.text(99, schema_key), name: name(&v, at)? })
    }
}

/// Names in a list; `None` where one could not be worked out.
fn names(m: &mut M<'_, '_>, value: Option<(Value<'_>, Location)>) -> Option<Vec<Name>> {
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

/// Runs an operation. `None` where its name is not known here.
pub fn run<'a>(m: &mut M<'_, 'a>, call: &Call<'_, 'a>) -> Option<Value<'a>> {
    let done = match call.name {
        "create_table" => return Some(create_table(m, call)),
        "add_column" => add_column(m, call),
        "drop_column" => drop_column(m, call),
        "alter_column" => alter_column(m, call),
        "create_index" => create_index(m, call),
        "drop_index" => drop_index(m, call),
        "create_foreign_key" => create_foreign_key(m, call),
        "create_unique_constraint" => key_constraint(m, call, "UNIQUE", "uq"),
        "create_primary_key" => key_constraint(m, call, "PRIMARY KEY", "pk"),
        "create_check_constraint" => create_check(m, call),
        "create_exclude_constraint" => create_exclude(m, call),
        "drop_constraint" => drop_constraint(m, call),
        "rename_table" => rename_table(m, call),
        "drop_table" => drop_table(m, call),
        "create_table_comment" | "drop_table_comment" => comment_table(m, call),
        "execute" => {
            if let Some((v, at)) = call.args.positional.first().cloned().or_else(|| call.args.keywords.first().map(|k| (k.1.clone(), k.2))) {
                m.statement_value(&v, at);
            }
            Some(())
        }
        "bulk_insert" | "f" | "invoke" | "implementation_for" | "register_operation" | "get_bind" | "get_context" => return None,
        _ => return super::extensions::run(m, call),
    };
    if done.is_none() {
        let table = call.batch.clone().or_else(|| {
            call.table(
                usize::from(call.name.starts_with("create_") || call.name.starts_with("drop_index") || call.name == "drop_constraint"),
                "table_name",
                "schema",
            )
        });
        m.lost(table.as_ref(), "an operation's arguments could not be worked out", call.at);
    }
    Some(Value::Unknown)
}

/// A column's definition behind its name: type, default, NOT NULL.
fn definition(m: &mut M<'_, '_>, sql: &mut Sql, c: &Column, serial: bool) {
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
fn counts_up(c: &Column, key: &[String]) -> bool {
    let in_key = key.iter().any(|k| *k == c.name.text);
    let alone = key.len() == 1 && c.foreign_keys.is_empty();
    c.ty.integer && !c.filled && in_key && c.autoincrement.unwrap_or(alone)
}

fn create_table<'a>(m: &mut M<'_, 'a>, call: &Call<'_, 'a>) -> Value<'a> {
    let Some((v, at)) = call.value(0, usize::MAX, "table_name").or_else(|| call.value(0, usize::MAX, "name")) else { return Value::Unknown };
    let parts: Vec<_> = call.args.positional.iter().skip(1).cloned().collect();
    let Some(table_name) = name(&v, at) else {
        m.lost(None, "a table is created whose name could not be worked out", call.at);
        return Value::Unknown;
    };
    let table = Table { schema: call.args.text(99, "schema"), name: table_name };
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
    comments(m, table, args.text(99, "comment").as_deref(), &columns, at);
    if let Some(reason) = unclear {
        m.lost(Some(table), reason, at);
    }
}

fn comments(m: &mut M<'_, '_>, table: &Table, comment: Option<&str>, columns: &[Column], at: Location) {
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
fn name_constraint(m: &mut M<'_, '_>, sql: &mut Sql, given: Option<&Name>, kind: &str, table: &Table, columns: &[Name], referred: Option<&str>) {
    let name = match given {
        Some(n) => Some(n.clone()),
        None => m.host.conventional(kind, &table.name.text, columns, referred).map(|text| Name { text, at: table.name.at }),
    };
    if let Some(name) = name {
        sql.raw("CONSTRAINT ").name(&name).raw(" ");
    }
}

fn foreign_key(m: &mut M<'_, '_>, sql: &mut Sql, table: &Table, c: &Column, reference: &columns::Reference) {
    let referred = reference.references.text().split('"').skip(1).step_by(2).collect::<Vec<_>>();
    let referred = referred.len().checked_sub(2).and_then(|n| referred.get(n)).map(|s| (*s).to_owned());
    name_constraint(m, sql, reference.name.as_ref(), "fk", table, std::slice::from_ref(&c.name), referred.as_deref());
    sql.raw("FOREIGN KEY ").names(std::slice::from_ref(&c.name)).raw(" ").template(&reference.references);
}

/// A constraint inside a table: `Some(None)` for what is none, `None` for what is not understood.
#[expect(clippy::option_option, reason = "not understood, nothing to say, SQL")]
fn constraint<'a>(m: &mut M<'_, 'a>, table: &Table, value: &Value<'a>) -> Option<Option<Template>> {
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
fn column_name(value: &Value<'_>, at: Location) -> Option<Name> {
    let made = value.made()?;
    match last(made.path.as_str()) {
        "column" | "Column" => made.args.positional.first().and_then(|(v, at)| name(v, *at)),
        other if made.path.as_str().ends_with(&format!(".c.{other}")) => Some(Name { text: other.to_owned(), at }),
        _ => None,
    }
}

fn exclude<'a>(m: &mut M<'_, 'a>, sql: &mut Sql, args: &Args<'a>, given: Option<&Name>, at: Location) -> Option<()> {
    if let Some(n) = given {
        sql.raw("CONSTRAINT ").name(n).raw(" ");
    }
    sql.raw(&format!("EXCLUDE USING {} (", args.text(99, "using").unwrap_or_else(|| "gist".to_owned())));
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

fn add_column<'a>(m: &mut M<'_, 'a>, call: &Call<'_, 'a>) -> Option<()> {
    let table = call.table(0, "table_name", "schema")?;
    let (v, _) = call.value(1, 0, "column")?;
    let c = columns::column(m, &v)?;
    if let Some(e) = &c.ty.enumeration {
        create_enum(m, e, c.at);
    }
    let mut sql = table.alter(call.at);
    sql.raw(if call.args.flag("if_not_exists") { "ADD COLUMN IF NOT EXISTS " } else { "ADD COLUMN " });
    let key = [c.name.text.clone()];
    definition(m, &mut sql, &c, c.primary_key && counts_up(&c, &key));
    m.sql(&sql.finish());
    for reference in &c.foreign_keys {
        let mut sql = table.alter(call.at);
        sql.raw("ADD ");
        foreign_key(m, &mut sql, &table, &c, reference);
        m.sql(&sql.finish());
    }
    if c.unique && !c.index {
        let mut sql = table.alter(call.at);
        sql.raw("ADD ");
        name_constraint(m, &mut sql, None, "uq", &table, std::slice::from_ref(&c.name), None);
        sql.raw("UNIQUE ").names(std::slice::from_ref(&c.name));
        m.sql(&sql.finish());
    }
    if c.index {
        index_of(m, &table, &c);
    }
    comments(m, &table, None, std::slice::from_ref(&c), call.at);
    if let Some(reason) = c.unclear {
        m.lost(Some(&table), reason, call.at);
    }
    Some(())
}

/// The index of a column with `index=True`.
fn index_of(m: &mut M<'_, '_>, table: &Table, c: &Column) {
    let made = m.host.conventional("ix", &table.name.text, std::slice::from_ref(&c.name), None);
    let label = table.schema.as_ref().map_or_else(|| table.name.text.clone(), |s| format!("{s}_{}", table.name.text));
    let text = made.unwrap_or_else(|| format!("ix_{label}_{}", c.name.text));
    let mut sql = Sql::new(c.at, if c.unique { "CREATE UNIQUE INDEX " } else { "CREATE INDEX " });
    sql.name(&Name { text, at: c.name.at }).raw(" ON ");
    table.push(&mut sql);
    sql.raw(" ").names(std::slice::from_ref(&c.name));
    m.sql(&sql.finish());
}

fn drop_column<'a>(m: &mut M<'_, 'a>, call: &Call<'_, 'a>) -> Option<()> {
    let table = call.table(0, "table_name", "schema")?;
    let column = call.name(1, 0, "column_name")?;
    let mut sql = table.alter(call.at);
    sql.raw(if call.args.flag("if_exists") { "DROP COLUMN IF EXISTS " } else { "DROP COLUMN " }).name(&column);
    m.sql(&sql.finish());
    Some(())
}

fn alter_column<'a>(m: &mut M<'_, 'a>, call: &Call<'_, 'a>) -> Option<()> {
    let table = call.table(0, "table_name", "schema")?;
    let column = call.name(1, 0, "column_name")?;
    let each = |m: &mut M<'_, 'a>, words: &dyn Fn(&mut Sql)| {
        let mut sql = table.alter(call.at);
        sql.raw("ALTER COLUMN ").name(&column).raw(" ");
        words(&mut sql);
        m.sql(&sql.finish());
    };
    match call.args.keyword("nullable") {
        Some(Value::Bool(true)) => each(m, &|s| {
            s.raw("DROP NOT NULL");
        }),
        Some(Value::Bool(false)) => each(m, &|s| {
            s.raw("SET NOT NULL");
        }),
        None | Some(Value::None) => {}
        Some(_) => m.lost(Some(&table), "whether a column may be null could not be worked out", call.at),
    }
    if let Some(ty) = call.args.keyword("type_").filter(|v| !matches!(v, Value::None)) {
        let ty = types::of_value(m, ty);
        if let Some(e) = &ty.enumeration {
            create_enum(m, e, call.at);
        }
        match &ty.text {
            Some(text) => each(m, &|s| {
                s.raw("TYPE ").raw(text);
            }),
            None => m.lost(Some(&table), "the type of a column could not be worked out", call.at),
        }
    }
    match call.args.keyword("server_default") {
        None | Some(Value::Bool(false)) => {}
        Some(Value::None) => each(m, &|s| {
            s.raw("DROP DEFAULT");
        }),
        Some(v) if v.path().map(last) == Some("Identity") => {
            let always = v.made().is_some_and(|i| matches!(i.args.get(0, "always"), Some(Value::Bool(true))));
            each(m, &|s| {
                s.raw(if always { "ADD GENERATED ALWAYS AS IDENTITY" } else { "ADD GENERATED BY DEFAULT AS IDENTITY" });
            });
        }
        Some(v) => match columns::default(m, v, call.at) {
            Some(Some(e)) => each(m, &|s| {
                s.raw("SET DEFAULT ").template(&e);
            }),
            _ => m.lost(Some(&table), "the default of a column could not be worked out", call.at),
        },
    }
    if let Some(v) = call.args.keyword("comment").filter(|v| !matches!(v, Value::Bool(false))) {
        let mut sql = Sql::new(call.at, "COMMENT ON COLUMN ");
        table.push(&mut sql);
        sql.raw(".").name(&column).raw(&format!(" IS {}", v.constant().map_or_else(|| "NULL".to_owned(), |t| literal(&t))));
        m.sql(&sql.finish());
    }
    let new = call.args.keyword("new_column_name").or_else(|| call.args.keyword("name")).filter(|v| !matches!(v, Value::None));
    if let Some(new) = new {
        let new = name(new, call.at)?;
        let mut sql = table.alter(call.at);
        sql.raw("RENAME COLUMN ").name(&column).raw(" TO ").name(&new);
        m.sql(&sql.finish());
    }
    Some(())
}

fn create_index<'a>(m: &mut M<'_, 'a>, call: &Call<'_, 'a>) -> Option<()> {
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
fn table_index<'a>(m: &mut M<'_, 'a>, table: &Table, args: &Args<'a>, at: Location) {
    let given = args.positional.first().and_then(|(v, at)| name(v, *at));
    let keys: Vec<_> = args.positional.iter().skip(1).map(|k| k.0.clone()).collect();
    if index(m, table, given.as_ref(), &keys, args.flag("unique"), args, at).is_none() {
        m.lost(Some(table), "an index could not be worked out", at);
    }
}

fn index<'a>(m: &mut M<'_, 'a>, table: &Table, given: Option<&Name>, keys: &[Value<'a>], unique: bool, args: &Args<'a>, at: Location) -> Option<()> {
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
    if let Some(method) = args.text(99, "postgresql_using") {
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

fn drop_index<'a>(m: &mut M<'_, 'a>, call: &Call<'_, 'a>) -> Option<()> {
    let index = call.name(0, 1, "index_name")?;
    let table = call.table(1, "table_name", "schema");
    let schema = table.as_ref().and_then(|t| t.schema.clone()).or_else(|| call.args.text(99, "schema"));
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

fn create_foreign_key<'a>(m: &mut M<'_, 'a>, call: &Call<'_, 'a>) -> Option<()> {
    let table = call.table(1, "source_table", "source_schema")?;
    let given = call.name(0, 1, "constraint_name");
    let target = Table { schema: call.args.text(99, "referent_schema"), name: call.name(2, 1, "referent_table")? };
    let columns = call.value(3, 1, "local_cols");
    let columns = names(m, columns)?;
    let targets = call.value(4, 1, "remote_cols");
    let targets = names(m, targets)?;
    let mut sql = table.alter(call.at);
    sql.raw("ADD ");
    name_constraint(m, &mut sql, given.as_ref(), "fk", &table, &columns, Some(&target.name.text));
    sql.raw("FOREIGN KEY ").names(&columns).raw(" REFERENCES ");
    target.push(&mut sql);
    sql.raw(" ").names(&targets).raw(&actions(call.args));
    m.sql(&sql.finish());
    Some(())
}

fn key_constraint<'a>(m: &mut M<'_, 'a>, call: &Call<'_, 'a>, words: &str, kind: &str) -> Option<()> {
    let table = call.table(1, "table_name", "schema")?;
    let given = call.name(0, 1, "constraint_name");
    let columns = call.value(2, 1, "columns");
    let columns = names(m, columns)?;
    let mut sql = table.alter(call.at);
    sql.raw("ADD ");
    name_constraint(m, &mut sql, given.as_ref(), kind, &table, &columns, None);
    sql.raw(words);
    if call.args.flag("postgresql_nulls_not_distinct") {
        sql.raw(" NULLS NOT DISTINCT");
    }
    sql.raw(" ").names(&columns).raw(&actions(call.args));
    m.sql(&sql.finish());
    Some(())
}

fn create_check<'a>(m: &mut M<'_, 'a>, call: &Call<'_, 'a>) -> Option<()> {
    let table = call.table(1, "table_name", "schema")?;
    let given = call.name(0, 1, "constraint_name").map(|n| m.host.check_name(n, &table.name.text));
    let (condition, at) = call.value(2, 1, "condition")?;
    let condition = match raw(&condition, at) {
        Some(c) => c,
        // A condition in SQLAlchemy's own words: the constraint is not known, the columns are.
        None => {
            m.lost(Some(&table), "a check constraint could not be worked out", call.at);
            return Some(());
        }
    };
    let mut sql = table.alter(call.at);
    sql.raw("ADD ");
    name_constraint(m, &mut sql, given.as_ref(), "", &table, &[], None);
    sql.raw("CHECK (").template(&condition).raw(")");
    m.sql(&sql.finish());
    Some(())
}

fn create_exclude<'a>(m: &mut M<'_, 'a>, call: &Call<'_, 'a>) -> Option<()> {
    let table = call.table(1, "table_name", "schema")?;
    let given = call.name(0, 1, "constraint_name");
    let skip = if call.batch.is_some() { 1 } else { 2 };
    let args = Args { positional: call.args.positional.iter().skip(skip).cloned().collect(), ..call.args.clone() };
    let mut sql = table.alter(call.at);
    sql.raw("ADD ");
    exclude(m, &mut sql, &args, given.as_ref(), call.at)?;
    m.sql(&sql.finish());
    Some(())
}

fn drop_constraint<'a>(m: &mut M<'_, 'a>, call: &Call<'_, 'a>) -> Option<()> {
    let table = call.table(1, "table_name", "schema")?;
    let Some(constraint) = call.name(0, 1, "constraint_name") else {
        // Named by the server: which one is not said, and columns stay as they are.
        m.lost(Some(&table), "a constraint is dropped whose name could not be worked out", call.at);
        return Some(());
    };
    let open = m.host.db.find(table.schema.as_deref(), &table.name.text).is_none_or(|(_, r)| r.open);
    let mut sql = table.alter(call.at);
    sql.raw(if open || call.args.flag("if_exists") { "DROP CONSTRAINT IF EXISTS " } else { "DROP CONSTRAINT " }).name(&constraint);
    m.sql(&sql.finish());
    Some(())
}

fn rename_table<'a>(m: &mut M<'_, 'a>, call: &Call<'_, 'a>) -> Option<()> {
    let table = call.table(0, "old_table_name", "schema")?;
    let new = call.name(1, usize::MAX, "new_table_name")?;
    let mut sql = table.alter(call.at);
    sql.raw("RENAME TO ").name(&new);
    m.sql(&sql.finish());
    Some(())
}

fn drop_table<'a>(m: &mut M<'_, 'a>, call: &Call<'_, 'a>) -> Option<()> {
    let table = call.table(0, "table_name", "schema")?;
    let mut sql = Sql::new(call.at, if call.args.flag("if_exists") { "DROP TABLE IF EXISTS " } else { "DROP TABLE " });
    table.push(&mut sql);
    m.sql(&sql.finish());
    Some(())
}

fn comment_table<'a>(m: &mut M<'_, 'a>, call: &Call<'_, 'a>) -> Option<()> {
    let table = call.table(0, "table_name", "schema")?;
    let text = if call.name == "create_table_comment" { call.value(1, 0, "comment").and_then(|v| v.0.constant()) } else { None };
    let mut sql = Sql::new(call.at, "COMMENT ON TABLE ");
    table.push(&mut sql);
    sql.raw(&format!(" IS {}", text.map_or_else(|| "NULL".to_owned(), |t| literal(&t))));
    m.sql(&sql.finish());
    Some(())
}
