//! Attributes of mapped classes and their objects, read and written.

use std::sync::Arc;

use crate::symbol::Symbol;

use crate::diagnostic::Access;
use crate::project::eval::Evaluator;
use crate::project::index::ClassId;
use crate::project::models::Framework;
use crate::project::uses::Certainty;
use crate::project::value::Value;
use crate::source::Location;
use crate::syntax::python::{Expr, Ident};

use super::emit::{self, Found};
use super::values::{ColumnRef, Kind, Orm, Output, Outputs, Query, Rows, Shape, element, orm};

/// `value.attr`
pub fn attribute<'a>(ev: &mut Evaluator<'_, 'a>, value: &Value<'a>, attr: Ident) -> Option<Value<'a>> {
    let at = ev.at(attr.span);
    match value {
        Value::Class(c) => class_attribute(ev, *c, attr.name, at),
        Value::Instance(c) => instance_attribute(ev, *c, attr.name, at),
        Value::Library(_) => match Orm::of(value)?.clone() {
            Orm::Alias(c) => match descendant(ev, c, attr.name) {
                Some(child) => Some(orm(Orm::Alias(child))),
                None => Some(class_attribute(ev, c, attr.name, at).unwrap_or_default()),
            },
            Orm::Table(id) => match attr.as_str() {
                "c" | "columns" => Some(orm(Orm::Columns(id))),
                _ => Some(Value::Unknown),
            },
            Orm::Columns(id) => Some(table_column(ev, id, attr.name, at)),
            Orm::Query(q) => Some(query_attribute(&q, attr.as_str())),
            Orm::Rows(r) if attr.as_str() == "items" => Some(Value::list_of(element(&r.outputs, r.shape))),
            Orm::Row(o) => Some(row_item(ev, &o, attr.as_str(), at)),
            Orm::Subquery(o) => match attr.as_str() {
                "c" | "columns" => Some(orm(Orm::SubColumns(o))),
                _ => Some(Value::Unknown),
            },
            Orm::SubColumns(o) => Some(sub_column(ev, &o, attr.as_str(), at)),
            Orm::Column(_) | Orm::Relationship(_) | Orm::Rows(_) => Some(Value::Unknown),
        },
        _ => None,
    }
}

/// `with_polymorphic(Entity, [Genome]).Genome`: each class below the entity has its name there.
fn descendant(ev: &Evaluator<'_, '_>, class: ClassId, name: Symbol) -> Option<ClassId> {
    if !name.as_str().starts_with(|c: char| c.is_uppercase()) || ev.world.class_member(class, name).is_some() {
        return None;
    }
    let named = ev.world.index.classes.iter().zip(0..).filter(|(def, _)| def.node.name.name == name).map(|(_, n)| ClassId(n));
    named.filter(|c| *c != class).find(|c| ev.world.is_subclass(*c, class))
}

fn query_attribute<'a>(q: &Arc<Query<'a>>, name: &str) -> Value<'a> {
    match name {
        "statement" => orm(Orm::Query(q.clone())),
        "c" | "columns" | "selected_columns" | "exported_columns" => orm(Orm::SubColumns(Arc::new(q.outputs.clone()))),
        "excluded" => q.scope.first().map_or(Value::Unknown, |m| orm(Orm::Columns(*m))),
        _ => Value::Unknown,
    }
}

/// The value of a column in a select list.
pub fn column_value<'a>(label: Symbol, columns: &[ColumnRef]) -> Value<'a> {
    let column = if let [one] = columns { Some(*one) } else { None };
    orm(Orm::Column(Arc::new(Output { label: Some(label), column, value: Value::Unknown, entity: false })))
}

fn class_attribute<'a>(ev: &mut Evaluator<'_, 'a>, class: ClassId, name: Symbol, at: Location) -> Option<Value<'a>> {
    if !emit::is_mapped(ev, class) {
        // A Pydantic or SQLModel base whose fields a table shares.
        if let Found::Columns(all) = emit::find(ev, class, name) {
            emit::columns(ev, &all, at, Access::Read);
        }
        return None;
    }
    if is_django(ev, class) {
        return None;
    }
    let found = emit::find(ev, class, name);
    // What the library puts on the class, unless the project has something of that name itself.
    if !matches!(found, Found::Columns(_) | Found::Relationship(..)) && ev.world.class_member(class, name).is_none() {
        match name.as_str() {
            "query" => return Some(query_of(ev, class)),
            "__table__" => return ev.world.models.of_class(class).map(|(id, _)| orm(Orm::Table(id))),
            _ => {}
        }
    }
    match found {
        Found::Columns(all) => {
            emit::columns(ev, &all, at, Access::Read);
            Some(column_value(name, &all))
        }
        Found::Relationship(Some(target), _) => Some(orm(Orm::Relationship(target))),
        Found::Relationship(None, _) => Some(Value::Unknown),
        Found::Missing if LIBRARY_MEMBERS.contains(&name.as_str()) || ev.world.index.is_set_on_classes(name) => None,
        Found::Missing => {
            if let Some((id, _)) = ev.world.models.of_class(class) {
                emit::missing_attribute(ev, id, name, at, Certainty::High);
            }
            Some(Value::Unknown)
        }
        Found::Other | Found::Unknown => None,
    }
}

