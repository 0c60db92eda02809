//! Which functions of a file may make a `Table`: the others need not be walked to find them.

use rustc_hash::FxHashSet;

use crate::symbol::Symbol;
use crate::syntax::python::{Body, Expr, ExprKind, Function, Module, Stmt, StmtKind};

use super::super::index::{FunctionId, last_name};
use super::super::world::World;

/// A part of a file that gives names to something.
struct Part {
    /// The names that it gives; who says one of them may make what it makes.
    gives: Vec<Symbol>,
    /// The names that it says.
    says: FxHashSet<Symbol>,
    function: Option<FunctionId>,
}

/// The functions at the top level and in classes that say `Table`, or the name of something that does. That is asked of names alone, whatever they stand for:
/// what takes a table's name as a parameter is walked by its callers, and these say its name.
pub fn of(world: &World<'_>, module: &Module) -> FxHashSet<FunctionId> {
    let mut parts = Vec::new();
    read(world, &module.body, None, &mut parts);
    let mut names = FxHashSet::from_iter([Symbol::from("Table")]);
    // `from sqlalchemy import Table as T`
    module.body.iter().for_each(|s| s.each(&mut |s| names.extend(aliases(s))));
    let mut makers = FxHashSet::default();
    loop {
        let before = parts.len();
        parts.retain(|p| {
            let makes = p.says.iter().any(|n| names.contains(n));
            if makes {
                names.extend(&p.gives);
                makers.extend(p.function);
            }
            !makes
        });
        if parts.len() == before {
            return makers;
        }
    }
}

fn read(world: &World<'_>, body: &Body, class: Option<Symbol>, out: &mut Vec<Part>) {
    for s in body {
        match &s.kind {
            StmtKind::Function(f) => out.push(Part { gives: given(f, class), says: all_said(s), function: world.index.function_of(f) }),
            StmtKind::Class(c) => {
                // A class that inherits from one whose constructor makes tables.
                out.push(Part { gives: vec![c.name.name], says: said(s), function: None });
                read(world, &c.body, Some(c.name.name), out);
            }
            StmtKind::Assign(a) if !is_table(&a.1) => {
                let gives: Vec<Symbol> = a.0.iter().filter_map(name).collect();
                if !gives.is_empty() {
                    out.push(Part { gives, says: said(s), function: None });
                }
            }
            _ => s.bodies().into_iter().for_each(|b| read(world, b, class, out)),
        }
    }
}

fn aliases(s: &Stmt) -> Vec<Symbol> {
    let StmtKind::ImportFrom(from) = &s.kind else { return Vec::new() };
    from.names.iter().filter(|(name, _)| name.as_str() == "Table").filter_map(|(_, alias)| *alias).collect()
}

/// The names that a function is called by: its own, and the class's where Python calls it for that.
fn given(f: &Function, class: Option<Symbol>) -> Vec<Symbol> {
    let by_class = f.name.as_str().starts_with("__");
    std::iter::once(f.name.name).chain(class.filter(|_| by_class)).collect()
}

/// A table itself makes no more of them.
fn is_table(e: &Expr) -> bool {
    matches!(&e.kind, ExprKind::Call(c) if last_name(&c.func).is_some_and(|n| n.as_str() == "Table"))
}

fn name(target: &Expr) -> Option<Symbol> {
    match &target.kind {
        ExprKind::Name(n) => Some(*n),
        ExprKind::Attribute(a) => Some(a.attr.name),
        _ => None,
    }
}

fn said(s: &Stmt) -> FxHashSet<Symbol> {
    let mut names = FxHashSet::default();
    let targets = if let StmtKind::Assign(a) = &s.kind { a.0.len() } else { 0 };
    let mut nth = 0;
    s.each_expr(&mut |e| {
        nth += 1;
        if nth > targets {
            e.each(&mut |e| names.extend(name(e)));
        }
    });
    names
}

fn all_said(s: &Stmt) -> FxHashSet<Symbol> {
    let mut names = FxHashSet::default();
    s.each(&mut |s| s.each_expr(&mut |e| e.each(&mut |e| names.extend(name(e)))));
    names
}
