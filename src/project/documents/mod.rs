//! Documents: what a Markdown file says of tables and columns.
//!
//! Only names of tables that the lock has begin a claim: a heading or line that names one, followed by a table or list of columns; a table with
//! headings for both; an entity of a diagram; SQL and Python in fences. Unknown names in prose are prose. What a document says is never more than
//! likely, so that findings are warnings; what the record of past versions says is not judged at all.

mod columns;
mod diagram;
mod fence;
mod labels;
#[cfg(test)]
mod tests;

use crate::symbol::Symbol;

use crate::diagnostic::{Access, Context};
use crate::facts::Markdown;
use crate::schema::{QualifiedName, Schema};
use crate::source::{FileId, Location, SourceFile, Span};
use crate::syntax::markdown::{Block, Table};

use super::libraries::sql_text::dialect;
use super::uses::{Certainty, Reference, RelationName, Uses};
use super::world::World;
use columns::{Listed, Named};
use labels::Label;

/// What a document names.
pub fn uses<'a>(world: &World<'a>, id: FileId, document: &'a Markdown) -> Uses {
    let file = world.sources.get(id);
    let mut reader = Reader::new(world.schema, id, file);
    reader.blocks(&document.document.blocks);
    for d in &document.diagrams {
        diagram::read(&mut reader, d);
    }
    let certainty = reader.certainty;
    let mut uses = reader.uses;
    uses.append(fence::python(world, id, document, certainty));
    forgive_plans(&mut uses);
    uses
}

/// A plan shows what is to be made (`ALTER TABLE orders ADD COLUMN paid_at …`) and code that uses it: to the document itself it is there, to nobody else.
fn forgive_plans(uses: &mut Uses) {
    uses.drop_created();
    let made = std::mem::take(&mut uses.created);
    for r in uses.references.iter_mut().filter(|r| r.column.is_some() && made.contains(&(r.relation.name, r.column))) {
        r.certainty = Certainty::Low;
    }
}

/// Whether a document tells of past versions: by its name.
fn is_history(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or_default().to_ascii_lowercase();
    ["change", "history", "release", "news", "upgrad", "migrat", "whatsnew"].iter().any(|w| name.starts_with(w))
        || path
            .split('/')
            .rev()
            .skip(1)
            .any(|f| matches!(f.to_ascii_lowercase().as_str(), "changelog" | "changelogs" | "releases" | "migrations" | "adr" | "rfcs"))
}

/// Reads a document from top to bottom.
struct Reader<'s> {
    schema: &'s Schema,
    id: FileId,
    text: &'s str,
    /// How sure it is that the document speaks of today's schema.
    certainty: Certainty,
    uses: Uses,
    /// The table that the section is about, and the level of its heading.
    section: Option<(Label<'s>, u8)>,
    /// A heading below it that is about something else, by its level.
    aside: Option<u8>,
    /// The table that the paragraph names.
    line: Option<Label<'s>>,
    /// The section's columns have been listed, or something else was announced (`Indexes:`).
    closed: bool,
    /// `Columns:` was said.
    announced: bool,
}

impl<'s> Reader<'s> {
    fn new(schema: &'s Schema, id: FileId, file: &'s SourceFile) -> Self {
        let certainty = if is_history(&file.path) || dialect::names_other_database(&file.path) { Certainty::Low } else { Certainty::Medium };
        Self { schema, id, text: &file.text, certainty, uses: Uses::default(), section: None, aside: None, line: None, closed: false, announced: false }
    }

    fn blocks(&mut self, blocks: &[Block]) {
        let mut rest = blocks;
        while let Some((block, behind)) = rest.split_first() {
            rest = behind;
            match block {
                Block::Heading { level, text } => self.heading(*level, *text),
                Block::Line { text } => self.paragraph(*text),
                Block::Table(table) => {
                    self.table(table);
                    self.line = None;
                }
                Block::Item { indent, text } => {
                    let more = behind.iter().take_while(|b| matches!(b, Block::Item { .. })).count();
                    let outer =
                        behind[..more].iter().filter_map(|b| if let Block::Item { indent: own, text } = b { (own <= indent).then_some(*text) } else { None });
                    let items: Vec<Span> = std::iter::once(*text).chain(outer).collect();
                    rest = &behind[more..];
                    self.list(&items);
                    self.line = None;
                }
                Block::Fence(f) => {
                    if matches!(f.language.as_str(), "sql" | "postgres" | "postgresql" | "pgsql") {
                        let found = fence::sql(self.schema, self.id, self.text, f, self.certainty);
                        self.uses.append(found);
                    }
                    self.line = None;
                }
            }
        }
    }

