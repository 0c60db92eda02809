//! What a run over a whole project learnt, kept beside its findings, so that a later run over a few files need not read the others.
//!
//! One file for each project and way of looking at it. It begins with a line of a sum and two lengths: of the head, which has the state of the lock and the index over the
//! tables of [`crate::project::beyond`], and of the list of files with what each is known by. The sum is over both. Behind them lie the tables' pages, each with a sum
//! in the index: they are read when they are asked for. Anything that does not fit counts as not there.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::ops::Range;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use crate::project::beyond::TABLES;
use crate::project::pages::{self, Pages};

/// Larger ones are not read: they would cost more than they spare.
const LARGEST: u64 = 256 << 20;

/// Bytes of the first line: sixteen digits, and two lengths of ten.
const FIRST: usize = 16 + 1 + 10 + 1 + 10 + 1;

/// Behind the state of a lock in our own form.
const CANONICAL: &str = " canonical";

/// What was learnt, as far as it was read.
#[derive(Debug)]
pub(super) struct Learnt {
    /// The state of the lock, and the list of files.
    text: String,
    /// Bytes of the former.
    lock: usize,
    files: usize,
    /// The tables.
    pub pages: Arc<Pages>,
}

/// The bytes of a file of that kind: `files` are paths as reported, each with what it is known by.
pub(super) fn written((lock, is_canonical): (&str, bool), files: &[(&str, &str)], tables: &[String]) -> String {
    let head = format!("{lock}{}\n{}", if is_canonical { CANONICAL } else { "" }, pages::index(tables));
    let files: String = files.iter().map(|(path, stamp)| format!("{stamp}\t{path}\n")).collect();
    let sum = pages::sum(&[head.as_bytes(), files.as_bytes()].concat());
    format!("{sum:016x} {:010} {:010}\n{head}{files}{}", head.len(), files.len(), tables.concat())
}

impl Learnt {
    /// Reads what [`written`] gave; `None` where it is not exactly that, as far as can be told without reading the tables.
    pub(super) fn read(path: &Path) -> Option<Self> {
        let mut file = File::open(path).ok()?;
        let data = file.metadata().ok()?;
        if !data.is_file() || data.len() > LARGEST {
            return None;
        }
        let mut first = [0; FIRST];
        file.read_exact(&mut first).ok()?;
        let mut first = std::str::from_utf8(&first).ok()?.strip_suffix('\n')?.split(' ');
        let sum = u64::from_str_radix(first.next()?, 16).ok()?;
        let (head, files): (usize, usize) = (first.next()?.parse().ok()?, first.next()?.parse().ok()?);
        let length = head.checked_add(files).filter(|n| u64::try_from(*n).is_ok_and(|n| n <= data.len()))?;
        let text = part(&mut file, length)?;
        if pages::sum(text.as_bytes()) != sum {
            return None;
        }
        let (lock, index) = text.get(..head)?.split_once('\n')?;
        let begin = u64::try_from(FIRST + length).ok()?;
        let file = Mutex::new(file);
        let fetch = move |at: Range<u64>| {
            let mut file = file.lock().unwrap_or_else(PoisonError::into_inner);
            file.seek(SeekFrom::Start(begin + at.start)).ok()?;
            part(&mut file, usize::try_from(at.end - at.start).ok()?)
        };
        let (pages, all) = Pages::new(TABLES, index, Box::new(fetch))?;
        let lock = lock.len();
        (begin.checked_add(all)? == data.len()).then(|| Self { lock, files: head, text, pages: Arc::new(pages) })
    }

    /// The state of the lock.
    pub(super) fn lock(&self) -> &str {
        self.text[..self.lock].trim_end_matches(CANONICAL)
    }

    /// Whether the lock is one of which [`crate::schema::lock::is_canonical`] was true.
    pub(super) fn lock_is_canonical(&self) -> bool {
        self.text[..self.lock].ends_with(CANONICAL)
    }

    /// All files in order: path as reported, and what it is known by.
    pub(super) fn files(&self) -> impl Iterator<Item = (&str, &str)> {
        self.text[self.files..].lines().filter_map(|l| l.split_once('\t')).map(|(stamp, path)| (path, stamp))
    }
}

/// So many bytes of a file, from where it is read.
fn part(file: &mut File, length: usize) -> Option<String> {
    let mut bytes = vec![0; length];
    file.read_exact(&mut bytes).ok()?;
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_and_nothing_else_is() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("a.learnt");
        let mut tables = vec![String::new(); TABLES];
        tables[1] = "é\t1\n".to_owned();
        let bytes = written(("lock", true), &[("a.py", "1"), ("b c.py", "2")], &tables);
        std::fs::write(&path, &bytes).expect("written");
        let read = Learnt::read(&path).expect("it is ours");
        assert_eq!((read.lock(), read.lock_is_canonical(), read.files().collect::<Vec<_>>()), ("lock", true, vec![("a.py", "1"), ("b c.py", "2")]));
        assert_eq!((read.pages.find(1, "é"), read.pages.find(1, "e")), (Ok(Some("1")), Ok(None)));
        for broken in [bytes.replace("lock", "lick"), bytes[..bytes.len() - 1].to_owned(), format!("{bytes}x"), String::new(), "\n".repeat(99)] {
            std::fs::write(&path, &broken).expect("written");
            assert!(Learnt::read(&path).is_none(), "{broken:?}");
        }
        std::fs::write(&path, bytes.replace("é\t1", "é\t2")).expect("written");
        assert_eq!(Learnt::read(&path).expect("its head is ours").pages.find(1, "é"), Err(pages::Unreadable), "a page is not what it was");
    }
}
