//! What the constructors of the project's own field classes hand on: `db_column="key"` as a parameter's default, `kwargs["null"] = True` in the body.
//!
//! Only what is written plainly is followed: statements one after the other, constants, names, `*args` and `**kwargs`. Where a constructor is not understood,
//! what it speaks of is not known of the field, and the rest is as if it handed on what it was given.

use rustc_hash::FxHashMap;

use crate::source::Location;
use crate::symbol::Symbol;
use crate::syntax::python::{Arg, ArgKind, Body, Call, Expr, ExprKind, ParamKind, Stmt, StmtKind};

use super::super::super::eval::Evaluator;
use super::super::super::index::{Binding, ClassId, FunctionDef};
use super::super::super::value::Value;
use super::super::super::world::Place;
use super::super::declared::{Argument, Arguments};

/// Arguments of fields that say something of their columns (`Field.__init__`, `ForeignKey.__init__`, … in django/db/models/fields).
const OF_COLUMNS: &[&str] = &["db_column", "null", "primary_key", "max_length", "max_digits", "decimal_places", "to_field", "db_constraint", "parent_link"];

/// The arguments with which the constructor outside the project is called in the end.
pub fn handed_on<'a>(ev: &Evaluator<'_, 'a>, class: ClassId, given: &Arguments<'a>) -> Arguments<'a> {
    let mut args = given.clone();
    let Some(lineage) = ev.world.lineage(class) else { return args };
    for &c in &lineage.mro {
        let def = ev.world.index.class(c);
        ev.world.looks_into(def.file);
        let Some([.., Binding::Function(f)]) = def.names.get(&Symbol::from("__init__")).map(|b| b.as_slice()) else { continue };
        let f = ev.world.index.function(*f);
        let read = Frame::new(ev, f, &args).and_then(|frame| frame.body(&f.node.body));
        args = read.unwrap_or_else(|| blurred(ev, f, args));
    }
    args
}

/// What is left of arguments behind a constructor that is not understood: what it names is not known; nothing is where it gives the whole dict away.
fn blurred<'a>(ev: &Evaluator<'_, 'a>, f: &FunctionDef<'a>, mut args: Arguments<'a>) -> Arguments<'a> {
    let text = f.node.body.last().and_then(|last| ev.world.sources.get(f.file).text.get(f.node.name.span.start as usize..last.span.end as usize));
    let named = f.node.params.iter().find(|p| p.kind == ParamKind::Kwargs).map(|p| p.name.name);
    let escapes = text.is_none() || named.is_some_and(|n| is_given_away(&f.node.body, n));
    let at = Location::new(f.file, f.node.name.span);
    for name in OF_COLUMNS {
        if escapes || text.is_some_and(|t| t.contains(name)) {
            args.all.push(Argument { name: Some(Symbol::from(name)), value: Value::Unknown, at, expr: None });
        }
    }
    args
}

/// Whether a dict of keywords is given to a function of the project, or of a package, which may change it.
fn is_given_away(body: &Body, dict: Symbol) -> bool {
    let mut found = false;
    each_expr(body, &mut |e| {
        if let ExprKind::Call(c) = &e.kind {
            let harmless = matches!(&c.func.kind, ExprKind::Name(n) if matches!(n.as_str(), "dict" | "len" | "bool" | "list" | "sorted" | "print" | "super"));
            found |= !harmless && c.args.iter().any(|a| !matches!(a.kind, ArgKind::DoubleSpread) && is_name(&a.value, dict));
        }
    });
    found
}

fn is_name(e: &Expr, name: Symbol) -> bool {
    matches!(e.kind, ExprKind::Name(n) if n == name)
}

fn each_expr<'a>(body: &'a Body, visit: &mut dyn FnMut(&'a Expr)) {
    body.iter().for_each(|s| s.each(&mut |s| s.each_expr(&mut |e| e.each(visit))));
}

