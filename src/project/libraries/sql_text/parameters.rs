//! Parameters of drivers (`%s`, `%(name)s`, `:name`, `?`) written as PostgreSQL's own, so that its grammar can read the text.

use crate::source::Span;
use crate::syntax::sql::template::{HOLE, Template};

/// A text in PostgreSQL's own words, and whether it marked its parameters by `?`.
pub fn native(template: &Template) -> (Template, bool) {
    let text = template.text();
    let marks = scan(text);
    let percent = marks.iter().any(|m| m.kind == Kind::Percent);
    let question = marks.iter().any(|m| m.kind == Kind::Question);
    let mut edits = Vec::new();
    for m in &marks {
        let span = Span::new(m.start, m.end);
        match m.kind {
            Kind::DoublePercent if percent => edits.push((span, "%")),
            Kind::DoublePercent => {}
            // The hole is the parameter's number: what is left of it stands for a value.
            Kind::Numbered => edits.push((span, " ")),
            Kind::Percent | Kind::Question | Kind::Colon => match word_before(text, m.start).as_str() {
                "in" => edits.push((span, "($1)")),
                // One row or a thousand: the driver writes them.
                "values" if m.kind != Kind::Colon => {
                    let start = text[..m.start].trim_end().len() - "values".len();
                    edits.push((Span::new(start, m.end), "SELECT _db_hole_.*"));
                }
                "interval" | "date" | "timestamp" | "timestamptz" | "time" => edits.push((span, "'1'")),
                _ => edits.push((span, "$1")),
            },
        }
    }
    (template.replaced(&edits), question)
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Percent,
    DoublePercent,
    Colon,
    Question,
    /// The `$` of `${len(args)}`, a number that is worked out.
    Numbered,
}

struct Mark {
    start: usize,
    end: usize,
    kind: Kind,
}

fn word_before(text: &str, at: usize) -> String {
    let before = text[..at].trim_end();
    let start = before.rfind(|c: char| !c.is_ascii_alphabetic()).map_or(0, |n| n + 1);
    before.get(start..).unwrap_or_default().to_ascii_lowercase()
}

/// All marks outside of quotes and comments; doubled percent signs anywhere.
fn scan(text: &str) -> Vec<Mark> {
    let bytes = text.as_bytes();
    let mut marks = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        let rest = &text.as_bytes()[at..];
        let end = match bytes[at] {
            quote @ (b'\'' | b'"') => {
                let end = closing(bytes, at, quote);
                marks.extend(doubled(bytes, at, end));
                end
            }
            b'-' if rest.starts_with(b"--") => memchr::memchr(b'\n', rest).map_or(bytes.len(), |n| at + n),
            b'/' if rest.starts_with(b"/*") => memchr::memmem::find(rest, b"*/").map_or(bytes.len(), |n| at + n + 2),
            b'%' => percent(bytes, at, &mut marks),
            b':' if rest.get(1) == Some(&b':') => at + 2,
            b':' if colon(bytes, at) => {
                let end = at + 1 + rest[1..].iter().take_while(|b| b.is_ascii_alphanumeric() || **b == b'_').count();
                marks.push(Mark { start: at, end, kind: Kind::Colon });
                end
            }
            b'$' if numbered(text, at) => {
                marks.push(Mark { start: at, end: at + 1, kind: Kind::Numbered });
                at + 1
            }
            b'?' if question(text, at) => {
                marks.push(Mark { start: at, end: at + 1, kind: Kind::Question });
                at + 1
            }
            _ => at + 1,
        };
        at = end;
    }
    marks
}

/// Whether a `$` is that of a parameter whose number is a hole; `${tag}$` begins a quoted body.
fn numbered(text: &str, at: usize) -> bool {
    let word = |c: char| c.is_alphanumeric() || matches!(c, '_' | '$');
    let behind = text[at + 1..].strip_prefix(HOLE);
    behind.is_some_and(|rest| !rest.starts_with(word)) && !text[..at].ends_with(word)
}

/// Behind the closing quote; a doubled one stands for itself.
fn closing(bytes: &[u8], start: usize, quote: u8) -> usize {
    let mut at = start + 1;
    while at < bytes.len() {
        if bytes[at] == quote {
            if bytes.get(at + 1) != Some(&quote) {
                return at + 1;
            }
            at += 1;
        }
        at += 1;
    }
    bytes.len()
}

