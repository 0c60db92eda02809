//! dbtruth: code cannot name a table or column that the PostgreSQL schema does not have.
//!
//! The modules stand in the order the data flows; a module uses only those above it. `ARCHITECTURE.md` is the map.

pub mod symbol;

pub mod source;

pub mod diagnostic;

pub mod config;

pub mod discover;

pub mod syntax;

pub mod facts;

pub mod schema;

pub mod sql;

pub mod project;

pub mod migrations;
pub mod rules;

pub mod generate;

pub mod repair;

pub mod check;

pub mod report;

pub mod fix;

#[cfg(feature = "server")]
pub mod server;

pub mod cli;
