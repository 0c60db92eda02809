//! Runs a function of the project with known arguments: for declarations that helpers, mixins and factories make.

use std::sync::Arc;

use crate::symbol::Symbol;

use crate::syntax::python::{ArgKind, Call, ParamKind};

use super::env::Env;
use super::eval::{Args, Evaluator};
use super::index::FunctionId;
use super::text::Text;
use super::trail::Mark;
use super::value::{Dict, DictEntry, Value};
use super::world::Place;

/// How deep calls are followed. A declaration is rarely made by more than two helpers, and the cost grows with the power of this.
const MAX_CALLS: usize = 5;

/// What a call passes, in order: name of a keyword, value.
type Passed<'a> = (Option<Symbol>, DictEntry<'a>);

impl<'a> Evaluator<'_, 'a> {
    /// What a function gives for the arguments of a call. Unknown where calls nest too deep or go in circles.
    pub fn run(&mut self, f: FunctionId, receiver: Option<&Value<'a>>, call: &'a Call, args: &Args<'a>) -> Value<'a> {
        let mut passed: Vec<Passed<'a>> = Vec::new();
        let (mut open_positions, mut open_names) = (false, false);
        for (a, v) in call.args.iter().zip(&args.values) {
            let at = self.at(a.value.span);
            let entry = |value: Value<'a>, key: Text<'a>| DictEntry { key, at, value, expr: Some((self.place.file, &a.value)), conditional: false };
            match (a.kind, v) {
                (ArgKind::Positional, v) => passed.push((None, entry(v.clone(), Text::hole(at)))),
                (ArgKind::Keyword(k), v) => passed.push((Some(k.name), entry(v.clone(), Text::made(k.as_str(), self.at(k.span()))))),
                (ArgKind::Spread, Value::Tuple(t)) => passed.extend(t.iter().map(|v| (None, entry(v.clone(), Text::hole(at))))),
                (ArgKind::DoubleSpread, Value::Dict(d)) => {
                    passed.extend(d.entries.iter().filter_map(|e| Some((Some(Symbol::from(&e.key.constant()?)), e.clone()))));
                    open_names |= d.open;
                }
                (ArgKind::Spread, _) => open_positions = true,
                (ArgKind::DoubleSpread, _) => open_names = true,
            }
        }
        let def = self.world.index.function(f);
        let mut env = Env::default();
        let (mut positions, mut names): (Vec<_>, Vec<_>) = passed.into_iter().partition(|p| p.0.is_none());
        positions.reverse();
        let bound = usize::from(def.class.is_some() && receiver.is_some() && !def.has_decorator("staticmethod"));
        for (n, p) in def.node.params.iter().enumerate() {
            let value = match p.kind {
                _ if n < bound => receiver.cloned().unwrap_or_default(),
                ParamKind::Args if open_positions => Value::list_of(Value::Unknown),
                ParamKind::Args => Value::Tuple(Arc::new(std::iter::from_fn(|| positions.pop()).map(|p| p.1.value).collect())),
                ParamKind::Kwargs => {
                    let entries = names.drain(..).map(|(_, e)| e).collect();
                    Value::Dict(Arc::new(Dict { entries, open: open_names }))
                }
                ParamKind::Plain | ParamKind::KeywordOnly => {
                    let named = names.iter().position(|x| x.0 == Some(p.name.name)).map(|at| names.remove(at).1.value);
                    let position = if named.is_none() && p.kind == ParamKind::Plain { positions.pop().map(|p| p.1.value) } else { None };
                    match (named.or(position), &p.default) {
                        (Some(v), _) => v,
                        (None, Some(d)) if !open_names && !open_positions => {
                            Evaluator::quiet_on(self.world, Place { file: def.file, class: def.class, function: def.outer }, &self.trail).eval(d)
                        }
                        _ => Value::Unknown,
                    }
                }
            };
            env.insert(p.name.name, value);
        }
        self.run_with(f, env)
    }

    /// What a function gives when its parameters have these values.
    pub fn run_with(&mut self, f: FunctionId, env: Env<'a>) -> Value<'a> {
        let def = self.world.index.function(f);
        let mark = Mark::Run(f);
        let deep = self.trail.iter().filter(|m| matches!(m, Mark::Run(_))).count();
        if deep >= MAX_CALLS || self.trail.contains(&mark) {
            return Value::Unknown;
        }
        let place = Place { file: def.file, class: def.class, function: Some(f) };
        self.world.looks_into(def.file);
        let _inside = self.world.inside(def.file);
        let mut inner = Evaluator::quiet_on(self.world, place, &self.trail);
        inner.trail.push(mark);
        inner.env = env;
        inner.body(&def.node.body);
        self.tables.append(&mut inner.tables);
        self.made.append(&mut inner.made);
        if inner.yields.is_empty() { Value::union(std::mem::take(&mut inner.returns)) } else { Value::list_of(Value::union(inner.yields)) }
    }

    /// What a function gives when only its first parameter is known: a `declared_attr` for its class, a method for its receiver.
    pub fn run_for(&mut self, f: FunctionId, first: Value<'a>) -> Value<'a> {
        let def = self.world.index.function(f);
        let mut env = Env::default();
        for (n, p) in def.node.params.iter().enumerate() {
            env.insert(p.name.name, if n == 0 { first.clone() } else { Value::Unknown });
        }
        self.run_with(f, env)
    }
}
