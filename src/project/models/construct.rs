//! What calls of SQLAlchemy's constructors declare. Asked by the evaluator while models are collected.

use std::sync::Arc;

use crate::symbol::Symbol;

use crate::source::{Location, Span};
use crate::syntax::python::{Call, ExprKind, Ident};

use super::super::eval::{Args, Evaluator};
use super::super::fold;
use super::super::index::ClassId;
use super::super::text::Text;
use super::super::value::{Object, Value};
use super::super::world::{Place, is_from};
use super::declared::{Argument, Arguments, Column, Constraint, ConstraintKind, Declared, ForeignKey, Metadata, Relationship, Table, Target};
use super::types::{self, last};
use super::{django, is_test_path, naming};

/// Packages that hand out SQLAlchemy's constructors.
const PACKAGES: &[&str] = &["sqlalchemy", "sqlmodel", "sqlalchemy_utils", "flask_sqlalchemy", "advanced_alchemy"];

/// Whether a path names one of SQLAlchemy's own things.
pub fn is_sqlalchemy(path: &str) -> bool {
    PACKAGES.iter().any(|p| is_from(path, p))
}

/// `callee(args)`
pub fn call<'a>(ev: &mut Evaluator<'_, 'a>, callee: &Value<'a>, call: &'a Call, args: &Args<'a>, span: Span) -> Option<Value<'a>> {
    match callee {
        Value::External(path) => {
            if let Some(v) = fold::call(ev, path, call, args) {
                return Some(v);
            }
            let arguments = Arguments::new(ev, call, args);
            match path.as_str() {
                "builtins.type" => {
                    ev.made.extend(super::made::Made::of(&arguments, ev.at(call.func.span)));
                    return None;
                }
                "functools.partial" => return partial(arguments),
                "collections.defaultdict" => return default_dict(ev, &arguments),
                _ => {}
            }
            if django::fields::is_field(path) {
                return Some(Declared::DjangoField(*path, None, arguments).value());
            }
            external(ev, path, &arguments, ev.at(span)).or_else(|| marked(path, &arguments))
        }
        Value::Class(c) => {
            let arguments = Arguments::new(ev, call, args);
            class(ev, *c, &arguments, ev.at(span))
        }
        Value::Library(_) => match Declared::of(callee)? {
            Declared::Partial(inner, first) => {
                let arguments = Arguments::new(ev, call, args).after(first);
                let at = ev.at(span);
                match inner {
                    Value::External(path) => external(ev, path, &arguments, at),
                    Value::Class(c) => class(ev, *c, &arguments, at),
                    _ => None,
                }
            }
            // A type called again is still that type.
            Declared::Type(_) => Some(callee.clone()),
            _ => None,
        },
        _ => None,
    }
}

/// `prevent_search(models.TextField())`: a function of some package that is given one field marks it and hands it back.
fn marked<'a>(path: &str, args: &Arguments<'a>) -> Option<Value<'a>> {
    let function = last(path).starts_with(|c: char| c.is_ascii_lowercase()) && !is_sqlalchemy(path) && !is_from(path, "django") && !is_from(path, "builtins");
    let mut fields = args.all.iter().filter(|a| matches!(Declared::of(&a.value), Some(Declared::DjangoField(..))));
    match (function, fields.next(), fields.next()) {
        (true, Some(one), None) => Some(one.value.clone()),
        _ => None,
    }
}

/// `defaultdict(lambda: value)`: what any key gives.
fn default_dict<'a>(ev: &mut Evaluator<'_, 'a>, args: &Arguments<'a>) -> Option<Value<'a>> {
    let Value::Lambda(l) = &args.positional().next()?.value else { return None };
    let v = ev.call_lambda(l, &[]);
    Some(Declared::Default(v).value())
}

/// `receiver[key]`
pub fn subscript<'a>(base: &Value<'a>) -> Option<Value<'a>> {
    match Declared::of(base)? {
        Declared::Default(v) => Some(v.clone()),
        _ => None,
    }
}

fn partial(mut arguments: Arguments<'_>) -> Option<Value<'_>> {
    let first = arguments.all.iter().position(|a| a.name.is_none())?;
    let callee = arguments.all.remove(first).value;
    Some(Declared::Partial(callee, arguments).value())
}

/// A class of the project that is derived from a constructor: `class Column(sa.Column)`, a type decorator.
fn class<'a>(ev: &mut Evaluator<'_, 'a>, class: ClassId, args: &Arguments<'a>, at: Location) -> Option<Value<'a>> {
    if let Some(t) = types::of_class(ev, class, args) {
        return Some(Declared::Type(t).value());
    }
    let outside = &ev.world.lineage(class)?.outside;
    if let Some(path) = outside.iter().find_map(|v| v.external().filter(|p| django::fields::is_field(p))) {
        return Some(Declared::DjangoField(Symbol::from(path), Some(class), args.clone()).value());
    }
    let base = outside.iter().find_map(|v| v.external().filter(|p| is_sqlalchemy(p) && is_constructor(last(p))))?;
    external(ev, base, args, at)
}

