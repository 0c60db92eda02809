//! Foreign keys: from what is written to `schema.table.column`, and the types that come with them.

use rustc_hash::FxHashMap;

use crate::symbol::Symbol;

use super::super::eval::Evaluator;
use super::super::index::ClassId;
use super::Member;
use super::declared::Target;
use super::draft::Draft;

/// A column of a draft: the draft and the column's number there.
type ColumnAt = (usize, usize);

/// Where a foreign key leads.
struct Found {
    schema: Option<Symbol>,
    table: Symbol,
    column: Symbol,
    at: Option<ColumnAt>,
}

/// Resolves all foreign keys; columns without a type take that of the column they point at.
pub fn resolve<'a>(
    ev: &Evaluator<'_, 'a>,
    drafts: &mut [Draft<'a>],
    by_class: &FxHashMap<ClassId, usize>,
    by_table: &FxHashMap<(Option<Symbol>, Symbol), usize>,
) {
    let schema = &ev.world.schema;
    let default = schema.search_path.first().map_or("public", String::as_str);
    // A bare name is found by the search path, which may be long.
    let home = |table: Symbol| schema.relation(None, &table).map_or(default, |r| &r.0.schema);
    let mut borrowed: Vec<(ColumnAt, ColumnAt)> = Vec::new();
    for n in 0..drafts.len() {
        for (column, key) in drafts[n].foreign_keys.clone() {
            let Some(found) = find(drafts, n, &key.target, by_class, by_table) else { continue };
            let text = format!("{}.{}.{}", found.schema.map_or_else(|| home(found.table), |s| s.as_str()), found.table, found.column);
            let c = &mut drafts[n].model.columns[column];
            if !c.foreign_keys.iter().any(|(k, at)| *k == text && *at == key.at) {
                c.foreign_keys.push((text, key.at));
            }
            if c.ty.is_none()
                && c.type_at.is_none()
                && let Some(at) = found.at
            {
                borrowed.push(((n, column), at));
            }
        }
    }
    // A key may point at a column that is itself a key without a type.
    for _ in 0..4 {
        for &((n, c), (m, k)) in &borrowed {
            let from = &drafts[m].model.columns[k];
            let (ty, labels) = (from.ty.clone(), from.enum_labels.clone());
            let to = &mut drafts[n].model.columns[c];
            if to.ty.is_none() {
                (to.ty, to.enum_labels) = (ty, labels);
            }
        }
    }
}

fn find(
    drafts: &[Draft<'_>],
    own: usize,
    target: &Target,
    by_class: &FxHashMap<ClassId, usize>,
    by_table: &FxHashMap<(Option<Symbol>, Symbol), usize>,
) -> Option<Found> {
    let of_model = |n: usize, attribute: Symbol| -> Option<Found> {
        // The attribute may be the parent's.
        let mut n = n;
        for _ in 0..20 {
            let model = &drafts[n].model;
            match model.members.get(&attribute) {
                Some(Member::Column(k)) => {
                    let c = &model.columns[*k];
                    return Some(Found { schema: model.relation.schema, table: model.relation.name, column: c.column, at: Some((n, *k)) });
                }
                _ => n = *by_class.get(&drafts[n].parent?)?,
            }
        }
        None
    };
    match target {
        Target::Text(text) => {
            let mut parts: Vec<&str> = text.split('.').collect();
            let column = Symbol::from(parts.pop()?);
            let table = Symbol::from(parts.pop()?);
            let schema = if parts.is_empty() { drafts[own].metadata.schema } else { Some(Symbol::from(&parts.join("."))) };
            let at = by_table.get(&(schema, table)).and_then(|&n| Some((n, drafts[n].model.columns.iter().position(|c| c.column == column)?)));
            Some(Found { schema, table, column, at })
        }
        Target::Attribute(class, attribute) => of_model(*by_class.get(class)?, *attribute),
        Target::PrimaryKey(class) => {
            let n = *by_class.get(class)?;
            let model = &drafts[n].model;
            let k = model.columns.iter().position(|c| c.primary_key)?;
            Some(Found { schema: model.relation.schema, table: model.relation.name, column: model.columns[k].column, at: Some((n, k)) })
        }
        Target::Column(table, column) => {
            let name = table.name?.0;
            let at = by_table.get(&(table.schema, name)).and_then(|&n| Some((n, drafts[n].model.columns.iter().position(|c| c.column == *column)?)));
            Some(Found { schema: table.schema, table: name, column: *column, at })
        }
        Target::Unknown => None,
    }
}
