//! The lock as a picture: Mermaid's entity relationship diagram, and Graphviz.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use super::escape::{visible, xml};
use crate::schema::{ForeignKey, QualifiedName, Relation, Schema};

/// How a key relates rows: whether one must point, and whether one alone may.
struct Link<'s> {
    from: &'s QualifiedName,
    to: &'s QualifiedName,
    key: &'s ForeignKey,
    optional: bool,
    single: bool,
}

fn links<'s>(schema: &'s Schema, shown: &BTreeSet<&QualifiedName>) -> Vec<Link<'s>> {
    let mut all = Vec::new();
    for (from, relation) in schema.relations.iter().filter(|(q, _)| shown.contains(q)) {
        for key in relation.foreign_keys.iter().filter(|k| shown.contains(&k.target)) {
            let optional = key.columns.iter().any(|c| relation.column(c).is_some_and(|c| !c.not_null));
            let same = |other: &[String]| other.len() == key.columns.len() && other.iter().all(|c| key.columns.contains(c));
            let single = same(&relation.primary_key) || relation.unique.iter().any(|u| same(&u.columns));
            all.push(Link { from, to: &key.target, key, optional, single });
        }
    }
    all
}

/// A relation's name where it stands alone: its schema only where it is not searched.
fn title(schema: &Schema, name: &QualifiedName) -> String {
    if schema.search_path.first() == Some(&name.schema) { name.name.clone() } else { name.to_string() }
}

/// Text inside Mermaid's quotes, which know no escape but entities.
fn quoted(text: &str) -> String {
    let text: String = visible(text).chars().map(|c| if matches!(c, '"' | '#' | '<' | '>' | '\\' | '%') { '\'' } else { c }).collect();
    format!("\"{text}\"")
}

/// A word that Mermaid takes for a type or an attribute.
fn word(text: &str) -> String {
    let mut out: String = text.chars().map(|c| if c.is_ascii_alphanumeric() || matches!(c, '_' | '(' | ')' | '[' | ']') { c } else { '_' }).collect();
    if !out.starts_with(|c: char| c.is_ascii_alphabetic()) {
        out.insert(0, 't');
    }
    out
}

/// A Mermaid `erDiagram` of these relations.
pub fn mermaid(schema: &Schema, shown: &BTreeSet<&QualifiedName>) -> String {
    let mut out = String::from("erDiagram\n");
    for (name, relation) in schema.relations.iter().filter(|(q, _)| shown.contains(q)) {
        let _ = writeln!(out, "    {} {{", quoted(&title(schema, name)));
        for c in &relation.columns {
            let primary = relation.primary_key.contains(&c.name);
            let foreign = relation.foreign_keys.iter().any(|k| k.columns.contains(&c.name));
            let unique = relation.unique.iter().any(|u| u.columns == [c.name.clone()]);
            let keys: Vec<&str> = [(primary, "PK"), (foreign, "FK"), (unique, "UK")].into_iter().filter(|k| k.0).map(|k| k.1).collect();
            let keys = if keys.is_empty() { String::new() } else { format!(" {}", keys.join(", ")) };
            let own = word(&c.name).replace(['(', ')', '[', ']'], "_");
            let note = if own == c.name { String::new() } else { format!(" {}", quoted(&c.name)) };
            let _ = writeln!(out, "        {} {own}{keys}{note}", word(&c.ty));
        }
        out.push_str("    }\n");
    }
    for link in links(schema, shown) {
        let one = if link.optional { "|o" } else { "||" };
        let many = if link.single { "o|" } else { "o{" };
        let label = quoted(&link.key.columns.join(", "));
        let _ = writeln!(out, "    {} {one}--{many} {} : {label}", quoted(&title(schema, link.to)), quoted(&title(schema, link.from)));
    }
    out
}

/// The same for Graphviz.
pub fn dot(schema: &Schema, shown: &BTreeSet<&QualifiedName>) -> String {
    let id = |name: &QualifiedName| format!("\"{}\"", visible(&title(schema, name)).replace('\\', "\\\\").replace('"', "\\\""));
    let mut out =
        String::from("digraph schema {\n    rankdir=LR;\n    node [shape=plain, fontname=\"Helvetica\"];\n    edge [fontname=\"Helvetica\", fontsize=10];\n");
    for (name, relation) in schema.relations.iter().filter(|(q, _)| shown.contains(q)) {
        let mut rows = format!("<tr><td colspan=\"2\" bgcolor=\"#e8eef7\"><b>{}</b></td></tr>", xml(&title(schema, name)));
        for c in &relation.columns {
            let label = xml(&c.name);
            let label = if relation.primary_key.contains(&c.name) { format!("<u>{label}</u>") } else { label };
            let null = if c.not_null { "" } else { " null" };
            let _ = write!(rows, "<tr><td align=\"left\">{label}</td><td align=\"left\">{}{null}</td></tr>", xml(&c.ty));
        }
        let _ = writeln!(out, "    {} [label=<<table border=\"0\" cellborder=\"1\" cellspacing=\"0\" cellpadding=\"4\">{rows}</table>>];", id(name));
    }
    for link in links(schema, shown) {
        let style = if link.optional { ", style=dashed" } else { "" };
        let label = visible(&link.key.columns.join(", ")).replace('\\', "\\\\").replace('"', "\\\"");
        let _ = writeln!(out, "    {} -> {} [label=\"{label}\"{style}];", id(link.from), id(link.to));
    }
    out.push_str("}\n");
    out
}

/// A relation and those it points at or is pointed at by.
pub fn around<'s>(schema: &'s Schema, name: &'s QualifiedName, relation: &'s Relation) -> BTreeSet<&'s QualifiedName> {
    let out = relation.foreign_keys.iter().map(|k| &k.target).filter(|t| schema.relations.contains_key(*t));
    let into = schema.relations.iter().filter(|(_, r)| r.foreign_keys.iter().any(|k| k.target == *name)).map(|(q, _)| q);
    std::iter::once(name).chain(out).chain(into).collect()
}
