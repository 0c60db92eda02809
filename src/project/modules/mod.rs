//! From `import a.b.c` to a file, as Python's import system would find it, without running anything.
//!
//! `sys.path` is not known, so every folder may be a root; candidates are tried in the order in which they are likely to be one.

mod store;

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::hash::{Hash, Hasher};
use std::sync::{Arc, PoisonError, RwLock};

use rustc_hash::FxHashMap;

use self::store::{Built, Store};
use super::beyond::Beyond;
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
    store: Store,
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

/// How many folders at their beginning two paths have in common.
fn shared(a: &str, b: &str) -> usize {
    a.split('/').zip(b.split('/')).take_while(|(a, b)| a == b).count()
}

impl ModuleTable {
    /// Builds the table from the names of the files.
    pub fn build(sources: &Sources, files: impl Iterator<Item = FileId>) -> Self {
        Self { store: Store::Built(Built::new(sources, files)), ..Self::default() }
    }

    /// The table that an earlier run wrote down, when there were the same files.
    pub fn kept(beyond: Arc<Beyond>) -> Self {
        Self { store: Store::Kept(beyond), ..Self::default() }
    }

    /// What [`ModuleTable::kept`] needs: the tables of places, of files and of names.
    pub fn tables(&self) -> [BTreeMap<String, String>; 3] {
        match &self.store {
            Store::Built(built) => built.tables(),
            Store::Kept(_) => Default::default(),
        }
    }

    /// The path of a file without its ending, a package's as its folder.
    pub fn path(&self, file: FileId) -> &str {
        self.store.own(file).map_or("", |own| own.0)
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
        let place = self.store.find(path)?;
        match place.file {
            Some(file) => Some(ModuleRef::File(file)),
            None => place.is_folder.then(|| ModuleRef::Namespace(path.to_owned())),
        }
    }

