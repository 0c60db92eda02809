//! Tables and lists of columns.

use crate::schema::Schema;
use crate::source::Span;
use crate::syntax::markdown::{self, Table};

use super::labels::{self, Label};

/// A name in a list.
#[derive(Clone, Debug)]
pub(super) struct Named {
    pub name: String,
    pub at: Span,
}

/// The names of a list.
#[derive(Clone, Debug)]
pub(super) struct Listed {
    pub names: Vec<Named>,
    /// The list is headed "column".
    pub headed: bool,
}

/// What the head of a table says of the cells below it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Head {
    Table,
    /// `Column`
    Column,
    /// `Field`, `Name`: of what, it does not say.
    Name,
    Other,
}

fn head(text: &str) -> Head {
    let plain = text.trim_matches(|c: char| !c.is_alphanumeric()).to_ascii_lowercase();
    match plain.as_str() {
        "table" | "table name" | "relation" => Head::Table,
        "column" | "columns" | "column name" | "column(s" | "db column" | "database column" => Head::Column,
        "field" | "fields" | "field name" | "name" | "attribute" | "attributes" => Head::Name,
        _ => Head::Other,
    }
}

/// Whether text is an identifier as people write them for columns.
fn is_identifier(text: &str) -> bool {
    !text.is_empty() && !text.starts_with(|c: char| c.is_ascii_digit()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
}

/// The names that a cell or item begins with; `None` where it does not begin with one.
///
/// `` `id` ``, `**id** (PK)`, `` `created_at`, `updated_at`: when `` and `id` alone; text that goes on without a mark (`created by the user`) is prose.
fn leading(text: &str, within: Span) -> Option<Vec<Named>> {
    let content = &text[within.range()];
    let inner = content.trim_start_matches(['*', '[', ' ', '_']);
    let start = within.start as usize + content.len() - inner.len();
    if content.starts_with("~~") {
        return Some(Vec::new());
    }
    if inner.starts_with('`') {
        let spans = markdown::code_spans(text, Span::new(start, within.end as usize));
        let mut names = Vec::new();
        let mut end = start;
        for span in spans {
            let between = &text[end..span.start as usize];
            let joined = between.chars().all(|c| matches!(c, '`' | ',' | '/' | '&' | '+' | '*' | ' ')) || between.trim_matches(['`', ' ', '*']) == "and";
            if !joined {
                break;
            }
            names.push(named(text, span)?);
            end = span.end as usize;
        }
        return Some(names);
    }
    let len = inner.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).unwrap_or(inner.len());
    let rest = inner[len..].trim_start_matches(['*', '_', ']']);
    let keys = |rest: &str| matches!(rest.trim().trim_matches(['(', ')', '*']), "PK" | "FK" | "UK" | "PK, FK" | "pk" | "fk");
    let behind = rest.trim_start();
    let ends =
        rest.is_empty() || rest.starts_with(':') || keys(rest) || behind.starts_with(['(', '-', '\u{2013}', '\u{2014}', '\u{2192}']) && rest.starts_with(' ');
    let name = &inner[..len];
    (ends && is_identifier(name)).then(|| vec![Named { name: name.to_owned(), at: Span::new(start, start + len) }])
}

/// A name in backticks, without its type (`id uuid`, `id: uuid`) or its table (`orders.id`).
fn named(text: &str, span: Span) -> Option<Named> {
    let content = &text[span.range()];
    let first = content.split([' ', ':', '(']).next().unwrap_or_default();
    let skip = first.rfind('.').map_or(0, |n| n + 1);
    let name = &first[skip..];
    let start = span.start as usize + skip;
    is_identifier(name).then(|| Named { name: name.to_owned(), at: Span::new(start, start + name.len()) })
}

