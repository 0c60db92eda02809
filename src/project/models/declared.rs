//! What the constructors of SQLAlchemy and its kin declare, as values: columns, types, keys, tables. They exist only while models are collected.

use std::sync::Arc;

use crate::symbol::Symbol;

use crate::source::Location;
use crate::syntax::python::{ArgKind, Call, Expr};

use super::super::eval::{Args, Evaluator};
use super::super::index::ClassId;
use super::super::libraries::LibraryValue;
use super::super::value::Value;
use super::super::world::Place;

/// One thing that a call declares.
#[derive(Clone, Debug)]
pub enum Declared<'a> {
    /// `Column(...)`, `mapped_column(...)`
    Column(Column),
    /// SQLModel's `Field(...)`: its arguments, judged together with the annotation.
    Field(Arguments<'a>),
    /// A Django field: the path of its class outside the project, the project's own class, the arguments.
    DjangoField(Symbol, Option<ClassId>, Arguments<'a>),
    /// `defaultdict(lambda: value)`
    Default(Value<'a>),
    /// A column type.
    Type(SqlType),
    /// `ForeignKey(...)`
    ForeignKey(ForeignKey),
    /// A constraint over several columns.
    Constraint(Constraint),
    /// `Index(...)`, `CheckConstraint(...)`: no column, no key.
    Ignored,
    /// `Computed(...)`, `Identity(...)`, `Sequence(...)`: the database fills the column.
    Filled,
    /// `Table(...)`
    Table(Arc<Table>),
    /// `table.c`
    TableColumns(Arc<Table>),
    /// `table.c.name`
    TableColumn(Arc<Table>, Symbol),
    /// `Model.__table__`
    ClassTable(ClassId),
    /// `Model.__table__.c`
    ClassColumns(ClassId),
    /// `relationship(...)`
    Relationship(Relationship<'a>),
    /// `backref("name", ...)`; `None` where the name is not known.
    Backref(Option<Symbol>),
    /// `synonym("name")`
    Synonym(Symbol),
    /// An attribute that is no column: `association_proxy(...)`, `column_property(...)`…
    Attribute,
    /// `functools.partial(callee, ...)`
    Partial(Value<'a>, Arguments<'a>),
    /// The dialect handed to `load_dialect_impl`.
    Dialect,
}

impl<'a> Declared<'a> {
    /// As a value.
    pub fn value(self) -> Value<'a> {
        Value::Library(LibraryValue::Declared(Arc::new(self)))
    }

    /// What a value declares, if it is that.
    pub fn of<'v>(v: &'v Value<'a>) -> Option<&'v Declared<'a>> {
        match v {
            Value::Library(LibraryValue::Declared(d)) => Some(d),
            Value::Union(all) => all.iter().find_map(Declared::of),
            _ => None,
        }
    }
}

/// A column's type in PostgreSQL's words.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SqlType {
    /// `varchar(64)`; `None` where not understood.
    pub text: Option<String>,
    /// Labels of an enum, where known.
    pub labels: Option<Vec<String>>,
    /// The enum's Python class.
    pub enum_class: Option<ClassId>,
    /// An enum whose labels are its members' values, not their names.
    pub by_value: bool,
    /// Made by `Enum(...)`.
    pub is_enum: bool,
}

impl SqlType {
    /// A type of which nothing but its spelling matters.
    pub fn plain(text: impl Into<String>) -> Self {
        Self { text: Some(text.into()), ..Self::default() }
    }
}

/// `Column(...)`
#[derive(Clone, Debug)]
pub struct Column {
    /// The name given, and where.
    pub name: Option<(Symbol, Location)>,
    /// `key=`: how Python calls it in the table's `c`, where that is not its name.
    pub key: Option<Symbol>,
    /// The type given; `None` for none.
    pub ty: Option<SqlType>,
    /// Where the type is written.
    pub type_at: Option<Location>,
    /// `nullable=`: not given, or what it is where understood.
    pub nullable: Option<Option<bool>>,
    /// `primary_key=True`
    pub primary_key: bool,
    /// `unique=True`
    pub unique: bool,
    /// Has a default of any kind.
    pub has_default: bool,
    /// Its foreign keys.
    pub foreign_keys: Vec<ForeignKey>,
    /// The call.
    pub at: Location,
    /// Something about it (its name, perhaps) could not be understood.
    pub open: bool,
    /// Its foreign key is no constraint of the database.
    pub unconstrained: bool,
}

impl Column {
    /// A column of which only the place is known.
    pub fn new(at: Location) -> Self {
        Self {
            name: None,
            key: None,
            ty: None,
            type_at: None,
            nullable: None,
            primary_key: false,
            unique: false,
            has_default: false,
            foreign_keys: Vec::new(),
            at,
            open: false,
            unconstrained: false,
        }
    }
}

/// What a foreign key points at.
#[derive(Clone, Debug)]
pub enum Target {
    /// `"schema.table.column"` as written.
    Text(String),
    /// `Class.attribute`
    Attribute(ClassId, Symbol),
    /// `table.c.column`
    Column(Arc<Table>, Symbol),
    /// The primary key of that class.
    PrimaryKey(ClassId),
    /// Not understood.
    Unknown,
}

/// `ForeignKey(...)`
#[derive(Clone, Debug)]
pub struct ForeignKey {
    /// What it points at.
    pub target: Target,
    /// Where that is written.
    pub at: Location,
}

