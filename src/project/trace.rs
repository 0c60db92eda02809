//! Which file looks into which: noted while everything is linked, for later links of a part.

use std::cell::Cell;
use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

use rustc_hash::FxHashSet;

use crate::source::FileId;
use crate::symbol::Symbol;

thread_local! {
    /// The file whose names this thread is working out.
    static AT: Cell<FileId> = const { Cell::new(FileId(u32::MAX)) };
}

/// What was noted.
#[derive(Debug, Default)]
pub struct Trace {
    /// While models are collected: which file's names or classes were worked out with the help of which other's.
    looks: Mutex<FxHashSet<(FileId, FileId)>>,
    /// Files in which models are declared.
    models: Mutex<BTreeSet<FileId>>,
    /// Names that one file asks of another, which does not bind them.
    unbound: Mutex<FxHashSet<(FileId, Symbol)>>,
}

/// Returns to the file before.
pub(super) struct Inside(FileId);

impl Drop for Inside {
    fn drop(&mut self) {
        AT.set(self.0);
    }
}

impl Trace {
    /// From now on this thread works out names of that file.
    pub(super) fn inside(file: FileId) -> Inside {
        Inside(AT.replace(file))
    }

    /// Notes that another file is looked into.
    pub(super) fn look(&self, into: FileId) {
        let from = AT.get();
        if from != into {
            self.looks.lock().unwrap_or_else(PoisonError::into_inner).insert((from, into));
        }
    }

    /// Notes that a file declares a model, or something that could be one, or says something that decides about models.
    pub(super) fn declares(&self, file: FileId) {
        self.models.lock().unwrap_or_else(PoisonError::into_inner).insert(file);
    }

    /// Files in which models are declared.
    pub(super) fn model_files(&self) -> BTreeSet<FileId> {
        self.models.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Notes a name that is asked of a file in vain.
    pub(super) fn unbound(&self, file: FileId, name: Symbol) {
        self.unbound.lock().unwrap_or_else(PoisonError::into_inner).insert((file, name));
    }

    /// Who looked into whom, in no order.
    pub(super) fn looks(&self) -> Vec<(FileId, FileId)> {
        self.looks.lock().unwrap_or_else(PoisonError::into_inner).iter().copied().collect()
    }

    /// What was asked in vain, in order.
    pub(super) fn asked_in_vain(&self) -> Vec<(FileId, Symbol)> {
        let mut all: Vec<_> = self.unbound.lock().unwrap_or_else(PoisonError::into_inner).iter().copied().collect();
        all.sort_unstable_by(|a, b| (a.0, a.1.as_str()).cmp(&(b.0, b.1.as_str())));
        all
    }
}