fn doubled(bytes: &[u8], from: usize, to: usize) -> Vec<Mark> {
    let mut out = Vec::new();
    let mut at = from;
    while at + 1 < to {
        if bytes[at] == b'%' && bytes[at + 1] == b'%' {
            out.push(Mark { start: at, end: at + 2, kind: Kind::DoublePercent });
            at += 1;
        }
        at += 1;
    }
    out
}

fn percent(bytes: &[u8], at: usize, marks: &mut Vec<Mark>) -> usize {
    let rest = &bytes[at + 1..];
    let (length, kind) = match rest.first() {
        Some(b'%') => (2, Kind::DoublePercent),
        // psycopg 3 has `%b` and `%t` too.
        Some(b's' | b'b' | b't') if !rest.get(1).is_some_and(|b| b.is_ascii_alphanumeric() || *b == b'_') => (2, Kind::Percent),
        Some(b'(') => match memchr::memchr(b')', rest) {
            Some(n) if matches!(rest.get(n + 1), Some(b's' | b'b' | b't')) => (n + 3, Kind::Percent),
            _ => return at + 1,
        },
        _ => return at + 1,
    };
    marks.push(Mark { start: at, end: at + length, kind });
    at + length
}

/// `:name`, but not the slice `[1:n]` and not `a::b`.
fn colon(bytes: &[u8], at: usize) -> bool {
    let before = at.checked_sub(1).map_or(b' ', |n| bytes[n]);
    let after = bytes.get(at + 1).copied().unwrap_or(b' ');
    (after.is_ascii_alphabetic() || after == b'_') && !(before.is_ascii_alphanumeric() || matches!(before, b':' | b'_' | b']' | b')' | b'"'))
}

/// A parameter, not one of jsonb's operators `data ? 'key'`, `?|`, `?&`.
fn question(text: &str, at: usize) -> bool {
    let (before, after) = (text[..at].trim_end(), &text[at + 1..]);
    let behind_value = before.ends_with(['\'', '"', ']']) || before.ends_with(|c: char| c == ')' && at > before.len());
    !after.starts_with(['|', '&', '?']) && !behind_value && !after.trim_start().starts_with('\'')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::FileId;

    fn native_text(text: &str) -> (String, bool) {
        let (t, question) = native(&Template::from_source(FileId(0), text, 0));
        (t.text().to_owned(), question)
    }

    #[test]
    fn each_drivers_parameters() {
        assert_eq!(native_text("a = %s AND b LIKE 'x%%' AND c IN %(c)s"), ("a = $1 AND b LIKE 'x%' AND c IN ($1)".to_owned(), false));
        assert_eq!(native_text("a = :a AND b::text = ':x' AND c[1:n]"), ("a = $1 AND b::text = ':x' AND c[1:n]".to_owned(), false));
        assert_eq!(native_text("a = ? AND b IN (?, ?)"), ("a = $1 AND b IN ($1, $1)".to_owned(), true));
        assert_eq!(native_text("data ? 'key' AND b ?| array['x'] AND c = '?'"), ("data ? 'key' AND b ?| array['x'] AND c = '?'".to_owned(), false));
        assert_eq!(native_text("a % 2 = 0 AND b LIKE '50%%'"), ("a % 2 = 0 AND b LIKE '50%%'".to_owned(), false));
        assert_eq!(
            native_text("a = $_db_hole_ AND b = $1 AND c = $_db_hole_$x$_db_hole_$"),
            ("a =  _db_hole_ AND b = $1 AND c = $_db_hole_$x$_db_hole_$".to_owned(), false)
        );
        assert_eq!(native_text("INSERT INTO t (a, b) VALUES %s"), ("INSERT INTO t (a, b) SELECT _db_hole_.*".to_owned(), false));
        assert_eq!(native_text("-- 50 %s :x ?\nnow() - interval %s"), ("-- 50 %s :x ?\nnow() - interval '1'".to_owned(), false));
    }

    #[test]
    fn places_stay_exact() {
        let (t, _) = native(&Template::from_source(FileId(0), "a = %(long)s AND b", 100));
        let at = t.text().find('b').expect("it is there");
        assert_eq!(t.locate(Span::new(at, at + 1)).map(|l| l.span), Some(Span::new(117, 118)));
    }
}
