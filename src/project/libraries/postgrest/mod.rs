//! Clients of PostgREST (supabase-py, postgrest-py): tables, chains of filters, payloads, answers and their rows.
//!
//! `client.table("t")` begins a [`Query`]; `execute()` makes it an answer whose `.data` is [`Rows`]. What a row holds follows from the select list ([`shape`]).

pub mod embed;
pub mod logic;
mod note;
mod payload;
mod query;
mod rest;
mod root;
mod rows;
pub mod select;
mod shape;

use std::sync::{Arc, LazyLock};

use rustc_hash::FxHashSet;

use crate::source::Location;
use crate::symbol::Symbol;
use crate::syntax::python::{Call, Expr, Ident};

use super::LibraryValue;
use crate::project::eval::{Args, Evaluator};
use crate::project::uses::{Certainty, RelationName};
use crate::project::value::{List, Value};
use crate::source::Span;

pub use query::FILTERS;
pub use shape::{Key, Shape};

/// What of PostgREST a value is. Cheap to clone.
#[derive(Clone, Debug)]
pub enum Postgrest {
    /// `client.schema("name")`; `None` where the name is not known. How sure it is that the client is one.
    Schema(Option<Symbol>, Certainty),
    /// A chain that is still being built.
    Query(Arc<Query>),
    /// `query.execute`, not called.
    Execute(Arc<Query>),
    /// What `execute()` gives.
    Answer(Arc<Rows>),
    /// `.data`, a row of it, or an embedded row.
    Rows(Arc<Rows>),
}

/// What a chain does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verb {
    /// Nothing yet: `client.table("t")` alone.
    None,
    /// Reads.
    Select,
    /// `insert`
    Insert,
    /// `update`
    Update,
    /// `upsert`
    Upsert,
    /// `delete`
    Delete,
    /// Calls a function.
    Rpc,
}

/// A chain.
#[derive(Clone, Debug)]
pub struct Query {
    /// The name in `table("name")`, or the call where it is not written: what makes two chains one.
    pub root: Location,
    /// Where the table is named, if it is.
    pub named: Option<Location>,
    /// The table; `None` where it is not known, or where a function is called.
    pub relation: Option<RelationName>,
    /// How sure it is that this is PostgREST, and this its table.
    pub certainty: Certainty,
    /// What it does.
    pub verb: Verb,
    /// What its rows hold.
    pub shape: Arc<Shape>,
    /// `single()`: the data is a row, not a list.
    pub single: bool,
}

/// Rows of an answer.
#[derive(Clone, Debug)]
pub struct Rows {
    /// The chain's [`Query::root`].
    pub root: Location,
    /// What each holds.
    pub shape: Arc<Shape>,
    /// Whether it is one row, not a list; `None` where it may be either.
    pub single: Option<bool>,
    /// As the chain's.
    pub certainty: Certainty,
    /// They come from SQL text.
    pub sql: bool,
}

impl Rows {
    /// Rows that may have any further key.
    #[must_use]
    pub fn opened(&self) -> Rows {
        let mut shape = (*self.shape).clone();
        shape.open = true;
        Rows { shape: Arc::new(shape), ..self.clone() }
    }

    /// Rows that may be these or those: every key of either may be there, and others.
    #[must_use]
    pub fn either(&self, other: &Rows) -> Rows {
        let shape = if Arc::ptr_eq(&self.shape, &other.shape) {
            self.shape.clone()
        } else {
            let mut shape = (*self.shape).clone();
            shape.keys.extend(other.shape.keys.iter().cloned());
            shape.open = true;
            Arc::new(shape)
        };
        let single = if self.single == other.single { self.single } else { None };
        Rows { root: self.root, shape, single, certainty: self.certainty.min(other.certainty), sql: self.sql }
    }
}

/// What is remembered while one file is walked.
#[derive(Debug, Default)]
pub struct State {
    /// Keys that the code itself puts into rows, by the chain they come from.
    added: FxHashSet<(Location, Symbol)>,
    /// Chains whose rows someone else may have changed.
    escaped: FxHashSet<Location>,
    /// What was noted, to note it once.
    noted: FxHashSet<(Location, Option<Symbol>, Symbol)>,
    /// Someone asked what else was put into rows.
    asked: bool,
}

impl State {
    /// Whether nothing was remembered, and nothing asked.
    pub fn is_untouched(&self) -> bool {
        self.added.is_empty() && self.escaped.is_empty() && self.noted.is_empty() && !self.asked
    }

    /// Whether a walk that remembered `other` would have gone the same way behind this one.
    pub fn may_add(&self, other: &Self) -> bool {
        let is_told_the_same = !other.asked || (self.added.is_empty() && self.escaped.is_empty());
        is_told_the_same && other.noted.is_disjoint(&self.noted)
    }

    /// Remembers what another walk did.
    pub fn add(&mut self, other: Self) {
        self.added.extend(other.added);
        self.escaped.extend(other.escaped);
        self.noted.extend(other.noted);
        self.asked |= other.asked;
    }

