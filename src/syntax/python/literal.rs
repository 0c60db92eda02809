//! String literals in the tree.

use serde::{Deserialize, Serialize};
use smallvec::SmallVec;

use super::ast::Expr;
use crate::source::Span;

/// A string literal: parts in order, adjacent literals joined.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StrLit {
    /// Text and holes in order. An empty literal has no parts.
    pub parts: SmallVec<[StrPart; 1]>,
    /// A template string (`t"…"`): its holes are values for the library to bind, never text.
    pub template: bool,
}

impl StrLit {
    /// Whether it has no holes and is no template.
    pub fn is_constant(&self) -> bool {
        !self.template && self.parts.iter().all(|p| matches!(p, StrPart::Text(_)))
    }

    /// The whole text where there is no hole.
    pub fn constant(&self) -> Option<std::borrow::Cow<'_, str>> {
        match self.parts.as_slice() {
            [] => Some("".into()),
            [StrPart::Text(t)] => Some((&*t.text).into()),
            parts => parts.iter().map(|p| if let StrPart::Text(t) = p { Some(&*t.text) } else { None }).collect::<Option<String>>().map(Into::into),
        }
    }
}

/// A piece of a string literal.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum StrPart {
    /// Literal text.
    Text(StrText),
    /// `{expression!r:format}` of an f-string.
    Hole {
        /// The expression.
        expr: Expr,
        /// The whole hole with its braces.
        span: Span,
        /// Without a conversion (`!r`), `=` or format: what is written is the value itself.
        plain: bool,
    },
}

/// Literal text after escapes are decoded, with the way back to the source.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StrText {
    /// Decoded.
    pub text: Box<str>,
    /// Sorted by `decoded`; the first begins at 0. Inside a segment bytes correspond one to one; a decoded escape is a segment of its own whose
    /// source is longer than its decoded bytes (a span inside it maps to the whole escape).
    pub segments: SmallVec<[Segment; 1]>,
}

/// A run of decoded bytes and where it stands in the source.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Segment {
    /// Byte offset in the decoded text.
    pub decoded: u32,
    /// The bytes of the source it came from.
    pub source: Span,
}
