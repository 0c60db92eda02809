//! Pydantic models that the configuration binds to a table (`models: {DocumentModel: documents}`).

use std::collections::BTreeMap;

use crate::symbol::Symbol;

use crate::source::Location;
use crate::syntax::python::{Call, Expr, ExprKind};

use super::super::eval::Evaluator;
use super::super::index::{Binding, ClassId};
use super::super::uses::RelationName;
use super::super::world::Place;
use super::declared::Column;
use super::draft::Draft;
use super::{Framework, mapped};

/// The classes that the configuration binds, by their name, their qualified name, or their dotted path.
pub fn drafts<'a>(ev: &mut Evaluator<'_, 'a>, bound: &BTreeMap<String, String>) -> Vec<Draft<'a>> {
    if bound.is_empty() {
        return Vec::new();
    }
    let world = ev.world;
    let mut out = Vec::new();
    for class in world.index.class_ids() {
        let def = world.index.class(class);
        let dotted = format!("{}.{}", world.index.table.dotted(def.file), def.qualname);
        let table = [def.node.name.as_str(), def.qualname.as_str(), dotted.as_str()].iter().find_map(|name| bound.get(*name));
        out.extend(table.map(|t| draft(ev, class, t)));
    }
    out
}

fn draft<'a>(ev: &mut Evaluator<'_, 'a>, class: ClassId, table: &str) -> Draft<'a> {
    let world = ev.world;
    let def = world.index.class(class);
    let at = Location::new(def.file, def.node.name.span);
    let relation = match table.split_once('.') {
        Some((schema, name)) => RelationName { schema: Some(Symbol::from(schema)), name: Symbol::from(name) },
        None => RelationName { schema: None, name: Symbol::from(table) },
    };
    let mut d = Draft::new(Framework::Pydantic, Symbol::from(&def.qualname), relation, at, at);
    d.model.class = Some(class);
    let owners = world.lineage(class).map(|l| l.mro.clone()).unwrap_or_default();
    d.model.open = world.lineage(class).is_none_or(|l| l.open);
    for (n, &owner) in owners.iter().enumerate().rev() {
        let def = world.index.class(owner);
        for &name in &def.order {
            if name.as_str().starts_with('_')
                || name.as_str() == "model_config"
                || owners[..n].iter().any(|&near| world.index.class(near).names.contains_key(&name))
            {
                continue;
            }
            match def.names.get(&name).and_then(|b| b.last()) {
                Some(Binding::Value { value, annotation: Some(a), target }) => field(ev, owner, name, a, Some(value), target, &mut d),
                Some(Binding::Declared { annotation, target }) => field(ev, owner, name, annotation, None, target, &mut d),
                _ => {}
            }
        }
    }
    super::members::note_all(ev, class, &mut d);
    d
}

fn field<'a>(ev: &Evaluator<'_, 'a>, owner: ClassId, name: Symbol, annotation: &'a Expr, value: Option<&'a Expr>, target: &Expr, d: &mut Draft<'a>) {
    let file = ev.world.index.class(owner).file;
    let mut inner = Evaluator::quiet_on(ev.world, Place { file, class: Some(owner), function: None }, &ev.trail);
    let annotation = mapped::read(&mut inner, annotation);
    if annotation.class_var {
        return;
    }
    let at = Location::new(file, target.span);
    let mut column = Column::new(at);
    column.has_default = value.is_some();
    // `Field(alias="x")` is known to the database as `x`; `Field(exclude=True)` never gets there.
    if let Some(Expr { kind: ExprKind::Call(call), .. }) = value {
        if matches!(call.keyword("exclude").map(|e| &e.kind), Some(ExprKind::Bool(true))) {
            return;
        }
        column.name = alias(call).map(|(text, span)| (text, Location::new(file, span)));
    }
    d.add(name, at, column, Some(owner), Some(annotation.optional));
}

fn alias(call: &Call) -> Option<(Symbol, crate::source::Span)> {
    let given = ["serialization_alias", "alias"].iter().find_map(|n| call.keyword(n))?;
    let ExprKind::Str(text) = &given.kind else { return None };
    Some((Symbol::from(&text.constant()?), given.span))
}
