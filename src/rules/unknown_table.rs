//! `unknown-table`

use std::collections::BTreeSet;

use rustc_hash::FxHashMap;

use super::{Context, Rule, grade, sql_problems, suggest};
use crate::config::Level;
use crate::diagnostic::{self, Diagnostic, Severity};
use crate::project::models::roots::Root;
use crate::project::uses::{Certainty, RelationName};
use crate::source::Location;
use crate::sql::ProblemKind;

pub(super) const RULE: Rule = Rule {
    name: "unknown-table",
    level: Level::Error,
    summary: "code names a relation that the lock does not have",
    page: include_str!("../../rules/unknown-table.md"),
    check,
};

fn check(context: &Context<'_, '_>, found: &mut Vec<Diagnostic>) {
    sql_problems(context, ProblemKind::UnknownTable, &RULE, found);
    let mut modelled = BTreeSet::new();
    let mut near = Near::default();
    let (mut ours, mut roots) = (BTreeSet::new(), BTreeSet::new());
    for model in &context.project.world.models.all {
        modelled.insert(model.relation);
        if let Some(root) = model.root.filter(|_| !model.foreign) {
            roots.insert(root);
            if !context.is_missing(model.relation) {
                ours.insert(root);
            }
        }
    }
    // Models with a root of their own, none of whose tables the lock has, where it has those of another root: they live in another database.
    let apart = |root: Root| !ours.is_empty() && !ours.contains(&root) && roots.len() > 1;
    for model in context.models() {
        if model.foreign || model.reflected {
            continue;
        }
        // Two things of the project speak of the table: the lock is rather old, or another database's, than the name misspelt.
        let made = context.is_made_besides(model.relation, true) || model.root.is_some_and(apart);
        let certainty = if model.open || made { Certainty::Medium } else { Certainty::High };
        report(context, &mut near, (model.relation, model.relation_at, diagnostic::Context::Model, certainty), found);
    }
    for r in &context.project.uses.references {
        // A missing table is reported once, at its model, not at each use.
        let in_model = r.context == diagnostic::Context::Model;
        let at_model = if in_model { r.model.is_some() || modelled.contains(&r.relation) } else { r.model.is_some() && modelled.contains(&r.relation) };
        if r.column.is_none() && !at_model && !context.is_made_besides(r.relation, r.via == "sql") {
            report(context, &mut near, (r.relation, r.location, r.context, r.certainty), found);
        }
    }
}

/// What was probably meant by a name: asked for again at each place that has it.
type Near<'s> = FxHashMap<RelationName, Option<&'s str>>;

fn report<'s>(
    context: &Context<'s, '_>,
    near: &mut Near<'s>,
    (name, at, kind, certainty): (RelationName, Location, diagnostic::Context, Certainty),
    found: &mut Vec<Diagnostic>,
) {
    if !context.is_missing(name) {
        return;
    }
    let Some(severity) = grade(Severity::Error, context.sure_of_missing_table(certainty)) else { return };
    let schema = name.schema.map_or_else(|| context.schema.search_path.first().cloned().unwrap_or_else(|| "public".to_owned()), |s| s.to_string());
    let written = name.schema.map_or_else(|| name.name.to_string(), |s| format!("{s}.{}", name.name));
    let mut d = Diagnostic::new(RULE.name, severity, at, kind, format!("table `{written}` does not exist")).about(Some(&schema), Some(&name.name), None);
    let elsewhere = context.schema.named(name.name.as_str()).next().map(|(k, _)| k);
    let names = || context.schema.names_in(&schema);
    let near = *near.entry(name).or_insert_with(|| suggest::best(&name.name, names()));
    if let Some(other) = elsewhere {
        d.help = Some(format!("schema `{}` has a table of that name: `{other}`", other.schema));
        d.suggestion = Some(other.to_string());
    } else if let Some(near) = near {
        d.help = Some(format!("did you mean `{near}`?"));
        d.suggestion = Some(near.to_owned());
        if let Some((_, r)) = context.schema.relation(Some(&schema), near)
            && let Some(at) = context.in_lock(r.at)
        {
            d = d.related(at, format!("`{near}` is defined here"));
        }
    } else {
        d.help = Some("create it in the database and run `dbtruth pull`, or correct the name".to_owned());
    }
    found.push(d);
}