    /// Whether the code itself put that key into the rows of a chain.
    fn has_added(&mut self, root: Location, key: Symbol) -> bool {
        self.asked = true;
        self.added.contains(&(root, key))
    }

    /// Whether someone else may have changed the rows of a chain.
    fn has_escaped(&mut self, root: Location) -> bool {
        self.asked = true;
        self.escaped.contains(&root)
    }
}

impl Rows {
    /// The rows as a function gives them back that put keys into them.
    fn given_back(self: &Arc<Self>, state: &State) -> Arc<Self> {
        let mut added: Vec<Symbol> = state.added.iter().filter(|a| a.0 == self.root).map(|a| a.1).collect();
        let open = state.escaped.contains(&self.root);
        if added.is_empty() && !open {
            return Arc::clone(self);
        }
        added.sort_unstable();
        let mut shape = (*self.shape).clone();
        shape.open |= open;
        shape.keys.extend(added.into_iter().map(|name| Key { name, column: None, nested: None }));
        Arc::new(Self { shape: Arc::new(shape), ..(**self).clone() })
    }
}

impl Postgrest {
    /// See [`LibraryValue::same`].
    pub fn same(&self, other: &Self) -> bool {
        match (self, other) {
            (Postgrest::Schema(a, sure), Postgrest::Schema(b, as_sure)) => (a, sure) == (b, as_sure),
            (Postgrest::Query(a), Postgrest::Query(b)) | (Postgrest::Execute(a), Postgrest::Execute(b)) => {
                a.root == b.root && a.relation == b.relation && a.verb == b.verb && Arc::ptr_eq(&a.shape, &b.shape)
            }
            (Postgrest::Answer(a), Postgrest::Answer(b)) | (Postgrest::Rows(a), Postgrest::Rows(b)) => {
                a.root == b.root && a.single == b.single && Arc::ptr_eq(&a.shape, &b.shape)
            }
            _ => false,
        }
    }

    /// A chain that grew on one way and not on the other is the longer one.
    pub fn merge(&self, other: &Self) -> Option<Self> {
        match (self, other) {
            (Postgrest::Query(a), Postgrest::Query(b)) if a.root == b.root && a.relation == b.relation => {
                let longer = if a.verb == Verb::None { b } else { a };
                let mut merged = (**longer).clone();
                if a.verb != Verb::None && b.verb != Verb::None && !Arc::ptr_eq(&a.shape, &b.shape) {
                    merged.shape = Arc::new(Shape { open: true, ..(*merged.shape).clone() });
                }
                merged.certainty = a.certainty.min(b.certainty);
                Some(Postgrest::Query(Arc::new(merged)))
            }
            (Postgrest::Answer(a), Postgrest::Answer(b)) => Some(Postgrest::Answer(Arc::new(a.either(b)))),
            (Postgrest::Rows(a), Postgrest::Rows(b)) => Some(Postgrest::Rows(Arc::new(a.either(b)))),
            _ => None,
        }
    }

    /// What a loop over it yields.
    pub fn element<'a>(&self) -> Value<'a> {
        match self {
            Postgrest::Rows(r) if r.single != Some(true) => wrap(Postgrest::Rows(Arc::new(Rows { single: Some(true), ..(**r).clone() }))),
            _ => Value::Unknown,
        }
    }

    /// Whether it is a chain that a helper may go on with.
    pub fn is_query(&self) -> bool {
        matches!(self, Postgrest::Query(_) | Postgrest::Execute(_))
    }
}

fn wrap<'a>(p: Postgrest) -> Value<'a> {
    Value::Library(LibraryValue::Postgrest(p))
}

fn of<'v>(v: &'v Value<'_>) -> Option<&'v Postgrest> {
    if let Value::Library(LibraryValue::Postgrest(p)) = v { Some(p) } else { None }
}

/// Packages that make a project a user of PostgREST.
const PACKAGES: &[&str] = &["supabase", "postgrest", "postgrest_py", "supabase_py", "supabase_py_async"];

/// Whether the project uses PostgREST at all. The receiver of a chain proves nothing (`db`, `client`, `self.repo.client`), the project's imports do.
fn is_used(ev: &Evaluator<'_, '_>) -> bool {
    static NAMES: LazyLock<Vec<Symbol>> = LazyLock::new(|| PACKAGES.iter().map(Symbol::from).collect());
    NAMES.iter().any(|p| ev.world.index.uses_package(*p))
}

/// Methods that leave their arguments alone, whoever has them: loggers', files', lists'.
const HARMLESS: &[&str] = &["append", "add", "debug", "info", "warning", "error", "exception", "log", "dumps", "write", "print", "format"];

