//! SQLAlchemy (Core and ORM, 1.x and 2.0), SQLModel and Flask-SQLAlchemy: queries and objects of mapped classes.

pub mod attributes;
pub mod declare;
pub mod emit;
pub mod events;
pub mod objects;
pub mod query;
pub mod values;
pub mod write;

#[cfg(test)]
mod tests;

use crate::symbol::Symbol;

use crate::diagnostic::Access;
use crate::project::eval::{Args, Evaluator};
use crate::project::index::Binding;
use crate::project::value::Value;
use crate::project::world::is_from;
use crate::source::Span;
use crate::syntax::python::{Call, Expr, Ident};

pub use values::Orm;
use values::{Kind, orm};

/// Packages whose functions have the meanings given here.
const PACKAGES: &[&str] = &["sqlalchemy", "sqlmodel", "flask_sqlalchemy", "sqlalchemy_utils", "advanced_alchemy"];

/// `receiver.name(args)`
pub fn method<'a>(ev: &mut Evaluator<'_, 'a>, receiver: &Value<'a>, name: Ident, call: &'a Call, args: &Args<'a>, span: Span) -> Option<Value<'a>> {
    match receiver {
        Value::Library(_) => return orm_method(ev, Orm::of(receiver)?, name, call, args),
        // A project's own method is looked into instead.
        Value::Instance(c) if ev.world.class_member(*c, name.name).is_some_and(|(_, b)| matches!(b, [.., Binding::Function(_)])) => return None,
        Value::Class(_) | Value::Str(_) | Value::Dict(_) | Value::Tuple(_) | Value::Module(_) | Value::Namespace(_) | Value::External(_) => return None,
        Value::List(l) => {
            // A collection that is a query (`lazy="dynamic"`).
            let Some(Value::Instance(c)) = &l.rest else { return None };
            if !emit::is_mapped(ev, *c) || attributes::is_django(ev, *c) || !COLLECTION_QUERIES.contains(&name.as_str()) {
                return None;
            }
            let query = attributes::query_of(ev, *c);
            return orm_method(ev, Orm::of(&query)?, name, call, args);
        }
        _ => {}
    }
    session_method(ev, name.as_str(), call, args, span)
}

const COLLECTION_QUERIES: &[&str] =
    &["filter", "filter_by", "order_by", "all", "first", "one", "one_or_none", "join", "outerjoin", "options", "with_entities", "paginate", "select"];

/// Methods by which sessions, connections, engines and extension objects are known, whatever they are called: what counts is what is handed to them.
fn session_method<'a>(ev: &mut Evaluator<'_, 'a>, name: &str, call: &'a Call, args: &Args<'a>, span: Span) -> Option<Value<'a>> {
    let first = call.args.first().and(args.values.first());
    match name {
        "query" | "select" => {
            if !args.values.iter().any(|v| query::is_selectable(ev, v)) {
                return None;
            }
            Some(query::start(ev, if name == "query" { Kind::Legacy } else { Kind::Select }, call, args))
        }
        "execute" | "scalars" | "scalar" | "exec" | "stream" | "stream_scalars" | "first_or_404" | "one_or_404" | "paginate" | "fetch_all" | "fetch_one"
        | "fetchall" | "fetchone" => {
            let mut results = Vec::new();
            for v in first?.alternatives() {
                if let Some(Orm::Query(q)) = Orm::of(v) {
                    let q = q.clone();
                    results.extend(query::run(ev, name, &q, call, args));
                }
            }
            (!results.is_empty()).then(|| Value::union(results))
        }
        "get" | "get_one" | "get_or_404" => match first? {
            v @ Value::Class(c) if emit::is_mapped(ev, *c) => {
                note_entity(ev, v, call, Access::Read);
                let one = Value::Instance(*c);
                Some(if name == "get" { Value::union([one, Value::None]) } else { one })
            }
            _ => None,
        },
        "merge" => match first? {
            v @ Value::Instance(c) if emit::is_mapped(ev, *c) => Some(v.clone()),
            _ => None,
        },
        "insert" | "update" | "delete" => {
            let id = write::target(ev, first?)?;
            let kind = statement_kind(name);
            let at = call.positional(0).map(|e| ev.at(emit::token(e)));
            Some(query::write(ev, kind, id, at))
        }
        "bulk_insert_mappings" | "bulk_update_mappings" => write::bulk(ev, name, call, args),
        "aliased" => alias(first?),
        "relationship" | "UniqueConstraint" | "PrimaryKeyConstraint" | "Index" | "ForeignKeyConstraint" | "backref" => {
            declare::call(ev, name, call, args);
            None
        }
        "Table" => table(ev, call, args, span),
        "label" => Some(query::labelled(&values::Output::default(), args.positional(call, 0))),
        _ => None,
    }
}

