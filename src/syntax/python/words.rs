//! Words of a file that are asked for later, looked for while its text is at hand: reading all texts of a large project once more takes longer than looking.

use std::sync::LazyLock;

use memchr::memmem::Finder;
use serde::{Deserialize, Serialize};

/// What a file may say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Word {
    /// `Table(`, be it the end of a longer name.
    Table,
    /// `mapper(`, or `map_imperatively(`.
    Mapper,
    /// `replace("?", "%s")`: question marks of SQL are turned into what a driver of PostgreSQL wants.
    QuestionMarks,
}

/// Texts that say it, each in code or in a comment.
static TEXTS: LazyLock<Vec<(Word, Finder<'static>)>> = LazyLock::new(|| {
    let texts = [
        (Word::Table, "Table("),
        (Word::Mapper, "mapper("),
        (Word::Mapper, "map_imperatively("),
        (Word::QuestionMarks, "replace(\"?\", \"%s\")"),
        (Word::QuestionMarks, "replace('?', '%s')"),
    ];
    texts.map(|(word, text)| (word, Finder::new(text))).into()
});

/// What of that a file says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Words(u8);

impl Words {
    /// Looks for all in a text.
    pub fn of(text: &str) -> Self {
        let mut found = Self::default();
        for (word, finder) in TEXTS.iter() {
            if !found.has(*word) && finder.find(text.as_bytes()).is_some() {
                found.0 |= 1 << *word as u8;
            }
        }
        found
    }

    /// Whether the file says it.
    pub fn has(self, word: Word) -> bool {
        self.0 >> word as u8 & 1 == 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_is_found_by_itself() {
        assert_eq!(Words::of("Table = 1\nmap(x)\n"), Words::default());
        for (word, text) in [(Word::Table, "t = sa.Table('t')"), (Word::Mapper, "mapper(A, t)"), (Word::QuestionMarks, "q.replace('?', '%s')")] {
            let found = Words::of(text);
            assert_eq!(
                [Word::Table, Word::Mapper, Word::QuestionMarks].map(|w| found.has(w)),
                [Word::Table, Word::Mapper, Word::QuestionMarks].map(|w| w == word)
            );
        }
    }
}
