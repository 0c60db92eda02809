//! SQL text put together from literal pieces and holes, with the way back to the files.
//!
//! A Python string has escapes, implicit concatenation and interpolated values; what the parser reads is the decoded text, in which every hole
//! stands as [`HOLE`]. Spans of that text map back to exact source bytes, or to nothing where a hole takes part.

use serde::{Deserialize, Serialize};

use crate::source::{FileId, Location, Span};
use crate::syntax::python::Segment;

/// What stands in the text for a hole: an identifier nobody writes. A name or string that contains it is unknown.
pub const HOLE: &str = "_db_hole_";

/// SQL text with its way back to the sources.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Template {
    text: String,
    pieces: Vec<Piece>,
}

/// A run of bytes of the text; runs lie side by side.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Piece {
    /// First byte in the text.
    start: u32,
    /// First byte behind it.
    end: u32,
    /// Where it comes from.
    source: Location,
    /// How the bytes correspond.
    kind: PieceKind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum PieceKind {
    /// One to one.
    Verbatim,
    /// The piece as a whole (an escape).
    Whole,
    /// Unknown text.
    Hole,
}

impl Template {
    /// A file, or the part of it that begins at byte `offset` and says `text`.
    pub fn from_source(file: FileId, text: &str, offset: u32) -> Self {
        let mut template = Self::default();
        template.push_verbatim(text, Location::new(file, Span::new(offset as usize, offset as usize + text.len())));
        template
    }

    /// Adds the decoded content of a string literal. `segments` are those of the literal: sorted, the first at decoded offset 0; a segment
    /// whose source is longer or shorter than its decoded bytes maps as a whole.
    pub fn push_literal(&mut self, text: &str, file: FileId, segments: &[Segment]) {
        for (n, segment) in segments.iter().enumerate() {
            let start = segment.decoded as usize;
            let end = segments.get(n + 1).map_or(text.len(), |next| next.decoded as usize);
            let Some(part) = text.get(start..end) else { continue };
            let source = Location::new(file, segment.source);
            if part.len() == segment.source.len() {
                self.push_verbatim(part, source);
            } else {
                self.push(part, source, PieceKind::Whole);
            }
        }
    }

    /// Adds text that stands in the source byte for byte.
    pub fn push_verbatim(&mut self, text: &str, source: Location) {
        self.push(text, source, PieceKind::Verbatim);
    }

    /// Adds a value known from elsewhere (a resolved constant): its text is read, and any place in it maps to `source` as a whole.
    pub fn push_value(&mut self, text: &str, source: Location) {
        self.push(text, source, PieceKind::Whole);
    }

    /// Adds something unknown that stands at `source`.
    pub fn push_hole(&mut self, source: Location) {
        self.push(HOLE, source, PieceKind::Hole);
    }

    /// Adds another template behind this one.
    pub fn append(&mut self, other: &Template) {
        let by = Span::new(self.text.len(), self.text.len()).start;
        self.text.push_str(&other.text);
        self.pieces.extend(other.pieces.iter().map(|p| Piece { start: p.start + by, end: p.end + by, ..*p }));
    }

    /// The same text with some spans (sorted, apart from each other) written differently; what is written there stands where the span stood. A span that
    /// touches a hole stays.
    #[must_use]
    pub fn replaced(&self, edits: &[(Span, &str)]) -> Template {
        let mut out = Template::default();
        let mut at = 0;
        for (span, text) in edits {
            if let Some(source) = self.locate(*span)
                && span.start >= at
            {
                out.copy(self, at, span.start);
                out.push_value(text, source);
                at = span.end;
            }
        }
        out.copy(self, at, u32::try_from(self.text.len()).unwrap_or(u32::MAX));
        out
    }

    /// Adds bytes `from..to` of another template.
    fn copy(&mut self, other: &Template, from: u32, to: u32) {
        for p in other.under(Span { start: from, end: to }) {
            let (start, end) = (p.start.max(from), p.end.min(to));
            let Some(text) = other.text.get(start as usize..end as usize).filter(|t| !t.is_empty()) else { continue };
            let source = match p.kind {
                PieceKind::Verbatim => {
                    let first = p.source.span.start + (start - p.start);
                    Location::new(p.source.file, Span { start: first, end: first + (end - start) })
                }
                PieceKind::Whole | PieceKind::Hole => p.source,
            };
            self.push(text, source, p.kind);
        }
    }

    fn push(&mut self, text: &str, source: Location, kind: PieceKind) {
        if text.is_empty() {
            return;
        }
        let span = Span::new(self.text.len(), self.text.len() + text.len());
        self.text.push_str(text);
        self.pieces.push(Piece { start: span.start, end: span.end, source, kind });
    }

