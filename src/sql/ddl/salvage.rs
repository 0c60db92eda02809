//! What can be kept of a CREATE TABLE that cannot be read as a whole: a placeholder of another program in one column is no reason to lose the others.

use super::Ddl;
use crate::schema::lock::line::{closing, split_commas, take_identifier};
use crate::schema::{Column, QualifiedName};
use crate::source::{FileId, Location, Span};
use crate::syntax::sql::ast::StatementKind;
use crate::syntax::sql::template::{HOLE, Template};
use crate::syntax::sql::{Parameters, parse};

/// Words that begin an element which is no column.
const NO_COLUMN: &[&str] = &["constraint", "primary", "unique", "foreign", "check", "exclude", "like", "period", "key", "index"];

impl Ddl {
    /// Creates the table with those of its elements that can be read by themselves, and with the columns whose names can; the caller says that it is open.
    /// `statement` has no comments.
    pub(super) fn create_in_part(&mut self, statement: &str, name: &QualifiedName) {
        let Some((head, elements)) = parts(statement) else { return };
        let (mut kept, mut columns) = (Vec::new(), Vec::new());
        for element in elements {
            if elements_read(&format!("{head} ({element})")) == Some(1) {
                kept.push(element);
            } else if let Some((column, _)) = take_identifier(element.trim()).filter(|(c, _)| !NO_COLUMN.contains(&c.as_str()) && !c.contains(HOLE)) {
                columns.push(column);
            }
        }
        let whole = format!("{head} ({})", kept.join(", "));
        // what cannot be read even so would lead back to here
        if elements_read(&whole) != Some(kept.len()) {
            return;
        }
        self.run(&whole);
        for column in columns {
            if self.schema.relations.get(name).is_some_and(|r| r.column(&column).is_none()) {
                self.put(name, Column::new(column, super::view::UNKNOWN));
            }
        }
    }
}

/// `CREATE TABLE name`, and what stands between the parentheses behind it, part by part.
fn parts(statement: &str) -> Option<(&str, Vec<&str>)> {
    let open = statement.find('(')?;
    let end = closing(&statement[open..])?;
    Some((&statement[..open], split_commas(&statement[open + 1..open + end - 1])))
}

/// How many elements a CREATE TABLE has that is read without a gap; `None` for anything else.
fn elements_read(text: &str) -> Option<usize> {
    let mut template = Template::default();
    template.push_verbatim(text, Location::new(FileId(0), Span::new(0, text.len())));
    let script = parse(&template, Parameters::Dollar);
    let [only] = script.statements.as_slice() else { return None };
    match &only.statement.kind {
        StatementKind::CreateTable(table) if script.skipped.is_empty() && !table.broken => Some(table.elements.len()),
        _ => None,
    }
}
