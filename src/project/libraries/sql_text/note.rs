//! From a text at a sink to references and problems.

use std::hash::{Hash, Hasher};
use std::sync::Arc;

use rustc_hash::FxHasher;

use crate::diagnostic::Context;
use crate::project::eval::Evaluator;
use crate::project::index::Binding;
use crate::project::text::{Text, TextPart};
use crate::project::uses::{Certainty, Reference, RelationName, SqlProblem, SqlText};
use crate::project::world::is_from;
use crate::source::Location;
use crate::sql::{Analysis, Options, ProblemKind, analyse};
use crate::symbol::Symbol;
use crate::syntax::sql::Skip;
use crate::syntax::sql::template::Template;

use super::{address, dialect, looks_like_sql, parameters, rows};

/// The name of SQL text in references.
const VIA: &str = "sql";

/// A text that is given to a database: notes what it names and what is wrong with it. `driver` is what is known of the connection.
pub fn sink(ev: &mut Evaluator<'_, '_>, text: &Text<'_>, driver: Option<dialect::Driver>) {
    if ev.state.apart {
        return;
    }
    let addresses: Vec<_> = text.parts.iter().filter_map(address).collect();
    if addresses.iter().any(|a| ev.state.sql.foreign_literals.contains(a)) || ev.state.sql.foreign > 0 || driver == Some(dialect::Driver::Other) {
        ev.state.sql.consumed.extend(addresses);
        if !ev.quiet {
            ev.uses.skip("sql for another database");
        }
        // Much of it is PostgreSQL's too, and then it names the same tables.
        if driver != Some(dialect::Driver::Other) {
            loose(ev, text, true);
        }
        return;
    }
    if !ev.notes() || !looks_like_sql(text) {
        return;
    }
    // Put together of pieces (`SQL("CREATE TABLE {}").format(Identifier(name))`) it says what no literal says.
    super::created::scan(&text.with_holes(super::HOLE), &mut ev.uses.created);
    let place = ev.place;
    let of_postgres = driver == Some(dialect::Driver::Postgres);
    let mut sure = if of_postgres { Certainty::High } else { dialect::of_file(ev, place.file) };
    if ev.is_through() || ev.world.is_test(place.file) {
        sure = sure.min(Certainty::Medium);
    }
    let (template, question) = parameters::native(&text.template());
    if question {
        // Something must turn them into what PostgreSQL's drivers take.
        sure = sure.min(if ev.world.index.turns_question_marks() { Certainty::Medium } else { Certainty::Low });
    }
    let context = context(ev);
    if context == Context::Migration || steps_through_revisions(ev) {
        sure = Certainty::Low;
    }
    let analysis = analysed(ev, &template);
    if analysis.skipped.is_empty() {
        ev.state.sql.consumed.extend(addresses);
    }
    // Something of unknown origin that names nothing we know may be anyone's.
    if !of_postgres && analysis.references.is_empty() && !analysis.problems.is_empty() {
        sure = sure.min(if reads_as_sql(template.text()) { Certainty::Medium } else { Certainty::Low });
    }
    if is_strange(ev, &analysis) {
        sure = sure.min(Certainty::Medium);
    }
    // Another database has tables of its own; where all are the lock's, it is the same one under another name.
    if driver == Some(dialect::Driver::Beside) && analysis.problems.iter().any(|p| p.kind == ProblemKind::UnknownTable) {
        sure = Certainty::Low;
    }
    if ev.world.keeps_statements {
        ev.uses.statements.push(SqlText { template: template.clone(), certainty: sure });
    }
    rows::remember(ev, text, &analysis, sure);
    note(ev, &template, &analysis, sure, context, true);
    for (skip, _) in &analysis.skipped {
        if !ev.quiet {
            ev.uses.skip(match skip {
                Skip::Unparsable => "sql that does not parse",
                Skip::OtherDialect => "sql of another dialect",
                Skip::TooDeep => "sql too deep",
                Skip::Procedural => "procedural code",
            });
        }
    }
}

/// Whether a statement names several tables and not one that the lock has: it is perhaps sent to another database.
fn is_strange(ev: &Evaluator<'_, '_>, analysis: &Analysis) -> bool {
    let missing = analysis.problems.iter().filter(|p| p.kind == ProblemKind::UnknownTable).map(|p| (&p.schema, &p.table));
    missing.collect::<std::collections::BTreeSet<_>>().len() > 1 && !analysis.references.iter().any(|r| ev.world.schema.relations.contains_key(&r.relation))
}

/// A piece of SQL inside a query that is built otherwise (`select(Order).where(text("orders.status = 'x'"))`), read as a condition over the relations that the
/// query is known to read. Others may be in scope too, so only a column that names its table can be missing.
pub fn fragment(ev: &mut Evaluator<'_, '_>, text: &Text<'_>, relations: &[RelationName]) {
    if !ev.notes() || ev.state.apart || ev.state.sql.foreign > 0 || relations.is_empty() || looks_like_sql(text) {
        return;
    }
    let Some(at) = text.parts.first().map(|p| match p {
        TextPart::Literal { file, .. } => Location::new(*file, crate::source::Span::default()),
        TextPart::Made { at, .. } | TextPart::Hole(at) => *at,
    }) else {
        return;
    };
    let quoted = |n: &str| format!("\"{}\"", n.replace('"', "\"\""));
    let names: Vec<String> = relations.iter().map(|r| r.schema.map_or(String::new(), |s| quoted(&s) + ".") + &quoted(&r.name)).collect();
    let before = format!("SELECT 1 FROM {} ORDER BY ", names.join(", "));
    let whole = Text::made(&before, at).concat(text);
    let (template, _) = parameters::native(&whole.template());
    let mut analysis = analyse(&template, ev.world.schema, &Options::default());
    if !analysis.skipped.is_empty() || analysis.statements != 1 {
        return;
    }
    analysis.references.retain(|r| r.span.start as usize >= before.len());
    analysis.problems.retain(|p| {
        let named = template.text().get(..p.span.start as usize).is_some_and(|t| t.ends_with('.'));
        p.kind == crate::sql::ProblemKind::UnknownColumn && p.table.is_some() && named && p.span.start as usize >= before.len()
    });
    let sure = if ev.is_through() { Certainty::Medium } else { dialect::of_file(ev, ev.place.file).min(Certainty::Medium) };
    let context = context(ev);
    note(ev, &template, &analysis, sure, context, true);
}

