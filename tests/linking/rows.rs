//! Rows: what a query gives, what a function hands on, what is written.
