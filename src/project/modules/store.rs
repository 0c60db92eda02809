//! Where modules and folders are: as put together from the names of all files, or as an earlier run wrote it down.

use std::collections::BTreeMap;
use std::hash::BuildHasher;
use std::sync::Arc;

use hashbrown::HashTable;
use hashbrown::hash_table::Entry;
use rustc_hash::FxBuildHasher;
use smallvec::SmallVec;

use super::parent;
use crate::project::beyond::{Beyond, Table, key};
use crate::source::{FileId, Sources};

/// See the module.
#[derive(Debug)]
pub(super) enum Store {
    Built(Built),
    Kept(Arc<Beyond>),
}

impl Default for Store {
    fn default() -> Self {
        Store::Built(Built::default())
    }
}

/// What is at a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Found {
    /// `.py` wins over `.pyi`.
    pub file: Option<FileId>,
    pub is_folder: bool,
    /// It holds `__init__.py`.
    pub is_package: bool,
}

impl Store {
    /// What is at a path, which is a file's without its ending, or a folder's.
    pub fn find(&self, path: &str) -> Option<Found> {
        match self {
            Store::Built(built) => built.places.find(path).map(|p| p.found),
            Store::Kept(beyond) => Found::read(beyond.find(Table::Places, path)?),
        }
    }

    /// The path of a file, and whether it is a package's `__init__`, whose path is the package's.
    pub fn own(&self, file: FileId) -> Option<(&str, bool)> {
        match self {
            Store::Built(built) => built.own.get(file.0 as usize).copied().flatten().map(|own| (built.places.path(own.place), own.is_init)),
            Store::Kept(beyond) => {
                let own = beyond.find(Table::Own, &key(file))?;
                own.strip_prefix(INIT).map(|path| (path, true)).or_else(|| own.strip_prefix(MODULE).map(|path| (path, false)))
            }
        }
    }

    /// Folders that hold a module or a folder of that name, shallow first.
    pub fn holders(&self, name: &str) -> SmallVec<[&str; 4]> {
        match self {
            Store::Built(built) => built.holders(name).iter().map(|f| built.places.path(*f)).collect(),
            Store::Kept(beyond) => beyond.find(Table::Roots, name).map(|folders| folders.split('\t').collect()).unwrap_or_default(),
        }
    }
}

/// In front of the path of a package.
const INIT: &str = "i ";
/// In front of the path of any other module.
const MODULE: &str = "m ";

impl Found {
    /// In a few letters: the number of the file, and what else it is.
    fn written(self) -> String {
        let file = self.file.map_or_else(String::new, |f| f.0.to_string());
        format!("{file}{}{}", if self.is_folder { "f" } else { "" }, if self.is_package { "p" } else { "" })
    }

    fn read(text: &str) -> Option<Self> {
        let number = text.trim_end_matches(['f', 'p']);
        let rest = &text[number.len()..];
        let file = if number.is_empty() { None } else { Some(FileId(number.parse().ok()?)) };
        Some(Self { file, is_folder: rest.contains('f'), is_package: rest.contains('p') })
    }
}

/// All Python files by their paths.
#[derive(Debug, Default)]
pub(super) struct Built {
    /// Every file without its ending (`app/models`, a package by its folder), and every folder above one; the top comes first.
    places: Places,
    /// By number of the file: its place. For a package `__init__`, its folder's.
    own: Vec<Option<Own>>,
    /// By the last part of their paths.
    roots: HashTable<Root>,
}

/// Modules and folders of one name.
#[derive(Debug)]
struct Root {
    /// One of them.
    place: u32,
    /// The folders that hold them, shallow first, where there are several.
    folders: Vec<u32>,
}

/// What a file is called.
#[derive(Clone, Copy, Debug)]
struct Own {
    place: u32,
    is_init: bool,
}

/// A module, a folder or both.
#[derive(Debug)]
struct Place {
    /// Where its path ends among all paths; it begins where the last one ends.
    end: usize,
    /// The folder that holds it.
    above: u32,
    found: Found,
}

/// Paths, each once. Ten thousand of them are taken apart whenever a few files are checked: their text is kept in one piece.
#[derive(Debug, Default)]
struct Places {
    text: String,
    all: Vec<Place>,
    by_path: HashTable<u32>,
}

fn hash(text: &str) -> u64 {
    FxBuildHasher.hash_one(text)
}

impl Places {
    fn path(&self, n: u32) -> &str {
        let n = n as usize;
        let from = n.checked_sub(1).and_then(|before| self.all.get(before)).map_or(0, |p| p.end);
        self.all.get(n).and_then(|p| self.text.get(from..p.end)).unwrap_or_default()
    }

    /// The last part of a path.
    fn name(&self, n: u32) -> &str {
        let path = self.path(n);
        memchr::memrchr(b'/', path.as_bytes()).map_or(path, |slash| &path[slash + 1..])
    }

