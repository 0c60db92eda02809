//! Calls whose arguments name tables, columns or SQL: the libraries' own (`calls.yaml`) and the user's wrappers (`calls:` in the configuration), in one form.

use std::sync::OnceLock;

use rustc_hash::FxHashMap;

use crate::config::{self, Role};
use crate::diagnostic::{Access, Context};
use crate::project::eval::{Args, Evaluator};
use crate::project::index::FunctionId;
use crate::project::text::Text;
use crate::project::uses::{Certainty, Reference, RelationName};
use crate::project::value::{Dict, Value};
use crate::project::world::World;
use crate::source::Location;
use crate::symbol::Symbol;
use crate::syntax::python::{ArgKind, Call, Expr, Ident};

use super::sql_text::{self, dialect};

/// One call: which argument (by position or keyword) holds what.
#[derive(Clone, Debug, Default)]
pub struct Signature {
    args: Vec<(Result<usize, Symbol>, Role)>,
    /// The user says so; nothing is known better.
    own: bool,
    /// It writes the table.
    writes: bool,
    /// It makes the table where there is none.
    creates: bool,
}

/// All calls, by dotted path and by method name.
#[derive(Clone, Debug, Default)]
pub struct Calls {
    by_path: FxHashMap<Symbol, Signature>,
    by_method: FxHashMap<Symbol, Signature>,
    /// The user has wrappers.
    has_own: bool,
}

impl Calls {
    /// The libraries' own.
    pub fn builtin() -> &'static Calls {
        static CALLS: OnceLock<Calls> = OnceLock::new();
        CALLS.get_or_init(|| {
            let rows: Vec<config::Call> = serde_yaml::from_str(include_str!("calls.yaml")).expect("calls.yaml is a list of calls, which a test reads");
            let mut calls = Calls::default();
            calls.add(&rows, false);
            calls
        })
    }

    /// The libraries' own and the user's.
    pub fn with(own: &[config::Call]) -> Calls {
        let mut calls = Calls::builtin().clone();
        calls.add(own, true);
        calls
    }

    fn add(&mut self, rows: &[config::Call], own: bool) {
        self.has_own |= own && !rows.is_empty();
        for row in rows {
            let args = row.args.iter().map(|(k, role)| (k.parse().map_err(|_| Symbol::from(k)), *role)).collect();
            let last = row.function.rsplit('.').next().unwrap_or_default();
            let signature =
                Signature { args, own, writes: matches!(last, "to_sql" | "copy_records_to_table" | "copy_to_table" | "copy_from"), creates: last == "to_sql" };
            match row.function.strip_prefix("*.") {
                Some(method) => self.by_method.insert(Symbol::from(method), signature),
                None => self.by_path.insert(Symbol::from(&row.function), signature),
            };
        }
    }
}

impl Calls {
    /// The user's signature of a function of the project, by its dotted name or any end of it that has a module in front.
    fn own_function(&self, world: &World<'_>, id: FunctionId) -> Option<&Signature> {
        if !self.has_own {
            return None;
        }
        let def = world.index.function(id);
        let whole = format!("{}.{}", world.index.table.path(def.file).replace('/', "."), def.qualname);
        let mut rest = whole.as_str();
        loop {
            if let Some(s) = self.by_path.get(&Symbol::from(rest)).filter(|s| s.own) {
                return Some(s);
            }
            rest = rest.split_once('.')?.1;
        }
    }
}

/// `receiver.name(…)`: a method that takes SQL whoever has it.
pub fn method<'a>(ev: &mut Evaluator<'_, 'a>, receiver: &Value<'a>, name: Ident, call: &'a Call, args: &Args<'a>) {
    let world = ev.world;
    if args.values.is_empty() || matches!(receiver, Value::External(p) if world.calls.by_path.contains_key(&crate::project::modules::external(*p, name.name))) {
        return;
    }
    if let Some(signature) = world.calls.by_method.get(&name.name) {
        // `self.sqlite_store.execute(…)`
        let driver = dialect::of_value(receiver).or_else(|| (dialect::named(&call.func) == Some(false)).then_some(dialect::Driver::Other));
        apply(ev, signature, driver, call, args);
    }
}

