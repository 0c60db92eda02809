//! `unknown-enum-value`

use super::{Context, Known, Rule, enum_labels, grade, sql_problems, suggest};
use crate::config::Level;
use crate::diagnostic::{Diagnostic, Severity};
use crate::sql::ProblemKind;

pub(super) const RULE: Rule = Rule {
    name: "unknown-enum-value",
    level: Level::Error,
    summary: "a literal is compared with or written to an enum column that has no such label",
    page: include_str!("../../rules/unknown-enum-value.md"),
    check,
};

/// Literals that are no label of their column's enum.
fn check(cx: &Context<'_, '_>, found: &mut Vec<Diagnostic>) {
    sql_problems(cx, ProblemKind::UnknownEnumValue, &RULE, found);
    for literal in &cx.project.uses.literals {
        let Some(value) = &literal.value else { continue };
        let Known::Closed(name, table) = cx.relation(literal.relation) else { continue };
        let Some(column) = table.column(literal.column.as_str()) else { continue };
        let Some(labels) = enum_labels(cx.schema, &column.ty) else { continue };
        if labels.contains(value) {
            continue;
        }
        let Some(severity) = grade(Severity::Error, literal.certainty) else { continue };
        let message = format!("enum `{}` of `{}.{}` has no label `{value}`", column.ty, name.name, column.name);
        let mut d =
            Diagnostic::new(RULE.name, severity, literal.location, literal.context, message).about(Some(&name.schema), Some(&name.name), Some(&column.name));
        if let Some(near) = suggest::best(value, labels.iter().map(String::as_str)) {
            d.suggestion = Some(near.to_owned());
            d.help = Some(format!("did you mean `{near}`?"));
        } else {
            d.help = Some(format!("its labels are {}", labels.iter().map(|l| format!("`{l}`")).collect::<Vec<_>>().join(", ")));
        }
        found.push(cx.with_definition(d, name, table.at));
    }
}
