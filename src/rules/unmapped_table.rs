//! `unmapped-table`

use std::collections::BTreeSet;

use super::{Context, Rule, display};
use crate::config::Level;
use crate::diagnostic::{self, Diagnostic, Severity};
use crate::schema::RelationKind;

pub(super) const RULE: Rule =
    Rule { name: "unmapped-table", level: Level::Off, summary: "no model maps the table", page: include_str!("../../rules/unmapped-table.md"), check };

/// Tables of the lock that no model stands for, told at their place in the lock.
fn check(context: &Context<'_, '_>, found: &mut Vec<Diagnostic>) {
    let models = &context.project.world.models.all;
    // In a project without models every table would be one. What is told stands in the lock.
    if models.is_empty() || context.only.as_ref().is_some_and(|files| !files.iter().any(|f| Some(*f) == context.lock)) {
        return;
    }
    let mapped: BTreeSet<_> =
        models.iter().filter_map(|m| context.schema.relation(m.relation.schema.map(|s| s.as_str()), &m.relation.name)).map(|(n, _)| n).collect();
    for (name, relation) in &context.schema.relations {
        let Some(at) = context.in_lock(relation.at) else { continue };
        if relation.kind == RelationKind::Table && !mapped.contains(name) {
            let message = format!("no model maps the table `{}`", display(name));
            found.push(Diagnostic::new(RULE.name, Severity::Warning, at, diagnostic::Context::Model, message).about(
                Some(&name.schema),
                Some(&name.name),
                None,
            ));
        }
    }
}
