//! Markdown, as far as documents about a database go: headings, fenced code, tables, lists and plain lines, each with its place.
//!
//! No inline structure beyond code spans, no HTML, no nesting of lists: a checker of documents asks where a name stands and what stands around
//! it. Blocks follow `CommonMark` for fences and ATX headings, and GitHub's tables.

use serde::{Deserialize, Serialize};

use crate::source::Span;

/// One document.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Document {
    /// Blocks in order.
    pub blocks: Vec<Block>,
}

/// A piece of a document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Block {
    /// `## text`
    Heading {
        /// 1 to 6.
        level: u8,
        /// What it says, without `#`s.
        text: Span,
    },
    /// A line of a paragraph or of anything else.
    Line {
        /// The line, without space around it.
        text: Span,
    },
    /// An item of a list: its first line.
    Item {
        /// Columns of space before the marker.
        indent: u32,
        /// The text behind the marker.
        text: Span,
    },
    /// A table.
    Table(Table),
    /// Fenced code.
    Fence(Fence),
}

/// A table with a header.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Table {
    /// The header's cells, without space around them.
    pub header: Vec<Span>,
    /// The cells of the other rows, as many as each has.
    pub rows: Vec<Vec<Span>>,
}

/// A fenced block of code.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fence {
    /// The first word behind the opening fence, in lower case: `sql`, `python`, or empty.
    pub language: String,
    /// From the first code line's start to the closing fence's line.
    pub code: Span,
    /// Each code line without the fence's own indentation and without its end.
    pub lines: Vec<Span>,
}

impl Fence {
    /// Whether the code is the bytes of `code` as they stand, with nothing to strip from its lines.
    pub fn is_verbatim(&self) -> bool {
        let mut at = self.code.start;
        self.lines.iter().all(|l| {
            let ok = l.start == at || l.start == at + 1;
            at = l.end + 1;
            ok
        })
    }
}

/// The blocks of `text`.
pub fn parse(text: &str) -> Document {
    let mut lines = Lines { text, at: 0 }.peekable();
    let mut blocks = Vec::new();
    while let Some(line) = lines.next() {
        let (indent, body) = trimmed(text, line);
        if body.is_empty() {
            continue;
        }
        let content = &text[body.range()];
        if let Some((marker, len)) = opening_fence(content) {
            blocks.push(Block::Fence(fence(text, &mut lines, line, indent, body, (marker, len))));
        } else if let Some(heading) = heading(text, body) {
            blocks.push(heading);
        } else if content.contains('|') && lines.peek().is_some_and(|next| is_delimiter_row(&text[next.range()])) {
            let header = cells(text, body);
            lines.next();
            let mut rows = Vec::new();
            while let Some(row) = lines.next_if(|row| text[row.range()].contains('|')) {
                rows.push(cells(text, trimmed(text, row).1));
            }
            blocks.push(Block::Table(Table { header, rows }));
        } else if let Some(text) = item(text, body) {
            blocks.push(Block::Item { indent, text });
        } else {
            blocks.push(Block::Line { text: body });
        }
    }
    Document { blocks }
}

/// The code spans (`` `…` ``) of a piece of text, without their backticks.
pub fn code_spans(text: &str, within: Span) -> Vec<Span> {
    let Some(content) = text.get(within.range()) else { return Vec::new() };
    let bytes = content.as_bytes();
    let (mut spans, mut at) = (Vec::new(), 0);
    while let Some(open) = memchr::memchr(b'`', &bytes[at..]).map(|n| at + n) {
        let ticks = bytes[open..].iter().take_while(|&&b| b == b'`').count();
        let from = open + ticks;
        let Some(close) = memchr::memmem::find(&bytes[from..], &bytes[open..from]).map(|n| from + n) else { break };
        let inner = &content[from..close];
        let start = from + (inner.len() - inner.trim_start().len());
        let base = within.start as usize;
        if !inner.trim().is_empty() {
            spans.push(Span::new(base + start, base + start + inner.trim().len()));
        }
        at = close + ticks;
    }
    spans
}

