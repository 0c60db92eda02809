//! SQL text in Python: where it reaches a database, what it names there, and what is wrong with it.
//!
//! Which calls take SQL is data ([`super::calls`]); this page follows texts, branches and drivers, and hands complete texts to the SQL room.

pub mod created;
pub mod dialect;
mod note;
pub mod parameters;
pub mod rows;
pub use rows::of_cursor as rows_of_cursor;
pub use rows::zipped as zipped_row;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use rustc_hash::{FxHashMap, FxHashSet};

use crate::project::eval::{Args, Evaluator};
use crate::project::index::ClassId;
use crate::project::text::{Text, TextPart};
use crate::project::uses::Certainty;
use crate::project::value::Value;
use crate::source::{FileId, Location, Span};
use crate::symbol::Symbol;
use crate::syntax::python::{Call, Expr, Ident};

use crate::sql::{Analysis, ProblemKind};
use crate::syntax::sql::template::HOLE;

use super::LibraryValue;
use super::postgrest::{Postgrest, Rows};
pub use dialect::Driver;
pub use note::{fragment, sink};

/// What of a SQL library a value is.
#[derive(Clone, Debug)]
pub enum Sql {
    /// A connection, cursor, pool or transaction of a known driver.
    Connection(Driver),
    /// A cursor that makes its rows into objects of a class (psycopg's `class_row`).
    Cursor(Driver, ClassId),
    /// The result of a statement.
    Result(Arc<Rows>),
    /// The result as objects of a class.
    Objects(ClassId),
}

impl Sql {
    /// See [`LibraryValue::same`].
    pub fn same(&self, other: &Self) -> bool {
        match (self, other) {
            (Sql::Connection(a), Sql::Connection(b)) => a == b,
            (Sql::Cursor(_, a), Sql::Cursor(_, b)) | (Sql::Objects(a), Sql::Objects(b)) => a == b,
            (Sql::Result(a), Sql::Result(b)) => Arc::ptr_eq(a, b),
            _ => false,
        }
    }

    /// One result that stands for both.
    pub fn merge(&self, other: &Self) -> Option<Self> {
        match (self, other) {
            (Sql::Result(a), Sql::Result(b)) => Some(Sql::Result(Arc::new(a.either(b)))),
            _ => None,
        }
    }

    /// What a loop over it yields.
    pub fn element<'a>(&self) -> Value<'a> {
        match self {
            Sql::Result(r) => Postgrest::Rows(r.clone()).element(),
            Sql::Objects(class) => Value::Instance(*class),
            Sql::Connection(_) | Sql::Cursor(..) => Value::Unknown,
        }
    }
}

/// What is remembered while one file is walked.
#[derive(Debug, Default)]
pub struct State<'a> {
    /// How many branches around the code are for another database.
    pub foreign: u32,
    /// Literals that stand in such branches, by address.
    foreign_literals: FxHashSet<usize>,
    /// Literals that reached a sink, by address.
    consumed: FxHashSet<usize>,
    /// Texts that look like SQL and may never be seen to reach one.
    pending: Vec<Text<'a>>,
    /// Whether rows were ever kept for a cursor; most code has none.
    keeps_rows: bool,
    /// What was noted, to note it once.
    noted: FxHashSet<(Location, u64)>,
    /// What the statement at the last sink gives.
    last: Option<rows::Last>,
    /// How sure it is that a file's SQL is PostgreSQL's.
    files: FxHashMap<FileId, Certainty>,
    /// What is known of a text with holes at these places: each call of a helper may send it once more.
    analysed: FxHashMap<(String, Vec<Span>), Arc<Analysis>>,
}

impl<'a> State<'a> {
    /// Whether nothing was remembered that outlasts a function.
    pub fn is_untouched(&self) -> bool {
        self.foreign_literals.is_empty() && self.consumed.is_empty() && self.pending.is_empty() && self.noted.is_empty()
    }

    /// Whether all code so far is for the database that is meant.
    pub fn is_plain(&self) -> bool {
        self.foreign == 0 && self.foreign_literals.is_empty()
    }

    /// Whether a walk that remembered `other` would have gone the same way behind this one, which is [plain](Self::is_plain).
    pub fn may_add(&self, other: &Self) -> bool {
        other.noted.is_disjoint(&self.noted)
    }

    /// A function begins or ends: nobody in it asks for the rows of a statement before it.
    pub fn at_function(&mut self) {
        self.last = None;
    }

    /// Remembers what another walk did.
    pub fn add(&mut self, other: State<'a>) {
        self.foreign_literals.extend(other.foreign_literals);
        self.consumed.extend(other.consumed);
        self.pending.extend(other.pending);
        self.noted.extend(other.noted);
    }
}

