//! The text that everything else points into.
//!
//! Positions inside the program are byte offsets from 0 ([`Span`]). Lines and columns exist only at the edges,
//! where [`SourceFile::position`] works them out from a table that is built once a file.

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::ops::Deref;
use std::path::Path;
use std::sync::{Arc, OnceLock};

use serde::{Deserialize, Serialize, Serializer};

/// A half-open range of bytes, from 0, inside one file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Span {
    /// First byte.
    pub start: u32,
    /// First byte behind the range.
    pub end: u32,
}

impl Span {
    /// The range `start..end`; offsets beyond 4 GiB saturate (such files are refused long before).
    pub fn new(start: usize, end: usize) -> Self {
        let cut = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        Self { start: cut(start), end: cut(end) }
    }

    /// The range as `usize`, for slicing.
    pub fn range(self) -> std::ops::Range<usize> {
        self.start as usize..self.end as usize
    }

    /// Whether `other` lies wholly inside.
    pub fn contains(self, other: Span) -> bool {
        self.start <= other.start && other.end <= self.end
    }

    /// The smallest range that covers both.
    #[must_use]
    pub fn cover(self, other: Span) -> Span {
        Span { start: self.start.min(other.start), end: self.end.max(other.end) }
    }

    /// Length in bytes.
    pub fn len(self) -> usize {
        (self.end - self.start) as usize
    }

    /// Whether the range holds no byte.
    pub fn is_empty(self) -> bool {
        self.start >= self.end
    }
}

/// The number of a file inside [`Sources`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct FileId(pub u32);

/// So many files at most are one piece of work for a thread: some take a thousand times as long as others, and nobody should wait for who has most of these.
pub const FILES_AT_ONCE: usize = 16;

/// A range of bytes in a named file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(from = "(u32, u32, u32)", into = "(u32, u32, u32)")]
pub struct Location {
    /// The file.
    pub file: FileId,
    /// The bytes.
    pub span: Span,
}

impl From<(u32, u32, u32)> for Location {
    fn from((file, start, end): (u32, u32, u32)) -> Self {
        Self { file: FileId(file), span: Span { start, end } }
    }
}

impl From<Location> for (u32, u32, u32) {
    fn from(l: Location) -> Self {
        (l.file.0, l.span.start, l.span.end)
    }
}

impl Location {
    /// `span` in `file`.
    pub fn new(file: FileId, span: Span) -> Self {
        Self { file, span }
    }
}

/// A place as people count it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// Line, from 1. `\n`, `\r\n` and a lone `\r` end a line, as in editors and the LSP.
    pub line: u32,
    /// Column, from 1, in Unicode characters.
    pub column: u32,
    /// Byte offset from 0.
    pub offset: u32,
}

/// The language a file is read as.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Language {
    /// `.py`, `.pyi`
    Python,
    /// `.sql` and its kin
    Sql,
    /// `.md`
    Markdown,
    /// The lock and the configuration: pointed into, never parsed for references.
    Yaml,
}

/// A piece of a text that many share: ten thousand paths are one piece of memory.
#[derive(Clone)]
pub struct Shared {
    text: Arc<String>,
    at: Span,
}

impl Shared {
    /// The part of a text at `at`, in bytes; empty where that is no part of it.
    pub fn new(text: Arc<String>, at: Span) -> Self {
        Self { text, at }
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        self.text.get(self.at.range()).unwrap_or_default()
    }
}

impl Deref for Shared {
    type Target = str;

    fn deref(&self) -> &str {
        self.as_str()
    }
}

impl<T: Into<String>> From<T> for Shared {
    fn from(text: T) -> Self {
        let text = text.into();
        let at = Span::new(0, text.len());
        Self { text: Arc::new(text), at }
    }
}

impl PartialEq for Shared {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl Eq for Shared {}

impl PartialOrd for Shared {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Shared {
    fn cmp(&self, other: &Self) -> Ordering {
        self.as_str().cmp(other.as_str())
    }
}

impl Hash for Shared {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.as_str().hash(state);
    }
}

impl Serialize for Shared {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(self)
    }
}

impl AsRef<Path> for Shared {
    fn as_ref(&self) -> &Path {
        Path::new(self.as_str())
    }
}

impl PartialEq<str> for Shared {
    fn eq(&self, other: &str) -> bool {
        **self == *other
    }
}

impl PartialEq<&str> for Shared {
    fn eq(&self, other: &&str) -> bool {
        **self == **other
    }
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&**self, f)
    }
}

impl fmt::Display for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self)
    }
}

/// One file: its name as reported, and its decoded text.
#[derive(Debug)]
pub struct SourceFile {
    /// Relative to the working directory, with `/`; what reports print.
    pub path: Shared,
    /// What the file is read as.
    pub language: Language,
    /// The text, as UTF-8, without a byte order mark being removed (offsets are those of the bytes on disk for UTF-8 files).
    pub text: Arc<str>,
    lines: OnceLock<Vec<u32>>,
}

