//! What could stand at a place. The text is being typed and rarely parses, so this reads the characters around the cursor and nothing else: which string or call
//! it stands in, which tables are named nearby.

use std::collections::BTreeMap;

use gen_lsp_types::{CompletionItem, CompletionItemKind, CompletionList};
use serde_json::Value;

use super::generation::Generation;
use super::lookup::definition_of;
use crate::project::libraries::postgrest::FILTERS;
use crate::project::models::{Member, Model};
use crate::schema::{QualifiedName, Relation, RelationKind, Schema};
use crate::source::{FileId, Language};

/// A Python string literal around a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InString {
    /// First byte of its text.
    pub start: usize,
    /// What closes it.
    pub quote: &'static str,
}

/// The string literal around a byte of a Python text, found by reading from the start: comments and strings are all that can hide a quote.
pub fn string_around(text: &str, at: usize) -> Option<InString> {
    let bytes = text.as_bytes();
    let at = at.min(bytes.len());
    let mut n = 0;
    while n < at {
        match bytes[n] {
            b'#' => n += bytes[n..].iter().position(|b| *b == b'\n').unwrap_or(bytes.len() - n),
            b'"' | b'\'' => {
                let quote = match (bytes[n], bytes[n..].starts_with(&[bytes[n]; 3])) {
                    (b'"', true) => "\"\"\"",
                    (b'"', false) => "\"",
                    (_, true) => "'''",
                    (_, false) => "'",
                };
                let start = n + quote.len();
                let end = string_end(bytes, start, quote.as_bytes());
                if start <= at && at <= end {
                    return Some(InString { start, quote });
                }
                n = (end + quote.len()).max(n + 1);
            }
            _ => n += 1,
        }
    }
    None
}

/// Where the text of a string ends; a line's end ends one that no quote closes.
fn string_end(bytes: &[u8], start: usize, quote: &[u8]) -> usize {
    let mut n = start;
    while n < bytes.len() {
        if bytes[n] == b'\\' {
            n += 2;
        } else if bytes[n..].starts_with(quote) || (quote.len() == 1 && bytes[n] == b'\n') {
            return n;
        } else {
            n += 1;
        }
    }
    bytes.len()
}

/// What could stand there.
#[derive(Debug, PartialEq, Eq)]
enum Wanted {
    Tables,
    /// Columns of these tables, and whether tables and aliases may stand there, too.
    Columns(Vec<String>, bool),
    /// Attributes of a model; as keyword arguments (`true`) or behind a dot.
    Attributes(String, bool),
    /// `table` or `table.column`, whichever is being written.
    Target(Option<String>),
}

/// `textDocument/completion`
pub fn complete(generation: &Generation<'_>, file: FileId, at: usize) -> Option<Value> {
    let source = generation.live.sources().get(file);
    let text: &str = &source.text;
    let wanted = match source.language {
        Language::Sql => sql(text, at),
        Language::Python => python(text, at),
        Language::Markdown | Language::Yaml => None,
    }?;
    let schema = generation.live.schema;
    let mut items = Items::default();
    match wanted {
        Wanted::Tables | Wanted::Target(None) => items.tables(schema),
        Wanted::Target(Some(table)) => items.columns(schema, &[table]),
        Wanted::Columns(tables, more) => {
            items.columns(schema, &tables);
            if more {
                items.tables(schema);
            }
        }
        Wanted::Attributes(name, keywords) => {
            let models = &generation.live.project.world.models;
            let ids = models.by_name.get(&crate::symbol::Symbol::from(&name))?;
            ids.iter().for_each(|id| items.attributes(schema, models.get(*id), keywords));
        }
    }
    let list = CompletionList { is_incomplete: false, items: items.all.into_values().collect(), ..CompletionList::default() };
    serde_json::to_value(list).ok()
}

#[derive(Default)]
struct Items {
    all: BTreeMap<(u8, String), CompletionItem>,
}

impl Items {
    fn add(&mut self, group: u8, label: &str, kind: CompletionItemKind, detail: String) {
        let item = CompletionItem {
            label: label.to_owned(),
            kind: Some(kind),
            detail: Some(detail),
            sort_text: Some(format!("{group}{label}")),
            ..CompletionItem::default()
        };
        self.all.entry((group, label.to_owned())).or_insert(item);
    }

