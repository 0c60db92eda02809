//! Columns that scripts take away. A script that changes tables ran once, in the schema of its day: what a script of the project drops or renames was there for it.

use rustc_hash::FxHashSet;

use crate::project::libraries::sql_text::created::{self, Words};
use crate::project::uses::{SqlProblem, Uses};
use crate::sql::ProblemKind;
use crate::symbol::Symbol;

/// Tables and the columns that they had.
pub(super) type Gone = FxHashSet<(Symbol, Symbol)>;

/// Whether a line of the text begins with a statement that changes tables.
pub(super) fn changes_tables(text: &str) -> bool {
    let starts = |line: &str| {
        let mut words = line.split_ascii_whitespace().map(str::to_ascii_lowercase);
        matches!((words.next().as_deref(), words.next().as_deref()), (Some("alter" | "drop" | "create"), Some("table")))
    };
    text.lines().any(starts)
}

/// Adds the columns that a script drops or renames: `ALTER TABLE t DROP COLUMN c, RENAME COLUMN d TO e`. Nothing is parsed, so that templates count too.
pub(super) fn scan(text: &str, gone: &mut Gone) {
    let words = Words::new(text, &['(', ')', ',']);
    let (words, is, skip) = (&words.0, |n: usize, word: &str| words.is(n, word), |n: usize, all: &[&str]| words.skip(n, all));
    let mut altered = None;
    for n in 0..words.len() {
        let column = match () {
            () if is(n, "alter") && is(n + 1, "table") => {
                altered = words.get(skip(n + 2, &["if", "exists", "only"])).map(|w| name(w));
                None
            }
            () if is(n, "drop") && !is(n + 1, "constraint") => words.get(skip(n + 1, &["column", "if", "exists"])),
            () if is(n, "rename") && !is(n + 1, "to") && !is(n + 1, "constraint") => words.get(skip(n + 1, &["column"])),
            () => None,
        };
        if let (Some(table), Some(column)) = (altered, column) {
            gone.insert((table, name(column)));
        }
        // The statement ends, and with it what is said of its table.
        if words[n].ends_with(';') {
            altered = None;
        }
    }
}

fn name(word: &str) -> Symbol {
    Symbol::from(&created::name(word.trim_end_matches(';')))
}

/// Takes back what was said of columns that are gone since.
pub(super) fn forgive(uses: &mut Uses, gone: &Gone) {
    let was_there = |p: &SqlProblem| {
        let p = &p.problem;
        let Some(column) = p.column.as_deref().map(Symbol::from).filter(|_| p.kind == ProblemKind::UnknownColumn) else { return false };
        let tables = p.table.iter().map(String::as_str).chain(p.beside.iter().chain(&p.candidates).map(|n| n.name.as_str()));
        tables.map(Symbol::from).any(|t| gone.contains(&(t, column)))
    };
    let before = uses.sql_problems.len();
    uses.sql_problems.retain(|p| !was_there(p));
    for _ in uses.sql_problems.len()..before {
        uses.skip("column that a script takes away");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_scripts_take_away() {
        let mut gone = Gone::default();
        scan("ALTER TABLE ONLY s.a DROP COLUMN IF EXISTS b, DROP c CASCADE, DROP CONSTRAINT d;\nDROP TABLE e;", &mut gone);
        scan("alter table \"F\" rename column \"G\" to h; alter table i rename to j; alter table k alter column l drop not null;", &mut gone);
        let mut got: Vec<String> = gone.iter().map(|(t, c)| format!("{t}.{c}")).collect();
        got.sort();
        assert_eq!(got, ["F.G", "a.b", "a.c", "k.not"]);
    }
}
