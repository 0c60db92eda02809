//! Bytes into text into facts, in parallel.

use std::cell::Cell;
use std::io::Read as _;
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Arc;
use std::time::SystemTime;

use rayon::prelude::*;
use rustc_hash::FxHashMap;

use super::suppress::context;
use super::{Failure, Opened, Settings, large_pages};
use crate::diagnostic::{Diagnostic, Severity};
use crate::discover::{Blob, Candidate, Origin, Place};
use crate::facts::{self, FileFacts, Problem, ProblemKind, Skip};
use crate::source::{FILES_AT_ONCE, FileId, Language, Location, Shared, SourceFile, Span};

/// Larger files are not read: no hand writes them, and one of them would decide how long everybody waits.
const LARGEST: u64 = 16 << 20;

/// What became of one file.
#[derive(Clone)]
enum Read {
    Done(Arc<SourceFile>, Arc<FileFacts>),
    TooLarge,
    /// The system could not read it.
    Failed(String),
    /// We crashed on it.
    Crashed,
}

/// A file that was read, and its facts.
pub(super) type Parsed = (Arc<SourceFile>, Arc<FileFacts>);

/// By what a file is known to be the same as before.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Stamp {
    /// Time of the last change, and bytes.
    Disk(SystemTime, u64),
    /// The buffer itself.
    Memory(Vec<u8>),
}

impl Stamp {
    fn of(candidate: &Candidate) -> Option<Self> {
        match &candidate.origin {
            Origin::Memory(bytes) => Some(Stamp::Memory(bytes.clone())),
            Origin::Blob(blob) => Some(Stamp::Memory(blob.name.as_bytes().to_vec())),
            Origin::Disk => {
                let data = std::fs::metadata(&candidate.absolute).ok()?;
                Some(Stamp::Disk(data.modified().ok()?, data.len()))
            }
        }
    }
}

/// What was read the last time, for a program that stays and reads again.
#[derive(Debug, Default)]
pub struct Memory {
    /// A run that ends has no use for it.
    keeping: bool,
    files: FxHashMap<Place, (Shared, Stamp, Arc<SourceFile>, Arc<FileFacts>)>,
}

impl Memory {
    /// An empty one, which keeps what is read.
    pub fn keeping() -> Self {
        Self { keeping: true, ..Self::default() }
    }

    fn recall(&self, candidate: &Candidate) -> Option<Read> {
        let (path, stamp, source, facts) = self.files.get(&candidate.absolute)?;
        let same = *path == candidate.path && source.language == candidate.language && Stamp::of(candidate).as_ref() == Some(stamp);
        same.then(|| Read::Done(Arc::clone(source), Arc::clone(facts)))
    }

    fn keep(&mut self, candidates: &[Candidate], stamps: Vec<Option<Stamp>>, read: &[Read]) {
        let files = candidates.iter().zip(stamps).zip(read).filter_map(|((candidate, stamp), read)| {
            let Read::Done(source, facts) = read else { return None };
            Some((candidate.absolute.clone(), (candidate.path.clone(), stamp?, Arc::clone(source), Arc::clone(facts))))
        });
        self.files = files.collect();
    }
}

/// How many files are worth [`large_pages`]. Fewer fill none. What is saved grows with the files, but so does what it takes to clear pages that the machine has not had in
/// its hands for long, and that faster: five trees of nine thousand files take a fifth more time with large pages, one of them a tenth less.
const WORTH_LARGE_PAGES: Range<usize> = 500..20_000;

/// Reads every file and takes its facts, in the order of the candidates.
pub(super) fn all(settings: &Settings, opened: &mut Opened, memory: &mut Memory) -> Result<(), Failure> {
    // Several projects one after another use the same pages again.
    large_pages(settings.member.is_none() && WORTH_LARGE_PAGES.contains(&settings.files.len()));
    let given = blobs(&settings.files)?;
    // The stamp is taken before the file is read: what changes in between is read again the next time.
    let parsed = |n| settings.member.as_ref()?.parsed(n).map(|(source, facts)| Read::Done(Arc::clone(source), Arc::clone(facts)));
    let known = |n, c| parsed(n).or_else(|| memory.recall(c));
    let one = |((n, c), given)| (memory.keeping.then(|| Stamp::of(c)).flatten(), known(n, c).unwrap_or_else(|| guarded(c, given)));
    let (stamps, read): (Vec<_>, Vec<Read>) = settings.files.par_iter().enumerate().zip(given).with_max_len(FILES_AT_ONCE).map(one).unzip();
    memory.keep(&settings.files, stamps, &read);
    for (candidate, read) in settings.files.iter().zip(read) {
        let asked = settings.reports(&candidate.absolute);
        let mut skip = |reason: &str| {
            if asked {
                *opened.skipped.entry(reason.to_owned()).or_default() += 1;
            }
        };
        match read {
            Read::Done(source, facts) => {
                facts.skipped.iter().for_each(|s| skip(&s.reason));
                let language = source.language;
                let file = opened.sources.add(source);
                opened.diagnostics.extend(syntax_errors(file, language, &facts));
                opened.paths.push(Some(candidate.absolute.clone()));
                opened.facts.push(facts);
            }
            Read::TooLarge => {
                skip("the file is larger than 16 MiB");
                opened.notes.push(format!("{}: larger than 16 MiB, not read", candidate.path));
            }
            Read::Failed(why) => opened.troubles.push(format!("{}: cannot be read: {why}", candidate.path)),
            Read::Crashed => {
                let file = opened.sources.add(SourceFile::new(candidate.path.clone(), candidate.language, ""));
                opened.paths.push(Some(candidate.absolute.clone()));
                opened.facts.push(Arc::default());
                opened.crashed(file);
            }
        }
    }
    Ok(())
}

