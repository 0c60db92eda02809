//! What an earlier link learnt of files that this one does not read.
//!
//! A link of a part of the files must give what a link of all of them would give for that part. What a file says by itself is read again where it is needed: whoever
//! looks into a file that is not there says so ([`Beyond::miss`]), and the link is made once more with it. What only all files together can tell is taken from here: the
//! models, who sets an attribute on someone else's object, who calls whom.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use rustc_hash::FxHashSet;
use serde::{Deserialize, Serialize};

use crate::source::FileId;
use crate::symbol::Symbol;

use super::libraries::django::graph::Graph;
use super::models::Model;
use super::pages::{Pages, Unreadable};

/// The tables of a [`Beyond`], in the order in which they are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Table {
    /// Models and what else has no key: JSON of a [`Whole`].
    Whole,
    /// Attribute → files that set it on an object, or ask whether it is there.
    OnObjects,
    /// Attribute → files that set it on something other than a method's own object.
    Stores,
    /// Round and attribute: those of which all was learnt that `Stored` says.
    Asked,
    /// Round, attribute, file and class → files that store a value in it from elsewhere.
    Stored,
    /// First part of an import → files that have it.
    Packages,
    /// The last parts of all modules that are imported.
    Imported,
    /// File → files whose walk goes on in functions of it with what it gives them, or says something of a place in it.
    Walkers,
    /// Table, and perhaps a column → Python files that create it.
    Created,
    /// Files that models depend on.
    OfModels,
    /// File → its classes, each with a digest of its ancestors, where other files' classes depend on them.
    Headers,
    /// File → its functions that were asked for and neither hand something on to a library nor give something to go on with.
    Plain,
    /// File → names that others ask of it in vain.
    Unbound,
    /// Files that the environments of migrations import, each with a digest of what it imports.
    Reached,
    /// Module or folder → what is there. See [`super::modules::ModuleTable::tables`], also for the next two.
    Places,
    /// File → its module.
    Own,
    /// Last part of a module's path → the folders that hold one of that name.
    Roots,
    /// Number of a model → JSON of its body.
    Bodies,
    /// JSON of the steps between Django's models.
    Steps,
    /// Files with functions that give an application's users.
    Loaders,
}

/// How many tables there are.
pub const TABLES: usize = Table::Loaders as usize + 1;

/// Of a list whose only use is whether anyone is in it, so many are kept: one more than may have changed.
pub const MOST_CHANGED: usize = 64;

/// What has no key.
#[derive(Default, Serialize, Deserialize)]
pub struct Whole {
    /// Classes that anything here mentions: they have these numbers.
    pub classes: Vec<Known>,
    /// All models, without their bodies.
    pub models: Vec<Model>,
    /// Where models are that could not be named.
    pub unnamed: Vec<FileId>,
    /// How Django's models point at each other, without the steps.
    pub graph: Graph,
    /// Files in which question marks of SQL are replaced.
    pub question_marks: Vec<FileId>,
    /// What SQL files and documents create.
    pub created: Vec<(Symbol, Option<Symbol>)>,
}

/// A class, and what is known of it without reading its file.
#[derive(Default, Serialize, Deserialize)]
pub struct Known {
    /// Its file.
    pub file: FileId,
    /// See [`super::index::ClassDef::qualname`].
    pub qualname: String,
    /// Itself and its ancestors, as numbers.
    pub mro: Vec<u32>,
    /// Ancestors outside the project: paths, and whether each is something that a call made.
    pub outside: Vec<(Symbol, bool)>,
    /// Some base could not be resolved.
    pub open: bool,
}

/// See the module.
#[derive(Debug)]
pub struct Beyond {
    pages: Arc<Pages>,
    /// Files whose text is not what it was: what is said of them here no longer holds.
    changed: FxHashSet<FileId>,
    /// Files with higher numbers are new.
    last: FileId,
    missed: Mutex<BTreeSet<FileId>>,
    beaten: AtomicBool,
}

/// The key of a file: as many digits for each.
pub fn key(file: FileId) -> String {
    format!("{:07}", file.0)
}

impl Beyond {
    /// Of these tables. `changed` are the files whose text is not what it was, `last` is the last of those that there were.
    pub fn new(pages: Arc<Pages>, changed: FxHashSet<FileId>, last: FileId) -> Self {
        Self { pages, changed, last, missed: Mutex::default(), beaten: AtomicBool::new(false) }
    }

