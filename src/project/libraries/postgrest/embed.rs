//! Resource embedding: which relation `name!hint(…)` inside a select list means, as PostgREST's own schema cache decides it
//! (<https://docs.postgrest.org/en/stable/references/api/resource_embedding.html>).

use crate::project::uses::RelationName;
use crate::schema::{ForeignKey, QualifiedName, Relation, RelationKind, Returns, Schema};

/// What an embed leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// That relation; `true` where at most one row belongs to each row.
    Relation(QualifiedName, Option<bool>),
    /// Something of which no more is known than that it may exist.
    Unknown,
    /// Nothing: PostgREST would answer with an error.
    Nothing,
}

/// Resolves an embed of `parent`.
pub fn resolve(schema: &Schema, parent: RelationName, name: &str, hint: Option<&str>) -> Target {
    let parent_schema = parent.schema.map(|s| s.as_str());
    let Some((parent_name, parent)) = schema.relation(parent_schema, parent.name.as_str()) else { return Target::Unknown };
    let named = schema.relation(parent_schema, name);
    if let Some((name, relation)) = named {
        if related(schema, (parent_name, parent), (name, relation), hint) {
            return Target::Relation(name.clone(), one(parent_name, parent, (name, relation), hint));
        }
        if relation.open || parent.open || !is_table(parent) || !is_table(relation) {
            return Target::Unknown;
        }
    }
    // A foreign key column or constraint of the relation itself; a constraint that points here.
    if let Some(fk) = parent.foreign_keys.iter().find(|fk| fk.name == name || fk.columns == [name]) {
        return Target::Relation(fk.target.clone(), Some(true));
    }
    for (other, relation) in &schema.relations {
        if relation.foreign_keys.iter().any(|fk| fk.name == name && fk.target == *parent_name) {
            return Target::Relation(other.clone(), None);
        }
    }
    if let Some(target) = computed(schema, parent_name, name) {
        return target;
    }
    if parent.open || !is_table(parent) { Target::Unknown } else { Target::Nothing }
}

fn is_table(relation: &Relation) -> bool {
    matches!(relation.kind, RelationKind::Table)
}

/// A function that takes the parent's row: a computed relationship.
fn computed(schema: &Schema, parent: &QualifiedName, name: &str) -> Option<Target> {
    let takes = |ty: &str| ty == parent.name || ty == format!("{}.{}", parent.schema, parent.name);
    let (_, overloads) = schema.functions.iter().find(|(n, all)| n.name == name && all.iter().any(|f| f.arguments.first().is_some_and(|a| takes(&a.ty))))?;
    let target = overloads.iter().find_map(|f| match &f.returns {
        Returns::One(ty) | Returns::SetOf(ty) => {
            let (of, bare) = ty.split_once('.').map_or((None, ty.as_str()), |(s, n)| (Some(s), n));
            schema.relation(of, bare).map(|(n, _)| Target::Relation(n.clone(), None))
        }
        _ => None,
    });
    Some(target.unwrap_or(Target::Unknown))
}

type Named<'s> = (&'s QualifiedName, &'s Relation);

/// Whether a foreign key leads from one to the other, either way or through a table between them, by way of the hint if there is one.
fn related(schema: &Schema, parent: Named<'_>, other: Named<'_>, hint: Option<&str>) -> bool {
    let fits = |fk: &ForeignKey| hint.is_none_or(|h| fk.name == h || fk.columns == [h] || fk.target_columns == [h]);
    let direct =
        parent.1.foreign_keys.iter().any(|fk| fk.target == *other.0 && fits(fk)) || other.1.foreign_keys.iter().any(|fk| fk.target == *parent.0 && fits(fk));
    direct
        || schema.relations.iter().any(|(name, between)| {
            let leads = |to: &QualifiedName| between.foreign_keys.iter().any(|fk| fk.target == *to);
            leads(parent.0) && leads(other.0) && hint.is_none_or(|h| name.name == h || between.foreign_keys.iter().any(|fk| fk.name == h))
        })
}

/// Whether the embedded data is one row (a foreign key of the parent leads there), or a list.
fn one(parent_name: &QualifiedName, parent: &Relation, other: Named<'_>, hint: Option<&str>) -> Option<bool> {
    let forth = parent.foreign_keys.iter().any(|fk| fk.target == *other.0 && hint.is_none_or(|h| fk.name == h || fk.columns == [h]));
    let back = other.1.foreign_keys.iter().any(|fk| fk.target == *parent_name);
    match (forth, back) {
        (true, false) => Some(true),
        // A unique foreign key makes it one row again.
        _ => None,
    }
}
