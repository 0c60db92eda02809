//! Words of which a file that touches a database holds at least one.
//!
//! A file without any of them can still matter to others (a base class, a constant), never by itself: nothing in it can be a reference.

use std::sync::LazyLock;

use aho_corasick::{AhoCorasick, AhoCorasickKind};

/// Sought without regard to case.
pub const WORDS: &[&str] = &[
    // libraries
    "sqlalchemy",
    "sqlmodel",
    "alembic",
    "psycopg",
    "asyncpg",
    "supabase",
    "postgrest",
    "django.db",
    "peewee",
    "tortoise",
    "aiopg",
    "piccolo",
    "ormar",
    "redis",
    ".hset(",
    ".hget",
    "read_sql",
    "to_sql",
    // mapped classes and tables
    "__tablename__",
    "__table_args__",
    "mapped_column",
    "mapped[",
    "column(",
    "relationship(",
    "backref",
    "foreign_key",
    "foreignkey",
    "declarative",
    "table=true",
    "db.model",
    "models.model",
    "hybrid_property",
    // queries through objects
    ".table(",
    ".from_(",
    ".rpc(",
    ".query(",
    "session.",
    ".execute",
    "executemany",
    "executescript",
    ".fetch",
    ".scalar",
    "cursor",
    "copy_expert",
    "copy_from",
    ".mogrify",
    ".prepare(",
    ".objects.",
    ".where(",
    ".order_by(",
    ".filter_by(",
    ".upsert(",
    "add_column",
    "drop_column",
    "create_table",
    "alter_column",
    // SQL
    "select ",
    "select(",
    "insert into",
    "insert(",
    "update(",
    "delete from",
    "delete(",
    "create table",
    "alter table",
    "truncate ",
    "merge into",
    "drop table",
    "select\n",
    "where ",
    " join ",
    // ourselves
    "dbtruth",
];

static SEARCH: LazyLock<AhoCorasick> = LazyLock::new(|| {
    AhoCorasick::builder().ascii_case_insensitive(true).kind(Some(AhoCorasickKind::DFA)).build(WORDS).expect("a fixed list of words is a valid automaton")
});

/// Whether `text` by itself can speak of a database. What it says through the names of mapped classes is not known here: those are words, too.
pub fn may_matter(text: &str) -> bool {
    SEARCH.is_match(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_found_in_any_case() {
        assert!(may_matter("x = 'SELECT 1'"));
        assert!(may_matter("client.table('a')"));
        assert!(!may_matter("x = 1\ny = x + 2\n"));
    }
}
