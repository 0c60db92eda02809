//! What each library's calls and attributes mean. One library, one file; this page asks them in turn.
//!
//! Every hook gives `None` (or `Unknown`) where the library has nothing to say, so that Python's own rules apply.

pub mod aiosql;
pub mod alembic;
pub mod calls;
pub mod django;
pub mod factory_boy;
pub mod flask_login;
pub mod flask_sqlalchemy;
pub mod postgrest;
pub mod pydantic;
pub mod pytest;
pub mod redis;
pub mod sql_text;
pub mod sqlalchemy;

use crate::source::Span;
use crate::syntax::python::{Body, Call, Expr, ExprKind, Ident, Param};

use super::eval::{Args, Evaluator};
use super::index::{ClassId, FunctionId};
use super::value::Value;

/// Values that belong to one library. Cheap to clone.
#[derive(Clone, Debug)]
pub enum LibraryValue<'a> {
    /// A column, type, constraint or table as a model declares it; only while models are collected.
    Declared(std::sync::Arc<super::models::declared::Declared<'a>>),
    /// SQLAlchemy, SQLModel, Flask-SQLAlchemy.
    Orm(sqlalchemy::Orm<'a>),
    /// Django.
    Django(django::Django),
    /// Clients of PostgREST: queries, answers, rows.
    Postgrest(postgrest::Postgrest),
    /// SQL text and connections.
    Sql(sql_text::Sql),
    /// Cache entries bound to tables.
    Cache(redis::Cache<'a>),
    /// Named queries of SQL files.
    Aiosql(std::sync::Arc<aiosql::Queries>),
}

/// What libraries remember while one file is walked.
#[derive(Debug, Default)]
pub struct State<'a> {
    /// See [`postgrest::State`].
    pub postgrest: postgrest::State,
    /// See [`sql_text::State`].
    pub sql: sql_text::State<'a>,
    /// What is seen in a function that is walked with a caller's arguments is noted.
    pub loud_through: bool,
    /// The loop being walked does one thing with each of its elements.
    pub copies_all: bool,
    /// A function is looked into for the sake of rows that a call gives it: nothing else is of interest.
    pub apart: bool,
}

impl<'a> State<'a> {
    /// Begins anew for looking into a function apart; gives what was remembered until now, to go on with afterwards.
    #[must_use]
    pub fn set_aside(&mut self) -> Self {
        let apart = State { loud_through: self.loud_through, apart: true, ..State::default() };
        std::mem::replace(self, apart)
    }

    /// Whether nothing was remembered that outlasts a function.
    pub fn is_untouched(&self) -> bool {
        self.postgrest.is_untouched() && self.sql.is_untouched()
    }

    /// Whether what was remembered changes nothing of what a function that is walked now shows, but for what only [`Self::may_add`] tells.
    pub fn is_plain(&self) -> bool {
        self.sql.is_plain() && !self.loud_through && !self.copies_all
    }

    /// Whether a function's walk that remembered `other`, made by itself, would have gone the same way behind this one.
    pub fn may_add(&self, other: &Self) -> bool {
        self.postgrest.may_add(&other.postgrest) && self.sql.may_add(&other.sql)
    }

    /// Remembers what another walk did.
    pub fn add(&mut self, other: State<'a>) {
        self.postgrest.add(other.postgrest);
        self.sql.add(other.sql);
    }
}

impl<'a> LibraryValue<'a> {
    /// Whether two values are known to be the same.
    pub fn same(&self, other: &Self) -> bool {
        match (self, other) {
            (LibraryValue::Declared(a), LibraryValue::Declared(b)) => std::sync::Arc::ptr_eq(a, b),
            (LibraryValue::Orm(a), LibraryValue::Orm(b)) => a.same(b),
            (LibraryValue::Django(a), LibraryValue::Django(b)) => a.same(b),
            (LibraryValue::Postgrest(a), LibraryValue::Postgrest(b)) => a.same(b),
            (LibraryValue::Sql(a), LibraryValue::Sql(b)) => a.same(b),
            (LibraryValue::Cache(a), LibraryValue::Cache(b)) => a.same(b),
            (LibraryValue::Aiosql(a), LibraryValue::Aiosql(b)) => std::sync::Arc::ptr_eq(a, b),
            _ => false,
        }
    }

    /// Whether it is a row of a query, or rows.
    pub fn is_rows(&self) -> bool {
        matches!(self, LibraryValue::Postgrest(postgrest::Postgrest::Rows(_)))
    }

    /// One value that stands for both wherever either may be; `None` to keep them apart.
    pub fn unite(&self, other: &Self) -> Option<LibraryValue<'a>> {
        match (self, other) {
            (LibraryValue::Postgrest(a), LibraryValue::Postgrest(b)) if !a.is_query() => a.merge(b).map(LibraryValue::Postgrest),
            (LibraryValue::Sql(a), LibraryValue::Sql(b)) => a.merge(b).map(LibraryValue::Sql),
            (LibraryValue::Django(a @ django::Django::Set(_)), LibraryValue::Django(b)) => a.merge(b).map(LibraryValue::Django),
            _ => None,
        }
    }

    /// What it is where something that is not known may stand in its place; `None` if that is all the same.
    pub fn beside_unknown(&self) -> Option<LibraryValue<'a>> {
        match self {
            LibraryValue::Django(d) => d.opened().map(LibraryValue::Django),
            // A function that gives a row here and something else there.
            LibraryValue::Postgrest(postgrest::Postgrest::Rows(r)) if !r.shape.open => {
                Some(LibraryValue::Postgrest(postgrest::Postgrest::Rows(std::sync::Arc::new(r.opened()))))
            }
            _ => None,
        }
    }

    /// One value that stands for both, where two ways through the code meet; `None` to keep them apart.
    pub fn merge(&self, other: &Self) -> Option<LibraryValue<'a>> {
        match (self, other) {
            (LibraryValue::Orm(a), LibraryValue::Orm(b)) => a.merge(b).map(LibraryValue::Orm),
            (LibraryValue::Django(a), LibraryValue::Django(b)) => a.merge(b).map(LibraryValue::Django),
            (LibraryValue::Postgrest(a), LibraryValue::Postgrest(b)) => a.merge(b).map(LibraryValue::Postgrest),
            (LibraryValue::Sql(a), LibraryValue::Sql(b)) => a.merge(b).map(LibraryValue::Sql),
            _ => None,
        }
    }
}

