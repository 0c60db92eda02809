//! `insert-arity`

use super::{Context, Rule, sql_problems};
use crate::config::Level;
use crate::diagnostic::Diagnostic;
use crate::sql::ProblemKind;

pub(super) const RULE: Rule = Rule {
    name: "insert-arity",
    level: Level::Error,
    summary: "an INSERT gives more or fewer values than columns",
    page: include_str!("../../rules/insert-arity.md"),
    check,
};

fn check(context: &Context<'_, '_>, found: &mut Vec<Diagnostic>) {
    sql_problems(context, ProblemKind::InsertArity, &RULE, found);
}
