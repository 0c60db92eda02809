//! `invalid-conflict-target`

use std::collections::BTreeSet;

use super::{Context, Known, Rule, display, grade, sql_problems};
use crate::config::Level;
use crate::diagnostic::{Diagnostic, Severity};
use crate::schema::Relation;
use crate::sql::ProblemKind;

pub(super) const RULE: Rule = Rule {
    name: "invalid-conflict-target",
    level: Level::Error,
    summary: "no unique constraint or index fits the columns of ON CONFLICT",
    page: include_str!("../../rules/invalid-conflict-target.md"),
    check,
};

fn check(context: &Context<'_, '_>, found: &mut Vec<Diagnostic>) {
    sql_problems(context, ProblemKind::InvalidConflictTarget, &RULE, found);
    for target in &context.project.uses.conflict_targets {
        let Known::Closed(name, relation) = context.relation(target.relation) else { continue };
        let wanted: BTreeSet<&str> = target.columns.iter().map(crate::symbol::Symbol::as_str).collect();
        // A column that does not exist is said by another rule.
        if !context.schema.knows_keys(name) || is_unique(relation, &wanted) || wanted.iter().any(|c| relation.column(c).is_none()) {
            continue;
        }
        let Some(severity) = grade(Severity::Error, target.certainty) else { continue };
        let list = target.columns.iter().map(crate::symbol::Symbol::as_str).collect::<Vec<_>>().join(", ");
        let message = format!("no unique constraint of `{}` covers exactly ({list})", display(name));
        let d = Diagnostic::new(RULE.name, severity, target.location, target.context, message).about(Some(&name.schema), Some(&name.name), None);
        found.push(context.with_definition(d, name, relation.at));
    }
}

/// Whether the columns, in any order, are those of the primary key, a unique constraint, or a unique index over whole rows.
fn is_unique(relation: &Relation, wanted: &BTreeSet<&str>) -> bool {
    let same = |columns: &[String]| columns.iter().map(String::as_str).collect::<BTreeSet<_>>() == *wanted;
    let index = |keys: &[Option<String>]| keys.iter().map(Option::as_deref).collect::<Option<BTreeSet<&str>>>().is_some_and(|k| k == *wanted);
    same(&relation.primary_key) || relation.unique.iter().any(|u| same(&u.columns)) || relation.indexes.iter().any(|i| i.unique && !i.partial && index(&i.keys))
}