/// What every mapped class has from the libraries.
pub const LIBRARY_MEMBERS: &[&str] = &[
    "metadata",
    "registry",
    "query",
    "query_class",
    "objects",
    "mro",
    "dict",
    "json",
    "copy",
    "construct",
    "schema",
    "schema_json",
    "parse_obj",
    "parse_raw",
    "parse_file",
    "from_orm",
    "validate",
    "update_forward_refs",
    "model_dump",
    "model_dump_json",
    "model_validate",
    "model_validate_json",
    "model_construct",
    "model_copy",
    "model_fields",
    "model_config",
    "model_json_schema",
    "model_rebuild",
    "model_computed_fields",
    "model_extra",
    "model_fields_set",
    "model_parametrized_name",
    "model_post_init",
    "model_validate_strings",
    "sqlmodel_update",
    "Config",
    "awaitable_attrs",
];

/// `Model.query` as Flask-SQLAlchemy and `query_property` give it.
pub fn query_of<'a>(ev: &Evaluator<'_, 'a>, class: ClassId) -> Value<'a> {
    let scope = ev.world.models.of_class(class).map(|(id, _)| id).into_iter().collect();
    orm(Orm::Query(Arc::new(Query { kind: Kind::Legacy, outputs: Outputs { items: vec![entity(ev, class)], open: false }, scope })))
}

/// A whole entity in a select list.
pub fn entity<'a>(ev: &Evaluator<'_, 'a>, class: ClassId) -> Output<'a> {
    Output { label: Some(ev.world.index.class(class).node.name.name), column: None, value: Value::Instance(class), entity: true }
}

/// Whether the model is Django's, which has a file of its own.
pub fn is_django(ev: &Evaluator<'_, '_>, class: ClassId) -> bool {
    ev.world.models.of_class(class).is_some_and(|(_, m)| m.framework == Framework::Django)
}

fn instance_attribute<'a>(ev: &mut Evaluator<'_, 'a>, class: ClassId, name: Symbol, at: Location) -> Option<Value<'a>> {
    if is_django(ev, class) {
        return None;
    }
    match emit::find(ev, class, name) {
        Found::Columns(all) => {
            emit::columns(ev, &all, at, Access::Read);
            // A default given in the class body says nothing about the column's value.
            Some(Value::Unknown)
        }
        Found::Relationship(Some(target), many) => Some(related(target, many)),
        Found::Relationship(None, _) => Some(Value::Unknown),
        _ if name.as_str() == "query" && ev.world.models.of_class(class).is_some() && ev.world.class_member(class, name).is_none() => Some(query_of(ev, class)),
        _ => None,
    }
}

/// What an object's relationship gives: one, several, or either where that is not known.
pub fn related<'a>(target: ClassId, many: Option<bool>) -> Value<'a> {
    let one = Value::Instance(target);
    match many {
        Some(true) => Value::list_of(one),
        Some(false) => one,
        None => Value::union([one.clone(), Value::list_of(one)]),
    }
}

/// `table.c.name`
pub fn table_column<'a>(ev: &mut Evaluator<'_, 'a>, id: crate::project::models::ModelId, name: Symbol, at: Location) -> Value<'a> {
    let model = ev.world.models.get(id);
    let found = model.columns.iter().position(|c| c.column == name).or_else(|| model.columns.iter().position(|c| c.attribute == name));
    let Some(column) = found else {
        // `Parent.__table__` has the columns that the parent's children put into it.
        let all = ev.world.models.by_table.get(&model.relation.name).into_iter().flatten().copied();
        let sibling = all.filter(|m| *m != id).find_map(|m| {
            let other = ev.world.models.get(m);
            let same = other.relation == model.relation && !other.foreign;
            other.columns.iter().position(|c| same && c.column == name).map(|column| ColumnRef { model: m, column })
        });
        if let Some(of) = sibling {
            emit::column(ev, of, at, Access::Read);
            return column_value(name, &[of]);
        }
        if !model.open && !model.reflected && !model.foreign && !COLLECTION_MEMBERS.contains(&name.as_str()) && !name.as_str().starts_with('_') {
            emit::missing_attribute(ev, id, name, at, Certainty::High);
        }
        return Value::Unknown;
    };
    let of = ColumnRef { model: id, column };
    emit::column(ev, of, at, Access::Read);
    column_value(name, &[of])
}

/// What a column collection has besides columns.
const COLLECTION_MEMBERS: &[&str] =
    &["keys", "values", "items", "get", "contains_column", "as_readonly", "add", "remove", "update", "extend", "clear", "compare", "corresponding_column"];

