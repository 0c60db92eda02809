//! What each library's calls and attributes mean. One library, one file; this page asks them in turn.
//!
//! Every hook gives `None` (or `Unknown`) where the library has nothing to say, so that Python's own rules apply.

use crate::source::Span;
use crate::syntax::python::{Body, Call, Expr, Ident, Param};

use super::eval::{Args, Evaluator};
use super::index::{ClassId, FunctionId};
use super::value::Value;

/// Values that belong to one library. Cheap to clone.
#[derive(Clone, Debug)]
pub enum LibraryValue<'a> {
    /// Never made; keeps the lifetime until the first library has values of its own.
    Never(std::convert::Infallible, std::marker::PhantomData<&'a ()>),
}

impl<'a> LibraryValue<'a> {
    /// Whether two values are known to be the same.
    pub fn same(&self, _other: &Self) -> bool {
        false
    }

    /// One value that stands for both, where two ways through the code meet; `None` to keep them apart.
    pub fn merge(&self, _other: &Self) -> Option<LibraryValue<'a>> {
        None
    }
}

/// `receiver.name(args)`. Asked before Python's own rules; the receiver may be unknown.
pub fn method<'a>(_ev: &mut Evaluator<'_, 'a>, _receiver: &Value<'a>, _name: Ident, _call: &'a Call, _args: &Args<'a>, _span: Span) -> Option<Value<'a>> {
    None
}

/// `callee(args)` for anything that is not a method call on a receiver the library answered for.
pub fn call<'a>(_ev: &mut Evaluator<'_, 'a>, _callee: &Value<'a>, _call: &'a Call, _args: &Args<'a>, _span: Span) -> Option<Value<'a>> {
    None
}

/// `value.attr`, not called.
pub fn attribute<'a>(_ev: &mut Evaluator<'_, 'a>, _value: &Value<'a>, _attr: Ident) -> Option<Value<'a>> {
    None
}

/// `base[key]`
pub fn subscript<'a>(_ev: &mut Evaluator<'_, 'a>, _base: &Value<'a>, _key: &Value<'a>, _index: &'a Expr) -> Option<Value<'a>> {
    None
}

/// `left == right`, `left in right`…: the operands' values, and between each two the operator.
pub fn compare<'a>(_ev: &mut Evaluator<'_, 'a>, _operands: &'a [Expr], _operators: &[ustr::Ustr], _values: &[Value<'a>]) -> Value<'a> {
    Value::Unknown
}

/// `left & right`, `left and right`, `left + right`… where a library overloads them.
pub fn boolean<'a>(_ev: &mut Evaluator<'_, 'a>, _left: &Value<'a>, _right: &Value<'a>) -> Value<'a> {
    Value::Unknown
}

/// What a loop over a value yields.
pub fn element<'a>(_ev: &mut Evaluator<'_, 'a>, value: &Value<'a>) -> Value<'a> {
    value.element()
}

/// The `n`th part when a value is unpacked.
pub fn unpack<'a>(ev: &mut Evaluator<'_, 'a>, value: &Value<'a>, _n: usize) -> Value<'a> {
    element(ev, value)
}

/// What `with value as x` binds.
pub fn enter<'a>(ev: &mut Evaluator<'_, 'a>, value: &Value<'a>) -> Value<'a> {
    match value {
        // A function with `yield` under `@contextmanager`.
        Value::List(_) => value.element(),
        Value::Instance(c) => {
            let own = ["__enter__", "__aenter__"].iter().find_map(|n| match ev.world.class_member(*c, ustr::Ustr::from(n)) {
                Some((_, [.., super::index::Binding::Function(f)])) => Some(*f),
                _ => None,
            });
            own.map(|f| ev.result_of(f)).filter(|v| !v.is_unknown()).unwrap_or_else(|| value.clone())
        }
        other => other.clone(),
    }
}

/// `target: declared = value`: what the name is then known to be.
pub fn annotated<'a>(_ev: &mut Evaluator<'_, 'a>, declared: &Value<'a>, value: &Value<'a>) -> Value<'a> {
    match value {
        Value::Unknown | Value::None => declared.clone(),
        _ => value.clone(),
    }
}

/// `receiver.attr = value`
pub fn store_attribute<'a>(_ev: &mut Evaluator<'_, 'a>, _receiver: &Value<'a>, _attr: Ident, _value: &Value<'a>, _expr: Option<&'a Expr>) {}

/// `receiver[key] = value` on something that is no dict.
pub fn store_subscript<'a>(_ev: &mut Evaluator<'_, 'a>, _target: &'a Expr, _receiver: &Value<'a>, _key: &Value<'a>, _value: &Value<'a>) {}

/// What a parameter is known to be, where a library decides (a pytest fixture, a bound model).
pub fn parameter<'a>(_ev: &mut Evaluator<'_, 'a>, _function: FunctionId, _n: usize, _param: &'a Param) -> Option<Value<'a>> {
    None
}

/// A call of a function of the project itself; `receiver` for a method.
pub fn inline<'a>(ev: &mut Evaluator<'_, 'a>, function: FunctionId, _receiver: Option<&Value<'a>>, _call: &'a Call, _args: &Args<'a>) -> Value<'a> {
    ev.result_of(function)
}

/// A class body.
pub fn class_body<'a>(ev: &mut Evaluator<'_, 'a>, class: ClassId, body: &'a Body) {
    super::flow::plain_class_body(ev, class, body);
}
