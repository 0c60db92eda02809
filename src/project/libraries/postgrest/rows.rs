//! Rows of answers: which keys the code asks of them.

use std::sync::Arc;

use crate::symbol::Symbol;

use crate::diagnostic::{Access, Context};
use crate::project::eval::{Args, Evaluator};
use crate::project::uses::{Certainty, RowKey};
use crate::project::value::Value;
use crate::syntax::python::{Call, Expr, ExprKind, Ident};

use super::{Key, Postgrest, Rows, note, of, wrap};

/// `rows[0]`, `row["key"]`
pub fn subscript<'a>(ev: &mut Evaluator<'_, 'a>, rows: &Arc<Rows>, key: &Value<'a>, index: &'a Expr) -> Value<'a> {
    if matches!(index.kind, ExprKind::Slice) {
        return wrap(Postgrest::Rows(rows.clone()));
    }
    match key {
        Value::Str(text) => match text.constant() {
            Some(name) => {
                let at = text.location().unwrap_or_else(|| ev.at(index.span));
                get(ev, rows, &name, at, false)
            }
            None => Value::Unknown,
        },
        // A row of SQL asked by number gives a value.
        Value::Int(_) if rows.sql && rows.single == Some(true) => Value::Unknown,
        Value::Int(_) => one(rows),
        _ if rows.single == Some(false) => one(rows),
        _ => Value::Unknown,
    }
}

/// `row.key` of a row that SQL gave. Which kinds of rows answer to that depends on the driver, so a name that the row does not have says nothing.
pub fn attribute<'a>(ev: &mut Evaluator<'_, 'a>, rows: &Rows, attr: Ident) -> Option<Value<'a>> {
    let method = matches!(attr.as_str(), "copy" | "count" | "get" | "index" | "items" | "keys" | "pop" | "update" | "values");
    if !rows.sql || rows.single != Some(true) || method {
        return None;
    }
    let (relation, column) = rows.shape.key(attr.as_str())?.column?;
    let at = ev.at(attr.span);
    note::row(ev, at, relation, column, rows.certainty, true);
    Some(Value::Unknown)
}

fn one<'a>(rows: &Arc<Rows>) -> Value<'a> {
    wrap(Postgrest::Rows(Arc::new(Rows { single: Some(true), ..(**rows).clone() })))
}

/// Notes that a key is asked of a row, and gives what it holds.
fn get<'a>(ev: &mut Evaluator<'_, 'a>, rows: &Arc<Rows>, name: &str, at: crate::source::Location, tolerant: bool) -> Value<'a> {
    let key = Symbol::from(name);
    // A list has no such key: what is asked is no row of ours.
    if rows.single == Some(false) || ev.state.postgrest.has_added(rows.root, key) {
        return Value::Unknown;
    }
    let sure = if tolerant { rows.certainty.min(Certainty::Medium) } else { rows.certainty };
    if let Some(known) = rows.shape.key(name) {
        if let Some((relation, column)) = known.column {
            note::row(ev, at, relation, column, sure, rows.sql);
        }
        return match &known.nested {
            Some(n) => {
                wrap(Postgrest::Rows(Arc::new(Rows { root: rows.root, shape: n.shape.clone(), single: n.single, certainty: rows.certainty, sql: rows.sql })))
            }
            None => Value::Unknown,
        };
    }
    if rows.shape.open || ev.state.postgrest.has_escaped(rows.root) {
        return Value::Unknown;
    }
    match rows.shape.relation {
        Some(relation) if ev.state.apart && rows.starred(name, ev.world.schema) == Some(true) => note::row(ev, at, relation, key, sure, rows.sql),
        Some(relation) if rows.shape.star => note::reference(ev, Some(at), relation, Some(key), Access::Read, sure),
        relation => {
            if ev.notes() && ev.state.postgrest.noted.insert((at, Some(key), Symbol::from("row"))) {
                let certainty = note::certainty(ev, sure);
                let mut known: Vec<_> = rows.shape.keys.iter().map(|k| k.name).collect();
                known.sort_unstable();
                ev.uses.row_keys.push(RowKey {
                    location: at,
                    key,
                    relation,
                    known,
                    context: if rows.sql { Context::Sql } else { Context::Query },
                    certainty,
                    required_by: None,
                });
            }
        }
    }
    Value::Unknown
}

impl Rows {
    /// Whether a row has a key of that name.
    pub fn has_key(&self, name: &str, schema: &crate::schema::Schema) -> bool {
        self.shape.key(name).is_some() || self.shape.star && self.starred(name, schema) == Some(true)
    }

    /// Whether the table behind `*` has that column; `None` where it is not known wholly.
    fn starred(&self, name: &str, schema: &crate::schema::Schema) -> Option<bool> {
        let relation = self.shape.relation?;
        let (_, table) = schema.relation(relation.schema.map(|s| s.as_str()), &relation.name)?;
        let has = table.column(name).is_some();
        (has || !table.open).then_some(has)
    }

