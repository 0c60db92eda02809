//! Three-way merge of locks by meaning: entry by entry, wherever git would see lines that touch.
//!
//! Each lock is brought into its one layout first, so a section is a tree of keys and the order of lines says nothing.

use std::collections::{BTreeMap, BTreeSet};

use super::{LockError, read, write};
use crate::schema::{QualifiedName, Relation, Schema, types};

/// A merged lock.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Merged {
    /// Its text, with git's conflict markers around each entry that both sides changed.
    pub text: String,
    /// What could not be settled, one sentence each; empty for a clean merge.
    pub conflicts: Vec<String>,
}

/// Merges what two branches made of one lock. An empty text is a lock that is not there (added on both sides).
///
/// # Errors
/// When one of the three is no lock that can be read; which one stands in front of the error.
pub fn merge(base: &str, ours: &str, theirs: &str) -> Result<Merged, (&'static str, LockError)> {
    let side = |name: &'static str, text: &str| match text.trim() {
        "" => Ok(Schema::default()),
        _ => read(text).map_err(|e| (name, e)),
    };
    let [base, ours, theirs] = [side("the common ancestor", base)?, side("our side", ours)?, side("their side", theirs)?];
    let trees = [tree(&write(&base)), tree(&write(&ours)), tree(&write(&theirs))];
    let mut merger = Merger::default();
    merger.children(&[], [Some(&trees[0]), Some(&trees[1]), Some(&trees[2])], 0);
    if merger.conflicts.is_empty() {
        // Each side may be whole and the sum not: one drops a column that the other builds an index on.
        let Ok(sum) = read(&merger.out) else { return Ok(finish(merger)) };
        let torn = torn(&sum, [&ours, &theirs]);
        if torn.is_empty() {
            return Ok(Merged { text: write(&sum), conflicts: Vec::new() });
        }
        merger = Merger { forced: torn, ..Merger::default() };
        merger.children(&[], [Some(&trees[0]), Some(&trees[1]), Some(&trees[2])], 0);
    }
    Ok(finish(merger))
}

fn finish(merger: Merger) -> Merged {
    let header = super::write::HEADER;
    Merged { text: format!("{header}{}", merger.out), conflicts: merger.conflicts }
}

/// One entry: its line, and the entries below it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Entry {
    line: String,
    below: Vec<(String, Entry)>,
}

impl Entry {
    fn get(&self, key: &str) -> Option<&Entry> {
        self.below.iter().find(|(k, _)| k == key).map(|(_, e)| e)
    }

    /// Whether entries may stand below it: `columns:` and `columns: {}`.
    fn is_section(&self) -> bool {
        !self.below.is_empty() || self.line.ends_with(": {}") || self.line == "incomplete: []" || self.line.is_empty()
    }
}

/// The tree of a lock in its own layout; comments are dropped.
fn tree(text: &str) -> Entry {
    let mut lines = text.lines().filter(|l| !l.starts_with('#')).peekable();
    Entry { line: String::new(), below: block(&mut lines, 0) }
}

fn block<'a>(lines: &mut std::iter::Peekable<impl Iterator<Item = &'a str>>, indent: usize) -> Vec<(String, Entry)> {
    let depth = |line: &str| line.len() - line.trim_start_matches(' ').len();
    let mut found = Vec::new();
    while let Some(line) = lines.next_if(|l| depth(l) == indent) {
        let mut line = line.trim_start_matches(' ').to_owned();
        // A key too long for one line has its value on the next.
        if line.starts_with("? ")
            && let Some(value) = lines.next()
        {
            line = format!("{line}\n{value}");
        }
        let below = match lines.peek() {
            Some(next) if depth(next) > indent => block(lines, indent + 2),
            _ => Vec::new(),
        };
        found.push((key(&line).to_owned(), Entry { line, below }));
    }
    found
}

