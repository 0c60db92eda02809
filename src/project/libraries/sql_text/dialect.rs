//! Which database SQL is for: by the connection's origin, the branch it stands in, its placeholders, the imports.

use std::sync::LazyLock;

use aho_corasick::AhoCorasick;

use crate::project::eval::Evaluator;
use crate::project::index::Binding;
use crate::project::uses::Certainty;
use crate::project::value::Value;
use crate::source::FileId;
use crate::symbol::Symbol;
use crate::syntax::python::{Expr, ExprKind, StrPart};

use super::super::LibraryValue;
use super::Sql;

/// Packages that talk to PostgreSQL, and to nothing else.
pub const POSTGRES: &[&str] = &["psycopg", "psycopg2", "psycopg_pool", "psycopg2cffi", "asyncpg", "aiopg", "pg8000", "postgres", "psycopg_binary", "pgdb"];

/// Packages that talk to something else.
pub const OTHERS: &[&str] = &[
    "sqlite3",
    "aiosqlite",
    "pysqlite3",
    "pysqlite2",
    "sqlean",
    "sqlcipher3",
    "pysqlcipher3",
    "apsw",
    "pymysql",
    "MySQLdb",
    "mysql",
    "aiomysql",
    "asyncmy",
    "mariadb",
    "cx_Oracle",
    "oracledb",
    "pyodbc",
    "pymssql",
    "aioodbc",
    "duckdb",
    "snowflake",
    "clickhouse_driver",
    "clickhouse_connect",
    "asynch",
    "pyspark",
    "databricks",
    "trino",
    "prestodb",
    "pyhive",
    "pyathena",
    "cassandra",
    "neo4j",
    "simple_salesforce",
    "influxdb",
    "teradatasql",
    "pymonetdb",
    "ibm_db",
    "vertica_python",
    "libsql_experimental",
    "libsql",
];

/// Whose SQL a connection takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Driver {
    /// PostgreSQL.
    Postgres,
    /// Perhaps another database, of whatever kind, than the one that the lock is of: a name of the settings that is not the usual one.
    Beside,
    /// Anything else than PostgreSQL.
    Other,
}

/// The driver that a dotted path belongs to, if it is one.
pub fn driver(path: &str) -> Option<Driver> {
    let first = path.split('.').next().unwrap_or_default();
    if POSTGRES.contains(&first) {
        return Some(Driver::Postgres);
    }
    let google = path.starts_with("google.cloud.bigquery") || path.starts_with("google.cloud.spanner");
    (OTHERS.contains(&first) || google).then_some(Driver::Other)
}

/// Words by which one database goes, and copies of it.
const SAME: &[&str] = &[
    "default",
    "main",
    "primary",
    "master",
    "writer",
    "write",
    "rw",
    "replica",
    "reader",
    "read",
    "readonly",
    "ro",
    "slave",
    "secondary",
    "standby",
    "follower",
];

/// Words in the names of settings that say that they are of a database, and not of which.
const OF_DATABASES: &[&str] = &[
    "databases",
    "database",
    "db",
    "postgresql",
    "postgres",
    "pg",
    "psql",
    "sql",
    "dsn",
    "url",
    "uri",
    "connection",
    "settings",
    "config",
    "name",
    "user",
    "username",
    "password",
    "pass",
    "host",
    "port",
    "options",
];

/// The database in `django.db.connections[alias]`, where the alias is neither the usual one nor that of a copy.
pub fn of_alias(alias: &Value<'_>) -> Option<Driver> {
    let alias = alias.constant()?.to_ascii_lowercase();
    let is_same = alias.split(|c: char| !c.is_ascii_alphabetic()).any(|w| SAME.contains(&w));
    (!is_same).then_some(Driver::Beside)
}

