//! SQL files: each is analysed by itself, and what it says joins what the code says.

use std::collections::{BTreeMap, BTreeSet};

use rayon::prelude::*;
use rustc_hash::FxHashSet;

use super::gone::{self, Gone};
use super::{Opened, Settings};
use crate::diagnostic::{Access, Context};
use crate::project::isolate;
use crate::project::libraries::sql_text::{created, dialect};
use crate::project::uses::{Certainty, Reference, RelationName, SqlProblem, SqlText, Uses};
use crate::schema::{QualifiedName, Schema};
use crate::source::{FILES_AT_ONCE, FileId, Language, SourceFile};
use crate::sql::{Options, ProblemKind, SYSTEM_COLUMNS, SqlReference, analyse};
use crate::symbol::Symbol;
use crate::syntax::sql::Skip;
use crate::syntax::sql::template::Template;

/// Tables that are made, and columns that are added to one; or, in place of a column, the folder (a `/` at its end) for whose database alone a table is made.
type Created = BTreeSet<(Symbol, Option<Symbol>)>;

/// What all SQL files name, and what is wrong in them; and tables that are another database's.
pub(super) fn uses(settings: &Settings, opened: &Opened) -> (Vec<(FileId, Uses)>, Created) {
    let files: Vec<FileId> = opened.sources.iter().filter(|(_, f)| f.language == Language::Sql).map(|(id, _)| id).collect();
    let one = |&id: &FileId| (id, isolate::uses(&opened.sources, id, || of_file(settings, opened, &opened.schema, (id, opened.sources.get(id)))));
    let mut all: Vec<(FileId, Uses)> = files.par_iter().with_max_len(FILES_AT_ONCE).map(one).collect();
    forgive(opened, &mut all);
    let made = of_other_databases(settings, opened, &files);
    set_strangers_aside(opened, &made, &mut all);
    (all, made)
}

/// Scripts that change tables are held to what was there before other scripts changed more.
fn forgive(opened: &Opened, all: &mut [(FileId, Uses)]) {
    let mut gone = Gone::default();
    let scripts: Vec<bool> = all.iter().map(|(id, _)| gone::changes_tables(&opened.sources.get(*id).text)).collect();
    for (n, _) in scripts.iter().enumerate().filter(|s| *s.1) {
        gone::scan(&opened.sources.get(all[n].0).text, &mut gone);
    }
    for ((_, uses), _) in all.iter_mut().zip(scripts).filter(|s| s.1) {
        gone::forgive(uses, &gone);
    }
}

/// Why what a file names is not held to the lock.
const STRANGE: &str = "sql of another database";

/// So many tables that the lock does not have are no slips of the pen…
const MANY: usize = 5;

/// …outside of tests, where the code is more likely about this database, so many…
const MANY_OF_OURS: usize = 8;

/// …where for each that it has there are as many that it does not.
const RATIO: usize = 5;

/// Files and folders whose SQL names many tables of which the lock has (almost) none: queries of a benchmark, a parser's examples, what fetches data
/// from another database, the dump of one. What they name is counted, not judged; one file more or less that happens to name a table of ours changes nothing.
fn set_strangers_aside(opened: &Opened, made: &Created, all: &mut [(FileId, Uses)]) {
    let is_made: FxHashSet<Symbol> = made.iter().chain(all.iter().flat_map(|u| &u.1.created)).map(|c| c.0).collect();
    let mut places: BTreeMap<&str, (FxHashSet<Symbol>, FxHashSet<Symbol>)> = BTreeMap::new();
    for (id, uses) in all.iter() {
        for place in places_of(&opened.sources.get(*id).path) {
            let (known, missing) = places.entry(place).or_default();
            known.extend(uses.references.iter().filter(|r| r.context == Context::Sql).map(|r| r.relation.name));
            let unknown = uses.sql_problems.iter().filter(|p| p.problem.kind == ProblemKind::UnknownTable && p.context == Context::Sql);
            missing.extend(unknown.filter_map(|p| p.problem.table.as_deref()).map(Symbol::from).filter(|t| !is_made.contains(t)));
        }
    }
    let many = |place: &str| if is_of_tests(place) { MANY } else { MANY_OF_OURS };
    places.retain(|place, (known, missing)| missing.len() >= many(place) && known.len() * RATIO <= missing.len());
    for (id, uses) in all.iter_mut() {
        if places_of(&opened.sources.get(*id).path).any(|f| places.contains_key(f)) {
            *uses = set_aside(std::mem::take(uses), *id);
        }
    }
}

