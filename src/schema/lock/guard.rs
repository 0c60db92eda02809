//! What is refused before any parser sees it: what a bad merge leaves behind, and what would make a YAML parser slow.

use super::LockError;

/// No lock of a real database comes near (10,000 tables make 8 MB).
const SIZE: usize = 32 << 20;
/// Brackets inside brackets; YAML parsers take time quadratic in it.
const NESTING: usize = 64;

/// Refuses text that is too large or holds conflict markers. Cheap; runs on every lock.
pub(super) fn first(text: &str) -> Result<(), LockError> {
    if text.len() > SIZE {
        return Err(LockError::at(text, 0, format!("the lock is {} MiB large; the limit is {} MiB", text.len() >> 20, SIZE >> 20)));
    }
    for marker in ["<<<<<<< ", ">>>>>>> "] {
        let found = memchr::memmem::find_iter(text.as_bytes(), marker).find(|n| *n == 0 || text.as_bytes()[n - 1] == b'\n');
        if let Some(n) = found {
            return Err(LockError::at(text, n, "unresolved merge conflict in the lock")
                .with_help("take either side, then run `dbtruth pull` against the merged schema and commit its result; `dbtruth merge` as git's merge driver settles most of them by itself (docs/locks.md)"));
        }
    }
    Ok(())
}

/// Refuses what only the real parser would meet: anchors, aliases and tags, and deep nesting. Linear in the text.
pub(super) fn before_parser(text: &str) -> Result<(), LockError> {
    let mut scan = Scan { depth: 0, quote: None, block: None };
    let mut offset = 0;
    for line in text.split_inclusive('\n') {
        scan.line(line).map_err(|(at, message)| LockError::at(text, offset + at, message))?;
        offset += line.len();
    }
    Ok(())
}

struct Scan {
    depth: usize,
    quote: Option<u8>,
    /// Inside a block scalar: the indentation of the line that opened it.
    block: Option<usize>,
}

impl Scan {
    fn line(&mut self, line: &str) -> Result<(), (usize, String)> {
        let bytes = line.trim_end().as_bytes();
        let indent = bytes.iter().take_while(|b| **b == b' ').count();
        if let Some(opened) = self.block {
            if bytes.len() == indent || indent > opened {
                return Ok(());
            }
            self.block = None;
        }
        let mut compact = 0;
        // Whether a value may begin at this byte.
        let mut fresh = self.quote.is_none();
        let mut marker = false;
        let mut n = indent;
        while n < bytes.len() {
            let b = bytes[n];
            if let Some(quote) = self.quote {
                if b == b'\\' && quote == b'"' {
                    n += 1;
                } else if b == quote {
                    self.quote = None;
                }
                n += 1;
                continue;
            }
            match b {
                b'#' if n == 0 || bytes[n - 1] == b' ' => break,
                b'&' | b'*' | b'!' if fresh => {
                    return Err((n, "anchors, aliases and tags are not allowed in a lock".to_owned()));
                }
                b'"' | b'\'' if fresh => self.quote = Some(b),
                b'[' | b'{' if fresh || self.depth > 0 => self.depth += 1,
                b']' | b'}' => self.depth = self.depth.saturating_sub(1),
                b'-' | b'?' if fresh && bytes.get(n + 1).is_none_or(|b| *b == b' ') => compact += 1,
                b'|' | b'>' if fresh && self.depth == 0 => {
                    self.block = Some(indent);
                    break;
                }
                _ => {}
            }
            if self.depth + compact > NESTING || indent > 4 * NESTING {
                return Err((n, format!("nested more than {NESTING} deep")));
            }
            (fresh, marker) = match b {
                b'[' | b'{' | b',' => (self.depth > 0, false),
                b' ' | b'\t' => (fresh || marker, false),
                b':' => (false, true),
                b'-' | b'?' => (false, fresh),
                _ => (false, false),
            };
            n += 1;
        }
        Ok(())
    }
}
