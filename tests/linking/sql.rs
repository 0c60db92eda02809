//! SQL as text and in files.
