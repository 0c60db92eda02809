//! `unknown-column`

use std::collections::BTreeMap;

use crate::symbol::Symbol;

use super::{Context, Known, Rule, display, grade, sql_problems, suggest};
use crate::config::Level;
use crate::diagnostic::{Access, Diagnostic, Severity};
use crate::project::uses::{Reference, RelationName};
use crate::source::Location;
use crate::sql::ProblemKind;

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

/// What the code says of one column through models: where they declare it, and where it is used.
#[derive(Default)]
struct Through<'r> {
    declared: Vec<&'r Reference>,
    used: Vec<&'r Reference>,
}

fn check(context: &Context<'_, '_>, found: &mut Vec<Diagnostic>) {
    sql_problems(context, ProblemKind::UnknownColumn, &RULE, found);
    row_keys(context, found);
    let mut through: BTreeMap<(RelationName, Symbol), Through> = BTreeMap::new();
    for r in &context.project.uses.references {
        match (r.column, r.model) {
            (None, _) => {}
            (Some(column), None) => one(context, column, r, &[], found),
            (Some(column), Some(_)) => {
                let slot = through.entry((r.relation, column)).or_default();
                if r.access == Access::Define { slot.declared.push(r) } else { slot.used.push(r) }
            }
        }
    }
    for ((_, column), Through { mut declared, used }) in through {
        if declared.is_empty() {
            // A foreign key's target, say: no model has that column, so each place speaks for itself.
            for r in used {
                one(context, column, r, &[], found);
            }
            continue;
        }
        // A column that no table has is one mistake of the model, not one for each use.
        declared.sort_by_key(|r| r.location);
        declared.dedup_by_key(|r| r.location);
        for r in declared {
            one(context, column, r, &used, found);
        }
    }
}

/// Keys asked of rows that their select list does not give.
fn row_keys(context: &Context<'_, '_>, found: &mut Vec<Diagnostic>) {
    for key in &context.project.uses.row_keys {
        let Some(severity) = grade(Severity::Error, key.certainty) else { continue };
        let needed = key.required_by.map_or(String::new(), |class| format!(", which `{class}` requires"));
        let mut d = Diagnostic::new(RULE.name, severity, key.location, key.context, format!("the row has no key `{}`{needed}", key.key));
        let schema = key.relation.and_then(|r| r.schema);
        d = d.about(schema.as_ref().map(Symbol::as_str), key.relation.as_ref().map(|r| r.name.as_str()), Some(&key.key));
        let exists = key.relation.is_some_and(|r| matches!(context.relation(r), Known::Closed(_, table) if table.column(&key.key).is_some()));
        if exists {
            d.help = Some(format!("add `{}` to the select list", key.key));
        } else if let Some(near) = suggest::best(&key.key, key.known.iter().map(Symbol::as_str)) {
            d.help = Some(format!("did you mean `{near}`?"));
            d.suggestion = Some(near.to_owned());
        }
        found.push(d);
    }
}

fn one(context: &Context<'_, '_>, column: Symbol, r: &Reference, uses: &[&Reference], found: &mut Vec<Diagnostic>) {
    let Known::Closed(qualified, relation) = context.relation(r.relation) else { return };
    if relation.column(&column).is_some() || SYSTEM.contains(&column.as_str()) {
        return;
    }
    // `ALTER TABLE … ADD COLUMN IF NOT EXISTS` when the program starts.
    if context.project.uses.created.contains(&(r.relation.name, Some(column))) {
        return;
    }
    let Some(severity) = grade(Severity::Error, r.certainty) else { return };
    let message = format!("column `{column}` does not exist in table `{}`", display(qualified));
    let mut d = Diagnostic::new(RULE.name, severity, r.location, r.context, message).about(Some(&qualified.schema), Some(&qualified.name), Some(&column));
    if let Some(near) = suggest::column(&qualified.name, &column, relation) {
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
    let mut places: Vec<Location> = uses.iter().map(|u| u.location).filter(|l| *l != r.location).collect();
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
