//! `multiple-heads`

use super::{Context, Rule};
use crate::config::Level;
use crate::diagnostic::{self, Diagnostic, Severity};
use crate::migrations::Tool;

pub(super) const RULE: Rule = Rule {
    name: "multiple-heads",
    level: Level::Error,
    summary: "two revisions are both the newest",
    page: include_str!("../../rules/multiple-heads.md"),
    check,
};

/// Heads that grew out of one revision. Trees of their own, and branches with a label, are meant to have their own.
fn check(context: &Context<'_, '_>, found: &mut Vec<Diagnostic>) {
    // Where two files have one identifier, folders of several histories lie side by side, and what follows what is a guess.
    for history in context.histories().iter().filter(|h| !h.graph.doubled) {
        for (head, other) in history.graph.forks() {
            let Some(at) = head.at.or_else(|| history.place(&head.path)) else { continue };
            let message = format!("revisions `{}` and `{}` are both heads", other.id, head.id);
            let mut d = Diagnostic::new(RULE.name, Severity::Error, at, diagnostic::Context::Migration, message);
            d.help = Some(match history.tool {
                Tool::Django => "let one depend on the other, or merge them: `python manage.py makemigrations --merge`".to_owned(),
                _ => format!("let one follow the other, or merge them: `alembic merge {} {}`", other.id, head.id),
            });
            found.push(match other.at.or_else(|| history.place(&other.path)) {
                Some(place) => d.related(place, "the other head"),
                None => d,
            });
        }
    }
}
