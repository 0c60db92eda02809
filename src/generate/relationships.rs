//! Relationships between generated classes, one pair for each foreign key.

use std::collections::{BTreeMap, BTreeSet};

use super::layout::Node;
use super::names;
use super::sqlalchemy::{Named, Style};
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
pub(super) fn relationships<'s>(
    schema: &'s Schema,
    named: &BTreeMap<&'s QualifiedName, Named>,
    style: Style,
) -> BTreeMap<&'s QualifiedName, Vec<Relationship>> {
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
            let (mut forward, mut backward) = (Vec::new(), Vec::new());
            if ambiguous {
                forward.push(foreign.clone());
                backward.push(foreign);
            }
            if q == target {
                forward.push(Node::keyword("remote_side", Node::string(&format!("[{}]", columns(there_class, target, &key.target_columns)))));
            }
            let one = |class: &str, optional: bool| match (style, optional) {
                (Style::Declarative, true) => quoted(&format!("{class} | None")),
                (Style::SqlModel, true) => format!("typing.Optional[\"{class}\"]"),
                (_, false) => quoted(class),
            };
            let populated = |other: &str, options: Vec<Node>| {
                let mut items = vec![Node::keyword("back_populates", Node::string(other))];
                match style {
                    Style::Declarative => items.extend(options),
                    Style::SqlModel if options.is_empty() => {}
                    Style::SqlModel => items.push(Node::keyword("sa_relationship_kwargs", Node::braces(options.into_iter().map(entry).collect()))),
                }
                items
            };
            all.entry(q).or_default().push(Relationship {
                attribute: attribute.clone(),
                annotation: one(there_class, optional),
                arguments: populated(&back, forward),
            });
            let many = if alone { one(here_class, true) } else { format!("list[\"{here_class}\"]") };
            all.entry(target).or_default().push(Relationship { attribute: back, annotation: many, arguments: populated(&attribute, backward) });
        }
    }
    all
}

/// `name=value` as an entry of a dict.
fn entry(node: Node) -> Node {
    match node {
        Node::Prefixed(name, value) => Node::Prefixed(format!("{}: ", super::layout::string(name.trim_end_matches('='))), value),
        other => other,
    }
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
