//! What is being worked out, so that circles end: a name that hangs on itself is unknown where it meets itself, and what was cut short so is not kept.

use std::cell::Cell;

use crate::source::FileId;
use crate::symbol::Symbol;

use super::index::{ClassId, FunctionId};

/// Something that is being worked out, so that circles end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mark {
    /// A name at the top level of a file.
    Global(FileId, Symbol),
    /// A name of a class body, asked for in a file: `x = x` in a class reads the module's `x`.
    Member(FileId, ClassId, Symbol),
    /// A function that is being run.
    Run(FunctionId),
    /// The header of a class: `class C(cmd.Cmd)` where `cmd` is later bound to a `C`.
    Header(ClassId),
}

/// Names may be asked for inside names so many times on one thread. Trails end every circle that we know of; this one that we do not, before the stack does.
const MOST_NESTED: u32 = 200;

/// A name is being worked out on this thread.
pub(super) struct Nested;

impl Nested {
    pub(super) fn enter() -> Option<Self> {
        let depth = NESTED.get();
        if depth >= MOST_NESTED {
            note_cut();
            return None;
        }
        NESTED.set(depth + 1);
        Some(Self)
    }
}

impl Drop for Nested {
    fn drop(&mut self) {
        NESTED.set(NESTED.get() - 1);
    }
}

thread_local! {
    static NESTED: Cell<u32> = const { Cell::new(0) };

    /// How often this thread ended a circle. Only differences count.
    static CUTS: Cell<u64> = const { Cell::new(0) };
}

/// Says that an answer was cut short because it was being worked out already.
pub(super) fn note_cut() {
    CUTS.with(|c| c.set(c.get() + 1));
}

pub(super) fn cuts() -> u64 {
    CUTS.with(Cell::get)
}

/// Takes back what was said since, because it is no part of the answer.
pub(super) fn reset_cuts(before: u64) {
    CUTS.with(|c| c.set(before));
}
