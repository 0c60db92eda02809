//! `unique-mismatch`

use std::collections::BTreeSet;

use super::mapped::{self, Mapped};
use super::{Context, Rule, display};
use crate::config::Level;
use crate::diagnostic::{self, Diagnostic, Severity};
use crate::source::Location;

pub(super) const RULE: Rule = Rule {
    name: "unique-mismatch",
    level: Level::Error,
    summary: "a model says unique what the table does not hold unique",
    page: include_str!("../../rules/unique-mismatch.md"),
    check,
};

/// `unique=True` and unique constraints that no constraint or whole index of the table stands behind.
fn check(context: &Context<'_, '_>, found: &mut Vec<Diagnostic>) {
    let models = mapped::all(context);
    for m in models.iter().filter(|m| !m.model.open && context.schema.knows_keys(m.name)) {
        // A frozen copy of a model, kept for a migration, may say what the one that is used no longer says.
        let dropped = |column: &str| {
            let twins = models.iter().filter(|t| t.name == m.name && t.model.class != m.model.class && t.model.at.file != m.model.at.file);
            twins.filter_map(|t| t.model.columns.iter().find(|c| c.column.as_str() == column)).any(|c| !c.unique)
        };
        for (c, _) in m.columns(context).filter(|(c, _)| c.unique && !c.primary_key && !dropped(&c.column)) {
            one(context, m, &[c.column.as_str()], c.at, found);
        }
        for (columns, at) in m.model.unique.iter().filter(|(c, _)| c.len() > 1) {
            let names: Vec<&str> = columns.iter().map(|c| c.as_str()).collect();
            one(context, m, &names, *at, found);
        }
    }
}

/// Whether an index leaves out rows with NULLs in these columns alone (`WHERE (a IS NOT NULL)`): those are never equal to each other anyway.
fn spares_nulls(definition: &str, columns: &[&str]) -> bool {
    let lower = definition.to_ascii_lowercase();
    let Some((_, condition)) = lower.rsplit_once(" where ") else { return false };
    let plain = condition.replace(['(', ')', '"'], " ");
    let words: Vec<&str> = plain.split_whitespace().collect();
    words.split(|w| *w == "and").all(|part| matches!(part, [column, "is", "not", "null"] if columns.iter().any(|c| c.eq_ignore_ascii_case(column))))
}

fn one(context: &Context<'_, '_>, m: &Mapped<'_>, columns: &[&str], at: Location, found: &mut Vec<Diagnostic>) {
    let wanted: BTreeSet<&str> = columns.iter().copied().collect();
    let same = |names: &[String]| names.iter().map(String::as_str).collect::<BTreeSet<_>>() == wanted;
    let by_index = m.relation.indexes.iter().filter(|i| i.unique && (!i.partial || spares_nulls(&i.definition, columns))).any(|i| {
        let keys: Option<Vec<String>> = i.keys.iter().cloned().collect();
        keys.is_some_and(|k| same(&k))
    });
    // A column that is not there is another rule's.
    let missing = columns.iter().any(|c| m.relation.column(c).is_none());
    if missing || by_index || same(&m.relation.primary_key) || m.relation.unique.iter().any(|u| same(&u.columns)) {
        return;
    }
    let message = format!("nothing holds ({}) of `{}` unique, as the model says", columns.join(", "), display(m.name));
    let mut d = Diagnostic::new(RULE.name, Severity::Error, at, diagnostic::Context::Model, message);
    d = d.about(Some(&m.name.schema), Some(&m.name.name), columns.first().copied());
    d.help = Some("add the constraint to the table, or take it from the model".to_owned());
    found.push(context.with_definition(d, m.name, m.relation.at));
}

#[cfg(test)]
mod tests {
    use super::spares_nulls;

    #[test]
    fn an_index_without_the_rows_that_are_never_equal_holds_the_rest_unique() {
        let says = |condition: &str| spares_nulls(&format!("btree (a, b) where {condition}"), &["a", "b"]);
        assert!(says("(a IS NOT NULL)") && says("((a IS NOT NULL) AND (b IS NOT NULL))") && says("a is not null"));
        for other in ["(a IS NULL)", "(c IS NOT NULL)", "(deleted = false)", "((a IS NOT NULL) AND active)", "((a IS NOT NULL) OR (b IS NOT NULL))"] {
            assert!(!says(other), "{other}");
        }
    }
}
