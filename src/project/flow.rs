//! Walks statements in order, keeping for each local name what it is known to be, and merging where ways through the code meet.

use std::sync::Arc;

use crate::symbol::Symbol;

use crate::syntax::python::{self, Body, Expr, ExprKind, ParamKind, Stmt, StmtKind};

use super::builtins;
use super::env::Env;
use super::eval::Evaluator;
use super::index::{ClassId, FunctionId};
use super::libraries;
use super::merge::merge;
use super::rounds::Summary;
use super::value::{Dict, DictEntry, Value};
use super::world::Place;

/// A loop that makes tables is taken turn by turn up to this many.
const MAX_TURNS: usize = 64;

impl<'a> Evaluator<'_, 'a> {
    /// Walks a whole file: its top level, all classes, all functions.
    pub fn module(&mut self, node: &'a python::Module) {
        self.body(&node.body);
    }

    /// Walks of a file what none of its functions holds that can be walked by themselves (see [`super::index::Unit`]).
    pub(super) fn rest_of(&mut self, node: &'a python::Module) {
        self.rest_only = true;
        self.module(node);
    }

    /// Walks one function as it is met on the way through its file.
    pub(super) fn function_alone(&mut self, id: FunctionId) {
        self.place.class = self.world.index.function(id).class;
        self.walk_function(id, Env::default());
    }

    /// Walks statements; says whether control leaves before the end (`return`, `raise`, `break`, `continue`).
    pub fn body(&mut self, body: &'a Body) -> bool {
        let mut left = false;
        for s in body {
            // What stands behind a `return` is never run, but its names are still names.
            left |= self.statement(s);
            if left && self.world.is_collecting() {
                break;
            }
        }
        left
    }

    pub(super) fn statement(&mut self, s: &'a Stmt) -> bool {
        match &s.kind {
            StmtKind::Assign(a) => {
                let value = self.eval(&a.1);
                let value = if matches!(a.1.kind, ExprKind::Call(_) | ExprKind::Await(_)) { super::alias::fresh(&value) } else { value };
                for t in &a.0 {
                    self.assign(t, &value, Some(&a.1));
                }
            }
            StmtKind::AnnAssign(a) => {
                let declared = self.annotation(&a.1);
                let value = a.2.as_ref().map_or(Value::Unknown, |v| self.eval(v));
                let chosen = libraries::annotated(self, &declared, &value);
                if a.2.is_some() || matches!(a.0.kind, ExprKind::Name(_)) {
                    self.assign(&a.0, &chosen, a.2.as_ref());
                }
            }
            StmtKind::AugAssign(a) => {
                let (l, r) = (self.eval(&a.0), self.eval(&a.2));
                let value = match a.1 {
                    python::BinaryOp::BitOr if matches!((&l, &r), (Value::Dict(_), Value::Dict(_))) => super::builtins::merged(&l, &r),
                    python::BinaryOp::Add => super::strings::add(self, &l, &r, a.0.span, a.2.span),
                    _ => libraries::boolean(self, &l, &r),
                };
                self.assign(&a.0, &value, None);
            }
            StmtKind::Expr(e) => {
                self.eval(e);
            }
            StmtKind::Return(e) => {
                let v = e.as_deref().map_or(Value::None, |e| self.eval(e));
                self.returns.push(v);
                return true;
            }
            StmtKind::Raise(e) => {
                if let Some(e) = e {
                    self.eval(e);
                }
                return true;
            }
            StmtKind::Assert(e) => {
                self.eval(e);
                self.narrow(e, true);
            }
            StmtKind::Delete(targets) => {
                for t in targets.iter() {
                    self.eval(t);
                    builtins::deleted(self, t);
                }
            }
            StmtKind::If(i) => return self.conditional(i),
            StmtKind::For(f) => self.for_loop(f),
            StmtKind::While(w) => {
                self.eval(&w.0);
                let before = self.env.clone();
                self.body(&w.1);
                self.body(&w.2);
                self.env = merge(before, std::mem::take(&mut self.env));
            }
            StmtKind::With(w) => {
                for (context, target) in &w.0 {
                    let v = self.eval(context);
                    let entered = libraries::enter(self, &v);
                    if let Some(t) = target {
                        self.assign(t, &entered, None);
                    }
                }
                return self.body(&w.1);
            }
            StmtKind::Try(t) => return self.try_statement(t),
            StmtKind::Match(m) => {
                let subject = self.eval(&m.0);
                self.cases(&subject, &m.1);
            }
            StmtKind::Function(f) => self.function_statement(f),
            StmtKind::Class(c) => self.class_statement(c),
            StmtKind::TypeAlias(t) => {
                let v = self.annotation(&t.1);
                self.env.insert(t.0.name, Value::Type(Arc::new(v)));
            }
            StmtKind::Import(_) | StmtKind::ImportFrom(_) => self.import(&s.kind),
            StmtKind::Nothing | StmtKind::Prose => {}
            StmtKind::Global(_) | StmtKind::Opaque => {}
        }
        false
    }

    /// An import inside a function binds a local name; at the top level the index knows it already.
    fn import(&mut self, kind: &'a StmtKind) {
        if self.place.function.is_none() {
            return;
        }
        let mut bind = |name: Symbol, binding: super::index::Binding<'a>| {
            let mut trail = self.trail.clone();
            let v = self.world.bindings_value(Place::module(self.place.file), &[binding], &mut trail);
            self.env.insert(name, v);
        };
        match kind {
            StmtKind::Import(names) => {
                for n in names.iter() {
                    let first = n.module.as_str().split('.').next().unwrap_or_default();
                    let (name, whole) = n.alias.map_or((Symbol::from(first), false), |a| (a, true));
                    bind(name, super::index::Binding::Import { module: n.module, whole });
                }
            }
            StmtKind::ImportFrom(from) => {
                for (name, alias) in &from.names {
                    if name.as_str() != "*" {
                        bind(alias.unwrap_or(name.name), super::index::Binding::From { level: from.level, module: from.module, name: name.name });
                    }
                }
            }
            _ => {}
        }
    }

    /// Binds a value to a target: a name, an attribute, an element, or several.
    pub fn assign(&mut self, target: &'a Expr, value: &Value<'a>, expr: Option<&'a Expr>) {
        match &target.kind {
            ExprKind::Name(n) => {
                if self.dotted {
                    // What a test said of `name.attr` says nothing of the new value's.
                    let inside = format!("{n}.");
                    self.env.remove_where(|name| name.starts_with(&inside));
                }
                self.env.insert(*n, value.clone());
            }
            ExprKind::Tuple(items) | ExprKind::List(items) => {
                for (n, item) in items.iter().enumerate() {
                    let v = match value {
                        Value::Tuple(t) => t.get(n).cloned().unwrap_or_default(),
                        Value::List(l) if l.rest.is_none() => l.items.get(n).cloned().unwrap_or_default(),
                        other => libraries::unpack(self, other, n),
                    };
                    self.assign(item, &v, None);
                }
            }
            ExprKind::Starred(inner) => {
                let v = Value::list_of(value.element());
                self.assign(inner, &v, None);
            }
            ExprKind::Attribute(a) => {
                let receiver = self.eval(&a.value);
                libraries::store_attribute(self, &receiver, a.attr, value, expr);
                if let Value::Instance(c) | Value::Class(c) = receiver
                    && !value.is_unknown()
                {
                    self.stores.push((c, a.attr.name, value.clone()));
                }
            }
            ExprKind::Subscript(s) => {
                let receiver = self.eval(&s.0);
                let key = self.eval(&s.1);
                match (&receiver, &key) {
                    (Value::Dict(d), Value::Str(k)) => builtins::put(self, &s.0, d, k, value.clone(), expr),
                    // `for k in ("a", "b"): d[k] = …`
                    (Value::Dict(d), Value::Union(keys)) if keys.iter().all(|k| k.text().is_some_and(|t| t.location().is_some())) => {
                        let entry = |k: &Value<'a>| {
                            let key = k.text()?.clone();
                            Some(DictEntry { at: key.location()?, key, value: value.clone(), expr: None, conditional: true })
                        };
                        let entries = d.entries.iter().cloned().chain(keys.iter().filter_map(entry)).collect();
                        super::alias::changed(self, &s.0, d, Dict { entries, open: d.open });
                    }
                    // Objects by a computed key: what counts is what they are.
                    (Value::Dict(d), _) if d.entries.is_empty() && is_object(value) => {
                        builtins::rebind(self, &s.0, Value::Mapping(Arc::new((key.clone(), value.clone()))));
                    }
                    (Value::Dict(d), _) => {
                        super::alias::changed(self, &s.0, d, Dict { open: true, ..(**d).clone() });
                    }
                    // One of several rows: each of them, for all that is known.
                    (Value::Union(all), _) if all.iter().any(|v| matches!(v, Value::Dict(_))) => {
                        for d in all.iter().filter_map(|v| if let Value::Dict(d) = v { Some(d) } else { None }) {
                            match &key {
                                Value::Str(k) => builtins::put(self, &s.0, d, k, value.clone(), expr),
                                _ => super::alias::changed(self, &s.0, d, Dict { open: true, ..(**d).clone() }),
                            }
                        }
                    }
                    _ => libraries::store_subscript(self, &s.0, &receiver, &key, value),
                }
            }
            _ => {}
        }
    }

    fn conditional(&mut self, i: &'a python::If) -> bool {
        let test = self.eval(&i.test);
        if self.world.is_collecting()
            && let Some(t) = super::fold::truth(&test)
        {
            return self.body(if t { &i.body } else { &i.orelse });
        }
        let before = self.env.clone();
        let said = self.narrow(&i.test, true);
        let asked = libraries::sql_text::condition(&i.test);
        let left_then = libraries::sql_text::in_branch(self, asked, |ev| ev.body(&i.body));
        let mut after_then = std::mem::replace(&mut self.env, before);
        // That something has an attribute (`hasattr`) is known in the branch alone.
        for (name, _) in said.iter().filter(|(n, _)| n.as_str().contains('.')) {
            if after_then.get(name).is_some_and(Value::is_unknown) {
                after_then.remove(name);
            }
        }
        self.narrow(&i.test, false);
        let left_else = libraries::sql_text::in_branch(self, asked.map(|a| !a), |ev| ev.body(&i.orelse));
        // `if postgres: return …` leaves the rest of the function to another database.
        if left_then && asked == Some(true) {
            self.state.sql.foreign += 1;
        }
        match (left_then, left_else) {
            (true, _) => {}
            (false, true) => self.env = after_then,
            (false, false) => self.env = merge(std::mem::take(&mut self.env), after_then),
        }
        left_then && left_else
    }

    fn for_loop(&mut self, f: &'a python::For) {
        let iter = self.eval(&f.iter);
        // Tables made in a loop over what is written out: each turn makes one.
        if self.world.is_collecting()
            && self.place.function.is_none()
            && let Some(items) = super::fold::items(&iter, self.at(f.iter.span)).filter(|i| i.len() <= MAX_TURNS)
        {
            for item in &items {
                self.assign(&f.target, item, None);
                self.body(&f.body);
            }
            return;
        }
        let element = libraries::looped(self, &f.iter, &iter);
        let before = self.env.clone();
        self.assign(&f.target, &element, None);
        // Nothing in the loop picks among the names.
        let alone = matches!(f.body.as_slice(), [one] if matches!(one.kind, StmtKind::Expr(_) | StmtKind::Prose));
        let saved = std::mem::replace(&mut self.state.copies_all, alone);
        self.body(&f.body);
        self.state.copies_all = saved;
        self.body(&f.orelse);
        let held = super::alias::looped_over(f, &before, &self.env);
        self.env = merge(before, std::mem::take(&mut self.env));
        self.env.extend(held);
        super::builtins::taken_out_in_loop(self, f);
        super::builtins::taken_out_by_loop(self, f, &element);
    }

    fn try_statement(&mut self, t: &'a python::Try) -> bool {
        let before = self.env.clone();
        let began = self.uses.mark();
        let left = self.body(&t.body);
        let ended = self.uses.mark();
        let left = left | self.body(&t.orelse);
        let handled = self.uses.mark();
        let mut ends = Vec::new();
        if !left {
            ends.push(self.env.clone());
        }
        let inside = merge(before, std::mem::take(&mut self.env));
        for h in &t.handlers {
            self.env = inside.clone();
            if let Some(kind) = &h.kind {
                self.eval(kind);
            }
            if let Some(name) = h.name {
                self.env.insert(name, Value::Unknown);
            }
            if !self.body(&h.body) {
                ends.push(std::mem::take(&mut self.env));
            }
        }
        self.uses.doubt_what_is_tried(began, ended, handled);
        let left = ends.is_empty();
        self.env = ends.into_iter().reduce(merge).unwrap_or(inside);
        self.body(&t.finally) || left
    }

    fn cases(&mut self, subject: &Value<'a>, cases: &'a [python::Case]) {
        let before = self.env.clone();
        let mut after = before.clone();
        for case in cases {
            self.env = before.clone();
            let class = case.class.as_ref().map(|c| self.eval(c));
            for (n, b) in case.binds.iter().enumerate() {
                let whole = n == 0 && case.binds.len() == 1;
                let v = match &class {
                    Some(c) if whole => self.instance_of(c),
                    None if whole => subject.clone(),
                    _ => Value::Unknown,
                };
                self.env.insert(b.name, v);
            }
            if let Some(g) = &case.guard {
                self.eval(g);
            }
            if !self.body(&case.body) {
                after = merge(after, std::mem::take(&mut self.env));
            }
        }
        self.env = after;
    }

    fn function_statement(&mut self, f: &'a python::Function) {
        for d in &f.decorators {
            self.eval(d);
        }
        for p in &f.params {
            if let Some(d) = &p.default {
                self.eval(d);
            }
        }
        let Some(id) = self.world.index.function_of(f) else { return };
        let left_out = self.only.as_ref().is_some_and(|only| self.place.function.is_none() && !only.contains(&id));
        if left_out || (self.rest_only && self.world.index.is_unit(id)) {
            return;
        }
        // A nested function sees the names around it; one at the top level or in a class only the module's.
        if self.place.function.is_some() {
            self.walk_function(id, self.env.clone());
            self.env.insert(f.name.name, Value::Function(id));
            return;
        }
        self.state.sql.at_function();
        if !self.takes_over(self.world.index.function(id).unit) {
            self.walk_function(id, Env::default());
        }
        self.state.sql.at_function();
    }

    /// Walks a function's body with its parameters bound; notes its summary.
    pub fn walk_function(&mut self, id: FunctionId, mut env: Env<'a>) {
        let def = self.world.index.function(id);
        let outer = Place { file: def.file, class: def.class.or(self.place.class), function: Some(id) };
        for (n, p) in def.node.params.iter().enumerate() {
            let v = self.parameter(id, n, p);
            env.insert(p.name.name, v);
        }
        let saved_place = std::mem::replace(&mut self.place, outer);
        let saved_env = std::mem::replace(&mut self.env, env);
        let saved_returns = std::mem::take(&mut self.returns);
        let saved_yields = std::mem::take(&mut self.yields);
        let saved_hands_on = std::mem::take(&mut self.hands_on);
        let saved_foreign = self.state.sql.foreign;
        // Names of its own only: no test has said anything yet.
        let saved_dotted = self.dotted;
        self.dotted &= saved_place.function.is_some();
        self.state.sql.foreign += u32::from(def.for_other_database);
        self.body(&def.node.body);
        self.dotted = saved_dotted;
        let hands_on = std::mem::replace(&mut self.hands_on, saved_hands_on) || super::through::is_inherited(self.world, def);
        self.state.sql.foreign = saved_foreign;
        let returns = std::mem::replace(&mut self.returns, saved_returns);
        let returns = Value::union(returns.into_iter().map(|v| libraries::given_back(self, v)));
        let yields = std::mem::replace(&mut self.yields, saved_yields);
        let yields = (!yields.is_empty()).then(|| Value::union(yields.into_iter().map(|v| libraries::given_back(self, v))));
        self.summaries.push((id, Summary { returns, yields, hands_on }));
        self.env = saved_env;
        self.place = saved_place;
    }

    pub(super) fn parameter(&mut self, id: FunctionId, n: usize, p: &'a python::Param) -> Value<'a> {
        let def = self.world.index.function(id);
        if n == 0
            && let Some(class) = def.class
            && !def.has_decorator("staticmethod")
        {
            let of_class =
                def.has_decorator("classmethod") || def.has_decorator("declared_attr") || matches!(def.node.name.as_str(), "__new__" | "__init_subclass__");
            return if of_class { Value::Class(class) } else { Value::Instance(class) };
        }
        if let Some(v) = libraries::parameter(self, id, n, p) {
            return v;
        }
        let v = p.annotation.as_ref().map_or(Value::Unknown, |a| self.annotation(a));
        match p.kind {
            ParamKind::Args => return Value::list_of(v),
            ParamKind::Kwargs => return Value::Unknown,
            ParamKind::Plain | ParamKind::KeywordOnly => {}
        }
        if !v.is_unknown() {
            return v;
        }
        // `db = Depends(get_db)`
        match p.default.as_ref() {
            Some(d) if matches!(d.kind, ExprKind::Call(_)) => {
                let quiet = std::mem::replace(&mut self.quiet, true);
                let v = self.eval(d);
                self.quiet = quiet;
                v
            }
            _ => Value::Unknown,
        }
    }

    fn class_statement(&mut self, c: &'a python::Class) {
        for d in &c.decorators {
            self.eval(d);
        }
        for b in &c.bases {
            self.eval(&b.value);
        }
        let Some(id) = self.world.index.class_of(c) else { return };
        let inner = Place { file: self.place.file, class: Some(id), function: None };
        let saved = std::mem::replace(&mut self.place, inner);
        let env = if saved.function.is_some() { self.env.clone() } else { Env::default() };
        let saved_env = std::mem::replace(&mut self.env, env);
        libraries::class_body(self, id, &c.body);
        self.env = saved_env;
        self.place = saved;
        if saved.function.is_some() {
            self.env.insert(c.name.name, Value::Class(id));
        }
    }
}

/// Whether a value is an object, or some of them.
pub(super) fn is_object(v: &Value<'_>) -> bool {
    match v {
        Value::Instance(_) => true,
        Value::List(_) | Value::Tuple(_) | Value::Union(_) => {
            matches!(v.element(), Value::Instance(_)) || v.alternatives().iter().any(|v| matches!(v, Value::Instance(_)))
        }
        _ => false,
    }
}

/// Walks the class body and its methods with Python's own rules.
pub fn plain_class_body<'a>(ev: &mut Evaluator<'_, 'a>, _class: ClassId, body: &'a Body) {
    ev.body(body);
}
