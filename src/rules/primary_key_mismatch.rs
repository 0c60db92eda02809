//! `primary-key-mismatch`

use std::collections::BTreeSet;

use super::mapped::{self, Mapped};
use super::{Context, Rule, display};
use crate::config::Level;
use crate::diagnostic::{self, Diagnostic, Severity};

pub(super) const RULE: Rule = Rule {
    name: "primary-key-mismatch",
    level: Level::Error,
    summary: "model and lock disagree on the primary key",
    page: include_str!("../../rules/primary-key-mismatch.md"),
    check,
};

fn check(context: &Context<'_, '_>, found: &mut Vec<Diagnostic>) {
    let models = mapped::all(context);
    // A frozen copy of a model, kept for a migration, stands beside the one that is used.
    let right: BTreeSet<_> = models.iter().filter(|m| key(context, m) == m.relation.primary_key.iter().map(String::as_str).collect()).map(|m| m.name).collect();
    for m in models.iter().filter(|m| !right.contains(m.name)) {
        let ours = key(context, m);
        let theirs: BTreeSet<&str> = m.relation.primary_key.iter().map(String::as_str).collect();
        // A table without a key is mapped by whatever identifies a row; a class whose key is not seen may inherit it.
        if ours.is_empty() || theirs.is_empty() || ours == theirs || m.model.open {
            continue;
        }
        // A key column that does not exist is a finding of its own.
        if ours.iter().any(|c| m.relation.column(c).is_none()) {
            continue;
        }
        let list = |names: &BTreeSet<&str>| names.iter().copied().collect::<Vec<_>>().join(", ");
        let message = format!("the primary key of `{}` is ({}), the model says ({})", display(m.name), list(&theirs), list(&ours));
        let d =
            Diagnostic::new(RULE.name, Severity::Error, m.model.at, diagnostic::Context::Model, message).about(Some(&m.name.schema), Some(&m.name.name), None);
        found.push(context.with_definition(d, m.name, m.relation.at));
    }
}

/// The columns that the model calls its key.
fn key<'r>(context: &Context<'r, '_>, m: &Mapped<'r>) -> BTreeSet<&'r str> {
    m.model.columns.iter().filter(|c| c.primary_key && mapped::is_own(context, m.model, c)).map(|c| c.column.as_str()).collect()
}