/// Lines without their ends, as [`crate::source::SourceFile`] counts them.
struct Lines<'a> {
    text: &'a str,
    at: usize,
}

impl Iterator for Lines<'_> {
    type Item = Span;

    fn next(&mut self) -> Option<Span> {
        if self.at >= self.text.len() {
            return None;
        }
        let start = self.at;
        let rest = &self.text.as_bytes()[start..];
        let len = memchr::memchr2(b'\n', b'\r', rest).unwrap_or(rest.len());
        let end = if rest[len..].starts_with(b"\r\n") { 2 } else { 1 };
        self.at = start + len + end;
        Some(Span::new(start, start + len))
    }
}

/// How far the line is indented (block quote marks count as space), and what it says without space around it.
fn trimmed(text: &str, line: Span) -> (u32, Span) {
    let content = &text[line.range()];
    let body = content.trim_start_matches([' ', '\t', '>', '\u{FEFF}']);
    let start = line.start as usize + content.len() - body.len();
    let body = body.trim_end();
    (u32::try_from(start).unwrap_or(u32::MAX) - line.start, Span::new(start, start + body.len()))
}

/// The character and length of an opening fence.
fn opening_fence(content: &str) -> Option<(char, usize)> {
    let marker = content.chars().next().filter(|c| matches!(c, '`' | '~'))?;
    let len = content.chars().take_while(|&c| c == marker).count();
    // Three backticks around a word on one line are a code span.
    (len >= 3 && !(marker == '`' && content[len..].contains('`'))).then_some((marker, len))
}

fn fence(text: &str, lines: &mut std::iter::Peekable<Lines<'_>>, opening: Span, indent: u32, body: Span, (marker, len): (char, usize)) -> Fence {
    let info = text[body.range()][len..].trim();
    let info = info.trim_start_matches(['{', '.']).split([' ', ',', '}', '{', '\t']).next().unwrap_or("");
    let start = lines.peek().map_or(text.len(), |l| l.start as usize);
    let mut made = Fence { language: info.to_ascii_lowercase(), code: Span::new(start, start), lines: Vec::new() };
    for line in lines.by_ref() {
        let inner = &text[trimmed(text, line).1.range()];
        let closes = inner.len() >= len && inner.chars().all(|c| c == marker);
        if closes {
            made.code.end = line.start;
            return made;
        }
        let strip = text[line.range()].bytes().take(indent as usize).take_while(|b| matches!(b, b' ' | b'\t' | b'>')).count();
        made.lines.push(Span::new(line.start as usize + strip, line.end as usize));
        made.code.end = line.end;
    }
    if made.lines.is_empty() {
        made.code = Span { start: opening.end, end: opening.end };
    }
    made
}

fn heading(text: &str, body: Span) -> Option<Block> {
    let content = &text[body.range()];
    let level = content.bytes().take_while(|&b| b == b'#').count();
    let rest = &content[level..];
    if !(1..=6).contains(&level) || !(rest.is_empty() || rest.starts_with([' ', '\t'])) {
        return None;
    }
    let words = rest.trim_start();
    let start = body.start as usize + content.len() - words.len();
    let words = words.trim_end_matches('#').trim_end();
    Some(Block::Heading { level: u8::try_from(level).unwrap_or(6), text: Span::new(start, start + words.len()) })
}

fn item(text: &str, body: Span) -> Option<Span> {
    let content = &text[body.range()];
    let digits = content.bytes().take_while(u8::is_ascii_digit).count();
    let marker = match content.as_bytes().get(digits) {
        Some(b'.' | b')') if (1..=9).contains(&digits) => digits + 1,
        Some(b'-' | b'*' | b'+') if digits == 0 => 1,
        _ => return None,
    };
    let rest = &content[marker..];
    if !rest.starts_with([' ', '\t']) {
        return None;
    }
    let words = rest.trim_start();
    let words = ["[ ] ", "[x] ", "[X] "].iter().find_map(|b| words.strip_prefix(b)).unwrap_or(words);
    let start = body.start as usize + content.len() - words.len();
    Some(Span::new(start, body.end as usize))
}

