//! From `import a.b.c` to a file, as Python's import system would find it, without running anything.
//!
//! `sys.path` is not known, so every folder may be a root; candidates are tried in the order in which they are likely to be one.

use std::cell::RefCell;
use std::hash::{BuildHasher, Hasher};
use std::sync::{PoisonError, RwLock};

use hashbrown::HashTable;
use hashbrown::hash_table::Entry;
use rustc_hash::{FxBuildHasher, FxHashMap};

use crate::source::{FileId, Sources};
use crate::symbol::Symbol;

/// What a dotted path means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ModuleRef {
    /// A file of the project (for a package its `__init__`).
    File(FileId),
    /// A folder without `__init__.py`, as a path.
    Namespace(String),
    /// Not of the project.
    External,
}

/// All Python files by their paths.
#[derive(Debug, Default)]
pub struct ModuleTable {
    /// Every file without its ending (`app/models`, a package by its folder), and every folder above one; the top comes first.
    places: Places,
    /// By number of the file: its place. For a package `__init__`, its folder's.
    own: Vec<Option<Own>>,
    /// By the last part of their paths.
    roots: HashTable<Root>,
    /// What was resolved so far: the same imports are asked for in every phase.
    resolved: RwLock<FxHashMap<(FileId, u32, Symbol), ModuleRef>>,
    /// The same by folder, for absolute imports: all files of a folder mean the same by a name that is not their own.
    from_folder: RwLock<FxHashMap<(Symbol, Symbol), ModuleRef>>,
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
    /// `.py` wins over `.pyi`.
    file: Option<FileId>,
    is_folder: bool,
    /// It holds `__init__.py`.
    is_package: bool,
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
        self.all.push(Place { end: self.text.len(), above, file: None, is_folder: false, is_package: false });
        let Self { text, all, by_path } = self;
        let path_of = |n: u32| &text[n.checked_sub(1).map_or(0, |before| all[before as usize].end)..all[n as usize].end];
        by_path.insert_unique(hash(path), n, |n| hash(path_of(*n)));
        n
    }

    fn add_folder(&mut self, path: &str) -> u32 {
        let n = self.add(path);
        self.all[n as usize].is_folder = !path.is_empty();
        n
    }
}

fn parent(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(p, _)| p)
}

fn join(folder: &str, rest: &str) -> String {
    if folder.is_empty() { rest.to_owned() } else { format!("{folder}/{rest}") }
}

