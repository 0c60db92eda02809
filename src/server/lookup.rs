//! What stands at a place: hover, definition, references.

use std::collections::BTreeSet;

use gen_lsp_types::{Contents, Hover, Location, MarkupContent, MarkupKind};
use serde_json::Value;

use super::generation::Generation;
use super::publish;
use crate::project::uses::{Reference, RelationName};
use crate::schema::{Column, Identity, QualifiedName, Relation, RelationKind};
use crate::source::{self, FileId, Span};

/// A table or column that a place names.
pub struct Target<'g> {
    /// The token.
    pub span: Span,
    /// The table in the lock.
    pub table: (&'g QualifiedName, &'g Relation),
    /// The column, where one is named.
    pub column: Option<String>,
}

/// All references, with the newest of files that changed since the link.
pub fn references_of<'g>(generation: &'g Generation<'_>) -> impl Iterator<Item = &'g Reference> {
    let live = &generation.live;
    let old = live.project.uses.references.iter().filter(|r| !live.edited.contains_key(&r.location.file));
    let new = live.edited.iter().flat_map(|(file, uses)| uses.references.iter().filter(move |r| r.location.file == *file));
    old.chain(new)
}

fn table_of<'g>(generation: &'g Generation<'_>, name: RelationName) -> Option<(&'g QualifiedName, &'g Relation)> {
    generation.live.schema.relation(name.schema.as_ref().map(crate::symbol::Symbol::as_str), name.name.as_str())
}

/// What stands at a byte of a file: the smallest reference around it, or what the lock defines there.
pub fn target<'g>(generation: &'g Generation<'_>, file: FileId, at: usize) -> Option<Target<'g>> {
    let around = |span: Span| span.range().contains(&at) || span.end as usize == at;
    if file == generation.live.opened.lock {
        return defined_at(generation, around);
    }
    let here = references_of(generation).filter(|r| r.location.file == file && around(r.location.span));
    let known = here.filter_map(|r| Some((r, table_of(generation, r.relation)?)));
    let nearest = known.min_by_key(|(r, _)| (r.location.span.len(), r.column.is_none(), r.location.span, r.column));
    let named = nearest.map(|(r, table)| Target { span: r.location.span, table, column: r.column.map(|c| c.to_string()) });
    named.or_else(|| declared_at(generation, file, at))
}

/// What a model declares there under a name of its own: its class, or an attribute whose column is called otherwise.
fn declared_at<'g>(generation: &'g Generation<'_>, file: FileId, at: usize) -> Option<Target<'g>> {
    let source = generation.live.sources().get(file);
    let line = |at: usize| source.position(u32::try_from(at).unwrap_or(u32::MAX)).line;
    for model in &generation.live.project.world.models.all {
        if model.at.file == file && model.at.span.range().contains(&at) {
            return Some(Target { span: model.at.span, table: table_of(generation, model.relation)?, column: None });
        }
        for c in model.columns.iter().filter(|c| c.declared.file == file && line(c.declared.span.start as usize) == line(at)) {
            let from = super::completion::word_start(&source.text, at);
            let span = Span::new(from, from + c.attribute.len());
            let is_whole = !source.text.get(span.range().end..).is_some_and(|rest| rest.starts_with(|n: char| n.is_alphanumeric() || n == '_'));
            if source.slice(span) == c.attribute.as_str() && is_whole {
                return Some(Target { span, table: table_of(generation, model.relation)?, column: Some(c.column.to_string()) });
            }
        }
    }
    None
}

fn defined_at<'g>(generation: &'g Generation<'_>, around: impl Fn(Span) -> bool) -> Option<Target<'g>> {
    let relations = &generation.live.schema.relations;
    let column = relations.iter().map(|(q, r)| (q, &**r)).find_map(|table| {
        let column = table.1.columns.iter().find(|c| c.at.is_some_and(&around))?;
        Some(Target { span: column.at?, table, column: Some(column.name.clone()) })
    });
    column.or_else(|| relations.iter().map(|(q, r)| (q, &**r)).find_map(|table| Some(Target { span: table.1.at.filter(|s| around(*s))?, table, column: None })))
}

/// `textDocument/hover`
pub fn hover(generation: &Generation<'_>, file: FileId, at: usize) -> Option<Value> {
    let target = target(generation, file, at)?;
    let (name, relation) = target.table;
    let text = match &target.column {
        Some(column) => column_text(name, relation, relation.column(column)?),
        None => table_text(name, relation),
    };
    let contents = Contents::MarkupContent(MarkupContent { kind: MarkupKind::Markdown, value: text });
    let range = Some(generation.encoding.range(generation.live.sources().get(file), target.span));
    serde_json::to_value(Hover { contents, range }).ok()
}

/// A name as code in Markdown, whatever it holds.
fn code(text: &str) -> String {
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest + 1);
    let pad = if text.starts_with('`') || text.ends_with('`') { " " } else { "" };
    format!("{fence}{pad}{}{pad}{fence}", text.replace(['\n', '\r'], " "))
}