impl SourceFile {
    /// A file named `path` holding `text`.
    pub fn new(path: impl Into<Shared>, language: Language, text: impl Into<Arc<str>>) -> Self {
        Self { path: path.into(), language, text: text.into(), lines: OnceLock::new() }
    }

    /// The text under `span`; empty where the span does not lie on character boundaries of this text.
    pub fn slice(&self, span: Span) -> &str {
        self.text.get(span.range()).unwrap_or("")
    }

    /// Byte offsets at which lines begin.
    pub fn line_starts(&self) -> &[u32] {
        self.lines.get_or_init(|| {
            let bytes = self.text.as_bytes();
            let mut starts = vec![0];
            for at in memchr::memchr2_iter(b'\n', b'\r', bytes) {
                if bytes[at] == b'\r' && bytes.get(at + 1) == Some(&b'\n') {
                    continue;
                }
                starts.push(u32::try_from(at + 1).unwrap_or(u32::MAX));
            }
            starts
        })
    }

    /// Line and column of a byte offset; an offset inside a character counts as that character's start, one behind the end as the end.
    pub fn position(&self, offset: u32) -> Position {
        let mut at = (offset as usize).min(self.text.len());
        while !self.text.is_char_boundary(at) {
            at -= 1;
        }
        let starts = self.line_starts();
        let line = starts.partition_point(|&s| s as usize <= at).max(1) - 1;
        let column = self.text[starts[line] as usize..at].chars().count();
        let count = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        Position { line: count(line + 1), column: count(column + 1), offset: count(at) }
    }

    /// The bytes of a line (from 1), without its end.
    pub fn line_span(&self, line: u32) -> Span {
        let starts = self.line_starts();
        let index = (line.max(1) as usize - 1).min(starts.len() - 1);
        let start = starts[index] as usize;
        let end = starts.get(index + 1).map_or(self.text.len(), |&e| e as usize);
        let body = self.text[start..end].trim_end_matches(['\n', '\r']);
        Span::new(start, start + body.len())
    }
}

/// All files of a run, in the order of their ids.
#[derive(Clone, Debug, Default)]
pub struct Sources {
    files: Arc<Vec<Arc<SourceFile>>>,
    /// Files that an editor has changed since, few beside all others.
    changed: Vec<(FileId, Arc<SourceFile>)>,
}

impl Sources {
    /// Makes room for so many more.
    pub fn reserve(&mut self, files: usize) {
        Arc::make_mut(&mut self.files).reserve_exact(files);
    }

    /// Adds a file and gives its id.
    pub fn add(&mut self, file: impl Into<Arc<SourceFile>>) -> FileId {
        let id = FileId(u32::try_from(self.files.len()).unwrap_or(u32::MAX));
        Arc::make_mut(&mut self.files).push(file.into());
        id
    }

    /// Puts a file in the place of another.
    ///
    /// # Panics
    /// When the id was not given out by this collection.
    pub fn set(&mut self, id: FileId, file: Arc<SourceFile>) {
        Arc::make_mut(&mut self.files)[id.0 as usize] = file;
    }

    /// The same files but one, which an editor has changed. Texts are shared, not copied.
    #[must_use]
    pub fn with(&self, id: FileId, file: Arc<SourceFile>) -> Self {
        let mut all = self.clone();
        all.changed.retain(|c| c.0 != id);
        all.changed.push((id, file));
        all
    }

    fn slot(&self, id: FileId) -> &Arc<SourceFile> {
        self.changed.iter().find(|c| c.0 == id).map_or_else(|| &self.files[id.0 as usize], |c| &c.1)
    }

    /// The file with that id, to keep.
    ///
    /// # Panics
    /// When the id was not given out by this collection.
    pub fn share(&self, id: FileId) -> Arc<SourceFile> {
        Arc::clone(self.slot(id))
    }

    /// The file with that id.
    ///
    /// # Panics
    /// When the id was not given out by this collection.
    pub fn get(&self, id: FileId) -> &SourceFile {
        self.slot(id)
    }

    /// All files with their ids.
    pub fn iter(&self) -> impl Iterator<Item = (FileId, &SourceFile)> {
        (0..u32::try_from(self.files.len()).unwrap_or(u32::MAX)).map(|n| (FileId(n), self.get(FileId(n))))
    }

    /// How many files there are.
    pub fn len(&self) -> usize {
        self.files.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.files.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_end_as_editors_end_them() {
        let f = SourceFile::new("a.py", Language::Python, "a\r\nb\rc\nd\u{2028}e");
        assert_eq!(f.line_starts(), [0, 3, 5, 7]);
        assert_eq!(f.position(7), Position { line: 4, column: 1, offset: 7 });
    }

    #[test]
    fn columns_count_characters() {
        let f = SourceFile::new("a.py", Language::Python, "é😀x");
        assert_eq!(f.position(6).column, 3);
        assert_eq!(f.position(3).column, 2, "inside a character: its start");
        assert_eq!(f.position(99).offset, 7);
    }
}
