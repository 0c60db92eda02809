//! git's index, read as the file it is: a list of ten thousand files takes git longer to print than us to read.
//!
//! After git's `Documentation/gitformat-index.adoc`. Whatever is not plainly understood (another version, an index in several files, folders instead of files,
//! lengths that do not add up) is left to `git ls-files`.

use std::ops::Range;

use super::object::ObjectName;

/// Files of the index, by the bytes of their names.
#[derive(Clone, Debug, Default)]
pub struct Listing {
    /// All names, one behind the other.
    text: Vec<u8>,
    entries: Vec<Entry>,
}

/// A regular file of the index.
#[derive(Clone, Debug)]
pub struct Entry {
    name: Range<u32>,
    /// Its blob.
    pub blob: ObjectName,
}

impl Listing {
    /// All files, in order.
    pub fn iter(&self) -> impl Iterator<Item = (&[u8], &ObjectName)> {
        self.entries.iter().map(|e| (self.name(e), &e.blob))
    }

    /// The blob of the file with that number, from 0.
    pub fn get(&self, n: usize) -> Option<&ObjectName> {
        self.entries.get(n).map(|e| &e.blob)
    }

    /// The blob of a file, by its name from the top of the worktree.
    pub fn find(&self, name: &[u8]) -> Option<&ObjectName> {
        self.entries.binary_search_by(|e| self.name(e).cmp(name)).ok().map(|n| &self.entries[n].blob)
    }

    /// Takes files away.
    pub fn retain(&mut self, keep: impl Fn(&[u8]) -> bool) {
        let text = &self.text;
        self.entries.retain(|e| keep(text.get(range(&e.name)).unwrap_or_default()));
    }

    /// Bytes of all names together.
    pub fn len_of_names(&self) -> usize {
        self.entries.iter().map(|e| e.name.len()).sum()
    }

    /// How many files there are.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    fn name(&self, entry: &Entry) -> &[u8] {
        self.text.get(range(&entry.name)).unwrap_or_default()
    }

    /// Adds a file behind all others.
    pub(super) fn push(&mut self, name: &[u8], blob: ObjectName) {
        let end = |text: &Vec<u8>| u32::try_from(text.len()).unwrap_or(u32::MAX);
        let start = end(&self.text);
        self.text.extend_from_slice(name);
        self.entries.push(Entry { name: start..end(&self.text), blob });
    }

    /// Brings files into order that may be in none.
    pub(super) fn sort(&mut self) {
        let text = &self.text;
        let name = |e: &Entry| text.get(range(&e.name)).unwrap_or_default();
        if !self.entries.is_sorted_by(|a, b| name(a) <= name(b)) {
            self.entries.sort_by(|a, b| name(a).cmp(name(b)));
        }
    }
}

fn range(of: &Range<u32>) -> Range<usize> {
    of.start as usize..of.end as usize
}

/// Bytes of a SHA-1.
const HASH: usize = 20;
/// Bytes of an entry in front of the name of its object: times, device, inode, mode, owner, size.
const STAT: usize = 40;

/// The regular files of an index whose objects are named by SHA-1; `None` where git had better be asked, for instance since files are unmerged.
pub(super) fn read(bytes: &[u8]) -> Option<Listing> {
    let word = |at: usize| Some(u32::from_be_bytes(bytes.get(at..at.checked_add(4)?)?.try_into().ok()?));
    let version = word(4)?;
    if bytes.get(..4)? != b"DIRC" || !matches!(version, 2 | 3) {
        return None;
    }
    let count = word(8)?;
    // No entry is shorter than this: a count that lies sets no memory aside.
    let most = bytes.len() / (STAT + HASH);
    let mut listing = Listing { text: Vec::with_capacity(bytes.len() / 2), entries: Vec::with_capacity(most.min(count as usize)) };
    let (mut at, mut last): (usize, &[u8]) = (12, b"");
    for _ in 0..count {
        let mode = word(at + 24)?;
        let blob = ObjectName::of_bytes(bytes.get(at + STAT..at + STAT + HASH)?)?;
        let flags = word(at + STAT + HASH - 2)? & 0xffff;
        let is_extended = flags & 0x4000 != 0;
        if flags & 0x3000 != 0 || (is_extended && version < 3) {
            return None;
        }
        let start = at + STAT + HASH + if is_extended { 4 } else { 2 };
        let name = bytes.get(start..)?;
        let name = &name[..memchr::memchr(0, name)?];
        let said = (flags & 0xfff) as usize;
        // Longer names than can be said are said to be the longest.
        let fits = if said == 0xfff { name.len() >= said } else { name.len() == said };
        if !fits || name <= last {
            return None;
        }
        match mode >> 12 {
            0o10 => listing.push(name, blob),
            // Symlinks and submodules.
            0o12 | 0o16 => {}
            _ => return None,
        }
        last = name;
        // One to eight bytes of nothing, up to a multiple of eight.
        at += (start + name.len() - at + 8) & !7;
    }
    ends_well(bytes, at).then_some(listing)
}