/// The kinds of [`Constraint`].
#[derive(Clone, Debug)]
pub enum ConstraintKind {
    /// `PrimaryKeyConstraint`
    PrimaryKey,
    /// `UniqueConstraint`
    Unique,
    /// `ForeignKeyConstraint`: one target for each column.
    ForeignKey(Vec<ForeignKey>),
}

/// A constraint over columns by their names.
#[derive(Clone, Debug)]
pub struct Constraint {
    /// What it is.
    pub kind: ConstraintKind,
    /// Column names, and where they are written.
    pub columns: Vec<(Symbol, Location)>,
    /// The call.
    pub at: Location,
}

/// `Table(...)`
#[derive(Clone, Debug)]
pub struct Table {
    /// Its name, where known.
    pub name: Option<(Symbol, Location)>,
    /// Its schema: given, or the metadata's.
    pub schema: Option<Symbol>,
    /// The metadata's schema, for bare foreign keys.
    pub metadata: Metadata,
    /// Columns in order.
    pub columns: Vec<Column>,
    /// Constraints.
    pub constraints: Vec<Constraint>,
    /// The call.
    pub at: Location,
    /// Where the call stands.
    pub place: Place,
    /// Some argument could not be understood.
    pub open: bool,
    /// `autoload_with=`
    pub reflected: bool,
}

/// What is known of a `MetaData`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Metadata {
    /// The default schema.
    pub schema: Option<Symbol>,
    /// It belongs to a test alone.
    pub foreign: bool,
    /// Where `MetaData(...)` is called, if it is.
    pub made: Option<Location>,
}

/// `relationship(...)`
#[derive(Clone, Debug, Default)]
pub struct Relationship<'a> {
    /// The class named: as a value…
    pub class: Value<'a>,
    /// … or as text.
    pub text: Option<String>,
    /// `backref=`
    pub backref: Option<Symbol>,
    /// `uselist=`
    pub uselist: Option<bool>,
}

/// One argument, its value worked out.
#[derive(Clone, Debug)]
pub struct Argument<'a> {
    /// Its name, if it is passed by name.
    pub name: Option<Symbol>,
    /// What it is.
    pub value: Value<'a>,
    /// Where it is written.
    pub at: Location,
    /// The expression, where the call itself writes it.
    pub expr: Option<&'a Expr>,
}

/// The arguments of a call with all spreads laid out.
#[derive(Clone, Debug, Default)]
pub struct Arguments<'a> {
    /// In order.
    pub all: Vec<Argument<'a>>,
    /// There are more that are not known.
    pub open: bool,
}

impl<'a> Arguments<'a> {
    /// Of a call in the evaluator's place.
    pub fn new(ev: &Evaluator<'_, 'a>, call: &'a Call, values: &Args<'a>) -> Self {
        let mut out = Self::default();
        for (a, v) in call.args.iter().zip(&values.values) {
            let at = ev.at(a.value.span);
            let expr = Some(&a.value);
            match (a.kind, v) {
                (ArgKind::Positional, v) => out.all.push(Argument { name: None, value: v.clone(), at, expr }),
                (ArgKind::Keyword(k), v) => out.all.push(Argument { name: Some(k.name), value: v.clone(), at, expr }),
                (ArgKind::Spread, Value::Tuple(t)) => out.all.extend(t.iter().map(|v| Argument { name: None, value: v.clone(), at, expr: None })),
                (ArgKind::Spread, Value::List(l)) => {
                    out.all.extend(l.items.iter().map(|v| Argument { name: None, value: v.clone(), at, expr: None }));
                    out.open |= l.rest.is_some();
                }
                (ArgKind::DoubleSpread, Value::Dict(d)) => {
                    let known = d.entries.iter().filter_map(|e| {
                        Some(Argument { name: Some(Symbol::from(&e.key.constant()?)), value: e.value.clone(), at: e.at, expr: e.expr.map(|x| x.1) })
                    });
                    out.all.extend(known);
                    out.open |= d.open;
                }
                _ => out.open = true,
            }
        }
        out
    }

    /// With other arguments in front (`functools.partial`); names given again win.
    #[must_use]
    pub fn after(&self, first: &Arguments<'a>) -> Self {
        let mut all: Vec<_> = first.all.iter().filter(|a| a.name.is_none()).cloned().collect();
        all.extend(self.all.iter().filter(|a| a.name.is_none()).cloned());
        all.extend(first.all.iter().filter(|a| a.name.is_some() && self.keyword(&a.name.unwrap_or_default()).is_none()).cloned());
        all.extend(self.all.iter().filter(|a| a.name.is_some()).cloned());
        Self { all, open: self.open || first.open }
    }

    /// Those passed by position.
    pub fn positional(&self) -> impl Iterator<Item = &Argument<'a>> {
        self.all.iter().filter(|a| a.name.is_none())
    }

    /// The last one passed under that name.
    pub fn keyword(&self, name: &str) -> Option<&Argument<'a>> {
        self.all.iter().rev().find(|a| a.name.is_some_and(|n| n.as_str() == name))
    }

    /// By position or name.
    pub fn get(&self, n: usize, name: &str) -> Option<&Argument<'a>> {
        self.positional().nth(n).or_else(|| self.keyword(name))
    }

    /// A flag: whether it is given as `True`.
    pub fn is_true(&self, name: &str) -> bool {
        matches!(self.keyword(name).map(|a| &a.value), Some(Value::Bool(true)))
    }
}
