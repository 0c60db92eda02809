//! `unmapped-column`

use std::collections::BTreeMap;

use super::mapped::{self, Mapped};
use super::{Context, Rule, display};
use crate::config::Level;
use crate::diagnostic::{self, Diagnostic, Severity};
use crate::project::models::Framework;
use crate::schema::QualifiedName;

pub(super) const RULE: Rule = Rule {
    name: "unmapped-column",
    level: Level::Warning,
    summary: "the lock has a column that the model lacks",
    page: include_str!("../../rules/unmapped-column.md"),
    check,
};

/// Columns that no model of their table has, generated ones aside, which no code writes. One that an insert must give is an error: no row can be made through the model.
fn check(context: &Context<'_, '_>, found: &mut Vec<Diagnostic>) {
    let mut tables: BTreeMap<&QualifiedName, Vec<Mapped<'_>>> = BTreeMap::new();
    for m in mapped::all(context) {
        tables.entry(m.name).or_default().push(m);
    }
    for (name, models) in tables {
        one(context, name, &models, found);
    }
    for m in mapped::bound(context) {
        one(context, m.name, &[m], found);
    }
}

/// Columns that none of the classes has, which share the table.
fn one(context: &Context<'_, '_>, name: &QualifiedName, models: &[Mapped<'_>], found: &mut Vec<Diagnostic>) {
    // Several classes may share a table, each with a part of it.
    if models.iter().any(|m| m.model.open) {
        return;
    }
    let has = |column: &str| models.iter().any(|m| m.model.columns.iter().any(|c| c.column.as_str() == column));
    let Some(first) = models.first() else { return };
    for column in first.relation.columns.iter().filter(|c| c.generated.is_none() && !has(&c.name)) {
        // Nothing is inserted through a Pydantic class.
        let required = column.is_required() && first.model.framework != Framework::Pydantic;
        let severity = if required { Severity::Error } else { Severity::Warning };
        let message = format!("model `{}` lacks the column `{}` of `{}`", first.model.name, column.name, display(name));
        let mut d = Diagnostic::new(RULE.name, severity, first.model.at, diagnostic::Context::Model, message);
        d = d.about(Some(&name.schema), Some(&name.name), Some(&column.name));
        d.help = Some(match required {
            true => format!("add it: `{}` is NOT NULL and has no default, so no row can be inserted through the model", column.name),
            false => "add it, or take it out of the database".to_owned(),
        });
        if let Some(at) = context.in_lock(column.at) {
            d = d.related(at, format!("`{}` is defined here", column.name));
        }
        found.push(d);
    }
}