/// What a text says, worked out once a file.
fn analysed(ev: &mut Evaluator<'_, '_>, template: &Template) -> Arc<Analysis> {
    let key = (template.text().to_owned(), template.holes().collect());
    let schema = ev.world.schema;
    let known = ev.state.sql.analysed.entry(key).or_insert_with(|| Arc::new(analyse(template, schema, &Options::default())));
    Arc::clone(known)
}

/// Whether the file is a test of revisions: it runs Alembic itself, and speaks of the schema at one revision or another.
fn steps_through_revisions(ev: &Evaluator<'_, '_>) -> bool {
    let file = ev.place.file;
    let alembic = |b: &Binding<'_>| matches!(b, Binding::Import { module, .. } | Binding::From { level: 0, module, .. } if is_from(module, "alembic"));
    ev.world.is_test(file) && ev.world.index.module_of(file).is_some_and(|m| m.names.values().flatten().any(alembic))
}

/// Whether a statement names a relation at all.
fn mentions_relation(text: &str) -> bool {
    has_word(text, &["from", "into", "update", "join", "table"])
}

/// Whether a statement has more of SQL than its first word.
fn reads_as_sql(text: &str) -> bool {
    has_word(text, &["from", "into", "set", "join", "where", "table"])
}

/// Names that PostgreSQL does not have and others do.
const OTHER_WORDS: &[&str] = &[
    "rowid",
    "_rowid_",
    "sqlite_master",
    "sqlite_schema",
    "sqlite_sequence",
    "typeof",
    "strftime",
    "julianday",
    "ifnull",
    "group_concat",
    "json_extract",
    "last_insert_rowid",
    "sysdate",
    "nvl",
    "isnull",
    "getdate",
    "dual",
    "rownum",
    "unix_timestamp",
    "curdate",
    "datediff",
];

fn has_word(text: &str, words: &[&str]) -> bool {
    text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').any(|w| words.iter().any(|x| w.eq_ignore_ascii_case(x)))
}

/// A text that may be SQL: only what it names, and only if it reads as a whole and names a relation that there is.
/// `foreign` where it is written for another database: then it must hold for PostgreSQL without a doubt.
pub fn loose(ev: &mut Evaluator<'_, '_>, text: &Text<'_>, foreign: bool) {
    if !ev.notes() || ev.state.apart || !looks_like_sql(text) {
        return;
    }
    let (template, _) = parameters::native(&text.template());
    if !mentions_relation(template.text()) {
        return;
    }
    let analysis = analysed(ev, &template);
    if foreign && !analysis.problems.is_empty() {
        return;
    }
    if analysis.statements == 0 || !analysis.skipped.is_empty() || !analysis.references.iter().any(|r| r.column.is_none()) {
        return;
    }
    let context = context(ev);
    note(ev, &template, &analysis, Certainty::Low, context, false);
}

fn context(ev: &Evaluator<'_, '_>) -> Context {
    if ev.world.is_migration(ev.place.file) { Context::Migration } else { Context::Sql }
}

fn note(ev: &mut Evaluator<'_, '_>, template: &Template, analysis: &Analysis, sure: Certainty, context: Context, problems: bool) {
    for r in &analysis.references {
        let Some(location) = template.locate(r.span) else { continue };
        let relation = RelationName { schema: (r.relation.schema != "public").then(|| Symbol::from(&r.relation.schema)), name: Symbol::from(&r.relation.name) };
        let column = r.column.as_deref().map(Symbol::from);
        if first_time(ev, location, &(relation, column, sure == Certainty::Low)) {
            ev.uses.references.push(Reference {
                location,
                relation,
                column,
                access: r.access,
                context,
                via: VIA,
                model: None,
                attribute: None,
                certainty: sure,
            });
        }
    }
    let other = || has_word(template.text(), OTHER_WORDS);
    if !problems || sure == Certainty::Low || analysis.problems.is_empty() || other() {
        return;
    }
    for p in &analysis.problems {
        let Some(location) = template.locate(p.span) else { continue };
        let certainty = if p.doubtful { sure.min(Certainty::Medium) } else { sure };
        if first_time(ev, location, &p.message) {
            ev.uses.sql_problems.push(SqlProblem { location, problem: p.clone(), context, certainty });
        }
    }
}

fn first_time(ev: &mut Evaluator<'_, '_>, at: Location, what: &impl Hash) -> bool {
    let mut hasher = FxHasher::default();
    what.hash(&mut hasher);
    ev.state.sql.noted.insert((at, hasher.finish()))
}
