//! A quick look at string quotes, without a parser.

/// Where a triple-quoted string begins that is never closed; `None` if there is none.
///
/// Knows comments, prefixes, escapes and strings that end at their line; not nested quotes inside f-string holes, which cancel out unless they
/// are an odd number of triple quotes.
pub(super) fn unterminated_triple_quote(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    let mut at = 0;
    while let Some(found) = memchr::memchr3(b'\'', b'"', b'#', bytes.get(at..)?) {
        let open = at + found;
        at = match bytes[open] {
            b'#' => memchr::memchr2(b'\n', b'\r', &bytes[open..]).map_or(bytes.len(), |n| open + n),
            quote if bytes[open..].starts_with(&[quote; 3]) => match triple_end(bytes, open + 3, quote) {
                Some(end) => end,
                None => return Some(open),
            },
            quote => single_end(bytes, open + 1, quote),
        };
    }
    None
}

/// The start of the line that `at` stands in.
pub(super) fn line_start(text: &str, at: usize) -> usize {
    memchr::memrchr2(b'\n', b'\r', &text.as_bytes()[..at]).map_or(0, |n| n + 1)
}

/// Behind the closing quotes of a triple-quoted string whose content begins at `at`.
fn triple_end(bytes: &[u8], mut at: usize, quote: u8) -> Option<usize> {
    while let Some(found) = memchr::memchr2(b'\\', quote, bytes.get(at..)?) {
        at += found;
        if bytes[at] == b'\\' {
            at += 2;
        } else if bytes[at..].starts_with(&[quote; 3]) {
            return Some(at + 3);
        } else {
            at += 1;
        }
    }
    None
}

/// Behind the closing quote of a string on one line, or at the line's end.
fn single_end(bytes: &[u8], mut at: usize, quote: u8) -> usize {
    while let Some(&byte) = bytes.get(at) {
        match byte {
            b'\\' => at += if bytes[at + 1..].starts_with(b"\r\n") { 3 } else { 2 },
            b'\n' | b'\r' => return at,
            _ if byte == quote => return at + 1,
            _ => at += 1,
        }
    }
    bytes.len()
}

#[cfg(test)]
mod tests {
    use super::unterminated_triple_quote as open;

    #[test]
    fn closed_strings_are_closed() {
        for text in ["", "'''a'''", "x = '''a\\''' '''", "# '''\n", "'\"\"\"'", "'it\\'s' '''x'''", "''", "'open\n'''a'''", "'a\\\n\"\"\"'"] {
            assert_eq!(open(text), None, "{text}");
        }
    }

    #[test]
    fn open_ones_are_found() {
        assert_eq!(open("a\n'''b"), Some(2));
        assert_eq!(open("'''a''' \"\"\"''' "), Some(8));
        assert_eq!(open("'''a\\"), Some(0));
    }
}
