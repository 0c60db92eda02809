//! A wrong name becomes the one that was meant: in strings, keyword arguments, attributes, SQL, select lists and model columns.

use std::collections::{BTreeMap, BTreeSet};

use crate::symbol::Symbol;

use super::{fix, replace};
use crate::diagnostic::{self, Diagnostic, Edit, Fix};
use crate::project::uses::RelationName;
use crate::rules::{Context, Known, suggest};
use crate::schema::Relation;
use crate::source::{Language, Location, SourceFile};

/// Rules whose suggestion is a name for the very token they point at.
const RULES: &[&str] = &["unknown-column", "unknown-table", "unknown-attribute", "unknown-function", "unknown-enum-value", "unknown-relationship"];

/// What is known of all renames before any is made.
pub(super) struct Renames {
    /// Where any finding stands that a rename mends.
    places: BTreeSet<Location>,
    /// Which names the models give their columns: (file, column) pairs are not enough, so by relation.
    candidates: BTreeMap<Location, Vec<String>>,
    /// Columns without their tables' names: those that several tables beside have, so that the name alone would be ambiguous.
    shared: BTreeMap<Location, BTreeSet<String>>,
}

impl Renames {
    /// Over all findings.
    pub(super) fn of(context: &Context<'_, '_>, found: &[Diagnostic]) -> Self {
        let places = found.iter().filter(|d| RULES.contains(&d.rule) && d.suggestion.is_some()).map(|d| d.location).collect();
        let mut candidates: BTreeMap<Location, Vec<String>> = BTreeMap::new();
        for p in context.project.uses.sql_problems.iter().filter(|p| p.problem.suggestion.is_some() && p.problem.column.is_some()) {
            let relations = p.problem.candidates.iter().filter_map(|q| context.schema.relations.get(q));
            candidates.entry(p.location).or_default().extend(relations.flat_map(|r| &r.columns).map(|c| c.name.clone()));
        }
        let mut shared: BTreeMap<Location, BTreeSet<String>> = BTreeMap::new();
        for p in &context.project.uses.sql_problems {
            let mut once = BTreeSet::new();
            for c in p.problem.beside.iter().filter_map(|q| context.schema.relations.get(q)).flat_map(|r| &r.columns) {
                if !once.insert(c.name.as_str()) {
                    shared.entry(p.location).or_default().insert(c.name.clone());
                }
            }
        }
        for m in &context.project.uses.missing_attributes {
            candidates.entry(m.location).or_default().extend(m.known.iter().map(|k| k.to_string()));
        }
        for k in &context.project.uses.row_keys {
            candidates.entry(k.location).or_default().extend(k.known.iter().map(|k| k.to_string()));
        }
        Self { places, candidates, shared }
    }

    /// The repair of one finding.
    pub(super) fn fix(&self, context: &Context<'_, '_>, d: &Diagnostic) -> Option<Fix> {
        let new = d.suggestion.as_deref().filter(|_| RULES.contains(&d.rule))?;
        if d.context == diagnostic::Context::Migration {
            // A revision that ran is not written anew.
            return None;
        }
        if d.rule == "unknown-table" && d.context == diagnostic::Context::Model && is_identifier_at(context, d.location) {
            // The class has its name for more than its table, which is told another way.
            return None;
        }
        if self.shared.get(&d.location).is_some_and(|names| names.contains(new)) {
            return None;
        }
        let wrong = wrong_name(context, d)?;
        if wrong == new || is_anothers(context, d, new) {
            return None;
        }
        let certain = self.is_certain(context, d, &wrong, new);
        if d.rule == "unknown-column" && d.context == diagnostic::Context::Model && is_identifier_at(context, d.location) {
            return super::rename_attribute::fix(context, d, &wrong, new, certain, &self.places);
        }
        fix(certain, vec![token(context, d.location, &wrong, new)?])
    }

    /// Whether the suggestion leaves no doubt.
    fn is_certain(&self, context: &Context<'_, '_>, d: &Diagnostic, wrong: &str, new: &str) -> bool {
        if let Some(names) = self.candidates.get(&d.location) {
            let names: BTreeSet<&str> = names.iter().map(String::as_str).collect();
            return suggest::certain(wrong, new, names.into_iter());
        }
        match d.rule {
            "unknown-column" => relation_of(context, d).is_some_and(|r| suggest::certain(wrong, new, r.columns.iter().map(|c| c.name.as_str()))),
            "unknown-table" => suggest::certain(wrong, new, context.schema.relations.keys().map(|q| q.name.as_str())),
            "unknown-enum-value" => {
                context.schema.enums.values().filter(|l| l.iter().any(|x| x == new)).all(|l| suggest::certain(wrong, new, l.iter().map(String::as_str)))
            }
            _ => false,
        }
    }
}

/// Whether a column that `x.column` perhaps means is not one of `x`, but of another table of the statement: then the name before it is wrong too.
fn is_anothers(context: &Context<'_, '_>, d: &Diagnostic, new: &str) -> bool {
    d.rule == "unknown-column"
        && is_behind_another(context.project.world.sources.get(d.location.file), d.location)
        && relation_of(context, d).is_some_and(|r| r.column(new).is_none())
}

