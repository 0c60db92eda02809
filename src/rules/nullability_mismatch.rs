//! `nullability-mismatch`

use super::{Context, Rule, display, mapped};
use crate::config::Level;
use crate::diagnostic::{self, Diagnostic, Severity};

pub(super) const RULE: Rule = Rule {
    name: "nullability-mismatch",
    level: Level::Warning,
    summary: "model and lock disagree on whether a column may be NULL",
    page: include_str!("../../rules/nullability-mismatch.md"),
    check,
};

fn check(context: &Context<'_, '_>, found: &mut Vec<Diagnostic>) {
    for m in mapped::all(context) {
        for (ours, theirs) in m.columns(context) {
            // A key is NOT NULL whatever the model says.
            if ours.primary_key || m.relation.primary_key.contains(&theirs.name) {
                continue;
            }
            let message = match (ours.nullable, theirs.not_null) {
                (Some(true), true) => format!("column `{}` of `{}` is NOT NULL, the model says it may be NULL", theirs.name, display(m.name)),
                (Some(false), false) => format!("column `{}` of `{}` may be NULL, the model says it is not", theirs.name, display(m.name)),
                _ => continue,
            };
            let d = Diagnostic::new(RULE.name, Severity::Warning, ours.at, diagnostic::Context::Model, message);
            let d = d.about(Some(&m.name.schema), Some(&m.name.name), Some(&theirs.name));
            found.push(match context.in_lock(theirs.at) {
                Some(at) => d.related(at, format!("`{}` is defined here", theirs.name)),
                None => d,
            });
        }
    }
}
