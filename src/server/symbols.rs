//! Tables and columns by name.

use serde_json::{Value, json};

use super::generation::Generation;
use super::publish;
use crate::schema::QualifiedName;
use crate::source::{Location, Span};

/// So many are listed; more help nobody.
const MOST: usize = 500;

/// `workspace/symbol`: what the lock defines, tables first.
pub fn symbols(generation: &Generation<'_>, query: &str) -> Option<Value> {
    let opened = generation.live.opened;
    let wanted: Vec<char> = query.to_lowercase().chars().filter(|c| !c.is_whitespace()).collect();
    let mut found = Vec::new();
    let mut add = |name: &str, kind: u32, container: String, at: Option<Span>| {
        if let Some(location) = at.and_then(|s| publish::location(generation, Location::new(opened.lock, s))) {
            found.push(json!({"name": name, "kind": kind, "containerName": container, "location": location}));
        }
    };
    for (name, relation) in generation.live.schema.relations.iter().filter(|(n, _)| like(&full(n, None), &wanted)) {
        add(&name.name, 23, name.schema.clone(), relation.at);
    }
    for (name, relation) in &generation.live.schema.relations {
        for column in relation.columns.iter().filter(|c| like(&full(name, Some(&c.name)), &wanted)) {
            add(&column.name, 8, crate::rules::display(name), column.at);
        }
    }
    found.truncate(MOST);
    Some(Value::Array(found))
}

fn full(name: &QualifiedName, column: Option<&str>) -> String {
    let table = crate::rules::display(name);
    column.map_or_else(|| table.clone(), |c| format!("{table}.{c}"))
}

/// Whether the letters of a query stand in a name, in their order: as editors match.
fn like(name: &str, wanted: &[char]) -> bool {
    let mut left = wanted.iter().peekable();
    for c in name.to_lowercase().chars() {
        left.next_if(|w| **w == c);
    }
    left.peek().is_none()
}

#[cfg(test)]
mod tests {
    #[test]
    fn letters_in_order_match() {
        let like = |name, query: &str| super::like(name, &query.chars().collect::<Vec<_>>());
        assert!(like("Batches.expiry_date", "batexp"));
        assert!(like("anything", ""));
        assert!(!like("batches", "tab"));
    }
}
