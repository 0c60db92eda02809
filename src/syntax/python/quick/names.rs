//! Names met lately. To keep a name is to ask a table that all threads share; most are met again a few lines below, and the text at hand is nearer than any table.

use crate::symbol::Symbol;

/// Names of the file being read, by their hashes: where each stood last.
const HERE: usize = 1 << 10;

/// Names of all files that this thread has read.
const LATELY: usize = 1 << 13;

/// See the module.
#[derive(Default)]
pub(super) struct Names {
    here: Vec<Here>,
    lately: Vec<Option<(u64, Symbol)>>,
    /// The number of the file being read, so that nothing has to be cleared between two.
    file: u32,
}

#[derive(Clone, Copy, Default)]
struct Here {
    hash: u64,
    name: Option<Symbol>,
    start: u32,
    end: u32,
    file: u32,
}

impl Names {
    /// Begins with another file.
    pub(super) fn another_file(&mut self) {
        if self.here.is_empty() {
            self.here.resize(HERE, Here::default());
            self.lately.resize(LATELY, None);
        }
        let (file, again) = self.file.overflowing_add(1);
        if again {
            self.here.fill(Here::default());
        }
        // Nothing is of file 0.
        self.file = file.max(1);
    }

    /// The name that stands between two bytes of the file.
    pub(super) fn at(&mut self, source: &str, start: u32, end: u32) -> Symbol {
        let text = source.get(start as usize..end as usize).unwrap_or("");
        let hash = Symbol::hash_of(text);
        // The high bits are the mixed ones.
        let slot = (hash >> 54) as usize % HERE;
        let known = self.here[slot];
        if let Some(name) = known.name
            && known.file == self.file
            && known.hash == hash
            && source.get(known.start as usize..known.end as usize) == Some(text)
        {
            return name;
        }
        let name = self.lately(text, hash);
        self.here[slot] = Here { hash, name: Some(name), start, end, file: self.file };
        name
    }

    /// A name that stands elsewhere.
    pub(super) fn of(&mut self, text: &str) -> Symbol {
        self.lately(text, Symbol::hash_of(text))
    }

    fn lately(&mut self, text: &str, hash: u64) -> Symbol {
        let slot = &mut self.lately[(hash >> 51) as usize % LATELY];
        match slot {
            Some((known, name)) if *known == hash && name.as_str() == text => *name,
            _ => slot.insert((hash, Symbol::of_hash(text, hash))).1,
        }
    }
}
