//! What is written: the keys of payloads.

use crate::symbol::Symbol;

use crate::diagnostic::{Access, Context};
use crate::project::eval::Evaluator;
use crate::project::uses::{Certainty, Insert, RelationName};
use crate::project::value::{Dict, Value};
use crate::source::Location;
use crate::syntax::python::ExprKind;

use super::query::literal;
use super::{Verb, note};

/// Where a payload goes.
#[derive(Clone, Copy)]
pub struct Target {
    /// The relation.
    pub relation: RelationName,
    /// `insert`, `update`, `upsert`.
    pub verb: Verb,
    /// The name of the call.
    pub at: Location,
    /// How sure.
    pub certainty: Certainty,
}

/// Notes the keys of a payload: a dict, or a list of them.
pub fn write<'a>(ev: &mut Evaluator<'_, 'a>, to: Target, payload: &Value<'a>) {
    match payload {
        Value::Dict(d) => row(ev, to, d),
        Value::List(l) => {
            for item in l.items.iter().chain(&l.rest) {
                write(ev, to, item);
            }
        }
        Value::Tuple(items) => {
            for item in items.iter() {
                write(ev, to, item);
            }
        }
        Value::Union(all) => {
            let likely = Target { certainty: to.certainty.min(Certainty::Medium), ..to };
            for v in all.iter() {
                write(ev, likely, v);
            }
        }
        Value::None => {}
        _ => {
            if let Some(d) = crate::project::libraries::pydantic::typed_dict(ev, payload) {
                return row(ev, to, &d);
            }
            ev.hands_on |= payload.is_unknown();
            note::skip(ev, "payload not known");
        }
    }
}

fn row<'a>(ev: &mut Evaluator<'_, 'a>, to: Target, d: &Dict<'a>) {
    let mut columns = Vec::new();
    for e in &d.entries {
        let Some(key) = e.key.constant() else { continue };
        let column = Symbol::from(&key);
        // What is written on some ways through the code only is not certainly missing.
        columns.push(column);
        // A key that came out of a list of allowed names may never be there; one that is a class's field is linked by data flow alone.
        let sure = if e.expr.is_none() { to.certainty.min(Certainty::Medium) } else { to.certainty };
        note::reference(ev, Some(e.at), to.relation, Some(column), Access::Write, sure);
        // Only a value that is written right there is the key's for certain.
        let Some((file, expr)) = e.expr else { continue };
        let at = Location::new(file, expr.span);
        match (&e.value, &expr.kind) {
            (Value::Str(t), ExprKind::Str(_)) => {
                if let Some(value) = t.constant() {
                    literal(ev, t.location().unwrap_or(at), to.relation, column, Some(value.into_owned()), true, to.certainty);
                }
            }
            (Value::None, ExprKind::None) => literal(ev, at, to.relation, column, None, true, to.certainty),
            _ => {}
        }
    }
    if to.verb == Verb::Update || !ev.notes() {
        return;
    }
    columns.sort_unstable();
    columns.dedup();
    let certainty = note::certainty(ev, to.certainty);
    let insert = Insert {
        location: to.at,
        relation: to.relation,
        columns,
        complete: !d.open,
        context: Context::Query,
        via: note::VIA,
        may_update: to.verb == Verb::Upsert,
        literal: true,
        certainty,
    };
    if !ev.uses.inserts.contains(&insert) {
        ev.uses.inserts.push(insert);
    }
}
