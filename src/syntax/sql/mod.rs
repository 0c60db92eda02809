//! SQL text: pieces and holes ([`template`]), the tree ([`ast`]), and the way from one to the other ([`parse`]).

pub mod ast;
mod dialect;
mod lower;
mod mask;
pub mod procedural;
mod repair;
mod script;
mod split;
pub mod template;

pub use split::{Piece, split};

pub use script::{Parameters, Script, ScriptStatement, Skip, parse, parse_around};
