//! What a migration asks of the database it runs in: a fresh PostgreSQL, in the state that the history so far has made.

use crate::symbol::Symbol;

use super::Alembic;
use super::columns::last;
use crate::migrations::python::{Args, Machine, Value};
use crate::schema::Relation;
use crate::source::Location;

/// The path that stands for the dialect.
pub const DIALECT: &str = "sqlalchemy.engine.dialect";
/// The path that stands for the connection, its engine, and a session on it.
pub const BIND: &str = "sqlalchemy.engine.bind";
/// The path that stands for the migration context.
pub const CONTEXT: &str = "alembic.migration.context";
/// The path that stands for an inspector.
pub const INSPECTOR: &str = "sqlalchemy.engine.inspector";

type M<'m, 'a> = Machine<'m, 'a, Alembic<'a>>;

/// Attributes of the connection, the context and the dialect.
pub fn attribute<'a>(receiver: &str, name: &str, at: Location) -> Option<Value<'a>> {
    let external = |path: &str| Some(Value::External(Symbol::from(path)));
    let text = |t: &str| Some(Value::text(t, at));
    match (receiver, name) {
        (BIND | CONTEXT | INSPECTOR, "dialect") => external(DIALECT),
        (BIND, "engine" | "connection" | "bind") | (CONTEXT, "bind" | "connection") | (INSPECTOR, "engine" | "bind") => external(BIND),
        (CONTEXT, "impl") => external(CONTEXT),
        (CONTEXT, "as_sql") => Some(Value::Bool(false)),
        (DIALECT | BIND, "name") => text("postgresql"),
        (DIALECT, "dialect_description" | "driver") => text("postgresql+psycopg2"),
        (DIALECT, "server_version_info") => Some(Value::Tuple(std::rc::Rc::new(vec![Value::Int(16), Value::Int(0)]))),
        _ => None,
    }
}

/// Functions that give one of these.
pub fn call<'a>(path: &str) -> Option<Value<'a>> {
    let name = last(path);
    let handle = match path {
        "alembic.op.get_bind" | "alembic.context.get_bind" => BIND,
        "alembic.op.get_context" | "alembic.context.get_context" => CONTEXT,
        "alembic.context.is_offline_mode" | "alembic.op.is_offline_mode" => return Some(Value::Bool(false)),
        "alembic.context.get_x_argument" => return Some(Value::dict(Vec::new(), false)),
        _ if path.starts_with("sqlalchemy") => match name {
            "inspect" | "Inspector" | "from_engine" => INSPECTOR,
            "Session" | "scoped_session" => BIND,
            _ => return None,
        },
        _ => return None,
    };
    Some(Value::External(Symbol::from(handle)))
}

/// Methods of an inspector, and of a dialect.
pub fn method<'a>(m: &mut M<'_, 'a>, receiver: &str, name: &str, args: &Args<'a>, at: Location) -> Option<Value<'a>> {
    match (receiver, name) {
        (DIALECT, "type_descriptor") => args.positional.first().map(|a| a.0.clone()),
        (BIND, "connect" | "begin" | "execution_options" | "get_bind" | "connection" | "__enter__" | "bind" | "get_execution_options") => {
            Some(Value::External(Symbol::from(BIND)))
        }
        (DIALECT | BIND | INSPECTOR, "has_table") => {
            let names: Vec<String> = args.positional.iter().filter_map(|a| a.0.constant()).chain(args.named("table_name")).collect();
            let schema = args.named("schema").or_else(|| if receiver == INSPECTOR { names.get(1).cloned() } else { None });
            Some(names.first().map_or(Value::Unknown, |n| Value::Bool(m.host.db.ask(schema.as_deref(), n))))
        }
        (INSPECTOR, _) => inspector(m, name, args, at),
        _ => None,
    }
}

fn dict<'a>(entries: Vec<(&str, Value<'a>)>, at: Location) -> Value<'a> {
    // There is more to each than what is asked for here.
    Value::dict(entries.into_iter().map(|(k, v)| (Value::text(k, at), v)).collect(), true)
}

fn inspector<'a>(m: &M<'_, 'a>, name: &str, args: &Args<'a>, at: Location) -> Option<Value<'a>> {
    let text = |t: &str| Value::text(t, at);
    let texts = |all: &[String]| Value::list(all.iter().map(|t| Value::text(t, at)).collect(), false);
    match name {
        "get_table_names" | "get_view_names" => {
            let schema = args.text(0, "schema").unwrap_or_else(|| "public".to_owned());
            let names = m.host.db.schema().names_in(&schema).map(text).collect();
            let list = Value::list(names, false);
            if let Value::List(l) = &list {
                l.borrow_mut().tables = schema == "public";
            }
            return Some(list);
        }
        "get_schema_names" => {
            let mut names: Vec<String> =
                m.host.db.schema().relations.keys().map(|k| k.schema.clone()).chain(["public".to_owned(), "information_schema".to_owned()]).collect();
            names.sort();
            names.dedup();
            return Some(texts(&names));
        }
        "get_enums" => {
            let enums =
                m.host.db.schema().enums.iter().map(|(k, l)| dict(vec![("name", text(&k.name)), ("schema", text(&k.schema)), ("labels", texts(l))], at));
            return Some(Value::list(enums.collect(), false));
        }
        _ => {}
    }
    let table = args.text(0, "table_name")?;
    let schema = args.text(1, "schema");
    let (_, r) = m.host.db.find(schema.as_deref(), &table)?;
    let open = r.open;
    Some(match name {
        "get_columns" => Value::list(r.columns.iter().map(|c| dict(vec![("name", text(&c.name)), ("nullable", Value::Bool(!c.not_null))], at)).collect(), open),
        "get_indexes" => Value::list(indexes(r, at), open),
        "get_foreign_keys" => {
            let keys = r.foreign_keys.iter().map(|k| {
                dict(
                    vec![
                        ("name", text(&k.name)),
                        ("constrained_columns", texts(&k.columns)),
                        ("referred_table", text(&k.target.name)),
                        ("referred_columns", texts(&k.target_columns)),
                    ],
                    at,
                )
            });
            Value::list(keys.collect(), open)
        }
        "get_unique_constraints" => {
            Value::list(r.unique.iter().map(|u| dict(vec![("name", text(&u.name)), ("column_names", texts(&u.columns))], at)).collect(), open)
        }
        "get_check_constraints" => Value::list(r.checks.iter().map(|(n, c)| dict(vec![("name", text(n)), ("sqltext", text(c))], at)).collect(), open),
        "get_pk_constraint" => {
            let default = format!("{table}_pkey");
            dict(vec![("constrained_columns", texts(&r.primary_key)), ("name", text(r.primary_key_name.as_deref().unwrap_or(&default)))], at)
        }
        _ => return None,
    })
}

fn indexes<'a>(r: &Relation, at: Location) -> Vec<Value<'a>> {
    let text = |t: &str| Value::text(t, at);
    let plain = r.indexes.iter().map(|i| {
        let columns = i.keys.iter().map(|k| k.as_deref().map_or(Value::None, text)).collect();
        dict(vec![("name", text(&i.name)), ("unique", Value::Bool(i.unique)), ("column_names", Value::list(columns, false))], at)
    });
    // PostgreSQL keeps an index behind each unique constraint, and SQLAlchemy lists it.
    let unique = r.unique.iter().map(|u| {
        let columns = u.columns.iter().map(|c| text(c)).collect();
        dict(vec![("name", text(&u.name)), ("unique", Value::Bool(true)), ("column_names", Value::list(columns, false))], at)
    });
    plain.chain(unique).collect()
}