    fn tables(&mut self, schema: &Schema) {
        for (name, relation) in &schema.relations {
            let label = if schema.search_path.contains(&name.schema) { name.name.clone() } else { name.to_string() };
            let kind = match relation.kind {
                RelationKind::Table => "table",
                RelationKind::View => "view",
                RelationKind::MaterializedView => "materialized view",
                RelationKind::ForeignTable => "foreign table",
            };
            self.add(1, &label, CompletionItemKind::Struct, format!("{kind} in {}", name.schema));
        }
    }

    fn columns(&mut self, schema: &Schema, tables: &[String]) {
        for (name, relation) in tables.iter().filter_map(|t| find(schema, t)) {
            for c in &relation.columns {
                self.add(0, &c.name, CompletionItemKind::Field, format!("{}: {}", crate::rules::display(name), definition_of(c)));
            }
        }
    }

    fn attributes(&mut self, schema: &Schema, model: &Model, keywords: bool) {
        for (name, member) in &model.members {
            let label = if keywords { format!("{name}=") } else { name.to_string() };
            match member {
                Member::Column(n) => {
                    let relation = schema.relation(model.relation.schema.as_ref().map(crate::symbol::Symbol::as_str), &model.relation.name);
                    let column = model.columns.get(*n).and_then(|c| relation?.1.column(&c.column));
                    let detail = column.map_or_else(|| "not in the lock".to_owned(), definition_of);
                    self.add(0, &label, CompletionItemKind::Field, format!("{}: {detail}", model.relation.name));
                }
                Member::Relationship { .. } => self.add(1, &label, CompletionItemKind::Property, "relationship".to_owned()),
                Member::Inherited(_) | Member::Synonym(_) => self.add(1, &label, CompletionItemKind::Field, format!("attribute of {}", model.name)),
                Member::Other => {}
            }
        }
    }
}

fn find<'s>(schema: &'s Schema, name: &str) -> Option<(&'s QualifiedName, &'s Relation)> {
    match name.rsplit_once('.') {
        Some((namespace, table)) => schema.relation(Some(namespace), table),
        None => schema.relation(None, name),
    }
}

fn is_word(b: u8) -> bool {
    b.is_ascii_alphanumeric() || b == b'_' || b >= 0x80
}

/// Where the word that ends at `at` begins.
pub fn word_start(text: &str, at: usize) -> usize {
    let bytes = text.as_bytes();
    let mut n = at.min(bytes.len());
    while n > 0 && is_word(bytes[n - 1]) {
        n -= 1;
    }
    n
}

/// The longest stretch of text that is looked at.
const REACH: usize = 4000;

fn python(text: &str, at: usize) -> Option<Wanted> {
    match string_around(text, at) {
        Some(string) => in_string(text, string, at),
        None => in_code(text, at),
    }
}

fn in_code(text: &str, at: usize) -> Option<Wanted> {
    let start = word_start(text, at);
    let before = text[..start].trim_end_matches([' ', '\t']);
    if let Some(owner) = before.strip_suffix('.') {
        let name = &owner[word_start(owner, owner.len())..];
        // `Model.c.column`, `Model.__table__.c.column`
        let name = if name == "c" || name == "columns" { last_word(owner.strip_suffix(name)?.strip_suffix('.')?.trim_end_matches(".__table__")) } else { name };
        return (!name.is_empty()).then(|| Wanted::Attributes(name.to_owned(), false));
    }
    let call = enclosing_call(text, start)?;
    // Only where an argument begins.
    if !matches!(text[..start].trim_end().chars().next_back(), Some('(' | ',')) {
        return None;
    }
    let callee = text[..call].trim_end();
    let function = last_word(callee);
    let owner = callee.strip_suffix(function)?;
    match function {
        "filter_by" | "values" | "update" | "filter" | "exclude" | "get" | "create" | "get_or_create" | "update_or_create" if owner.ends_with('.') => {
            Some(Wanted::Attributes(model_before(owner)?, true))
        }
        name if name.starts_with(|c: char| c.is_uppercase()) => Some(Wanted::Attributes(name.to_owned(), true)),
        _ => None,
    }
}

fn last_word(text: &str) -> &str {
    &text[word_start(text, text.len())..]
}

