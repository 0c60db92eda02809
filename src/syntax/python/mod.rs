//! Python: our own small syntax tree, lowered from tree-sitter's.
//!
//! The tree is owned, compact and serialisable, because it is kept as a file's facts; names are interned. Its depth is bounded when it is built
//! ([`MAX_DEPTH`]), so code that walks it may recurse.

mod ast;
mod imports;
mod kinds;
mod literal;
mod lower;
mod parse;
mod patch;
mod quick;
mod scan;
mod visit;
mod words;

pub use ast::*;
pub use imports::{Imported, imports};
pub use literal::{Segment, StrLit, StrPart, StrText};
pub use parse::{BUDGET, MAX_BYTES, Refusal, is_slow, parse, parse_part, try_parse, try_parse_typed};
pub use words::{Word, Words};