fn statement_kind(name: &str) -> Kind {
    match name {
        "insert" => Kind::Insert,
        "update" => Kind::Update,
        _ => Kind::Delete,
    }
}

fn alias<'a>(v: &Value<'a>) -> Option<Value<'a>> {
    match v {
        Value::Class(c) => Some(orm(Orm::Alias(*c))),
        other => Orm::of(other).is_some().then(|| match Orm::of(other) {
            Some(Orm::Query(q)) => orm(Orm::Subquery(std::sync::Arc::new(q.outputs.clone()))),
            _ => other.clone(),
        }),
    }
}

fn table<'a>(ev: &mut Evaluator<'_, 'a>, call: &'a Call, args: &Args<'a>, span: Span) -> Option<Value<'a>> {
    let made = ev.world.models.by_call.get(&ev.at(span))?;
    let id = match made.as_slice() {
        [one] => *one,
        several => {
            let name = args.positional(call, 0).and_then(Value::constant)?;
            *several.iter().find(|id| ev.world.models.get(**id).relation.name.as_str() == &*name)?
        }
    };
    declare::table(ev, id, call);
    Some(orm(Orm::Table(id)))
}

fn note_entity<'a>(ev: &mut Evaluator<'_, 'a>, v: &Value<'a>, call: &'a Call, access: Access) {
    if let (Some(id), Some(e)) = (query::model_of(ev, v), call.positional(0)) {
        let at = ev.at(emit::token(e));
        emit::relation(ev, id, at, access);
    }
}

fn orm_method<'a>(ev: &mut Evaluator<'_, 'a>, receiver: &Orm<'a>, name: Ident, call: &'a Call, args: &Args<'a>) -> Option<Value<'a>> {
    let n = name.as_str();
    Some(match receiver {
        Orm::Query(q) => {
            if let Some(v) = query::method(ev, &q.clone(), n, call, args) {
                return Some(v);
            }
            Value::Unknown
        }
        Orm::Rows(r) => query::result_method(r, n),
        Orm::Row(o) => match n {
            "_asdict" | "_mapping" => orm(Orm::Row(o.clone())),
            "get" | "__getitem__" => match args.positional(call, 0) {
                Some(Value::Str(t)) => match (t.constant(), t.location()) {
                    (Some(name), Some(at)) => attributes::row_item(ev, o, &name, at),
                    _ => Value::Unknown,
                },
                _ => Value::Unknown,
            },
            _ => Value::Unknown,
        },
        Orm::Column(o) => match n {
            "label" => query::labelled(o, args.positional(call, 0)),
            "in_" | "notin_" | "not_in" => {
                if let (Some(c), Some(e)) = (o.column, call.positional(0)) {
                    literals(ev, c, e, args.positional(call, 0));
                }
                Value::Unknown
            }
            _ => Value::Unknown,
        },
        Orm::Relationship(c) => {
            if matches!(n, "any" | "has") {
                let query = attributes::query_of(ev, *c);
                if let Some(Orm::Query(q)) = Orm::of(&query) {
                    query::method(ev, &q.clone(), "filter_by", call, args);
                }
            }
            Value::Unknown
        }
        Orm::Alias(c) => {
            // `alias.column` called: a hybrid method, or nothing.
            let v = attributes::attribute(ev, &orm(Orm::Alias(*c)), name).unwrap_or_default();
            ev.apply(&v, call, args, call.func.span)
        }
        Orm::Table(id) => match n {
            "select" => query::start(ev, Kind::Select, call, args),
            "insert" | "update" | "delete" => query::write(ev, statement_kind(n), *id, None),
            "alias" | "tometadata" | "to_metadata" => orm(Orm::Table(*id)),
            _ => Value::Unknown,
        },
        Orm::Columns(id) if n == "get" => match args.positional(call, 0) {
            Some(Value::Str(t)) => match (t.constant(), t.location()) {
                (Some(name), Some(at)) => attributes::table_column(ev, *id, Symbol::from(&name), at),
                _ => Value::Unknown,
            },
            _ => Value::Unknown,
        },
        Orm::Columns(_) | Orm::SubColumns(_) => Value::Unknown,
        Orm::Subquery(o) => match n {
            "select" | "alias" | "union" | "union_all" | "cte" | "subquery" => orm(Orm::Subquery(o.clone())),
            _ => Value::Unknown,
        },
    })
}