/// The opening bracket of the innermost call around a byte, strings left out roughly: nothing is lost but a suggestion.
fn enclosing_call(text: &str, at: usize) -> Option<usize> {
    let bytes = text.as_bytes();
    let mut depth = 0_usize;
    for n in (at.saturating_sub(REACH)..at).rev() {
        match bytes[n] {
            b')' | b']' | b'}' => depth += 1,
            b'(' if depth == 0 => return Some(n),
            b'[' | b'{' if depth == 0 => return None,
            b'(' | b'[' | b'{' => depth -= 1,
            _ => {}
        }
    }
    None
}

/// The model that a chain begins with: `Model.objects.filter(`, `session.query(Model).filter_by(`, `update(Model).values(`.
fn model_before(chain: &str) -> Option<String> {
    let from = chain.len().saturating_sub(REACH);
    let mut end = chain.len();
    while end > from {
        let start = word_start(chain, end);
        let word = &chain[start..end];
        if word.starts_with(|c: char| c.is_uppercase()) {
            return Some(word.to_owned());
        }
        if word.is_empty() && chain[..end].ends_with('\n') && !chain[end..].trim_start().starts_with(['.', ')']) {
            return None;
        }
        end = if word.is_empty() { chain[..end].char_indices().next_back()?.0 } else { start };
    }
    None
}

/// Whether the first string of that call of PostgREST's client names columns.
fn names_columns(function: &str) -> bool {
    FILTERS.contains(&function) || matches!(function, "select" | "order" | "or_" | "match")
}

fn in_string(text: &str, string: InString, at: usize) -> Option<Wanted> {
    let inside = &text[string.start..at.max(string.start)];
    if looks_like_sql(inside) {
        let end = string_end(text.as_bytes(), string.start, string.quote.as_bytes());
        return sql(&text[string.start..end], at - string.start);
    }
    let before = text[..string.start - string.quote.len()].trim_end_matches(|c: char| c.is_ascii_alphabetic()).trim_end();
    let call = enclosing_call(text, before.len());
    let function = call.map(|c| last_word(text[..c].trim_end())).unwrap_or_default();
    let first = before.ends_with('(');
    match function {
        "table" | "from_" | "Table" if first => return Some(Wanted::Tables),
        "ForeignKey" | "ForeignKeyConstraint" => return Some(target(inside)),
        "Column" | "mapped_column" if first => return Some(Wanted::Columns(table_above(text, string.start).into_iter().collect(), false)),
        _ => {}
    }
    if before.ends_with('=') && last_word(before[..before.len() - 1].trim_end()) == "__tablename__" {
        return Some(Wanted::Tables);
    }
    let columns = || Some(Wanted::Columns(vec![chain_table(text, string.start)?], false));
    if names_columns(function) && text[..call?].trim_end().strip_suffix(function)?.trim_end().ends_with('.') {
        return columns();
    }
    // `.insert({"column": …})`
    let brace = text[..string.start].rfind('{')?;
    let writes = ["insert(", "update(", "upsert(", "insert([", "upsert(["];
    let opened = text[..brace].trim_end();
    writes.iter().any(|w| opened.ends_with(w)).then(columns).flatten()
}

fn target(inside: &str) -> Wanted {
    Wanted::Target(inside.rsplit_once('.').map(|(table, _)| table.to_owned()))
}

/// The table that the nearest `.table("…")` or `.from_("…")` before a byte names, in the same statement.
fn chain_table(text: &str, at: usize) -> Option<String> {
    let mut from = at.saturating_sub(REACH);
    while !text.is_char_boundary(from) {
        from += 1;
    }
    let chain = &text[from..at];
    let found = [".table(", ".from_("].iter().filter_map(|w| Some(chain.rfind(w)? + w.len())).max()?;
    quoted(&chain[found..])
}

/// `__tablename__` of the class around a byte.
fn table_above(text: &str, at: usize) -> Option<String> {
    let class = text[..at].rfind("\nclass ").unwrap_or(0);
    let found = text[class..at].rfind("__tablename__")? + class;
    let value = text[found..at].split_once('=')?.1;
    quoted(value)
}

fn quoted(text: &str) -> Option<String> {
    let text = text.trim_start();
    let quote = text.chars().next().filter(|c| matches!(c, '"' | '\''))?;
    Some(text[1..].split_once(quote)?.0.to_owned())
}

fn looks_like_sql(text: &str) -> bool {
    let first = text.trim_start().split(|c: char| !c.is_ascii_alphabetic()).next().unwrap_or_default().to_ascii_lowercase();
    matches!(first.as_str(), "select" | "insert" | "update" | "delete" | "with" | "merge" | "copy" | "truncate")
        && text.trim_start().contains(char::is_whitespace)
}

