//! Python models that match the schema exactly.
//!
//! What is written is deterministic and laid out as a formatter would leave it. Modules are imported whole (`import datetime`), so that no column's name can hide a type.

mod beside;
mod layout;
mod names;
mod pydantic;
mod python_types;
mod relationships;
mod sqlalchemy;
mod sqlalchemy_types;

use crate::schema::{Column, Relation, Schema};

/// What can be generated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Target {
    /// Pydantic v2: Row, Insert and Update of each table.
    Pydantic,
    /// SQLAlchemy 2.0 declarative.
    Sqlalchemy,
    /// SQLModel.
    Sqlmodel,
}

/// The module's text.
pub fn generate(schema: &Schema, target: Target) -> String {
    match target {
        Target::Pydantic => pydantic::module(schema),
        Target::Sqlalchemy => sqlalchemy::module(schema, sqlalchemy::Style::Declarative),
        Target::Sqlmodel => sqlalchemy::module(schema, sqlalchemy::Style::SqlModel),
    }
}

/// The SQLAlchemy type object of a column type, with `sa.` and `pg.` for SQLAlchemy and its PostgreSQL dialect; `None` where SQLAlchemy has none.
pub fn sqlalchemy_type(schema: &Schema, ty: &str) -> Option<String> {
    let made = sqlalchemy_types::type_object(schema, ty);
    (!made.custom).then(|| made.node.flat())
}

/// What a column's values are in Python, and the modules that the annotation needs whole; enums are their labels' text.
pub fn python_type(schema: &Schema, ty: &str, modules: &mut std::collections::BTreeSet<&'static str>) -> String {
    python_types::python(schema, ty, &|_| "str".to_owned(), modules).annotation
}

/// The attribute for a column in a class that has `taken` already; another name than the column's where that is reserved, `model_…` too where Pydantic reads the class.
pub fn attribute(column: &str, pydantic: bool, taken: &mut std::collections::BTreeSet<String>) -> String {
    names::attribute(column, |name| sqlalchemy::is_reserved(name) || (pydantic && (name.starts_with("model_") || name == "schema")), taken)
}

/// What models do not make, by name: views, functions.
pub fn not_expressed(schema: &Schema) -> Vec<String> {
    beside::not_expressed(schema)
}

/// Columns in the order people expect: primary key, then the physical order where it is known, else by name.
fn ordered(relation: &Relation) -> Vec<&Column> {
    let key = |c: &Column| {
        let primary = relation.primary_key.iter().position(|k| *k == c.name).unwrap_or(usize::MAX);
        let physical = relation.physical_order.as_ref().and_then(|o| o.iter().position(|n| *n == c.name)).unwrap_or(usize::MAX);
        (primary, physical, c.name.clone())
    };
    let mut all: Vec<&Column> = relation.columns.iter().collect();
    all.sort_by_key(|c| key(c));
    all
}

/// Splits at commas outside brackets and quotes.
fn split_top(text: &str) -> Vec<&str> {
    let (mut parts, mut depth, mut quote, mut start) = (Vec::new(), 0_i32, None, 0);
    for (at, c) in text.char_indices() {
        match (quote, c) {
            (Some(q), c) if c == q => quote = None,
            (Some(_), _) => {}
            (None, '\'' | '"') => quote = Some(c),
            (None, '(' | '[') => depth += 1,
            (None, ')' | ']') => depth -= 1,
            (None, ',') if depth == 0 => {
                parts.push(text[start..at].trim());
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(text[start..].trim());
    parts.retain(|p| !p.is_empty());
    parts
}