/// `receiver.name(args)`. Asked before Python's own rules; the receiver may be unknown.
pub fn method<'a>(ev: &mut Evaluator<'_, 'a>, receiver: &Value<'a>, name: Ident, call: &'a Call, args: &Args<'a>, span: Span) -> Option<Value<'a>> {
    if ev.world.is_collecting() {
        return super::models::construct::method(ev, receiver, name, call, args);
    }
    if let Some(v) = aiosql::method(ev, receiver, name).or_else(|| pydantic::method(ev, receiver, name, call, args)) {
        return Some(v);
    }
    alembic::method(ev, receiver, name, call, args);
    calls::method(ev, receiver, name, call, args);
    if let Some(v) = factory_boy::method(ev, receiver, name, call) {
        return Some(v);
    }
    django::method(ev, receiver, name, call, args)
        .or_else(|| sqlalchemy::method(ev, receiver, name, call, args, span))
        .or_else(|| postgrest::method(ev, receiver, name, call, args, span))
        .or_else(|| sql_text::method(ev, receiver, name, call, args))
        .or_else(|| redis::method(ev, receiver, name, call, args))
}

/// `callee(args)` for anything that is not a method call on a receiver the library answered for.
pub fn call<'a>(ev: &mut Evaluator<'_, 'a>, callee: &Value<'a>, call: &'a Call, args: &Args<'a>, span: Span) -> Option<Value<'a>> {
    if ev.world.is_collecting() {
        return super::models::construct::call(ev, callee, call, args, span);
    }
    alembic::call(ev, callee, call, args);
    calls::call(ev, callee, call, args);
    if let Some(v) = factory_boy::call(ev, callee, call, args) {
        return Some(v);
    }
    sqlalchemy::call(ev, callee, call, args, span)
        .or_else(|| django::call(ev, callee, call, args))
        .or_else(|| postgrest::call(ev, callee, call, args))
        .or_else(|| sql_text::call(ev, callee, call, args))
        .or_else(|| pydantic::call(ev, callee, call, args))
        .or_else(|| redis::call(ev, callee, args))
        .or_else(|| aiosql::call(ev, callee, call, args))
}

