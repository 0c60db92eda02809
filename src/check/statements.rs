//! The SQL statements of a project that are known in full, as a server could be asked about them, each with what `check` says of it.

use std::collections::BTreeSet;

use crate::project::uses::{Certainty, SqlText};
use crate::schema::Schema;
use crate::source::{Location, Span};
use crate::sql::{Options, Problem, ProblemKind, analyse};
use crate::syntax::sql::split;
use crate::syntax::sql::template::HOLE;

/// A statement that is known in full.
#[derive(Clone, Debug)]
pub struct Statement {
    /// Where it begins, and where its parts stand.
    pub at: Location,
    /// As a server would be sent it: parameters are `$1`, `$2`…
    pub text: String,
    /// What `check` finds in it.
    pub problems: Vec<Problem>,
    /// `check` could not read it.
    pub unread: bool,
}

/// Statements, and why others are none: reason → how often.
#[derive(Clone, Debug, Default)]
pub struct Statements {
    /// In order of place.
    pub all: Vec<Statement>,
    /// What is not asked about.
    pub skipped: std::collections::BTreeMap<&'static str, usize>,
}

/// First words of statements that a server prepares.
const PREPARED: [&str; 8] = ["select", "insert", "update", "delete", "merge", "with", "values", "table"];

/// Takes the texts apart.
pub fn statements(texts: &[SqlText], schema: &Schema) -> Statements {
    let mut made = Statements::default();
    let mut seen: BTreeSet<(Location, String)> = BTreeSet::new();
    for text in texts {
        let template = &text.template;
        let analysis = analyse(template, schema, &Options::default());
        for piece in split(template.text()) {
            let Some(sql) = template.text().get(piece.span.range()) else { continue };
            let Some(at) = template.locate(Span { start: piece.span.start, end: piece.span.start + 1 }) else {
                *made.skipped.entry("made by the program as it runs").or_default() += 1;
                continue;
            };
            let first: String = sql.trim_start_matches(['(', ' ']).chars().take_while(char::is_ascii_alphabetic).collect::<String>().to_ascii_lowercase();
            let reason = if sql.contains(HOLE) {
                Some("a part of it is not known")
            } else if text.certainty == Certainty::Low {
                Some("perhaps for another database, or another time")
            } else if !PREPARED.contains(&first.as_str()) {
                Some("no query and no change of rows")
            } else {
                None
            };
            if let Some(reason) = reason {
                *made.skipped.entry(reason).or_default() += 1;
                continue;
            }
            let sent = numbered(sql);
            if !seen.insert((at, sent.clone())) {
                continue;
            }
            let inside = |p: &&Problem| piece.span.contains(p.span);
            // What only running it would show, a server that prepares it cannot say.
            let shown = |p: &&Problem| !matches!(p.kind, ProblemKind::MissingRequiredColumn | ProblemKind::NullIntoNotNull);
            let problems = analysis.problems.iter().filter(inside).filter(shown).cloned().collect();
            let unread = analysis.skipped.iter().any(|(_, span)| piece.span.contains(*span));
            made.all.push(Statement { at, text: sent, problems, unread });
        }
    }
    made.all.sort_by(|a, b| (a.at, &a.text).cmp(&(b.at, &b.text)));
    made
}

/// Gives each parameter a number of its own, where all of them were written as `$1`: drivers with `%s` or `:name` know no numbers, and one number for
/// values of several types would be refused.
fn numbered(sql: &str) -> String {
    if sql.matches("$1").count() < 2 || (2..10).any(|n| sql.contains(&format!("${n}"))) {
        return sql.to_owned();
    }
    let mut out = String::with_capacity(sql.len() + 16);
    for (n, part) in sql.split("$1").enumerate() {
        if n > 0 {
            out.push('$');
            out.push_str(&n.to_string());
        }
        out.push_str(part);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_get_numbers_of_their_own() {
        assert_eq!(numbered("select $1, $1"), "select $1, $2");
        assert_eq!(numbered("select $1, $2, $1"), "select $1, $2, $1");
        assert_eq!(numbered("select $1"), "select $1");
    }
}
