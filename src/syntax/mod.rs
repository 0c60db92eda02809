//! Text into trees. The only room that names `tree_sitter` and the SQL parser; it knows nothing of databases.

pub mod markdown;

pub mod python;

pub mod sql;
