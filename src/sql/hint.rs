//! "Perhaps you meant": PostgreSQL's own choice.
//!
//! `searchRangeTableForCol` and `updateFuzzyAttrMatchState` of `parse_relation.c`: the column at the least edit distance among all range table
//! entries of all levels, never farther than three edits or half of the length of what was written; a wrong alias costs its own distance; three equally near ones
//! are too many to name.

use crate::symbol::Symbol;

use super::scope::{Level, Rte};

/// Farther is no hint.
const MAX_FUZZY_DISTANCE: usize = 3;

/// The column (and the name of its entry) PostgreSQL would hint at.
pub fn column(levels: &[Level], alias: Option<Symbol>, name: Symbol) -> Option<(Option<Symbol>, Symbol)> {
    let mut state = State { distance: MAX_FUZZY_DISTANCE + 1, first: None, second: None };
    for level in levels.iter().rev() {
        for rte in level.all.iter().filter(|r| !r.join) {
            let penalty = match (alias, rte.name) {
                (Some(alias), Some(own)) => bounded(&alias, &own, MAX_FUZZY_DISTANCE + 1),
                _ => 0,
            };
            if penalty == 0 && rte.columns.iter().any(|c| c.name == name) {
                // it exists, but may not be named from here
                return None;
            }
            state.scan(rte, name, penalty);
        }
    }
    state.first
}

struct State {
    distance: usize,
    first: Option<(Option<Symbol>, Symbol)>,
    second: Option<Symbol>,
}

impl State {
    fn scan(&mut self, rte: &Rte, name: Symbol, penalty: usize) {
        // a column that perhaps goes by another name is no hint
        for column in rte.columns.iter().filter(|c| !c.uncertain) {
            if penalty > self.distance {
                return;
            }
            let found = bounded(&name, &column.name, self.distance + 1 - penalty);
            if found > name.len() / 2 {
                continue;
            }
            let found = found + penalty;
            if found < self.distance {
                *self = State { distance: found, first: Some((rte.name, column.name)), second: None };
            } else if found == self.distance {
                if self.second.is_some() {
                    // a third one: too many, look for a nearer one only
                    *self = State { distance: found.saturating_sub(1), first: None, second: None };
                } else if self.first.is_some() {
                    self.second = Some(column.name);
                } else if self.distance <= MAX_FUZZY_DISTANCE {
                    // the bar was set by too many others, not by a match
                    self.first = Some((rte.name, column.name));
                }
            }
        }
    }
}

/// Edit distance, or anything above `most`.
fn bounded(a: &str, b: &str, most: usize) -> usize {
    // A character has up to four bytes.
    let least = a.len().abs_diff(b.len()) / if a.is_ascii() && b.is_ascii() { 1 } else { 4 };
    if least > most {
        return most + 1;
    }
    strsim::levenshtein(a, b)
}

/// The name nearest to a misspelt one: the same but for case or a plural, or at most a third of it away.
pub fn nearest<'a>(name: &str, all: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let most = (name.len() / 3).max(1);
    let own = letters(name);
    let mut best: Option<(usize, &str)> = None;
    for other in all {
        if other.len().abs_diff(name.len()) > most {
            continue;
        }
        // Each letter that only one of the two has costs an edit.
        let theirs = letters(other);
        if (own & !theirs).count_ones().max((theirs & !own).count_ones()) as usize > most && !other.eq_ignore_ascii_case(name) {
            continue;
        }
        let distance = if other.eq_ignore_ascii_case(name) { 0 } else { strsim::levenshtein(name, other) };
        if distance <= most && best.is_none_or(|(least, chosen)| (distance, other) < (least, chosen)) {
            best = Some((distance, other));
        }
    }
    best.map(|(_, name)| name)
}

/// Which letters a name has; some share a bit.
pub(crate) fn letters(name: &str) -> u32 {
    // Of a name in ASCII the bytes are the letters.
    if name.is_ascii() { name.bytes().fold(0, |all, c| all | 1 << (c & 31)) } else { name.chars().fold(0, |all, c| all | 1 << (c as u32 & 31)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_of_their_own_never_hide_the_nearest_name() {
        let words =
            ["", "a", "id", "ID", "order", "orders", "ordre", "Order", "border", "customer", "costumer", "größe", "grösse", "groesse", "abcabc", "cbacba"];
        for name in words {
            let most = (name.len() / 3).max(1);
            let distance = |other: &str| if other.eq_ignore_ascii_case(name) { 0 } else { strsim::levenshtein(name, other) };
            let near = words.into_iter().filter(|o| *o != name && o.len().abs_diff(name.len()) <= most && distance(o) <= most);
            assert_eq!(nearest(name, words.into_iter().filter(|o| *o != name)), near.min_by_key(|o| (distance(o), *o)), "{name}");
        }
    }
}