fn is_constructor(name: &str) -> bool {
    matches!(name, "Column" | "Table" | "ForeignKey" | "ForeignKeyConstraint" | "UniqueConstraint" | "PrimaryKeyConstraint" | "RelationshipProperty")
}

/// `path(arguments)`
fn external<'a>(ev: &mut Evaluator<'_, 'a>, path: &str, args: &Arguments<'a>, at: Location) -> Option<Value<'a>> {
    if !is_sqlalchemy(path) {
        return types::constructed(ev, path, args).map(|t| Declared::Type(t).value());
    }
    let declared = match last(path) {
        "Column" | "mapped_column" => Declared::Column(column(ev, args, at)),
        // `deferred(Column(...))` is the column; `column_property(Column(...))` too, but of an expression it is none.
        "deferred" | "column_property" | "query_expression" | "bindparam" => match args.positional().find_map(|a| Declared::of(&a.value)) {
            Some(Declared::Column(c)) => Declared::Column(c.clone()),
            _ => Declared::Attribute,
        },
        "ForeignKey" => Declared::ForeignKey(foreign_key(ev, args, at)),
        "ForeignKeyConstraint" => Declared::Constraint(foreign_key_constraint(args, at)),
        "PrimaryKeyConstraint" => Declared::Constraint(Constraint { kind: ConstraintKind::PrimaryKey, columns: column_names(args.positional()), at }),
        "UniqueConstraint" => Declared::Constraint(Constraint { kind: ConstraintKind::Unique, columns: column_names(args.positional()), at }),
        "Index" | "CheckConstraint" | "ExcludeConstraint" | "DDL" => Declared::Ignored,
        "Computed" | "Identity" | "Sequence" | "FetchedValue" | "DefaultClause" | "ColumnDefault" => Declared::Filled,
        "Table" => {
            let table = Arc::new(table(ev, args, at));
            ev.tables.push(table.clone());
            Declared::Table(table)
        }
        "relationship" | "relation" | "dynamic_loader" | "Relationship" => Declared::Relationship(relationship(args)),
        "backref" => Declared::Backref(args.get(0, "name").and_then(|a| a.value.constant().map(|s| Symbol::from(&s)))),
        "synonym" => Declared::Synonym(Symbol::from(&args.get(0, "name")?.value.constant()?)),
        "composite" | "association_proxy" | "hybrid_property" | "hybrid_method" | "index_property" | "generic_relationship" | "aggregated" => {
            Declared::Attribute
        }
        "Field" if is_from(path, "sqlmodel") => Declared::Field(args.clone()),
        _ => Declared::Type(types::constructed(ev, path, args)?),
    };
    Some(declared.value())
}

/// Where a text argument's text stands, else the argument.
pub fn text_at(a: &Argument<'_>) -> Location {
    a.value.text().and_then(Text::location).unwrap_or(a.at)
}

/// `Column(...)` and `mapped_column(...)`
pub fn column<'a>(ev: &mut Evaluator<'_, 'a>, args: &Arguments<'a>, at: Location) -> Column {
    let mut column = Column::new(at);
    column.open = args.open;
    for (n, a) in args.positional().enumerate() {
        match (&a.value, Declared::of(&a.value)) {
            (Value::Str(t), _) if n == 0 => match t.constant() {
                Some(name) => column.name = Some((Symbol::from(&name), text_at(a))),
                None => column.open = true,
            },
            (_, Some(Declared::ForeignKey(f))) => column.foreign_keys.push(f.clone()),
            (_, Some(Declared::Filled)) => column.has_default = true,
            (_, Some(Declared::Ignored | Declared::Constraint(_))) | (Value::None, _) => {}
            (v, _) => match types::of_value(ev, v) {
                Some(t) => (column.ty, column.type_at) = (Some(t), Some(a.at)),
                // Not a name (those are texts), so most likely a type that is not known.
                None if n <= 1 && column.ty.is_none() => {
                    (column.ty, column.type_at) = (Some(super::declared::SqlType::default()), Some(a.at));
                    column.open |= n == 0 && matches!(v, Value::Unknown) && !a.expr.is_some_and(|e| looks_like_type(&e.kind));
                }
                None => {}
            },
        }
    }
    for a in &args.all {
        let Some(name) = a.name else { continue };
        match name.as_str() {
            "name" => match a.value.constant() {
                Some(n) => column.name = Some((Symbol::from(&n), text_at(a))),
                None if matches!(a.value, Value::None) => {}
                None => column.open = true,
            },
            "key" => column.key = a.value.constant().map(|k| Symbol::from(&k)),
            "type_" => (column.ty, column.type_at) = (Some(types::of_value(ev, &a.value).unwrap_or_default()), Some(a.at)),
            "nullable" => column.nullable = Some(fold::truth(&a.value)),
            "primary_key" => column.primary_key = fold::truth(&a.value).unwrap_or(false),
            "unique" => column.unique = fold::truth(&a.value).unwrap_or(false),
            "default" | "server_default" | "insert_default" | "default_factory" | "onupdate" => column.has_default |= !matches!(a.value, Value::None),
            _ => {}
        }
    }
    column
}

