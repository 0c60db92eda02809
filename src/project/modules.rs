//! From `import a.b.c` to a file, as Python's import system would find it, without running anything.
//!
//! `sys.path` is not known, so every folder may be a root; candidates are tried in the order in which they are likely to be one.

use std::cell::RefCell;
use std::hash::Hasher;
use std::sync::{Arc, PoisonError, RwLock};

use rustc_hash::{FxHashMap, FxHashSet};

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
    /// Path without ending (`app/models`, a package by its folder) → file. `.py` wins over `.pyi`.
    files: FxHashMap<Arc<str>, FileId>,
    /// The way back: for a package `__init__`, its folder.
    paths: FxHashMap<FileId, Arc<str>>,
    /// Folders that hold `__init__.py`.
    packages: FxHashSet<Arc<str>>,
    /// All folders above Python files.
    folders: FxHashSet<Arc<str>>,
    /// First part of a dotted path → folders that hold such a module or folder, shallow first.
    roots: FxHashMap<Box<str>, Vec<Arc<str>>>,
    is_init: FxHashSet<FileId>,
    /// What was resolved so far: the same imports are asked for in every phase.
    resolved: RwLock<FxHashMap<(FileId, u32, Symbol), ModuleRef>>,
    /// The same by folder, for absolute imports: all files of a folder mean the same by a name that is not their own.
    from_folder: RwLock<FxHashMap<(Symbol, Symbol), ModuleRef>>,
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
        for id in files {
            let path = sources.get(id).path.as_str();
            let path = path.strip_prefix("./").unwrap_or(path);
            let (stem, is_stub) = match (path.strip_suffix(".py"), path.strip_suffix(".pyi")) {
                (Some(s), _) => (s, false),
                (_, Some(s)) => (s, true),
                _ => (path, false),
            };
            let module: Arc<str> = if stem == "__init__" { "" } else { stem.strip_suffix("/__init__").unwrap_or(stem) }.into();
            if stem.ends_with("__init__") {
                t.packages.insert(Arc::clone(&module));
                t.is_init.insert(id);
            }
            let mut folder = parent(stem);
            while !folder.is_empty() && !t.folders.contains(folder) {
                t.folders.insert(folder.into());
                folder = parent(folder);
            }
            if !is_stub || !t.files.contains_key(&module) {
                t.files.insert(Arc::clone(&module), id);
            }
            t.paths.insert(id, module);
        }
        let mut all: Vec<&Arc<str>> = t.files.keys().chain(t.folders.iter()).collect();
        all.sort_unstable();
        all.dedup();
        let top: Arc<str> = "".into();
        let mut roots: FxHashMap<Box<str>, Vec<Arc<str>>> = FxHashMap::default();
        for path in all {
            let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
            let folder = t.folders.get(folder).unwrap_or(&top);
            match roots.get_mut(name) {
                Some(folders) => folders.push(Arc::clone(folder)),
                None => drop(roots.insert(name.into(), vec![Arc::clone(folder)])),
            }
        }
        for folders in roots.values_mut().filter(|f| f.len() > 1) {
            folders.sort_by_cached_key(|f| (f.matches('/').count(), Arc::clone(f)));
        }
        t.roots = roots;
        t
    }

    /// The path of a file without its ending, a package's as its folder.
    pub fn path(&self, file: FileId) -> &str {
        self.paths.get(&file).map_or("", |p| p)
    }

    /// The dotted name of a file as seen from its outermost package's parent folder.
    pub fn dotted(&self, file: FileId) -> String {
        let path = self.path(file);
        let mut root = parent(path);
        while self.packages.contains(root) && !root.is_empty() {
            root = parent(root);
        }
        path.strip_prefix(root).unwrap_or(path).trim_start_matches('/').replace('/', ".")
    }

    fn at(&self, path: &str) -> Option<ModuleRef> {
        if let Some(&file) = self.files.get(path) {
            return Some(ModuleRef::File(file));
        }
        self.folders.contains(path).then(|| ModuleRef::Namespace(path.to_owned()))
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
            let mut folder = if self.is_init.contains(&from) { own } else { parent(own) };
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
        let is_start = |f: &str| f.is_empty() || !self.packages.contains(f) || self.files.contains_key(join(f, "manage").as_str());
        // A package's `__init__` may well import from its own package.
        let itself = |f: &str| join(f, &wanted) == own && (known || !self.is_init.contains(&from));
        let is_root = |f: &str| is_start(f) && (!known || self.packages.contains(join(f, first).as_str())) && !itself(f);
        for folder in above.iter().copied().filter(|f| is_root(f)) {
            if let Some(found @ ModuleRef::File(_)) = self.at(&join(folder, &wanted)) {
                return found;
            }
        }
        let elsewhere = self.roots.get(first).map_or(&[][..], Vec::as_slice);
        for folder in elsewhere.iter().filter(|f| is_root(f)) {
            if let Some(found @ ModuleRef::File(_)) = self.at(&join(folder, &wanted)) {
                return found;
            }
        }
        for folder in above.iter().copied().filter(|f| is_root(f)).chain(elsewhere.iter().map(|f| &**f).filter(|f| is_root(f))) {
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
            ModuleRef::File(f) if self.is_init.contains(f) => self.path(*f).to_owned(),
            ModuleRef::Namespace(path) => path.clone(),
            _ => return None,
        };
        self.at(&join(&folder, name))
    }

    /// Whether the file is a package's `__init__`.
    pub fn is_package(&self, file: FileId) -> bool {
        self.is_init.contains(&file)
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