    fn heading(&mut self, level: u8, text: Span) {
        self.line = None;
        if self.section.as_ref().is_some_and(|(_, own)| level <= *own) {
            self.section = None;
        }
        if self.aside.is_some_and(|own| level <= own) {
            self.aside = None;
        }
        if let Some(label) = labels::heading(self.text, text, self.schema) {
            self.mention(&label);
            (self.section, self.aside, self.closed, self.announced) = (Some((label, level)), None, false, false);
        } else if labels::is_about_columns(&self.text[text.range()]) {
            (self.closed, self.announced) = (false, true);
        } else if self.section.is_some() {
            self.aside = Some(self.aside.unwrap_or(level));
        }
    }

    fn paragraph(&mut self, text: Span) {
        let said = &self.text[text.range()];
        if let Some(label) = labels::line(self.text, text, self.schema) {
            self.mention(&label);
            // A line that names the table and lists its columns behind the name would be prose.
            (self.line, self.closed, self.announced) = (Some(label), false, said.trim_end_matches(['*', ' ']).ends_with(':'));
            return;
        }
        if let Some(names) = columns::announced(self.text, text) {
            if names.is_empty() {
                (self.closed, self.announced) = (false, true);
            } else if let Some(label) = self.label() {
                self.claim(&label, &Listed { names, headed: true });
                self.closed = true;
            }
            return;
        }
        if said.trim_end_matches(['*', '_', ' ']).ends_with(':') {
            // Something else is announced.
            (self.line, self.closed) = (None, true);
        }
    }

    /// The table that a list standing here is about.
    fn label(&self) -> Option<Label<'s>> {
        if let Some(label) = &self.line {
            return Some(label.clone());
        }
        let (label, _) = self.section.as_ref()?;
        (self.aside.is_none() && !self.closed).then(|| label.clone())
    }

    fn table(&mut self, table: &Table) {
        let rows = columns::rows_of_both(self.text, table, self.schema);
        if !rows.is_empty() {
            for (label, listed) in rows {
                self.mention(&label);
                self.claim(&label, &listed);
            }
            return;
        }
        let (Some(label), Some(listed)) = (self.label(), columns::of_table(self.text, table)) else { return };
        let headed = listed.headed || self.announced;
        self.claim(&label, &Listed { headed, ..listed });
        self.closed = true;
    }

    fn list(&mut self, items: &[Span]) {
        let Some(label) = self.label() else { return };
        let Some(names) = columns::of_list(self.text, items) else { return };
        self.claim(&label, &Listed { names, headed: self.announced });
        self.closed = true;
    }

    /// Notes that a table is named, where that is sure before its columns are seen: a heading `tags` may be about anything.
    fn mention(&mut self, label: &Label<'_>) {
        if label.sure {
            self.note(label.relation, None, label.at);
        }
    }

    /// Notes the columns that a list gives a table, if it looks like that table's.
    ///
    /// A list under a heading may be of anything: the fields of an answer, say. Where nobody says "table" or "column", most of the names must be
    /// the table's; where somebody does, a third of them.
    fn claim(&mut self, label: &Label<'_>, listed: &Listed) {
        let Some(relation) = self.schema.relations.get(label.relation) else { return };
        let found = |n: &Named| relation.column(&n.name).or_else(|| relation.column(&n.name.to_ascii_lowercase()));
        let (all, hits) = (listed.names.len(), listed.names.iter().filter(|n| found(n).is_some()).count());
        let fits = if label.sure || listed.headed { hits >= 1 && hits * 3 >= all } else { hits >= 2 && hits * 3 >= all * 2 };
        if !fits {
            self.uses.skip("list in a document that does not look like its table's");
            return;
        }
        if !label.sure {
            self.note(label.relation, None, label.at);
        }
        let mixed = relation.columns.iter().any(|c| c.name.bytes().any(|b| b.is_ascii_uppercase()));
        for n in &listed.names {
            match found(n) {
                Some(column) => self.note(label.relation, Some(&column.name.clone()), n.at),
                // `createdAt` is a name for people or for JSON unless the table has such names.
                None if mixed || !n.name.bytes().any(|b| b.is_ascii_uppercase()) => self.note(label.relation, Some(&n.name), n.at),
                None => {}
            }
        }
    }

    fn note(&mut self, relation: &QualifiedName, column: Option<&str>, at: Span) {
        self.uses.references.push(Reference {
            location: Location::new(self.id, at),
            relation: RelationName { schema: Some(Symbol::from(&relation.schema)), name: Symbol::from(&relation.name) },
            column: column.map(Symbol::from),
            access: Access::Read,
            context: Context::Docs,
            via: "markdown",
            model: None,
            attribute: None,
            certainty: self.certainty,
        });
    }
}
