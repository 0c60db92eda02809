//! What an earlier run wrote down, read when someone looks at it.

use std::fmt;
use std::ops::{Deref, DerefMut};
use std::sync::{Arc, OnceLock};

use serde::de::DeserializeOwned;

use crate::source::FileId;

use super::beyond::{Beyond, Table, key};

/// A value, or where it is written down. Whoever has one has the value.
pub struct Late<T> {
    known: OnceLock<Box<T>>,
    kept: Option<Kept>,
}

/// Where a value is written down.
#[derive(Clone)]
struct Kept {
    beyond: Arc<Beyond>,
    table: Table,
    number: u32,
}

impl<T> Late<T> {
    /// The value with that number in a table.
    pub fn kept(beyond: &Arc<Beyond>, table: Table, number: u32) -> Self {
        Self { known: OnceLock::new(), kept: Some(Kept { beyond: Arc::clone(beyond), table, number }) }
    }

    /// The value, if it is here already.
    pub fn here(&self) -> Option<&T> {
        self.known.get().map(|known| &**known)
    }
}

impl<T: DeserializeOwned + Default> Late<T> {
    fn read(&self) -> T {
        let Some(Kept { beyond, table, number }) = &self.kept else { return T::default() };
        let read = beyond.find(*table, &key(FileId(*number))).and_then(|text| serde_json::from_str(text).ok());
        if read.is_none() {
            // What cannot be read is nothing, and what comes of it is not believed.
            beyond.give_up();
        }
        read.unwrap_or_default()
    }
}

impl<T: DeserializeOwned + Default> Deref for Late<T> {
    type Target = T;

    fn deref(&self) -> &T {
        self.known.get_or_init(|| Box::new(self.read()))
    }
}

impl<T: DeserializeOwned + Default> DerefMut for Late<T> {
    fn deref_mut(&mut self) -> &mut T {
        if self.known.get().is_none() {
            self.known = OnceLock::from(Box::new(self.read()));
        }
        self.known.get_mut().expect("it was just read")
    }
}

impl<T: Default> Default for Late<T> {
    fn default() -> Self {
        Self { known: OnceLock::from(Box::<T>::default()), kept: None }
    }
}

impl<T: Clone> Clone for Late<T> {
    fn clone(&self) -> Self {
        Self { known: self.known.clone(), kept: self.kept.clone() }
    }
}

impl<T: fmt::Debug> fmt::Debug for Late<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Late").field(&self.here()).finish()
    }
}

#[cfg(test)]
mod tests {
    use rustc_hash::FxHashSet;

    use super::*;
    use crate::project::beyond::TABLES;
    use crate::project::pages;

    #[test]
    fn a_value_is_read_when_it_is_looked_at_and_a_broken_one_ends_the_run() {
        let mut tables = vec![String::new(); TABLES];
        tables[Table::Bodies as usize] = "0000000\t[1,2]\n0000001\t[1\n".to_owned();
        let beyond = Arc::new(Beyond::new(Arc::new(pages::in_memory(&tables)), FxHashSet::default(), FileId(9)));
        let late = |number| Late::<Vec<u8>>::kept(&beyond, Table::Bodies, number);
        let mut first = late(0);
        assert_eq!(first.here(), None);
        first.push(3);
        assert_eq!((*first).as_slice(), [1, 2, 3]);
        assert!(beyond.missed().is_some());
        assert!(late(1).is_empty() && beyond.missed().is_none());
    }
}