/// Whether an expression in the place of a column's name or type can only be a type: a capitalised name or call of one.
fn looks_like_type(kind: &ExprKind) -> bool {
    let name = match kind {
        ExprKind::Name(n) => *n,
        ExprKind::Attribute(a) => a.attr.name,
        ExprKind::Call(c) => return looks_like_type(&c.func.kind),
        _ => return false,
    };
    name.as_str().starts_with(char::is_uppercase)
}

fn foreign_key<'a>(ev: &mut Evaluator<'_, 'a>, args: &Arguments<'a>, at: Location) -> ForeignKey {
    let Some(a) = args.get(0, "column") else { return ForeignKey { target: Target::Unknown, at } };
    ForeignKey { target: target(ev, a), at: text_at(a) }
}

/// What an argument of a foreign key points at.
fn target<'a>(ev: &mut Evaluator<'_, 'a>, a: &Argument<'a>) -> Target {
    if let Some(t) = a.value.constant() {
        return Target::Text(t.into_owned());
    }
    if let Some(Declared::TableColumn(table, name)) = Declared::of(&a.value) {
        return Target::Column(table.clone(), *name);
    }
    // `Other.id`: the attribute itself would only give the column's declaration, so the expression is read.
    if let Some(ExprKind::Attribute(x)) = a.expr.map(|e| &e.kind) {
        let base = ev.eval(&x.value);
        // A name bound twice in its file: the mapped class is meant.
        let base = base.alternatives().iter().find(|v| matches!(v, Value::Class(c) if super::declarative::is_mapped(ev, *c))).cloned().unwrap_or(base);
        match (&base, Declared::of(&base)) {
            (Value::Class(c), _) | (_, Some(Declared::ClassColumns(c))) => return Target::Attribute(*c, x.attr.name),
            _ => {}
        }
    }
    Target::Unknown
}

fn foreign_key_constraint<'a>(args: &Arguments<'a>, at: Location) -> Constraint {
    let list = |a: Option<&Argument<'a>>| -> Vec<Argument<'a>> {
        let Some(a) = a else { return Vec::new() };
        let items = fold::items(&a.value, a.at).unwrap_or_default();
        let exprs: &[_] = match a.expr.map(|e| &e.kind) {
            Some(ExprKind::List(x) | ExprKind::Tuple(x)) if x.len() == items.len() => x,
            _ => &[],
        };
        items.into_iter().enumerate().map(|(n, value)| Argument { name: None, value, at: a.at, expr: exprs.get(n) }).collect()
    };
    let own = list(args.get(0, "columns"));
    let targets = list(args.get(1, "refcolumns"));
    let targets = targets
        .iter()
        .map(|a| {
            let target = match (a.value.constant(), Declared::of(&a.value)) {
                (Some(t), _) => Target::Text(t.into_owned()),
                (None, Some(Declared::TableColumn(table, name))) => Target::Column(table.clone(), *name),
                _ => Target::Unknown,
            };
            ForeignKey { target, at: text_at(a) }
        })
        .collect();
    Constraint { kind: ConstraintKind::ForeignKey(targets), columns: column_names(own.iter()), at }
}

