//! String literals: prefixes, escapes, holes, implicit concatenation, and the way back to the source.

use smallvec::SmallVec;

use super::Lowerer;
use crate::source::Span;
use crate::syntax::python::kinds::Kind;
use crate::syntax::python::{Expr, ExprKind, Segment, StrLit, StrPart, StrText};

/// What the letters before the quote say.
#[derive(Clone, Copy, Debug, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a letter that may stand there or not")]
pub(in crate::syntax::python) struct Prefix {
    pub(in crate::syntax::python) raw: bool,
    bytes: bool,
    /// `f` or `t`: it can have holes.
    pub(in crate::syntax::python) holes: bool,
    template: bool,
}

impl Prefix {
    pub(in crate::syntax::python) fn of(start: &str) -> Self {
        let mut prefix = Self::default();
        for letter in start.bytes() {
            match letter | 0x20 {
                b'r' => prefix.raw = true,
                b'b' => prefix.bytes = true,
                b'f' => prefix.holes = true,
                b't' => (prefix.holes, prefix.template) = (true, true),
                _ => {}
            }
        }
        prefix
    }
}

/// A literal while it is put together.
#[derive(Default)]
pub(in crate::syntax::python) struct Builder {
    parts: SmallVec<[StrPart; 1]>,
    text: String,
    segments: SmallVec<[Segment; 1]>,
    template: bool,
    bytes: bool,
}

impl Builder {
    /// Source bytes that stand for themselves.
    pub(in crate::syntax::python) fn plain(&mut self, text: &str, at: usize) {
        if text.is_empty() {
            return;
        }
        let source = Span::new(at, at + text.len());
        let decoded = u32::try_from(self.text.len()).unwrap_or(u32::MAX);
        match self.segments.last_mut() {
            // Goes on where the last one ended, one to one.
            Some(last) if last.source.end == source.start && decoded - last.decoded == last.source.end - last.source.start => last.source.end = source.end,
            _ => self.segments.push(Segment { decoded, source }),
        }
        if self.text.is_empty() {
            self.text.reserve_exact(text.len());
        }
        self.text.push_str(text);
    }

    /// A character that the source writes differently.
    fn escape(&mut self, decoded: &str, source: Span) {
        if !decoded.is_empty() {
            self.segments.push(Segment { decoded: u32::try_from(self.text.len()).unwrap_or(u32::MAX), source });
            self.text.push_str(decoded);
        }
    }

    fn end_text(&mut self) {
        if !self.text.is_empty() {
            let text = std::mem::take(&mut self.text).into_boxed_str();
            let mut segments = std::mem::take(&mut self.segments);
            segments.shrink_to_fit();
            self.parts.push(StrPart::Text(StrText { text, segments }));
        }
    }

    pub(in crate::syntax::python) fn finish(mut self) -> ExprKind {
        self.end_text();
        self.parts.shrink_to_fit();
        let literal = Box::new(StrLit { parts: self.parts, template: self.template });
        if self.bytes { ExprKind::Bytes(literal) } else { ExprKind::Str(literal) }
    }

    /// Notes what the prefix of one of the literals says of the whole.
    pub(in crate::syntax::python) fn is(&mut self, prefix: Prefix) {
        self.bytes |= prefix.bytes;
        self.template |= prefix.template;
    }

    /// An interpolation.
    pub(in crate::syntax::python) fn hole(&mut self, expr: Expr, span: Span, plain: bool) {
        self.end_text();
        self.parts.push(StrPart::Hole { expr, span, plain });
    }

    /// Decodes literal text that begins at byte `at` of the source.
    pub(in crate::syntax::python) fn decode(&mut self, text: &str, at: usize, prefix: Prefix) {
        let bytes = text.as_bytes();
        // What cannot be copied as it stands.
        let special = |bytes: &[u8]| match (prefix.holes, prefix.raw) {
            (false, false) => memchr::memchr2(b'\\', b'\r', bytes),
            (false, true) => memchr::memchr(b'\r', bytes),
            (true, raw) => bytes.iter().position(|&b| matches!(b, b'{' | b'}' | b'\r') || (b == b'\\' && !raw)),
        };
        let mut done = 0;
        while let Some(found) = special(&bytes[done..]) {
            let here = done + found;
            self.plain(&text[done..here], at + done);
            let (decoded, len) = match bytes[here] {
                // Python reads every line end as `\n`.
                b'\r' => ("\n".into(), if bytes.get(here + 1) == Some(&b'\n') { 2 } else { 1 }),
                b'\\' => escape(&text[here..]),
                brace if bytes.get(here + 1) == Some(&brace) => ((brace as char).to_string(), 2),
                brace => ((brace as char).to_string(), 1),
            };
            if len == decoded.len() && text[here..here + len] == *decoded {
                self.plain(&text[here..here + len], at + here);
            } else {
                self.escape(&decoded, Span::new(at + here, at + here + len));
            }
            done = here + len;
        }
        self.plain(&text[done..], at + done);
    }
}

