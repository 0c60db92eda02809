//! Edits into text.

use std::collections::BTreeMap;

use crate::diagnostic::{Edit, Fix};
use crate::source::{FileId, Span};

/// The edits of one round: no two of them touch.
#[derive(Debug, Default)]
pub(super) struct Round {
    files: BTreeMap<FileId, Vec<Edit>>,
    /// Edits of the last repair that was taken: those that were not there already.
    last: Vec<Edit>,
}

impl Round {
    /// Takes all edits of a repair, or none of them if one touches what was taken before. The same edit asked for twice (an import, say) is one.
    pub(super) fn add(&mut self, fix: &Fix) -> bool {
        let free = |e: &Edit| {
            self.files
                .get(&e.location.file)
                .is_none_or(|taken| taken.iter().all(|t| t == e || !(touch(t.location.span, e.location.span) || rival_imports(t, e))))
        };
        if fix.edits.is_empty() || !fix.edits.iter().all(free) {
            return false;
        }
        self.last.clear();
        for edit in &fix.edits {
            let taken = self.files.entry(edit.location.file).or_default();
            if !taken.contains(edit) {
                taken.push(edit.clone());
                self.last.push(edit.clone());
            }
        }
        // A repair that is wholly another's is made with it.
        true
    }

    /// Gives the last repair up again.
    pub(super) fn take_back(&mut self) {
        for edit in self.last.drain(..) {
            if let Some(taken) = self.files.get_mut(&edit.location.file) {
                taken.retain(|t| *t != edit);
            }
        }
        self.files.retain(|_, edits| !edits.is_empty());
    }

    /// Files with edits.
    pub(super) fn files(&self) -> impl Iterator<Item = FileId> {
        self.files.keys().copied()
    }

    /// The text of a file with its edits made.
    pub(super) fn text(&self, file: FileId, text: &str) -> String {
        edited(text, self.files.get(&file).map_or(&[][..], Vec::as_slice))
    }
}

/// Whether two edits touch: they share bytes, or one inserts inside the other. Two insertions at one place do not: they are made in the order they came.
fn touch(a: Span, b: Span) -> bool {
    match (a.is_empty(), b.is_empty()) {
        (true, true) => false,
        (true, false) => b.start < a.start && a.start < b.end,
        (false, true) => a.start < b.start && b.start < a.end,
        (false, false) => a.start < b.end && b.start < a.end,
    }
}

/// Whether both add an import at one place: the second is looked at again when the first is there, and joins it.
fn rival_imports(a: &Edit, b: &Edit) -> bool {
    let import = |e: &Edit| e.location.span.is_empty() && e.content.trim_start().starts_with("from ") && e.content.contains(" import ");
    a.location == b.location && import(a) && import(b)
}

/// The text with these edits made; they must not touch each other. An edit whose span does not lie in the text is left out.
pub fn edited(text: &str, edits: &[Edit]) -> String {
    let mut edits: Vec<&Edit> = edits.iter().filter(|e| text.get(e.location.span.range()).is_some()).collect();
    // What goes on with a line stands before what begins a new one behind it.
    edits.sort_by_key(|e| (e.location.span.start, e.location.span.end, e.content.starts_with(['\r', '\n'])));
    let (mut out, mut at) = (String::with_capacity(text.len()), 0);
    for edit in edits {
        let range = edit.location.span.range();
        if range.start < at {
            continue;
        }
        out.push_str(&text[at..range.start]);
        out.push_str(&edit.content);
        at = range.end;
    }
    out.push_str(&text[at..]);
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::Safety;
    use crate::source::Location;

    fn edit(start: usize, end: usize, content: &str) -> Edit {
        Edit { location: Location::new(FileId(0), Span::new(start, end)), content: content.to_owned() }
    }

    fn fix(edits: &[Edit]) -> Fix {
        Fix { safety: Safety::Safe, edits: edits.to_vec() }
    }

    #[test]
    fn edits_are_made_in_the_order_of_the_text() {
        assert_eq!(edited("abcdef", &[edit(4, 5, "X"), edit(0, 1, ""), edit(2, 2, "+")]), "b+cdXf");
        assert_eq!(edited("é", &[edit(1, 2, "x")]), "é", "not at a character's boundary");
        assert_eq!(edited("a\nb", &[edit(1, 1, "\nnew"), edit(1, 1, ", on")]), "a, on\nnew\nb", "a new line comes behind the end of the old one");
    }

    #[test]
    fn a_repair_is_made_whole_or_not_at_all() {
        let mut round = Round::default();
        assert!(round.add(&fix(&[edit(0, 2, "x"), edit(4, 4, "y")])));
        assert!(!round.add(&fix(&[edit(6, 7, "z"), edit(1, 3, "z")])), "the second edit touches");
        assert_eq!(round.text(FileId(0), "abcdefg"), "xcdyefg");
        assert!(round.add(&fix(&[edit(4, 4, "y"), edit(6, 7, "Z")])), "the same insertion is made once");
        assert_eq!(round.text(FileId(0), "abcdefg"), "xcdyefZ");
        round.take_back();
        assert_eq!(round.text(FileId(0), "abcdefg"), "xcdyefg");
    }
}
