//! The document as maps, lists and text, with the place of each; and the fast reader of the form that we write ourselves.
//!
//! The fast reader borrows from the text and knows just what [`super::write`] emits plus what people usually do to it by hand: block maps,
//! one-line lists and maps, plain and quoted one-line scalars, comments. Whatever else YAML allows makes it give up, and
//! [`super::full`] reads the document with the real parser. Where both succeed they agree; a test holds them to it.

use std::borrow::Cow;

use crate::source::Span;

/// One value of the document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Node<'a> {
    /// Where it stands; empty at 0 where that is not known.
    pub at: Span,
    /// What it is.
    pub value: Value<'a>,
}

/// The three shapes, and nothing at all. Scalars are always text: `yes`, `1e3` and `null` are names here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Value<'a> {
    /// `key:` with nothing behind it.
    Nothing,
    /// A scalar.
    Text(Cow<'a, str>),
    /// A sequence.
    List(Vec<Node<'a>>),
    /// A mapping in the order of the document, duplicates included.
    Map(Vec<(Key<'a>, Node<'a>)>),
}

/// The key of a map's entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Key<'a> {
    /// Where it stands.
    pub at: Span,
    /// Its text.
    pub text: Cow<'a, str>,
}

/// Deeper than any lock goes (tables, table, columns, column).
const DEPTH: usize = 8;
/// YAML allows no longer key on one line.
const KEY_LIMIT: usize = 1000;

/// Takes an entry of a section, `tables: {public.t: …}`, as soon as it is read; `None` gives up.
pub(super) type Take<'s, 'a> = &'s mut dyn FnMut(&str, Key<'a>, Node<'a>) -> Option<()>;

/// Reads `text`, or gives `None` where it is not in the form described above.
pub(super) fn read(text: &str) -> Option<Node<'_>> {
    read_by(text, &[], &mut |_, _, _| None)
}

/// The same, but the entries of these sections of the document are handed over one by one, and their maps left empty: a lock of thousands of tables then takes no more memory
/// than one of them.
pub(super) fn read_by<'a>(text: &'a str, sections: &[&str], take: Take<'_, 'a>) -> Option<Node<'a>> {
    let odd = |b: &u8| *b < 0x20 && *b != b'\n' && *b != b'\r' || *b == 0x7f;
    if text.as_bytes().iter().any(odd) || has_lone_return(text) {
        return None;
    }
    // YAML 1.1 ends lines at these.
    if !text.is_ascii() && text.contains(['\u{85}', '\u{2028}', '\u{2029}', '\u{feff}']) {
        return None;
    }
    whole(text, sections, &mut |reader, name, line| {
        let (key, value) = reader.entry(line, DEPTH - 1)?;
        take(name, key, value)
    })
}

/// The same of a text that [`read_by`] read before: of the entries of these sections only the keys are read, and handed over with the bytes at which they begin.
pub(super) fn keys_by<'a>(text: &'a str, sections: &[&str], take: &mut dyn FnMut(&str, Key<'a>, usize) -> Option<()>) -> Option<Node<'a>> {
    whole(text, sections, &mut |reader, name, line| {
        let key = reader.skip(line)?;
        take(name, key, line.start - line.indent)
    })
}

/// The entry of a section that begins with the line at that byte.
pub(super) fn entry_at(text: &str, at: usize) -> Option<(Key<'_>, Node<'_>)> {
    let mut reader = Reader { text, at };
    let line = reader.peek()?;
    reader.entry(line, DEPTH - 1)
}

/// What is done with an entry of a section, whose first line it is.
type Each<'s, 'a> = &'s mut dyn FnMut(&mut Reader<'a>, &str, Line) -> Option<()>;

fn whole<'a>(text: &'a str, sections: &[&str], each: Each<'_, 'a>) -> Option<Node<'a>> {
    let mut reader = Reader { text, at: 0 };
    let node = reader.document(sections, each)?;
    match reader.peek() {
        None => Some(node),
        Some(_) => None,
    }
}

fn has_lone_return(text: &str) -> bool {
    let bytes = text.as_bytes();
    memchr::memchr_iter(b'\r', bytes).any(|n| bytes.get(n + 1) != Some(&b'\n'))
}

struct Reader<'a> {
    text: &'a str,
    /// Start of the line that is read next.
    at: usize,
}

/// A line with something on it.
#[derive(Clone, Copy)]
struct Line {
    /// First byte that is no space.
    start: usize,
    /// Behind the last byte.
    end: usize,
    /// Spaces before `start`.
    indent: usize,
    /// Start of the following line.
    next: usize,
}

