//! Rows that SQL gives: what `row["key"]` may ask of them.
//!
//! Whether a cursor gives tuples or dicts need not be known: code that asks a row by name has one that answers by name.

use std::sync::Arc;

use crate::symbol::Symbol;

use crate::project::eval::{Args, Evaluator};
use crate::project::text::Text;
use crate::project::uses::{Certainty, RelationName};
use crate::project::value::Value;
use crate::source::Location;
use crate::sql::Analysis;
use crate::syntax::python::{Call, Expr, ExprKind, Ident};

use super::super::LibraryValue;
use super::super::postgrest::{Key, Postgrest, Rows, Shape};
use super::super::pydantic;
use super::{Sql, address};

/// What the statement at the last sink gives.
#[derive(Clone, Debug)]
pub struct Last {
    text: Option<usize>,
    shape: Arc<Shape>,
    certainty: Certainty,
}

/// Remembers what a statement's rows hold.
pub fn remember(ev: &mut Evaluator<'_, '_>, text: &Text<'_>, analysis: &Analysis, certainty: Certainty) {
    let sound = certainty > Certainty::Low;
    ev.state.sql.last = shape(analysis).filter(|_| sound).map(|shape| Last { text: text.parts.first().and_then(address), shape: Arc::new(shape), certainty });
}

/// What the rows of a statement hold, where that is known wholly.
pub fn shape(analysis: &Analysis) -> Option<Shape> {
    let outputs = analysis.outputs.as_ref().filter(|_| analysis.statements == 1 && analysis.problems.is_empty())?;
    let key = |o: &crate::sql::Output| {
        let column = o.source.as_ref().map(|(table, column)| {
            let schema = (table.schema != "public").then(|| Symbol::from(&table.schema));
            (RelationName { schema, name: Symbol::from(&table.name) }, Symbol::from(column))
        });
        Key { name: Symbol::from(&o.name), column, nested: None }
    };
    Some(Shape { relation: None, star: false, open: false, keys: outputs.iter().map(key).collect() })
}

/// The rows of the statement that a call was just given.
fn given(ev: &Evaluator<'_, '_>, args: &Args<'_>, root: Location, single: Option<bool>) -> Option<Arc<Rows>> {
    let text = args.values.iter().find_map(Value::text)?;
    let last = ev.state.sql.last.as_ref().filter(|l| l.text.is_some() && l.text == text.parts.first().and_then(address))?;
    Some(Arc::new(Rows { root, shape: last.shape.clone(), single, certainty: last.certainty, sql: true }))
}

/// Methods that run a statement and give its rows.
pub fn method<'a>(ev: &mut Evaluator<'_, 'a>, receiver: &Value<'a>, name: Ident, call: &'a Call, args: &Args<'a>) -> Option<Value<'a>> {
    if let Value::Library(LibraryValue::Sql(Sql::Result(rows))) = receiver {
        return Some(of_result(rows, name.as_str()));
    }
    if let Value::Library(LibraryValue::Sql(Sql::Objects(class))) = receiver {
        return Some(objects(*class, name.as_str()));
    }
    if !matches!(receiver, Value::Unknown | Value::Object(_) | Value::Library(LibraryValue::Sql(_))) {
        return None;
    }
    let root = ev.at(name.span);
    match name.as_str() {
        "fetch" | "fetch_all" | "iterate" => given(ev, args, root, Some(false)).map(rows),
        "fetchrow" | "fetch_one" => given(ev, args, root, Some(true)).map(rows),
        "execute" => {
            let found = given(ev, args, root, Some(false)).map(|r| {
                // `cursor(row_factory=class_row(Model))` makes objects of the rows.
                if let Value::Library(LibraryValue::Sql(Sql::Cursor(_, class))) = receiver {
                    pydantic::read(ev, *class, &r, root);
                    return Value::Library(LibraryValue::Sql(Sql::Objects(*class)));
                }
                Value::Library(LibraryValue::Sql(Sql::Result(r)))
            });
            if let ExprKind::Attribute(a) = &call.func.kind
                && let Some((cursor, own)) = kept_under(&a.value)
            {
                ev.state.sql.keeps_rows |= found.is_some();
                match &found {
                    Some(v) => ev.env.insert(cursor, if own { v.clone() } else { opened(v) }),
                    None => ev.env.remove(&cursor),
                };
            }
            found
        }
        "fetchone" | "fetchall" | "fetchmany" if call.args.is_empty() || name.as_str() == "fetchmany" => match of_cursor(ev, receiver_of(call)?)? {
            Value::Library(LibraryValue::Sql(Sql::Result(r))) => Some(of_result(&r, name.as_str())),
            Value::Library(LibraryValue::Sql(Sql::Objects(class))) => Some(objects(class, name.as_str())),
            _ => None,
        },
        _ => None,
    }
}

