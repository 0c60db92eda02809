//! Tables of sorted lines that are fetched page by page: who asks for three names of a hundred thousand reads three pages.
//!
//! A line is a key, a tab and a value. A page is so many whole lines; an index says with which key each begins, so that one page is fetched for a key, and no other.

use std::fmt;
use std::hash::Hasher;
use std::ops::Range;
use std::sync::OnceLock;

use rustc_hash::FxHasher;

/// A page that cannot be had, or is not what it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unreadable;

/// Bytes after which a page ends with the line.
const PAGE: usize = 8192;

/// Gives the bytes that lie there, counted from where the pages begin; `None` where they are not to be had.
pub type Fetch = Box<dyn Fn(Range<u64>) -> Option<String> + Send + Sync>;

/// See the module.
pub struct Pages {
    tables: Vec<Vec<Page>>,
    fetch: Fetch,
}

struct Page {
    /// The key of its first line.
    first: String,
    at: Range<u64>,
    sum: u64,
    /// `None`: it cannot be had, or is not what it was.
    text: OnceLock<Option<String>>,
}

impl fmt::Debug for Pages {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.tables.iter().map(Vec::len)).finish()
    }
}

/// A digest by which broken text is known.
pub fn sum(text: &[u8]) -> u64 {
    let mut hash = FxHasher::default();
    hash.write(text);
    hash.write_usize(text.len());
    hash.finish()
}

/// The index over tables. The pages themselves are the tables one after another.
pub fn index(tables: &[String]) -> String {
    let mut out = String::new();
    for (n, table) in tables.iter().enumerate() {
        let mut rest = table.as_str();
        while !rest.is_empty() {
            let behind = rest.as_bytes().get(PAGE..).and_then(|more| memchr::memchr(b'\n', more));
            let end = behind.map_or(rest.len(), |more| PAGE + more + 1);
            let (page, after) = rest.split_at(end);
            out.push_str(&format!("{n} {} {:x}\t{}\n", page.len(), sum(page.as_bytes()), key_of(page)));
            rest = after;
        }
    }
    out
}

fn key_of(line: &str) -> &str {
    let end = memchr::memchr2(b'\t', b'\n', line.as_bytes()).unwrap_or(line.len());
    // What has no key is one piece of text.
    if line.as_bytes().get(end) == Some(&b'\t') { &line[..end] } else { "" }
}

impl Pages {
    /// Of so many tables, by an index that [`index`] gave; `None` where it did not. Also says how many bytes the pages take.
    pub fn new(tables: usize, index: &str, fetch: Fetch) -> Option<(Self, u64)> {
        let mut all: Vec<Vec<Page>> = (0..tables).map(|_| Vec::new()).collect();
        let mut at = 0;
        for line in index.lines() {
            let (numbers, first) = line.split_once('\t')?;
            let mut numbers = numbers.split(' ');
            let table = all.get_mut(numbers.next()?.parse::<usize>().ok()?)?;
            let end = numbers.next()?.parse::<u64>().ok().and_then(|length| u64::checked_add(at, length))?;
            let sum = u64::from_str_radix(numbers.next()?, 16).ok()?;
            table.push(Page { first: first.to_owned(), at: at..end, sum, text: OnceLock::new() });
            at = end;
        }
        Some((Self { tables: all, fetch }, at))
    }

    fn text<'p>(&'p self, page: &'p Page) -> Option<&'p str> {
        let fetch = || (self.fetch)(page.at.clone()).filter(|text| sum(text.as_bytes()) == page.sum);
        page.text.get_or_init(fetch).as_deref()
    }

    /// What stands behind a key. The lines of a table are sorted by bytes. `Err` where that cannot be read.
    pub fn find(&self, table: usize, key: &str) -> Result<Option<&str>, Unreadable> {
        let Some(pages) = self.tables.get(table) else { return Ok(None) };
        let Some(page) = pages.partition_point(|p| p.first.as_str() <= key).checked_sub(1).and_then(|n| pages.get(n)) else { return Ok(None) };
        Ok(look_up(self.text(page).ok_or(Unreadable)?, key))
    }

