//! `type-mismatch`

use super::{Context, Rule, display, mapped, sql_problems};
use crate::config::Level;
use crate::diagnostic::{self, Diagnostic, Severity};
use crate::project::models::ModelColumn;
use crate::schema::types::{Family, family, parse};
use crate::sql::ProblemKind;

pub(super) const RULE: Rule = Rule {
    name: "type-mismatch",
    level: Level::Warning,
    summary: "a model's type does not fit the type of its column, or a value in SQL not the type it stands for",
    page: include_str!("../../rules/type-mismatch.md"),
    check,
};

/// Types of different families. Within a family PostgreSQL and the drivers convert; types that are no built-ins are not compared.
fn check(context: &Context<'_, '_>, found: &mut Vec<Diagnostic>) {
    sql_problems(context, ProblemKind::TypeMismatch, &RULE, found);
    for m in mapped::all(context) {
        for (ours, theirs) in m.columns(context) {
            let Some(ty) = &ours.ty else { continue };
            if fits(&family(ty), &family(&theirs.ty)) && !other_length(context, ours, ty, &theirs.ty) {
                continue;
            }
            let message = format!("column `{}` of `{}` is `{}`, the model says `{ty}`", theirs.name, display(m.name), theirs.ty);
            let at = ours.type_at.unwrap_or(ours.at);
            let d = Diagnostic::new(RULE.name, Severity::Warning, at, diagnostic::Context::Model, message);
            let d = d.about(Some(&m.name.schema), Some(&m.name.name), Some(&theirs.name));
            found.push(match context.in_lock(theirs.at) {
                Some(at) => d.related(at, format!("`{}` is defined here", theirs.name)),
                None => d,
            });
        }
    }
}

/// Whether both limit their length, and not alike. A length that the model does not write itself (an enum's longest label) is none of its statements.
fn other_length(context: &Context<'_, '_>, column: &ModelColumn, ours: &str, theirs: &str) -> bool {
    let length = |ty: &str| parse(ty).filter(|t| t.name == "varchar" && !t.array).and_then(|t| t.modifiers.first().cloned());
    let (Some(a), Some(b)) = (length(ours), length(theirs)) else { return false };
    let at = column.type_at.unwrap_or(column.declared);
    let written = context.project.world.sources.get(at.file).slice(at.span);
    a != b && column.enum_labels.is_none() && written.split(|c: char| !c.is_alphanumeric()).any(|w| w == a)
}

fn fits(ours: &Family, theirs: &Family) -> bool {
    match (ours, theirs) {
        (Family::Array(a), Family::Array(b)) => fits(a, b),
        (Family::Other(_), _) | (_, Family::Other(_)) => true,
        // Drivers give a number for both, and only precision is lost.
        (Family::Numeric, Family::Float) | (Family::Float, Family::Numeric) => true,
        // Written as text, read as an object of its own.
        (Family::Text, Family::Network | Family::Xml | Family::TextSearch) => true,
        _ => ours == theirs,
    }
}