/// `callee(…)`: a library's function, or a wrapper of the user's.
pub fn call<'a>(ev: &mut Evaluator<'_, 'a>, callee: &Value<'a>, call: &'a Call, args: &Args<'a>) {
    let world = ev.world;
    let signature = match callee {
        Value::External(p) => world.calls.by_path.get(p),
        Value::Function(f) => world.calls.own_function(world, *f),
        Value::Method(m) => world.calls.own_function(world, m.1),
        _ => None,
    };
    if let Some(signature) = signature {
        let driver = if let Value::External(p) = callee { dialect::driver(p) } else { None };
        apply(ev, signature, driver, call, args);
    }
}

fn apply<'a>(ev: &mut Evaluator<'_, 'a>, signature: &Signature, driver: Option<dialect::Driver>, call: &'a Call, args: &Args<'a>) {
    let given = |role: Role| signature.args.iter().filter(move |a| a.1 == role).find_map(|(slot, _)| value(slot, call, args));
    if let Some((sql, expr)) = given(Role::Sql) {
        // `pool.execute("what for", "SELECT …")`: a wrapper that takes something else first.
        let later = || call.args.iter().zip(&args.values).find(|(a, v)| matches!(a.kind, ArgKind::Positional) && is_sql(v));
        match (sql, later()) {
            (Value::Str(_), Some((a, v))) if !is_sql(sql) => take_sql(ev, v, &a.value, driver),
            _ => take_sql(ev, sql, expr, driver),
        }
    }
    let Some((table, expr)) = given(Role::Table) else { return };
    let schema = given(Role::Schema).and_then(|(v, _)| v.constant()).map(|s| Symbol::from(&s));
    let writes = given(Role::Row);
    let access = if writes.is_some() || signature.writes { Access::Write } else { Access::Read };
    let sure = certainty(ev, signature, driver);
    for one in table.alternatives() {
        let Some((relation, text)) = relation(ev, one, schema) else {
            ev.hands_on |= ev.is_parameter(expr);
            continue;
        };
        note(ev, &text, relation, None, access, sure);
        if let Some((columns, _)) = given(Role::Columns) {
            for text in texts(columns) {
                note(ev, &text, relation, text.constant().as_deref(), access, sure);
            }
        }
        for (role, access) in [(Role::Where, Access::Read), (Role::Row, Access::Write)] {
            let Some((v, _)) = given(role) else { continue };
            for d in dicts(v) {
                for e in &d.entries {
                    let text = e.key.clone();
                    if let (Some(column), true) = (text.constant(), ev.notes()) {
                        push(ev, e.at, relation, Some(Symbol::from(&column)), access, sure);
                    }
                }
            }
        }
    }
}

fn is_sql(v: &Value<'_>) -> bool {
    v.alternatives().iter().any(|v| v.text().is_some_and(sql_text::looks_like_sql))
}

fn value<'v, 'a>(slot: &Result<usize, Symbol>, call: &'a Call, args: &'v Args<'a>) -> Option<(&'v Value<'a>, &'a Expr)> {
    match slot {
        Ok(n) => args.positional(call, *n).zip(call.positional(*n)),
        Err(name) => args.keyword(call, name).zip(call.keyword(name)),
    }
}

/// SQL at a sink; what only the caller knows makes the function one to walk through.
fn take_sql<'a>(ev: &mut Evaluator<'_, 'a>, sql: &Value<'a>, expr: &'a Expr, driver: Option<dialect::Driver>) {
    match sql {
        Value::Str(text) => {
            ev.hands_on |= text.has_hole() && ev.place.function.is_some() && sql_text::looks_like_sql(text);
            sql_text::sink(ev, text, driver);
        }
        Value::Union(all) => {
            for v in all.iter() {
                take_sql(ev, v, expr, driver);
            }
        }
        Value::List(l) => {
            for v in l.items.iter().chain(&l.rest) {
                take_sql(ev, v, expr, driver);
            }
        }
        // `(sql, parameters)`
        Value::Tuple(t) => {
            if let Some(v @ Value::Str(_)) = t.first() {
                take_sql(ev, v, expr, driver);
            }
        }
        Value::Unknown => ev.hands_on |= ev.is_parameter(expr),
        _ => {}
    }
}