/// Columns named by text, or by a column's own name.
fn column_names<'v, 'a: 'v>(args: impl Iterator<Item = &'v Argument<'a>>) -> Vec<(Symbol, Location)> {
    args.filter_map(|a| {
        if let Some(name) = a.value.constant() {
            return Some((Symbol::from(&name), text_at(a)));
        }
        match (Declared::of(&a.value)?, a.expr.map(|e| &e.kind)) {
            (Declared::TableColumn(_, name), _) => Some((*name, a.at)),
            (Declared::Column(Column { name: Some((name, _)), .. }), _) | (Declared::Column(_), Some(ExprKind::Name(name))) => Some((*name, a.at)),
            _ => None,
        }
    })
    .collect()
}

fn relationship<'a>(args: &Arguments<'a>) -> Relationship<'a> {
    let class = args.get(0, "argument").map(|a| a.value.clone()).unwrap_or_default();
    let given = args.keyword("backref").filter(|a| !matches!(a.value, Value::None));
    let backref = given.and_then(|a| match Declared::of(&a.value) {
        Some(Declared::Backref(name)) => *name,
        _ => a.value.constant().map(|s| Symbol::from(&s)),
    });
    // A name that is not known may be any: the other side then has names that nobody knows.
    let backref = backref.or_else(|| given.map(|_| Symbol::from(super::ANY_NAME)));
    Relationship { text: class.constant().map(std::borrow::Cow::into_owned), class, backref, uselist: types::flag(args.keyword("uselist").map(|a| &a.value)) }
}

/// `Table(name, metadata, *columns, schema=…)`
fn table<'a>(ev: &mut Evaluator<'_, 'a>, args: &Arguments<'a>, at: Location) -> Table {
    let name = args.get(0, "name").and_then(|a| Some((Symbol::from(&a.value.constant()?), text_at(a))));
    // Flask-SQLAlchemy's `db.Table` puts the metadata in by itself.
    let is_part = |a: &Argument<'_>| matches!(Declared::of(&a.value), Some(Declared::Column(_) | Declared::Constraint(_) | Declared::Ignored));
    let given = args.get(1, "metadata").filter(|a| !is_part(a));
    let first = if args.positional().nth(1).is_some_and(is_part) { 1 } else { 2 };
    let mut metadata = given.map(|a| metadata(ev, &a.value)).unwrap_or_default();
    // `prefixes=["TEMPORARY"]`: it is made for one session, and no schema has it.
    if let Some(Value::List(words)) = args.keyword("prefixes").map(|a| &a.value) {
        metadata.foreign |= words.items.iter().filter_map(Value::constant).any(|w| w.to_ascii_uppercase().contains("TEMP"));
    }
    let mut table = Table {
        name,
        schema: metadata.schema,
        metadata,
        columns: Vec::new(),
        constraints: Vec::new(),
        at,
        place: ev.place,
        open: args.open,
        reflected: args.is_true("autoload") || args.keyword("autoload_with").is_some_and(|a| !matches!(a.value, Value::None)),
    };
    for a in args.positional().skip(first) {
        match Declared::of(&a.value) {
            Some(Declared::Column(c)) => table.columns.push(c.clone()),
            Some(Declared::Constraint(c)) => table.constraints.push(c.clone()),
            Some(Declared::Ignored) => {}
            _ => table.open |= !matches!(&a.value, Value::Object(o) if is_sqlalchemy(&o.path)),
        }
    }
    // `Table("t", metadata)` after `metadata.reflect()` is what was reflected; with `extend_existing` the columns here come on top of those.
    table.reflected |= !table.open && table.columns.is_empty();
    table.open |= args.is_true("extend_existing");
    if let Some(a) = args.keyword("schema") {
        match a.value.constant() {
            Some(s) => table.schema = Some(Symbol::from(&s)),
            None if matches!(a.value, Value::None) => {}
            None => table.open = true,
        }
    }
    table
}

/// What is known of a value that is passed as metadata.
pub fn metadata<'a>(ev: &Evaluator<'_, 'a>, v: &Value<'a>) -> Metadata {
    let Value::Object(o) = v else { return Metadata::default() };
    let Some((file, call)) = o.call else { return Metadata::default() };
    let mut inner = Evaluator::quiet_on(ev.world, Place::module(file), &ev.trail);
    let schema = match last(&o.path) {
        "MetaData" => call.keyword("schema").and_then(|e| inner.eval(e).constant().map(|s| Symbol::from(&s))),
        "declarative_base" | "automap_base" | "registry" => {
            let given = call.keyword("metadata").map(|e| inner.eval(e));
            return given.map_or_else(|| Metadata { foreign: is_test_path(&ev.world.sources.get(file).path), ..Metadata::default() }, |v| metadata(&inner, &v));
        }
        "generate_base" => {
            let ExprKind::Attribute(a) = &call.func.kind else { return Metadata::default() };
            let registry = inner.eval(&a.value);
            return metadata(&inner, &registry);
        }
        _ => None,
    };
    let made = (last(&o.path) == "MetaData").then(|| Location::new(file, call.func.span));
    Metadata { schema, foreign: is_test_path(&ev.world.sources.get(file).path), made }
}