impl ModuleTable {
    /// Builds the table from the names of the files.
    pub fn build(sources: &Sources, files: impl Iterator<Item = FileId>) -> Self {
        let mut t = ModuleTable::default();
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
            let known = &mut t.places.all[place as usize];
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
        for (n, place) in (0..).zip(&places.all).filter(|(_, p)| p.file.is_some() || p.is_folder) {
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

    /// The path of a file without its ending, a package's as its folder.
    pub fn path(&self, file: FileId) -> &str {
        self.own(file).map_or("", |own| self.places.path(own.place))
    }

    fn own(&self, file: FileId) -> Option<Own> {
        self.own.get(file.0 as usize).copied().flatten()
    }

    /// The dotted name of a file as seen from its outermost package's parent folder.
    pub fn dotted(&self, file: FileId) -> String {
        let path = self.path(file);
        let mut root = parent(path);
        while self.is_package_folder(root) && !root.is_empty() {
            root = parent(root);
        }
        path.strip_prefix(root).unwrap_or(path).trim_start_matches('/').replace('/', ".")
    }

    fn at(&self, path: &str) -> Option<ModuleRef> {
        let place = self.places.find(path)?;
        match place.file {
            Some(file) => Some(ModuleRef::File(file)),
            None => place.is_folder.then(|| ModuleRef::Namespace(path.to_owned())),
        }
    }

    /// Whether a folder holds `__init__.py`.
    fn is_package_folder(&self, path: &str) -> bool {
        self.places.find(path).is_some_and(|p| p.is_package)
    }

    /// Resolves `from <level dots><module>` or `import module` in a file.
    pub fn resolve(&self, from: FileId, level: u32, module: impl Into<Symbol>) -> ModuleRef {
        let module = module.into();
        let key = (from, level, module);
        if let Some(known) = self.resolved.read().unwrap_or_else(PoisonError::into_inner).get(&key) {
            return known.clone();
        }
        let found = if level == 0 { self.absolute(from, module) } else { self.look(from, level, &module) };
        self.resolved.write().unwrap_or_else(PoisonError::into_inner).insert(key, found.clone());
        found
    }

    fn absolute(&self, from: FileId, module: Symbol) -> ModuleRef {
        let own = self.path(from);
        let wanted = module.replace('.', "/");
        if own.strip_suffix(wanted.as_str()).is_some_and(|above| above.is_empty() || above.ends_with('/')) {
            return self.look(from, 0, &module);
        }
        let key = (Symbol::from(parent(own)), module);
        if let Some(known) = self.from_folder.read().unwrap_or_else(PoisonError::into_inner).get(&key) {
            return known.clone();
        }
        let found = self.look(from, 0, &module);
        self.from_folder.write().unwrap_or_else(PoisonError::into_inner).insert(key, found.clone());
        found
    }

    fn look(&self, from: FileId, level: u32, module: &str) -> ModuleRef {
        let own = self.path(from);
        if level > 0 {
            let mut folder = if self.is_package(from) { own } else { parent(own) };
            for _ in 1..level {
                folder = parent(folder);
            }
            let path = if module.is_empty() { folder.to_owned() } else { join(folder, &module.replace('.', "/")) };
            return self.at(&path).unwrap_or(ModuleRef::External);
        }
        let wanted = module.replace('.', "/");
        // Folders above the file that are no packages are the likeliest roots, the nearest first.
        let mut above = Vec::new();
        let mut folder = parent(own);
        loop {
            above.push(folder);
            if folder.is_empty() {
                break;
            }
            folder = parent(folder);
        }
        let first = module.split('.').next().unwrap_or_default();
        let known = KNOWN_LIBRARIES.contains(&first);
        // A module named like a library (`core/redis.py`) hides it only where it is a whole package, and never from itself.
        // A Django project runs from the folder of its `manage.py`, even where that is a package.
        let is_start = |f: &str| f.is_empty() || !self.is_package_folder(f) || self.places.find(&join(f, "manage")).is_some_and(|p| p.file.is_some());
        // A package's `__init__` may well import from its own package.
        let itself = |f: &str| join(f, &wanted) == own && (known || !self.is_package(from));
        let is_root = |f: &str| is_start(f) && (!known || self.is_package_folder(&join(f, first))) && !itself(f);
        for folder in above.iter().copied().filter(|f| is_root(f)) {
            if let Some(found @ ModuleRef::File(_)) = self.at(&join(folder, &wanted)) {
                return found;
            }
        }
        let elsewhere = || self.holders(first).iter().map(|f| self.places.path(*f)).filter(|f| is_root(f));
        for folder in elsewhere() {
            if let Some(found @ ModuleRef::File(_)) = self.at(&join(folder, &wanted)) {
                return found;
            }
        }
        for folder in above.iter().copied().filter(|f| is_root(f)).chain(elsewhere()) {
            if let Some(found) = self.at(&join(folder, &wanted)) {
                return found;
            }
        }
        // A script's own folder is a root too, even inside a package; only for names that can hardly be an installed library's.
        if module.contains('.') || !known {
            let own_folder = parent(own);
            if !own_folder.is_empty()
                && join(own_folder, &wanted) != own
                && let Some(found @ ModuleRef::File(_)) = self.at(&join(own_folder, &wanted))
            {
                return found;
            }
        }
        ModuleRef::External
    }

    /// A module inside a package or namespace folder: `package.name`.
    pub fn submodule(&self, of: &ModuleRef, name: &str) -> Option<ModuleRef> {
        let folder = match of {
            ModuleRef::File(f) if self.is_package(*f) => self.path(*f).to_owned(),
            ModuleRef::Namespace(path) => path.clone(),
            _ => return None,
        };
        self.at(&join(&folder, name))
    }

    /// Whether the file is a package's `__init__`.
    pub fn is_package(&self, file: FileId) -> bool {
        self.own(file).is_some_and(|own| own.is_init)
    }
}

/// Names that mean the installed library even where a neighbouring file has the same name.
const KNOWN_LIBRARIES: &[&str] = &[
    "aiohttp",
    "aiosqlite",
    "alembic",
    "asyncio",
    "asyncpg",
    "boto3",
    "celery",
    "collections",
    "databases",
    "dataclasses",
    "datetime",
    "django",
    "duckdb",
    "enum",
    "fastapi",
    "flask",
    "flask_sqlalchemy",
    "httpx",
    "json",
    "logging",
    "numpy",
    "openai",
    "os",
    "pandas",
    "peewee",
    "polars",
    "postgrest",
    "psycopg",
    "psycopg2",
    "psycopg_pool",
    "pydantic",
    "pymysql",
    "pytest",
    "redis",
    "requests",
    "sqlalchemy",
    "sqlalchemy_utils",
    "sqlite3",
    "sqlmodel",
    "stripe",
    "supabase",
    "sys",
    "typing",
    "typing_extensions",
    "uuid",
];

/// The dotted path of a name inside an external module.
pub fn external(module: &str, name: &str) -> Symbol {
    if module.is_empty() {
        return Symbol::from(name);
    }
    let mut hash = rustc_hash::FxHasher::default();
    hash.write(module.as_bytes());
    hash.write(name.as_bytes());
    let slot = (hash.finish() >> 52) as usize % LATELY;
    EXTERNALS.with_borrow_mut(|known| {
        if known.is_empty() {
            known.resize(LATELY, None);
        }
        let is_it = |path: &str| path.strip_prefix(module).and_then(|rest| rest.strip_prefix('.')) == Some(name);
        match known[slot] {
            Some(path) if is_it(path.as_str()) => path,
            _ => *known[slot].insert(Symbol::from(&format!("{module}.{name}"))),
        }
    })
}

/// How many paths each thread remembers.
const LATELY: usize = 4096;

thread_local! {
    /// Paths put together lately: the same few hundred are asked for again and again.
    static EXTERNALS: RefCell<Vec<Option<Symbol>>> = const { RefCell::new(Vec::new()) };
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::{Language, SourceFile};

    #[test]
    fn a_module_named_like_a_library_does_not_hide_it() {
        let mut sources = Sources::default();
        let paths = ["app/core/supabase.py", "app/main.py", "app/core/helpers.py", "app/tool.py"];
        let ids: Vec<_> = paths.iter().map(|p| sources.add(SourceFile::new(*p, Language::Python, ""))).collect();
        let table = ModuleTable::build(&sources, ids.iter().copied());
        for from in &ids {
            assert_eq!(table.resolve(*from, 0, "supabase"), ModuleRef::External);
        }
        assert_eq!(table.resolve(ids[1], 0, "app.core.supabase"), ModuleRef::File(ids[0]));
        assert_eq!(table.resolve(ids[0], 0, "helpers"), ModuleRef::File(ids[2]));
    }
}
