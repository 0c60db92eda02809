//! From a run of `check` to the report.

use std::collections::{BTreeMap, BTreeSet};

use super::{Cell, Fault, Report, Row, Source, Standing};
use crate::check::{Opened, Outcome};
use crate::diagnostic::{Access, Context, Diagnostic, Severity};
use crate::project::models::Framework;
use crate::project::uses::Certainty;
use crate::rules::{self, Known};
use crate::schema::{QualifiedName, Relation, Schema};

/// What the sources say of each table, as far as it is right or left out.
#[derive(Clone, Debug, Default)]
pub struct Seen {
    tables: BTreeMap<QualifiedName, BTreeMap<Source, Named>>,
    rows: Vec<(QualifiedName, &'static str, Vec<String>)>,
}

/// What a source names of a table.
#[derive(Clone, Debug, Default)]
struct Named {
    columns: BTreeSet<String>,
    references: usize,
    models: Vec<String>,
    /// Something it says could not be understood: nothing may be called left out.
    open: bool,
}

fn source(context: Context) -> Option<Source> {
    match context {
        Context::Model => Some(Source::Models),
        Context::Query | Context::Sql => Some(Source::Scripts),
        Context::Docs => Some(Source::Documents),
        Context::Cache => Some(Source::Caches),
        // A revision speaks of its own time.
        Context::Migration => None,
    }
}

/// Looks at what was linked, while it is there.
pub fn look(_: &Opened, context: &rules::Context<'_, '_>) -> Seen {
    let mut seen = Seen::default();
    for (name, relation) in &context.schema.relations {
        let columns = relation.columns.iter().map(|c| c.name.clone()).collect();
        seen.rows.push((name.clone(), super::super::show::kind(relation), columns));
    }
    for model in &context.project.world.models.all {
        let (Known::Closed(name, _), false) = (context.relation(model.relation), model.foreign) else { continue };
        if context.project.world.is_migration(model.at.file) {
            continue;
        }
        let slot = seen.tables.entry(name.clone()).or_default().entry(Source::Models).or_default();
        slot.columns.extend(model.columns.iter().map(|c| c.column.to_string()));
        slot.models.push(model.name.to_string());
        slot.open |= model.open || model.reflected || (model.class.is_none() && model.framework == Framework::SqlAlchemyCore);
    }
    for r in &context.project.uses.references {
        let (Some(source), true) = (source(r.context), r.certainty > Certainty::Low) else { continue };
        let Known::Closed(name, _) = context.relation(r.relation) else { continue };
        let slot = seen.tables.entry(name.clone()).or_default().entry(source).or_default();
        slot.references += 1;
        // A query in a document, or a key that is read, is no list of columns.
        let lists = match source {
            Source::Documents => r.via == "markdown",
            Source::Caches => r.access == Access::Write,
            _ => true,
        };
        if lists {
            slot.columns.extend(r.column.map(|c| c.to_string()));
        }
    }
    for slots in seen.tables.values_mut() {
        for named in slots.values_mut() {
            named.models.sort();
            named.models.dedup();
        }
    }
    seen
}

/// Puts a run's findings and what was seen together; `live` is the database's own schema, where it was asked.
pub fn report(outcome: &Outcome, mut seen: Seen, lock: &Schema, live: Option<&Schema>) -> Report {
    let mut sources: Vec<Source> = Source::ALL.to_vec();
    if live.is_none() {
        sources.retain(|s| *s != Source::Database);
    }
    let mut report = Report { sources: sources.clone(), summary: outcome.summary.clone(), ..Report::default() };
    let mut faults: BTreeMap<QualifiedName, BTreeMap<Source, Vec<Fault>>> = BTreeMap::new();
    for d in &outcome.diagnostics {
        let fault = fault(outcome, d);
        let table = d.table.as_ref().map(|t| QualifiedName::new(d.schema.clone().unwrap_or_else(|| "public".to_owned()), t.clone()));
        match (table.filter(|t| lock.relations.contains_key(t)), source(d.context)) {
            (Some(table), Some(source)) => faults.entry(table).or_default().entry(source).or_default().push(fault),
            _ => report.elsewhere.push(fault),
        }
    }
    for (name, kind, columns) in std::mem::take(&mut seen.rows) {
        let mut own = faults.remove(&name).unwrap_or_default();
        let mut named = seen.tables.remove(&name).unwrap_or_default();
        let mut cells = BTreeMap::new();
        for source in &sources {
            let cell = match (source, live) {
                (Source::Database, Some(live)) => database(&name, lock, live),
                _ => cell(*source, &columns, named.remove(source), own.remove(source).unwrap_or_default()),
            };
            cells.insert(*source, cell);
        }
        let standing = cells.iter().map(|(s, c)| if *s == Source::Scripts { c.standing.max(Standing::Absent) } else { c.standing }).max().unwrap_or_default();
        report.rows.push(Row { schema: name.schema, table: name.name, kind, columns: columns.len(), standing, sources: cells });
    }
    if let Some(live) = live {
        let unlocked = live.relations.iter().filter(|(q, _)| !lock.relations.contains_key(*q));
        report.elsewhere.extend(unlocked.map(|(q, _)| database_fault(None, format!("the database has `{q}`, which the lock does not"))));
    }
    report.elsewhere.sort();
    report
}

fn fault(outcome: &Outcome, d: &Diagnostic) -> Fault {
    let file = outcome.sources.get(d.location.file);
    let at = file.position(d.location.span.start);
    Fault {
        rule: d.rule,
        severity: d.severity,
        column: d.column.clone(),
        message: d.message.clone(),
        place: Some(format!("{}:{}:{}", file.path, at.line, at.column)),
    }
}

/// Rules that say that a source has a name which the lock does not.
fn is_extra(rule: &str) -> bool {
    rule == "unknown-column"
}

fn cell(source: Source, columns: &[String], named: Option<Named>, mut faults: Vec<Fault>) -> Cell {
    let named = named.unwrap_or_default();
    let says_nothing = named.columns.is_empty() && named.references == 0 && named.models.is_empty();
    if says_nothing && faults.is_empty() {
        return Cell::default();
    }
    let mut extra: Vec<String> = faults.iter().filter(|f| is_extra(f.rule)).filter_map(|f| f.column.clone()).collect();
    extra.sort();
    extra.dedup();
    // One name is a remark, not a list.
    let lists = match source {
        Source::Models => !named.open && !named.models.is_empty(),
        Source::Documents | Source::Caches => named.columns.len() > 1,
        Source::Scripts => true,
        Source::Database => false,
    };
    let lacks: Vec<String> = if lists { columns.iter().filter(|c| !named.columns.contains(*c)).cloned().collect() } else { Vec::new() };
    faults.sort();
    let wrong = faults.iter().any(|f| f.severity >= Severity::Warning && f.rule != "unmapped-column");
    let required = faults.iter().any(|f| f.severity == Severity::Error);
    let standing = match (wrong || required, lacks.is_empty() || source == Source::Scripts) {
        (true, _) => Standing::Drifts,
        (false, false) => Standing::Lacks,
        (false, true) => Standing::Agrees,
    };
    Cell { standing, lacks, extra, faults, references: named.references, models: named.models }
}

fn database_fault(column: Option<&str>, message: String) -> Fault {
    Fault { rule: "database", severity: Severity::Error, column: column.map(str::to_owned), message, place: None }
}

/// A table of the lock beside the live database's.
fn database(name: &QualifiedName, lock: &Schema, live: &Schema) -> Cell {
    let Some(ours) = lock.relations.get(name) else { return Cell::default() };
    let Some(theirs) = live.relations.get(name) else {
        let faults = vec![database_fault(None, format!("the database has no `{name}`"))];
        return Cell { standing: Standing::Drifts, faults, ..Cell::default() };
    };
    let mut cell = Cell { standing: Standing::Agrees, references: theirs.columns.len(), ..Cell::default() };
    let missing = |a: &Relation, b: &Relation| a.columns.iter().filter(|c| b.column(&c.name).is_none()).map(|c| c.name.clone()).collect::<Vec<_>>();
    cell.lacks = missing(ours, theirs);
    cell.extra = missing(theirs, ours);
    cell.faults.extend(cell.lacks.iter().map(|c| database_fault(Some(c), format!("the database lacks the column `{c}`"))));
    cell.faults.extend(cell.extra.iter().map(|c| database_fault(Some(c), format!("the database has a column `{c}` that the lock does not"))));
    for (a, b) in ours.columns.iter().filter_map(|c| Some((c, theirs.column(&c.name)?))) {
        if a.ty != b.ty {
            cell.faults.push(database_fault(Some(&a.name), format!("`{}` is `{}` in the database, `{}` in the lock", a.name, b.ty, a.ty)));
        }
        if a.not_null != b.not_null {
            let says = |n: bool| if n { "not null" } else { "nullable" };
            cell.faults.push(database_fault(Some(&a.name), format!("`{}` is {} in the database, {} in the lock", a.name, says(b.not_null), says(a.not_null))));
        }
        if (&a.default, &a.generated, a.identity) != (&b.default, &b.generated, b.identity) {
            cell.faults.push(database_fault(Some(&a.name), format!("`{}` has another default in the database than in the lock", a.name)));
        }
    }
    if (&ours.primary_key, &ours.unique, &ours.foreign_keys, &ours.checks, &ours.exclusions)
        != (&theirs.primary_key, &theirs.unique, &theirs.foreign_keys, &theirs.checks, &theirs.exclusions)
    {
        cell.faults.push(database_fault(None, "keys or constraints differ between the database and the lock".to_owned()));
    }
    if !cell.faults.is_empty() {
        cell.standing = Standing::Drifts;
    }
    cell
}