/// `receiver.name(args)`
pub fn method<'a>(ev: &mut Evaluator<'_, 'a>, receiver: &Value<'a>, name: Ident, call: &'a Call, args: &Args<'a>) -> Option<Value<'a>> {
    match (receiver, name.as_str()) {
        (Value::Str(t), _) => {
            let text = t.constant()?;
            fold::string_method(ev, &text, name.as_str(), call, args)
        }
        (Value::Object(o), "sub" | "split" | "findall") if o.path.as_str() == "re.compile" => {
            let (file, compiled) = o.call?;
            let pattern = Evaluator::quiet_on(ev.world, Place::module(file), &ev.trail).eval(compiled.positional(0)?);
            fold::pattern_method(&pattern.constant()?, name.as_str(), call, args, ev.at(call.func.span))
        }
        // `registry().generate_base(cls=Common)`: what every class inherits is said by this call.
        (Value::Object(o), "generate_base") if is_sqlalchemy(&o.path) && call.keyword("cls").is_some() => {
            Some(Value::Object(Arc::new(Object { path: Symbol::from("sqlalchemy.orm.registry.generate_base"), call: Some((ev.place.file, call)) })))
        }
        (Value::Object(o), "generate_base") if is_sqlalchemy(&o.path) => Some(receiver.clone()),
        (_, "with_variant") => {
            let dialects = args.values.iter().skip(1).filter_map(Value::constant).any(|d| d == "postgresql");
            let v = if dialects { args.values.first()? } else { receiver };
            types::of_value(ev, v).map(|t| Declared::Type(t).value())
        }
        (_, "as_mutable" | "type_descriptor") => types::of_value(ev, args.values.first()?).map(|t| Declared::Type(t).value()),
        (Value::Library(_), "evaluates_none" | "copy" | "_copy" | "adapt" | "dialect_impl" | "load_dialect_impl") => Some(receiver.clone()),
        // `func.now()`, `text("…")`: nothing that is declared.
        _ => None,
    }
}

/// `value.attr`
pub fn attribute<'a>(ev: &mut Evaluator<'_, 'a>, value: &Value<'a>, attr: Ident) -> Option<Value<'a>> {
    match (value, attr.as_str()) {
        (Value::Class(c) | Value::Instance(c), "__name__" | "__qualname__") => {
            let def = ev.world.index.class(*c);
            let at = Location::new(def.file, def.node.name.span);
            Some(Value::Str(Text::made(def.node.name.as_str(), at)))
        }
        (Value::Class(c) | Value::Instance(c), "__tablename__") => naming::table_name(ev, *c).map(|(name, at)| Value::Str(Text::made(name.as_str(), at))),
        (Value::Class(c) | Value::Instance(c), "__class__") => Some(Value::Class(*c)),
        (Value::Class(c), "__table__") => Some(Declared::ClassTable(*c).value()),
        (Value::Class(c), "metadata") if ev.world.class_member(*c, attr.name).is_none() => {
            ev.world.lineage(*c)?.outside.iter().find(|v| v.object_path().is_some_and(is_sqlalchemy)).cloned()
        }
        // `Base.metadata` of `Base = declarative_base(metadata=…)`: the base stands for its metadata.
        (Value::Object(o), "metadata") if is_sqlalchemy(&o.path) => Some(value.clone()),
        (Value::Library(_), name) => match (Declared::of(value)?, name) {
            (Declared::Dialect, "name") => Some(Value::Str(Text::made("postgresql", ev.at(attr.span)))),
            (Declared::Table(t), "c" | "columns") => Some(Declared::TableColumns(t.clone()).value()),
            (Declared::TableColumns(t), name) => {
                // `t.c.class_` of `Column("class", key="class_")`
                let keyed = t.columns.iter().find(|c| c.key.is_some_and(|k| k.as_str() == name)).and_then(|c| c.name);
                Some(Declared::TableColumn(t.clone(), keyed.map_or_else(|| Symbol::from(name), |n| n.0)).value())
            }
            (Declared::ClassTable(c), "c" | "columns") => Some(Declared::ClassColumns(*c).value()),
            (Declared::Column(c), "type") => c.ty.clone().map(|t| Declared::Type(t).value()),
            _ => None,
        },
        _ => None,
    }
}
