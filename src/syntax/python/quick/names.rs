//! Names met lately. To keep a name is to ask a table that all threads share; most are met again a few lines below, and the text at hand is nearer than any table.

use crate::symbol::Symbol;

/// Names of the file being read, by their hashes: where each stood last.
const HERE: usize = 1 << 10;

/// Names of all files that this thread has read: the logarithm of how many are remembered.
const LATELY: u32 = 13;

/// The same, once many files were read: room for that costs a run over one file more than it gains.
const LATELY_OF_MANY: u32 = 16;

/// How many files are many.
const MANY: u32 = 100;

/// See the module.
#[derive(Default)]
pub(super) struct Names {
    here: Vec<Here>,
    lately: Vec<Option<(u64, Symbol)>>,
    /// How far a hash is shifted to be a place among them.
    shift: u32,
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
            self.make_room(LATELY);
        }
        if self.file == MANY {
            self.make_room(LATELY_OF_MANY);
        }
        let (file, again) = self.file.overflowing_add(1);
        if again {
            self.here.fill(Here::default());
        }
        // Nothing is of file 0.
        self.file = file.max(1);
    }

    fn make_room(&mut self, bits: u32) {
        self.lately = vec![None; 1 << bits];
        // The high bits are the mixed ones.
        self.shift = u64::BITS - bits;
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
        let slot = &mut self.lately[usize::try_from(hash >> self.shift).unwrap_or_default()];
        match slot {
            Some((known, name)) if *known == hash && name.as_str() == text => *name,
            _ => slot.insert((hash, Symbol::of_hash(text, hash))).1,
        }
    }
}