fn objects<'a>(class: crate::project::index::ClassId, name: &str) -> Value<'a> {
    match name {
        "fetchall" | "fetchmany" => Value::list_of(Value::Instance(class)),
        "fetchone" => Value::union([Value::Instance(class), Value::None]),
        _ => Value::Unknown,
    }
}

fn rows<'a>(r: Arc<Rows>) -> Value<'a> {
    Value::Library(LibraryValue::Postgrest(Postgrest::Rows(r)))
}

/// What `for row in cursor` goes over: the rows of the statement that the cursor ran last.
pub fn of_cursor<'a>(ev: &Evaluator<'_, 'a>, cursor: &Expr) -> Option<Value<'a>> {
    if !ev.state.sql.keeps_rows {
        return None;
    }
    let found = ev.env.get(&kept_under(cursor)?.0)?;
    matches!(found, Value::Library(LibraryValue::Sql(Sql::Result(_) | Sql::Objects(_)))).then(|| found.clone())
}

fn receiver_of(call: &Call) -> Option<&Expr> {
    if let ExprKind::Attribute(a) = &call.func.kind { Some(&a.value) } else { None }
}

/// The name under which a cursor's result is kept among the local names (no name of the code has a blank), and whether the cursor is the function's own: with
/// `self.cursor` another method may run something else in between.
fn kept_under(cursor: &Expr) -> Option<(Symbol, bool)> {
    match &cursor.kind {
        ExprKind::Name(n) => Some((Symbol::from(&format!("{n} rows")), true)),
        ExprKind::Attribute(a) => match a.value.kind {
            ExprKind::Name(n) => Some((Symbol::from(&format!("{n}.{} rows", a.attr.name)), false)),
            _ => None,
        },
        _ => None,
    }
}

/// The same rows, of which others may take the place.
fn opened<'a>(v: &Value<'a>) -> Value<'a> {
    match v {
        Value::Library(LibraryValue::Sql(Sql::Result(r))) => Value::Library(LibraryValue::Sql(Sql::Result(Arc::new(r.opened())))),
        other => other.clone(),
    }
}

/// `dict(zip(names, row))`: the row under its names, which `cursor.description` has; a list of other names is not looked for.
pub fn zipped<'a>(ev: &mut Evaluator<'_, 'a>, call: &'a Call) -> Option<Value<'a>> {
    let ([_], ExprKind::Call(zip)) = (call.args.as_slice(), &call.positional(0)?.kind) else { return None };
    if !matches!(zip.func.kind, ExprKind::Name(n) if n.as_str() == "zip") || zip.args.len() != 2 {
        return None;
    }
    let quiet = std::mem::replace(&mut ev.quiet, true);
    let (names, row) = (ev.eval(zip.positional(0)?), ev.eval(zip.positional(1)?));
    ev.quiet = quiet;
    match (&names, &row) {
        (Value::List(l), _) if !l.items.is_empty() => None,
        (Value::Tuple(_), _) => None,
        (_, Value::Library(LibraryValue::Postgrest(Postgrest::Rows(r)))) if r.sql && r.single == Some(true) => Some(rows(Arc::new(r.opened()))),
        _ => None,
    }
}

fn of_result<'a>(r: &Arc<Rows>, name: &str) -> Value<'a> {
    let as_rows = |single| rows(Arc::new(Rows { single, ..(**r).clone() }));
    match name {
        "mappings" | "unique" | "yield_per" => Value::Library(LibraryValue::Sql(Sql::Result(r.clone()))),
        "all" | "fetchall" | "fetchmany" => as_rows(Some(false)),
        "first" | "one" | "one_or_none" | "fetchone" => as_rows(Some(true)),
        _ => Value::Unknown,
    }
}
