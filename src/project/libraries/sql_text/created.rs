//! Tables and columns that the code itself creates: known to exist at run time, whatever the lock says.

use std::collections::BTreeSet;

use memchr::memmem;

use crate::symbol::Symbol;

use crate::syntax::sql::template::HOLE;

/// Words of a text that is not parsed.
pub struct Words<'t>(pub Vec<&'t str>);

impl<'t> Words<'t> {
    /// What stands between white space and these characters.
    pub fn new(text: &'t str, between: &[char]) -> Self {
        Self(text.split(|c: char| c.is_whitespace() || between.contains(&c)).filter(|w| !w.is_empty()).collect())
    }

    /// Whether the word with that number, from 0, is this one, in any case.
    pub fn is(&self, n: usize, word: &str) -> bool {
        self.0.get(n).is_some_and(|w| w.eq_ignore_ascii_case(word))
    }

    /// The number of the first word from there on that is none of these.
    pub fn skip(&self, mut n: usize, all: &[&str]) -> usize {
        while all.iter().any(|w| self.is(n, w)) {
            n += 1;
        }
        n
    }
}

/// The last part of a name as PostgreSQL keeps it: in small letters unless it is quoted.
pub fn name(word: &str) -> String {
    let bare = word.rsplit('.').next().unwrap_or_default();
    let plain = bare.trim_matches('"');
    if bare == plain { plain.to_ascii_lowercase() } else { plain.to_owned() }
}

/// The row that a trigger's function is given: what it puts there stands among what is created, under this name.
pub const NEW: &str = "new";

/// The column in `NEW.c := …`, `NEW.c = …` and `INTO NEW.c`, as triggers fill rows before they are written.
fn filled(words: &Words<'_>, n: usize) -> Option<Symbol> {
    /// Words behind which `NEW.c = …` asks.
    const ASKS: &[&str] = &["if", "elsif", "and", "or", "not", "when", "where", "select", "return", "on", "while", "assert", "using", "check"];
    let word = words.0[n];
    let rest = word.get(..4).filter(|w| w.eq_ignore_ascii_case("new.")).and_then(|_| word.get(4..))?;
    let end = rest.find(|c: char| !(c.is_alphanumeric() || matches!(c, '_' | '"'))).unwrap_or(rest.len());
    let behind = if end < rest.len() { &rest[end..] } else { words.0.get(n + 1).copied().unwrap_or_default() };
    let before = |all: &[&str]| n.checked_sub(1).is_some_and(|b| all.iter().any(|w| words.is(b, w)));
    let is_given = behind.starts_with(":=") || before(&["into"]) || behind.starts_with('=') && !before(ASKS);
    (is_given && end > 0).then(|| Symbol::from(&name(&rest[..end])))
}

/// Adds every column that a trigger's function fills in a text.
pub fn scan_triggers(text: &str, created: &mut BTreeSet<(Symbol, Option<Symbol>)>) {
    let words = Words::new(text, &['(', ')', ',', ';']);
    created.extend((0..words.0.len()).filter_map(|n| Some((Symbol::from(NEW), Some(filled(&words, n)?)))));
}