/// `row.name`, `row["name"]`
pub fn row_item<'a>(ev: &mut Evaluator<'_, 'a>, outputs: &Arc<Outputs<'a>>, name: &str, at: Location) -> Value<'a> {
    if let Some(o) = outputs.get(name) {
        let (value, column) = (o.value.clone(), o.column);
        note_named(ev, column, name, at);
        return value;
    }
    match name {
        "_mapping" | "_tuple" | "t" => orm(Orm::Row(outputs.clone())),
        _ => Value::Unknown,
    }
}

/// Notes a column where it is called by its own name, not by a label that hides it.
fn note_named(ev: &mut Evaluator<'_, '_>, column: Option<ColumnRef>, name: &str, at: Location) {
    if let Some(c) = column {
        let declared = &ev.world.models.get(c.model).columns[c.column];
        if declared.attribute.as_str() == name || declared.column.as_str() == name {
            emit::column(ev, c, at, Access::Read);
        }
    }
}

/// `subquery.c.name`
pub fn sub_column<'a>(ev: &mut Evaluator<'_, 'a>, outputs: &Arc<Outputs<'a>>, name: &str, at: Location) -> Value<'a> {
    let Some(o) = outputs.get(name).filter(|o| !o.entity).cloned() else {
        // A whole entity in the inner select brings all its columns.
        for o in &outputs.items {
            if let (true, Value::Instance(c)) = (o.entity, &o.value)
                && let Found::Columns(all) = emit::find(ev, *c, Symbol::from(name))
            {
                emit::columns(ev, &all, at, Access::Read);
                return column_value(Symbol::from(name), &all);
            }
        }
        return Value::Unknown;
    };
    note_named(ev, o.column, name, at);
    orm(Orm::Column(Arc::new(o)))
}

/// `receiver.attr = value`
pub fn store<'a>(ev: &mut Evaluator<'_, 'a>, receiver: &Value<'a>, attr: Ident, at: Location, value: &Value<'a>, expr: Option<&'a Expr>) {
    for one in receiver.alternatives() {
        let Value::Instance(c) = one else { continue };
        if is_django(ev, *c) {
            continue;
        }
        if let Found::Columns(all) = emit::find(ev, *c, attr.name) {
            emit::columns(ev, &all, at, Access::Write);
            if let [only] = all.as_slice() {
                emit::literal(ev, *only, value, expr, true);
            }
        }
    }
}

/// `for k, v in data.items(): setattr(receiver, k, v)`: a name that the class does not have is lost without a word.
pub fn lost<'a>(ev: &mut Evaluator<'_, 'a>, receiver: &Value<'a>, name: Symbol, at: Location) {
    if let Value::Instance(c) = receiver
        && let Some((id, _)) = ev.world.models.of_class(*c)
        && !is_django(ev, *c)
        && matches!(emit::find(ev, *c, name), Found::Missing)
    {
        emit::missing_attribute(ev, id, name, at, Certainty::Medium);
    }
}

/// `base[key]`
pub fn subscript<'a>(ev: &mut Evaluator<'_, 'a>, base: &Value<'a>, key: &Value<'a>, index: &'a Expr) -> Option<Value<'a>> {
    let text = || key.text().and_then(|t| Some((t.constant()?.into_owned(), t.location())));
    Some(match Orm::of(base)? {
        Orm::Columns(id) => {
            let (name, at) = text()?;
            let at = at.unwrap_or_else(|| ev.at(index.span));
            table_column(ev, *id, Symbol::from(&name), at)
        }
        Orm::SubColumns(o) => {
            let (name, at) = text()?;
            let at = at.unwrap_or_else(|| ev.at(index.span));
            sub_column(ev, o, &name, at)
        }
        Orm::Row(o) => {
            if let Value::Int(n) = key {
                return Some(usize::try_from(*n).ok().and_then(|n| o.items.get(n)).map(|o| o.value.clone()).unwrap_or_default());
            }
            let Some((name, at)) = text() else { return Some(Value::Unknown) };
            let at = at.unwrap_or_else(|| ev.at(index.span));
            row_item(ev, o, &name, at)
        }
        Orm::Query(q) if matches!(q.kind, Kind::Legacy) => match key {
            Value::Int(_) => q.element(),
            _ => base.clone(),
        },
        Orm::Rows(r) => match key {
            Value::Int(_) => element(&r.outputs, r.shape),
            _ => base.clone(),
        },
        // `Model.json_column["key"]` is an expression over the column.
        _ => Value::Unknown,
    })
}

/// What a loop over it yields.
pub fn iterate<'a>(value: &Orm<'a>) -> Option<Value<'a>> {
    match value {
        Orm::Query(q) if q.kind == Kind::Legacy => Some(q.element()),
        Orm::Rows(r) => Some(element(&r.outputs, r.shape)),
        Orm::Row(o) => Some(Value::union(o.items.iter().map(|o| o.value.clone()))),
        _ => None,
    }
}

/// A result of these outputs.
pub fn rows(outputs: Arc<Outputs<'_>>, shape: Shape) -> Value<'_> {
    orm(Orm::Rows(Arc::new(Rows { outputs, shape })))
}
