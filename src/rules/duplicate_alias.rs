//! `duplicate-alias`

use super::{Context, Rule, sql_problems};
use crate::config::Level;
use crate::diagnostic::Diagnostic;
use crate::sql::ProblemKind;

pub(super) const RULE: Rule = Rule {
    name: "duplicate-alias",
    level: Level::Error,
    summary: "SQL uses the same name for two relations of one FROM",
    page: include_str!("../../rules/duplicate-alias.md"),
    check,
};

fn check(context: &Context<'_, '_>, found: &mut Vec<Diagnostic>) {
    sql_problems(context, ProblemKind::DuplicateAlias, &RULE, found);
}