/// The key of an entry: what stands before its value; of a list's item, the item itself.
fn key(line: &str) -> &str {
    if line.starts_with("- ") {
        return line;
    }
    if let Some(rest) = line.strip_prefix("? ") {
        return rest.split('\n').next().unwrap_or(rest);
    }
    let end = match line.as_bytes().first() {
        Some(quote @ (b'"' | b'\'')) => closing(line, *quote),
        _ => line.find(": ").unwrap_or(line.len() - usize::from(line.ends_with(':'))),
    };
    &line[..end]
}

/// Where a quoted key ends. A doubled single quote is closed and opened again, which comes to the same.
fn closing(line: &str, quote: u8) -> usize {
    let (mut open, mut escaped) = (false, false);
    for (n, b) in line.bytes().enumerate() {
        match b {
            _ if escaped => escaped = false,
            b'\\' if quote == b'"' => escaped = true,
            b if b == quote => open = !open,
            b':' if !open => return n,
            _ => {}
        }
    }
    line.len()
}

#[derive(Default)]
struct Merger {
    out: String,
    conflicts: Vec<String>,
    /// Entries that are a conflict although each by itself merges: path → why.
    forced: BTreeMap<Vec<String>, String>,
}

impl Merger {
    /// Merges what stands below three entries of one path (ancestor, ours, theirs).
    fn children(&mut self, path: &[String], sides: [Option<&Entry>; 3], indent: usize) {
        for key in keys(path.len(), sides) {
            let found = sides.map(|side| side.and_then(|s| s.get(&key)));
            let path: Vec<String> = path.iter().cloned().chain([key]).collect();
            self.entry(&path, found, indent);
        }
    }

    fn entry(&mut self, path: &[String], [base, ours, theirs]: [Option<&Entry>; 3], indent: usize) {
        if let Some(why) = self.forced.get(path).cloned() {
            // The side that has it against the side that took away what it needs.
            let untouched = |e: Option<&Entry>| base == e;
            let (ours, theirs) = if untouched(ours) { (None, theirs.or(base)) } else { (ours.or(base), None) };
            self.conflict(why, ours, theirs, indent);
        } else if self.forced.keys().any(|p| p.len() > path.len() && p.starts_with(path)) {
            self.section(path, [base, ours, theirs], indent);
        } else if ours == theirs || base == theirs {
            self.write(ours, indent);
        } else if base == ours {
            self.write(theirs, indent);
        } else if let (Some(a), Some(b)) = (ours, theirs) {
            if a.is_section() && b.is_section() {
                self.section(path, [base, ours, theirs], indent);
            } else if path == ["sequences"] {
                let line = format!("sequences: [{}]", items(base, a, b).join(", "));
                self.write(Some(&Entry { line, below: Vec::new() }), indent);
            } else {
                self.conflict(format!("both sides changed {}", shown(path)), ours, theirs, indent);
            }
        } else {
            let who = if ours.is_none() { "our side dropped and theirs changed" } else { "our side changed and theirs dropped" };
            self.conflict(format!("{who} {}", shown(path)), ours, theirs, indent);
        }
    }

    /// A heading and what is below it on either side.
    fn section(&mut self, path: &[String], sides: [Option<&Entry>; 3], indent: usize) {
        let heading = path.last().map_or("", String::as_str);
        let start = self.out.len();
        self.children(path, sides, indent + 2);
        let below = self.out.split_off(start);
        let line = match (below.is_empty(), heading) {
            (true, "incomplete") => "incomplete: []".to_owned(),
            (true, "columns") => "columns: {}".to_owned(),
            (true, _) => return,
            (false, _) => format!("{heading}:"),
        };
        self.out.push_str(&format!("{:indent$}{line}\n{below}", ""));
    }

    fn write(&mut self, entry: Option<&Entry>, indent: usize) {
        let Some(entry) = entry else { return };
        self.out.push_str(&format!("{:indent$}{}\n", "", entry.line));
        for (_, below) in &entry.below {
            self.write(Some(below), indent + 2);
        }
    }