impl<'a> Reader<'a> {
    /// The next line that holds more than spaces or a comment; skipped lines are consumed, that one is not.
    fn peek(&mut self) -> Option<Line> {
        let bytes = self.text.as_bytes();
        while self.at < bytes.len() {
            let stop = memchr::memchr(b'\n', &bytes[self.at..]).map_or(bytes.len(), |n| self.at + n);
            let next = (stop + 1).min(bytes.len());
            let end = if stop > self.at && bytes[stop - 1] == b'\r' { stop - 1 } else { stop };
            let indent = bytes[self.at..end].iter().take_while(|b| **b == b' ').count();
            let start = self.at + indent;
            if start < end && bytes[start] != b'#' {
                return Some(Line { start, end, indent, next });
            }
            self.at = next;
        }
        None
    }

    /// All of the text.
    fn document(&mut self, sections: &[&str], each: Each<'_, 'a>) -> Option<Node<'a>> {
        let first = self.peek()?;
        let mut entries = Vec::new();
        while !sections.is_empty()
            && let Some(line) = self.peek().filter(|line| line.indent == 0)
        {
            if self.is_item(line) {
                return None;
            }
            let name = self.text[line.start..line.end].strip_suffix(':').filter(|name| sections.contains(name));
            self.at = if name.is_some() { line.next } else { line.start };
            let inside = name.and_then(|name| Some((name, self.peek().filter(|next| next.indent > 0)?)));
            let Some((name, next)) = inside else {
                self.at = line.start;
                entries.push(self.entry(line, DEPTH)?);
                continue;
            };
            while let Some(inner) = self.peek().filter(|inner| inner.indent >= next.indent) {
                if inner.indent != next.indent || self.is_item(inner) {
                    return None;
                }
                each(self, name, inner)?;
            }
            let key = Key { at: Span::new(line.start, line.start + name.len()), text: Cow::Borrowed(name) };
            entries.push((key, Node { at: Span::new(line.end, line.end), value: Value::Nothing }));
        }
        if sections.is_empty() {
            return self.block(0, DEPTH);
        }
        Some(Node { at: Span::new(first.start, first.end), value: Value::Map(entries) })
    }

    fn is_item(&self, line: Line) -> bool {
        let bytes = self.text.as_bytes();
        bytes[line.start] == b'-' && (line.start + 1 == line.end || bytes[line.start + 1] == b' ')
    }

    /// The map or list whose lines stand at `indent`.
    fn block(&mut self, indent: usize, depth: usize) -> Option<Node<'a>> {
        let line = self.peek().filter(|line| line.indent == indent && depth > 0)?;
        if self.is_item(line) {
            let mut items = Vec::new();
            while let Some(line) = self.peek().filter(|line| line.indent == indent && self.is_item(*line)) {
                self.at = line.next;
                let (value, end) = self.value_at(line.start + 1, line.end)?;
                self.end_of_line(end, line.end)?;
                items.push(value);
            }
            return Some(Node { at: Span::new(line.start, line.end), value: Value::List(items) });
        }
        let mut entries = Vec::new();
        while let Some(line) = self.peek().filter(|line| line.indent >= indent) {
            if line.indent != indent || self.is_item(line) {
                return None;
            }
            entries.push(self.entry(line, depth)?);
        }
        Some(Node { at: Span::new(line.start, line.end), value: Value::Map(entries) })
    }

    fn entry(&mut self, line: Line, depth: usize) -> Option<(Key<'a>, Node<'a>)> {
        let bytes = self.text.as_bytes();
        self.at = line.next;
        // `? key` and `: value` on two lines: how a key is written that is too long for one line.
        if bytes[line.start] == b'?' {
            let (key, end) = self.value_at(line.start + 1, line.end)?;
            self.end_of_line(end, line.end)?;
            let second = self.peek().filter(|l| l.indent == line.indent && bytes[l.start] == b':')?;
            self.at = second.next;
            let (value, end) = self.value_at(second.start + 1, second.end)?;
            self.end_of_line(end, second.end)?;
            let Value::Text(text) = key.value else { return None };
            return Some((Key { at: key.at, text }, value));
        }
        let (key, after) = self.key(line.start, line.end)?;
        if key.text.len() > KEY_LIMIT {
            return None;
        }
        let (value, end) = self.value_at(after, line.end)?;
        self.end_of_line(end, line.end)?;
        if value.value != Value::Nothing {
            return Some((key, value));
        }
        // Nothing on the line: the value is the deeper block that follows, or a list at the same depth.
        let value = match self.peek() {
            Some(next) if next.indent > line.indent => self.block(next.indent, depth - 1)?,
            Some(next) if next.indent == line.indent && self.text[next.start..next.end].starts_with("- ") => self.block(next.indent, depth - 1)?,
            _ => value,
        };
        Some((key, value))
    }

    /// The key of a block's entry, whose lines are passed over.
    fn skip(&mut self, line: Line) -> Option<Key<'a>> {
        let bytes = self.text.as_bytes();
        if bytes[line.start] == b'?' {
            return None;
        }
        let (key, _) = self.key(line.start, line.end)?;
        self.at = line.next;
        // Blank lines and comments are what they are inside of.
        let deeper = |at: usize| bytes[at..].iter().take(line.indent + 1).all(|b| *b == b' ');
        while self.at < bytes.len() && (deeper(self.at) || self.peek().is_some_and(|next| next.indent > line.indent)) {
            self.at = memchr::memchr(b'\n', &bytes[self.at..]).map_or(bytes.len(), |n| self.at + n + 1);
        }
        Some(key)
    }

    /// A key and the place behind its colon.
    fn key(&self, start: usize, end: usize) -> Option<(Key<'a>, usize)> {
        let bytes = self.text.as_bytes();
        if matches!(bytes[start], b'"' | b'\'') {
            let (text, stop) = self.quoted(start, end)?;
            let colon = stop + self.spaces(stop, end);
            let closed = bytes.get(colon) == Some(&b':') && colon < end && (colon + 1 == end || bytes[colon + 1] == b' ');
            return closed.then(|| (Key { at: Span::new(start, stop), text }, colon + 1));
        }
        let colon = start + memchr::memchr_iter(b':', &bytes[start..end]).find(|n| start + n + 1 == end || bytes[start + n + 1] == b' ')?;
        let text = self.text[start..colon].trim_end_matches(' ');
        plain(text, false).then(|| (Key { at: Span::new(start, start + text.len()), text: Cow::Borrowed(text) }, colon + 1))
    }

    fn spaces(&self, start: usize, end: usize) -> usize {
        self.text.as_bytes()[start..end].iter().take_while(|b| **b == b' ').count()
    }

    /// Only spaces or a comment may follow.
    fn end_of_line(&self, at: usize, end: usize) -> Option<()> {
        let spaces = self.spaces(at, end);
        let rest = &self.text[at + spaces..end];
        (rest.is_empty() || spaces > 0 && rest.starts_with('#')).then_some(())
    }

    /// The value that begins on this line behind `from`, and where it ends. A plain one takes the rest of the line.
    fn value_at(&self, from: usize, end: usize) -> Option<(Node<'a>, usize)> {
        let start = from + self.spaces(from, end);
        let bytes = self.text.as_bytes();
        if start == end || bytes[start] == b'#' && start > from {
            return Some((Node { at: Span::new(from, from), value: Value::Nothing }, from));
        }
        if start == from {
            return None;
        }
        match bytes[start] {
            b'"' | b'\'' | b'[' | b'{' => self.flow(start, end, DEPTH),
            _ => {
                let line = &self.text[start..end];
                let comment = line.as_bytes().windows(2).position(|pair| pair == b" #");
                let text = comment.map_or(line, |n| &line[..n]).trim_end_matches(' ');
                let node = Node { at: Span::new(start, start + text.len()), value: Value::Text(Cow::Borrowed(text)) };
                plain(text, false).then_some((node, start + text.len()))
            }
        }
    }

    /// A value inside brackets (or the brackets themselves), and where it ends.
    fn flow(&self, start: usize, end: usize, depth: usize) -> Option<(Node<'a>, usize)> {
        let bytes = self.text.as_bytes();
        if depth == 0 || start >= end {
            return None;
        }
        match bytes[start] {
            b'"' | b'\'' => {
                let (text, stop) = self.quoted(start, end)?;
                Some((Node { at: Span::new(start, stop), value: Value::Text(text) }, stop))
            }
            b'[' => {
                let mut items = Vec::new();
                let stop = self.flow_items(start, end, b']', |at| {
                    let (item, stop) = self.flow(at, end, depth - 1)?;
                    items.push(item);
                    Some(stop)
                })?;
                Some((Node { at: Span::new(start, stop), value: Value::List(items) }, stop))
            }
            b'{' => {
                let mut entries = Vec::new();
                let stop = self.flow_items(start, end, b'}', |at| {
                    let (key, stop) = self.flow(at, end, 1)?;
                    let Value::Text(text) = key.value else { return None };
                    let colon = stop + self.spaces(stop, end);
                    if colon + 1 >= end || bytes[colon] != b':' || bytes[colon + 1] != b' ' || text.len() > KEY_LIMIT {
                        return None;
                    }
                    let value = colon + 1 + self.spaces(colon + 1, end);
                    let (value, stop) = self.flow(value, end, depth - 1)?;
                    entries.push((Key { at: key.at, text }, value));
                    Some(stop)
                })?;
                Some((Node { at: Span::new(start, stop), value: Value::Map(entries) }, stop))
            }
            _ => {
                let stops = |n: &usize| match bytes[*n] {
                    b',' | b'[' | b']' | b'{' | b'}' => true,
                    b':' => *n + 1 == end || matches!(bytes[*n + 1], b' ' | b',' | b'[' | b']' | b'{' | b'}'),
                    _ => false,
                };
                let stop = (start..end).find(stops)?;
                let text = self.text[start..stop].trim_end_matches(' ');
                let node = Node { at: Span::new(start, start + text.len()), value: Value::Text(Cow::Borrowed(text)) };
                plain(text, true).then_some((node, start + text.len()))
            }
        }
    }

    /// What stands between brackets, separated by commas; `item` reads one and gives its end. Gives the place behind the closing bracket.
    fn flow_items(&self, start: usize, end: usize, close: u8, mut item: impl FnMut(usize) -> Option<usize>) -> Option<usize> {
        let bytes = self.text.as_bytes();
        let mut at = start + 1;
        at += self.spaces(at, end);
        while at < end && bytes[at] != close {
            at = item(at)?;
            at += self.spaces(at, end);
            match bytes.get(at).filter(|_| at < end)? {
                b',' => at += 1 + self.spaces(at + 1, end),
                b if *b == close => {}
                _ => return None,
            }
        }
        (at < end).then_some(at + 1)
    }

    /// A quoted scalar on one line, and the place behind its closing quote.
    fn quoted(&self, start: usize, end: usize) -> Option<(Cow<'a, str>, usize)> {
        let body = &self.text[start + 1..end];
        if self.text.as_bytes()[start] == b'\'' {
            let mut from = 0;
            loop {
                let n = from + body[from..].find('\'')?;
                if !body[n + 1..].starts_with('\'') {
                    let raw = &body[..n];
                    let text = if raw.contains("''") { Cow::Owned(raw.replace("''", "'")) } else { Cow::Borrowed(raw) };
                    return Some((text, start + 1 + n + 1));
                }
                from = n + 2;
            }
        }
        let n = memchr::memchr2(b'"', b'\\', body.as_bytes())?;
        if body.as_bytes()[n] == b'"' {
            return Some((Cow::Borrowed(&body[..n]), start + 1 + n + 1));
        }
        let (text, length) = unescape(body)?;
        Some((Cow::Owned(text), start + 1 + length))
    }
}

