//! Strings as the code builds them: literal pieces that know their place, and holes.

use std::borrow::Cow;
use std::sync::Arc;

use crate::source::{FileId, Location, Span};
use crate::syntax::python::{Segment, StrText};
use crate::syntax::sql::template::Template;

/// A piece of a string.
#[derive(Clone, Debug, PartialEq)]
pub enum TextPart<'a> {
    /// Bytes `from..to` of a literal's decoded text.
    Literal {
        /// The file it stands in.
        file: FileId,
        /// The literal.
        literal: &'a StrText,
        /// First decoded byte.
        from: u32,
        /// Behind the last decoded byte.
        to: u32,
    },
    /// Text that stands nowhere as such (a number formatted, a joined comma); `at` is the expression that made it.
    Made {
        /// The text.
        text: Arc<str>,
        /// What made it.
        at: Location,
    },
    /// Something unknown.
    Hole(Location),
}

/// A string in pieces. Cheap to clone.
#[derive(Clone, Debug, PartialEq)]
pub struct Text<'a> {
    /// In order.
    pub parts: Arc<[TextPart<'a>]>,
}

/// A string of more pieces than this is known only so far: `s = s + s` on line after line doubles it.
const MAX_PARTS: usize = 10_000;

fn capped(mut parts: Vec<TextPart<'_>>) -> Arc<[TextPart<'_>]> {
    if let Some(first_left_out) = parts.get(MAX_PARTS) {
        let at = match first_left_out {
            TextPart::Literal { file, literal, .. } => Location::new(*file, literal.segments.first().map_or(Span::default(), |s| s.source)),
            TextPart::Made { at, .. } | TextPart::Hole(at) => *at,
        };
        parts.truncate(MAX_PARTS);
        parts.push(TextPart::Hole(at));
    }
    parts.into()
}

impl<'a> Text<'a> {
    /// From its parts.
    pub fn new(parts: Vec<TextPart<'a>>) -> Self {
        Self { parts: capped(parts) }
    }

    /// A text that no literal spells.
    pub fn made(text: &str, at: Location) -> Self {
        Self::new(vec![TextPart::Made { text: text.into(), at }])
    }

    /// One unknown piece.
    pub fn hole(at: Location) -> Self {
        Self::new(vec![TextPart::Hole(at)])
    }

    /// Both, one behind the other.
    #[must_use]
    pub fn concat(&self, other: &Text<'a>) -> Self {
        Self { parts: capped(self.parts.iter().chain(other.parts.iter()).take(MAX_PARTS + 1).cloned().collect()) }
    }

    /// The text where nothing is unknown.
    pub fn constant(&self) -> Option<Cow<'a, str>> {
        match &*self.parts {
            [] => Some(Cow::Borrowed("")),
            [TextPart::Literal { literal, from, to, .. }] => literal.text.get(*from as usize..*to as usize).map(Cow::Borrowed),
            parts => parts.iter().map(TextPart::known).collect::<Option<Vec<_>>>().map(|all| Cow::Owned(all.concat())),
        }
    }

    /// The text with every hole as `placeholder`.
    pub fn with_holes(&self, placeholder: &str) -> String {
        self.parts.iter().map(|p| p.known().unwrap_or(placeholder)).collect()
    }

    /// Whether something in it is unknown.
    pub fn has_hole(&self) -> bool {
        self.parts.iter().any(|p| matches!(p, TextPart::Hole(_)))
    }

    /// Where bytes `range` of [`Text::constant`] stand; `None` where they touch a hole or made-up text, or lie in two literals.
    pub fn locate(&self, range: std::ops::Range<usize>) -> Option<Location> {
        let mut at = 0;
        for p in &*self.parts {
            let len = p.known()?.len();
            if range.start >= at && range.end <= at + len && (range.start < at + len || len == 0 || range.is_empty()) {
                return match p {
                    TextPart::Literal { file, literal, from, .. } => Some(Location::new(
                        *file,
                        source_span(&literal.segments, literal.text.len(), *from as usize + range.start - at..*from as usize + range.end - at),
                    )),
                    TextPart::Made { .. } | TextPart::Hole(_) => None,
                };
            }
            at += len;
        }
        None
    }

    /// The text as the SQL room reads it, with every hole as its stand-in; spans of it lead back to the sources.
    pub fn template(&self) -> Template {
        let mut template = Template::default();
        for part in &*self.parts {
            match part {
                TextPart::Literal { file, literal, from, to } => {
                    let (from, to) = (*from as usize, *to as usize);
                    let Some(text) = literal.text.get(from..to) else { continue };
                    template.push_literal(text, *file, &cut_segments(&literal.segments, literal.text.len(), from, to));
                }
                TextPart::Made { text, at } => template.push_value(text, *at),
                TextPart::Hole(at) => template.push_hole(*at),
            }
        }
        template
    }

    /// Where the whole text stands, if it is one literal.
    pub fn location(&self) -> Option<Location> {
        self.locate(0..self.constant()?.len())
    }

    /// The same; for a text that no literal spells, what made it.
    pub fn made_at(&self) -> Option<Location> {
        match &*self.parts {
            [TextPart::Made { at, .. }] => Some(*at),
            _ => self.location(),
        }
    }
}

