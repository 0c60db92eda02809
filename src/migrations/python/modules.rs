//! Finding the module behind an import, in files on disk or in memory.

use std::cell::OnceCell;
use std::path::{Path, PathBuf};

use crate::source::FileId;
use crate::syntax::python::{Module, parse};

/// Packages that are never the project's own, even where a folder has their name (`backend/alembic/` beside `import alembic`).
const OUTSIDE: &[&str] = &["alembic", "sqlalchemy", "django", "sqlmodel", "flask", "flask_migrate", "yoyo", "psycopg2", "psycopg", "asyncpg"];

/// Files by path. Paths use `/` and are all relative to the same place, or all absolute.
pub trait Files<'a> {
    /// The tree of a Python file, if there is one at that path.
    fn python(&self, path: &str) -> Option<(FileId, &'a Module)>;
    /// Whether there is a file at that path.
    fn exists(&self, path: &str) -> bool;
    /// The text of a file of SQL.
    fn text(&self, path: &str) -> Option<String>;
}

/// Bytes of a file of SQL that a migration may read: dumps of rows are larger, and say nothing of tables.
const MAX_SQL: u64 = 16 << 20;

/// How many Python files one replay may read.
const MAX_FILES: usize = 8192;

struct Loaded {
    path: PathBuf,
    module: Module,
}

/// Holds what was read from disk, for as long as the replay lasts.
pub struct Shelf {
    slots: Vec<OnceCell<Loaded>>,
}

impl Default for Shelf {
    fn default() -> Self {
        Self { slots: std::iter::repeat_with(OnceCell::new).take(MAX_FILES).collect() }
    }
}

/// Files read from disk as they are asked for.
pub struct Disk<'a> {
    shelf: &'a Shelf,
}

impl<'a> Disk<'a> {
    /// Reads onto a shelf.
    pub fn new(shelf: &'a Shelf) -> Self {
        Self { shelf }
    }
}

impl<'a> Files<'a> for Disk<'a> {
    fn python(&self, path: &str) -> Option<(FileId, &'a Module)> {
        let path = Path::new(path);
        for (n, slot) in self.shelf.slots.iter().enumerate() {
            let id = FileId(u32::try_from(n).unwrap_or(u32::MAX));
            match slot.get() {
                Some(loaded) if loaded.path == path => return Some((id, &loaded.module)),
                Some(_) => {}
                None => {
                    let text = std::fs::read(path).ok()?;
                    let module = parse(&String::from_utf8_lossy(&text));
                    return Some((id, &slot.get_or_init(|| Loaded { path: path.to_owned(), module }).module));
                }
            }
        }
        None
    }

    fn exists(&self, path: &str) -> bool {
        Path::new(path).is_file()
    }

    fn text(&self, path: &str) -> Option<String> {
        // Not behind a link: it may lead anywhere.
        let data = std::fs::symlink_metadata(path).ok().filter(|d| d.is_file() && d.len() <= MAX_SQL)?;
        let text = std::fs::read(path).ok().filter(|bytes| !bytes.is_empty() || data.len() == 0)?;
        Some(String::from_utf8_lossy(&text).into_owned())
    }
}

fn parent(path: &str) -> Option<&str> {
    if path.is_empty() || path == "/" {
        return None;
    }
    Some(path.rfind('/').map_or("", |n| &path[..n]))
}

fn join(folder: &str, name: &str) -> String {
    if folder.is_empty() { name.to_owned() } else { format!("{folder}/{name}") }
}

/// The file of a module imported from `from` (a file's path), or of the package it is.
pub fn resolve<'a>(files: &dyn Files<'a>, from: &str, level: u32, module: &str) -> Option<(String, FileId, &'a Module)> {
    let inner = module.replace('.', "/");
    let at = |folder: &str| {
        let base = if inner.is_empty() { folder.to_owned() } else { join(folder, &inner) };
        [format!("{base}.py"), join(&base, "__init__.py")].into_iter().find_map(|p| files.python(&p).map(|(id, m)| (p, id, m)))
    };
    let mut folder = parent(from)?;
    if level > 0 {
        for _ in 1..level {
            folder = parent(folder)?;
        }
        return at(folder);
    }
    if OUTSIDE.contains(&module.split('.').next().unwrap_or_default()) {
        return None;
    }
    loop {
        // A folder with `__init__.py` is a package, so what lies in it has a longer name than the one imported.
        if !files.exists(&join(folder, "__init__.py"))
            && let Some(found) = at(folder)
        {
            return Some(found);
        }
        folder = parent(folder)?;
    }
}