    /// Notes that a key which the row has is read at a place.
    pub fn reads(&self, ev: &mut Evaluator<'_, '_>, name: &str, at: crate::source::Location) {
        match (self.shape.key(name), self.shape.relation) {
            (Some(Key { column: Some((relation, column)), .. }), _) => note::row(ev, at, *relation, *column, self.certainty, self.sql),
            (None, Some(relation)) => note::row(ev, at, relation, Symbol::from(name), self.certainty, self.sql),
            _ => {}
        }
    }

    /// Notes that a class which is made from the row at a place cannot do without a key that the row does not have.
    pub fn lacks(&self, ev: &mut Evaluator<'_, '_>, name: &str, at: crate::source::Location, class: Symbol) {
        let key = Symbol::from(name);
        let unsure = self.shape.open || self.shape.star && self.starred(name, ev.world.schema) != Some(false);
        let changed = ev.state.postgrest.has_escaped(self.root) || ev.state.postgrest.has_added(self.root, key);
        if unsure || changed || !ev.notes() || !ev.state.postgrest.noted.insert((at, Some(key), Symbol::from("row"))) {
            return;
        }
        let certainty = note::certainty(ev, self.certainty);
        let mut known: Vec<_> = self.shape.keys.iter().map(|k| k.name).collect();
        known.sort_unstable();
        let context = if self.sql { Context::Sql } else { Context::Query };
        ev.uses.row_keys.push(RowKey { location: at, key, relation: self.shape.relation, known, context, certainty, required_by: Some(class) });
    }
}

/// Methods of rows and lists of rows.
pub fn method<'a>(ev: &mut Evaluator<'_, 'a>, rows: &Arc<Rows>, name: Ident, call: &'a Call, args: &Args<'a>) -> Option<Value<'a>> {
    let key = || args.positional(call, 0).and_then(|v| v.text()).and_then(|t| Some((t.constant()?.into_owned(), t.location())));
    Some(match name.as_str() {
        "get" => match key() {
            Some((k, at)) => {
                let at = at.unwrap_or_else(|| ev.at(name.span));
                get(ev, rows, &k, at, true)
            }
            None => Value::Unknown,
        },
        "pop" | "setdefault" => match key() {
            // Who says what to take instead expects that there is no such key.
            Some((k, _)) if args.values.len() > 1 && rows.shape.key(&k).is_none() && !rows.has_key(&k, ev.world.schema) => {
                ev.state.postgrest.added.insert((rows.root, Symbol::from(&k)));
                Value::Unknown
            }
            Some((k, at)) => {
                let v = get(ev, rows, &k, at.unwrap_or_else(|| ev.at(name.span)), true);
                ev.state.postgrest.added.insert((rows.root, Symbol::from(&k)));
                v
            }
            None if rows.single != Some(true) => one(rows),
            None => Value::Unknown,
        },
        "copy" => wrap(Postgrest::Rows(rows.clone())),
        "sort" | "reverse" => Value::None,
        "items" | "keys" | "values" | "index" | "count" => Value::Unknown,
        // Whatever else changes them: `update`, `append`, `extend`…
        _ => {
            ev.state.postgrest.escaped.insert(rows.root);
            Value::None
        }
    })
}

/// Python's own functions that give rows back.
pub fn builtin<'a>(_ev: &mut Evaluator<'_, 'a>, callee: &Value<'a>, call: &'a Call, args: &Args<'a>) -> Option<Value<'a>> {
    let first = args.positional(call, 0)?;
    let Some(Postgrest::Rows(r)) = of(first) else { return None };
    match callee.external()? {
        "builtins.list" | "builtins.sorted" | "builtins.reversed" | "builtins.tuple" if r.single != Some(true) => Some(first.clone()),
        // `dict(row, extra=1)`
        "builtins.dict" if call.args.len() > 1 => Some(wrap(Postgrest::Rows(Arc::new(r.opened())))),
        "builtins.dict" => Some(first.clone()),
        _ => None,
    }
}

/// Rows given to someone else may come back with other keys.
pub fn escape(ev: &mut Evaluator<'_, '_>, args: &Args<'_>) {
    for v in &args.values {
        for one in v.alternatives() {
            if let Some(Postgrest::Rows(r) | Postgrest::Answer(r)) = of(one) {
                ev.state.postgrest.escaped.insert(r.root);
            }
        }
    }
}

/// The same, unless what is called is known to leave its arguments alone.
pub fn escape_to(ev: &mut Evaluator<'_, '_>, callee: &Value<'_>, args: &Args<'_>) {
    let harmless = match callee {
        Value::External(p) => ["builtins", "json", "logging", "typing", "copy", "pprint", "pandas", "itertools", "asyncio", "functools"]
            .contains(&p.split('.').next().unwrap_or_default()),
        Value::Class(_) => true,
        _ => false,
    };
    if !harmless {
        escape(ev, args);
    }
}
