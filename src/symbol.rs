//! Names: each text is kept once, so that a name is one word, and comparing two is comparing two words.
//!
//! What is kept is never freed: a run meets the same names again and again, and ends. Nothing is set aside before there are names, because a run over one file
//! ends in the time that clearing a large table takes.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::ops::Deref;
use std::sync::{LazyLock, Mutex, PoisonError};

use hashbrown::HashTable;
use rustc_hash::FxHasher;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A name, wherever it is written. Ordered as text; its hash depends on the text alone.
#[derive(Clone, Copy)]
pub struct Symbol(&'static Kept);

#[derive(Clone, Copy, Default)]
struct Kept {
    hash: u64,
    text: &'static str,
}

/// Some of the names, so that threads seldom wait for one another. On lines of cache of its own.
#[derive(Default)]
#[repr(align(128))]
struct Shard {
    /// Each name beside its hash, so that looking for one, and making room, reads no name but the one that is meant.
    names: HashTable<(u64, Symbol)>,
    /// Memory for the texts of names to come.
    room: &'static mut [u8],
    /// And for what is known of them.
    kept: &'static mut [Kept],
}

/// How many shards there are; a power of two.
const SHARDS: usize = 64;

/// Bytes of memory that a shard takes at once.
const ROOM: usize = 4096;

/// Names whose memory a shard takes at once.
const NAMES_AT_ONCE: usize = 64;

static NAMES: LazyLock<[Mutex<Shard>; SHARDS]> = LazyLock::new(|| std::array::from_fn(|_| Mutex::default()));

impl Shard {
    fn keep(&mut self, text: &str) -> &'static str {
        let mut room = std::mem::take(&mut self.room);
        if room.len() < text.len() {
            room = Box::leak(vec![0; ROOM.max(text.len())].into_boxed_slice());
        }
        let (own, rest) = room.split_at_mut(text.len());
        self.room = rest;
        own.copy_from_slice(text.as_bytes());
        std::str::from_utf8(own).expect("a copy of a text is a text")
    }

    fn name(&mut self, text: &str, hash: u64) -> Symbol {
        let text = self.keep(text);
        let mut kept = std::mem::take(&mut self.kept);
        if kept.is_empty() {
            kept = Box::leak(vec![Kept::default(); NAMES_AT_ONCE].into_boxed_slice());
        }
        let (own, rest) = kept.split_at_mut(1);
        self.kept = rest;
        own[0] = Kept { hash, text };
        Symbol(&own[0])
    }
}

impl Symbol {
    /// What [`Symbol::of_hash`] wants to know of a text.
    pub(crate) fn hash_of(text: &str) -> u64 {
        let mut hasher = FxHasher::default();
        hasher.write(text.as_bytes());
        hasher.finish()
    }

    /// The name of a text whose hash is known.
    pub(crate) fn of_hash(text: &str, hash: u64) -> Self {
        // Tables look at the highest and at the lowest bits.
        let shard = (hash >> 40) as usize % SHARDS;
        let mut shard = NAMES[shard].lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, known)) = shard.names.find(hash, |(its, name)| *its == hash && name.0.text == text) {
            return *known;
        }
        let name = shard.name(text, hash);
        shard.names.insert_unique(hash, (hash, name), |(its, _)| *its);
        name
    }

    /// The name as text.
    pub fn as_str(&self) -> &'static str {
        self.0.text
    }
}

impl<T: AsRef<str> + ?Sized> From<&T> for Symbol {
    fn from(text: &T) -> Self {
        let text = text.as_ref();
        Self::of_hash(text, Self::hash_of(text))
    }
}

impl From<String> for Symbol {
    fn from(text: String) -> Self {
        text.as_str().into()
    }
}

impl From<Cow<'_, str>> for Symbol {
    fn from(text: Cow<'_, str>) -> Self {
        text.as_ref().into()
    }
}

impl Default for Symbol {
    fn default() -> Self {
        "".into()
    }
}

impl Deref for Symbol {
    type Target = str;

    fn deref(&self) -> &str {
        self.0.text
    }
}

impl AsRef<str> for Symbol {
    fn as_ref(&self) -> &str {
        self.0.text
    }
}

impl PartialEq for Symbol {
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(self.0, other.0)
    }
}

impl Eq for Symbol {}

impl PartialEq<str> for Symbol {
    fn eq(&self, other: &str) -> bool {
        self.0.text == other
    }
}

impl PartialEq<&str> for Symbol {
    fn eq(&self, other: &&str) -> bool {
        self.0.text == *other
    }
}

impl PartialEq<Symbol> for &str {
    fn eq(&self, other: &Symbol) -> bool {
        *self == other.0.text
    }
}

impl Hash for Symbol {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(self.0.hash);
    }
}

impl PartialOrd for Symbol {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Symbol {
    fn cmp(&self, other: &Self) -> Ordering {
        self.0.text.cmp(other.0.text)
    }
}

impl fmt::Display for Symbol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self.0.text, f)
    }
}

impl fmt::Debug for Symbol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.0.text, f)
    }
}

impl Serialize for Symbol {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0.text)
    }
}

impl<'de> Deserialize<'de> for Symbol {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;
        impl serde::de::Visitor<'_> for Text {
            type Value = Symbol;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text")
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Symbol, E> {
                Ok(text.into())
            }
        }
        deserializer.deserialize_str(Text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_kept_once_whoever_asks() {
        let texts: Vec<String> = (0..5000).map(|n| format!("name_{}", n % 1000)).chain([String::new(), "é".to_owned(), "x".repeat(2 * ROOM)]).collect();
        let one = || texts.iter().map(Symbol::from).collect::<Vec<_>>();
        let all: Vec<Vec<Symbol>> =
            std::thread::scope(|s| (0..4).map(|_| s.spawn(one)).collect::<Vec<_>>().into_iter().filter_map(|t| t.join().ok()).collect());
        assert_eq!(all.len(), 4);
        for names in &all {
            assert_eq!(*names, all[0]);
            assert!(names.iter().zip(&texts).all(|(name, text)| name.as_str() == text));
        }
        assert_eq!(all[0][3], all[0][1003]);
        assert_ne!(all[0][3], all[0][4]);
    }

    #[test]
    fn names_are_ordered_as_texts() {
        let mut names = ["b", "a", "", "ab"].map(Symbol::from);
        names.sort_unstable();
        assert_eq!(names.map(|n| n.as_str()), ["", "a", "ab", "b"]);
    }
}
