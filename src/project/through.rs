//! Calls of the project's own small helpers, followed with the arguments of each call: `fetch("orders", {...})`, `run(query)`, `self.execute(sql)`.
//!
//! A function is walked once by itself; what it hands on to a library is known only to its callers. Such functions, and those that are given a query to go on
//! with, are walked once more for each call, with the arguments bound.

use crate::symbol::Symbol;

use crate::source::{FileId, Location};
use crate::syntax::python::{ArgKind, Call, Expr, ExprKind, ParamKind, StmtKind};

use super::env::Env;
use super::eval::{Args, Evaluator};
use super::index::{ClassId, FunctionDef, FunctionId};
use super::libraries::LibraryValue;
use super::libraries::django::Django;
use super::libraries::postgrest::Postgrest;
use super::models::ModelId;
use super::uses::Reference;
use super::value::Value;
use super::world::{Place, World};

/// A helper that calls a helper that calls a helper.
const MAX_DEPTH: usize = 3;

/// So many calls in one file; a file with more is generated.
const MAX_IN_FILE: usize = 4000;

impl<'a> Evaluator<'_, 'a> {
    /// Whether what is seen now is to be noted.
    pub fn notes(&self) -> bool {
        !self.quiet || self.state.loud_through
    }

    /// Whether the code is being walked with a caller's arguments.
    pub fn is_through(&self) -> bool {
        !self.through.is_empty()
    }

    /// Whether a keyword of that name stands there in the call that code is being walked for.
    pub fn is_asked_keyword(&self, at: Location) -> bool {
        self.asked_by.is_some_and(|(file, call)| file == at.file && call.args.iter().any(|a| matches!(a.kind, ArgKind::Keyword(k) if k.span() == at.span)))
    }

    /// Whether an expression is a parameter of the function around it.
    pub fn is_parameter(&self, expr: &Expr) -> bool {
        let (ExprKind::Name(n), Some(f)) = (&expr.kind, self.place.function) else { return false };
        self.world.index.function(f).node.params.iter().any(|p| p.name.name == *n)
    }

    /// Whether the function around takes `**kwargs`.
    pub fn takes_keywords(&self) -> bool {
        self.place.function.is_some_and(|f| self.world.index.function(f).node.params.iter().any(|p| p.kind == ParamKind::Kwargs))
    }

    /// Walks a function with the arguments of a call, if that can tell more than its summary; gives what it returns.
    pub fn walk_through(&mut self, id: FunctionId, receiver: Option<&Value<'a>>, call: &'a Call, args: &Args<'a>) -> Option<Value<'a>> {
        let summary = self.world.summary(id);
        let def = self.world.index.function(id);
        let given = args.values.iter().any(|v| self.world.carries(v));
        let told = || tells(def, call, args) || matches!(receiver, Some(Value::Instance(_))) || self.inherited(def, receiver);
        let worth = given || (summary.hands_on && told());
        let may = self.through.len() < MAX_DEPTH && !self.through.contains(&id) && self.walked_through < MAX_IN_FILE;
        if !worth || !may {
            self.hands_on |= summary.hands_on;
            if may {
                self.look_apart(id, receiver, call, args);
            }
            return None;
        }
        self.hands_on |= summary.hands_on && call.args.iter().any(|a| a.kind == ArgKind::DoubleSpread && self.is_parameter(&a.value));
        let (yields, returns) = self.walk_called(id, receiver, call, args);
        if !yields.is_empty() {
            return Some(Value::list_of(Value::union(yields)));
        }
        (!returns.is_unknown()).then_some(returns)
    }

    /// Walks a function with the arguments of a call; gives what it yields and returns.
    fn walk_called(&mut self, id: FunctionId, receiver: Option<&Value<'a>>, call: &'a Call, args: &Args<'a>) -> (Vec<Value<'a>>, Value<'a>) {
        let def = self.world.index.function(id);
        self.walked_through += 1;
        if self.world.trace.is_some() && self.notes() {
            self.uses.called.insert(def.file);
        }
        let place = Place { file: def.file, class: def.class, function: Some(id) };
        let env = self.bind(id, receiver, call, args);
        if self.through.is_empty() {
            self.asked_by = Some((self.place.file, call));
        }

        let saved_place = std::mem::replace(&mut self.place, place);
        let saved_env = std::mem::replace(&mut self.env, env);
        let saved_returns = std::mem::take(&mut self.returns);
        let saved_yields = std::mem::take(&mut self.yields);
        let (summaries, stores) = (self.summaries.len(), self.stores.len());
        let saved_quiet = std::mem::replace(&mut self.quiet, true);
        let loud = !saved_quiet || self.state.loud_through;
        let saved_loud = std::mem::replace(&mut self.state.loud_through, loud);
        self.through.push(id);

        let saved_foreign = self.state.sql.foreign;
        self.body(&def.node.body);
        self.state.sql.foreign = saved_foreign;

        self.through.pop();
        self.state.loud_through = saved_loud;
        self.quiet = saved_quiet;
        self.summaries.truncate(summaries);
        self.stores.truncate(stores);
        let yields = std::mem::replace(&mut self.yields, saved_yields);
        let returns = Value::union(std::mem::replace(&mut self.returns, saved_returns));
        self.env = saved_env;
        self.place = saved_place;
        (yields, returns)
    }

    /// Where a call gives rows as a parameter of which the function says nothing: what it asks of them, only callers can tell. All that is told from this is what a
    /// name touches; who else may call it, and with what, nobody knows.
    fn look_apart(&mut self, id: FunctionId, receiver: Option<&Value<'a>>, call: &'a Call, args: &Args<'a>) {
        let Some(given) = self.rows_given(id, receiver, call, args) else { return };
        if self.looked_apart.len() >= MAX_IN_FILE || !self.looked_apart.insert((id, given)) {
            return;
        }
        let uses = std::mem::take(&mut self.uses);
        let state = self.state.set_aside();
        let (asked_by, walked, hands_on) = (self.asked_by, self.walked_through, self.hands_on);
        self.walk_called(id, receiver, call, args);
        (self.asked_by, self.walked_through, self.hands_on) = (asked_by, walked, hands_on);
        self.state = state;
        let found = std::mem::replace(&mut self.uses, uses);
        self.uses.called.extend(found.called);
        // What is asked of a model's object, or of a row that a statement gives. Where its select list is wrong, that is said there.
        let world = self.world;
        let exists = |r: &Reference| {
            let table = world.schema.relation(r.relation.schema.map(|s| s.as_str()), &r.relation.name);
            matches!(r.via, "sql" | "postgrest") && table.is_some_and(|(_, t)| r.column.is_some_and(|c| t.column(c.as_str()).is_some()))
        };
        self.uses.references.extend(found.references.into_iter().filter(|r| r.model.is_some() || exists(r)));
    }

    /// Which parameters that say nothing of it a call gives rows, and of what; `None` where it gives none, and where nothing is noted.
    fn rows_given(&mut self, id: FunctionId, receiver: Option<&Value<'a>>, call: &'a Call, args: &Args<'a>) -> Option<Vec<(usize, RowsOf)>> {
        if !self.notes() || !args.values.iter().any(|v| self.world.rows_in(v).next().is_some()) {
            return None;
        }
        let def = self.world.index.function(id);
        let own = usize::from(receiver.is_some());
        let mut given = Vec::new();
        for (n, p) in def.node.params.iter().enumerate().skip(own) {
            let value = match p.kind {
                ParamKind::Plain => args.get(call, n - own, p.name.as_str()),
                ParamKind::KeywordOnly => args.keyword(call, p.name.as_str()),
                ParamKind::Args | ParamKind::Kwargs => None,
            };
            let before = given.len();
            given.extend(value.iter().flat_map(|v| self.world.rows_in(v)).map(|of| (n, of)));
            // `row: asyncpg.Record`, `row: dict[str, Any]` say nothing of what it holds.
            if given.len() > before && !matches!(self.parameter(id, n, p), Value::Unknown | Value::Object(_) | Value::Mapping(_)) {
                given.truncate(before);
            }
        }
        (!given.is_empty()).then_some(given)
    }

    /// The class that the method being walked is called on, where that is a child of the one it is written in.
    pub(super) fn own_class(&self, written_in: ClassId) -> ClassId {
        let first = self.place.function.and_then(|f| self.world.index.function(f).node.params.first());
        match first.and_then(|p| self.env.get(&p.name.name)) {
            Some(Value::Class(c) | Value::Instance(c)) if self.world.is_subclass(*c, written_in) => *c,
            _ => written_in,
        }
    }

    /// `Order.get_by(id=1)`, where `get_by` stands in a class that `Order` descends from: only the caller says whose rows it reads.
    fn inherited(&self, def: &FunctionDef<'a>, receiver: Option<&Value<'a>>) -> bool {
        let (Some(Value::Class(class)), Some(own)) = (receiver, def.class) else { return false };
        own != *class && self.world.models.of_class(*class).is_some()
    }

    /// `order.save()`, where a class that has no table itself says `return self`: what it gives is an order.
    pub fn of_receiver(&self, f: FunctionId, receiver: Option<&Value<'a>>, v: Value<'a>) -> Value<'a> {
        let (Some(Value::Instance(class) | Value::Class(class)), Some(own)) = (receiver, self.world.index.function(f).class) else { return v };
        let models = &self.world.models;
        if own == *class || models.of_class(own).is_some() || models.of_class(*class).is_none() {
            return v;
        }
        match v {
            Value::Instance(c) if c == own => Value::Instance(*class),
            Value::List(l) if l.items.is_empty() && matches!(l.rest, Some(Value::Instance(c)) if c == own) => Value::list_of(Value::Instance(*class)),
            Value::Union(all) => {
                Value::union(all.iter().map(|v| if matches!(v, Value::Instance(c) if *c == own) { Value::Instance(*class) } else { v.clone() }))
            }
            other => other,
        }
    }

    /// `super().__init__("orders")`: what the parent's constructor stores as it is given is the child's.
    pub fn initialised(&mut self, id: FunctionId, receiver: Option<&Value<'a>>, call: &'a Call, args: &Args<'a>) {
        let def = self.world.index.function(id);
        let (Some(Value::Instance(child)), "__init__") = (receiver, def.node.name.as_str()) else { return };
        if def.class == Some(*child) {
            return;
        }
        let Some(own) = def.node.params.first().map(|p| p.name.name) else { return };
        for s in &def.node.body {
            let StmtKind::Assign(a) = &s.kind else { continue };
            let ExprKind::Name(from) = a.1.kind else { continue };
            let Some(n) = def.node.params.iter().position(|p| p.name.name == from).filter(|n| *n > 0) else { continue };
            let Some(value) = args.get(call, n - 1, from.as_str()).filter(|v| !v.is_unknown()) else { continue };
            for target in &a.0 {
                if let ExprKind::Attribute(t) = &target.kind
                    && matches!(t.value.kind, ExprKind::Name(s) if s == own)
                {
                    self.stores.push((*child, t.attr.name, value.clone()));
                }
            }
        }
    }

    /// The parameters of a function, bound to a call's arguments; what the call leaves out has its default.
    fn bind(&mut self, id: FunctionId, receiver: Option<&Value<'a>>, call: &'a Call, args: &Args<'a>) -> Env<'a> {
        let def = self.world.index.function(id);
        let mut env = Env::default();
        let own = usize::from(receiver.is_some());
        for (n, p) in def.node.params.iter().enumerate() {
            let value = match (n, receiver, p.kind) {
                (0, Some(r), _) => r.clone(),
                (_, _, ParamKind::Args) => Value::Unknown,
                (_, _, ParamKind::Kwargs) => keywords(self.place.file, call, args, def.node),
                (_, _, ParamKind::KeywordOnly) => args.keyword(call, p.name.as_str()).cloned().unwrap_or_default(),
                (_, _, ParamKind::Plain) => args.get(call, n - own.min(n), p.name.as_str()).cloned().unwrap_or_default(),
            };
            let value = match (&value, &p.default) {
                (Value::Unknown, _) if call.args.iter().any(|a| matches!(a.kind, ArgKind::Spread | ArgKind::DoubleSpread)) => self.parameter(id, n, p),
                (Value::Unknown, Some(d)) if !given(call, n - own.min(n), p.name.name) => {
                    let place = Place { file: def.file, class: def.class, function: None };
                    Evaluator::quiet_on(self.world, place, &self.trail).eval(d)
                }
                (Value::Unknown, _) => self.parameter(id, n, p),
                _ => value,
            };
            env.insert(p.name.name, value);
        }
        env
    }
}