/// `value.attr`, not called.
pub fn attribute<'a>(ev: &mut Evaluator<'_, 'a>, value: &Value<'a>, attr: Ident) -> Option<Value<'a>> {
    if let Some(v) = flask_sqlalchemy::attribute(ev, value, attr) {
        return Some(v);
    }
    if ev.world.is_collecting() {
        return super::models::construct::attribute(ev, value, attr);
    }
    sqlalchemy::attributes::attribute(ev, value, attr)
        .or_else(|| django::attribute(ev, value, attr))
        .or_else(|| postgrest::attribute(ev, value, attr))
        .or_else(|| aiosql::attribute(value, attr))
}

/// `name.attr`, read and not called, after [`attribute`]: what an object's class may lack.
pub fn object_attribute<'a>(ev: &mut Evaluator<'_, 'a>, receiver: &'a Expr, value: &Value<'a>, attr: Ident) {
    if !ev.world.is_collecting() {
        sqlalchemy::objects::read(ev, receiver, value, attr);
        if attr.as_str() == "create_all" {
            create_all(ev, receiver);
        }
    }
}

/// `Base.metadata.create_all(…)`: the tables of all models with that root come to be while the program runs, as far as they are not there.
pub fn create_all<'a>(ev: &mut Evaluator<'_, 'a>, metadata: &'a Expr) {
    if !ev.notes() || ev.world.is_collecting() || ev.world.is_test(ev.place.file) {
        return;
    }
    let base = if let ExprKind::Attribute(a) = &metadata.kind { if a.attr.as_str() == "metadata" { &a.value } else { metadata } } else { metadata };
    let value = ev.eval(base);
    let Some(root) = super::models::roots::of_value(ev, &value) else { return };
    let lacking =
        |m: &&super::models::Model| m.root == Some(root) && ev.world.schema.relation(m.relation.schema.map(|s| s.as_str()), &m.relation.name).is_none();
    let made: Vec<_> = ev.world.models.all.iter().filter(lacking).map(|m| (m.relation.name, None)).collect();
    ev.uses.created.extend(made);
}

/// A bare name in a class body, outside of its methods.
pub fn class_name<'a>(ev: &mut Evaluator<'_, 'a>, class: ClassId, name: crate::symbol::Symbol, span: Span) -> Option<Value<'a>> {
    sqlalchemy::declare::class_name(ev, class, name, span)
}

/// `django.db.connections["reports"]`: what a library's own object gives for a key.
pub fn of_external<'a>(ev: &mut Evaluator<'_, 'a>, path: &str, index: &'a Expr) -> Option<Value<'a>> {
    if path != "django.db.connections" {
        return None;
    }
    let driver = sql_text::dialect::of_alias(&ev.eval(index))?;
    Some(Value::Library(LibraryValue::Sql(sql_text::Sql::Connection(driver))))
}

/// `base[key]`
pub fn subscript<'a>(ev: &mut Evaluator<'_, 'a>, base: &Value<'a>, key: &Value<'a>, index: &'a Expr) -> Option<Value<'a>> {
    if ev.world.is_collecting() {
        return super::models::construct::subscript(base);
    }
    sqlalchemy::attributes::subscript(ev, base, key, index)
        .or_else(|| django::subscript(ev, base, key))
        .or_else(|| postgrest::subscript(ev, base, key, index))
        .or_else(|| redis::subscript(ev, base, key))
}

