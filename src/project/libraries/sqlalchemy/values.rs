//! What the ORM's objects are known to be: columns, queries, results, rows.

use std::sync::Arc;

use crate::symbol::Symbol;

use crate::project::index::ClassId;
use crate::project::models::ModelId;
use crate::project::value::Value;

/// A value of SQLAlchemy, SQLModel or Flask-SQLAlchemy. Cheap to clone.
#[derive(Clone, Debug)]
pub enum Orm<'a> {
    /// A column, or an expression that stands for one in a select list.
    Column(Arc<Output<'a>>),
    /// `Model.relationship`
    Relationship(ClassId),
    /// `aliased(Model)`
    Alias(ClassId),
    /// A `Table` object, also `Model.__table__`.
    Table(ModelId),
    /// `table.c`
    Columns(ModelId),
    /// A query or statement.
    Query(Arc<Query<'a>>),
    /// What running one gives.
    Rows(Arc<Rows<'a>>),
    /// One row of several columns.
    Row(Arc<Outputs<'a>>),
    /// A subquery, CTE or alias of a select.
    Subquery(Arc<Outputs<'a>>),
    /// Its `.c`.
    SubColumns(Arc<Outputs<'a>>),
}

/// A column of a model.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
pub struct ColumnRef {
    /// The model.
    #[serde(rename = "m")]
    pub model: ModelId,
    /// The index in its columns.
    #[serde(rename = "c")]
    pub column: usize,
}

/// One item of a select list.
#[derive(Clone, Debug, Default)]
pub struct Output<'a> {
    /// What rows call it.
    pub label: Option<Symbol>,
    /// The column it is, where it is just that.
    pub column: Option<ColumnRef>,
    /// What it is in Python once a row is read.
    pub value: Value<'a>,
    /// Whether it is a whole entity.
    pub entity: bool,
}

impl Output<'_> {
    fn same(&self, other: &Self) -> bool {
        self.label == other.label && self.column == other.column && self.entity == other.entity && self.value.same(&other.value)
    }
}

/// A select list.
#[derive(Clone, Debug, Default)]
pub struct Outputs<'a> {
    /// In order.
    pub items: Vec<Output<'a>>,
    /// There may be others.
    pub open: bool,
}

impl<'a> Outputs<'a> {
    /// The item that rows call by that name.
    pub fn get(&self, label: &str) -> Option<&Output<'a>> {
        self.items.iter().find(|o| o.label.is_some_and(|l| l.as_str() == label))
    }

    fn same(&self, other: &Self) -> bool {
        self.items.len() == other.items.len() && self.items.iter().zip(&other.items).all(|(a, b)| a.same(b))
    }
}

/// What kind of statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `session.query(…)`: loops over its results by itself.
    Legacy,
    /// `select(…)`
    Select,
    /// `insert(…)`
    Insert,
    /// `update(…)`
    Update,
    /// `delete(…)`
    Delete,
}

/// A query or statement.
#[derive(Clone, Debug)]
pub struct Query<'a> {
    /// What kind.
    pub kind: Kind,
    /// What it gives.
    pub outputs: Outputs<'a>,
    /// The models it reads from, in order of mention; the one that is written first.
    pub scope: Vec<ModelId>,
}

impl<'a> Query<'a> {
    /// What looping over a legacy query yields; also what `first()` gives.
    pub fn element(&self) -> Value<'a> {
        element(&self.outputs, Shape::Legacy)
    }
}

/// How rows come out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// A single entity by itself, anything else as rows.
    Legacy,
    /// A single item by itself, anything else as rows.
    Single,
    /// Rows, always.
    Rows,
    /// The first item of each row.
    Scalars,
}

/// What running a statement gives.
#[derive(Clone, Debug)]
pub struct Rows<'a> {
    /// The select list.
    pub outputs: Arc<Outputs<'a>>,
    /// How rows come out.
    pub shape: Shape,
}

/// One element of a result.
pub fn element<'a>(outputs: &Outputs<'a>, shape: Shape) -> Value<'a> {
    match (shape, outputs.items.as_slice()) {
        (Shape::Legacy, [one]) if one.entity && !outputs.open => one.value.clone(),
        (Shape::Single, [one]) if !outputs.open => one.value.clone(),
        (Shape::Scalars, [first, ..]) => first.value.clone(),
        (Shape::Scalars, []) => Value::Unknown,
        _ => orm(Orm::Row(Arc::new(outputs.clone()))),
    }
}

/// Wraps an ORM value.
pub fn orm(v: Orm<'_>) -> Value<'_> {
    Value::Library(crate::project::libraries::LibraryValue::Orm(v))
}

impl<'a> Orm<'a> {
    /// The ORM value inside, if it is one.
    pub fn of<'v>(v: &'v Value<'a>) -> Option<&'v Orm<'a>> {
        match v {
            Value::Library(crate::project::libraries::LibraryValue::Orm(o)) => Some(o),
            _ => None,
        }
    }

    /// Whether it is something that goes on being built.
    pub fn is_query(&self) -> bool {
        matches!(self, Orm::Query(_) | Orm::Column(_) | Orm::Alias(_))
    }

    /// Whether two are known to be the same.
    pub fn same(&self, other: &Self) -> bool {
        match (self, other) {
            (Orm::Column(a), Orm::Column(b)) => Arc::ptr_eq(a, b) || a.same(b),
            (Orm::Relationship(a), Orm::Relationship(b)) | (Orm::Alias(a), Orm::Alias(b)) => a == b,
            (Orm::Table(a), Orm::Table(b)) | (Orm::Columns(a), Orm::Columns(b)) => a == b,
            (Orm::Query(a), Orm::Query(b)) => Arc::ptr_eq(a, b) || (a.kind == b.kind && a.scope == b.scope && a.outputs.same(&b.outputs)),
            (Orm::Rows(a), Orm::Rows(b)) => a.shape == b.shape && a.outputs.same(&b.outputs),
            (Orm::Row(a), Orm::Row(b)) | (Orm::Subquery(a), Orm::Subquery(b)) | (Orm::SubColumns(a), Orm::SubColumns(b)) => a.same(b),
            _ => false,
        }
    }

    /// A query that got further on one way through the code is the same query with more in scope.
    pub fn merge(&self, other: &Self) -> Option<Self> {
        match (self, other) {
            (Orm::Query(a), Orm::Query(b)) if a.kind == b.kind && a.outputs.same(&b.outputs) => {
                let mut scope = a.scope.clone();
                scope.extend(b.scope.iter().filter(|m| !a.scope.contains(m)));
                Some(Orm::Query(Arc::new(Query { kind: a.kind, outputs: a.outputs.clone(), scope })))
            }
            _ => None,
        }
    }
}
