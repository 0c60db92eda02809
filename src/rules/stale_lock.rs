//! `stale-lock`

use super::{Context, Rule, display};
use crate::config::Level;
use crate::diagnostic::{self, Diagnostic, Severity};
use crate::migrations::{History, Tool};
use crate::schema::{QualifiedName, RelationKind};

pub(super) const RULE: Rule = Rule {
    name: "stale-lock",
    level: Level::Error,
    summary: "the migrations go further than the lock",
    page: include_str!("../../rules/stale-lock.md"),
    check,
};

/// What the migrations add and the lock does not have. Quiet where the history is not wholly understood, or the lock is plainly of another database.
fn check(context: &Context<'_, '_>, found: &mut Vec<Diagnostic>) {
    for history in context.histories() {
        if history.from_nothing
            && history.db.is_whole()
            && history.graph.missing().is_empty()
            && (history.tool != Tool::Alembic || history.graph.heads().len() == 1)
        {
            compare(context, history, found);
        }
    }
}

/// Whether another history of the project makes a table of that name, too: which of them the lock has it from, nobody can tell.
fn shared(context: &Context<'_, '_>, history: &History, name: &QualifiedName) -> bool {
    context.histories().iter().any(|h| !std::ptr::eq(h, history) && h.db.created(name))
}

fn compare(context: &Context<'_, '_>, history: &History, found: &mut Vec<Diagnostic>) {
    // A lock that has most of what this history alone makes was made of it, or of its database.
    let lasts = |n: &QualifiedName| n.schema != crate::sql::ddl::TEMPORARY && !history.db.is_partition(n);
    let own = |n: &QualifiedName| history.db.created(n) && lasts(n) && !shared(context, history, n);
    let made = || history.db.schema().relations.iter().filter(|(n, r)| r.kind == RelationKind::Table && !r.open && own(n));
    let confessed = |name: &str| context.schema.incomplete.iter().any(|i| i.object == name);
    let missing = made().filter(|(n, _)| !context.schema.relations.contains_key(n)).count();
    if missing * 2 > made().count() {
        return;
    }
    for (name, relation) in made() {
        if confessed(&name.to_string()) {
            continue;
        }
        let Some(locked) = context.schema.relations.get(name) else {
            // What Django's own apps make stands in no file of the project.
            if let Some(at) = history.db.added_at(name, None).filter(|at| !at.span.is_empty()) {
                let message = format!("this creates `{}`, which the lock does not have", display(name));
                found.push(finding(at, message).about(Some(&name.schema), Some(&name.name), None));
            }
            continue;
        };
        if locked.open {
            continue;
        }
        for column in relation.columns.iter().filter(|c| locked.column(&c.name).is_none()) {
            if let Some(at) = history.db.added_at(name, Some(&column.name)) {
                let message = format!("this adds column `{}` to `{}`, which the lock does not have", column.name, display(name));
                let d = finding(at, message).about(Some(&name.schema), Some(&name.name), Some(&column.name));
                found.push(context.with_definition(d, name, locked.at));
            }
        }
    }
}

fn finding(at: crate::source::Location, message: String) -> Diagnostic {
    Diagnostic::new(RULE.name, Severity::Error, at, diagnostic::Context::Migration, message)
        .help("run `dbtruth pull` against a database that has this revision")
}