/// The database that a connection to PostgreSQL leads to which is opened with these arguments: `connect(dbname=settings.OLD_DATABASE["NAME"])` beside the one of
/// Django's own settings.
pub fn of_settings(given: &[Value<'_>]) -> Driver {
    let setting = |v: &Value<'_>| v.external().or_else(|| v.object_path())?.strip_prefix("django.conf.settings.")?.split('.').next();
    let is_other = |name: &str| {
        let words: Vec<String> = name.split('_').map(str::to_ascii_lowercase).filter(|w| !w.is_empty()).collect();
        words.iter().any(|w| OF_DATABASES.contains(&w.as_str())) && words.iter().any(|w| !OF_DATABASES.contains(&w.as_str()) && !SAME.contains(&w.as_str()))
    };
    if given.iter().filter_map(setting).any(is_other) { Driver::Beside } else { Driver::Postgres }
}

/// Whether a path says that the file is for another database: `sample_data/mariadb.sql`.
pub fn names_other_database(path: &str) -> bool {
    const OTHERS: &[&str] = &[
        "mysql",
        "mariadb",
        "mssql",
        "sqlserver",
        "sqlite",
        "sqlite3",
        "oracle",
        "bigquery",
        "snowflake",
        "clickhouse",
        "redshift",
        "duckdb",
        "databricks",
        "trino",
        "presto",
        "athena",
        "teradata",
    ];
    let mut words = path.split(|c: char| !c.is_ascii_alphanumeric()).map(str::to_ascii_lowercase);
    let ours = path.contains("postgres") || path.contains("pgsql");
    !ours && words.any(|w| OTHERS.contains(&w.as_str()))
}

/// Whether a name that no table has is one that every row has elsewhere: in Oracle.
pub fn is_pseudo_column(name: &str) -> bool {
    matches!(name.to_ascii_lowercase().as_str(), "sysdate" | "systimestamp" | "rownum" | "rowid")
}

/// The driver behind a connection, cursor or pool, where its origin is known.
pub fn of_value(v: &Value<'_>) -> Option<Driver> {
    match v {
        Value::Library(LibraryValue::Sql(Sql::Connection(d))) => Some(*d),
        Value::Object(o) => driver(&o.path),
        Value::External(p) => driver(p),
        _ => None,
    }
}

/// How sure it is that SQL in this file, given to something of unknown origin, is PostgreSQL's.
pub fn of_file(ev: &mut Evaluator<'_, '_>, file: FileId) -> Certainty {
    if let Some(known) = ev.state.sql.files.get(&file) {
        return *known;
    }
    let mut own = (false, false);
    if let Some(module) = ev.world.index.module_of(file) {
        for b in module.names.values().flatten() {
            match b {
                Binding::Import { module, .. } | Binding::From { level: 0, module, .. } => match driver(module) {
                    Some(Driver::Postgres) => own.0 = true,
                    Some(Driver::Other) => own.1 = true,
                    Some(Driver::Beside) | None => {}
                },
                _ => {}
            }
        }
    }
    let uses = |all: &[&str]| all.iter().any(|p| ev.world.index.uses_package(Symbol::from(p)));
    let sure = match own {
        (true, false) => Certainty::High,
        (true, true) => Certainty::Medium,
        (false, true) => Certainty::Low,
        (false, false) if !uses(POSTGRES) && !uses(&["sqlalchemy", "sqlmodel", "django", "databases", "supabase", "tortoise", "peewee", "piccolo"]) => {
            Certainty::Low
        }
        (false, false) if uses(OTHERS) => Certainty::Medium,
        (false, false) => Certainty::High,
    };
    ev.state.sql.files.insert(file, sure);
    sure
}

/// Words in a condition or a name that ask for PostgreSQL.
const ASKS_POSTGRES: &[&str] = &["postgres", "psycopg", "pgsql", "asyncpg"];

/// Words that ask for another database.
const ASKS_OTHER: &[&str] = &["sqlite", "mysql", "mariadb", "oracle", "mssql", "sqlserver", "bigquery", "snowflake", "duckdb", "clickhouse"];

/// All of these words, sought in one pass: few texts hold any.
static ASKS: LazyLock<AhoCorasick> = LazyLock::new(|| {
    AhoCorasick::builder().ascii_case_insensitive(true).build(ASKS_POSTGRES.iter().chain(ASKS_OTHER)).expect("a fixed list of words is a valid automaton")
});

/// Whether a text holds any of the words; most names are shorter than the shortest.
fn may_ask(text: &str) -> bool {
    text.len() >= "mysql".len() && ASKS.is_match(text)
}

/// Whether a name says that it is for another database: `_insert_sqlite`.
pub fn named_for_other(name: &str) -> bool {
    if !may_ask(name) {
        return false;
    }
    let name = name.to_ascii_lowercase();
    ASKS_OTHER.iter().any(|w| name.contains(w)) && !ASKS_POSTGRES.iter().any(|w| name.contains(w))
}

/// What a condition says of the database where it holds: `Some(true)` PostgreSQL, `Some(false)` another one.
pub fn asked(test: &Expr) -> Option<bool> {
    asked_within(test, 0)
}

fn asked_within(test: &Expr, depth: usize) -> Option<bool> {
    if depth > 20 {
        return None;
    }
    match &test.kind {
        ExprKind::Unary(u) if u.0.as_str() == "not" => asked_within(&u.1, depth + 1).map(|a| !a),
        ExprKind::BoolOp(b) => {
            let (l, r) = (asked_within(&b.0, depth + 1), asked_within(&b.2, depth + 1));
            match (b.1, l, r) {
                (_, Some(x), Some(y)) => (x == y).then_some(x),
                // `sqlite and x`: where it holds, so does each part.
                (true, x, y) => x.or(y),
                (false, ..) => None,
            }
        }
        ExprKind::Compare(c) if c.1.len() == 1 => {
            let said = words(test, 0)?;
            Some(if matches!(c.1[0].as_str(), "!=" | "not in" | "is not") { !said } else { said })
        }
        ExprKind::Name(_) | ExprKind::Attribute(_) | ExprKind::Call(_) | ExprKind::Compare(_) => words(test, 0),
        _ => None,
    }
}

/// Which database the names in an expression say it is: `Some(false)` another one.
pub fn named(e: &Expr) -> Option<bool> {
    words(e, 0)
}

/// Which databases the words of an expression name: `None` for none, or for both.
fn words(e: &Expr, depth: usize) -> Option<bool> {
    let (mut postgres, mut other) = (false, false);
    collect(e, depth, &mut |w| {
        if !may_ask(w) {
            return;
        }
        let w = w.to_ascii_lowercase();
        postgres |= ASKS_POSTGRES.iter().any(|a| w.contains(a));
        other |= ASKS_OTHER.iter().any(|a| w.contains(a));
    });
    (postgres != other).then_some(postgres)
}

fn collect(e: &Expr, depth: usize, word: &mut impl FnMut(&str)) {
    if depth > 20 {
        return;
    }
    match &e.kind {
        ExprKind::Name(n) => word(n),
        ExprKind::Attribute(a) => {
            word(a.attr.as_str());
            collect(&a.value, depth + 1, word);
        }
        ExprKind::Str(s) => {
            for p in &s.parts {
                if let StrPart::Text(t) = p {
                    word(&t.text);
                }
            }
        }
        ExprKind::Call(c) => {
            collect(&c.func, depth + 1, word);
            for a in &c.args {
                collect(&a.value, depth + 1, word);
            }
        }
        ExprKind::Compare(c) => {
            for o in &c.0 {
                collect(o, depth + 1, word);
            }
        }
        ExprKind::Tuple(items) | ExprKind::List(items) | ExprKind::Set(items) => {
            for i in items.iter() {
                collect(i, depth + 1, word);
            }
        }
        ExprKind::Subscript(s) => {
            collect(&s.0, depth + 1, word);
            collect(&s.1, depth + 1, word);
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::syntax::python::{StmtKind, parse};

    fn asks(condition: &str) -> Option<bool> {
        let tree = parse(&format!("{condition}\n"));
        let StmtKind::Expr(e) = &tree.body[0].kind else { panic!("not an expression") };
        asked(e)
    }

    #[test]
    fn conditions_ask_for_a_database() {
        assert_eq!(asks("dialect == 'sqlite'"), Some(false));
        assert_eq!(asks("bind.dialect.name != \"postgresql\""), Some(false));
        assert_eq!(asks("isinstance(self.engine, PostgresEngine)"), Some(true));
        assert_eq!(asks("not is_sqlite() and x"), Some(true));
        assert_eq!(asks("dialect in ('sqlite', 'mysql')"), Some(false));
        assert_eq!(asks("dialect in ('sqlite', 'postgresql')"), None);
        assert_eq!(asks("rows"), None);
    }
}
