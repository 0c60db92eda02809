//! Dicts under several names: a row that a list holds, a row that a helper fills.
//!
//! A dict is one object however many names lead to it, and one `Arc` here. Where it changes, whatever else holds it in the same function changes with it.

use std::sync::Arc;

use crate::symbol::Symbol;
use crate::syntax::python::{BinaryOp, Call, Expr, ExprKind, For, Function, Stmt, StmtKind};

use super::builtins::rebind;
use super::env::Env;
use super::eval::{Args, Evaluator};
use super::index::FunctionId;
use super::value::{Dict, Value};

/// Lists in lists in lists are not looked into further.
const DEPTH: usize = 3;

/// Methods that put keys into a dict or take them out.
const CHANGING: &[&str] = &["update", "setdefault", "pop", "popitem", "clear", "__setitem__"];

/// Puts a changed dict in the place of what it was, under the name it was changed by and everywhere else.
pub fn changed<'a>(ev: &mut Evaluator<'_, 'a>, receiver: &'a Expr, old: &Arc<Dict<'a>>, new: Dict<'a>) {
    let new = Arc::new(new);
    // A name that may stand for other dicts too keeps those.
    let by_name = matches!(receiver.kind, ExprKind::Name(n) if ev.env.get(&n).is_some_and(|v| holds(v, old, DEPTH)));
    if !by_name {
        rebind(ev, receiver, Value::Dict(Arc::clone(&new)));
    }
    everywhere(&mut ev.env, old, &new);
}

fn everywhere<'a>(env: &mut Env<'a>, old: &Arc<Dict<'a>>, new: &Arc<Dict<'a>>) {
    env.change_where(|v| holds(v, old, DEPTH), |v| replace(v, old, new, DEPTH));
}

fn holds<'a>(value: &Value<'a>, dict: &Arc<Dict<'a>>, depth: usize) -> bool {
    match value {
        Value::Dict(d) => Arc::ptr_eq(d, dict),
        Value::List(l) if depth > 0 => l.items.iter().chain(&l.rest).any(|v| holds(v, dict, depth - 1)),
        Value::Union(all) if depth > 0 => all.iter().any(|v| holds(v, dict, depth - 1)),
        _ => false,
    }
}

fn replace<'a>(value: &mut Value<'a>, old: &Arc<Dict<'a>>, new: &Arc<Dict<'a>>, depth: usize) {
    match value {
        Value::Dict(d) if Arc::ptr_eq(d, old) => *d = Arc::clone(new),
        Value::List(l) if depth > 0 => {
            let list = Arc::make_mut(l);
            list.items.iter_mut().chain(&mut list.rest).for_each(|v| replace(v, old, new, depth - 1));
        }
        Value::Union(all) if depth > 0 => Arc::make_mut(all).iter_mut().for_each(|v| replace(v, old, new, depth - 1)),
        _ => {}
    }
}

/// What a call gives is nobody else's, though the same summary stands for every call.
pub fn fresh<'a>(value: &Value<'a>) -> Value<'a> {
    fresh_to(value, DEPTH)
}

fn fresh_to<'a>(value: &Value<'a>, depth: usize) -> Value<'a> {
    match value {
        Value::Dict(d) => Value::Dict(Arc::new((**d).clone())),
        Value::List(l) if depth > 0 && l.items.iter().chain(&l.rest).any(|v| matches!(v, Value::Dict(_) | Value::Union(_) | Value::List(_))) => {
            let mut list = (**l).clone();
            list.items.iter_mut().chain(&mut list.rest).for_each(|v| *v = fresh_to(v, depth - 1));
            Value::List(Arc::new(list))
        }
        Value::Union(all) if depth > 0 && all.iter().any(|v| matches!(v, Value::Dict(_) | Value::List(_))) => {
            Value::Union(Arc::new(all.iter().map(|v| fresh_to(v, depth - 1)).collect()))
        }
        other => other.clone(),
    }
}

/// The lists that a loop goes through, as its body left them: where it did not run they hold nothing.
pub fn looped_over<'a>(f: &'a For, before: &Env<'a>, after: &Env<'a>) -> Vec<(Symbol, Value<'a>)> {
    let mut names = Vec::new();
    f.iter.each(&mut |e| {
        if let ExprKind::Name(n) = e.kind {
            names.push(n);
        }
    });
    let is_changed = |n: &Symbol| match (before.get(n), after.get(n)) {
        (Some(was @ Value::List(x)), Some(is @ Value::List(y))) => x.items.len() == y.items.len() && !was.same(is),
        _ => false,
    };
    names.into_iter().filter(is_changed).filter_map(|n| Some((n, after.get(&n)?.clone()))).collect()
}