    fn conflict(&mut self, why: String, ours: Option<&Entry>, theirs: Option<&Entry>, indent: usize) {
        self.conflicts.push(why);
        self.out.push_str("<<<<<<< ours\n");
        self.write(ours, indent);
        self.out.push_str("=======\n");
        self.write(theirs, indent);
        self.out.push_str(">>>>>>> theirs\n");
    }
}

/// The keys below three entries in the order of a lock: names by themselves sorted, the parts of a lock and of a relation as each side has them.
fn keys(depth: usize, sides: [Option<&Entry>; 3]) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    // Theirs first, so that what only they have can be put behind what it follows there.
    for side in [sides[1], sides[2], sides[0]].into_iter().flatten() {
        let mut after = 0;
        for (key, _) in &side.below {
            match found.iter().position(|k| k == key) {
                Some(n) => after = n + 1,
                None => {
                    found.insert(after, key.clone());
                    after += 1;
                }
            }
        }
    }
    if depth == 1 || depth == 3 {
        found.sort_by(|a, b| a.trim_matches(['"', '\'']).cmp(b.trim_matches(['"', '\''])));
    }
    found
}

/// A list whose order says nothing: what either side added, without what either removed.
fn items(base: Option<&Entry>, ours: &Entry, theirs: &Entry) -> Vec<String> {
    let list = |e: &Entry| -> BTreeSet<String> {
        let inner = e.line.split_once('[').map_or("", |x| x.1).trim_end_matches(']');
        inner.split(", ").filter(|i| !i.is_empty()).map(str::to_owned).collect()
    };
    let (base, ours, theirs) = (base.map(list).unwrap_or_default(), list(ours), list(theirs));
    ours.union(&theirs).filter(|i| !base.contains(*i) || (ours.contains(*i) && theirs.contains(*i))).cloned().collect()
}

/// `public.t, columns, x`
fn shown(path: &[String]) -> String {
    let path = if path.len() > 1 { &path[1..] } else { path };
    format!("`{}`", path.join(", "))
}

/// What names something that is not there although each side's own lock has it: path of the entry → why.
fn torn(sum: &Schema, sides: [&Schema; 2]) -> BTreeMap<Vec<String>, String> {
    let mut found = BTreeMap::new();
    for (name, relation) in &sum.relations {
        let section =
            if matches!(relation.kind, crate::schema::RelationKind::View | crate::schema::RelationKind::MaterializedView) { "views" } else { "tables" };
        let mut tear = |part: &str, key: Option<&str>, why: String| {
            let mut path = vec![section.to_owned(), line_key(&super::line::relation_key(name)), part.to_owned()];
            path.extend(key.map(line_key));
            found.insert(path, why);
        };
        for (part, key, columns) in needs(relation) {
            for column in columns.iter().filter(|c| gone(sum, sides, name, c)) {
                tear(part, key, format!("{part} of `{name}` needs column `{column}`, which the other side dropped"));
            }
        }
        for k in &relation.foreign_keys {
            if !sum.relations.contains_key(&k.target) && sides.iter().any(|s| s.relations.contains_key(&k.target)) {
                tear("foreign keys", Some(&k.name), format!("foreign key `{}` of `{name}` points at `{}`, which the other side dropped", k.name, k.target));
            } else if let Some(column) = k.target_columns.iter().find(|c| gone(sum, sides, &k.target, c)) {
                tear(
                    "foreign keys",
                    Some(&k.name),
                    format!("foreign key `{}` of `{name}` points at `{}.{column}`, which the other side dropped", k.name, k.target),
                );
            }
        }
        for column in &relation.columns {
            if let Some(ty) =
                types::parse(&column.ty).map(|t| t.name).filter(|t| has_type(sides[0], t) != has_type(sum, t) || has_type(sides[1], t) != has_type(sum, t))
                && !has_type(sum, &ty)
            {
                tear("columns", Some(&column.name), format!("column `{name}.{}` is of type `{ty}`, which the other side dropped", column.name));
            }
        }
    }
    found
}