/// Constants in `column.in_([...])`.
fn literals<'a>(ev: &mut Evaluator<'_, 'a>, column: values::ColumnRef, list: &'a Expr, value: Option<&Value<'a>>) {
    use crate::syntax::python::ExprKind;
    let (ExprKind::List(exprs) | ExprKind::Tuple(exprs) | ExprKind::Set(exprs)) = &list.kind else { return };
    let items: &[Value<'a>] = match value {
        Some(Value::List(l)) => &l.items,
        Some(Value::Tuple(t)) => t,
        _ => return,
    };
    for (e, v) in exprs.iter().zip(items) {
        emit::literal(ev, column, v, Some(e), false);
    }
}

/// `callee(args)`
pub fn call<'a>(ev: &mut Evaluator<'_, 'a>, callee: &Value<'a>, call: &'a Call, args: &Args<'a>, span: Span) -> Option<Value<'a>> {
    match callee {
        Value::Class(c) if !attributes::is_django(ev, *c) => {
            write::constructor(ev, *c, call, args);
            None
        }
        Value::External(path) if PACKAGES.iter().any(|p| is_from(path, p)) => {
            let name = path.rsplit('.').next().unwrap_or_default();
            library_call(ev, name, call, args, span)
        }
        _ => None,
    }
}

fn library_call<'a>(ev: &mut Evaluator<'_, 'a>, name: &str, call: &'a Call, args: &Args<'a>, span: Span) -> Option<Value<'a>> {
    match name {
        "select" => Some(query::start(ev, Kind::Select, call, args)),
        "Query" => Some(query::start(ev, Kind::Legacy, call, args)),
        "insert" | "update" | "delete" => {
            let id = write::target(ev, args.positional(call, 0)?)?;
            let at = call.positional(0).map(|e| ev.at(emit::token(e)));
            Some(query::write(ev, statement_kind(name), id, at))
        }
        "aliased" | "with_polymorphic" | "alias" => {
            note_entity(ev, args.positional(call, 0)?, call, Access::Read);
            alias(args.positional(call, 0)?)
        }
        // Compound selects have the labels of the first.
        "union" | "union_all" | "intersect" | "except_" => match args.positional(call, 0) {
            Some(v) if Orm::of(v).is_some() => Some(v.clone()),
            _ => None,
        },
        "cast" | "type_coerce" | "distinct" | "desc" | "asc" | "nulls_last" | "nulls_first" | "nullslast" | "nullsfirst" | "collate" => {
            Some(orm(Orm::Column(std::sync::Arc::new(values::Output::default()))))
        }
        "label" => match args.positional(call, 1).and_then(Orm::of) {
            Some(Orm::Column(o)) => Some(query::labelled(o, args.positional(call, 0))),
            _ => Some(query::labelled(&values::Output::default(), args.positional(call, 0))),
        },
        "Table" => table(ev, call, args, span),
        "table" => {
            declare::light_table(ev, call, args);
            None
        }
        "validates" => {
            events::validates(ev, args);
            None
        }
        _ => {
            declare::call(ev, name, call, args);
            None
        }
    }
}

/// `left == right`, `left in right`
pub fn compare<'a>(ev: &mut Evaluator<'_, 'a>, operands: &'a [Expr], operators: &[Symbol], values: &[Value<'a>]) -> Option<Value<'a>> {
    let mut seen = false;
    for (n, op) in operators.iter().enumerate() {
        let (Some(l), Some(r)) = (values.get(n), values.get(n + 1)) else { break };
        let pair = match (Orm::of(l), Orm::of(r)) {
            (Some(Orm::Column(c)), _) => Some((c.clone(), r, &operands[n + 1])),
            (_, Some(Orm::Column(c))) => Some((c.clone(), l, &operands[n])),
            _ => None,
        };
        if let Some((c, v, e)) = pair {
            seen = true;
            if let (Some(column), "==" | "!=") = (c.column, op.as_str()) {
                emit::literal(ev, column, v, Some(e), false);
            }
        }
    }
    seen.then(|| orm(Orm::Column(std::sync::Arc::new(values::Output::default()))))
}

/// The `n`th part when a value is unpacked.
pub fn unpack<'a>(value: &Value<'a>, n: usize) -> Option<Value<'a>> {
    match Orm::of(value)? {
        Orm::Row(o) => Some(o.items.get(n).map(|o| o.value.clone()).unwrap_or_default()),
        other => attributes::iterate(other),
    }
}

/// What a loop over a value yields.
pub fn element<'a>(value: &Value<'a>) -> Option<Value<'a>> {
    attributes::iterate(Orm::of(value)?)
}