/// What rows are of: a class that is a model's, the model of a query set, the place of a statement.
pub(super) type RowsOf = (Option<ClassId>, Option<ModelId>, Option<Location>);

impl World<'_> {
    /// What the rows are of that a value is, or holds.
    fn rows_in<'v>(&'v self, v: &'v Value<'_>) -> impl Iterator<Item = RowsOf> {
        v.alternatives().iter().filter_map(|v| match v {
            Value::Instance(_) => self.model_object(v),
            Value::List(l) => self.model_object(l.items.first().or(l.rest.as_ref())?),
            Value::Library(LibraryValue::Django(Django::Set(s))) => Some((None, Some(s.model), None)),
            Value::Library(LibraryValue::Postgrest(Postgrest::Rows(r))) => Some((None, None, Some(r.root))),
            _ => None,
        })
    }

    fn model_object(&self, v: &Value<'_>) -> Option<RowsOf> {
        if let Value::Instance(c) = v { self.models.of_class(*c).map(|_| (Some(*c), None, None)) } else { None }
    }

    /// Whether a value is a query, or a mapped class, that a helper may go on with.
    pub(super) fn carries(&self, v: &Value<'_>) -> bool {
        v.alternatives().iter().any(|v| match v {
            Value::Library(LibraryValue::Postgrest(p)) => p.is_query(),
            Value::Library(LibraryValue::Orm(o)) => o.is_query(),
            Value::Class(c) => self.models.of_class(*c).is_some(),
            _ => false,
        })
    }
}