/// Whether `text` is a plain scalar as it stands, by the rules for a scalar on one line.
fn plain(text: &str, flow: bool) -> bool {
    let bytes = text.as_bytes();
    let Some(first) = bytes.first() else { return false };
    let head = match first {
        b',' | b'[' | b']' | b'{' | b'}' | b'#' | b'&' | b'*' | b'!' | b'|' | b'>' | b'\'' | b'"' | b'%' | b'@' | b'`' => false,
        // `-1` is plain; `- `, `---` and their like are left to the real parser.
        b'-' | b'?' | b':' => !flow && bytes.len() > 1 && bytes[1].is_ascii_alphanumeric(),
        b'.' | b'<' | b'=' => !matches!(text, "..." | "<<" | "="),
        _ => true,
    };
    // By hand: a search for two bytes costs more to begin than the few bytes here take.
    let ends = |pair: &[u8]| matches!(pair, b": " | b" #");
    head && bytes.last() != Some(&b':') && !bytes.windows(2).any(ends) && !(flow && bytes.iter().any(|b| matches!(b, b'#' | b':' | b'?')))
}

/// The text of a double-quoted scalar that begins at `body`, and its length with the closing quote.
fn unescape(body: &str) -> Option<(String, usize)> {
    let mut out = String::new();
    let mut chars = body.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => return Some((out, at + 1)),
            '\\' => {
                let (_, escape) = chars.next()?;
                let digits = match escape {
                    'x' => 2,
                    'u' => 4,
                    'U' => 8,
                    _ => {
                        out.push(simple_escape(escape)?);
                        continue;
                    }
                };
                let code = (0..digits).try_fold(0u32, |code, _| Some(code * 16 + chars.next()?.1.to_digit(16)?))?;
                out.push(char::from_u32(code)?);
            }
            c => out.push(c),
        }
    }
    None
}

fn simple_escape(escape: char) -> Option<char> {
    Some(match escape {
        '0' => '\0',
        'a' => '\u{7}',
        'b' => '\u{8}',
        't' => '\t',
        'n' => '\n',
        'v' => '\u{b}',
        'f' => '\u{c}',
        'r' => '\r',
        'e' => '\u{1b}',
        ' ' => ' ',
        '"' => '"',
        '/' => '/',
        '\\' => '\\',
        'N' => '\u{85}',
        '_' => '\u{a0}',
        'L' => '\u{2028}',
        'P' => '\u{2029}',
        _ => return None,
    })
}