/// `left == right`, `left in right`…: the operands' values, and between each two the operator.
pub fn compare<'a>(ev: &mut Evaluator<'_, 'a>, operands: &'a [Expr], operators: &[crate::symbol::Symbol], values: &[Value<'a>]) -> Value<'a> {
    postgrest::compare(ev, operators, values);
    sqlalchemy::compare(ev, operands, operators, values).unwrap_or_default()
}

/// `left & right`, `left and right`, `left + right`… where a library overloads them.
pub fn boolean<'a>(_ev: &mut Evaluator<'_, 'a>, left: &Value<'a>, right: &Value<'a>) -> Value<'a> {
    django::boolean(left, right).unwrap_or_default()
}

/// What a loop over a value yields.
pub fn element<'a>(ev: &mut Evaluator<'_, 'a>, value: &Value<'a>) -> Value<'a> {
    match value {
        Value::Union(all) => {
            let all: Vec<_> = all.iter().filter(|v| !v.holds_nothing()).map(|v| element(ev, v)).collect();
            Value::union(all)
        }
        Value::Library(LibraryValue::Postgrest(v)) => v.element(),
        Value::Library(LibraryValue::Sql(v)) => v.element(),
        Value::Library(LibraryValue::Django(django::Django::Set(s))) => django::queryset::element(ev, s),
        _ => sqlalchemy::element(value).unwrap_or_else(|| value.element()),
    }
}

/// What a loop over an expression of that value binds.
pub fn looped<'a>(ev: &mut Evaluator<'_, 'a>, iter: &'a Expr, value: &Value<'a>) -> Value<'a> {
    let is_cursor = matches!(value, Value::Unknown | Value::Object(_) | Value::Library(LibraryValue::Sql(_)));
    match if is_cursor { sql_text::rows_of_cursor(ev, iter) } else { None } {
        Some(rows) => element(ev, &rows),
        None => element(ev, value),
    }
}

/// The `n`th part when a value is unpacked.
pub fn unpack<'a>(ev: &mut Evaluator<'_, 'a>, value: &Value<'a>, n: usize) -> Value<'a> {
    match value {
        Value::Union(all) => {
            let all: Vec<_> = all.iter().map(|v| unpack(ev, v, n)).collect();
            Value::union(all)
        }
        Value::Tuple(t) => t.get(n).cloned().unwrap_or_default(),
        _ => sqlalchemy::unpack(value, n).unwrap_or_else(|| element(ev, value)),
    }
}

/// What `with value as x` binds.
pub fn enter<'a>(ev: &mut Evaluator<'_, 'a>, value: &Value<'a>) -> Value<'a> {
    match value {
        // A function with `yield` under `@contextmanager`.
        Value::List(_) => value.element(),
        Value::Instance(c) => {
            let own = ["__enter__", "__aenter__"].iter().find_map(|n| match ev.world.class_member(*c, crate::symbol::Symbol::from(n)) {
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
        // `rows: dict[str, Row] = {}`, `rows: list[Row] = []`
        Value::Dict(d) if d.entries.is_empty() && matches!(declared, Value::Mapping(_)) => declared.clone(),
        Value::Object(_) if matches!(declared, Value::Mapping(_)) => declared.clone(),
        Value::List(l) if l.items.is_empty() && l.rest.is_none() && matches!(declared, Value::List(_)) && super::flow::is_object(declared) => declared.clone(),
        _ => value.clone(),
    }
}

/// `receiver.attr = value`
pub fn store_attribute<'a>(ev: &mut Evaluator<'_, 'a>, receiver: &Value<'a>, attr: Ident, value: &Value<'a>, expr: Option<&'a Expr>) {
    let at = ev.at(attr.span);
    sqlalchemy::attributes::store(ev, receiver, attr, at, value, expr);
    django::store_at(ev, receiver, attr, at, value, expr);
}

/// `setattr(object, name, value)`, where the names that it may be are known.
pub fn set_attributes<'a>(ev: &mut Evaluator<'_, 'a>, object: &Value<'a>, names: &Value<'a>, value: &Value<'a>, call: &'a Call) {
    let one = matches!(names, Value::Str(_));
    // `for name, value in kwargs.items(): setattr(self, name, value)`
    ev.hands_on |= names.is_unknown() && matches!(object, Value::Instance(_)) && ev.takes_keywords();
    // Nothing is amiss with a name that is set and stays in memory.
    let asked_by = ev.asked_by.take();
    for name in names.alternatives() {
        let Value::Str(text) = name else { continue };
        let (Some(constant), Some(at)) = (text.constant(), text.made_at()) else { continue };
        let attr = Ident { name: crate::symbol::Symbol::from(&constant), span: at.span };
        let unknown = Value::Unknown;
        // Of several names, who knows which gets which value.
        let (value, expr) = if one { (value, call.positional(2)) } else { (&unknown, None) };
        sqlalchemy::attributes::store(ev, object, attr, at, value, expr);
        django::store_at(ev, object, attr, at, value, expr);
        if ev.state.copies_all {
            sqlalchemy::attributes::lost(ev, object, attr.name, at);
        }
    }
    ev.asked_by = asked_by;
}

