//! SQL text: pieces and holes ([`template`]), the tree ([`ast`]), and the way from one to the other.

pub mod ast;
pub mod template;