/// A file, and the folders around it.
fn places_of(path: &str) -> impl Iterator<Item = &str> {
    std::iter::successors(Some(path), |p| p.rfind('/').map(|n| &p[..n]))
}

fn is_of_tests(path: &str) -> bool {
    path.split('/').any(|part| matches!(part, "tests" | "test" | "testing"))
}

/// Counts what a file names as not judged.
pub(super) fn set_aside(uses: Uses, file: FileId) -> Uses {
    let named = uses.references.len() + uses.sql_problems.len();
    let mut aside = Uses { created: uses.created, skipped: uses.skipped, crashed: uses.crashed, ..Uses::default() };
    if named > 0 {
        aside.skipped.insert((STRANGE, Some(file)), named);
    }
    aside
}

/// Whether what a file names was [set aside](set_aside).
pub(super) fn is_set_aside(uses: &Uses) -> bool {
    uses.skipped.keys().any(|(reason, _)| *reason == STRANGE)
}

/// Tables that a folder of migrations makes of which the lock has but few: they are those of another database of the project.
fn of_other_databases(settings: &Settings, opened: &Opened, files: &[FileId]) -> Created {
    let migrations = files.par_iter().filter(|id| opened.path_of(**id).is_some_and(|p| settings.is_migration(p)));
    let made = migrations.map(|&id| {
        let file = opened.sources.get(id);
        let mut made = Created::new();
        created::scan(&file.text, &mut made);
        made.retain(|(_, column)| column.is_none());
        (file.path.rsplit_once('/').map_or("", |p| p.0), made)
    });
    let mut folders: BTreeMap<&str, Created> = BTreeMap::new();
    for (folder, made) in made.collect::<Vec<_>>() {
        folders.entry(folder).or_default().extend(made);
    }
    let known: FxHashSet<&str> = opened.schema.relations.keys().map(|k| k.name.as_str()).collect();
    let strange = |made: &Created| made.iter().filter(|(table, _)| known.contains(table.as_str())).count() * 2 < made.len();
    let mut all = Created::new();
    for (folder, made) in folders.into_iter().filter(|(_, made)| strange(made)) {
        let root = service_of(folder).map(|root| Symbol::from(&format!("{root}/")));
        all.extend(made.iter().filter_map(|(table, _)| Some((*table, Some(root?)))));
        all.extend(made);
    }
    all
}

/// Folders that stand between those of a service and of its migrations.
const BETWEEN: &[&str] = &["migrations", "versions", "supabase", "db", "database", "sql", "schema", "postgres", "drizzle", "prisma"];

/// The folder of the service whose migrations lie in a folder; none where that is the whole project.
fn service_of(folder: &str) -> Option<&str> {
    let mut root = folder;
    loop {
        let (above, last) = root.rsplit_once('/').unwrap_or(("", root));
        if !BETWEEN.contains(&last) {
            return Some(root).filter(|r| !r.is_empty());
        }
        root = above;
    }
}