/// The bytes of what git has.
fn blobs(files: &[Candidate]) -> Result<Vec<Option<Vec<u8>>>, Failure> {
    let blob = |f: &Candidate| if let Origin::Blob(blob) = &f.origin { Some(blob.clone()) } else { None };
    let mut given: Vec<Option<Vec<u8>>> = files.par_iter().with_max_len(FILES_AT_ONCE).map(|f| blob(f)?.in_worktree(&f.absolute)).collect();
    let lacking: Vec<(usize, Blob)> = (0..files.len()).filter(|n| given[*n].is_none()).filter_map(|n| Some((n, blob(&files[n])?))).collect();
    // git gives many blobs at once in less time than one by one.
    let names: Vec<&Blob> = lacking.iter().map(|l| &l.1).collect();
    for ((n, _), bytes) in lacking.iter().zip(Blob::read_all(&names).map_err(Failure::new)?) {
        given[*n] = Some(bytes);
    }
    Ok(given)
}

/// What parsing a file found.
pub(super) fn syntax_errors(file: FileId, language: Language, facts: &FileFacts) -> impl Iterator<Item = Diagnostic> {
    let syntax = facts.problems.iter().filter(|p| p.kind == ProblemKind::Syntax);
    syntax.map(move |p| Diagnostic::new("syntax-error", Severity::Warning, Location::new(file, p.span), context(language), p.message.clone()))
}

/// A file and its facts, where there is nothing to say about reading it.
pub(super) fn known(candidate: &Candidate) -> Option<Parsed> {
    match guarded(candidate, None) {
        Read::Done(source, facts) => Some((source, facts)),
        Read::TooLarge | Read::Failed(_) | Read::Crashed => None,
    }
}

/// A crash on one file must not hide what the others say.
fn guarded(candidate: &Candidate, given: Option<Vec<u8>>) -> Read {
    let work = || {
        // There is no known way to make the program crash; its tests need one.
        assert!(!(cfg!(test) && candidate.path.contains("crash-in-reading")), "a crash made by a test");
        one(candidate, given)
    };
    catch_unwind(AssertUnwindSafe(work)).unwrap_or(Read::Crashed)
}

/// `given` are the bytes, where they are here already.
fn one(candidate: &Candidate, given: Option<Vec<u8>>) -> Read {
    let read = match given {
        Some(bytes) => Ok(Some(of_bytes(candidate, &bytes))),
        None => looked_at(candidate, |bytes| of_bytes(candidate, bytes)),
    };
    match read {
        Ok(Some(read)) => read,
        Ok(None) => Read::TooLarge,
        Err(why) => Read::Failed(why),
    }
}

/// Looks at the bytes of a candidate; `None` where they are too many.
///
/// # Errors
/// When they cannot be read: why.
fn looked_at<T>(candidate: &Candidate, look: impl FnOnce(&[u8]) -> T) -> Result<Option<T>, String> {
    match &candidate.origin {
        Origin::Disk => filled(&candidate.absolute, LARGEST + 1, look).map_err(|e| e.to_string()),
        Origin::Memory(bytes) => Ok(Some(look(bytes))),
        Origin::Blob(blob) => blob.read(&candidate.absolute).map(|bytes| Some(look(&bytes))),
    }
}

/// Looks at the text of a candidate; `None` where there is none.
pub(super) fn with_text<T>(candidate: &Candidate, look: impl FnOnce(&str) -> T) -> Option<T> {
    let seen = looked_at(candidate, |bytes| match std::str::from_utf8(bytes) {
        Ok(text) => Some(look(text)),
        Err(_) => decode(bytes, candidate.language).ok().map(|text| look(&text)),
    });
    seen.ok()??
}

