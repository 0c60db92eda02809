//! SQLAlchemy Core `Table` objects, and classes that are mapped to them by a call.

use std::sync::Arc;

use rustc_hash::FxHashMap;

use crate::source::{FileId, Location, Span};
use crate::symbol::Symbol;
use crate::syntax::python::{Body, Expr, ExprKind, StmtKind, Word};

use super::super::eval::Evaluator;
use super::super::index::{ClassId, ModuleDef, last_name};
use super::super::uses::RelationName;
use super::super::value::Value;
use super::super::world::{Place, World};
use super::construct::is_sqlalchemy;
use super::declared::{Arguments, Declared, Table};
use super::draft::{Draft, nullable};
use super::{Framework, Member, is_test_path, makers};

/// Adds a table's columns to a draft; the attribute is the column's own name, or its key.
pub fn add_columns<'a>(d: &mut Draft<'a>, t: &Table) {
    for c in &t.columns {
        let Some((name, at)) = c.name else {
            d.model.open = true;
            continue;
        };
        let null = nullable(c);
        d.add(c.key.unwrap_or(name), at, c.clone(), None, null);
    }
    d.constrain(&t.constraints);
    d.model.open |= t.open;
    d.model.reflected |= t.reflected;
    d.metadata = t.metadata;
}

/// A name bound to a call of `Table`, found by reading a file's statements.
struct Bound {
    name: Symbol,
    span: Span,
}

/// All tables of a file, each once, with the variable they are bound to.
pub fn of_file<'a>(ev: &mut Evaluator<'_, 'a>, file: FileId) -> Vec<Draft<'a>> {
    let world = ev.world;
    let Some(module) = world.index.module_of(file) else { return Vec::new() };
    if !makes_tables(world, module) {
        return Vec::new();
    }
    let mut bound = Vec::new();
    names(&module.node.body, &mut bound);
    let variables: FxHashMap<Span, Symbol> = bound.iter().map(|b| (b.span, b.name)).collect();
    let mut inner = Evaluator::quiet(world, Place::module(file));
    inner.only = Some(Arc::new(makers::of(world, module.node)));
    inner.module(module.node);
    let mut found: Vec<Arc<Table>> = inner.tables.into_iter().filter(|t| t.at.file == file).collect();
    // A table made in a helper is met once with the helper's parameters unknown, and once for each call.
    let name = |t: &Arc<Table>| t.name.map(|n| n.0.as_str());
    found.sort_by_key(|t| (t.at, name(t).is_none(), name(t), t.open));
    // One made in a loop has a name for each turn.
    found.dedup_by(|b, a| a.at == b.at && (b.name.is_none() || name(a) == name(b)));
    found.into_iter().filter_map(|t| draft(ev, &t, variables.get(&t.at.span).copied())).collect()
}

/// Whether a file calls something named `Table` that may be SQLAlchemy's: not `DataTable(`, unless the name is given to something imported, and not another
/// library's. Docstrings speak of such calls too, so the tree has the last word.
fn makes_tables(world: &World<'_>, module: &ModuleDef<'_>) -> bool {
    if !module.node.words.has(Word::Table) {
        return false;
    }
    if world.sources.get(module.file).text.contains("Table as ") {
        return true;
    }
    let others = |name: Symbol| world.global(module.file, name).external().is_some_and(|path| !is_sqlalchemy(path) && !path.starts_with("sqlmodel"));
    let is_table = |name: Symbol| name.as_str() == "Table";
    let mut found = false;
    let mut look = |e: &Expr| {
        let ExprKind::Call(call) = &e.kind else { return };
        found |= match &call.func.kind {
            ExprKind::Name(name) => is_table(*name) && !others(*name),
            // `sa.Table(`
            ExprKind::Attribute(a) if is_table(a.attr.name) => !matches!(a.value.kind, ExprKind::Name(of) if others(of)),
            _ => false,
        };
    };
    module.node.body.iter().for_each(|s| s.each(&mut |s| s.each_expr(&mut |e| e.each(&mut look))));
    found
}

fn draft<'a>(ev: &Evaluator<'_, 'a>, t: &Table, variable: Option<Symbol>) -> Option<Draft<'a>> {
    let (name, name_at) = t.name?;
    let shown = variable.unwrap_or(name);
    let at = Location::new(t.at.file, Span { start: t.at.span.start, end: t.at.span.start + 5 });
    let mut d = Draft::new(Framework::SqlAlchemyCore, shown, RelationName { schema: t.schema, name }, name_at, at);
    d.model.variable = variable;
    // A table written into a migration is the table of that day.
    let revision = ev.world.index.module_of(t.at.file).is_some_and(ModuleDef::is_revision);
    d.model.foreign = revision || t.metadata.foreign || is_test_path(&ev.world.sources.get(t.at.file).path);
    d.model.call = Some(t.at);
    d.model.partial = true;
    d.at_top = t.place.function.is_none();
    add_columns(&mut d, t);
    Some(d)
}

