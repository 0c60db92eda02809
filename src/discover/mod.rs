//! Which files there are, in a fixed order. Knows nothing of parsing.

pub mod git;
mod index;
mod object;
mod place;
mod repository;
mod walk;

use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use crate::source::{Language, Shared};

pub use index::Listing;
pub use object::ObjectName;
pub use place::Place;
pub use walk::{Walk, excluder, walk};

/// Where a file's bytes are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// On disk, at its own place.
    Disk,
    /// Already here: from standard input, from an editor.
    Memory(Vec<u8>),
    /// In git's store.
    Blob(Blob),
}

/// A blob that can be read when it is needed.
#[derive(Clone, Debug)]
pub struct Blob {
    /// Its name.
    pub name: ObjectName,
    /// Where it is.
    pub store: Arc<Mutex<git::Blobs>>,
}

impl PartialEq for Blob {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for Blob {}

impl Blob {
    /// Its bytes; `place` is where its file lies in the worktree, whose bytes are nearly always the same, and nearer at hand.
    pub fn read(&self, place: &Path) -> Result<Vec<u8>, String> {
        match self.in_worktree(place) {
            Some(bytes) => Ok(bytes),
            None => Self::read_all(&[self])?.pop().ok_or_else(|| "git gave nothing".to_owned()),
        }
    }

    /// The bytes of a file of the worktree, if they are this blob's.
    pub fn in_worktree(&self, place: &Path) -> Option<Vec<u8>> {
        // What is no file may never end.
        let data = std::fs::metadata(place).ok().filter(|d| d.is_file() && d.len() <= LARGEST_COMPARED)?;
        let mut bytes = Vec::with_capacity(usize::try_from(data.len()).ok()?);
        std::fs::File::open(place).ok()?.take(LARGEST_COMPARED).read_to_end(&mut bytes).ok()?;
        self.name.is_of(&bytes).then_some(bytes)
    }

    /// The bytes of several of one store, in order, as git has them.
    pub fn read_all(all: &[&Blob]) -> Result<Vec<Vec<u8>>, String> {
        let Some(first) = all.first() else { return Ok(Vec::new()) };
        let names: Vec<ObjectName> = all.iter().map(|b| b.name).collect();
        first.store.lock().unwrap_or_else(PoisonError::into_inner).read(&names)
    }
}

/// Larger files of the worktree are not compared with what git has.
const LARGEST_COMPARED: u64 = 64 << 20;

/// One file to read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// Relative to the working directory, with `/`; what reports print.
    pub path: Shared,
    /// Absolute path in the worktree, whether or not the bytes come from there.
    pub absolute: Place,
    /// What it is read as.
    pub language: Language,
    /// Where the bytes are.
    pub origin: Origin,
}

impl Candidate {
    /// Its bytes.
    pub fn bytes(&self) -> std::io::Result<Vec<u8>> {
        match &self.origin {
            Origin::Disk => std::fs::read(&self.absolute),
            Origin::Memory(bytes) => Ok(bytes.clone()),
            Origin::Blob(blob) => blob.read(&self.absolute).map_err(std::io::Error::other),
        }
    }
}

/// The language a file name stands for; `None` for files that are not looked at.
pub fn language_of(path: &Path) -> Option<Language> {
    // Plain text is taken apart at its last dot: there are tens of thousands of names.
    let plain = path.to_str().filter(|text| cfg!(unix) && !text.ends_with(['/', '.']));
    let extension = match plain.map(|text| text.rsplit_once('.')) {
        Some(Some((stem, extension))) if !extension.contains('/') => Some(extension).filter(|_| !stem.is_empty() && !stem.ends_with('/'))?,
        Some(_) => return None,
        None => path.extension()?.to_str()?,
    };
    let is = |known: &[&str]| known.iter().any(|k| extension.eq_ignore_ascii_case(k));
    match () {
        () if is(&["py", "pyi"]) => Some(Language::Python),
        () if is(&["sql", "psql", "pgsql", "ddl"]) => Some(Language::Sql),
        () if is(&["md"]) => Some(Language::Markdown),
        () => None,
    }
}

