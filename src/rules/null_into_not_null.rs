//! `null-into-not-null`

use super::{Context, Known, Rule, grade, sql_problems};
use crate::config::Level;
use crate::diagnostic::{Diagnostic, Severity};
use crate::sql::ProblemKind;

pub(super) const RULE: Rule = Rule {
    name: "null-into-not-null",
    level: Level::Error,
    summary: "a write puts NULL into a column that is NOT NULL",
    page: include_str!("../../rules/null-into-not-null.md"),
    check,
};

/// Constants `None` written where NULL is refused.
///
/// Columns with a default and columns of the primary key are left alone: libraries leave such a `None` out and let the database fill it.
fn check(cx: &Context<'_, '_>, found: &mut Vec<Diagnostic>) {
    sql_problems(cx, ProblemKind::NullIntoNotNull, &RULE, found);
    for literal in cx.project.uses.literals.iter().filter(|l| l.written && l.value.is_none()) {
        let Known::Closed(name, table) = cx.relation(literal.relation) else { continue };
        let Some(column) = table.column(literal.column.as_str()) else { continue };
        if table.is_view() || !column.is_required() || table.primary_key.contains(&column.name) {
            continue;
        }
        let Some(severity) = grade(Severity::Error, literal.certainty) else { continue };
        let message = format!("column `{}` of `{}` is NOT NULL", column.name, name.name);
        let d =
            Diagnostic::new(RULE.name, severity, literal.location, literal.context, message).about(Some(&name.schema), Some(&name.name), Some(&column.name));
        found.push(cx.with_definition(d, name, table.at));
    }
}