    /// The bytes of `span`, with their places; a hole that it touches is kept whole.
    #[must_use]
    pub fn part(&self, span: Span) -> Template {
        let mut out = Self::default();
        for p in self.under(span) {
            let (start, end) = if p.kind == PieceKind::Hole { (p.start, p.end) } else { (p.start.max(span.start), p.end.min(span.end)) };
            let Some(text) = self.text.get(start as usize..end as usize) else { continue };
            let source = match p.kind {
                PieceKind::Verbatim => {
                    let from = p.source.span.start + (start - p.start);
                    Location::new(p.source.file, Span { start: from, end: from + (end - start) })
                }
                _ => p.source,
            };
            out.push(text, source, p.kind);
        }
        out
    }

    /// The text that is parsed.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Where its pieces come from, in order.
    pub fn sources(&self) -> impl Iterator<Item = Location> {
        self.pieces.iter().map(|p| p.source)
    }

    /// The bytes of every hole, in order.
    pub fn holes(&self) -> impl Iterator<Item = Span> + '_ {
        self.pieces.iter().filter(|p| p.kind == PieceKind::Hole).map(|p| Span { start: p.start, end: p.end })
    }

    /// Whether anything is unknown.
    pub fn has_holes(&self) -> bool {
        self.holes().next().is_some()
    }

    /// Whether the span touches a hole.
    pub fn touches_hole(&self, span: Span) -> bool {
        self.under(span).iter().any(|p| p.kind == PieceKind::Hole)
    }

    /// Where the span stands in the sources: from the source of its first byte to that of its last. `None` if it touches a hole or lies outside.
    /// A span that reaches into another file ends with the first one's last byte.
    pub fn locate(&self, span: Span) -> Option<Location> {
        let pieces = self.under(span);
        let first = pieces.first()?;
        if pieces.iter().any(|p| p.kind == PieceKind::Hole) {
            return None;
        }
        let file = first.source.file;
        let last = pieces.iter().rev().find(|p| p.source.file == file)?;
        let start = match first.kind {
            PieceKind::Verbatim => first.source.span.start + (span.start.max(first.start) - first.start),
            _ => first.source.span.start,
        };
        let end = match last.kind {
            PieceKind::Verbatim => last.source.span.start + (span.end.min(last.end).max(last.start) - last.start),
            _ => last.source.span.end,
        };
        Some(Location::new(file, Span { start, end: end.max(start) }))
    }

    /// The pieces that share a byte with the span; for an empty span the one it stands in or behind.
    fn under(&self, span: Span) -> &[Piece] {
        let first = self.pieces.partition_point(|p| p.end <= span.start);
        let behind = self.pieces.partition_point(|p| p.start < span.end.max(span.start + 1));
        if first < behind {
            return &self.pieces[first..behind];
        }
        match self.pieces.last() {
            Some(last) if span.start >= last.end => &self.pieces[self.pieces.len() - 1..],
            _ => &[],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn span(start: usize, end: usize) -> Span {
        Span::new(start, end)
    }

    #[test]
    fn a_span_over_an_escape_takes_the_whole_escape() {
        let mut t = Template::default();
        // source "a\nbc" at byte 10: the escape takes two bytes
        let segments =
            [Segment { decoded: 0, source: span(10, 11) }, Segment { decoded: 1, source: span(11, 13) }, Segment { decoded: 2, source: span(13, 15) }];
        t.push_literal("a\nbc", FileId(3), &segments);
        assert_eq!(t.locate(span(0, 2)), Some(Location::new(FileId(3), span(10, 13))));
        assert_eq!(t.locate(span(3, 4)), Some(Location::new(FileId(3), span(14, 15))));
    }

    #[test]
    fn a_span_that_touches_a_hole_is_nowhere() {
        let mut t = Template::from_source(FileId(0), "select ", 5);
        t.push_hole(Location::new(FileId(0), span(20, 25)));
        t.push_verbatim(" from t", Location::new(FileId(1), span(0, 7)));
        assert_eq!(t.text(), "select _db_hole_ from t");
        assert_eq!(t.locate(span(0, 6)), Some(Location::new(FileId(0), span(5, 11))));
        assert_eq!(t.locate(span(7, 8)), None);
        assert_eq!(t.locate(span(22, 23)), Some(Location::new(FileId(1), span(6, 7))));
        assert_eq!(t.holes().collect::<Vec<_>>(), [span(7, 16)]);
    }

    #[test]
    fn the_end_of_the_text_is_behind_its_last_byte() {
        let t = Template::from_source(FileId(0), "abc", 0);
        assert_eq!(t.locate(span(3, 3)), Some(Location::new(FileId(0), span(3, 3))));
    }
}