/// The text of a candidate, at least up to the lines behind a byte of it: who shows a place near the beginning of a file needs no more. `None` where it cannot be read; what
/// is no text is an empty one.
pub(super) fn text_up_to(candidate: &Candidate, byte: usize) -> Option<Arc<str>> {
    let beginning = match &candidate.origin {
        // Of what is no text nothing but its beginning is pointed at.
        Origin::Disk if byte > 0 => filled(&candidate.absolute, byte as u64 + ROOM_BEHIND, |bytes| {
            let end = byte + memchr::memchr_iter(b'\n', bytes.get(byte..)?).nth(LINES_BEHIND)? + 1;
            // What is not UTF-8 says so in its first bytes, or is only told by all of them.
            Some(Arc::from(std::str::from_utf8(&bytes[..end]).ok()?))
        }),
        Origin::Disk | Origin::Memory(_) | Origin::Blob(_) => Ok(None),
    };
    if let Ok(Some(Some(text))) = beginning {
        return Some(text);
    }
    looked_at(candidate, |bytes| decode(bytes, candidate.language).unwrap_or_default()).ok()?
}

/// Lines that are shown behind a place, and some more.
const LINES_BEHIND: usize = 4;

/// Bytes that these lines hardly exceed.
const ROOM_BEHIND: u64 = 2048;

/// Looks at so many bytes of a file, `None` where it is too large. They are this thread's until then.
fn filled<T>(path: &Path, most: u64, look: impl FnOnce(&[u8]) -> T) -> std::io::Result<Option<T>> {
    let mut buffer = BUFFER.take();
    buffer.clear();
    let seen = fill(path, most, &mut buffer).map(|whole| whole.then(|| look(&buffer)));
    if buffer.capacity() <= MOST_KEPT {
        BUFFER.set(buffer);
    }
    seen
}

thread_local! {
    /// What files are read into: memory that is used again need not be cleared again.
    static BUFFER: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
}

/// A larger buffer is not kept.
const MOST_KEPT: usize = 1 << 20;

/// Reads a file that is not too large, or so many of its bytes.
fn fill(path: &Path, most: u64, buffer: &mut Vec<u8>) -> std::io::Result<bool> {
    let file = std::fs::File::open(path)?;
    let size = file.metadata()?.len();
    if size > LARGEST {
        return Ok(false);
    }
    buffer.reserve(usize::try_from(size.min(most)).unwrap_or(0));
    // It may grow meanwhile.
    file.take(most).read_to_end(buffer)?;
    Ok(buffer.len() as u64 <= LARGEST)
}

fn of_bytes(candidate: &Candidate, bytes: &[u8]) -> Read {
    if is_lfs_pointer(bytes) {
        let facts = FileFacts { skipped: vec![Skip { reason: "kept in Git LFS".to_owned(), span: Span::default() }], ..FileFacts::default() };
        return Read::Done(Arc::new(SourceFile::new(candidate.path.clone(), candidate.language, "")), Arc::new(facts));
    }
    match decode(bytes, candidate.language) {
        Ok(text) => {
            let source = SourceFile::new(candidate.path.clone(), candidate.language, text);
            let facts = facts::extract(&source);
            Read::Done(Arc::new(source), Arc::new(facts))
        }
        Err(message) => {
            let facts = FileFacts {
                skipped: vec![Skip { reason: "the file is not text".to_owned(), span: Span::default() }],
                problems: vec![Problem { kind: ProblemKind::Syntax, span: Span::default(), message }],
                ..FileFacts::default()
            };
            Read::Done(Arc::new(SourceFile::new(candidate.path.clone(), candidate.language, "")), Arc::new(facts))
        }
    }
}

/// Whether the bytes only say where the file really is: <https://github.com/git-lfs/git-lfs/blob/main/docs/spec.md>.
pub(super) fn is_lfs_pointer(bytes: &[u8]) -> bool {
    bytes.len() < 1024 && bytes.starts_with(b"version https://git-lfs.github.com/spec/v1\n")
}