/// A constructor on its way through its body.
struct Frame<'w, 'a> {
    ev: Evaluator<'w, 'a>,
    /// How it calls its own object.
    this: Symbol,
    /// Parameters and names of its own.
    bound: FxHashMap<Symbol, Argument<'a>>,
    /// `*args`: its name, and what is in it.
    rest: (Option<Symbol>, Vec<Argument<'a>>),
    /// `**kwargs`
    named: (Option<Symbol>, Vec<Argument<'a>>),
    /// There are arguments that are not known.
    open: bool,
}

impl<'w, 'a> Frame<'w, 'a> {
    fn new(ev: &Evaluator<'w, 'a>, f: &FunctionDef<'a>, args: &Arguments<'a>) -> Option<Self> {
        let mut params = f.node.params.iter();
        let this = params.next()?.name.name;
        let ev = Evaluator::quiet_on(ev.world, Place::module(f.file), &ev.trail);
        let mut frame = Frame { ev, this, bound: FxHashMap::default(), rest: (None, Vec::new()), named: (None, Vec::new()), open: args.open };
        let mut positional = args.positional();
        let mut named: Vec<Argument<'a>> = args.all.iter().filter(|a| a.name.is_some()).cloned().collect();
        for p in params {
            let name = p.name.name;
            let value = match p.kind {
                ParamKind::Args => {
                    frame.rest = (Some(name), positional.by_ref().cloned().collect());
                    continue;
                }
                ParamKind::Kwargs => {
                    frame.named.0 = Some(name);
                    continue;
                }
                ParamKind::Plain => positional.next().cloned(),
                ParamKind::KeywordOnly => None,
            };
            let by_name = named.iter().rev().find(|a| a.name == Some(name)).cloned();
            named.retain(|a| a.name != Some(name));
            let at = frame.ev.at(p.name.span);
            let default = || match &p.default {
                Some(e) if !args.open => Argument { name: None, value: frame.ev.eval(e), at: frame.ev.at(e.span), expr: Some(e) },
                _ => Argument { name: None, value: Value::Unknown, at, expr: None },
            };
            let value = value.or(by_name).unwrap_or_else(default);
            frame.bound.insert(name, Argument { name: None, ..value });
        }
        frame.named.1 = named;
        Some(frame)
    }

    /// The arguments of `super().__init__(…)`; nothing where the way there is not plain.
    fn body(mut self, body: &'a Body) -> Option<Arguments<'a>> {
        for s in body {
            match &s.kind {
                StmtKind::Expr(e) => {
                    if let Some(args) = self.call_above(e) {
                        return self.arguments(args);
                    }
                    self.effect(e)?;
                }
                StmtKind::Assign(a) => {
                    let value = self.argument(&a.1)?;
                    a.0.iter().try_for_each(|t| self.assign(t, &value))?;
                }
                StmtKind::AnnAssign(a) => {
                    if let Some(value) = &a.2 {
                        let value = self.argument(value)?;
                        self.assign(&a.0, &value)?;
                    }
                }
                StmtKind::Delete(all) => all.iter().try_for_each(|t| self.forget(t))?,
                StmtKind::Prose | StmtKind::Nothing | StmtKind::Assert(_) | StmtKind::Function(_) | StmtKind::Class(_) => {}
                _ => self.branch(s)?,
            }
        }
        None
    }

    /// The arguments of `super().__init__(…)`, `Parent.__init__(self, …)`, without the object itself.
    fn call_above(&self, e: &'a Expr) -> Option<&'a [Arg]> {
        let ExprKind::Call(call) = &e.kind else { return None };
        let ExprKind::Attribute(a) = &call.func.kind else { return None };
        if a.attr.as_str() != "__init__" {
            return None;
        }
        match &a.value.kind {
            ExprKind::Call(c) => matches!(&c.func.kind, ExprKind::Name(n) if n.as_str() == "super").then_some(&call.args),
            _ => call.args.split_first().filter(|(first, _)| is_name(&first.value, self.this)).map(|(_, rest)| rest),
        }
    }

    fn arguments(mut self, args: &'a [Arg]) -> Option<Arguments<'a>> {
        let mut out = Arguments::default();
        for a in args {
            match a.kind {
                ArgKind::Positional => out.all.push(Argument { name: None, ..self.argument(&a.value)? }),
                ArgKind::Keyword(k) => out.all.push(Argument { name: Some(k.name), ..self.argument(&a.value)? }),
                ArgKind::Spread if self.rest.0.is_some_and(|n| is_name(&a.value, n)) => {
                    out.all.append(&mut self.rest.1);
                    out.open |= self.open;
                }
                ArgKind::DoubleSpread if self.is_dict(&a.value) => {
                    out.all.append(&mut self.named.1);
                    out.open |= self.open;
                }
                // `**{"null": True, **kwargs}`
                ArgKind::Spread | ArgKind::DoubleSpread => return None,
            }
        }
        Some(out)
    }

    fn is_dict(&self, e: &Expr) -> bool {
        self.named.0.is_some_and(|n| is_name(e, n))
    }

    /// What an expression is; nothing where it does something with the arguments that is not followed.
    fn argument(&mut self, e: &'a Expr) -> Option<Argument<'a>> {
        let value = match &e.kind {
            ExprKind::Name(n) => match self.bound.get(n) {
                Some(known) => return Some(known.clone()),
                None if self.is_dict(e) => return None,
                None => self.ev.eval(e),
            },
            ExprKind::Str(_) | ExprKind::Int(_) | ExprKind::Bool(_) | ExprKind::None => self.ev.eval(e),
            ExprKind::Call(c) => match self.of_dict(c) {
                Some((method, key)) => self.taken(c, method, key)?,
                None => self.plain(e)?,
            },
            _ => self.plain(e)?,
        };
        Some(Argument { name: None, value, at: self.ev.at(e.span), expr: Some(e) })
    }

    /// An expression that has nothing to do with the arguments; one that has is not known.
    fn plain(&mut self, e: &'a Expr) -> Option<Value<'a>> {
        let mut own = false;
        e.each(&mut |e| {
            let ours = |n: &Symbol| self.bound.contains_key(n) || *n == self.this || self.rest.0 == Some(*n) || self.named.0 == Some(*n);
            own |= matches!(&e.kind, ExprKind::Name(n) if ours(n));
        });
        self.looked_at(e)?;
        Some(if own { Value::Unknown } else { self.ev.eval(e) })
    }

    /// `kwargs.pop("key", …)`: the method, and the key.
    fn of_dict(&self, call: &'a Call) -> Option<(&'static str, Option<Symbol>)> {
        let ExprKind::Attribute(a) = &call.func.kind else { return None };
        if !self.is_dict(&a.value) {
            return None;
        }
        let key = call.positional(0).and_then(|k| if let ExprKind::Str(s) = &k.kind { s.constant().map(|s| Symbol::from(&s)) } else { None });
        Some((a.attr.as_str(), key))
    }

    /// What a method of the dict gives, and what it does to it.
    fn taken(&mut self, call: &'a Call, method: &str, key: Option<Symbol>) -> Option<Value<'a>> {
        let known = |f: &Self, key: Symbol| f.named.1.iter().rev().find(|a| a.name == Some(key)).map(|a| a.value.clone());
        match (method, key) {
            ("get" | "pop" | "setdefault", Some(key)) => {
                let found = known(self, key);
                let default = call.positional(1);
                let value = match (found.clone(), default) {
                    (Some(v), _) => v,
                    _ if self.open => Value::Unknown,
                    (None, Some(e)) => self.argument(e)?.value,
                    (None, None) => Value::None,
                };
                if method == "pop" {
                    self.named.1.retain(|a| a.name != Some(key));
                } else if method == "setdefault" && found.is_none() {
                    let at = default.map_or_else(|| self.ev.at(call.func.span), |e| self.ev.at(e.span));
                    self.named.1.push(Argument { name: Some(key), value: value.clone(), at, expr: default });
                }
                Some(value)
            }
            ("update", None) => {
                for a in &call.args {
                    match (a.kind, &a.value.kind) {
                        (ArgKind::Keyword(k), _) => {
                            let value = self.argument(&a.value)?;
                            self.set(k.name, value);
                        }
                        _ => return None,
                    }
                }
                Some(Value::None)
            }
            ("copy" | "keys" | "items" | "values", _) | ("get", None) => Some(Value::Unknown),
            _ => None,
        }
    }

    fn set(&mut self, key: Symbol, value: Argument<'a>) {
        self.named.1.retain(|a| a.name != Some(key));
        self.named.1.push(Argument { name: Some(key), ..value });
    }

    /// An expression by itself.
    fn effect(&mut self, e: &'a Expr) -> Option<()> {
        self.argument(e).map(|_| ())
    }

    /// What stands inside an expression may take keys out of the dict, but do nothing else to it.
    fn looked_at(&mut self, e: &'a Expr) -> Option<()> {
        let mut calls = Vec::new();
        let mut given = false;
        e.each(&mut |e| {
            if let ExprKind::Call(c) = &e.kind {
                calls.push(&**c);
                let harmless = matches!(&c.func.kind, ExprKind::Name(n) if matches!(n.as_str(), "dict" | "len" | "bool"));
                given |= !harmless && c.args.iter().any(|a| a.kind == ArgKind::Positional && self.is_dict(&a.value));
                given |= self.call_above(e).is_some();
            }
        });
        if given {
            return None;
        }
        for c in calls {
            if let Some((method, key)) = self.of_dict(c) {
                self.taken(c, method, key)?;
            }
        }
        Some(())
    }

    fn assign(&mut self, target: &'a Expr, value: &Argument<'a>) -> Option<()> {
        match &target.kind {
            ExprKind::Name(n) if self.named.0 == Some(*n) || self.rest.0 == Some(*n) => None,
            ExprKind::Name(n) => {
                self.bound.insert(*n, value.clone());
                Some(())
            }
            ExprKind::Subscript(s) if self.is_dict(&s.0) => {
                let ExprKind::Str(key) = &s.1.kind else { return None };
                let key = Symbol::from(&key.constant()?);
                self.set(key, value.clone());
                Some(())
            }
            ExprKind::Tuple(all) | ExprKind::List(all) => {
                let unknown = Argument { value: Value::Unknown, ..value.clone() };
                all.iter().try_for_each(|t| self.assign(t, &unknown))
            }
            _ => Some(()),
        }
    }

    /// `del kwargs["key"]`
    fn forget(&mut self, target: &Expr) -> Option<()> {
        if let ExprKind::Subscript(s) = &target.kind
            && self.is_dict(&s.0)
        {
            let ExprKind::Str(key) = &s.1.kind else { return None };
            let key = Symbol::from(&key.constant()?);
            self.named.1.retain(|a| a.name != Some(key));
        }
        Some(())
    }

    /// A statement that may be run or not: what it sets is not known behind it.
    fn branch(&mut self, s: &'a Stmt) -> Option<()> {
        let (mut plain, mut keys, mut names) = (true, Vec::new(), Vec::new());
        let key = |e: &Expr| if let ExprKind::Str(s) = &e.kind { s.constant().map(|s| Symbol::from(&s)) } else { None };
        let mut target = |t: &'a Expr, plain: &mut bool, keys: &mut Vec<Symbol>| match &t.kind {
            ExprKind::Name(n) => {
                *plain &= self.named.0 != Some(*n) && self.rest.0 != Some(*n);
                names.push(*n);
            }
            ExprKind::Subscript(s) if self.is_dict(&s.0) => match key(&s.1) {
                Some(k) => keys.push(k),
                None => *plain = false,
            },
            ExprKind::Tuple(_) | ExprKind::List(_) => *plain = false,
            _ => {}
        };
        s.each(&mut |s| {
            match &s.kind {
                StmtKind::Assign(a) => a.0.iter().for_each(|t| target(t, &mut plain, &mut keys)),
                StmtKind::AnnAssign(a) => target(&a.0, &mut plain, &mut keys),
                StmtKind::AugAssign(a) => target(&a.0, &mut plain, &mut keys),
                StmtKind::For(f) => target(&f.target, &mut plain, &mut keys),
                StmtKind::Delete(all) => all.iter().for_each(|t| target(t, &mut plain, &mut keys)),
                StmtKind::Return(_) | StmtKind::Opaque => plain = false,
                _ => {}
            }
            s.each_expr(&mut |e| {
                e.each(&mut |e| {
                    let ExprKind::Call(c) = &e.kind else { return };
                    plain &= self.call_above(e).is_none();
                    match self.of_dict(c) {
                        Some(("get" | "copy" | "keys" | "items" | "values", _)) => {}
                        Some(("pop" | "setdefault", Some(k))) => keys.push(k),
                        Some(_) => plain = false,
                        None => plain &= !c.args.iter().any(|a| a.kind == ArgKind::Positional && self.is_dict(&a.value)),
                    }
                });
            });
        });
        let at = self.ev.at(s.span);
        let unknown = || Argument { name: None, value: Value::Unknown, at, expr: None };
        names.into_iter().for_each(|n| drop(self.bound.insert(n, unknown())));
        keys.into_iter().for_each(|k| self.set(k, unknown()));
        plain.then_some(())
    }
}
