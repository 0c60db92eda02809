//! Functions that SQLAlchemy calls when something happens to a model's objects.

use crate::diagnostic::Access;
use crate::project::eval::{Args, Evaluator};
use crate::project::index::{FunctionId, last_name};
use crate::project::value::Value;
use crate::project::world::{Place, is_from};
use crate::symbol::Symbol;
use crate::syntax::python::{Call, ExprKind, Param};

use super::emit::{self, Found};

/// `@validates("title", "author")`: attributes that are checked when they are set (`sqlalchemy/orm/mapper.py`). Of a name that the class does not have the method is
/// never called.
pub fn validates<'a>(ev: &mut Evaluator<'_, 'a>, args: &Args<'a>) {
    let Some(class) = ev.place.class else { return };
    for text in args.values.iter().filter_map(Value::text) {
        let (Some(name), Some(at)) = (text.constant(), text.location()) else { continue };
        let name = Symbol::from(&name);
        if let Found::Columns(all) = emit::find(ev, class, name) {
            emit::columns(ev, &all, at, Access::Read);
        }
    }
}

/// Which parameter is the object, in what is called for an event (`sqlalchemy/orm/events.py`).
fn position(event: &str) -> Option<usize> {
    match event {
        "before_insert" | "after_insert" | "before_update" | "after_update" | "before_delete" | "after_delete" => Some(2),
        "init" | "load" | "refresh" | "refresh_flush" | "expire" | "set" | "append" | "remove" | "modified" => Some(0),
        _ => None,
    }
}

/// What a parameter is of a function under `@event.listens_for(Book, "before_update")`, or `Book.title, "set"`.
pub fn parameter<'a>(ev: &mut Evaluator<'_, 'a>, function: FunctionId, n: usize, param: &Param) -> Option<Value<'a>> {
    let def = ev.world.index.function(function);
    if def.node.decorators.is_empty() || param.annotation.is_some() || n > 2 {
        return None;
    }
    let mut of = None;
    for d in &def.node.decorators {
        let ExprKind::Call(call) = &d.kind else { continue };
        if last_name(&call.func).is_none_or(|n| n.as_str() != "listens_for") {
            continue;
        }
        // One that listens to several is given objects of any of them.
        let object = target(ev, def.file, call, n)?;
        if of.as_ref().is_some_and(|known: &Value<'_>| !known.same(&object)) {
            return None;
        }
        of = Some(object);
    }
    of
}

/// The object that a listener is given as parameter `n`.
fn target<'a>(ev: &Evaluator<'_, 'a>, file: crate::source::FileId, call: &'a Call, n: usize) -> Option<Value<'a>> {
    let mut ev = Evaluator::quiet_on(ev.world, Place::module(file), &ev.trail);
    if !ev.eval(&call.func).external().is_some_and(|p| is_from(p, "sqlalchemy")) {
        return None;
    }
    let event = call.positional(1).map(|e| ev.eval(e))?;
    if position(&event.constant()?) != Some(n) {
        return None;
    }
    let of = call.positional(0)?;
    // An attribute's object is one of the class before the dot.
    let class = match (&of.kind, ev.eval(of)) {
        (_, Value::Class(c)) => c,
        (ExprKind::Attribute(a), _) => match ev.eval(&a.value) {
            Value::Class(c) => c,
            _ => return None,
        },
        _ => return None,
    };
    emit::is_mapped(&ev, class).then_some(Value::Instance(class))
}
