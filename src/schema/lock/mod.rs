//! `schema.lock.yaml`: the schema as one reviewed text file.
//!
//! The same schema gives the same bytes from any source. Reading takes either the fast path for our own form or the real YAML parser; both
//! end in the same [`node::Node`], which [`read::schema`] turns into a [`Schema`].

use std::fmt;
use std::io::{self, Write as _};
use std::path::Path;
use std::sync::Arc;

use crate::schema::Schema;
use crate::source::{Language, SourceFile};

mod full;
mod guard;
pub(crate) mod line;
mod merge;
mod node;
mod read;
mod words;
mod write;

#[cfg(test)]
mod tests;

pub use merge::{Merged, merge};
pub use words::quote;
pub use write::write;

/// Why a lock could not be read. The caller exits with 2.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LockError {
    /// What is wrong, in one line.
    pub message: String,
    /// Line, from 1.
    pub line: u32,
    /// Column, from 1, in characters.
    pub column: u32,
    /// What to do about it.
    pub help: Option<String>,
}

impl LockError {
    /// An error at a byte of the text.
    fn at(text: &str, offset: usize, message: impl Into<String>) -> Self {
        let place = SourceFile::new("", Language::Sql, text).position(u32::try_from(offset).unwrap_or(u32::MAX));
        // What is quoted of the text may hold anything, and there may be much of it.
        let message: String =
            message.into().chars().take(300).map(|c| if c.is_control() || matches!(c, '\u{2028}' | '\u{2029}') { '\u{fffd}' } else { c }).collect();
        Self { message, line: place.line, column: place.column, help: None }
    }

    fn with_help(self, help: impl Into<String>) -> Self {
        Self { help: Some(help.into()), ..self }
    }
}

impl fmt::Display for LockError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.line, self.column, self.message)
    }
}

impl std::error::Error for LockError {}

/// Reads a lock. Spans in the result point into `text`.
///
/// # Errors
/// When `text` is no lock that this version understands: broken YAML, conflict markers, an unknown version, duplicate or unknown keys,
/// anchors, aliases or tags, more than 32 MiB.
pub fn read(text: &str) -> Result<Schema, LockError> {
    guard::first(text)?;
    let bom = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
    let body = &text[bom..];
    if body.trim().is_empty() {
        return Err(LockError::at(text, 0, "the lock is empty").with_help("write it with `dbtruth pull`"));
    }
    // What is anything but right is read once more, for a message.
    if bom == 0
        && let Some(schema) = read::canonical(body)
    {
        return Ok(schema);
    }
    let node = match node::read(body) {
        Some(node) => node,
        None => read_full(text, body)?,
    };
    read::schema(node, body).map_err(|problem| {
        let error = LockError::at(text, problem.at.start as usize + bom, problem.message);
        LockError { help: problem.help, ..error }
    })
}

/// Whether a lock is in the form that [`write`] gives it, or nearly; then [`read_known`] can read it later.
pub fn is_canonical(text: &str) -> bool {
    !text.starts_with('\u{feff}') && guard::first(text).is_ok() && read::canonical(text).is_some()
}

/// Reads a lock of which [`is_canonical`] was true: its tables are read when someone looks at them. `None` where it cannot have been.
pub fn read_known(text: &Arc<str>) -> Option<Schema> {
    read::known(text)
}

fn read_full<'a>(text: &str, body: &'a str) -> Result<node::Node<'a>, LockError> {
    guard::before_parser(body)?;
    full::read(body).map_err(|error| {
        let place = error.location();
        let message = error.to_string();
        // The parser ends its message with the place, which we give on our own.
        let message = message.split(" at line ").next().unwrap_or_default();
        // It quotes what it found, which for a file that is no lock at all may be anything, and all of it.
        let message = message.split_once("string \"").map_or_else(|| message.to_owned(), |(before, _)| format!("{before}text"));
        let message: String = message.chars().take(200).collect();
        let error = LockError::at(text, 0, format!("not valid YAML for a lock: {message}"));
        let count = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        place.map_or(error.clone(), |p| LockError { line: count(p.line()), column: count(p.column()), ..error })
    })
}

/// Whether [`save`] would write: the file is missing or holds other bytes.
///
/// # Errors
/// When the file exists but cannot be read.
pub fn would_change(path: &Path, schema: &Schema) -> io::Result<bool> {
    match std::fs::read(path) {
        Ok(old) => Ok(old != write(schema).as_bytes()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(true),
        Err(error) => Err(error),
    }
}

/// Writes the lock, all or nothing: a temporary file beside it, synced, then renamed over it. Gives whether anything changed; the same bytes are not written again.
///
/// # Errors
/// When the folder or the file cannot be written; the old lock is then still whole.
pub fn save(path: &Path, schema: &Schema) -> io::Result<bool> {
    if !would_change(path, schema)? {
        return Ok(false);
    }
    replace(path, &write(schema))?;
    Ok(true)
}

/// Puts a text in a file's place, all or nothing.
///
/// # Errors
/// When the folder or the file cannot be written; the old file is then still whole.
pub fn replace(path: &Path, text: &str) -> io::Result<()> {
    // A lock that is a symbolic link stays one.
    let path = std::fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let folder = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut file = tempfile::Builder::new().prefix(".schema.lock.").tempfile_in(folder)?;
    file.write_all(text.as_bytes())?;
    // Temporary files are private; a lock is for everyone who can read the repository.
    if let Ok(old) = std::fs::metadata(&path) {
        file.as_file().set_permissions(old.permissions())?;
    } else {
        #[cfg(unix)]
        file.as_file().set_permissions(std::os::unix::fs::PermissionsExt::from_mode(0o644))?;
    }
    file.as_file().sync_all()?;
    file.persist(&path).map_err(|error| error.error)?;
    // The rename is durable once the folder is; not every file system can sync one.
    if let Ok(folder) = std::fs::File::open(folder) {
        let _ = folder.sync_all();
    }
    Ok(())
}
