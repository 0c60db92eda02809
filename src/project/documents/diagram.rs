//! Entity relationship diagrams.

use std::collections::BTreeMap;

use crate::facts::Diagram;

use super::Reader;
use super::columns::{Listed, Named};
use super::labels::{self, Label};

/// Notes the entities that are tables, with their attributes. An entity of any other name is an idea, not a table.
pub(super) fn read<'s>(reader: &mut Reader<'s>, diagram: &Diagram) {
    let mut by_name: BTreeMap<&str, (Label<'s>, Listed)> = BTreeMap::new();
    for entity in &diagram.entities {
        let Some(relation) = labels::relation(reader.schema, &entity.name, true) else { continue };
        let label = Label { relation, at: entity.span, sure: true };
        reader.mention(&label);
        let names = entity.attributes.iter().map(|a| Named { name: a.name.clone(), at: a.span });
        by_name.entry(&entity.name).or_insert_with(|| (label, Listed { names: Vec::new(), headed: true })).1.names.extend(names);
    }
    for (label, listed) in by_name.into_values() {
        if !listed.names.is_empty() {
            reader.claim(&label, &listed);
        }
    }
}
