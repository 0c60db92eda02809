//! `broken-migration`

use super::{Context, Rule, display};
use crate::config::Level;
use crate::diagnostic::{self, Diagnostic, Severity};
use crate::migrations::{History, Tool};
use crate::schema::is_of_runner;
use crate::sql::ddl::NoteKind;

pub(super) const RULE: Rule = Rule {
    name: "broken-migration",
    level: Level::Error,
    summary: "a revision names something that does not exist at that point of its history",
    page: include_str!("../../rules/broken-migration.md"),
    check,
};

/// Only a history that begins with an empty database and was understood to its end can be held to itself.
fn check(context: &Context<'_, '_>, found: &mut Vec<Diagnostic>) {
    for history in context.histories() {
        if history.from_nothing && history.db.is_understood() && history.graph.missing().is_empty() {
            refused(context, history, found);
            // Apps and platforms that the project only installs make tables of their own.
            if history.tool == Tool::Alembic {
                unmade(context, history, found);
            }
        }
    }
}

fn refused(context: &Context<'_, '_>, history: &History, found: &mut Vec<Diagnostic>) {
    let all = history.steps.iter().map(|s| s.problems.len()).sum::<usize>();
    // Many of them are no slip: the folder is not the whole of the history, or not one history.
    if history.tool != Tool::Alembic && all > 3 {
        return;
    }
    for step in &history.steps {
        for problem in &step.problems {
            let (message, table, column) = match &problem.kind {
                NoteKind::UnknownColumn(table, column) => {
                    (format!("`{}` has no column `{column}` at revision `{}`", display(table), step.revision), Some(table), Some(column))
                }
                // Where several tables come from somewhere else, this one may too.
                NoteKind::UnknownRelation(_) if history.supposed().len() > 3 => continue,
                NoteKind::UnknownRelation(name) if is_of_runner(name) => continue,
                NoteKind::UnknownRelation(name) if history.db.is_path_unknown() && !name.contains('.') => continue,
                NoteKind::UnknownRelation(name) if history.tool == Tool::Django && !is_of_an_app(history, name) => continue,
                // One history may go on where another one ended.
                NoteKind::UnknownRelation(name) if made_by_another(context, history, name) => continue,
                NoteKind::UnknownRelation(name) => (format!("table `{name}` does not exist at revision `{}`", step.revision), None, None),
                _ => continue,
            };
            let d = Diagnostic::new(RULE.name, Severity::Error, problem.location, diagnostic::Context::Migration, message);
            found.push(d.about(table.map(|t| t.schema.as_str()), table.map(|t| t.name.as_str()), column.map(String::as_str)));
        }
    }
}

/// Whether a table's name begins as those of the project's own apps do; any other may come from an app that is only installed.
fn is_of_an_app(history: &History, name: &str) -> bool {
    let label = |name: &str| name.split_once('_').map(|n| n.0.to_owned());
    label(name).is_some_and(|l| history.db.schema().relations.keys().any(|k| history.db.created(k) && label(&k.name).as_ref() == Some(&l)))
}

/// Whether another history of the project made a table of that name.
fn made_by_another(context: &Context<'_, '_>, history: &History, name: &str) -> bool {
    let (schema, bare) = name.rsplit_once('.').map_or((None, name), |(s, n)| (Some(s), n));
    context.histories().iter().filter(|h| !std::ptr::eq(*h, history)).any(|h| h.db.find(schema, bare).is_some_and(|(found, _)| h.db.created(found)))
}

/// Tables that revisions change and none creates: a slip of the pen, unless the lock or a model has them.
fn unmade(context: &Context<'_, '_>, history: &History, found: &mut Vec<Diagnostic>) {
    for (name, at) in history.db.supposed_at() {
        let elsewhere = context.schema.relations.contains_key(name) || context.schema.incomplete.iter().any(|i| i.object == name.to_string());
        let modelled = context.project.world.models.all.iter().any(|m| m.relation.name.as_str() == name.name);
        let other_schema = name.schema != "public" && !context.schema.has_namespace(&name.schema);
        // A bare name may mean a table of another schema.
        let elsewhere = elsewhere || history.db.is_path_unknown() && name.schema == "public";
        // Many of them are no slip: something besides the migrations makes tables.
        if elsewhere || modelled || other_schema || history.supposed().len() > 3 {
            continue;
        }
        let message = format!("no revision creates table `{}`", display(name));
        found.push(Diagnostic::new(RULE.name, Severity::Error, *at, diagnostic::Context::Migration, message).about(Some(&name.schema), Some(&name.name), None));
    }
}
