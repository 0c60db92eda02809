//! `type-mismatch`

use super::{Context, Rule, sql_problems};
use crate::config::Level;
use crate::diagnostic::Diagnostic;
use crate::sql::ProblemKind;

pub(super) const RULE: Rule = Rule {
    name: "type-mismatch",
    level: Level::Warning,
    summary: "a constant or a model's type does not fit the type of its column",
    page: include_str!("../../rules/type-mismatch.md"),
    check,
};

fn check(context: &Context<'_, '_>, found: &mut Vec<Diagnostic>) {
    sql_problems(context, ProblemKind::TypeMismatch, &RULE, found);
}