/// The way from a folder to what lies below it, where both are plain text: nearly always, and it spares taking thousands of paths apart. `None` says nothing.
pub fn below<'p>(path: &'p Path, base: &Path) -> Option<&'p str> {
    let base = base.to_str().filter(|base| !base.is_empty())?;
    let rest = path.to_str()?.strip_prefix(base)?.strip_prefix('/')?;
    (is_plain(rest) && !rest.starts_with(['/', '.'])).then_some(rest)
}

/// Whether a path means what it spells: no part of it is empty or begins with a dot, but for the first.
fn is_plain(path: &str) -> bool {
    let bytes = path.as_bytes();
    cfg!(unix) && !path.is_empty() && !path.ends_with('/') && !bytes.windows(2).any(|pair| matches!(pair, b"//" | b"/."))
}

/// Whether a path is a folder or lies below it: `path.starts_with(base)`, faster where both are plain text.
pub fn is_in(path: &Path, base: &Path) -> bool {
    match (path.to_str(), base.to_str()) {
        (Some(path), Some(base)) if is_plain(path) && is_plain(base) => path.strip_prefix(base).is_some_and(|rest| rest.is_empty() || rest.starts_with('/')),
        _ => path.starts_with(base),
    }
}

/// `path` as reports print it: relative to `base` (with `..` where it lies outside), with `/`.
pub fn display_path(path: &Path, base: &Path) -> String {
    if let Some(rest) = below(path, base) {
        return rest.to_owned();
    }
    for (up, ancestor) in base.ancestors().enumerate() {
        if let Ok(rest) = path.strip_prefix(ancestor) {
            let parts = std::iter::repeat_n("..".to_owned(), up).chain(rest.components().map(|c| c.as_os_str().to_string_lossy().into_owned()));
            let joined = parts.collect::<Vec<_>>().join("/");
            return if joined.is_empty() { ".".to_owned() } else { joined };
        }
    }
    path.to_string_lossy().into_owned()
}

/// Makes `path` absolute and takes `.` and `..` out, without asking the disk (symlinks stay as they are).
pub fn normalise(path: &Path, cwd: &Path) -> PathBuf {
    let mut out = PathBuf::new();
    for part in cwd.join(path).components() {
        match part {
            std::path::Component::CurDir => {}
            std::path::Component::ParentDir => {
                out.pop();
            }
            other => out.push(other),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_shown_from_the_working_directory() {
        let show = |p: &str, b: &str| display_path(Path::new(p), Path::new(b));
        assert_eq!(show("/r/a/b.py", "/r"), "a/b.py");
        assert_eq!(show("/r/a/b.py", "/r/c/d"), "../../a/b.py");
        assert_eq!(show("/r", "/r"), ".");
        assert_eq!(normalise(Path::new("../x/./y"), Path::new("/r/c")), PathBuf::from("/r/x/y"));
    }

    #[test]
    fn what_lies_in_a_folder_is_found_by_its_text_as_by_its_parts() {
        let paths = ["/", "/r", "/r/", "/r/a", "/r/a/b.py", "/r//a/b.py", "/r/./a/b.py", "/ra/b.py", "/r/.a/b.py", "r/a", "", "/r/a/b.py/", "/r/é/b"];
        for path in paths.map(Path::new) {
            for base in paths.map(Path::new) {
                assert_eq!(is_in(path, base), path.starts_with(base), "{path:?} in {base:?}");
                if let Some(rest) = below(path, base) {
                    assert_eq!(path.strip_prefix(base), Ok(Path::new(rest)), "{path:?} below {base:?}");
                }
            }
        }
    }

    #[test]
    fn the_extension_decides_in_any_case() {
        assert_eq!(language_of(Path::new("a/B.SQL")), Some(Language::Sql));
        assert_eq!(language_of(Path::new("stub.pyi")), Some(Language::Python));
        assert_eq!(language_of(Path::new("Makefile")), None);
        // As the standard library takes names apart.
        for odd in ["a.py/", ".py", "a/.py", "a/..py", "x.py/b", "a.py/.", "..", "a.b/..", "a.", "a.py.", "", ".", "a/.", "é.py", "a..py", "/.py", "/a.py"] {
            let expected = Path::new(odd).extension().filter(|e| *e == "py").map(|_| Language::Python);
            assert_eq!(language_of(Path::new(odd)), expected, "{odd}");
        }
    }
}