    /// The pages of a table; `None` for one that cannot be read.
    pub fn all(&self, table: usize) -> impl Iterator<Item = Option<&str>> {
        self.tables.get(table).into_iter().flatten().map(|page| self.text(page))
    }
}

/// The value behind a key among sorted lines.
fn look_up<'t>(text: &'t str, key: &str) -> Option<&'t str> {
    let (mut from, mut to) = (0, text.len());
    while from < to {
        let middle = from + (to - from) / 2;
        let start = memchr::memrchr(b'\n', text.as_bytes().get(from..middle)?).map_or(from, |n| from + n + 1);
        let end = memchr::memchr(b'\n', text.as_bytes().get(middle..to)?).map_or(to, |n| middle + n);
        let line = text.get(start..end)?;
        let (own, value) = line.split_once('\t').unwrap_or((line, ""));
        match own.cmp(key) {
            std::cmp::Ordering::Equal => return Some(value),
            std::cmp::Ordering::Less => from = (end + 1).min(to),
            std::cmp::Ordering::Greater => to = start,
        }
    }
    None
}

/// Pages of tables that are all here.
pub fn in_memory(tables: &[String]) -> Pages {
    let text = tables.concat();
    let part = move |at: Range<u64>| text.get(usize::try_from(at.start).ok()?..usize::try_from(at.end).ok()?).map(str::to_owned);
    Pages::new(tables.len(), &index(tables), Box::new(part)).expect("its own index").0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_found_among_sorted_lines() {
        let pages = in_memory(&[String::new(), "a\t1\nab\t2 3\nb\t\nzz\t4\n".to_owned()]);
        for (key, value) in [("a", Some("1")), ("ab", Some("2 3")), ("b", Some("")), ("zz", Some("4")), ("", None), ("aa", None), ("c", None), ("zzz", None)] {
            assert_eq!(pages.find(1, key), Ok(value), "{key}");
            assert_eq!(pages.find(0, key), Ok(None));
            assert_eq!(pages.find(9, key), Ok(None));
        }
    }

    #[test]
    fn many_lines_are_many_pages_and_every_key_is_in_one() {
        let key = |n: usize| format!("k{n:06}");
        let table: String = (0..9000).map(|n| format!("{}\t{}\n", key(2 * n), "é".repeat(n % 50))).collect();
        let tables = [table, "one piece\t".to_owned() + &"x".repeat(3 * PAGE)];
        let pages = in_memory(&tables);
        assert!(pages.tables[0].len() > 20 && pages.tables[1].len() == 1, "{pages:?}");
        for n in 0..9000 {
            assert_eq!(pages.find(0, &key(2 * n)), Ok(Some("é".repeat(n % 50).as_str())));
            assert_eq!(pages.find(0, &key(2 * n + 1)), Ok(None));
        }
        assert_eq!(pages.all(0).map(|p| p.expect("a page")).collect::<String>(), tables[0]);
    }

    #[test]
    fn what_is_not_as_it_was_is_not_believed() {
        let tables = ["a\t1\n".to_owned()];
        for text in [None, Some("a\t2\n"), Some("a\t1")] {
            let pages = Pages::new(1, &index(&tables), Box::new(move |_| text.map(str::to_owned))).expect("an index").0;
            assert_eq!((pages.find(0, "a"), pages.all(0).collect::<Vec<_>>()), (Err(Unreadable), vec![None]));
        }
        for index in ["x", "0 1\t", "0 x 0\t", "1 1 0\t", "0 18446744073709551615 0\t\n0 1 0\t"] {
            assert!(Pages::new(1, index, Box::new(|_| None)).is_none(), "{index}");
        }
    }
}