/// Adds every table (and every column added to one) that a text creates: `CREATE TEMP TABLE t`, `ALTER TABLE t ADD COLUMN c`, `RENAME TO t`. Nothing is parsed, so that
/// other dialects and texts with holes count too.
pub fn scan(text: &str, created: &mut BTreeSet<(Symbol, Option<Symbol>)>) {
    let all = &Words::new(text, &['(', ')', ',', ';']);
    let (words, is, skip) = (&all.0, |n: usize, word: &str| all.is(n, word), |n: usize, these: &[&str]| all.skip(n, these));
    let mut altered = None;
    for n in 0..words.len() {
        if let Some(column) = filled(all, n) {
            created.insert((Symbol::from(NEW), Some(column)));
        } else if is(n, "create") {
            let at = skip(n + 1, &["or", "replace", "global", "local", "temp", "temporary", "unlogged", "foreign", "materialized", "recursive", "virtual"]);
            if is(at, "table") || is(at, "view") {
                add(words.get(skip(at + 1, &["if", "not", "exists"])), None, created);
            }
        } else if is(n, "alter") && is(n + 1, "table") {
            altered = words.get(skip(n + 2, &["if", "exists", "only"])).copied();
        } else if is(n, "add") && altered.is_some() && !["constraint", "primary", "unique", "foreign", "check"].iter().any(|w| is(n + 1, w)) {
            add(altered.as_ref(), words.get(skip(n + 1, &["column", "if", "not", "exists"])), created);
        } else if is(n, "rename") && altered.is_some() {
            match (is(n + 1, "to"), words[n..].iter().position(|w| w.eq_ignore_ascii_case("to"))) {
                (true, _) => add(words.get(n + 2), None, created),
                (false, Some(to)) => add(altered.as_ref(), words.get(n + to + 1), created),
                _ => {}
            }
        } else if is(n, "into") && ["temp", "temporary", "unlogged"].iter().any(|w| is(n + 1, w)) {
            add(words.get(skip(n + 1, &["temp", "temporary", "unlogged", "table"])), None, created);
        }
    }
}

/// Whether [`scan`] could find anything in a text: far sooner told, since hardly any text creates tables.
pub fn may_create(text: &[u8]) -> bool {
    const BEHIND: [&[u8]; 12] =
        [b"table", b"view", b"or", b"global", b"local", b"temp", b"temporary", b"unlogged", b"foreign", b"materialized", b"recursive", b"virtual"];
    // The word behind one that ends there, if anything lies between them.
    let word = |at: usize| {
        let rest = text[at..].trim_ascii_start();
        let end = rest.iter().position(|c| !c.is_ascii_alphanumeric()).unwrap_or(rest.len());
        if rest.len() < text.len() - at { &rest[..end] } else { &[] }
    };
    let says =
        |verb: &str, behind: &[&[u8]]| memmem::find_iter(text, verb).map(|at| word(at + verb.len())).any(|w| behind.iter().any(|b| w.eq_ignore_ascii_case(b)));
    let any = |verbs: [&str; 2], behind: &[&[u8]]| verbs.iter().any(|verb| says(verb, behind));
    any(["create", "CREATE"], &BEHIND) || any(["alter", "ALTER"], &BEHIND[..1]) || any(["into", "INTO"], &[b"temp", b"temporary", b"unlogged"])
}

fn add(table: Option<&&str>, column: Option<&&str>, created: &mut BTreeSet<(Symbol, Option<Symbol>)>) {
    if let Some(table) = table.map(|t| name(t)).filter(|t| !t.is_empty() && !t.contains(HOLE)) {
        created.insert((Symbol::from(&table), column.map(|c| Symbol::from(&name(c)))));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_texts_create() {
        let mut created = BTreeSet::new();
        scan("CREATE TEMP TABLE IF NOT EXISTS batch(id int); create view s.v as select 1", &mut created);
        scan("ALTER TABLE orders ADD COLUMN extra text, ADD CONSTRAINT c CHECK (true)", &mut created);
        scan("ALTER TABLE a RENAME TO b; ALTER TABLE a RENAME COLUMN c TO d; SELECT 1 INTO TEMP t FROM x", &mut created);
        scan("CREATE TABLE _db_hole_ (id int)", &mut created);
        scan(
            "BEGIN NEW.made = now(); IF NEW.asked = 1 THEN new.\"Kept\" := 2; END IF; SELECT 1 INTO NEW.one FROM t WHERE id = NEW.id; RETURN NEW;",
            &mut created,
        );
        let mut got: Vec<String> = created.iter().map(|(t, c)| c.map_or(t.to_string(), |c| format!("{t}.{c}"))).collect();
        got.sort();
        assert_eq!(got, ["a.d", "b", "batch", "new.Kept", "new.made", "new.one", "orders.extra", "t", "v"]);
        for text in ["x CREATE\n  TABLE t", "alter table t", "create or replace view", "SELECT 1 INTO TEMP t"] {
            assert!(may_create(text.as_bytes()), "{text}");
        }
        for text in ["create_table", "a created table", "alter it", "create", "into temperature"] {
            assert!(!may_create(text.as_bytes()), "{text}");
        }
    }
}
