//! Writing a lock: one layout, no choices, every scalar safe under YAML 1.1 and 1.2.

use std::fmt::Write as _;

use super::line;
use crate::schema::{Incomplete, Relation, RelationKind, Schema};

pub(super) const HEADER: &str = "# dbtruth schema lock. Written by `dbtruth pull`; change the database, not this file.\n";
/// YAML allows a key on one line only up to 1024 bytes, quotes included.
const KEY_LIMIT: usize = 1000;

/// The text of the lock for `schema`.
pub fn write(schema: &Schema) -> String {
    let mut out = String::from(HEADER);
    out.push_str("version: 1\n");
    let _ = writeln!(out, "search_path: {}", list(&schema.search_path));
    let is_view = |relation: &Relation| matches!(relation.kind, RelationKind::View | RelationKind::MaterializedView);
    for (section, views) in [("tables", false), ("views", true)] {
        let mut entries: Vec<_> = schema.relations.iter().filter(|(_, r)| is_view(r) == views).map(|(name, r)| (line::relation_key(name), r)).collect();
        entries.sort_by(|a, b| a.0.cmp(&b.0));
        heading(&mut out, section, entries.is_empty());
        for (name, relation) in entries {
            write_relation(&mut out, &name, relation);
        }
    }
    section(&mut out, "enums", schema.enums.iter().map(|(name, labels)| (line::relation_key(name), list(labels))).collect());
    section(&mut out, "domains", schema.domains.iter().map(|(name, domain)| (line::relation_key(name), scalar(&line::domain(domain)))).collect());
    section(&mut out, "composites", schema.composites.iter().map(|(name, columns)| (line::relation_key(name), composite(columns))).collect());
    section(&mut out, "ranges", schema.ranges.iter().map(|(name, subtype)| (line::relation_key(name), scalar(subtype))).collect());
    if !schema.sequences.is_empty() {
        let _ = writeln!(out, "sequences: {}", list(&schema.sequences.iter().map(line::relation_key).collect::<Vec<_>>()));
    }
    let functions = schema.functions.iter().flat_map(|(name, overloads)| overloads.iter().map(|f| line::function(name, f)));
    section(&mut out, "functions", functions.map(|(key, returns)| (key, scalar(&returns))).collect());
    write_incomplete(&mut out, schema);
    out
}

fn heading(out: &mut String, name: &str, empty: bool) {
    if !empty {
        let _ = writeln!(out, "{name}:");
    }
}

/// A section of one line each; sorted here, since a key with a quoted schema sorts elsewhere than its name.
fn section(out: &mut String, name: &str, mut entries: Vec<(String, String)>) {
    heading(out, name, entries.is_empty());
    entries.sort();
    entries.dedup_by(|a, b| a.0 == b.0);
    for (key, value) in entries {
        entry(out, "  ", &key, &value);
    }
}

/// `key: value`; `value` is YAML already.
fn entry(out: &mut String, indent: &str, key: &str, value: &str) {
    let key = scalar(key);
    if key.len() > KEY_LIMIT {
        let _ = writeln!(out, "{indent}? {key}\n{indent}: {value}");
    } else {
        let _ = writeln!(out, "{indent}{key}: {value}");
    }
}

fn write_relation(out: &mut String, name: &str, relation: &Relation) {
    let _ = writeln!(out, "  {}:", scalar(name));
    match relation.kind {
        RelationKind::ForeignTable => out.push_str("    kind: foreign\n"),
        RelationKind::MaterializedView => out.push_str("    kind: materialized\n"),
        RelationKind::Table | RelationKind::View => {}
    }
    if let Some(comment) = &relation.comment {
        entry(out, "    ", "comment", &scalar(comment));
    }
    out.push_str(if relation.columns.is_empty() { "    columns: {}\n" } else { "    columns:\n" });
    for column in &relation.columns {
        entry(out, "      ", &column.name, &scalar(&line::column(column)));
    }
    let comments = relation.columns.iter().filter_map(|c| Some((c.name.clone(), scalar(c.comment.as_ref()?))));
    part(out, "column comments", comments);
    if !relation.primary_key.is_empty() {
        let _ = writeln!(out, "    primary key: {}", list(&relation.primary_key));
    }
    if let Some(name) = &relation.primary_key_name {
        entry(out, "    ", "primary key name", &scalar(name));
    }
    for (name, nulls_not_distinct) in [("unique", false), ("unique nulls not distinct", true)] {
        let some = relation.unique.iter().filter(|u| u.nulls_not_distinct == nulls_not_distinct);
        part(out, name, some.map(|u| (u.name.clone(), list(&u.columns))));
    }
    part(out, "foreign keys", relation.foreign_keys.iter().map(|k| (k.name.clone(), scalar(&line::foreign_key(k)))));
    part(out, "checks", relation.checks.iter().map(|(name, check)| (name.clone(), scalar(check))));
    part(out, "exclusions", relation.exclusions.iter().map(|(name, definition)| (name.clone(), scalar(definition))));
    part(out, "indexes", relation.indexes.iter().map(|i| (i.name.clone(), scalar(&line::index(i)))));
}