/// The text of a file: UTF-8, UTF-16 where it says so by its byte order mark, or Latin-1 where a Python file declares it (PEP 263).
pub(super) fn decode(bytes: &[u8], language: Language) -> Result<Arc<str>, String> {
    let wide = |bytes: &[u8], unit: fn([u8; 2]) -> u16| {
        let units = bytes.chunks_exact(2).map(|pair| unit([pair[0], pair[1]]));
        if bytes.len() % 2 == 1 { None } else { char::decode_utf16(units).collect::<Result<String, _>>().ok() }
    };
    match bytes {
        [0xff, 0xfe, rest @ ..] => wide(rest, u16::from_le_bytes).map(Into::into).ok_or_else(|| "the file begins as UTF-16 and is not".to_owned()),
        [0xfe, 0xff, rest @ ..] => wide(rest, u16::from_be_bytes).map(Into::into).ok_or_else(|| "the file begins as UTF-16 and is not".to_owned()),
        _ => std::str::from_utf8(bytes).map(Into::into).or_else(|error| {
            if language == Language::Python && declares_latin_1(bytes) {
                return Ok(bytes.iter().map(|&b| char::from(b)).collect::<String>().into());
            }
            Err(format!("the file is not UTF-8 (byte {}); save it as UTF-8", error.valid_up_to()))
        }),
    }
}

/// The bytes of a changed text, in the encoding of the bytes it was read from; `None` where `old` is not what those bytes say, or the encoding cannot hold the new
/// text.
pub fn recode(bytes: &[u8], language: Language, old: &str, new: &str) -> Option<Vec<u8>> {
    if *decode(bytes, language).ok()? != *old {
        return None;
    }
    let encode = |text: &str| -> Option<Vec<u8>> {
        let wide = |mark: [u8; 2], unit: fn(u16) -> [u8; 2]| mark.into_iter().chain(text.encode_utf16().flat_map(unit)).collect();
        match bytes {
            [0xff, 0xfe, ..] => Some(wide([0xff, 0xfe], u16::to_le_bytes)),
            [0xfe, 0xff, ..] => Some(wide([0xfe, 0xff], u16::to_be_bytes)),
            _ if std::str::from_utf8(bytes).is_ok() => Some(text.as_bytes().to_vec()),
            _ => text.chars().map(|c| u8::try_from(u32::from(c)).ok()).collect(),
        }
    };
    // What does not come out as it went in must not be written.
    if encode(old)? != bytes {
        return None;
    }
    let made = encode(new)?;
    (*decode(&made, language).ok()? == *new).then_some(made)
}

/// Whether one of the first two lines says `coding: latin-1` or one of its other names.
fn declares_latin_1(bytes: &[u8]) -> bool {
    bytes.split(|&b| b == b'\n').take(2).any(|line| {
        let line = String::from_utf8_lossy(line).to_ascii_lowercase();
        let name = line.trim_start().strip_prefix('#').and_then(|l| l.split_once("coding")).map(|(_, rest)| rest.trim_start_matches([':', '=', ' ', '\t']));
        name.is_some_and(|n| ["latin-1", "latin1", "latin_1", "iso-8859-1", "iso_8859_1", "iso8859-1"].iter().any(|l| n.starts_with(l)))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_changed_text_keeps_its_encoding() {
        let python = |bytes: &[u8], old: &str, new: &str| recode(bytes, Language::Python, old, new);
        assert_eq!(python("é".as_bytes(), "é", "éa").as_deref(), Some("éa".as_bytes()));
        assert_eq!(python("\u{feff}a".as_bytes(), "\u{feff}a", "\u{feff}b").as_deref(), Some("\u{feff}b".as_bytes()));
        assert_eq!(python(b"\xff\xfex\0", "x", "y").as_deref(), Some(&b"\xff\xfey\0"[..]));
        let latin = b"# coding: latin-1\n'\xe9'";
        assert_eq!(python(latin, "# coding: latin-1\n'é'", "# coding: latin-1\n'é' b").as_deref(), Some(&b"# coding: latin-1\n'\xe9' b"[..]));
        assert_eq!(python(latin, "# coding: latin-1\n'é'", "# coding: latin-1\n'é' 中"), None, "the encoding cannot hold it");
        assert_eq!(python(b"a", "b", "c"), None, "the file is no longer what was read");
    }

    #[test]
    fn text_is_decoded_as_its_language_says() {
        let python = |bytes: &[u8]| decode(bytes, Language::Python);
        assert_eq!(python("é".as_bytes()).as_deref(), Ok("é"));
        assert_eq!(python(b"\xff\xfex\0").as_deref(), Ok("x"));
        assert_eq!(python(b"\xfe\xff\0x").as_deref(), Ok("x"));
        assert_eq!(python(b"# -*- coding: latin-1 -*-\nx = '\xe9'").as_deref(), Ok("# -*- coding: latin-1 -*-\nx = 'é'"));
        assert!(python(b"\xe9").is_err());
        assert!(python(b"\xff\xfex").is_err());
        assert!(decode(b"# coding: latin-1\n\xe9", Language::Sql).is_err());
    }
}