/// Words that begin a statement.
const VERBS: &[&str] = &[
    "select", "insert", "update", "delete", "with", "merge", "create", "alter", "drop", "truncate", "copy", "values", "explain", "comment", "grant", "declare",
];

/// Whether a text begins as a statement does.
pub fn looks_like_sql(text: &Text<'_>) -> bool {
    let Some(first) = text.parts.first().and_then(TextPart::known) else { return false };
    let mut rest = first.trim_start();
    while rest.starts_with("--") || rest.starts_with("/*") || rest.starts_with('(') {
        rest = if rest.starts_with("--") {
            rest.split_once('\n').map_or("", |r| r.1)
        } else if rest.starts_with('(') {
            &rest[1..]
        } else {
            rest.split_once("*/").map_or("", |r| r.1)
        }
        .trim_start();
    }
    let end = rest.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(rest.len());
    end < rest.len()
        && VERBS.iter().any(|v| rest[..end].eq_ignore_ascii_case(v))
        && rest[end..].starts_with(|c: char| c.is_whitespace() || c == '(' || c == '*')
}

fn address(part: &TextPart<'_>) -> Option<usize> {
    if let TextPart::Literal { literal, .. } = part { Some(std::ptr::from_ref(*literal).addr()) } else { None }
}

/// A string literal was met.
pub fn literal<'a>(ev: &mut Evaluator<'_, 'a>, value: &Value<'a>) {
    value.alternatives().iter().filter_map(Value::text).for_each(|text| one_literal(ev, text));
}

fn one_literal<'a>(ev: &mut Evaluator<'_, 'a>, text: &Text<'a>) {
    if ev.state.sql.foreign > 0 {
        let all: Vec<_> = text.parts.iter().filter_map(address).collect();
        ev.state.sql.foreign_literals.extend(all);
    }
    if ev.notes() && looks_like_sql(text) {
        created::scan(&text.with_holes(HOLE), &mut ev.uses.created);
        ev.state.sql.pending.push(text.clone());
    }
}

/// Notes what a statement makes that is one of several readings of another: nothing else is said of it.
pub fn makes(ev: &mut Evaluator<'_, '_>, text: &Text<'_>) {
    if ev.notes() {
        created::scan(&text.with_holes(HOLE), &mut ev.uses.created);
    }
}

/// Whether the file is a step in the history of a schema: a revision of Alembic, a migration of Django.
fn is_step(ev: &Evaluator<'_, '_>) -> bool {
    let file = ev.place.file;
    let Some(module) = ev.world.index.module_of(file) else { return false };
    let is_migration = || module.names.contains_key(&Symbol::from("Migration"));
    module.is_revision() || is_migration() && ev.world.sources.get(file).path.rsplit('/').nth(1) == Some("migrations")
}

/// The end of a file: what looks like SQL and was not seen to reach a database is read for what it names, and nothing is said of what is wrong with it.
pub fn finish(ev: &mut Evaluator<'_, '_>) {
    // A test that makes a table makes it as it needs it.
    if ev.world.is_test(ev.place.file) {
        let created = &ev.uses.created;
        let made = |t: &str| created.contains(&(Symbol::from(t), None));
        ev.uses.sql_problems.retain(|p| {
            let p = &p.problem;
            p.kind == ProblemKind::UnknownTable || !p.table.iter().map(String::as_str).chain(p.candidates.iter().map(|c| c.name.as_str())).any(made)
        });
    }
    for text in std::mem::take(&mut ev.state.sql.pending) {
        let reached = text.parts.first().and_then(address).is_some_and(|a| ev.state.sql.consumed.contains(&a));
        let foreign = text.parts.iter().filter_map(address).any(|a| ev.state.sql.foreign_literals.contains(&a));
        if !reached {
            note::loose(ev, &text, foreign);
        }
    }
    if is_step(ev) {
        // Steps of a history make what later ones drop, and their ways back make it again: what is there in the end is the lock's to say. To itself alone each has
        // made it.
        ev.uses.drop_created();
        ev.uses.created.retain(|c| c.0.as_str() == created::NEW);
    }
}

/// Walks a branch whose condition says `asked` of the database: everything in it is for another one if that is `Some(false)`.
pub fn in_branch<'w, 'a, T>(ev: &mut Evaluator<'w, 'a>, asked: Option<bool>, walk: impl FnOnce(&mut Evaluator<'w, 'a>) -> T) -> T {
    let foreign = u32::from(asked == Some(false));
    ev.state.sql.foreign += foreign;
    let out = walk(ev);
    ev.state.sql.foreign -= foreign;
    out
}