impl TextPart<'_> {
    /// The text of the piece, where known.
    pub fn known(&self) -> Option<&str> {
        match self {
            TextPart::Literal { literal, from, to, .. } => literal.text.get(*from as usize..*to as usize),
            TextPart::Made { text, .. } => Some(text),
            TextPart::Hole(_) => None,
        }
    }
}

/// The segments of decoded bytes `from..to`, counted from `from`.
fn cut_segments(segments: &[Segment], decoded_len: usize, from: usize, to: usize) -> Vec<Segment> {
    let mut out = Vec::new();
    for (n, s) in segments.iter().enumerate() {
        let start = s.decoded as usize;
        let end = segments.get(n + 1).map_or(decoded_len, |next| next.decoded as usize);
        let (a, b) = (start.max(from), end.min(to));
        if a >= b {
            continue;
        }
        let one_to_one = end - start == s.source.len();
        let source = if one_to_one { Span::new(s.source.start as usize + (a - start), s.source.start as usize + (b - start)) } else { s.source };
        out.push(Segment { decoded: Span::new(a - from, 0).start, source });
    }
    out
}

/// The source bytes behind a range of decoded bytes.
pub fn source_span(segments: &[Segment], decoded_len: usize, range: std::ops::Range<usize>) -> Span {
    let point = |at: usize, is_end: bool| -> usize {
        // An end that falls on a segment's start belongs to the segment before.
        let n = segments.partition_point(|s| if is_end && at > 0 { (s.decoded as usize) < at } else { s.decoded as usize <= at });
        let Some(s) = n.checked_sub(1).and_then(|n| segments.get(n)) else { return 0 };
        let next = segments.get(n).map_or(decoded_len, |s| s.decoded as usize);
        let one_to_one = next - s.decoded as usize == s.source.len();
        match (one_to_one, is_end) {
            (true, _) => s.source.start as usize + (at - s.decoded as usize),
            (false, false) => s.source.start as usize,
            (false, true) => s.source.end as usize,
        }
    };
    let start = point(range.start, false);
    Span::new(start, if range.is_empty() { start } else { point(range.end, true) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_string_that_doubles_again_and_again_stays_small() {
        let mut text = Text::made("a", Location::new(FileId(0), Span::new(0, 1)));
        for _ in 0..100 {
            text = text.concat(&text);
        }
        assert_eq!(text.parts.len(), MAX_PARTS + 1);
        assert!(text.has_hole());
    }

    #[test]
    fn spans_go_back_through_escapes() {
        // source: 'a\nbc' at 10: quote at 10, a at 11, \n at 12..14, bc at 14..16
        let lit = StrText {
            text: "a\nbc".into(),
            segments: smallvec::smallvec![
                Segment { decoded: 0, source: Span::new(11, 12) },
                Segment { decoded: 1, source: Span::new(12, 14) },
                Segment { decoded: 2, source: Span::new(14, 16) },
            ],
        };
        let t = Text::new(vec![TextPart::Literal { file: FileId(0), literal: &lit, from: 0, to: 4 }]);
        assert_eq!(t.locate(2..4).map(|l| l.span), Some(Span::new(14, 16)));
        assert_eq!(t.locate(1..2).map(|l| l.span), Some(Span::new(12, 14)));
        assert_eq!(t.locate(0..4).map(|l| l.span), Some(Span::new(11, 16)));
    }
}