/// `| --- | :-: |`
fn is_delimiter_row(line: &str) -> bool {
    let line = line.trim_matches(|c: char| c.is_whitespace() || c == '>');
    line.contains('-') && line.contains('|') && line.bytes().all(|b| matches!(b, b'|' | b'-' | b':' | b' ' | b'\t'))
}

/// The cells of a row: split at `|` that is neither escaped nor inside a code span.
fn cells(text: &str, row: Span) -> Vec<Span> {
    let content = &text[row.range()];
    let inner = content.strip_prefix('|').unwrap_or(content);
    let mut start = row.start as usize + content.len() - inner.len();
    let (mut made, mut code, mut escaped) = (Vec::new(), false, false);
    let base = start;
    for (n, byte) in inner.bytes().enumerate() {
        match byte {
            b'|' if !code && !escaped => {
                made.push(trimmed_cell(text, start, base + n));
                start = base + n + 1;
            }
            b'`' => code = !code,
            _ => {}
        }
        escaped = byte == b'\\' && !escaped;
    }
    if start < row.end as usize {
        made.push(trimmed_cell(text, start, row.end as usize));
    }
    made
}

fn trimmed_cell(text: &str, start: usize, end: usize) -> Span {
    let content = &text[start..end];
    let from = start + content.len() - content.trim_start().len();
    Span::new(from, from + content.trim().len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> Vec<String> {
        let at = |s: &Span| text[s.range()].to_owned();
        let row = |r: &Vec<Span>| r.iter().map(at).collect::<Vec<_>>().join("/");
        let show = |b: &Block| match b {
            Block::Heading { level, text } => format!("h{level} {}", at(text)),
            Block::Line { text } => format!("p {}", at(text)),
            Block::Item { indent, text } => format!("i{indent} {}", at(text)),
            Block::Table(t) => format!("t {} {}", row(&t.header), t.rows.iter().map(row).collect::<Vec<_>>().join(" ")),
            Block::Fence(f) => format!("f {} {}", f.language, f.lines.iter().map(at).collect::<Vec<_>>().join("\\n")),
        };
        parse(text).blocks.iter().map(show).collect()
    }

    #[test]
    fn blocks() {
        let text = "# Orders #\n\nThe `orders` table.\n\n| column | type |\n|---|:-:|\n| `id` | a \\| b |\n| x\n- one\n  1. [ ] two\n#no\n---\n";
        assert_eq!(shown(text), ["h1 Orders", "p The `orders` table.", "t column/type `id`/a \\| b x", "i0 one", "i2 two", "p #no", "p ---"]);
    }

    #[test]
    fn fences() {
        assert_eq!(shown("```sql title=x\r\nselect 1\r\n\r\n  x\r\n````\r\nend"), ["f sql select 1\\n\\n  x", "p end"]);
        assert_eq!(shown("~~~\n```\n~~~"), ["f  ```"]);
        assert_eq!(shown("- a\n  ```python\n  x = 1\n    y\n  ```\n"), ["i0 a", "f python x = 1\\n  y"]);
        assert_eq!(shown("```{.SQL}\nnever closed"), ["f sql never closed"]);
        assert_eq!(shown("```"), ["f  "]);
        assert_eq!(shown("```one``` line"), ["p ```one``` line"]);
        assert_eq!(shown("> ```sql\n> select 1\n> ```\n"), ["f sql select 1"]);
    }

    #[test]
    fn code_in_text() {
        let text = "a `b` `` c`d `` `e";
        let spans: Vec<_> = code_spans(text, Span::new(0, text.len())).iter().map(|s| &text[s.range()]).collect();
        assert_eq!(spans, ["b", "c`d"]);
    }

    #[test]
    fn any_text_is_a_document() {
        for text in ["", "\u{FEFF}# a", "|", "|\n|-|", "é|\n-|-\n|é", "#", "-", "`", "> ", "\r\r\n|a|\r|-|\r"] {
            parse(text);
        }
    }
}