/// Whether a function is a class method that mapped classes below its own inherit: which of them it is called on, only its caller knows.
pub(super) fn is_inherited(world: &World<'_>, def: &FunctionDef<'_>) -> bool {
    let Some(own) = def.class.filter(|_| def.has_decorator("classmethod")) else { return false };
    world.models.all.iter().filter_map(|m| m.class).any(|c| c != own && world.is_subclass(c, own))
}

/// Whether a call's arguments may say what a function hands on. Of keywords that go into `**kwargs` the names do.
fn tells(def: &FunctionDef<'_>, call: &Call, args: &Args<'_>) -> bool {
    args.values.iter().any(|v| !v.is_unknown())
        || (call.args.iter().any(|a| matches!(a.kind, ArgKind::Keyword(_))) && def.node.params.iter().any(|p| p.kind == ParamKind::Kwargs))
}

/// Whether a call gives parameter `n` of that name.
fn given(call: &Call, n: usize, name: Symbol) -> bool {
    call.positional(n).is_some() || call.keyword(name.as_str()).is_some()
}

/// What `**kwargs` holds: the keywords that no parameter takes.
fn keywords<'a>(file: FileId, call: &'a Call, args: &Args<'a>, function: &crate::syntax::python::Function) -> Value<'a> {
    use super::text::Text;
    use super::value::{Dict, DictEntry};
    let mut dict = Dict::default();
    let is_parameter = |name: &str| function.params.iter().any(|p| p.name.as_str() == name);
    for (a, v) in call.args.iter().zip(&args.values) {
        match a.kind {
            ArgKind::Keyword(k) if !is_parameter(k.as_str()) => {
                let at = crate::source::Location::new(file, k.span());
                dict.entries.push(DictEntry { key: Text::made(k.as_str(), at), at, value: v.clone(), expr: Some((file, &a.value)), conditional: false });
            }
            ArgKind::DoubleSpread => match v {
                Value::Dict(d) => {
                    dict.entries.extend(d.entries.iter().filter(|e| !e.key.constant().is_some_and(|k| is_parameter(&k))).cloned());
                    dict.open |= d.open;
                }
                _ => dict.open = true,
            },
            _ => {}
        }
    }
    Value::Dict(std::sync::Arc::new(dict))
}