/// A comment of the database as plain text in Markdown: it speaks to people, never to the editor.
fn prose(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        if c.is_ascii_punctuation() {
            out.push('\\');
        }
        out.push(if c.is_control() && c != '\n' { ' ' } else { c });
    }
    out
}

/// `not null`, default and their like, in SQL's words.
pub fn definition_of(column: &Column) -> String {
    let mut text = column.ty.clone();
    if column.not_null {
        text.push_str(" not null");
    }
    if let Some(default) = &column.default {
        text = format!("{text} default {default}");
    }
    if let Some(generated) = &column.generated {
        text = format!("{text} generated always as ({}) {}", generated.expression, if generated.stored { "stored" } else { "virtual" });
    }
    match column.identity {
        Some(Identity::Always) => text.push_str(" generated always as identity"),
        Some(Identity::ByDefault) => text.push_str(" generated by default as identity"),
        None => {}
    }
    text
}

fn column_text(name: &QualifiedName, relation: &Relation, column: &Column) -> String {
    let own = column.name.as_str();
    let mut lines = vec![format!("```sql\n{}.{} {}\n```", crate::rules::display(name), own, definition_of(column))];
    lines.push(if column.not_null { "never NULL".to_owned() } else { "may be NULL".to_owned() });
    if relation.primary_key.iter().any(|k| k == own) {
        lines.push(if relation.primary_key.len() == 1 {
            "primary key".to_owned()
        } else {
            format!("primary key with {}", code(&relation.primary_key.join(", ")))
        });
    }
    for key in relation.foreign_keys.iter().filter(|k| k.columns.iter().any(|c| c == own)) {
        let target = format!("{} ({})", crate::rules::display(&key.target), key.target_columns.join(", "));
        lines.push(format!("references {}{}", code(&target), if key.actions.is_empty() { String::new() } else { format!(" {}", key.actions) }));
    }
    for unique in relation.unique.iter().filter(|u| u.columns.iter().any(|c| c == own)) {
        lines.push(format!("unique: {}", code(&unique.columns.join(", "))));
    }
    lines.extend(column.comment.as_deref().map(prose));
    lines.join("\n\n")
}

/// So many columns are listed.
const LISTED: usize = 40;

fn table_text(name: &QualifiedName, relation: &Relation) -> String {
    let kind = match relation.kind {
        RelationKind::Table => "table",
        RelationKind::View => "view",
        RelationKind::MaterializedView => "materialized view",
        RelationKind::ForeignTable => "foreign table",
    };
    let mut body = vec![format!("{kind} {} (", crate::rules::display(name))];
    body.extend(relation.columns.iter().take(LISTED).map(|c| format!("  {} {}", c.name, definition_of(c))));
    if relation.columns.len() > LISTED {
        body.push(format!("  -- and {} more", relation.columns.len() - LISTED));
    }
    if !relation.primary_key.is_empty() {
        body.push(format!("  primary key ({})", relation.primary_key.join(", ")));
    }
    body.push(")".to_owned());
    let mut text = format!("```sql\n{}\n```", body.join("\n"));
    if let Some(comment) = &relation.comment {
        text = format!("{text}\n\n{}", prose(comment));
    }
    text
}

/// `textDocument/definition`: the lock's line first, then the models that map it.
pub fn definition(generation: &Generation<'_>, file: FileId, at: usize) -> Option<Value> {
    let target = target(generation, file, at)?;
    let mut places = in_lock(generation, &target);
    for model in &generation.live.project.world.models.all {
        if table_of(generation, model.relation).is_none_or(|(name, _)| name != target.table.0) {
            continue;
        }
        match &target.column {
            Some(column) => places.extend(model.columns.iter().filter(|c| c.column.as_str() == column).map(|c| c.at)),
            None => places.push(model.at),
        }
    }
    list(generation, places)
}

fn in_lock(generation: &Generation<'_>, target: &Target<'_>) -> Vec<source::Location> {
    let (_, relation) = target.table;
    let span = match &target.column {
        Some(column) => relation.column(column).and_then(|c| c.at),
        None => relation.at,
    };
    span.map(|s| source::Location::new(generation.live.opened.lock, s)).into_iter().collect()
}

fn list(generation: &Generation<'_>, places: Vec<source::Location>) -> Option<Value> {
    let mut seen = BTreeSet::new();
    let all: Vec<Location> = places.into_iter().filter(|p| seen.insert(*p)).filter_map(|p| publish::location(generation, p)).collect();
    serde_json::to_value(all).ok()
}

/// `textDocument/references`: as `dbtruth refs` lists them.
pub fn references(generation: &Generation<'_>, file: FileId, at: usize, definition: bool) -> Option<Value> {
    let target = target(generation, file, at)?;
    let wanted = target.column.as_deref();
    let mut places: Vec<source::Location> = references_of(generation)
        .filter(|r| r.column.map(|c| c.as_str()) == wanted && r.relation.name.as_str() == target.table.0.name)
        .filter(|r| table_of(generation, r.relation).is_some_and(|(name, _)| name == target.table.0))
        .map(|r| r.location)
        .collect();
    places.sort();
    if definition {
        places.splice(0..0, in_lock(generation, &target));
    }
    list(generation, places)
}