/// Whether nothing but extensions follows that may be passed over, and a sum.
fn ends_well(bytes: &[u8], mut at: usize) -> bool {
    let Some(end) = bytes.len().checked_sub(HASH) else { return false };
    while at < end {
        let Some(head) = bytes.get(at..at + 8) else { return false };
        let length = u32::from_be_bytes([head[4], head[5], head[6], head[7]]);
        // Who does not know an extension with a small letter does not know what is in the index.
        if !head[0].is_ascii_uppercase() {
            return false;
        }
        at = at.saturating_add(8).saturating_add(length as usize);
    }
    at == end
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(name: &[u8], mode: u32, flags: u16) -> Vec<u8> {
        let mut out = vec![0; 24];
        out.extend(mode.to_be_bytes());
        out.extend([0; 12]);
        out.extend([7; HASH]);
        out.extend((flags | u16::try_from(name.len()).expect("short")).to_be_bytes());
        if flags & 0x4000 != 0 {
            out.extend([0x20, 0]);
        }
        out.extend(name);
        let length = (out.len() + 8) & !7;
        out.resize(length, 0);
        out
    }

    fn index(version: u32, entries: &[Vec<u8>], extension: &[u8]) -> Vec<u8> {
        let count = u32::try_from(entries.len()).expect("few");
        [b"DIRC".as_slice(), &version.to_be_bytes(), &count.to_be_bytes(), &entries.concat(), extension, &[9; HASH]].concat()
    }

    fn names(bytes: &[u8]) -> Option<Vec<String>> {
        read(bytes).map(|l| l.iter().map(|(name, _)| String::from_utf8_lossy(name).into_owned()).collect())
    }

    #[test]
    fn plain_indexes_are_read_and_all_others_left_to_git() {
        let (file, script, link) = (entry(b"a/b.py", 0o100_644, 0), entry(b"b.sh", 0o100_755, 0), entry(b"c", 0o120_000, 0));
        let all = [file.clone(), script.clone(), link];
        let expected = Some(vec!["a/b.py".to_owned(), "b.sh".to_owned()]);
        assert_eq!(names(&index(2, &all, b"")), expected);
        assert_eq!(names(&index(2, &all, b"TREE\0\0\0\x02ab")), expected, "what may be passed over");
        assert_eq!(names(&index(3, &[entry(b"a", 0o100_644, 0x4000), script.clone()], b"")), Some(vec!["a".to_owned(), "b.sh".to_owned()]));
        assert_eq!(names(&index(2, &[], b"")), Some(vec![]));
        for (why, odd) in [
            ("an index in several files", index(2, &all, b"link\0\0\0\x02ab")),
            ("folders", index(2, &all, b"sdir\0\0\0\0")),
            ("a folder", index(3, &[entry(b"a/", 0o40_000, 0)], b"")),
            ("names that share beginnings", index(4, &all, b"")),
            ("unmerged", index(2, &[entry(b"a", 0o100_644, 0x1000)], b"")),
            ("no order", index(2, &[script, file.clone()], b"")),
            ("an extension that is too long", index(2, &all, b"TREE\0\0\xff\x02ab")),
            ("flags of a later version", index(2, &[entry(b"a", 0o100_644, 0x4000)], b"")),
            ("a byte is missing", index(2, &all, b"").split_last().expect("bytes").1.to_vec()),
            ("nothing", Vec::new()),
        ] {
            assert_eq!(names(&odd), None, "{why}");
        }
        let whole = index(2, &[file], b"");
        for n in 0..whole.len() {
            assert_eq!(names(&whole[..n]), None, "{n} bytes");
        }
    }
}