    fn find(&self, path: &str) -> Option<&Place> {
        self.number(path).and_then(|n| self.all.get(n as usize))
    }

    fn number(&self, path: &str) -> Option<u32> {
        self.by_path.find(hash(path), |n| self.path(*n) == path).copied()
    }

    /// The number of a path, which is added with all folders above it where it is new.
    fn add(&mut self, path: &str) -> u32 {
        if let Some(known) = self.number(path) {
            return known;
        }
        let above = if path.is_empty() { 0 } else { self.add_folder(parent(path)) };
        let n = u32::try_from(self.all.len()).unwrap_or(u32::MAX);
        self.text.push_str(path);
        let found = Found { file: None, is_folder: false, is_package: false };
        self.all.push(Place { end: self.text.len(), above, found });
        let Self { text, all, by_path } = self;
        let path_of = |n: u32| &text[n.checked_sub(1).map_or(0, |before| all[before as usize].end)..all[n as usize].end];
        by_path.insert_unique(hash(path), n, |n| hash(path_of(*n)));
        n
    }

    fn add_folder(&mut self, path: &str) -> u32 {
        let n = self.add(path);
        self.all[n as usize].found.is_folder = !path.is_empty();
        n
    }
}

impl Built {
    /// Builds the table from the names of the files.
    pub fn new(sources: &Sources, files: impl Iterator<Item = FileId>) -> Self {
        let mut t = Built::default();
        t.own.resize(sources.len(), None);
        t.places.all.reserve(sources.len());
        t.places.by_path.reserve(sources.len() + sources.len() / 2, |_| 0);
        t.places.add("");
        for id in files {
            let path = sources.get(id).path.as_str();
            let path = path.strip_prefix("./").unwrap_or(path);
            let (stem, is_stub) = match (path.strip_suffix(".py"), path.strip_suffix(".pyi")) {
                (Some(s), _) => (s, false),
                (_, Some(s)) => (s, true),
                _ => (path, false),
            };
            let module = if stem == "__init__" { "" } else { stem.strip_suffix("/__init__").unwrap_or(stem) };
            t.places.add_folder(parent(stem));
            let place = t.places.add(module);
            let is_init = stem.ends_with("__init__");
            let known = &mut t.places.all[place as usize].found;
            known.is_package |= is_init;
            if !is_stub || known.file.is_none() {
                known.file = Some(id);
            }
            t.own[id.0 as usize] = Some(Own { place, is_init });
        }
        t.find_roots();
        t
    }

    fn find_roots(&mut self) {
        let Self { places, roots, .. } = self;
        roots.reserve(places.all.len(), |_| 0);
        for (n, place) in (0..).zip(&places.all).filter(|(_, p)| p.found.file.is_some() || p.found.is_folder) {
            let name = places.name(n);
            match roots.entry(hash(name), |r| places.name(r.place) == name, |r| hash(places.name(r.place))) {
                Entry::Vacant(free) => drop(free.insert(Root { place: n, folders: Vec::new() })),
                Entry::Occupied(known) => {
                    let root = known.into_mut();
                    if root.folders.is_empty() {
                        root.folders.push(places.all[root.place as usize].above);
                    }
                    root.folders.push(place.above);
                }
            }
        }
        for root in roots.iter_mut() {
            root.folders.sort_by_cached_key(|f| (places.path(*f).matches('/').count(), places.path(*f)));
        }
    }

    /// Folders that hold a module or a folder of that name, shallow first.
    fn holders(&self, name: &str) -> &[u32] {
        match self.roots.find(hash(name), |r| self.places.name(r.place) == name) {
            Some(root) if root.folders.is_empty() => self.places.all.get(root.place as usize).map_or(&[], |p| std::slice::from_ref(&p.above)),
            Some(root) => &root.folders,
            None => &[],
        }
    }

    /// See [`super::ModuleTable::tables`].
    pub fn tables(&self) -> [BTreeMap<String, String>; 3] {
        let numbers = 0..u32::try_from(self.places.all.len()).unwrap_or(u32::MAX);
        let places = numbers.zip(&self.places.all).map(|(n, place)| (self.places.path(n).to_owned(), place.found.written())).collect();
        let own = (0..).zip(&self.own).filter_map(|(n, own)| {
            let own = (*own)?;
            Some((key(FileId(n)), format!("{}{}", if own.is_init { INIT } else { MODULE }, self.places.path(own.place))))
        });
        let roots = self.roots.iter().map(|root| {
            let name = self.places.name(root.place);
            let folders: Vec<&str> = self.holders(name).iter().map(|f| self.places.path(*f)).collect();
            (name.to_owned(), folders.join("\t"))
        });
        [places, own.collect(), roots.collect()]
    }
}