fn certainty(ev: &mut Evaluator<'_, '_>, signature: &Signature, driver: Option<dialect::Driver>) -> Certainty {
    let sure = match (signature.own, driver) {
        _ if ev.state.sql.foreign > 0 || driver == Some(dialect::Driver::Other) => Certainty::Low,
        // A wrapper is taken at its word, and no further.
        (true, _) => Certainty::Medium,
        // Writers of data frames make the table they are given.
        _ if signature.creates => Certainty::Low,
        (false, Some(dialect::Driver::Postgres)) => Certainty::High,
        (false, _) => dialect::of_file(ev, ev.place.file).min(Certainty::Medium),
    };
    if ev.is_through() || ev.world.is_test(ev.place.file) { sure.min(Certainty::Medium) } else { sure }
}

/// The relation that a text names.
fn relation<'a>(ev: &Evaluator<'_, 'a>, v: &Value<'a>, schema: Option<Symbol>) -> Option<(RelationName, Text<'a>)> {
    let text = v.text()?;
    let name = text.constant()?;
    let relation = match name.split_once('.') {
        Some((of, name)) if schema.is_none() && ev.world.schema.has_namespace(of) => RelationName { schema: Some(Symbol::from(of)), name: Symbol::from(name) },
        _ => RelationName { schema: schema.filter(|s| s.as_str() != "public"), name: Symbol::from(&name) },
    };
    // A name with a slash is a path: others copy files.
    (!name.is_empty() && !name.contains(|c: char| c.is_whitespace() || c == '/')).then(|| (relation, text.clone()))
}

fn texts<'a>(v: &Value<'a>) -> Vec<Text<'a>> {
    match v {
        Value::Str(t) => vec![t.clone()],
        Value::List(l) => l.items.iter().filter_map(|v| v.text().cloned()).collect(),
        Value::Tuple(t) => t.iter().filter_map(|v| v.text().cloned()).collect(),
        _ => Vec::new(),
    }
}

fn dicts<'v, 'a>(v: &'v Value<'a>) -> Vec<&'v Dict<'a>> {
    match v {
        Value::Dict(d) => vec![d],
        Value::List(l) => l.items.iter().chain(&l.rest).flat_map(dicts).collect(),
        Value::Tuple(t) => t.iter().flat_map(dicts).collect(),
        Value::Union(all) => all.iter().flat_map(dicts).collect(),
        _ => Vec::new(),
    }
}

fn note(ev: &mut Evaluator<'_, '_>, text: &Text<'_>, relation: RelationName, column: Option<&str>, access: Access, sure: Certainty) {
    let Some(at) = text.location() else { return };
    if ev.notes() && column.is_none_or(|c| !c.is_empty() && c != "*") {
        push(ev, at, relation, column.map(Symbol::from), access, sure);
    }
}

fn push(ev: &mut Evaluator<'_, '_>, location: Location, relation: RelationName, column: Option<Symbol>, access: Access, certainty: Certainty) {
    let r = Reference { location, relation, column, access, context: Context::Query, via: "calls", model: None, attribute: None, certainty };
    if !ev.uses.references.contains(&r) {
        ev.uses.references.push(r);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_libraries_own_calls_are_read_in_full() {
        let rows: Vec<config::Call> = serde_yaml::from_str(include_str!("calls.yaml")).expect("a list of calls");
        assert!(rows.len() > 30);
        let calls = Calls::builtin();
        assert_eq!(calls.by_method.len() + calls.by_path.len(), rows.len(), "a name stands twice");
    }
}
