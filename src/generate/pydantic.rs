//! Pydantic v2 models: for each table what a row is, what an insert takes, what an update takes; for each view what a row is.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use super::layout::{Node, WIDTH, annotated, statement};
use super::names;
use super::python_types::{PythonType, python};
use crate::schema::{Column, Identity, QualifiedName, Relation, RelationKind, Schema};

/// Attributes of `BaseModel` that a field of that name would hide or break (Pydantic raises, warns, or drops the field).
pub(super) fn is_reserved(name: &str) -> bool {
    name.starts_with("model_")
        || matches!(
            name,
            "schema"
                | "json"
                | "copy"
                | "dict"
                | "validate"
                | "construct"
                | "parse_obj"
                | "parse_raw"
                | "parse_file"
                | "from_orm"
                | "update_forward_refs"
                | "schema_json"
                | "fields"
        )
}

/// Which of a table's models.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Variant {
    Row,
    Insert,
    Update,
}

/// The whole module.
pub fn module(schema: &Schema) -> String {
    let mut modules = BTreeSet::from(["pydantic"]);
    let mut used = BTreeSet::new();
    let enum_names: Vec<(QualifiedName, String)> = schema.enums.keys().map(|q| (q.clone(), names::class(q, &mut used))).collect();
    let enum_name = |q: &QualifiedName| enum_names.iter().find(|(k, _)| k == q).map_or_else(|| "str".to_owned(), |(_, n)| n.clone());
    let mut body = String::new();
    for (q, labels) in &schema.enums {
        modules.insert("typing");
        let items = labels.iter().map(|l| Node::string(l)).collect::<Vec<_>>();
        if items.is_empty() {
            let _ = write!(body, "\n{} = str\n", enum_name(q));
            continue;
        }
        let literal = Node::Group { head: "typing.Literal".to_owned(), open: '[', items, tuple: false };
        let _ = write!(body, "\n{}", statement(0, &format!("{} = ", enum_name(q)), &literal));
    }
    for (q, relation) in &schema.relations {
        let base = names::class(q, &mut used);
        let fields: Vec<(&Column, String, PythonType)> = fields(schema, relation, &enum_name, &mut modules);
        let is_table = matches!(relation.kind, RelationKind::Table | RelationKind::ForeignTable);
        let variants: &[Variant] = if is_table { &[Variant::Row, Variant::Insert, Variant::Update] } else { &[Variant::Row] };
        for &variant in variants {
            class(&mut body, q, &base, &fields, variant);
        }
    }
    let mut out = String::from("\"\"\"Pydantic models of the database. Written by `dbtruth generate pydantic` from the lock; do not edit.\"\"\"\n\n");
    let (own, other): (Vec<&str>, Vec<&str>) = modules.iter().copied().partition(|m| *m != "pydantic");
    for m in &own {
        let _ = writeln!(out, "import {m}");
    }
    if !own.is_empty() {
        out.push('\n');
    }
    for m in other {
        let _ = writeln!(out, "import {m}");
    }
    out + &body
}

fn fields<'s>(
    schema: &'s Schema,
    relation: &'s Relation,
    enum_name: &dyn Fn(&QualifiedName) -> String,
    modules: &mut BTreeSet<&'static str>,
) -> Vec<(&'s Column, String, PythonType)> {
    let mut used = BTreeSet::new();
    super::ordered(relation).into_iter().map(|c| (c, names::attribute(&c.name, is_reserved, &mut used), python(schema, &c.ty, enum_name, modules))).collect()
}

fn class(out: &mut String, name: &QualifiedName, base: &str, fields: &[(&Column, String, PythonType)], variant: Variant) {
    let (suffix, what) = match variant {
        Variant::Row => ("", "A row of"),
        Variant::Insert => ("Insert", "What an insert takes into"),
        Variant::Update => ("Update", "What an update takes of"),
    };
    let _ = write!(out, "\n\nclass {base}{suffix}(pydantic.BaseModel):\n    \"\"\"{what} {}.\"\"\"\n", docstring(&name.to_string()));
    let kept: Vec<_> = fields.iter().filter(|(c, ..)| variant == Variant::Row || (c.generated.is_none() && c.identity != Some(Identity::Always))).collect();
    if kept.iter().any(|(c, attribute, _)| *attribute != c.name) {
        out.push_str("\n    model_config = pydantic.ConfigDict(populate_by_name=True)\n");
    }
    if !kept.is_empty() {
        out.push('\n');
    }
    for (column, attribute, ty) in kept {
        let nullable = !column.not_null;
        let optional = match variant {
            Variant::Row => false,
            Variant::Insert => nullable || column.default.is_some() || column.identity.is_some(),
            Variant::Update => true,
        };
        let annotation = if nullable { format!("{} | None", ty.annotation) } else { ty.annotation.clone() };
        out.push_str(&field(column, attribute, ty, &annotation, optional));
    }
}

/// One field. An optional one without a value of its own is left out of what is sent (`model_dump(exclude_unset=True)`).
fn field(column: &Column, attribute: &str, ty: &PythonType, annotation: &str, optional: bool) -> String {
    let mut options = Vec::new();
    if optional {
        options.push(Node::keyword("default", Node::atom("None")));
    }
    if attribute != column.name {
        options.push(Node::keyword("alias", Node::string(&column.name)));
    }
    if let Some(n) = ty.max_length {
        options.push(Node::keyword("max_length", Node::atom(n.to_string())));
    }
    if let Some((precision, scale)) = ty.digits {
        options.push(Node::keyword("max_digits", Node::atom(precision.to_string())));
        options.push(Node::keyword("decimal_places", Node::atom(scale.to_string())));
    }
    // A value that may be left out is not thereby allowed to be null; only its type says that.
    let annotation = annotation.to_owned();
    match options.as_slice() {
        [] => bare(attribute, &annotation, ""),
        [Node::Prefixed(name, _)] if name == "default=" => bare(attribute, &annotation, " = None"),
        _ => annotated(4, attribute, &annotation, &Node::call("pydantic.Field", options)),
    }
}

/// A field without a call, broken inside the brackets of its annotation where it is too long.
fn bare(attribute: &str, annotation: &str, value: &str) -> String {
    let line = format!("    {attribute}: {annotation}{value}\n");
    match annotation.strip_suffix(']').and_then(|a| a.split_once('[')) {
        Some((head, inside)) if line.trim_end().chars().count() > WIDTH => format!("    {attribute}: {head}[\n        {inside}\n    ]{value}\n"),
        _ => line,
    }
}

/// Text that may stand in a docstring.
pub(super) fn docstring(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "'").replace(['\n', '\r'], " ")
}
