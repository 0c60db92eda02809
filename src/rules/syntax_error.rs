//! `syntax-error`: found while files are read, before there is a project.

use super::Rule;
use crate::config::Level;

pub(super) const RULE: Rule = Rule {
    name: "syntax-error",
    level: Level::Warning,
    summary: "a file, or a part of it, cannot be read, so nothing in it is checked",
    page: include_str!("../../rules/syntax-error.md"),
    check: |_, _| {},
};