    /// What has no key; `None` where it cannot be read.
    pub fn whole(&self) -> Option<Whole> {
        serde_json::from_str(self.pages.all(Table::Whole as usize).next()??).ok()
    }

    /// What stands behind a key.
    pub fn find(&self, table: Table, key: &str) -> Option<&str> {
        self.pages.find(table as usize, key).unwrap_or_else(|Unreadable| {
            self.give_up();
            None
        })
    }

    /// All lines of a table, as keys and values.
    pub fn lines(&self, table: Table) -> impl Iterator<Item = (&str, &str)> {
        let pages = self.pages.all(table as usize).inspect(|page| {
            if page.is_none() {
                self.give_up();
            }
        });
        pages.flatten().flat_map(str::lines).map(|l| l.split_once('\t').unwrap_or((l, "")))
    }

    /// The files behind a key that are as they were.
    pub fn files<'s>(&'s self, table: Table, key: &str) -> impl Iterator<Item = FileId> + use<'s> {
        self.find(table, key).into_iter().flat_map(numbers).filter(|f| !self.changed.contains(f))
    }

    /// Whether any file behind a key is as it was.
    pub fn any(&self, table: Table, key: &str) -> bool {
        self.files(table, key).next().is_some()
    }

    /// Whether a file was not there before.
    pub fn is_new(&self, file: FileId) -> bool {
        file > self.last
    }

    /// Whether a file is not as it was.
    pub fn is_changed(&self, file: FileId) -> bool {
        self.changed.contains(&file)
    }

    /// Files that store a value in an attribute of a class from elsewhere, as far as they are as they were.
    pub fn storing(&self, round: usize, name: Symbol, class: (FileId, &str)) -> Vec<FileId> {
        if self.find(Table::Asked, &format!("{round} {name}")).is_some() {
            return self.files(Table::Stored, &format!("{round} {name} {} {}", key(class.0), class.1)).collect();
        }
        // Nobody asked before: anyone who sets such an attribute may do so.
        let all: Vec<FileId> = self.files(Table::Stores, name.as_str()).collect();
        if all.len() > MOST_CHANGED {
            self.give_up();
            return Vec::new();
        }
        all
    }

    /// Says that a file is needed.
    pub fn miss(&self, file: FileId) {
        self.missed.lock().unwrap_or_else(PoisonError::into_inner).insert(file);
    }

    /// Says that a part is not enough.
    pub fn give_up(&self) {
        self.beaten.store(true, Ordering::Relaxed);
    }

    /// Files that were needed and not there, since this was last asked; `None` where a part is not enough.
    pub fn missed(&self) -> Option<BTreeSet<FileId>> {
        let missed = std::mem::take(&mut *self.missed.lock().unwrap_or_else(PoisonError::into_inner));
        (!self.beaten.load(Ordering::Relaxed)).then_some(missed)
    }
}

/// The files in a list of numbers.
pub fn numbers(list: &str) -> impl Iterator<Item = FileId> {
    list.split(' ').filter_map(|n| n.parse().ok().map(FileId))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::project::pages;

    #[test]
    fn what_changed_no_longer_counts() {
        let mut tables = vec![String::new(); TABLES];
        tables[Table::Stores as usize] = "a\t1\nab\t2 3\n".to_owned();
        let beyond = Beyond::new(Arc::new(pages::in_memory(&tables)), [FileId(3)].into_iter().collect(), FileId(9));
        assert_eq!(beyond.files(Table::Stores, "ab").collect::<Vec<_>>(), [FileId(2)]);
        assert_eq!((beyond.find(Table::Stores, "b"), beyond.find(Table::Unbound, "a"), beyond.missed()), (None, None, Some(BTreeSet::new())));
    }

    #[test]
    fn a_table_that_cannot_be_read_is_not_enough() {
        let pages = Pages::new(TABLES, &format!("{} 4 0\ta\n", Table::Stores as usize), Box::new(|_| None)).expect("an index").0;
        let beyond = Beyond::new(Arc::new(pages), FxHashSet::default(), FileId(9));
        assert_eq!((beyond.find(Table::Stores, "a"), beyond.missed()), (None, None));
    }
}