/// Collects `name = Table(...)` at any depth of statements.
fn names(body: &Body, out: &mut Vec<Bound>) {
    for s in body {
        match &s.kind {
            StmtKind::Assign(a) => bind(&a.0, &a.1, out),
            StmtKind::AnnAssign(a) => {
                if let Some(v) = &a.2 {
                    bind(std::slice::from_ref(&a.0), v, out);
                }
            }
            StmtKind::Function(f) => names(&f.body, out),
            StmtKind::Class(c) => names(&c.body, out),
            StmtKind::If(i) => {
                names(&i.body, out);
                names(&i.orelse, out);
            }
            StmtKind::For(f) => names(&f.body, out),
            StmtKind::While(w) => names(&w.1, out),
            StmtKind::With(w) => names(&w.1, out),
            StmtKind::Try(t) => {
                names(&t.body, out);
                t.handlers.iter().for_each(|h| names(&h.body, out));
                names(&t.orelse, out);
            }
            _ => {}
        }
    }
}

fn bind(targets: &[Expr], value: &Expr, out: &mut Vec<Bound>) {
    if !matches!(value.kind, ExprKind::Call(_)) {
        return;
    }
    let name = targets.iter().find_map(|t| match &t.kind {
        ExprKind::Name(n) => Some(*n),
        ExprKind::Attribute(a) => Some(a.attr.name),
        _ => None,
    });
    out.extend(name.map(|name| Bound { name, span: value.span }));
}

/// `mapper_registry.map_imperatively(Class, table, properties={...})` at the top level of a file, or in a function of it.
pub fn imperative<'a>(ev: &mut Evaluator<'_, 'a>, file: FileId) -> Vec<Draft<'a>> {
    let world = ev.world;
    let Some(module) = world.index.module_of(file).filter(|m| m.node.words.has(Word::Mapper)) else { return Vec::new() };
    let mut calls = Vec::new();
    mappings(&module.node.body, &mut calls);
    let mut out = Vec::new();
    for call in calls {
        let ExprKind::Call(c) = &call.kind else { continue };
        let mut inner = Evaluator::quiet(world, Place::module(file));
        let callee = inner.eval(&c.func);
        let is_mapper = last_name(&c.func).is_some_and(|n| n.as_str() == "map_imperatively") || callee.external().is_some_and(is_sqlalchemy);
        let values = c.args.iter().map(|a| inner.eval(&a.value)).collect();
        let args = Arguments::new(&inner, c, &super::super::eval::Args { values });
        let (Some(Value::Class(class)), Some(table)) = (args.get(0, "class_").map(|a| &a.value), args.get(1, "local_table")) else { continue };
        if let (true, Some(Declared::Table(t))) = (is_mapper, Declared::of(&table.value)) {
            out.extend(mapped(&inner, *class, t, &args));
        }
    }
    out
}

fn mappings<'a>(body: &'a Body, out: &mut Vec<&'a Expr>) {
    for s in body {
        match &s.kind {
            StmtKind::Expr(e) => out.extend(is_mapping(e)),
            StmtKind::Assign(a) => out.extend(is_mapping(&a.1)),
            StmtKind::Function(f) => mappings(&f.body, out),
            StmtKind::If(i) => {
                mappings(&i.body, out);
                mappings(&i.orelse, out);
            }
            StmtKind::Try(t) => mappings(&t.body, out),
            _ => {}
        }
    }
}

fn is_mapping(e: &Expr) -> Option<&Expr> {
    let ExprKind::Call(c) = &e.kind else { return None };
    last_name(&c.func).is_some_and(|n| matches!(n.as_str(), "map_imperatively" | "mapper")).then_some(e)
}

fn mapped<'a>(ev: &Evaluator<'_, 'a>, class: ClassId, t: &Table, args: &Arguments<'a>) -> Option<Draft<'a>> {
    let (name, name_at) = t.name?;
    let def = ev.world.index.class(class);
    let at = Location::new(def.file, def.node.name.span);
    let mut d = Draft::new(Framework::SqlAlchemy, Symbol::from(&def.qualname), RelationName { schema: t.schema, name }, name_at, at);
    d.model.class = Some(class);
    d.model.foreign = t.metadata.foreign || is_test_path(&ev.world.sources.get(def.file).path);
    add_columns(&mut d, t);
    if let Some(Value::Dict(properties)) = args.keyword("properties").map(|a| &a.value) {
        for e in &properties.entries {
            let Some(attribute) = e.key.constant().map(|k| Symbol::from(&k)) else { continue };
            match Declared::of(&e.value) {
                Some(Declared::TableColumn(_, column)) => {
                    if let Some(n) = d.model.columns.iter().position(|c| c.column == *column) {
                        let attribute = d.model.columns[n].attribute;
                        d.model.members.remove(&attribute);
                        d.model.columns[n].attribute = attribute;
                        d.model.members.insert(attribute, Member::Column(n));
                    }
                }
                Some(Declared::Relationship(r)) => {
                    d.relationships.push((attribute, r.clone(), super::draft::Related::default()));
                    d.note(attribute, Member::Relationship { target: None, many: None });
                }
                Some(Declared::Synonym(of)) => d.note(attribute, Member::Synonym(*of)),
                _ => d.note(attribute, Member::Other),
            }
        }
        d.model.open |= properties.open;
    }
    super::members::note_all(ev, class, &mut d);
    Some(d)
}
