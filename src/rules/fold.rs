//! One cause, one finding: what several rules say of the same mistake becomes the finding that names its cause.

use std::collections::{BTreeMap, BTreeSet};

use rustc_hash::FxHashSet;

use super::suggest;
use crate::diagnostic::{Context, Diagnostic};
use crate::source::{FileId, Location};

/// The relation that a finding speaks of.
type Table = (Option<String>, Option<String>);

fn table(d: &Diagnostic) -> Table {
    (d.schema.clone(), d.table.clone())
}

/// Folds findings that others explain; keeps the order of those that stay.
pub fn fold(found: &mut Vec<Diagnostic>) {
    repeated(found);
    renamed(found);
    unreadable(found);
}

/// The same said twice at one place: as surely as anyone says it.
fn repeated(found: &mut Vec<Diagnostic>) {
    let mut best: BTreeMap<(Location, &str, String), usize> = BTreeMap::new();
    let mut drop: FxHashSet<usize> = FxHashSet::default();
    for (n, d) in found.iter().enumerate() {
        let key = (d.location, d.rule, d.message.clone());
        match best.get(&key).copied() {
            Some(first) if found[first].severity < d.severity => {
                drop.insert(first);
                best.insert(key, n);
            }
            Some(_) => {
                drop.insert(n);
            }
            None => {
                best.insert(key, n);
            }
        }
    }
    take_out(found, &drop);
}

/// A column that a model names and its table lacks, and one that the table has and the model lacks: one rename. So is a key that is made of it.
fn renamed(found: &mut Vec<Diagnostic>) {
    let mut lost: BTreeMap<Table, BTreeMap<String, usize>> = BTreeMap::new();
    let mut unmapped: BTreeMap<Table, BTreeMap<String, usize>> = BTreeMap::new();
    let mut keys: Vec<usize> = Vec::new();
    for (n, d) in found.iter().enumerate() {
        match (d.rule, &d.column) {
            // A model's own; what only SQL misspells says nothing of the model.
            ("unknown-column", Some(c)) if d.context == Context::Model => {
                lost.entry(table(d)).or_default().entry(c.clone()).or_insert(n);
            }
            ("unmapped-column", Some(c)) => {
                unmapped.entry(table(d)).or_default().insert(c.clone(), n);
            }
            ("primary-key-mismatch", _) => keys.push(n),
            _ => {}
        }
    }
    let mut drop: FxHashSet<usize> = keys.into_iter().filter(|n| lost.contains_key(&table(&found[*n]))).collect();
    for (table, lost) in lost {
        let Some(all) = unmapped.get(&table) else { continue };
        let mut left: BTreeSet<&str> = all.keys().map(String::as_str).collect();
        let mut alone = Vec::new();
        for (wrong, &at) in &lost {
            let said = found[at].suggestion.as_deref().and_then(|s| left.get(s).copied());
            match suggest::best(wrong, left.iter().copied()).or(said) {
                Some(meant) => {
                    drop.insert(all[meant]);
                    left.remove(meant);
                }
                None => alone.push(at),
            }
        }
        // As many are left on either side: these are what became of those.
        if alone.len() == left.len() {
            drop.extend(left.iter().map(|c| all[*c]));
            if let ([at], Some(now)) = (alone.as_slice(), left.first()) {
                let now = (*now).to_owned();
                let place = found[all[&now]].related.first().cloned();
                let d = &mut found[*at];
                if d.suggestion.is_none() {
                    d.help = Some(format!("was it renamed to `{now}`? No model has that column"));
                    d.suggestion = Some(now);
                    d.related.splice(..0, place);
                }
            }
        }
    }
    take_out(found, &drop);
}

/// A file that is no Python (a template, perhaps) is one finding, not one for each line.
fn unreadable(found: &mut Vec<Diagnostic>) {
    let mut first: BTreeMap<FileId, (usize, usize)> = BTreeMap::new();
    let mut drop: FxHashSet<usize> = FxHashSet::default();
    for (n, d) in found.iter().enumerate().filter(|(_, d)| d.rule == "syntax-error") {
        let Some((kept, more)) = first.get_mut(&d.location.file) else {
            first.insert(d.location.file, (n, 0));
            continue;
        };
        *more += 1;
        if d.location < found[*kept].location {
            drop.insert(*kept);
            *kept = n;
        } else {
            drop.insert(n);
        }
    }
    for (kept, more) in first.into_values().filter(|(_, more)| *more > 0) {
        let places = if more == 1 { "place" } else { "places" };
        found[kept].help = Some(format!("{more} more {places} in this file cannot be read either"));
    }
    take_out(found, &drop);
}

fn take_out(found: &mut Vec<Diagnostic>, drop: &FxHashSet<usize>) {
    let mut n = 0;
    found.retain(|_| {
        n += 1;
        !drop.contains(&(n - 1))
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::Severity;
    use crate::source::Span;

    fn finding(rule: &'static str, at: usize, column: &str) -> Diagnostic {
        let location = Location::new(FileId(0), Span::new(at, at + 1));
        let d = Diagnostic::new(rule, Severity::Error, location, Context::Model, format!("{rule} {column}"));
        d.about(Some("public"), Some("orders"), Some(column))
    }

    fn folded(all: &[(&'static str, usize, &str)]) -> Vec<String> {
        let mut found = all.iter().map(|(rule, at, column)| finding(rule, *at, column)).collect();
        fold(&mut found);
        found.iter().map(|d| d.message.clone() + d.help.as_deref().map_or("", |_| " +help")).collect()
    }

    #[test]
    fn a_rename_is_one_finding() {
        assert_eq!(folded(&[("unknown-column", 5, "total"), ("unmapped-column", 1, "amount")]), ["unknown-column total +help"]);
        assert_eq!(
            folded(&[("unknown-column", 5, "totl"), ("unmapped-column", 1, "total"), ("unmapped-column", 1, "other")]),
            ["unknown-column totl", "unmapped-column other"]
        );
        assert_eq!(folded(&[("unknown-column", 5, "a"), ("primary-key-mismatch", 1, "")]), ["unknown-column a"]);
        // Nothing is known of which became which.
        assert_eq!(folded(&[("unknown-column", 5, "total"), ("unmapped-column", 1, "x"), ("unmapped-column", 1, "y")]).len(), 3);
    }

    #[test]
    fn the_same_twice_is_once() {
        assert_eq!(folded(&[("unknown-table", 5, "t"), ("unknown-table", 5, "t"), ("unknown-table", 6, "t")]).len(), 2);
    }

    #[test]
    fn a_file_that_cannot_be_read_is_one_finding() {
        assert_eq!(folded(&[("syntax-error", 9, "b"), ("syntax-error", 5, "a"), ("syntax-error", 7, "c")]), ["syntax-error a +help"]);
    }
}
