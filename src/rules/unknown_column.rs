//! `unknown-column`

use std::collections::BTreeMap;

use ustr::Ustr;

use super::{Context, Known, Rule, display, grade, suggest};
use crate::config::Level;
use crate::diagnostic::{self, Diagnostic, Severity};
use crate::project::uses::{Certainty, Reference, RelationName};
use crate::source::Location;

pub(super) const RULE: Rule = Rule {
    name: "unknown-column",
    level: Level::Error,
    summary: "code names a column that its relation does not have",
    page: include_str!("../../rules/unknown-column.md"),
    check,
};

/// Columns every PostgreSQL table has without declaring them.
const SYSTEM: &[&str] = &["tableoid", "xmin", "cmin", "xmax", "cmax", "ctid"];

/// More uses than this are not listed beside a model's finding.
const MAX_RELATED: usize = 100;

fn check(context: &Context<'_, '_>, found: &mut Vec<Diagnostic>) {
    let world = &context.project.world;
    // Uses through a model belong to the model's own finding.
    let mut through: BTreeMap<(RelationName, Ustr), Vec<&Reference>> = BTreeMap::new();
    for r in &context.project.uses.references {
        if let (Some(column), Some(_)) = (r.column, r.model) {
            through.entry((r.relation, column)).or_default().push(r);
        }
    }
    let mut declared = BTreeMap::new();
    for model in &world.models.all {
        if model.foreign || model.reflected {
            continue;
        }
        for c in &model.columns {
            let uses = through.get(&(model.relation, c.column)).map_or(&[][..], Vec::as_slice);
            // A mixin's column is one declaration in the code, however many tables get it: each is judged by itself.
            if declared.insert((c.at, model.relation, c.column), ()).is_none() {
                one(context, model.relation, c.column, c.at, diagnostic::Context::Model, Certainty::High, uses, found);
            }
        }
    }
    for r in &context.project.uses.references {
        if let (Some(column), None) = (r.column, r.model) {
            one(context, r.relation, column, r.location, r.context, r.certainty, &[], found);
        }
    }
}

#[expect(clippy::too_many_arguments, reason = "the parts of one finding")]
fn one(
    context: &Context<'_, '_>,
    name: RelationName,
    column: Ustr,
    at: Location,
    kind: diagnostic::Context,
    certainty: Certainty,
    uses: &[&Reference],
    found: &mut Vec<Diagnostic>,
) {
    let Known::Closed(qualified, relation) = context.relation(name) else { return };
    if relation.column(&column).is_some() || SYSTEM.contains(&column.as_str()) {
        return;
    }
    let Some(severity) = grade(Severity::Error, certainty) else { return };
    let message = format!("column `{column}` does not exist in table `{}`", display(qualified));
    let mut d = Diagnostic::new(RULE.name, severity, at, kind, message).about(Some(&qualified.schema), Some(&qualified.name), Some(&column));
    if let Some(near) = suggest::best(&column, relation.columns.iter().map(|c| c.name.as_str())) {
        d.help = Some(format!("did you mean `{near}`?"));
        d.suggestion = Some(near.to_owned());
        if let Some(at) = context.in_lock(relation.column(near).and_then(|c| c.at)) {
            d = d.related(at, format!("`{near}` is defined here"));
        }
    } else {
        let names: Vec<&str> = relation.columns.iter().map(|c| c.name.as_str()).collect();
        d.help = Some(format!("`{}` has {}", display(qualified), list(&names)));
    }
    if d.related.is_empty()
        && let Some(at) = context.in_lock(relation.at)
    {
        d = d.related(at, format!("`{}` is defined here", display(qualified)));
    }
    let mut places: Vec<Location> = uses.iter().map(|u| u.location).filter(|l| *l != at).collect();
    places.sort_unstable();
    places.dedup();
    for place in places.into_iter().take(MAX_RELATED) {
        d = d.related(place, "used here");
    }
    found.push(d);
}

fn list(names: &[&str]) -> String {
    const SHOWN: usize = 12;
    let shown: Vec<String> = names.iter().take(SHOWN).map(|n| format!("`{n}`")).collect();
    match names.len() {
        0 => "no columns".to_owned(),
        n if n > SHOWN => format!("{} and {} more", shown.join(", "), n - SHOWN),
        _ => shown.join(", "),
    }
}
