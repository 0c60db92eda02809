//! Text into trees. The only room that names `tree_sitter` and the SQL parser; it knows nothing of databases.

mod decode;

pub mod markdown;

pub mod python;

pub mod sql;

pub use decode::{Decoded, Encoding, Undecodable, decode};
