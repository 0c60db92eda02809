//! `op.…` in SQL.

use super::Alembic;
use super::columns::{self, actions, last, name, raw};
use super::create::{comments, counts_up, create_enum, create_table, definition, exclude, foreign_key, name_constraint, names};
use super::indexes::{create_index, drop_index, index_of};
use super::types;
use crate::migrations::python::{Args, Machine, Value};
use crate::migrations::sqltext::{Name, Sql, literal};
use crate::source::Location;

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
    pub(super) fn push(&self, sql: &mut Sql) {
        sql.qualified(self.schema.as_deref(), &self.name);
    }

    pub(super) fn alter(&self, at: Location) -> Sql {
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
    pub(super) fn value(&self, n: usize, table: usize, key: &str) -> Option<(Value<'a>, Location)> {
        let n = if self.batch.is_some() && n > table { n - 1 } else { n };
        self.args.positional.get(n).cloned().or_else(|| self.args.keywords.iter().find(|k| k.0 == key).map(|k| (k.1.clone(), k.2)))
    }

    pub(super) fn name(&self, n: usize, table: usize, key: &str) -> Option<Name> {
        let (v, at) = self.value(n, table, key)?;
        name(&v, at)
    }

    pub(super) fn table(&self, n: usize, key: &str, schema_key: &str) -> Option<Table> {
        if let Some(batch) = &self.batch {
            return Some(batch.clone());
        }
        let (v, at) = self.value(n, usize::MAX, key)?;
        Some(Table { schema: self.args.named(schema_key), name: name(&v, at)? })
    }
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

fn create_foreign_key<'a>(m: &mut M<'_, 'a>, call: &Call<'_, 'a>) -> Option<()> {
    let table = call.table(1, "source_table", "source_schema")?;
    let given = call.name(0, 1, "constraint_name");
    let target = Table { schema: call.args.named("referent_schema"), name: call.name(2, 1, "referent_table")? };
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
