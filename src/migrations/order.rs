//! The order of SQL files whose names do not say it: a file that changes a table runs behind the one that makes it.

use std::collections::{BTreeMap, BTreeSet};

use super::files::Script;

/// Words between the name of a table and what is done to it.
const FILLER: [&str; 5] = ["if", "not", "exists", "only", "unlogged"];

/// Tables that a text makes (`create`) or changes (`alter`), by their bare names; `text` is in lower case.
pub(super) fn tables(text: &str, verb: &str) -> BTreeSet<String> {
    let mut out = BTreeSet::new();
    for (at, _) in text.match_indices(verb) {
        let mut words = text[at + verb.len()..].split_whitespace().skip_while(|w| *w == "unlogged");
        if words.next() == Some("table") {
            out.extend(words.find(|w| !FILLER.contains(w)).and_then(bare));
        }
    }
    out
}

/// Whether a text makes or changes a table.
pub(super) fn shapes(text: &str) -> bool {
    let text = text.to_ascii_lowercase();
    ["create", "alter"].iter().any(|verb| !tables(&text, verb).is_empty())
}

/// The name of a table as its first word in SQL spells it, without its schema.
fn bare(word: &str) -> Option<String> {
    let name = word.split(['(', ';', ',', ')']).next().unwrap_or(word);
    let name = name.rsplit('.').next().unwrap_or(name).trim_matches('"');
    (!name.is_empty()).then(|| name.to_owned())
}

/// One file, the tables it makes, and those that it needs to be there before.
struct File {
    script: Script,
    makes: BTreeSet<String>,
    needs: BTreeSet<String>,
}

/// The scripts in the order given, except that one which changes a table (or points at it) waits for the first that makes it. Where two need one another, the
/// order stays.
pub(super) fn by_need(scripts: Vec<Script>, text: &dyn Fn(&str) -> Option<String>) -> Vec<Script> {
    let read = |script: Script| {
        let text = if let Script::Sql(path) = &script { text(path) } else { None };
        let text = text.unwrap_or_default().to_ascii_lowercase();
        let makes = tables(&text, "create");
        let mut needs = tables(&text, "alter");
        needs.extend(text.match_indices("references ").filter_map(|(at, word)| bare(text[at + word.len()..].split_whitespace().next()?)));
        needs.retain(|t| !makes.contains(t));
        File { script, makes, needs }
    };
    let mut left: Vec<File> = scripts.into_iter().map(read).collect();
    let mut awaited: BTreeMap<String, usize> = BTreeMap::new();
    left.iter().flat_map(|f| &f.makes).for_each(|t| *awaited.entry(t.clone()).or_default() += 1);
    for file in &mut left {
        file.needs.retain(|t| awaited.contains_key(t));
    }
    let mut out = Vec::new();
    while !left.is_empty() {
        let next = left.iter().position(|f| f.needs.iter().all(|t| !awaited.contains_key(t))).unwrap_or(0);
        let file = left.remove(next);
        // Of several that make one table the first does.
        for table in &file.makes {
            awaited.remove(table);
        }
        out.push(file.script);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_needs_a_table_waits_for_it() {
        let files = [
            ("a.sql", "ALTER TABLE ONLY app.\"orders\" ADD note text;"),
            ("b.sql", "create table lines (id int, \"order\" int references orders(id));"),
            ("c.sql", "CREATE TABLE IF NOT EXISTS orders(id int primary key);"),
            ("d.sql", "alter table elsewhere add x int; create table orders (id int); create table x (y int references y);"),
            ("e.sql", "create table y (x int references x);"),
        ];
        let text = |path: &str| files.iter().find(|f| f.0 == path).map(|f| f.1.to_owned());
        let scripts = files.iter().map(|f| Script::Sql(f.0.to_owned())).collect();
        let order: Vec<String> = by_need(scripts, &text).into_iter().map(|s| s.path().to_owned()).collect();
        assert_eq!(order, ["c.sql", "a.sql", "b.sql", "d.sql", "e.sql"]);
    }
}
