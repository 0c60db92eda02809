//! Where two ways through the code meet: what is known of a name is what either left.

use std::sync::Arc;

use super::env::Env;
use super::value::{Dict, List, Value};

/// What is known where two ways through the code meet.
pub fn merge<'a>(a: Env<'a>, b: Env<'a>) -> Env<'a> {
    a.meet(b, merge_values)
}

fn merge_values<'a>(ours: &Value<'a>, theirs: Value<'a>) -> Value<'a> {
    match (ours, &theirs) {
        _ if ours.same(&theirs) => theirs,
        (Value::Dict(x), Value::Dict(y)) => match merge_dicts(x, y) {
            Some(d) => Value::Dict(Arc::new(d)),
            None => Value::union([ours.clone(), theirs]),
        },
        (Value::List(x), Value::List(y)) => {
            // The same rows, some of which one way changed.
            if let Some(list) = merge_rows(x, y) {
                return Value::List(Arc::new(list));
            }
            // One way added to the list, the other did not: what was added may be there.
            let shared = x.items.iter().zip(&y.items).take_while(|(a, b)| a.same(b)).count();
            let mut items = x.items.clone();
            items.extend(y.items[shared..].iter().cloned());
            Value::List(Arc::new(List { items, rest: x.rest.clone().or_else(|| y.rest.clone()) }))
        }
        // A text to which one way appended something is taken at its longest.
        (Value::Str(x), Value::Str(y)) if y.parts.starts_with(&x.parts) => theirs,
        (Value::Str(x), Value::Str(y)) if x.parts.starts_with(&y.parts) => ours.clone(),
        (Value::Library(x), Value::Library(y)) => x.merge(y).map_or_else(|| Value::union([ours.clone(), theirs.clone()]), Value::Library),
        _ => Value::union([ours.clone(), theirs]),
    }
}

/// Two lists of as many dicts, as one; `None` where they are not.
fn merge_rows<'a>(x: &List<'a>, y: &List<'a>) -> Option<List<'a>> {
    let both = |(a, b): (&Value<'a>, &Value<'a>)| match (a, b) {
        _ if a.same(b) => Some(a.clone()),
        (Value::Dict(a), Value::Dict(b)) => merge_dicts(a, b).map(|d| Value::Dict(Arc::new(d))),
        _ => None,
    };
    if x.items.len() != y.items.len() || x.rest.is_some() != y.rest.is_some() {
        return None;
    }
    let items = x.items.iter().zip(&y.items).map(both).collect::<Option<_>>()?;
    let rest = match (&x.rest, &y.rest) {
        (Some(a), Some(b)) => Some(both((a, b))?),
        _ => None,
    };
    Some(List { items, rest })
}

fn merge_dicts<'a>(x: &Arc<Dict<'a>>, y: &Arc<Dict<'a>>) -> Option<Dict<'a>> {
    let (short, long) = if x.entries.len() <= y.entries.len() { (x, y) } else { (y, x) };
    // One way took keys out: those may be there.
    let mut left = short.entries.iter().peekable();
    let mut entries = long.entries.clone();
    for e in &mut entries {
        match left.next_if(|kept| kept.at == e.at) {
            Some(kept) => e.conditional |= kept.conditional,
            None => e.conditional = true,
        }
    }
    if left.peek().is_none() {
        return Some(Dict { entries, open: x.open || y.open });
    }
    let shared = short.entries.iter().zip(&long.entries).take_while(|(a, b)| a.at == b.at).count();
    if shared == 0 && !short.entries.is_empty() {
        return None;
    }
    let mut entries = long.entries.clone();
    entries.extend(short.entries[shared..].iter().cloned());
    for e in &mut entries[shared..] {
        e.conditional = true;
    }
    Some(Dict { entries, open: x.open || y.open })
}
