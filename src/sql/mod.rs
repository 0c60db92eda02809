//! SQL text against a [`Schema`]: PostgreSQL's verdict on every name, at PostgreSQL's place, from the schema alone.
//!
//! What PostgreSQL's parse analysis does (`src/backend/parser/parse_relation.c`, `parse_clause.c`, `analyze.c`) is followed step by step: a
//! [`scope`] is its namespace, levels are its parse states. Where something is unknown (a hole, an open relation, a function nobody knows),
//! everything that may come from it is silent.

mod body;
mod builtin;
mod call;
mod column;
pub mod ddl;
mod define;
mod dml;
mod expr;
mod from;
mod function;
pub(crate) mod hint;
mod input;
#[cfg(feature = "live")]
pub mod live;
mod mismatch;
mod nullable;
mod problem;
mod query;
mod regclass;
mod relation;
mod resolve;
mod scope;
mod signature;
mod table;
#[cfg(test)]
mod tests;
mod types;
mod views;
mod write;

pub use problem::{Analysis, Output, Problem, ProblemKind, SqlReference};
pub use resolve::{Options, Variable, analyse, query_outputs};
pub(crate) use resolve::{never_null, query_uses};
pub(crate) use scope::SYSTEM_COLUMNS;
