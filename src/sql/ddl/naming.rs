//! The names that PostgreSQL chooses: `ChooseRelationName`, `ChooseConstraintName` (`src/backend/commands/indexcmds.c`,
//! `src/backend/catalog/pg_constraint.c`).

use super::Ddl;
use crate::schema::{QualifiedName, Relation, clip, object_name, primary_key_name};

/// `NAMEDATALEN - 1`, in bytes.
const LIMIT: usize = 63;

/// The columns of an index in its name: joined, as far as they fit.
pub(super) fn joined_columns<'a>(columns: impl Iterator<Item = &'a str>) -> String {
    let mut out = String::new();
    for column in columns {
        if !out.is_empty() {
            out.push('_');
        }
        out.push_str(clip(column, LIMIT));
        if out.len() >= LIMIT {
            break;
        }
    }
    out
}

impl Ddl {
    /// A free name for an index, a sequence or another relation.
    pub(super) fn free_relation_name(&self, schema: &str, name1: &str, name2: &str, label: &str) -> String {
        free(name1, name2, label, |name| self.is_relation_name(schema, name))
    }

    /// A free name for a constraint without an index.
    pub(super) fn free_constraint_name(&self, schema: &str, name1: &str, name2: &str, label: &str) -> String {
        free(name1, name2, label, |name| self.is_constraint_name(schema, name))
    }

    /// Whether a relation, index or sequence has that name.
    pub(super) fn is_relation_name(&self, schema: &str, name: &str) -> bool {
        let key = QualifiedName::new(schema, name);
        self.schema.relations.contains_key(&key)
            || self.schema.sequences.contains(&key)
            || self.owned.contains_key(&key)
            || self.relations_of(schema).any(|(table, r)| has_index(table, r, name))
    }

    fn is_constraint_name(&self, schema: &str, name: &str) -> bool {
        self.relations_of(schema)
            .any(|(table, r)| r.checks.contains_key(name) || r.foreign_keys.iter().any(|k| k.name == name) || constraint_with_index(table, r, name))
            || self.schema.domains.iter().any(|(key, d)| key.schema == schema && d.checks.contains_key(name))
    }

    fn relations_of<'a>(&'a self, schema: &str) -> impl Iterator<Item = (&'a str, &'a Relation)> {
        let first = QualifiedName::new(schema, "");
        let schema = schema.to_owned();
        self.schema.relations.range(first..).take_while(move |(name, _)| name.schema == schema).map(|(name, r)| (name.name.as_str(), &**r))
    }
}

fn has_index(table: &str, relation: &Relation, name: &str) -> bool {
    relation.indexes.iter().any(|i| i.name == name) || constraint_with_index(table, relation, name)
}

fn constraint_with_index(table: &str, relation: &Relation, name: &str) -> bool {
    relation.unique.iter().any(|u| u.name == name)
        || relation.exclusions.contains_key(name)
        || !relation.primary_key.is_empty()
            && relation.primary_key_name.as_deref().map_or_else(|| name.ends_with("_pkey") && primary_key_name(table) == name, |n| n == name)
}

fn free(name1: &str, name2: &str, label: &str, taken: impl Fn(&str) -> bool) -> String {
    let mut pass = 0u32;
    loop {
        let numbered = if pass == 0 { label.to_owned() } else { format!("{label}{pass}") };
        let name = object_name(name1, name2, &numbered);
        if !taken(&name) {
            return name;
        }
        pass += 1;
    }
}