/// Columns that the parts of a relation stand on.
fn needs(relation: &Relation) -> Vec<(&'static str, Option<&str>, Vec<&str>)> {
    fn names(columns: &[String]) -> Vec<&str> {
        columns.iter().map(String::as_str).collect()
    }
    let mut found = vec![("primary key", None, names(&relation.primary_key))];
    let unique = |u: &crate::schema::Unique| if u.nulls_not_distinct { "unique nulls not distinct" } else { "unique" };
    found.extend(relation.unique.iter().map(|u| (unique(u), Some(u.name.as_str()), names(&u.columns))));
    found.extend(relation.foreign_keys.iter().map(|k| ("foreign keys", Some(k.name.as_str()), names(&k.columns))));
    found.extend(relation.indexes.iter().map(|i| ("indexes", Some(i.name.as_str()), i.keys.iter().flatten().map(String::as_str).collect())));
    found
}

/// Whether a column that one of the sides has is missing from the sum.
fn gone(sum: &Schema, sides: [&Schema; 2], table: &QualifiedName, column: &str) -> bool {
    let has = |s: &Schema| s.relations.get(table).is_some_and(|r| r.column(column).is_some());
    !has(sum) && sides.iter().any(|s| has(s))
}

/// Whether a type of that name is one of the schema's own.
fn has_type(schema: &Schema, name: &str) -> bool {
    let name = match name.split_once('.') {
        Some((schema, name)) => QualifiedName::new(schema, name),
        None => QualifiedName::new(schema.search_path.first().map_or("public", String::as_str), name),
    };
    schema.enums.contains_key(&name) || schema.domains.contains_key(&name) || schema.composites.contains_key(&name) || schema.ranges.contains_key(&name)
}

