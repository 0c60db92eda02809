//! Where chains begin: `table`, `from_`, `schema`, `rpc`; and which receivers are certainly something else.

use std::sync::Arc;

use crate::symbol::Symbol;

use crate::diagnostic::Context;
use crate::project::eval::{Args, Evaluator};
use crate::project::index::Binding;
use crate::project::libraries::sql_text::looks_like_sql;
use crate::project::uses::{Certainty, FunctionCall, RelationName};
use crate::project::value::{Object, Value};
use crate::project::world::is_from;
use crate::schema::Returns;
use crate::source::Span;
use crate::syntax::python::{Call, ExprKind, Ident};

use super::shape::{Key, Shape};
use super::{PACKAGES, Postgrest, Query, Verb, is_used, note, of, wrap};

/// The path given to `client.storage` and its like, whose `from_` names no table.
pub const OTHER_SERVICE: &str = "storage3";

/// Packages whose objects have `table` or `from_` too, for something else.
const LOOK_ALIKES: &[&str] = &[
    "storage3",
    "tinydb",
    "boto3",
    "aioboto3",
    "aiobotocore",
    "botocore",
    "pyairtable",
    "airtable",
    "ibis",
    "pyspark",
    "databricks",
    "pypika",
    "rethinkdb",
    "duckdb",
    "google",
    "sqlalchemy",
    "sqlmodel",
    "alembic",
    "pandas",
    "polars",
    "pyarrow",
    "streamlit",
    "rich",
    "django",
    "snowflake",
    "clickhouse_connect",
    "clickhouse_driver",
    "sqlite_utils",
    "dataset",
    "peewee",
    "lancedb",
    "deltalake",
    "happybase",
    "unittest",
    "sqlite3",
    "motor",
    "pymongo",
    "prettytable",
    "docx",
    "matplotlib",
    "click",
];

/// How sure it is that a receiver is a client of PostgREST; `None` where it is something else.
fn certainty(ev: &Evaluator<'_, '_>, receiver: &Value<'_>, name: Ident) -> Option<Certainty> {
    let path = match receiver {
        Value::Unknown => {
            let confusing = LOOK_ALIKES[1..12].iter().any(|p| ev.world.index.uses_package(Symbol::from(p)));
            return Some(if confusing { Certainty::Medium } else { Certainty::High });
        }
        Value::Object(o) => o.path,
        Value::External(p) => *p,
        // A class of the project that has no such method hands it on, or we know it badly.
        Value::Instance(c) => {
            return match ev.world.class_member(*c, name.name) {
                Some((_, [.., Binding::Function(_)])) => None,
                _ => Some(Certainty::Medium),
            };
        }
        Value::Library(_) => {
            return of(receiver).map(|p| if let Postgrest::Schema(_, sure) = p { *sure } else { Certainty::High });
        }
        Value::Union(all) => return all.iter().filter_map(|v| certainty(ev, v, name)).min(),
        _ => return None,
    };
    if PACKAGES.iter().any(|p| is_from(&path, p)) {
        return Some(Certainty::High);
    }
    (!LOOK_ALIKES.iter().any(|p| is_from(&path, p)) && !path.starts_with("builtins.")).then_some(Certainty::Medium)
}

/// What a chain begins with.
#[derive(PartialEq, Eq)]
enum Beginning {
    Table,
    Function,
    Schema,
}

/// `client.table(…)` and its kin; `None` for any other call.
pub fn begin<'a>(ev: &mut Evaluator<'_, 'a>, receiver: &Value<'a>, name: Ident, call: &'a Call, args: &Args<'a>, _span: Span) -> Option<Value<'a>> {
    let beginning = match name.as_str() {
        "table" | "from_" | "from_table" => Beginning::Table,
        "rpc" => Beginning::Function,
        "schema" | "postgrest_schema" => Beginning::Schema,
        _ => return None,
    };
    if !is_used(ev) {
        return None;
    }
    let sure = certainty(ev, receiver, name)?;
    if beginning == Beginning::Schema {
        let schema = args.get(call, 0, "schema")?.constant()?;
        // Where it is less sure, a table named behind it is still one of that schema, and of no other.
        return (call.args.len() == 1).then(|| wrap(Postgrest::Schema(Some(Symbol::from(&schema)), sure)));
    }
    let schema = match of(receiver) {
        Some(Postgrest::Schema(s, _)) => *s,
        _ => default_schema(receiver),
    };
    if beginning == Beginning::Function {
        return function(ev, schema, sure, call, args);
    }
    let given = args.get(call, 0, "table_name").or_else(|| args.keyword(call, "table"));
    let given = given?.clone();
    if call.args.len() != 1 || matches!(given, Value::Dict(_) | Value::List(_) | Value::Tuple(_) | Value::Library(_) | Value::Instance(_) | Value::Int(_)) {
        return None;
    }
    let at = ev.at(call.args[0].value.span);
    let several = given.alternatives().len() > 1;
    let queries: Vec<_> = given
        .alternatives()
        .iter()
        .map(|v| {
            let known = v.text().and_then(|t| Some((t.constant()?.into_owned(), t.location())));
            let relation = known.as_ref().filter(|k| !k.0.is_empty()).map(|(text, _)| relation(ev, schema, text));
            ev.hands_on |= relation.is_none();
            let named = known.and_then(|k| k.1).or(Some(at));
            let certainty = if several { sure.min(Certainty::Medium) } else { sure };
            let root = named.unwrap_or(at);
            wrap(Postgrest::Query(Arc::new(Query { root, named, relation, certainty, verb: Verb::None, shape: Arc::new(Shape::all(relation)), single: false })))
        })
        .collect();
    Some(Value::union(queries))
}

