//! `unknown-attribute`

use super::{Context, Known, Rule, grade, suggest};
use crate::config::Level;
use crate::diagnostic::{self, Diagnostic, Severity};

pub(super) const RULE: Rule = Rule {
    name: "unknown-attribute",
    level: Level::Error,
    summary: "a query or constructor uses an attribute that the model class does not have",
    page: include_str!("../../rules/unknown-attribute.md"),
    check,
};

fn check(context: &Context<'_, '_>, found: &mut Vec<Diagnostic>) {
    for m in &context.project.uses.missing_attributes {
        let Some(severity) = grade(Severity::Error, m.certainty) else { continue };
        let message = match m.attribute.as_str() {
            own @ ("metadata" | "registry") => format!("`{}` has no column attribute `{own}`: the library's own is hidden, and nothing is stored", m.model),
            other => format!("`{}` has no attribute `{other}`", m.model),
        };
        let mut d = Diagnostic::new(RULE.name, severity, m.location, diagnostic::Context::Query, message);
        let schema = m.relation.schema.map(|s| s.to_string());
        d = d.about(schema.as_deref(), Some(&m.relation.name), Some(&m.attribute));
        let has_column = matches!(context.relation(m.relation), Known::Closed(_, r) if r.column(&m.attribute).is_some());
        if has_column {
            d.help = Some(format!("the table `{}` has a column `{}`: add it to the model", m.relation.name, m.attribute));
        } else if let Some(near) = suggest::best(&m.attribute, m.known.iter().map(crate::symbol::Symbol::as_str)) {
            d.help = Some(format!("did you mean `{near}`?"));
            d.suggestion = Some(near.to_owned());
        }
        found.push(d);
    }
}
