//! pytest: what a test's parameter is, by the fixture of that name.

use crate::project::eval::Evaluator;
use crate::project::index::{Binding, FunctionId};
use crate::project::modules::ModuleRef;
use crate::project::value::Value;
use crate::source::FileId;
use crate::syntax::python::Param;

/// Folders above a test that may hold a `conftest.py`.
const MAX_FOLDERS: u32 = 12;

/// What the fixture that a parameter names gives.
pub fn parameter<'a>(ev: &mut Evaluator<'_, 'a>, function: FunctionId, param: &'a Param) -> Option<Value<'a>> {
    let def = ev.world.index.function(function);
    if param.annotation.is_some() || param.default.is_some() {
        return None;
    }
    if !def.node.name.as_str().starts_with("test") && !def.has_decorator("fixture") {
        return None;
    }
    let fixture = find(ev, def.file, function, param)?;
    let yields = ev.world.summary(fixture).yields.is_some();
    let v = ev.result_of(fixture);
    let v = if yields { v.element() } else { v };
    (!v.is_unknown()).then_some(v)
}

fn find(ev: &Evaluator<'_, '_>, file: FileId, asking: FunctionId, param: &Param) -> Option<FunctionId> {
    if let Some(class) = ev.world.index.function(asking).class
        && let Some((_, [.., Binding::Function(f)])) = ev.world.class_member(class, param.name.name)
        && *f != asking
        && ev.world.index.function(*f).has_decorator("fixture")
    {
        return Some(*f);
    }
    let mut files = vec![file];
    for level in 1..=MAX_FOLDERS {
        match ev.world.index.table.resolve(file, level, "conftest") {
            ModuleRef::File(f) => files.push(f),
            _ if level > 1 && ev.world.index.table.path(file).matches('/').count() < level as usize => break,
            _ => {}
        }
    }
    files.into_iter().find_map(|f| {
        if !ev.world.index.module_of(f)?.names.contains_key(&param.name.name) {
            return None;
        }
        match ev.world.global(f, param.name.name) {
            Value::Function(id) if id != asking && ev.world.index.function(id).has_decorator("fixture") => Some(id),
            _ => None,
        }
    })
}