/// The names under the heading for columns.
pub(super) fn of_table(text: &str, table: &Table) -> Option<Listed> {
    let heads: Vec<Head> = table.header.iter().map(|h| head(&text[h.range()])).collect();
    let column = heads.iter().position(|h| *h == Head::Column).or_else(|| heads.iter().position(|h| *h == Head::Name))?;
    let cells = table.rows.iter().filter_map(|r| r.get(column));
    let names = cells.filter_map(|c| leading(text, *c)).flatten().collect();
    Some(Listed { names, headed: heads[column] == Head::Column })
}

/// The rows of a table that has headings for tables and for columns: each with the table it is about. An empty cell repeats the one above.
pub(super) fn rows_of_both<'s>(text: &str, table: &Table, schema: &'s Schema) -> Vec<(Label<'s>, Listed)> {
    let heads: Vec<Head> = table.header.iter().map(|h| head(&text[h.range()])).collect();
    let Some(tables) = heads.iter().position(|h| *h == Head::Table) else { return Vec::new() };
    let columns = heads.iter().position(|h| *h == Head::Column).or_else(|| heads.iter().position(|h| *h == Head::Name));
    let mut made: Vec<(Label<'s>, Listed)> = Vec::new();
    let mut current: Option<Label<'s>> = None;
    for row in &table.rows {
        let Some(cell) = row.get(tables) else { continue };
        if !text[cell.range()].trim().is_empty() {
            let span = markdown::code_spans(text, *cell).first().copied().unwrap_or(*cell);
            let name = text[span.range()].trim_matches('*');
            let at = Span::new(span.start as usize + (text[span.range()].len() - text[span.range()].trim_start_matches('*').len()), 0).start as usize;
            current = labels::relation(schema, name, false).map(|relation| Label { relation, at: Span::new(at, at + name.len()), sure: true });
        }
        let Some(label) = &current else { continue };
        let names = columns.and_then(|n| row.get(n)).and_then(|c| leading_or_list(text, *c)).unwrap_or_default();
        match made.last_mut() {
            Some((last, listed)) if last.relation == label.relation => listed.names.extend(names),
            _ => made.push((label.clone(), Listed { names, headed: true })),
        }
    }
    made
}

/// The names of a cell: one, or several with commas between them.
fn leading_or_list(text: &str, cell: Span) -> Option<Vec<Named>> {
    separated(text, cell).or_else(|| leading(text, cell))
}

/// `a, b, c`: every part a name.
fn separated(text: &str, within: Span) -> Option<Vec<Named>> {
    let content = &text[within.range()];
    let mut made = Vec::new();
    let mut at = within.start as usize;
    for part in content.split(',') {
        let marks = [' ', '`', '*', '.', '|'];
        let name = part.trim_matches(marks);
        if !is_identifier(name) {
            return None;
        }
        let start = at + part.len() - part.trim_start_matches(marks).len();
        made.push(Named { name: name.to_owned(), at: Span::new(start, start + name.len()) });
        at += part.len() + 1;
    }
    Some(made)
}

/// A line that announces columns: `Columns:` (none yet), `Fields: id, name`.
pub(super) fn announced(text: &str, line: Span) -> Option<Vec<Named>> {
    let content = &text[line.range()];
    let (said, rest) = content.split_once(':')?;
    let word = said.trim_matches(|c: char| !c.is_alphanumeric()).to_ascii_lowercase();
    if !matches!(word.as_str(), "columns" | "fields" | "field list" | "column list" | "attributes" | "schema" | "structure") {
        return None;
    }
    let rest_at = line.start as usize + content.len() - rest.len();
    let inner = rest.trim_start_matches(['*', ' ', '_']);
    if inner.trim().is_empty() {
        return Some(Vec::new());
    }
    let start = rest_at + rest.len() - inner.len();
    Some(separated(text, Span::new(start, line.end as usize)).unwrap_or_default()).filter(|n| !n.is_empty())
}

/// The names that the items of a list begin with; `None` where one of them begins with anything else.
pub(super) fn of_list(text: &str, items: &[Span]) -> Option<Vec<Named>> {
    let mut names = Vec::new();
    for item in items {
        names.append(&mut leading(text, *item)?);
    }
    Some(names)
}