/// See [`super::method`]; gives a value for connections only, so that everything else goes its own way.
pub fn method<'a>(ev: &mut Evaluator<'_, 'a>, receiver: &Value<'a>, name: Ident, call: &'a Call, args: &Args<'a>) -> Option<Value<'a>> {
    any_call(ev, args);
    if let Value::Str(_) = receiver {
        // `text("…").bindparams(…)` is still that text.
        return matches!(name.as_str(), "bindparams" | "columns" | "execution_options").then(|| receiver.clone());
    }
    let found = rows::method(ev, receiver, name, call, args);
    ev.state.sql.last = None;
    if found.is_some() {
        return found;
    }
    if name.as_str() == "cursor"
        && let Some(class) = super::pydantic::row_class(args.keyword(call, "row_factory"))
    {
        return Some(Value::Library(LibraryValue::Sql(Sql::Cursor(Driver::Postgres, class))));
    }
    let Value::Library(LibraryValue::Sql(Sql::Connection(driver) | Sql::Cursor(driver, _))) = receiver else { return None };
    match name.as_str() {
        "cursor" | "acquire" | "connection" | "getconn" | "transaction" | "connect" | "begin" | "execute" | "executemany" | "pipeline" | "commit"
        | "rollback" | "close" => Some(connection(*driver)),
        _ => Some(Value::Unknown),
    }
}

/// See [`super::call`].
pub fn call<'a>(ev: &mut Evaluator<'_, 'a>, callee: &Value<'a>, call: &'a Call, args: &Args<'a>) -> Option<Value<'a>> {
    any_call(ev, args);
    let Value::External(path) = callee else { return None };
    composed(ev, path, call, args).or_else(|| {
        let driver = dialect::driver(path)?;
        let last = path.rsplit('.').next().unwrap_or_default();
        let opens = matches!(
            last,
            "connect"
                | "create_pool"
                | "Connection"
                | "AsyncConnection"
                | "ConnectionPool"
                | "AsyncConnectionPool"
                | "SimpleConnectionPool"
                | "ThreadedConnectionPool"
                | "Client"
                | "SparkSession"
                | "builder"
        );
        opens.then(|| connection(if driver == Driver::Postgres { dialect::of_settings(&args.values) } else { driver }))
    })
}

fn connection<'a>(driver: Driver) -> Value<'a> {
    Value::Library(LibraryValue::Sql(Sql::Connection(driver)))
}

/// psycopg's `sql` module and SQLAlchemy's `text`: what they make is the text they are given.
fn composed<'a>(ev: &mut Evaluator<'_, 'a>, path: &str, call: &'a Call, args: &Args<'a>) -> Option<Value<'a>> {
    let first = || args.positional(call, 0).cloned();
    let at = ev.at(call.func.span);
    let psycopg = path.strip_prefix("psycopg2.sql.").or_else(|| path.strip_prefix("psycopg.sql."));
    let of = |names: &[&str]| psycopg.is_some_and(|name| names.contains(&name));
    if matches!(
        path,
        "sqlalchemy.text" | "sqlalchemy.sql.text" | "sqlalchemy.sql.expression.text" | "sqlmodel.text" | "sqlalchemy.sql.elements.text" | "sqlalchemy.DDL"
    ) || of(&["SQL"])
    {
        return first().filter(|v| v.alternatives().iter().all(|v| matches!(v, Value::Str(_))));
    }
    if of(&["Identifier"]) {
        let mut text = Text::new(Vec::new());
        for (n, v) in args.values.iter().enumerate() {
            if n > 0 {
                text = text.concat(&Text::made(".", at));
            }
            text = text.concat(&v.text().cloned().unwrap_or_else(|| Text::hole(at)));
        }
        return Some(Value::Str(text));
    }
    if of(&["Placeholder", "Literal"]) {
        return Some(Value::Str(Text::made("%s", at)));
    }
    if of(&["Composed"]) {
        return Some(crate::project::strings::join(ev, &Text::new(Vec::new()), &first()?, call.func.span));
    }
    None
}

/// Any argument of any call that was put together from pieces and reads as a statement.
fn any_call<'a>(ev: &mut Evaluator<'_, 'a>, args: &Args<'a>) {
    if !ev.notes() {
        return;
    }
    for v in &args.values {
        for one in v.alternatives() {
            if let Value::Str(text) = one
                && text.parts.len() > 1
                && looks_like_sql(text)
            {
                ev.state.sql.pending.push(text.clone());
            }
        }
    }
}

/// See [`super::subscript`] and its kin: nothing of a connection is a value of its own.
pub fn condition(test: &Expr) -> Option<bool> {
    dialect::asked(test)
}