/// A word of SQL, or a sign.
fn sql_tokens(text: &str) -> Vec<(usize, &str)> {
    let bytes = text.as_bytes();
    let (mut out, mut n) = (Vec::new(), 0);
    while n < bytes.len() {
        let start = n;
        match bytes[n] {
            b'\'' => n += 1 + bytes[n + 1..].iter().position(|b| *b == b'\'').map_or(bytes.len() - n - 1, |p| p + 1),
            b'-' if bytes[n..].starts_with(b"--") => n += bytes[n..].iter().position(|b| *b == b'\n').unwrap_or(bytes.len() - n),
            b'"' => {
                n += 1 + bytes[n + 1..].iter().position(|b| *b == b'"').map_or(bytes.len() - n - 1, |p| p + 1);
                out.push((start, &text[start..n]));
            }
            b if is_word(b) => {
                while n < bytes.len() && is_word(bytes[n]) {
                    n += 1;
                }
                out.push((start, &text[start..n]));
            }
            b => {
                n += 1;
                if b.is_ascii_punctuation() {
                    out.push((start, &text[start..n]));
                }
            }
        }
    }
    out
}

/// Words behind which a table stands.
const BEFORE_TABLES: &[&str] = &["from", "join", "into", "update", "table", "truncate", "only", "references"];

fn sql(text: &str, at: usize) -> Option<Wanted> {
    let at = at.min(text.len());
    let begins = text[..at].rfind(';').map_or(0, |n| n + 1);
    let ends = text[at..].find(';').map_or(text.len(), |n| at + n);
    let statement = &text[begins..ends];
    let tokens = sql_tokens(statement);
    let scope = tables_named(&tokens);
    let start = word_start(text, at);
    let before = text[begins..start].trim_end();
    let lower = last_word(before).to_ascii_lowercase();
    if let Some(owner) = text[begins..start].strip_suffix('.') {
        let alias = last_word(owner.trim_end_matches('"')).to_owned();
        let table = scope.iter().find(|(a, _)| *a == alias).map_or(alias.clone(), |(_, t)| t.clone());
        return Some(Wanted::Columns(vec![table], false));
    }
    if BEFORE_TABLES.contains(&lower.as_str()) {
        return Some(Wanted::Tables);
    }
    // `INSERT INTO t (`: its columns alone.
    let tables: Vec<String> = scope.into_iter().map(|(_, t)| t).collect();
    let more = tables.is_empty() || (before.ends_with(',') && in_from(&text[begins..start]));
    (!before.is_empty()).then_some(Wanted::Columns(tables, more))
}

/// Whether the last clause that began is FROM.
fn in_from(text: &str) -> bool {
    let words = ["select", "from", "where", "group", "order", "on", "set", "values", "having", "returning"];
    let last = sql_tokens(text).into_iter().rev().map(|(_, w)| w.to_ascii_lowercase()).find(|w| words.contains(&w.as_str()));
    last.as_deref() == Some("from")
}

/// Tables of a statement with the names they go by in it.
fn tables_named(tokens: &[(usize, &str)]) -> Vec<(String, String)> {
    let word = |n: usize| tokens.get(n).map_or("", |t| t.1);
    let is_name = |w: &str| w.bytes().next().is_some_and(|b| is_word(b) || b == b'"');
    let bare = |w: &str| if w.starts_with('"') { w.trim_matches('"').to_owned() } else { w.to_lowercase() };
    let mut out = Vec::new();
    for n in 0..tokens.len() {
        let before = word(n).to_ascii_lowercase();
        let list = before == "," && in_tables(tokens, n);
        if !(list || matches!(before.as_str(), "from" | "join" | "into" | "update")) || !is_name(word(n + 1)) {
            continue;
        }
        let (mut table, mut next) = (bare(word(n + 1)), n + 2);
        if word(next) == "." && is_name(word(next + 1)) {
            (table, next) = (format!("{table}.{}", bare(word(next + 1))), next + 2);
        }
        if word(next).eq_ignore_ascii_case("as") {
            next += 1;
        }
        let clause = [
            "where",
            "join",
            "on",
            "set",
            "left",
            "right",
            "inner",
            "outer",
            "full",
            "cross",
            "group",
            "order",
            "limit",
            "values",
            "select",
            "using",
            "returning",
            "natural",
            "having",
            "union",
            "for",
        ];
        let alias = Some(word(next)).filter(|w| is_name(w) && !clause.contains(&w.to_ascii_lowercase().as_str())).map(&bare);
        let own = table.rsplit('.').next().unwrap_or_default().to_owned();
        out.push((alias.unwrap_or(own), table));
    }
    out
}

