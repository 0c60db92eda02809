//! `missing-required-column`

use super::{Context, Known, Rule, grade, sql_problems};
use crate::config::Level;
use crate::diagnostic::{Diagnostic, Severity};
use crate::project::libraries::sql_text::created::NEW;
use crate::project::uses::Certainty;
use crate::sql::ProblemKind;
use crate::symbol::Symbol;

pub(super) const RULE: Rule = Rule {
    name: "missing-required-column",
    level: Level::Error,
    summary: "an insert leaves out a column that is NOT NULL and has no default",
    page: include_str!("../../rules/missing-required-column.md"),
    check,
};

/// Inserts that must fail for want of a column.
fn check(cx: &Context<'_, '_>, found: &mut Vec<Diagnostic>) {
    sql_problems(cx, ProblemKind::MissingRequiredColumn, &RULE, found);
    for insert in cx.project.uses.inserts.iter().filter(|i| i.complete && !i.may_update && i.literal) {
        let Known::Closed(name, table) = cx.relation(insert.relation) else { continue };
        if table.is_view() {
            continue;
        }
        // A column that does not exist was meant to be one that does: one cause, one finding.
        if insert.columns.iter().any(|w| table.column(w).is_none()) {
            continue;
        }
        let by_trigger = |c: &str| cx.project.uses.created.contains(&(Symbol::from(NEW), Some(Symbol::from(c))));
        let given = |c: &str| insert.columns.iter().any(|w| w.as_str() == c) || by_trigger(c);
        let missing: Vec<&str> = table.columns.iter().filter(|c| c.is_required() && !given(&c.name)).map(|c| c.name.as_str()).collect();
        let Some(&first) = missing.first() else { continue };
        let filled = missing.iter().filter_map(|c| table.column(c)).all(|c| cx.schema.may_be_filled(c));
        let certainty = if filled { insert.certainty.min(Certainty::Medium) } else { insert.certainty };
        let Some(severity) = grade(Severity::Error, certainty) else { continue };
        let list = missing.iter().map(|c| format!("`{c}`")).collect::<Vec<_>>().join(", ");
        let message = format!("an insert into `{}` needs {list}", name.name);
        let d = Diagnostic::new(RULE.name, severity, insert.location, insert.context, message)
            .about(Some(&name.schema), Some(&name.name), Some(first))
            .help("the column is NOT NULL and has no default");
        found.push(cx.with_definition(d, name, table.at));
    }
}
