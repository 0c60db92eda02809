//! Places as the protocol counts them: lines from 0, and in each line units of the encoding that the client and we agreed on.

use gen_lsp_types::{Position, Range};

use crate::source::{SourceFile, Span};

/// What a line's columns count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Encoding {
    /// Bytes.
    Utf8,
    /// Units of UTF-16: what every client understands.
    #[default]
    Utf16,
    /// Characters.
    Utf32,
}

impl Encoding {
    /// The best that the client offers: bytes cost us nothing, characters little.
    pub fn choose<'s>(offered: impl Iterator<Item = &'s str> + Clone) -> Self {
        let has = |name: &str| offered.clone().any(|o| o == name);
        if has("utf-8") {
            Encoding::Utf8
        } else if has("utf-32") {
            Encoding::Utf32
        } else {
            Encoding::Utf16
        }
    }

    /// Its name in the protocol.
    pub fn name(self) -> &'static str {
        match self {
            Encoding::Utf8 => "utf-8",
            Encoding::Utf16 => "utf-16",
            Encoding::Utf32 => "utf-32",
        }
    }

    fn width(self, c: char) -> usize {
        match self {
            Encoding::Utf8 => c.len_utf8(),
            Encoding::Utf16 => c.len_utf16(),
            Encoding::Utf32 => 1,
        }
    }

    /// The place of a byte. One inside a character counts as the character's start, one behind the end as the end.
    pub fn position(self, file: &SourceFile, offset: u32) -> Position {
        let mut at = (offset as usize).min(file.text.len());
        while !file.text.is_char_boundary(at) {
            at -= 1;
        }
        let starts = file.line_starts();
        let line = starts.partition_point(|&s| s as usize <= at).max(1) - 1;
        let before = &file.text[starts[line] as usize..at];
        let column = if self == Encoding::Utf8 { before.len() } else { before.chars().map(|c| self.width(c)).sum() };
        let count = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        Position { line: count(line), character: count(column) }
    }

    /// The places of both ends.
    pub fn range(self, file: &SourceFile, span: Span) -> Range {
        Range { start: self.position(file, span.start), end: self.position(file, span.end) }
    }

    /// The byte of a place. What lies behind a line's end counts as its end, what lies behind the last line as the end of the text, and the middle of a
    /// character as its start.
    pub fn offset(self, file: &SourceFile, position: Position) -> usize {
        let starts = file.line_starts();
        let Some(&start) = starts.get(position.line as usize) else { return file.text.len() };
        let line = file.line_span(position.line.saturating_add(1)).range();
        let mut left = position.character as usize;
        let mut at = start as usize;
        for c in file.text[line].chars() {
            let width = self.width(c);
            if left < width {
                break;
            }
            left -= width;
            at += c.len_utf8();
        }
        at
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Language;

    #[test]
    fn places_go_there_and_back_in_every_encoding() {
        let f = SourceFile::new("a.py", Language::Python, "é😀x\r\n\tß = 1\rend");
        for encoding in [Encoding::Utf8, Encoding::Utf16, Encoding::Utf32] {
            for (at, _) in f.text.char_indices().filter(|(at, c)| *c != '\n' && *at != 8) {
                let position = encoding.position(&f, u32::try_from(at).expect("a short text"));
                assert_eq!(encoding.offset(&f, position), at, "{encoding:?} {position:?}");
            }
        }
        assert_eq!(Encoding::Utf16.position(&f, 6), Position { line: 0, character: 3 });
        assert_eq!(Encoding::Utf32.position(&f, 6), Position { line: 0, character: 2 });
        assert_eq!(Encoding::Utf8.position(&f, 6), Position { line: 0, character: 6 });
    }

    #[test]
    fn impossible_places_are_the_nearest_possible_ones() {
        let f = SourceFile::new("a.py", Language::Python, "a😀b\nc");
        let at = |line, character| Encoding::Utf16.offset(&f, Position { line, character });
        assert_eq!(at(0, 2), 1, "inside a surrogate pair");
        assert_eq!(at(0, 99), 6, "behind the line's end");
        assert_eq!(at(1, u32::MAX), 8);
        assert_eq!(at(u32::MAX, 0), 8);
    }
}