/// The same of one file, whose text an editor may have changed.
pub(super) fn of_file(settings: &Settings, opened: &Opened, schema: &Schema, (id, file): (FileId, &SourceFile)) -> Uses {
    let mut uses = Uses::default();
    // A migration is right or wrong in the schema of its own time, not in today's.
    let migration = opened.is_of_migration(settings, id);
    let context = if migration { Context::Migration } else { Context::Sql };
    let template = Template::from_source(id, &file.text, 0);
    let analysis = analyse(&template, schema, &Options::default());
    if !opened.path_of(id).is_some_and(|p| settings.is_migration(p)) {
        // Whether a table that a migration creates is still there, the lock knows; any other script may run beside it, by whatever name it goes.
        created::scan(&file.text, &mut uses.created);
        uses.created.retain(|(table, column)| column.is_none() && schema.relation(None, table).is_none());
    }
    created::scan_triggers(&file.text, &mut uses.created);
    if analysis.problems.iter().any(|p| p.kind == ProblemKind::UnknownColumn && p.column.as_deref().is_some_and(dialect::is_pseudo_column)) {
        uses.references = analysis.references.iter().filter_map(|r| reference(schema, &template, r, context, Certainty::Low)).collect();
        return set_aside(uses, id);
    }
    let known: FxHashSet<&QualifiedName> = analysis.references.iter().map(|r| &r.relation).filter(|r| schema.relations.contains_key(*r)).collect();
    let missing: FxHashSet<&str> = analysis.problems.iter().filter(|p| p.kind == ProblemKind::UnknownTable).filter_map(|p| p.table.as_deref()).collect();
    // Another database's words, and none of our tables: the dump of a SQLite database, say.
    if known.is_empty() && !missing.is_empty() && analysis.skipped.iter().any(|s| s.0 == Skip::OtherDialect) {
        uses.skipped.insert((STRANGE, Some(id)), missing.len());
        return uses;
    }
    // A file that names nothing of this database, or more that is not there than is, is perhaps another's.
    let familiar = !known.is_empty() && missing.len() <= known.len();
    // A script that changes tables ran once, in a schema that is no more.
    let changes = analysis.references.iter().any(|r| r.access == Access::Ddl) || gone::changes_tables(&file.text);
    let certainty = match (migration || dialect::names_other_database(&file.path), familiar && !changes) {
        (true, _) => Certainty::Low,
        (false, true) => Certainty::High,
        (false, false) => Certainty::Medium,
    };
    if settings.statements {
        uses.statements.push(SqlText { template: template.clone(), certainty });
    }
    uses.references = analysis.references.iter().filter_map(|r| reference(schema, &template, r, context, certainty)).collect();
    if !migration {
        uses.references.retain(|r| !is_added_here(schema, r));
    }
    for problem in analysis.problems {
        let Some(location) = template.locate(problem.span) else { continue };
        let certainty = if problem.doubtful { certainty.min(Certainty::Medium) } else { certainty };
        uses.sql_problems.push(SqlProblem { location, problem, context, certainty });
    }
    if changes {
        let mut own = Gone::default();
        gone::scan(&file.text, &mut own);
        gone::forgive(&mut uses, &own);
    }
    for (skip, _) in &analysis.skipped {
        uses.skip(match skip {
            Skip::Unparsable => "sql that does not parse",
            Skip::OtherDialect => "sql of another dialect",
            Skip::TooDeep => "sql too deep",
            Skip::Procedural => "procedural code",
        });
    }
    uses
}

/// Whether a reference names a column that the lock does not have although the analysis found it: an earlier statement of the file adds it, for as long as the file
/// needs it perhaps.
fn is_added_here(schema: &Schema, r: &Reference) -> bool {
    let Some((column, (_, relation))) = r.column.zip(schema.relation(r.relation.schema.as_ref().map(Symbol::as_str), r.relation.name.as_str())) else {
        return false;
    };
    !relation.open && relation.column(&column).is_none() && !SYSTEM_COLUMNS.iter().any(|(name, _)| *name == column.as_str())
}

/// A name of the lock's; what the file itself creates is none.
fn reference(schema: &Schema, template: &Template, r: &SqlReference, context: Context, certainty: Certainty) -> Option<Reference> {
    let location = template.locate(r.span).filter(|_| schema.relations.contains_key(&r.relation))?;
    let relation = RelationName { schema: Some(Symbol::from(&r.relation.schema)), name: Symbol::from(&r.relation.name) };
    let column = r.column.as_deref().map(Symbol::from);
    Some(Reference { location, relation, column, access: r.access, context, via: "sql", model: None, attribute: None, certainty })
}
