//! What a run over a whole project learnt, kept beside its findings, so that a later run over a few files need not read the others.
//!
//! One file for each project and way of looking at it. It begins with a sum over the rest and the lengths of its parts: the state of the lock, the files with what each
//! is known by, and the tables of [`crate::project::beyond`]. Anything that does not fit counts as not there.

use std::hash::Hasher;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use rustc_hash::FxHasher;

use crate::project::beyond::TABLES;

/// Larger ones are not read: they would cost more than they spare.
const LARGEST: u64 = 256 << 20;

/// The parts in front of the tables.
const HEAD: usize = 2;

/// What was learnt, as it was read.
#[derive(Debug)]
pub(super) struct Learnt {
    /// Everything.
    pub text: Arc<String>,
    parts: Vec<Range<usize>>,
}

fn sum(body: &str) -> String {
    let mut hash = FxHasher::default();
    hash.write(body.as_bytes());
    hash.write_usize(body.len());
    format!("{:016x}", hash.finish())
}

/// The bytes of a file of that kind: `files` are paths as reported, each with what it is known by.
pub(super) fn written(lock: &str, files: &[(&str, &str)], tables: &[String]) -> String {
    let files: String = files.iter().map(|(path, stamp)| format!("{stamp}\t{path}\n")).collect();
    let parts: Vec<&str> = [lock, &files].into_iter().chain(tables.iter().map(String::as_str)).collect();
    let lengths: Vec<String> = parts.iter().map(|p| p.len().to_string()).collect();
    let body = format!("{}\n{}", lengths.join(" "), parts.concat());
    format!("{}\n{body}", sum(&body))
}

impl Learnt {
    /// Reads what [`written`] gave; `None` where it is not exactly that.
    pub(super) fn read(path: &Path) -> Option<Self> {
        let data = std::fs::metadata(path).ok()?;
        if !data.is_file() || data.len() > LARGEST {
            return None;
        }
        let text = std::fs::read_to_string(path).ok()?;
        let (expected, body) = text.split_once('\n')?;
        let (lengths, _) = body.split_once('\n')?;
        if expected != sum(body) {
            return None;
        }
        let mut at = expected.len() + lengths.len() + 2;
        let mut parts = Vec::new();
        for length in lengths.split(' ') {
            let end = at.checked_add(length.parse().ok()?)?;
            text.get(at..end)?;
            parts.push(at..end);
            at = end;
        }
        (parts.len() == HEAD + TABLES && at == text.len()).then(|| Self { text: Arc::new(text), parts })
    }

    fn part(&self, n: usize) -> &str {
        &self.text[self.parts[n].clone()]
    }

    /// The state of the lock.
    pub(super) fn lock(&self) -> &str {
        self.part(0)
    }

    /// All files in order: path as reported, and what it is known by.
    pub(super) fn files(&self) -> impl Iterator<Item = (&str, &str)> {
        self.part(1).lines().filter_map(|l| l.split_once('\t')).map(|(stamp, path)| (path, stamp))
    }

    /// Where the tables are in the text.
    pub(super) fn tables(&self) -> Vec<Range<usize>> {
        self.parts[HEAD..].to_vec()
    }
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
        let bytes = written("lock", &[("a.py", "1"), ("b c.py", "2")], &tables);
        std::fs::write(&path, &bytes).expect("written");
        let read = Learnt::read(&path).expect("it is ours");
        assert_eq!((read.lock(), read.files().collect::<Vec<_>>()), ("lock", vec![("a.py", "1"), ("b c.py", "2")]));
        assert_eq!(&read.text[read.tables()[1].clone()], "é\t1\n");
        for broken in [bytes.replace("lock", "lick"), bytes[..bytes.len() - 1].to_owned(), format!("{bytes}x"), String::new(), "\n\n\n".to_owned()] {
            std::fs::write(&path, &broken).expect("written");
            assert!(Learnt::read(&path).is_none(), "{broken:?}");
        }
    }
}