/// A name as the key of a line has it.
fn line_key(name: &str) -> String {
    super::write::scalar(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lock(body: &str) -> String {
        write(&read(&format!("version: 1\nsearch_path: [public]\n{body}")).unwrap())
    }

    fn table(name: &str, columns: &str, rest: &str) -> String {
        let columns: String = columns.split(';').map(|c| format!("      {}\n", c.trim())).collect();
        format!("  public.{name}:\n    columns:\n{columns}{rest}")
    }

    fn clean(base: &str, ours: &str, theirs: &str) -> String {
        let merged = merge(base, ours, theirs).unwrap();
        assert_eq!(merged.conflicts, [""; 0], "{}", merged.text);
        let other = merge(base, theirs, ours).unwrap();
        assert_eq!(merged, other, "the order of sides makes no difference");
        assert_eq!(write(&read(&merged.text).unwrap()), merged.text, "in the one layout");
        merged.text
    }

    #[test]
    fn what_different_branches_add_stands_beside_each_other() {
        let t = |columns| lock(&format!("tables:\n{}", table("t", columns, "")));
        assert_eq!(clean(&t("a: text; d: text"), &t("a: text; b: text; d: text"), &t("a: text; c: text; d: text")), t("a: text; b: text; c: text; d: text"));
        let with = |name: &str| lock(&format!("tables:\n{}{}", table("t", "a: text", ""), table(name, "x: text", "")));
        let both = lock(&format!("tables:\n{}{}{}", table("t", "a: text", ""), table("u", "x: text", ""), table("v", "x: text", "")));
        assert_eq!(clean(&t("a: text"), &with("u"), &with("v")), both);
        assert_eq!(clean(&t("a: text; b: text"), &t("a: text"), &t("a: bigint; b: text")), t("a: bigint"));
        assert_eq!(clean("", &t("a: text"), &t("a: text")), t("a: text"));
    }

    #[test]
    fn sections_and_lists_come_and_go() {
        let sequences = |s: &str| lock(&format!("sequences: [{s}]\n"));
        assert_eq!(
            clean(&sequences("public.a, public.b"), &sequences("public.a, public.b, public.c"), &sequences("public.b")),
            sequences("public.b, public.c")
        );
        let enums = |s: &str| lock(&format!("enums:\n{s}"));
        assert_eq!(clean(&lock(""), &enums("  public.x: [a]\n"), &enums("  public.y: [a]\n")), enums("  public.x: [a]\n  public.y: [a]\n"));
        let incomplete = |s: &str| lock(&format!("incomplete:\n{s}"));
        let (one, two) = ("  - {object: a, reason: x}\n", "  - {object: b, reason: y}\n");
        assert_eq!(clean(&lock(""), &incomplete(one), &incomplete(two)), incomplete(&format!("{one}{two}")));
        assert_eq!(clean(&incomplete(one), &lock(""), &incomplete(&format!("{one}{two}"))), incomplete(two));
    }

    #[test]
    fn what_both_changed_is_marked() {
        let t = |columns| lock(&format!("tables:\n{}", table("t", columns, "")));
        let merged = merge(&t("a: text; b: text"), &t("a: bigint; b: text"), &t("a: uuid; b: text")).unwrap();
        assert_eq!(merged.conflicts, ["both sides changed `public.t, columns, a`"]);
        assert!(
            merged.text.contains("    columns:\n<<<<<<< ours\n      a: bigint\n=======\n      a: uuid\n>>>>>>> theirs\n      b: text\n"),
            "{}",
            merged.text
        );
        assert!(read(&merged.text).is_err());
        let merged = merge(&t("a: text; b: text"), &t("a: text"), &t("a: text; b: uuid")).unwrap();
        assert_eq!(merged.conflicts, ["our side dropped and theirs changed `public.t, columns, b`"]);
        let e = |labels: &str| lock(&format!("enums:\n  public.e: [{labels}]\n"));
        // Which of the two comes first depends on which migration runs first.
        assert_eq!(merge(&e("a"), &e("a, b"), &e("a, c")).unwrap().conflicts, ["both sides changed `public.e`"]);
    }

    #[test]
    fn a_sum_that_hangs_in_the_air_is_a_conflict() {
        let t = |columns: &str, rest: &str| lock(&format!("tables:\n{}", table("t", columns, rest)));
        let index = "    indexes:\n      i: btree (b)\n";
        let merged = merge(&t("a: text; b: text", ""), &t("a: text", ""), &t("a: text; b: text", index)).unwrap();
        assert_eq!(merged.conflicts, ["indexes of `public.t` needs column `b`, which the other side dropped"]);
        assert!(merged.text.contains("<<<<<<< ours\n=======\n      i: btree (b)\n>>>>>>> theirs\n"), "{}", merged.text);
        let typed = |columns: &str, types: &str| lock(&format!("tables:\n{}{types}", table("t", columns, "")));
        let e = "enums:\n  public.e: [x]\n";
        let merged = merge(&typed("a: text", e), &typed("a: text", ""), &typed("a: text; b: e", e)).unwrap();
        assert_eq!(merged.conflicts, ["column `public.t.b` is of type `e`, which the other side dropped"]);
    }

    #[test]
    fn odd_names_are_keys_like_others() {
        let t = |columns| lock(&format!("tables:\n{}", table("t", columns, "")));
        let long = "x".repeat(63);
        let (yes, odd) = (r#""yes": text; "a: b": text"#, format!(r#""a: b": text; "it's \" # x": text; "null": text; "yes": text; {long}: text"#));
        assert_eq!(clean(&t(yes), &t(&odd), &t(yes)), t(&odd));
        assert_eq!(clean(&t(yes), &t(&odd), &t(r#""1e3": text; "a: b": text; "yes": text"#)), t(&format!(r#""1e3": text; {odd}"#)));
    }
}