    /// Whether a folder holds `__init__.py`.
    fn is_package_folder(&self, path: &str) -> bool {
        self.store.find(path).is_some_and(|p| p.is_package)
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
        let first = first_part(module);
        // Most of what is imported is a library that no folder holds anything of.
        let mut holders = self.store.holders(first);
        if holders.is_empty() && !first.is_empty() {
            return ModuleRef::External;
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
        let known = is_library(module);
        // A module named like a library (`core/redis.py`) hides it only where it is a whole package, and never from itself.
        // A Django project runs from the folder of its `manage.py`, even where that is a package.
        let is_start = |f: &str| f.is_empty() || !self.is_package_folder(f) || self.store.find(&join(f, "manage")).is_some_and(|p| p.file.is_some());
        // A package's `__init__` may well import from its own package.
        let itself = |f: &str| join(f, &wanted) == own && (known || !self.is_package(from));
        let is_root = |f: &str| is_start(f) && (!known || self.is_package_folder(&join(f, first))) && !itself(f);
        for folder in above.iter().copied().filter(|f| is_root(f)) {
            if let Some(found @ ModuleRef::File(_)) = self.at(&join(folder, &wanted)) {
                return found;
            }
        }
        // Of several that lie elsewhere the nearest is meant: that of the same service, not that of the first one.
        holders.sort_by_key(|f| std::cmp::Reverse(shared(parent(own), f)));
        let elsewhere = || holders.iter().copied().filter(|f| is_root(f));
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
        // Some start a program inside a package, or put its folder on `sys.path`. A file of that whole name is hardly there by chance.
        if module.contains('.') && !known {
            let outermost = |f: &str| !self.is_package_folder(parent(f));
            let beside = holders.iter().copied().filter(|f| outermost(f));
            let inside = above.iter().copied().chain(beside).filter(|f| !is_start(f) && !itself(f));
            return inside.filter_map(|f| self.at(&join(f, &wanted))).find(|m| matches!(m, ModuleRef::File(_))).unwrap_or(ModuleRef::External);
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
        self.store.own(file).is_some_and(|own| own.1)
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

/// The first part of a dotted name.
pub fn first_part(module: &str) -> &str {
    module.split('.').next().unwrap_or_default()
}

/// Whether a module is a library's that we know, by the first part of its name.
pub fn is_library(module: &str) -> bool {
    KNOWN_LIBRARIES.contains(&first_part(module))
}

/// The dotted path of a name inside an external module.
pub fn external(module: Symbol, name: Symbol) -> Symbol {
    if module.is_empty() {
        return name;
    }
    let mut hash = rustc_hash::FxHasher::default();
    (module, name).hash(&mut hash);
    let slot = (hash.finish() >> 52) as usize % LATELY;
    EXTERNALS.with_borrow_mut(|known| {
        if known.is_empty() {
            known.resize(LATELY, None);
        }
        match known[slot] {
            Some((of, part, path)) if of == module && part == name => path,
            _ => known[slot].insert((module, name, Symbol::from(&format!("{module}.{name}")))).2,
        }
    })
}

/// How many paths each thread remembers.
const LATELY: usize = 4096;

thread_local! {
    /// Paths put together lately, each behind its module and the name in it: the same few hundred are asked for again and again.
    static EXTERNALS: RefCell<Vec<Option<(Symbol, Symbol, Symbol)>>> = const { RefCell::new(Vec::new()) };
}

#[cfg(test)]
mod tests {
    use rustc_hash::FxHashSet;

    use super::*;
    use crate::project::beyond::{TABLES, Table};
    use crate::project::pages;
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

    #[test]
    fn a_program_may_start_inside_a_package() {
        let mut sources = Sources::default();
        let paths = [
            "backend/__init__.py",
            "backend/pkg/models.py",
            "backend/pkg/api/views.py",
            "run.py",
            "lib/deep/__init__.py",
            "lib/__init__.py",
            "lib/deep/inner/x.py",
        ];
        let ids: Vec<_> = paths.iter().map(|p| sources.add(SourceFile::new(*p, Language::Python, ""))).collect();
        let table = ModuleTable::build(&sources, ids.iter().copied());
        assert_eq!(table.resolve(ids[2], 0, "pkg.models"), ModuleRef::File(ids[1]));
        assert_eq!(table.resolve(ids[3], 0, "pkg.models"), ModuleRef::File(ids[1]));
        assert_eq!(table.resolve(ids[2], 0, "pkg.gone"), ModuleRef::External);
        // A folder deep inside a package is no root for those outside of it.
        assert_eq!(table.resolve(ids[3], 0, "inner.x"), ModuleRef::External);
    }

    /// What was written down answers as what it was written from.
    #[test]
    fn a_table_that_was_kept_answers_as_before() {
        let mut sources = Sources::default();
        let paths = [
            "__init__.py",
            "app/__init__.py",
            "app/models/__init__.py",
            "app/models/user.py",
            "app/models/user.pyi",
            "app/main.py",
            "lib/app/x.py",
            "manage.py",
            "other/models/user.py",
            "other/b c/odd.py",
            "redis/__init__.py",
            "top.py",
        ];
        let ids: Vec<_> = paths.iter().map(|p| sources.add(SourceFile::new(*p, Language::Python, ""))).collect();
        let built = ModuleTable::build(&sources, ids.iter().copied());
        let mut tables = vec![String::new(); TABLES];
        for (table, lines) in [Table::Places, Table::Own, Table::Roots].into_iter().zip(built.tables()) {
            tables[table as usize] = lines.iter().map(|(k, v)| format!("{k}\t{v}\n")).collect();
        }
        let kept = ModuleTable::kept(Arc::new(Beyond::new(Arc::new(pages::in_memory(&tables)), FxHashSet::default(), FileId(99))));
        let modules = ["app", "app.models", "app.models.user", "models.user", "user", "x", "app.x", "redis", "top", "odd", "b c.odd", "manage", "none", ""];
        for &from in &ids {
            assert_eq!((kept.path(from), kept.is_package(from), kept.dotted(from)), (built.path(from), built.is_package(from), built.dotted(from)));
            for module in modules {
                for level in 0..3 {
                    assert_eq!(kept.resolve(from, level, module), built.resolve(from, level, module), "{module} {level} from {}", paths[from.0 as usize]);
                }
            }
        }
    }
}