/// What the escape at the start of `text` means, and how many bytes it has. An unknown one stands for itself.
///
/// A character that Rust cannot hold (half of a surrogate pair) or that needs Unicode's list of names (`\N{…}`) becomes U+FFFD.
fn escape(text: &str) -> (String, usize) {
    let bytes = text.as_bytes();
    let simple = |c: char| (c.to_string(), 2);
    let hex = |digits: usize| {
        let code = text.get(2..2 + digits).filter(|d| d.bytes().all(|b| b.is_ascii_hexdigit())).and_then(|d| u32::from_str_radix(d, 16).ok());
        code.map_or_else(|| ("\\".to_owned(), 1), |code| (char::from_u32(code).unwrap_or('\u{FFFD}').to_string(), 2 + digits))
    };
    match bytes.get(1) {
        Some(b'\n') => (String::new(), 2),
        Some(b'\r') => (String::new(), if bytes.get(2) == Some(&b'\n') { 3 } else { 2 }),
        Some(&c @ (b'\\' | b'\'' | b'"')) => simple(c as char),
        Some(b'a') => simple('\x07'),
        Some(b'b') => simple('\x08'),
        Some(b'f') => simple('\x0C'),
        Some(b'n') => simple('\n'),
        Some(b'r') => simple('\r'),
        Some(b't') => simple('\t'),
        Some(b'v') => simple('\x0B'),
        Some(b'0'..=b'7') => {
            let len = bytes[1..].iter().take(3).take_while(|b| (b'0'..=b'7').contains(b)).count();
            let code = u32::from_str_radix(&text[1..=len], 8).unwrap_or(0);
            (char::from_u32(code).unwrap_or('\u{FFFD}').to_string(), 1 + len)
        }
        Some(b'x') => hex(2),
        Some(b'u') => hex(4),
        Some(b'U') => hex(8),
        Some(b'N') => match text.find('}') {
            Some(end) if bytes.get(2) == Some(&b'{') => ("\u{FFFD}".to_owned(), end + 1),
            _ => ("\\".to_owned(), 1),
        },
        _ => ("\\".to_owned(), 1),
    }
}

impl Lowerer<'_> {
    /// The string at the cursor, added to what stands before it.
    pub(super) fn string(&mut self, into: &mut Builder) {
        let span = self.span();
        let text = self.text_at(span);
        let letters = text.find(['\'', '"', '`']).unwrap_or(text.len());
        let prefix = Prefix::of(&text[..letters]);
        let quote = text[letters..].bytes().next().unwrap_or(b'"');
        // Six quotes in a row are an empty string; so are two.
        let quotes = if text[letters..].len() >= 6 && text.as_bytes()[letters..].starts_with(&[quote; 3]) { 3 } else { 1 };
        let mut at = span.start as usize + letters + quotes;
        let end = (span.end as usize).saturating_sub(quotes).max(at);
        if prefix.holes {
            self.each(|l, kind| {
                if kind == Kind::Interpolation {
                    let hole = l.span();
                    into.decode(l.slice(at, hole.start as usize), at, prefix);
                    l.interpolation(hole, into);
                    at = hole.end as usize;
                }
            });
        }
        into.decode(self.slice(at, end), at, prefix);
        into.is(prefix);
    }

    fn interpolation(&mut self, span: Span, into: &mut Builder) {
        let mut value: Option<Expr> = None;
        let mut plain = true;
        let mut shows = false;
        self.each(|l, kind| {
            if shows {
                // `{x = }` writes its own source text before the value.
                let start = span.start as usize + 1;
                into.plain(l.slice(start, l.span().start as usize), start);
                shows = false;
            }
            match kind {
                Kind::Equals => (shows, plain) = (true, false),
                Kind::TypeConversion | Kind::FormatSpecifier => plain = false,
                kind if kind.is_token() => {}
                _ => value = Some(l.expr()),
            }
        });
        let expr = value.unwrap_or(Expr { span, kind: ExprKind::Opaque });
        into.hole(expr, span, plain);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::syntax::python::{StmtKind, parse};

    fn literal(source: &str) -> StrLit {
        // By itself it would be prose.
        let module = parse(&format!("{source}.x"));
        match module.body.into_iter().next().map(|s| s.kind) {
            Some(StmtKind::Expr(e)) => match e.kind {
                ExprKind::Attribute(a) => match a.value.kind {
                    ExprKind::Str(s) => *s,
                    other => panic!("{other:?}"),
                },
                other => panic!("{other:?}"),
            },
            other => panic!("{other:?}"),
        }
    }

    fn constant(source: &str) -> String {
        literal(source).constant().expect("no hole").into_owned()
    }

    #[test]
    fn escapes_decode_as_in_python() {
        assert_eq!(constant(r#""a\n\t\\\"\x41\101\0\u00e9\U0001F600\q""#), "a\n\t\\\"AA\0é😀\\q");
        assert_eq!(constant("'a\\\nb'"), "ab");
        assert_eq!(constant(r"r'\n\''"), r"\n\'");
        assert_eq!(constant("'''a\r\nb'''"), "a\nb");
        assert_eq!(constant(r"'\xZ\u12'"), r"\xZ\u12");
    }

    #[test]
    fn neighbours_are_joined() {
        assert_eq!(constant("('a'\n  # between\n  \"b\" r'\\c')"), "ab\\c");
    }

    #[test]
    fn every_part_leads_back_to_its_source() {
        let source = "'a\\nb' 'c'";
        let lit = literal(source);
        let [StrPart::Text(text)] = lit.parts.as_slice() else { panic!("{lit:?}") };
        let shown: Vec<_> = text.segments.iter().map(|s| (s.decoded, &source[s.source.range()])).collect();
        assert_eq!(shown, [(0, "a"), (1, "\\n"), (2, "b"), (3, "c")]);
    }

    #[test]
    fn braces_of_f_strings() {
        let lit = literal("f'{{x}} {a.b!r} {c:>{w}} {d}' '{e}'");
        let shown: Vec<_> = lit.parts.iter().map(|p| if let StrPart::Hole { plain, .. } = p { format!("hole {plain}") } else { text(p) }).collect();
        assert_eq!(shown, ["{x} ", "hole false", " ", "hole false", " ", "hole true", "{e}"]);
    }

    fn text(part: &StrPart) -> String {
        if let StrPart::Text(t) = part { t.text.to_string() } else { String::new() }
    }
}
