//! `dbtruth refs`, `dbtruth models`

use super::args::{ListFormat, Models, Refs};
use super::check::working_directory;
use super::{Code, out};
use crate::check::{self, Failure, Opened, Settings};
use crate::project::uses::{Certainty, Reference, RelationName};
use crate::project::world::World;
use crate::report::listing::{self, ModelEntry, RefEntry};
use crate::report::references::{self, Place};
use crate::schema::{RelationKind, Schema};
use crate::source::{FileId, Location};

/// Every place that names a table or a column.
pub fn refs(args: &Refs) -> Result<Code, Failure> {
    let cwd = working_directory()?;
    let settings = Settings::worktree(&cwd, &args.within, args.lock.as_deref())?;
    let opened = check::open(&settings)?;
    let project = opened.project(&settings);
    let wanted = args.name.as_deref().map(parse_name).transpose()?;
    let mut references = project.uses.references.clone();
    references.retain(|r| asked(&settings, &opened, r.location.file) && wanted.as_ref().is_none_or(|w| w.matches(r)));
    references.sort_by_cached_key(|r| (opened.sources.get(r.location.file).path.clone(), r.location.span, r.relation, r.column, r.access));
    references.dedup();
    let entries: Vec<RefEntry> = references.iter().map(|r| RefEntry::new(&opened.sources, r, schema_of(&opened, r.relation).as_deref())).collect();
    out::results(&match (args.format, &wanted, &args.name) {
        (ListFormat::Json, ..) => listing::refs_json(&entries),
        (ListFormat::Human, Some(wanted), Some(name)) => {
            let places = references.iter().zip(entries).map(|(r, entry)| place(&opened, &project.world, r, entry)).collect::<Vec<_>>();
            references::text(name, wanted.in_lock(&opened.schema).as_deref(), &places)
        }
        (ListFormat::Human, ..) => listing::refs_text(&entries),
    });
    Ok(finish(&opened))
}

/// A place with its line.
fn place(opened: &Opened, world: &World<'_>, r: &Reference, entry: RefEntry) -> Place {
    let file = opened.sources.get(r.location.file);
    let line = file.slice(file.line_span(file.position(r.location.span.start).line)).to_owned();
    let of = r.location.file;
    Place { entry, line, test: world.is_test(of), migration: world.is_migration(of), guess: r.certainty == Certainty::Low }
}

/// Every model and what it maps to.
pub fn models(args: &Models) -> Result<Code, Failure> {
    let cwd = working_directory()?;
    let settings = Settings::worktree(&cwd, &args.paths, args.lock.as_deref())?;
    let opened = check::open(&settings)?;
    let project = opened.project(&settings);
    let mut entries: Vec<(Location, ModelEntry)> = project
        .world
        .models
        .all
        .iter()
        .filter(|m| asked(&settings, &opened, m.at.file))
        .map(|m| (m.at, ModelEntry::new(&opened.sources, m, schema_of(&opened, m.relation).as_deref())))
        .collect();
    entries.sort_by_key(|(at, _)| *at);
    let entries: Vec<ModelEntry> = entries.into_iter().map(|(_, e)| e).collect();
    out::results(&match args.format {
        ListFormat::Human => listing::models_text(&entries),
        ListFormat::Json => listing::models_json(&entries),
    });
    Ok(finish(&opened))
}

fn asked(settings: &Settings, opened: &Opened, file: FileId) -> bool {
    opened.path_of(file).is_some_and(|p| settings.reports(p))
}

/// The schema as the code gives it, else the one where the lock has the relation, else the first on the search path.
fn schema_of(opened: &Opened, relation: RelationName) -> Option<String> {
    if let Some(schema) = relation.schema {
        return Some(schema.to_string());
    }
    let found = opened.schema.relation(None, &relation.name).map(|(name, _)| name.schema.clone());
    found.or_else(|| opened.schema.search_path.first().cloned())
}

/// Says what the user should hear; the exit code.
pub(super) fn finish(opened: &Opened) -> Code {
    for note in &opened.notes {
        out::say(&format!("note: {note}"));
    }
    for trouble in &opened.troubles {
        out::say(&format!("error: {trouble}"));
    }
    if opened.troubles.is_empty() { 0 } else { 2 }
}

/// `table`, `table.column`, `schema.table`, `schema.table.column`
struct Wanted(Vec<String>);

fn parse_name(text: &str) -> Result<Wanted, Failure> {
    let parts: Vec<String> = text.split('.').map(str::to_owned).collect();
    if parts.len() > 3 || parts.iter().any(String::is_empty) {
        return Err(Failure::new(format!("`{text}` is no name")).help("give TABLE, TABLE.COLUMN or SCHEMA.TABLE.COLUMN"));
    }
    Ok(Wanted(parts))
}

impl Wanted {
    /// What the lock says of the name: a column's definition, or that it is a table.
    fn in_lock(&self, schema: &Schema) -> Option<String> {
        let column = |s: Option<&str>, t: &str, c: &str| {
            let (_, relation) = schema.relation(s, t)?;
            let found = relation.column(c)?;
            Some(format!("{}{}", found.ty, if found.not_null { " not null" } else { "" }))
        };
        let table = |s: Option<&str>, t: &str| {
            let (_, relation) = schema.relation(s, t)?;
            let kind = match relation.kind {
                RelationKind::Table => "table",
                RelationKind::View => "view",
                RelationKind::MaterializedView => "materialised view",
                RelationKind::ForeignTable => "foreign table",
            };
            Some(format!("{kind}, {} columns", relation.columns.len()))
        };
        match self.0.as_slice() {
            [t] => table(None, t),
            [a, b] => column(None, a, b).or_else(|| table(Some(a), b)),
            [s, t, c] => column(Some(s), t, c),
            _ => None,
        }
    }

    fn matches(&self, r: &Reference) -> bool {
        let schema = |s: &str| r.relation.schema.is_none_or(|given| given.as_str() == s);
        let table = |t: &str| r.relation.name.as_str() == t;
        let column = |c: &str| r.column.is_some_and(|given| given.as_str() == c);
        match self.0.as_slice() {
            [t] => table(t),
            // `a.b` is a table's column, or a schema's table.
            [a, b] => (table(a) && column(b)) || (table(b) && r.relation.schema.is_some_and(|s| s.as_str() == a)),
            [s, t, c] => schema(s) && table(t) && column(c),
            _ => false,
        }
    }
}