/// `receiver[key] = value` on something that is no dict.
pub fn store_subscript<'a>(ev: &mut Evaluator<'_, 'a>, _target: &'a Expr, receiver: &Value<'a>, key: &Value<'a>, _value: &Value<'a>) {
    postgrest::store_subscript(ev, receiver, key);
}

/// What a name imported from outside stands for, where that is an object of the project's own; else itself.
pub fn proxy<'a>(ev: &mut Evaluator<'_, 'a>, value: Value<'a>) -> Value<'a> {
    let stands_for = value.external().and_then(|path| flask_login::proxy(ev, path));
    stands_for.unwrap_or(value)
}

/// What a parameter is known to be, where a library decides (a pytest fixture, a bound model).
pub fn parameter<'a>(ev: &mut Evaluator<'_, 'a>, function: FunctionId, n: usize, param: &'a Param) -> Option<Value<'a>> {
    if ev.world.is_collecting() {
        return None;
    }
    pytest::parameter(ev, function, param)
        .or_else(|| django::about::parameter(ev, function, n, param))
        .or_else(|| sqlalchemy::events::parameter(ev, function, n, param))
}

/// A call of a function of the project itself; `receiver` for a method.
pub fn inline<'a>(ev: &mut Evaluator<'_, 'a>, function: FunctionId, receiver: Option<&Value<'a>>, call: &'a Call, args: &Args<'a>) -> Value<'a> {
    if ev.world.is_collecting() {
        return ev.run(function, receiver, call, args);
    }
    ev.initialised(function, receiver, call, args);
    super::alias::handed(ev, function, receiver.is_some(), call, args);
    // What the body gives is finer than any annotation, unless all it gives is something of another library.
    if let Some(v) = ev.walk_through(function, receiver, call, args)
        && !v.alternatives().iter().all(|v| matches!(v, Value::Object(_) | Value::None))
    {
        return v;
    }
    let generic = ev.generic_result(function, receiver, call, args);
    let v = if generic.is_unknown() { ev.result_of(function) } else { generic };
    ev.of_receiver(function, receiver, v)
}

/// What a function gives back: with what it did to it besides.
pub fn given_back<'a>(ev: &Evaluator<'_, 'a>, value: Value<'a>) -> Value<'a> {
    postgrest::given_back(&ev.state.postgrest, value)
}

/// A class body.
pub fn class_body<'a>(ev: &mut Evaluator<'_, 'a>, class: ClassId, body: &'a Body) {
    super::flow::plain_class_body(ev, class, body);
    if !ev.world.is_collecting() {
        django::meta::class_body(ev, class, body);
        factory_boy::class_body(ev, class, body);
    }
}
