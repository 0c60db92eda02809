//! `foreign-key-mismatch`

use super::{Context, Known, Rule, display, mapped};
use crate::config::Level;
use crate::diagnostic::{self, Diagnostic, Severity};
use crate::project::uses::RelationName;
use crate::schema::{ForeignKey, QualifiedName};

pub(super) const RULE: Rule = Rule {
    name: "foreign-key-mismatch",
    level: Level::Error,
    summary: "model and lock disagree on where a foreign key points",
    page: include_str!("../../rules/foreign-key-mismatch.md"),
    check,
};

/// Foreign keys of one column that point elsewhere in the lock, or nowhere. The second is a warning: some projects keep constraints out of the
/// database on purpose.
fn check(context: &Context<'_, '_>, found: &mut Vec<Diagnostic>) {
    for m in mapped::all(context) {
        for (ours, theirs) in m.columns(context) {
            let [(target, at)] = ours.foreign_keys.as_slice() else { continue };
            let Some(wanted) = resolve(context, target) else { continue };
            let over: Vec<_> = m.relation.foreign_keys.iter().filter(|f| f.columns.contains(&theirs.name)).collect();
            let points = |f: &&ForeignKey| f.columns.iter().zip(&f.target_columns).any(|(c, t)| *c == theirs.name && f.target == wanted.0 && *t == wanted.1);
            if over.iter().any(points) {
                continue;
            }
            let there = over.iter().find(|f| f.columns.len() == 1).map(|f| format!("`{}`", display(&f.target)));
            let (severity, message) = match there {
                Some(there) => (Severity::Error, format!("column `{}` of `{}` points at {there}, the model says `{target}`", theirs.name, display(m.name))),
                // Where the column points is known as little as its type.
                None if over.is_empty() && !ours.unconstrained && theirs.ty != crate::schema::UNKNOWN_TYPE => {
                    (Severity::Warning, format!("column `{}` of `{}` has no foreign key, the model says `{target}`", theirs.name, display(m.name)))
                }
                None => continue,
            };
            let d = Diagnostic::new(RULE.name, severity, *at, diagnostic::Context::Model, message);
            let d = d.about(Some(&m.name.schema), Some(&m.name.name), Some(&theirs.name));
            found.push(context.with_definition(d, m.name, m.relation.at));
        }
    }
}

/// `schema.table.column` to a relation that the lock has in full and a column that it has.
fn resolve(context: &Context<'_, '_>, target: &str) -> Option<(QualifiedName, String)> {
    let (table, column) = target.rsplit_once('.')?;
    let (schema, name) = table.rsplit_once('.').map_or((None, table), |(s, t)| (Some(s.into()), t));
    match context.relation(RelationName { schema, name: name.into() }) {
        Known::Closed(name, relation) if relation.column(column).is_some() => Some((name.clone(), column.to_owned())),
        _ => None,
    }
}
