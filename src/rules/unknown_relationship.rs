//! `unknown-relationship`

use super::{Context, Known, Rule, display, grade, suggest};
use crate::config::Level;
use crate::diagnostic::{Diagnostic, Severity};

pub(super) const RULE: Rule = Rule {
    name: "unknown-relationship",
    level: Level::Error,
    summary: "a PostgREST embed has no foreign key to follow",
    page: include_str!("../../rules/unknown-relationship.md"),
    check,
};

fn check(context: &Context<'_, '_>, found: &mut Vec<Diagnostic>) {
    for embed in &context.project.uses.embeds {
        let Known::Closed(name, relation) = context.relation(embed.relation) else { continue };
        // A relation that is not there is no surer than where it is named alone.
        let is_there = context.schema.named(&embed.name).next().is_some();
        let certainty = if is_there { embed.certainty } else { context.sure_of_missing_table(embed.certainty) };
        let Some(severity) = grade(Severity::Error, certainty) else { continue };
        let by = embed.hint.map(|h| format!(" by `{h}`")).unwrap_or_default();
        let message = format!("no foreign key leads from `{}` to `{}`{by}", display(name), embed.name);
        let mut d = Diagnostic::new(RULE.name, severity, embed.location, embed.context, message).about(Some(&name.schema), Some(&name.name), None);
        let pointed_at = relation.foreign_keys.iter().map(|f| f.target.name.as_str());
        let pointing = context.schema.relations.iter().filter(|(_, r)| r.foreign_keys.iter().any(|f| f.target == *name)).map(|(n, _)| n.name.as_str());
        if let Some(near) = suggest::best(&embed.name, pointed_at.chain(pointing)) {
            d.help = Some(format!("did you mean `{near}`?"));
            d.suggestion = Some(near.to_owned());
        }
        found.push(context.with_definition(d, name, relation.at));
    }
}
