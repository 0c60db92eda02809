//! `ambiguous-column`

use super::{Context, Rule, sql_problems};
use crate::config::Level;
use crate::diagnostic::Diagnostic;
use crate::sql::ProblemKind;

pub(super) const RULE: Rule = Rule {
    name: "ambiguous-column",
    level: Level::Error,
    summary: "SQL names a bare column that two relations in scope have",
    page: include_str!("../../rules/ambiguous-column.md"),
    check,
};

fn check(context: &Context<'_, '_>, found: &mut Vec<Diagnostic>) {
    sql_problems(context, ProblemKind::AmbiguousColumn, &RULE, found);
}