/// `fill(rows)`: a function of the project that changes the rows it is given may give them any key.
pub fn handed<'a>(ev: &mut Evaluator<'_, 'a>, id: FunctionId, is_method: bool, call: &'a Call, args: &Args<'a>) {
    if !args.values.iter().any(holds_dicts) {
        return;
    }
    // What it does to them shows in the caller's file alone, so that nobody who checks the function's has to know of the call.
    let node = ev.world.index.function(id).node;
    for (n, param) in node.params.iter().enumerate().skip(usize::from(is_method)) {
        let Some(value) = args.get(call, n - usize::from(is_method), param.name.as_str()).filter(|v| holds_dicts(v)).cloned() else { continue };
        if changes(node, param.name.name) {
            let mut dicts = Vec::new();
            all_dicts(&value, DEPTH, &mut dicts);
            for old in dicts {
                everywhere(&mut ev.env, &old, &Arc::new(Dict { open: true, ..(*old).clone() }));
            }
        }
    }
}

fn holds_dicts(value: &Value<'_>) -> bool {
    match value {
        Value::Dict(d) => !d.open,
        Value::List(l) => l.items.iter().chain(&l.rest).any(|v| matches!(v, Value::Dict(_) | Value::Union(_))),
        Value::Union(all) => all.iter().any(|v| matches!(v, Value::Dict(_) | Value::List(_))),
        _ => false,
    }
}

fn all_dicts<'a>(value: &Value<'a>, depth: usize, into: &mut Vec<Arc<Dict<'a>>>) {
    match value {
        Value::Dict(d) => into.push(Arc::clone(d)),
        Value::List(l) if depth > 0 => l.items.iter().chain(&l.rest).for_each(|v| all_dicts(v, depth - 1, into)),
        Value::Union(all) if depth > 0 => all.iter().for_each(|v| all_dicts(v, depth - 1, into)),
        _ => {}
    }
}

/// Whether a function writes into what a parameter holds, by that name or that of a loop over it.
fn changes(node: &Function, param: Symbol) -> bool {
    let mut names = vec![param];
    let mut found = false;
    for s in &node.body {
        s.each(&mut |s| found |= changes_here(s, &mut names));
    }
    found
}

fn changes_here(s: &Stmt, names: &mut Vec<Symbol>) -> bool {
    match &s.kind {
        StmtKind::For(f) => {
            if mentions(&f.iter, names) {
                f.target.each(&mut |e| {
                    if let ExprKind::Name(n) = e.kind {
                        names.push(n);
                    }
                });
            }
        }
        StmtKind::Assign(a) if a.0.iter().any(|t| is_inside(t, names)) => return true,
        StmtKind::AugAssign(a) if is_inside(&a.0, names) || (a.1 == BinaryOp::BitOr && is_one(&a.0, names)) => return true,
        StmtKind::Delete(targets) if targets.iter().any(|t| is_inside(t, names)) => return true,
        _ => {}
    }
    let mut found = false;
    s.each_expr(&mut |e| {
        e.each(&mut |e| {
            if let ExprKind::Call(c) = &e.kind {
                let method = matches!(&c.func.kind, ExprKind::Attribute(a) if CHANGING.contains(&a.attr.as_str()) && mentions(&a.value, names));
                // Who it is handed on to may do it.
                found |= method || (!matches!(c.func.kind, ExprKind::Attribute(_)) && c.positionals().any(|a| is_one(a, names)) && !is_pure(&c.func));
            }
        });
    });
    found
}

/// Functions of Python's own that change nothing.
fn is_pure(function: &Expr) -> bool {
    matches!(function.kind, ExprKind::Name(n) if matches!(n.as_str(), "len" | "list" | "dict" | "print" | "str" | "repr" | "sorted" | "enumerate" | "zip" | "isinstance" | "any" | "all" | "sum" | "max" | "min" | "set" | "tuple" | "range" | "type" | "bool" | "iter" | "next" | "map" | "filter" | "reversed" | "id" | "hash"))
}

fn is_one(e: &Expr, names: &[Symbol]) -> bool {
    matches!(e.kind, ExprKind::Name(n) if names.contains(&n))
}

/// `row["key"]`, `rows[0]["key"]`
fn is_inside(e: &Expr, names: &[Symbol]) -> bool {
    matches!(&e.kind, ExprKind::Subscript(s) if is_one(&s.0, names) || is_inside(&s.0, names))
}

fn mentions(e: &Expr, names: &[Symbol]) -> bool {
    let mut found = false;
    e.each(&mut |e| found |= is_one(e, names));
    found
}
