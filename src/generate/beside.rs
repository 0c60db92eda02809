//! What stands in a database beside its tables: sequences, and what SQLAlchemy has no words for and takes as DDL.

use std::collections::{BTreeMap, BTreeSet};

use super::python_types::user_type;
use crate::schema::types;
use crate::schema::{Column, QualifiedName, Relation, RelationKind, Schema, object_name};

/// Sequences that columns take their values from.
#[derive(Debug, Default)]
pub struct Sequences {
    /// Columns that SQLAlchemy makes a `serial` of by itself.
    pub serial: BTreeSet<(QualifiedName, String)>,
    /// Sequences that must be said, and the column that owns each.
    pub owned: BTreeMap<QualifiedName, (QualifiedName, String)>,
}

/// The sequence in `nextval('a.b'::regclass)`.
fn sequence(schema: &Schema, default: &str) -> Option<QualifiedName> {
    let inside = default.strip_prefix("nextval('")?.split_once('\'')?.0;
    let plain = |s: &str| s.strip_prefix('"').and_then(|s| s.strip_suffix('"')).unwrap_or(s).to_owned();
    Some(match inside.split_once('.') {
        Some((namespace, name)) => QualifiedName::new(plain(namespace), plain(name)),
        None => QualifiedName::new(schema.search_path.first().cloned().unwrap_or_else(|| "public".to_owned()), plain(inside)),
    })
}

/// Which columns own which sequences: the one that `serial` would have named it for, else the first that takes values from it.
pub fn sequences(schema: &Schema) -> Sequences {
    let mut users: BTreeMap<QualifiedName, Vec<(&QualifiedName, &Relation, &Column)>> = BTreeMap::new();
    for (q, relation) in schema.relations.iter().filter(|(_, r)| r.kind == RelationKind::Table) {
        for c in &relation.columns {
            if let Some(s) = c.default.as_deref().and_then(|d| sequence(schema, d)).filter(|s| !schema.sequences.contains(s)) {
                users.entry(s).or_default().push((q, relation, c));
            }
        }
    }
    let mut made = Sequences::default();
    for (sequence, users) in users {
        let named = |(q, _, c): &&(&QualifiedName, &Relation, &Column)| q.schema == sequence.schema && object_name(&q.name, &c.name, "seq") == sequence.name;
        let own = users.iter().find(named);
        let Some((q, relation, c)) = own.or(users.first()) else { continue };
        let owner = ((*q).clone(), c.name.clone());
        let lone = relation.primary_key.len() == 1 && relation.primary_key[0] == c.name;
        if own.is_some() && users.len() == 1 && lone && matches!(c.ty.as_str(), "integer" | "bigint" | "smallint") {
            made.serial.insert(owner);
        } else {
            made.owned.insert(sequence, owner);
        }
    }
    made
}

fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

fn full(name: &QualifiedName) -> String {
    format!("{}.{}", quoted(&name.schema), quoted(&name.name))
}

/// Nothing happens where it is there already, as with all that `create_all` makes.
fn once(statement: &str) -> String {
    format!("DO $_$ BEGIN {statement}; EXCEPTION WHEN duplicate_object OR duplicate_table THEN NULL; END $_$")
}

fn labels(all: &[String]) -> String {
    all.iter().map(|l| format!("'{}'", l.replace('\'', "''"))).collect::<Vec<_>>().join(", ")
}

/// DDL that must run before the tables are made: schemas, enums that no column has, composite and range types.
pub fn before(schema: &Schema) -> Vec<String> {
    let mut namespaces: BTreeSet<&String> = schema.relations.iter().filter(|(_, r)| is_table(r)).map(|(q, _)| &q.schema).collect();
    namespaces.extend(schema.enums.keys().chain(schema.domains.keys()).chain(schema.composites.keys()).chain(schema.ranges.keys()).map(|q| &q.schema));
    namespaces.extend(schema.sequences.iter().map(|q| &q.schema));
    let mut all: Vec<String> = namespaces.into_iter().filter(|n| *n != "public").map(|n| format!("CREATE SCHEMA IF NOT EXISTS {}", quoted(n))).collect();
    let columns: Vec<&str> = schema.relations.values().filter(|r| is_table(r)).flat_map(|r| &r.columns).map(|c| c.ty.as_str()).collect();
    let used = |name: &QualifiedName| {
        let means = |text: &&&str| types::parse(text).is_some_and(|t| !t.builtin && user_type(schema, &schema.enums, &t).is_some_and(|(q, _)| q == name));
        columns.iter().any(|t| means(&t))
    };
    for (name, all_labels) in schema.enums.iter().filter(|(q, _)| !schema.composites.is_empty() || !used(q)) {
        all.push(once(&format!("CREATE TYPE {} AS ENUM ({})", full(name), labels(all_labels))));
    }
    for (name, columns) in &schema.composites {
        let columns: Vec<String> = columns.iter().map(|(c, ty)| format!("{} {ty}", quoted(c))).collect();
        all.push(once(&format!("CREATE TYPE {} AS ({})", full(name), columns.join(", "))));
    }
    for (name, subtype) in &schema.ranges {
        all.push(once(&format!("CREATE TYPE {} AS RANGE (SUBTYPE = {subtype})", full(name))));
    }
    all
}

/// DDL that must run behind: further checks of domains, exclusion constraints, owners of sequences.
pub fn after(schema: &Schema, sequences: &Sequences) -> Vec<String> {
    let mut all = Vec::new();
    for (name, domain) in &schema.domains {
        for (constraint, check) in domain.checks.iter().skip(1) {
            all.push(once(&format!("ALTER DOMAIN {} ADD CONSTRAINT {} CHECK ({check})", full(name), quoted(constraint))));
        }
    }
    for (name, relation) in schema.relations.iter().filter(|(_, r)| is_table(r)) {
        for (constraint, definition) in &relation.exclusions {
            all.push(once(&format!("ALTER TABLE {} ADD CONSTRAINT {} EXCLUDE USING {definition}", full(name), quoted(constraint))));
        }
    }
    for (sequence, (table, column)) in &sequences.owned {
        all.push(format!("ALTER SEQUENCE {} OWNED BY {}.{}", full(sequence), full(table), quoted(column)));
    }
    all
}

fn is_table(relation: &Relation) -> bool {
    matches!(relation.kind, RelationKind::Table | RelationKind::ForeignTable)
}

/// What the models do not make, by name: the lock knows what these give, not how they do it.
pub fn not_expressed(schema: &Schema) -> Vec<String> {
    let mut all = Vec::new();
    for (q, relation) in &schema.relations {
        match relation.kind {
            RelationKind::View => all.push(format!("view {q}")),
            RelationKind::MaterializedView => all.push(format!("materialized view {q}")),
            RelationKind::ForeignTable => all.push(format!("foreign table {q}: a plain table here")),
            RelationKind::Table => {}
        }
    }
    all.extend(schema.functions.keys().map(|q| format!("function {q}")));
    all
}