/// `"sales.orders"` means schema and table, where there is such a schema.
fn relation(ev: &Evaluator<'_, '_>, schema: Option<Symbol>, text: &str) -> RelationName {
    if let (None, Some((of, name))) = (schema, text.split_once('.'))
        && ev.world.schema.has_namespace(of)
    {
        return RelationName { schema: Some(Symbol::from(of)), name: Symbol::from(name) };
    }
    RelationName { schema, name: Symbol::from(text) }
}

/// `create_client(url, key, options=ClientOptions(schema="sales"))`
fn default_schema(client: &Value<'_>) -> Option<Symbol> {
    let Value::Object(o) = client else { return None };
    let Object { call: Some((_, call)), .. } = &**o else { return None };
    let schema_of = |c: &Call| match c.keyword("schema").map(|e| &e.kind) {
        Some(ExprKind::Str(s)) => s.constant().map(|s| Symbol::from(&s)),
        _ => None,
    };
    schema_of(call).or_else(|| {
        call.args.iter().find_map(|a| match &a.value.kind {
            ExprKind::Call(c) if crate::project::index::last_name(&c.func).is_some_and(|n| n.ends_with("ClientOptions")) => schema_of(c),
            _ => None,
        })
    })
}

/// `client.rpc("function", {"argument": …})`
fn function<'a>(ev: &mut Evaluator<'_, 'a>, schema: Option<Symbol>, certainty: Certainty, call: &'a Call, args: &Args<'a>) -> Option<Value<'a>> {
    let name = args.get(call, 0, "fn").or_else(|| args.keyword(call, "func"))?.clone();
    let at = ev.at(call.args.first()?.value.span);
    let Some(text) = name.text().filter(|t| !t.has_hole()) else {
        ev.hands_on |= name.is_unknown();
        note::skip(ev, "function name not known");
        return name.is_unknown().then(|| chain(at, certainty, Shape::unknown()));
    };
    let constant = text.constant()?;
    let location = text.location().unwrap_or(at);
    let given = args.get(call, 1, "params");
    let (arguments, complete) = match given {
        Some(Value::Dict(d)) => {
            (d.entries.iter().filter_map(|e| Some((Symbol::from(&e.key.constant()?), e.at))).collect(), !d.open && d.entries.iter().all(|e| !e.conditional))
        }
        None => (Vec::new(), true),
        Some(_) => (Vec::new(), false),
    };
    let function = Symbol::from(&constant);
    // A function that runs SQL is often asked for just to see whether it is there.
    let runs_sql = matches!(given, Some(Value::Dict(d)) if d.entries.iter().any(|e| e.value.text().is_some_and(looks_like_sql)));
    let certainty = if runs_sql { certainty.min(Certainty::Medium) } else { certainty };
    if ev.notes() && ev.state.postgrest.noted.insert((location, None, function)) {
        let certainty = note::certainty(ev, certainty);
        ev.uses.calls.push(FunctionCall { location, schema, function, arguments, complete, context: Context::Query, certainty });
    }
    let shape = returned(ev, schema, &constant);
    Some(chain(location, certainty, shape))
}

fn chain<'a>(root: crate::source::Location, certainty: Certainty, shape: Shape) -> Value<'a> {
    wrap(Postgrest::Query(Arc::new(Query { root, named: None, relation: shape.relation, certainty, verb: Verb::Rpc, shape: Arc::new(shape), single: false })))
}

/// What rows of a function's result hold, where all its overloads agree.
fn returned(ev: &Evaluator<'_, '_>, schema: Option<Symbol>, name: &str) -> Shape {
    let world = ev.world;
    let Some((_, overloads)) = world.schema.find(&world.schema.functions, schema.map(|s| s.as_str()), name) else { return Shape::unknown() };
    let [one] = overloads.as_slice() else { return Shape::unknown() };
    match &one.returns {
        Returns::Table(columns) => {
            let keys = columns.iter().map(|(n, _)| Key { name: Symbol::from(n), column: None, nested: None }).collect();
            Shape { relation: None, star: false, open: false, keys }
        }
        Returns::SetOf(ty) => {
            let (of, bare) = ty.split_once('.').map_or((None, ty.as_str()), |(s, n)| (Some(s), n));
            match world.schema.relation(of, bare) {
                Some(_) => Shape::all(Some(RelationName { schema: of.map(Symbol::from), name: Symbol::from(bare) })),
                None => Shape::unknown(),
            }
        }
        _ => Shape::unknown(),
    }
}