fn part(out: &mut String, name: &str, entries: impl Iterator<Item = (String, String)>) {
    let mut entries = entries.peekable();
    if entries.peek().is_some() {
        let _ = writeln!(out, "    {name}:");
    }
    for (key, value) in entries {
        entry(out, "      ", &key, &value);
    }
}

fn composite(columns: &[(String, String)]) -> String {
    let inner = columns.iter().map(|(name, ty)| format!("{}: {}", flow(name), flow(ty))).collect::<Vec<_>>().join(", ");
    format!("{{columns: {{{inner}}}}}")
}

/// Every open relation stands here, with or without a reason known to the source.
fn write_incomplete(out: &mut String, schema: &Schema) {
    let mut entries = schema.incomplete.clone();
    for (name, _) in schema.relations.iter().filter(|(_, r)| r.open) {
        let object = line::relation_key(name);
        if !entries.iter().any(|e| e.object == object) {
            entries.push(Incomplete { object, reason: "not fully understood".to_owned() });
        }
    }
    entries.sort();
    entries.dedup();
    out.push_str(if entries.is_empty() { "incomplete: []\n" } else { "incomplete:\n" });
    for entry in entries {
        let _ = writeln!(out, "  - {{object: {}, reason: {}}}", flow(&entry.object), flow(&entry.reason));
    }
}

/// `[a, "b"]`
fn list(items: &[String]) -> String {
    format!("[{}]", items.iter().map(|s| flow(s)).collect::<Vec<_>>().join(", "))
}

/// A scalar behind a key or as a key, on a line of its own.
pub(super) fn scalar(text: &str) -> String {
    if is_plain(text) { text.to_owned() } else { quoted(text) }
}

/// A scalar inside brackets. (`PyYAML` also stops at a question mark there.)
fn flow(text: &str) -> String {
    if is_plain(text) && !text.contains([',', '[', ']', '{', '}', ':', '#', '?']) { text.to_owned() } else { quoted(text) }
}

/// Whether any YAML reader, 1.1 or 1.2, takes the bare text as this very text.
fn is_plain(text: &str) -> bool {
    let bytes = text.as_bytes();
    let head = bytes.first().is_some_and(|b| b.is_ascii_alphabetic() || matches!(b, b'_' | b'(' | b'$'));
    let printable = bytes.iter().all(|b| (b' '..=b'~').contains(b));
    let words = ["y", "n", "yes", "no", "on", "off", "true", "false", "null"];
    head && printable
        && !matches!(bytes.last(), Some(b' ' | b':'))
        && !text.contains(": ")
        && !text.contains(" #")
        && !words.iter().any(|word| text.eq_ignore_ascii_case(word))
}

fn quoted(text: &str) -> String {
    let escapes = text.chars().any(needs_escape);
    if !escapes && text.contains(['"', '\\']) {
        return format!("'{}'", text.replace('\'', "''"));
    }
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            c if needs_escape(c) && c as u32 > 0xffff => {
                let _ = write!(out, "\\U{:08x}", c as u32);
            }
            c if needs_escape(c) => {
                let _ = write!(out, "\\u{:04x}", c as u32);
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

/// What YAML forbids bare or takes for the end of a line, and what would not show, or show in another place, in a review.
fn needs_escape(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{a0}' | '\u{ad}' | '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff0}'..='\u{ffff}')
        || matches!(c as u32 & 0xffff, 0xfffe | 0xffff)
        || matches!(c as u32, 0xe0000..=0xe007f)
}
