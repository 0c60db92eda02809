//! SQL text against a schema.

pub mod ddl;