/// Whether a comma parts the tables of FROM.
fn in_tables(tokens: &[(usize, &str)], at: usize) -> bool {
    let mut depth = 0_usize;
    for (_, w) in tokens[..at].iter().rev() {
        match w.to_ascii_lowercase().as_str() {
            ")" => depth += 1,
            "(" if depth == 0 => return false,
            "(" => depth -= 1,
            "from" if depth == 0 => return true,
            "select" | "where" | "group" | "order" | "on" | "set" | "values" | "returning" | "having" if depth == 0 => return false,
            _ => {}
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The cursor is `|`.
    fn at(text: &str, of: fn(&str, usize) -> Option<Wanted>) -> Option<Wanted> {
        let at = text.find('|').expect("a cursor");
        of(&text.replacen('|', "", 1), at)
    }

    fn columns(tables: &[&str]) -> Option<Wanted> {
        Some(Wanted::Columns(tables.iter().map(|t| (*t).to_owned()).collect(), false))
    }

    #[test]
    fn sql_wants_tables_behind_from_and_columns_elsewhere() {
        assert_eq!(at("SELECT * FROM |", sql), Some(Wanted::Tables));
        assert_eq!(at("SELECT ba| FROM batches", sql), columns(&["batches"]));
        assert_eq!(at("SELECT b.| FROM app.batches AS b JOIN x", sql), columns(&["app.batches"]));
        assert_eq!(at("SELECT 1; UPDATE orders SET |; SELECT 2 FROM y", sql), columns(&["orders"]));
        assert_eq!(at("INSERT INTO t (|", sql), columns(&["t"]));
        assert_eq!(at("SELECT 1 FROM a x, b y WHERE y.|", sql), columns(&["b"]));
        assert_eq!(at("|", sql), None);
        assert!(at("SELECT '|", sql).is_some());
    }

    #[test]
    fn strings_are_found_around_a_place() {
        assert_eq!(string_around("x = 'ab' # 'c\ny = \"\"\"d", 6).map(|s| s.quote), Some("'"));
        assert_eq!(string_around("x = 'ab' # 'c\ny = \"\"\"d", 13), None);
        assert_eq!(string_around("x = 'ab' # 'c\ny = \"\"\"d", 22).map(|s| s.quote), Some("\"\"\""));
        assert_eq!(string_around("x = 'a\\'b", 9).map(|s| s.start), Some(5));
        assert_eq!(string_around("\\", 1), None);
        assert_eq!(string_around("'\\", 2).map(|s| s.start), Some(1));
    }

    #[test]
    fn python_wants_what_its_strings_and_calls_say() {
        assert_eq!(at("db.table('|')", python), Some(Wanted::Tables));
        assert_eq!(at("db.table('orders').select('id, |')", python), columns(&["orders"]));
        assert_eq!(at("db.table('orders').insert({'|': 1})", python), columns(&["orders"]));
        assert_eq!(at("db.table('orders').eq('|', 1)", python), columns(&["orders"]));
        assert_eq!(at("x = text('SELECT | FROM orders')", python), columns(&["orders"]));
        assert_eq!(at("a = Column(ForeignKey('orders.|'))", python), Some(Wanted::Target(Some("orders".to_owned()))));
        assert_eq!(at("class A(B):\n    __tablename__ = '|'", python), Some(Wanted::Tables));
        assert_eq!(at("class A(B):\n    __tablename__ = 'orders'\n    x = mapped_column('|')", python), columns(&["orders"]));
        assert_eq!(at("select(Batch).where(Batch.|)", python), Some(Wanted::Attributes("Batch".to_owned(), false)));
        assert_eq!(at("Batch(a=1, |)", python), Some(Wanted::Attributes("Batch".to_owned(), true)));
        assert_eq!(at("session.query(Batch).filter_by(|", python), Some(Wanted::Attributes("Batch".to_owned(), true)));
        assert_eq!(at("Batch.objects.filter(|", python), Some(Wanted::Attributes("Batch".to_owned(), true)));
        assert_eq!(at("x = f(1, |)", python), None);
        assert_eq!(at("'|", python), None);
    }
}
