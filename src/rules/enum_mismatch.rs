//! `enum-mismatch`

use super::{Context, Rule, enum_labels, mapped};
use crate::config::Level;
use crate::diagnostic::{self, Diagnostic, Severity};

pub(super) const RULE: Rule = Rule {
    name: "enum-mismatch",
    level: Level::Error,
    summary: "model and lock disagree on the labels of an enum",
    page: include_str!("../../rules/enum-mismatch.md"),
    check,
};

fn check(context: &Context<'_, '_>, found: &mut Vec<Diagnostic>) {
    for m in mapped::all(context) {
        for (ours, theirs) in m.columns(context) {
            let Some(labels) = &ours.enum_labels else { continue };
            let Some(known) = enum_labels(context.schema, &theirs.ty) else { continue };
            let missing = |of: &[String], from: &[String]| of.iter().filter(|l| !from.contains(l)).map(|l| format!("`{l}`")).collect::<Vec<_>>().join(", ");
            let (extra, lacking) = (missing(labels, known), missing(known, labels));
            // Written by the model and refused by the server is the worse of the two.
            let (severity, what) = match (extra.is_empty(), lacking.is_empty()) {
                (false, _) => (Severity::Error, format!("does not have {extra}")),
                (true, false) => (Severity::Warning, format!("also has {lacking}, which the model cannot read")),
                (true, true) => continue,
            };
            let message = format!("enum `{}` of column `{}` {what}", theirs.ty, theirs.name);
            let at = ours.type_at.unwrap_or(ours.at);
            let d = Diagnostic::new(RULE.name, severity, at, diagnostic::Context::Model, message);
            let d = d.about(Some(&m.name.schema), Some(&m.name.name), Some(&theirs.name));
            found.push(match context.in_lock(theirs.at) {
                Some(at) => d.related(at, format!("`{}` is defined here", theirs.name)),
                None => d,
            });
        }
    }
}
