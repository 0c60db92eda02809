//! `Q` objects of constraints and indexes in SQL, as Django compiles them for PostgreSQL.

use super::M;
use super::fields::{ModelKey, last};
use super::state::Model;
use crate::migrations::python::{Made, Value};
use crate::migrations::sqltext::{literal, quoted};

/// The condition that a value stands for; `None` where not understood.
pub(super) fn condition<'a>(m: &mut M<'_, 'a>, key: &ModelKey, value: &Value<'a>) -> Option<String> {
    let model = m.host.models.get(key)?.clone();
    let made = value.made().filter(|q| last(q.path.as_str()) == "Q")?;
    q(m, &model, made, 0)
}

fn q<'a>(m: &mut M<'_, 'a>, model: &Model<'a>, made: &Made<'a>, depth: usize) -> Option<String> {
    if depth > 10 || made.args.open {
        return None;
    }
    let mut parts = Vec::new();
    for (v, _) in &made.args.positional {
        if let Some(inner) = v.made().filter(|i| last(i.path.as_str()) == "Q") {
            parts.push(q(m, model, inner, depth + 1)?);
            continue;
        }
        let (pair, open) = v.items()?;
        let [name, value] = pair.as_slice() else { return None };
        parts.push(if open { return None } else { lookup(m, model, &name.constant()?, value)? });
    }
    let mut negated = false;
    let mut connector = " AND ".to_owned();
    for (name, value, _) in &made.args.keywords {
        match name.as_str() {
            "_negated" => negated = matches!(value, Value::Bool(true)),
            "_connector" => connector = format!(" {} ", value.constant().filter(|c| matches!(c.as_str(), "AND" | "OR"))?),
            name => parts.push(lookup(m, model, name, value)?),
        }
    }
    if parts.is_empty() {
        return None;
    }
    let joined = if parts.len() == 1 { parts.remove(0) } else { format!("({})", parts.join(&connector)) };
    Some(if negated { format!("NOT ({joined})") } else { joined })
}

/// `field__lookup=value`. Nullable fields under NOT get more words from Django; what we cannot say word for word we do not say.
fn lookup<'a>(m: &mut M<'_, 'a>, model: &Model<'a>, name: &str, value: &Value<'a>) -> Option<String> {
    let (field, kind) = name.split_once("__").unwrap_or((name, "exact"));
    let (field, f) = match model.field(field) {
        Some(f) => (field, f),
        None => (field.strip_suffix("_id")?, model.field(field.strip_suffix("_id")?)?),
    };
    let column = quoted(&f.column(field));
    let boolean = f.kind == "BooleanField";
    let operator = match (kind, value) {
        ("isnull", Value::Bool(yes)) => return Some(format!("{column} IS {}NULL", if *yes { "" } else { "NOT " })),
        ("exact", Value::None) => return Some(format!("{column} IS NULL")),
        ("exact", Value::Bool(true)) if boolean => return Some(column),
        ("exact", Value::Bool(false)) if boolean => return Some(format!("NOT {column}")),
        ("in", _) => {
            let (_, open) = value.items()?;
            let items: Option<Vec<String>> = m.members_of(value).iter().map(|v| scalar(model, v)).collect();
            return items.filter(|i| !open && !i.is_empty()).map(|i| format!("{column} IN ({})", i.join(", ")));
        }
        ("exact", _) => "=",
        ("gt", _) => ">",
        ("gte", _) => ">=",
        ("lt", _) => "<",
        ("lte", _) => "<=",
        _ => return None,
    };
    Some(format!("{column} {operator} {}", scalar(model, value)?))
}

fn scalar<'a>(model: &Model<'a>, value: &Value<'a>) -> Option<String> {
    match value {
        Value::Bool(b) => Some(b.to_string()),
        Value::Int(n) => Some(n.to_string()),
        Value::Str(_) => value.constant().map(|t| literal(&t)),
        Value::Made(f) if last(f.path.as_str()) == "F" => {
            let name = f.args.text(0, "name")?;
            Some(quoted(&model.field(&name)?.column(&name)))
        }
        _ => None,
    }
}
