//! `unused-suppression`: found when suppressions are applied, after all other rules.

use super::Rule;
use crate::config::Level;

pub(super) const RULE: Rule = Rule {
    name: "unused-suppression",
    level: Level::Warning,
    summary: "a `dbtruth: ignore` comment or a baseline entry that hides nothing, or names no rule",
    page: include_str!("../../rules/unused-suppression.md"),
    check: |_, _| {},
};
