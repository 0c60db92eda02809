//! Other databases' SQL, told by words and signs PostgreSQL does not have. Asked only of text that PostgreSQL's grammar rejects.

use squawk_lexer::{TokenKind, tokenize};

/// Words that stand alone in other dialects.
const WORDS: &[&str] = &[
    "autoincrement",
    "auto_increment",
    "rowid",
    "pragma",
    "engine",
    "dual",
    "qualify",
    "unsigned",
    "straight_join",
    "delimiter",
    "nvarchar",
    "nvarchar2",
    "varchar2",
    "sqlite_master",
    "sqlite_schema",
    "getdate",
    "nolock",
    "ifnull",
    "group_concat",
    "mediumtext",
    "longtext",
    "mediumblob",
    "longblob",
    "tinyint",
    "mediumint",
    "mergetree",
    "prewhere",
    "glob",
];

/// Pairs of neighbouring words.
const PAIRS: &[(&str, &str)] = &[
    ("insert", "or"),
    ("insert", "ignore"),
    ("insert", "overwrite"),
    ("replace", "into"),
    ("update", "or"),
    ("duplicate", "key"),
    ("show", "tables"),
    ("show", "databases"),
    ("show", "columns"),
    ("show", "create"),
    ("describe", "table"),
    ("select", "top"),
    ("lock", "tables"),
    ("unlock", "tables"),
    ("use", "index"),
    ("force", "index"),
    ("begin", "immediate"),
    ("begin", "exclusive"),
    ("begin", "deferred"),
    ("attach", "database"),
    ("partitioned", "by"),
    ("stored", "as"),
    ("row", "format"),
    ("cluster", "by"),
    ("distribute", "by"),
    ("create", "stage"),
    ("copy", "into"),
];

/// First words of statements PostgreSQL has not.
const FIRST: &[&str] = &["pragma", "describe", "desc", "use", "go", "replace", "attach", "detach", "delimiter", "optimize", "rename", "exec", "print"];

/// Whether a text that PostgreSQL cannot read looks like another database's.
pub fn is_other(text: &str) -> bool {
    let mut before = String::new();
    let mut at = 0;
    let mut first = true;
    for token in tokenize(text) {
        let end = at + token.len as usize;
        let word = &text[at..end];
        at = end;
        match token.kind {
            TokenKind::Backtick => return true,
            TokenKind::Ident => {
                let word = word.to_ascii_lowercase();
                if (first && FIRST.contains(&word.as_str())) || WORDS.contains(&word.as_str()) || PAIRS.contains(&(before.as_str(), word.as_str())) {
                    return true;
                }
                first = false;
                before = word;
            }
            TokenKind::Whitespace | TokenKind::LineComment | TokenKind::BlockComment { .. } => {}
            // `[name]`: brackets that open nothing
            TokenKind::OpenBracket if matches!(before.as_str(), "from" | "join" | "into" | "update" | "select" | "by") => return true,
            _ => before.clear(),
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::is_other;

    #[test]
    fn other_databases_are_recognised() {
        for text in [
            "PRAGMA table_info(t)",
            "select `a` from t",
            "insert or replace into t values (1)",
            "create table t (id integer primary key autoincrement)",
            "select top 5 * from [t]",
            "insert into t values (1) on duplicate key update a = 1",
        ] {
            assert!(is_other(text), "{text}");
        }
        assert!(!is_other("select a from where"));
    }
}