/// See [`super::method`].
pub fn method<'a>(ev: &mut Evaluator<'_, 'a>, receiver: &Value<'a>, name: Ident, call: &'a Call, args: &Args<'a>, span: Span) -> Option<Value<'a>> {
    match of(receiver) {
        Some(Postgrest::Query(q)) => {
            let q = q.clone();
            return Some(query::step(ev, &q, name, call, args));
        }
        Some(Postgrest::Rows(r)) => {
            let r = r.clone();
            return rows::method(ev, &r, name, call, args);
        }
        Some(Postgrest::Answer(_) | Postgrest::Execute(_)) => return None,
        Some(Postgrest::Schema(..)) | None => {}
    }
    rest::request(ev, Some(name), call, args);
    rest::realtime(ev, name, call, args);
    if let Value::External(p) = receiver {
        rest::vector_store(ev, p, call, args);
    }
    let container = matches!(receiver, Value::List(_) | Value::Dict(_) | Value::Tuple(_) | Value::Str(_));
    if !container && !HARMLESS.contains(&name.as_str()) {
        rows::escape(ev, args);
    }
    root::begin(ev, receiver, name, call, args, span).or_else(|| query::executed_by(ev, receiver, args))
}

/// See [`super::call`].
pub fn call<'a>(ev: &mut Evaluator<'_, 'a>, callee: &Value<'a>, call: &'a Call, args: &Args<'a>) -> Option<Value<'a>> {
    if let Some(Postgrest::Execute(q)) = of(callee) {
        return Some(query::answer(q));
    }
    if args.values.is_empty() {
        return None;
    }
    rows::escape_to(ev, callee, args);
    if let Value::External(p) = callee {
        rest::vector_store(ev, p, call, args);
    }
    if matches!(callee, Value::External(p) if p.starts_with("builtins.")) {
        return rows::builtin(ev, callee, call, args);
    }
    rest::request(ev, None, call, args);
    if matches!(callee, Value::External(_) | Value::Unknown) {
        return query::executed_by(ev, callee, args);
    }
    None
}

/// See [`super::attribute`].
pub fn attribute<'a>(ev: &mut Evaluator<'_, 'a>, value: &Value<'a>, attr: Ident) -> Option<Value<'a>> {
    match of(value) {
        Some(Postgrest::Query(q)) => match attr.as_str() {
            "not_" => Some(value.clone()),
            "execute" => Some(wrap(Postgrest::Execute(q.clone()))),
            _ => None,
        },
        Some(Postgrest::Answer(r)) => (attr.as_str() == "data").then(|| wrap(Postgrest::Rows(r.clone()))),
        Some(Postgrest::Rows(r)) => {
            let r = r.clone();
            rows::attribute(ev, &r, attr)
        }
        Some(_) => None,
        // `client.storage.from_("bucket")` names a bucket.
        None if matches!(attr.as_str(), "storage" | "functions" | "auth") && matches!(value, Value::Unknown | Value::Object(_)) && is_used(ev) => {
            Some(Value::object(Symbol::from(root::OTHER_SERVICE)))
        }
        None => None,
    }
}

/// See [`super::subscript`].
pub fn subscript<'a>(ev: &mut Evaluator<'_, 'a>, base: &Value<'a>, key: &Value<'a>, index: &'a Expr) -> Option<Value<'a>> {
    let Some(Postgrest::Rows(r)) = of(base) else { return None };
    let r = r.clone();
    Some(rows::subscript(ev, &r, key, index))
}

/// See [`super::compare`]: whoever asks `"key" in row` knows that it may be missing.
pub fn compare(ev: &mut Evaluator<'_, '_>, operators: &[Symbol], values: &[Value<'_>]) {
    if let ([op], [key, row]) = (operators, values)
        && matches!(op.as_str(), "in" | "not in")
        && let (Some(key), Some(Postgrest::Rows(r))) = (key.constant(), of(row))
    {
        ev.state.postgrest.added.insert((r.root, Symbol::from(&key)));
    }
}

/// See [`super::store_subscript`]: `row["new"] = …` adds a key in memory and is no write.
pub fn store_subscript(ev: &mut Evaluator<'_, '_>, receiver: &Value<'_>, key: &Value<'_>) {
    for v in receiver.alternatives() {
        if let Some(Postgrest::Rows(r)) = of(v) {
            match key.constant() {
                Some(key) => {
                    ev.state.postgrest.added.insert((r.root, Symbol::from(&key)));
                }
                None => {
                    ev.state.postgrest.escaped.insert(r.root);
                }
            }
        }
    }
}

/// See [`super::given_back`].
pub fn given_back<'a>(state: &State, value: Value<'a>) -> Value<'a> {
    if state.added.is_empty() && state.escaped.is_empty() {
        return value;
    }
    let all = |values: &[Value<'a>]| values.iter().map(|v| given_back(state, v.clone())).collect::<Vec<_>>();
    match value {
        Value::Library(LibraryValue::Postgrest(Postgrest::Rows(r))) => wrap(Postgrest::Rows(r.given_back(state))),
        Value::Library(LibraryValue::Postgrest(Postgrest::Answer(r))) => wrap(Postgrest::Answer(r.given_back(state))),
        Value::Tuple(items) => Value::Tuple(Arc::new(all(&items))),
        Value::List(list) => Value::List(Arc::new(List { items: all(&list.items), rest: list.rest.clone().map(|v| given_back(state, v)) })),
        Value::Union(alternatives) => Value::union(all(&alternatives)),
        other => other,
    }
}

#[cfg(test)]
mod tests;
