//! Alembic's operations: which tables and columns a revision names. A revision speaks of the schema of its own time, so these are places to look at and never
//! mistakes; what a history makes of them is replayed elsewhere.

use crate::symbol::Symbol;

use crate::diagnostic::{Access, Context};
use crate::project::eval::{Args, Evaluator};
use crate::project::uses::{Certainty, Reference, RelationName};
use crate::project::value::Value;
use crate::source::Location;
use crate::syntax::python::{Call, Ident};

use super::sqlalchemy::declare::named_column;

/// The operation that opens a batch for one table.
const BATCH: &str = "alembic.op.batch_alter_table";

/// `op.add_column("orders", sa.Column("total"))`
pub fn call<'a>(ev: &mut Evaluator<'_, 'a>, callee: &Value<'a>, call: &'a Call, args: &Args<'a>) {
    let path = callee.external();
    if path.is_some_and(|p| p.starts_with("alembic.") || p.starts_with("flask_migrate.")) {
        own_books(ev, call, args);
    }
    let Some(operation) = path.and_then(|p| p.strip_prefix("alembic.op.")) else { return };
    let table_at = match operation {
        "create_index" | "create_unique_constraint" | "create_primary_key" | "create_foreign_key" | "create_check_constraint" | "drop_constraint" => 1,
        "add_column" | "drop_column" | "alter_column" | "create_table" | "drop_table" | "rename_table" | "batch_alter_table" | "bulk_insert" => 0,
        _ => return,
    };
    let given = args.positional(call, table_at).or_else(|| args.keyword(call, "table_name"));
    let Some((relation, at)) = given.and_then(|v| relation(v, args.keyword(call, "schema"))) else { return };
    note(ev, at, relation, None);
    columns(ev, relation, operation, call, args, table_at + 1);
}

/// `context.configure(version_table="versions")`: Alembic makes that table itself, so it is there although no revision and no lock has it.
fn own_books<'a>(ev: &mut Evaluator<'_, 'a>, call: &'a Call, args: &Args<'a>) {
    if let Some(table) = args.keyword(call, "version_table").and_then(Value::constant)
        && ev.notes()
    {
        ev.uses.created.insert((Symbol::from(&table), None));
    }
}

/// `batch.add_column(sa.Column("total"))` inside `with op.batch_alter_table("orders") as batch`
pub fn method<'a>(ev: &mut Evaluator<'_, 'a>, receiver: &Value<'a>, name: Ident, call: &'a Call, args: &Args<'a>) {
    let Value::Object(batch) = receiver else { return };
    let Some((_, opened)) = batch.call.filter(|c| batch.path.as_str() == BATCH && c.0 == ev.place.file) else { return };
    let quiet = std::mem::replace(&mut ev.quiet, true);
    let table = opened.positional(0).or_else(|| opened.keyword("table_name")).map(|e| ev.eval(e));
    let schema = opened.keyword("schema").map(|e| ev.eval(e));
    ev.quiet = quiet;
    if let Some((relation, _)) = table.as_ref().and_then(|t| relation(t, schema.as_ref())) {
        let first = usize::from(name.as_str().starts_with("create_"));
        columns(ev, relation, name.as_str(), call, args, first);
    }
}

/// The columns of the table that an operation names: declared, by name, or in a list, from argument `first` on.
fn columns<'a>(ev: &mut Evaluator<'_, 'a>, relation: RelationName, operation: &str, call: &'a Call, args: &Args<'a>, first: usize) {
    match operation {
        "add_column" | "create_table" => {
            for e in call.positionals().skip(first) {
                if let Some((column, at)) = named_column(ev, e) {
                    note(ev, at, relation, Some(column));
                }
            }
        }
        "drop_column" | "alter_column" | "create_index" | "create_unique_constraint" | "create_primary_key" => {
            let named = args.positional(call, first).or_else(|| args.keyword(call, "column_name")).or_else(|| args.keyword(call, "columns"));
            let renamed = args.keyword(call, "new_column_name");
            for v in named.into_iter().chain(renamed) {
                for one in names(v) {
                    if let Some((column, at)) = one.text().and_then(|t| t.constant().zip(t.location())) {
                        note(ev, at, relation, Some(Symbol::from(&column)));
                    }
                }
            }
        }
        _ => {}
    }
}

fn names<'v, 'a>(v: &'v Value<'a>) -> &'v [Value<'a>] {
    match v {
        Value::List(l) => &l.items,
        Value::Tuple(t) => t,
        one => std::slice::from_ref(one),
    }
}

fn relation(table: &Value<'_>, schema: Option<&Value<'_>>) -> Option<(RelationName, Location)> {
    let text = table.text()?;
    let schema = schema.and_then(Value::constant).filter(|s| s != "public").map(|s| Symbol::from(&s));
    Some((RelationName { schema, name: Symbol::from(&text.constant()?) }, text.location()?))
}

fn note(ev: &mut Evaluator<'_, '_>, location: Location, relation: RelationName, column: Option<Symbol>) {
    if !ev.notes() {
        return;
    }
    let context = Context::Migration;
    let reference =
        Reference { location, relation, column, access: Access::Ddl, context, via: "alembic", model: None, attribute: None, certainty: Certainty::Low };
    if !ev.uses.references.contains(&reference) {
        ev.uses.references.push(reference);
    }
}
