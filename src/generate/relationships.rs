//! Relationships between generated classes, one pair for each foreign key.

use std::collections::{BTreeMap, BTreeSet};

use super::layout::Node;
use super::names;
use super::sqlalchemy::Named;
use crate::schema::{ForeignKey, QualifiedName, Relation, Schema};

/// One `relationship(...)`.
#[derive(Clone, Debug)]
pub struct Relationship {
    /// The attribute.
    pub attribute: String,
    /// What stands in `Mapped[…]`.
    pub annotation: String,
    /// The arguments.
    pub arguments: Vec<Node>,
}

/// Both sides of all foreign keys between tables that have classes.
pub(super) fn relationships<'s>(schema: &'s Schema, named: &BTreeMap<&'s QualifiedName, Named>) -> BTreeMap<&'s QualifiedName, Vec<Relationship>> {
    let has_class = |r: &Relation| !r.primary_key.is_empty();
    let mut used: BTreeMap<&QualifiedName, BTreeSet<String>> = named.iter().map(|(q, n)| (*q, n.attributes.values().cloned().collect())).collect();
    let mut all: BTreeMap<&QualifiedName, Vec<Relationship>> = BTreeMap::new();
    for (q, relation) in schema.relations.iter().filter(|(_, r)| has_class(r)) {
        for key in &relation.foreign_keys {
            let Some((target, target_relation)) = schema.relations.get_key_value(&key.target).filter(|(_, r)| has_class(r)) else { continue };
            // Several keys between the same two tables, either way: which one is meant must be said.
            let between = |of: &Relation, to: &QualifiedName| of.foreign_keys.iter().filter(|k| k.target == *to).count();
            let twice = between(relation, &key.target) > 1;
            let ambiguous = twice || (q != target && between(target_relation, q) > 0);
            let (here_class, there_class) = (&named[q].class, &named[target].class);
            let attribute = free(forward_name(key), &mut used, q);
            let back = if twice { format!("{}_by_{attribute}", q.name) } else { q.name.clone() };
            let back = free(names::attribute(&back, super::sqlalchemy::is_reserved, &mut BTreeSet::new()), &mut used, target);
            let columns = |class: &str, of: &QualifiedName, columns: &[String]| {
                columns.iter().map(|c| format!("{class}.{}", named[of].attributes.get(c).unwrap_or(c))).collect::<Vec<_>>().join(", ")
            };
            let foreign = Node::keyword("foreign_keys", Node::string(&format!("[{}]", columns(here_class, q, &key.columns))));
            let optional = key.columns.iter().any(|c| relation.column(c).is_some_and(|c| !c.not_null));
            let alone = is_unique(relation, &key.columns);
            let mut forward = vec![Node::keyword("back_populates", Node::string(&back))];
            let mut backward = vec![Node::keyword("back_populates", Node::string(&attribute))];
            if ambiguous {
                forward.push(foreign.clone());
                backward.push(foreign);
            }
            if q == target {
                forward.push(Node::keyword("remote_side", Node::string(&format!("[{}]", columns(there_class, target, &key.target_columns)))));
            }
            let null = if optional { " | None" } else { "" };
            all.entry(q).or_default().push(Relationship { attribute, annotation: quoted(&format!("{there_class}{null}")), arguments: forward });
            let many = if alone { quoted(&format!("{here_class} | None")) } else { format!("list[\"{here_class}\"]") };
            all.entry(target).or_default().push(Relationship { attribute: back, annotation: many, arguments: backward });
        }
    }
    all
}

fn quoted(annotation: &str) -> String {
    format!("\"{annotation}\"")
}

/// `customer_id` → `customer`; a key of several columns takes the target's name.
fn forward_name(key: &ForeignKey) -> String {
    let raw = match key.columns.as_slice() {
        [one] => one.strip_suffix("_id").filter(|s| !s.is_empty()).map_or_else(|| names::singular(&key.target.name), str::to_owned),
        _ => names::singular(&key.target.name),
    };
    names::attribute(&raw, super::sqlalchemy::is_reserved, &mut BTreeSet::new())
}

fn free<'s>(name: String, used: &mut BTreeMap<&'s QualifiedName, BTreeSet<String>>, of: &'s QualifiedName) -> String {
    let taken = used.entry(of).or_default();
    let name = if taken.contains(&name) { format!("{name}_ref") } else { name };
    names::unique(name, taken)
}

fn is_unique(relation: &Relation, columns: &[String]) -> bool {
    let same = |other: &[String]| other.len() == columns.len() && other.iter().all(|c| columns.contains(c));
    same(&relation.primary_key) || relation.unique.iter().any(|u| same(&u.columns))
}