/// The relation that a finding is about, where all of it is known.
fn relation_of<'c>(context: &'c Context<'_, '_>, d: &Diagnostic) -> Option<&'c Relation> {
    let name = RelationName { schema: Some(Symbol::from(d.schema.as_deref()?)), name: Symbol::from(d.table.as_deref()?) };
    if let Known::Closed(_, relation) = context.relation(name) { Some(relation) } else { None }
}

/// Whether a name and a dot stand before the place.
fn is_behind_another(source: &SourceFile, location: Location) -> bool {
    source.text.get(..location.span.start as usize).is_some_and(|before| before.trim_end().ends_with('.'))
}

/// The name that the finding calls wrong, as the text at its place spells it.
fn wrong_name(context: &Context<'_, '_>, d: &Diagnostic) -> Option<String> {
    let bare = unquoted(context.project.world.sources.get(d.location.file).slice(d.location.span)).1;
    let said = match d.rule {
        "unknown-column" | "unknown-attribute" => d.column.as_deref().map(str::to_owned),
        "unknown-table" => d.table.as_deref().map(str::to_owned),
        _ => None,
    };
    // Where the finding does not keep the name apart, its message has it in backticks.
    let named = |name: &str| said.as_deref().map_or_else(|| d.message.contains(&format!("`{name}`")), |s| s == name || s.eq_ignore_ascii_case(name));
    (!bare.is_empty() && named(bare)).then(|| bare.to_owned())
}

/// The quotes around a token, if it has any, and what is in them.
fn unquoted(text: &str) -> (Option<char>, &str) {
    let inside = |q: char| text.strip_prefix(q).and_then(|t| t.strip_suffix(q));
    match (inside('"'), inside('\'')) {
        (Some(t), _) => (Some('"'), t),
        (None, Some(t)) => (Some('\''), t),
        (None, None) => (None, text),
    }
}

/// Whether a plain identifier of Python stands there, and no string.
pub(super) fn is_identifier_at(context: &Context<'_, '_>, location: Location) -> bool {
    let source = context.project.world.sources.get(location.file);
    let before = source.text.get(..location.span.start as usize).and_then(|t| t.chars().next_back());
    let after = source.text.get(location.span.end as usize..).and_then(|t| t.chars().next());
    source.language == Language::Python
        && unquoted(source.slice(location.span)).0.is_none()
        && !matches!(before, Some('"' | '\''))
        && !matches!(after, Some('"' | '\''))
}

/// The edit of one token: quoted names stay quoted, and a name that would need quotes that are not there is not written.
pub(super) fn token(context: &Context<'_, '_>, location: Location, wrong: &str, new: &str) -> Option<Edit> {
    let source = context.project.world.sources.get(location.file);
    let text = source.slice(location.span);
    if let (Some(quote), inside) = unquoted(text) {
        let fits = inside == wrong && (is_plain(new) || (source.language != Language::Python && !new.contains(quote)));
        return fits.then(|| replace(location, format!("{quote}{new}{quote}")));
    }
    if text != wrong {
        return None;
    }
    // `public.orders` stands for a table of another schema, `o.total` for a column of another table; it is two names where one was, and none may stand before it.
    let one_too_many = new.contains('.') && is_behind_another(source, location);
    let fits = !one_too_many && new.split('.').all(|part| is_plain(part) && !is_reserved(part));
    fits.then(|| replace(location, new))
}

/// A name that is one in SQL, in Python and in a string without being quoted or escaped.
pub(super) fn is_plain(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_lowercase() || c == '_') && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
}

/// Words that are no names where a name is wanted: those that SQL reserves, and Python's keywords.
pub(super) fn is_reserved(name: &str) -> bool {
    const WORDS: &[&str] = &[
        "all",
        "and",
        "any",
        "array",
        "as",
        "asc",
        "assert",
        "async",
        "await",
        "break",
        "case",
        "cast",
        "check",
        "class",
        "collate",
        "column",
        "constraint",
        "continue",
        "create",
        "def",
        "default",
        "del",
        "desc",
        "distinct",
        "do",
        "elif",
        "else",
        "end",
        "except",
        "false",
        "fetch",
        "finally",
        "for",
        "foreign",
        "from",
        "global",
        "grant",
        "group",
        "having",
        "if",
        "import",
        "in",
        "into",
        "is",
        "lambda",
        "limit",
        "nonlocal",
        "not",
        "null",
        "offset",
        "on",
        "only",
        "or",
        "order",
        "pass",
        "primary",
        "raise",
        "references",
        "return",
        "select",
        "table",
        "then",
        "to",
        "true",
        "try",
        "union",
        "unique",
        "user",
        "using",
        "when",
        "where",
        "while",
        "window",
        "with",
        "yield",
    ];
    WORDS.contains(&name)
}
