//! `generated-column-write`

use super::{Context, Known, Rule, grade, sql_problems};
use crate::config::Level;
use crate::diagnostic::{Access, Diagnostic, Severity};
use crate::schema::Identity;
use crate::sql::ProblemKind;

pub(super) const RULE: Rule = Rule {
    name: "generated-column-write",
    level: Level::Error,
    summary: "a write names a column that only the database may fill",
    page: include_str!("../../rules/generated-column-write.md"),
    check,
};

/// Writes to generated columns and to `generated always` identities.
fn check(cx: &Context<'_, '_>, found: &mut Vec<Diagnostic>) {
    sql_problems(cx, ProblemKind::GeneratedColumnWrite, &RULE, found);
    // What SQL text writes has been judged by its own resolver, which knows `DEFAULT`.
    for r in cx.project.uses.references.iter().filter(|r| r.access == Access::Write && r.via != "sql") {
        // An object that a test makes may never be stored; where it is, the test tells.
        if r.model.is_some() && cx.project.world.is_test(r.location.file) {
            continue;
        }
        let Some(column) = r.column else { continue };
        let Known::Closed(name, table) = cx.relation(r.relation) else { continue };
        let Some(column) = table.column(column.as_str()) else { continue };
        let why = match (&column.generated, column.identity) {
            (Some(g), _) => format!("it is generated: `{}`", g.expression),
            (None, Some(Identity::Always)) => "it is `generated always as identity`".to_owned(),
            _ => continue,
        };
        let Some(severity) = grade(Severity::Error, r.certainty) else { continue };
        let message = format!("column `{}` of `{}` cannot be written", column.name, name.name);
        let d = Diagnostic::new(RULE.name, severity, r.location, r.context, message).about(Some(&name.schema), Some(&name.name), Some(&column.name)).help(why);
        found.push(cx.with_definition(d, name, table.at));
    }
}
