//! A crash on one file must not hide what the others say.

use std::panic::{AssertUnwindSafe, catch_unwind};

use super::uses::Uses;
use crate::source::{FileId, Sources};

/// What the work on one file gives; `None` when it panicked.
///
/// What the work was writing to is given up with its result. Of what files share, a table of answers at most lacks one.
pub fn isolated<T>(sources: &Sources, file: FileId, work: impl FnOnce() -> T) -> Option<T> {
    let name = &sources.get(file).path;
    let work = || {
        // There is no known way to make the program crash; its tests need one.
        assert!(!(cfg!(test) && name.contains("crash-in-linking")), "a crash made by a test");
        work()
    };
    catch_unwind(AssertUnwindSafe(work)).ok()
}

/// The same for what a file does with the database; a crash is noted there.
pub fn uses(sources: &Sources, file: FileId, work: impl FnOnce() -> Uses) -> Uses {
    let mut uses = isolated(sources, file, work).unwrap_or_else(|| Uses { crashed: [file].into(), ..Uses::default() });
    uses.belong_to(file);
    uses
}
