//! Reads the annotations of mapped attributes: `Mapped[str | None]`, `Annotated[int, mapped_column(...)]`, and the names that stand for them.

use std::cell::Cell;
use std::sync::Arc;

use crate::symbol::Symbol;

use crate::source::{FileId, Location};
use crate::syntax::python::{Expr, ExprKind};

use super::super::annotation::split_top;
use super::super::eval::Evaluator;
use super::super::index::{Binding, ClassId};
use super::super::libraries::LibraryValue;
use super::super::modules::ModuleRef;
use super::super::value::Value;
use super::super::world::{Place, World};
use super::declared::{Arguments, Column, Declared, SqlType};
use super::types::{self, last};
use super::{declared, enums};

/// How deep aliases of aliases are followed.
const MAX_DEPTH: usize = 12;

/// Of how many parts an annotation may consist once all its aliases are followed: they may name each other, and themselves (`type Json = dict[str, Json] | None`).
const MAX_PARTS: usize = 2000;

/// How deep in an annotation something stands, and how many parts of it may still be read.
#[derive(Clone, Copy)]
struct Depth<'c>(usize, &'c Cell<usize>);

impl Depth<'_> {
    fn deeper(self) -> Self {
        Self(self.0 + 1, self.1)
    }

    /// Whether it is too deep, or one part too many.
    fn is_over(self) -> bool {
        let left = self.1.get();
        self.1.set(left.saturating_sub(1));
        self.0 > MAX_DEPTH || left == 0
    }
}

/// What a type is, as far as a column's type may depend on it. Also the keys of a `type_annotation_map`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Python {
    /// An external class by its path.
    External(Symbol),
    /// A class of the project.
    Class(ClassId),
    /// A name bound to a type expression, by where that stands.
    Alias(Location),
    /// `dict[str, Any]`, without blanks.
    Generic(String),
    /// `Literal["a", "b"]`
    Literal(Vec<String>),
}

/// An annotation taken apart.
#[derive(Clone, Debug, Default)]
pub struct Annotation<'a> {
    /// It is wrapped in `Mapped[...]` or its kin.
    pub mapped: bool,
    /// It is wrapped in `ClassVar[...]`.
    pub class_var: bool,
    /// `None` is one of its alternatives.
    pub optional: bool,
    /// It is a list, set or other collection (of related objects, perhaps).
    pub collection: bool,
    /// What it is, the nearest name first: an alias, then what the alias stands for.
    pub python: Vec<Python>,
    /// The members of a generic: classes that are named inside.
    pub inside: Vec<ClassId>,
    /// Names inside quotes that are not known here.
    pub quoted: Option<String>,
    /// Declarations inside `Annotated[...]`, outermost first.
    pub declared: Vec<Arc<Declared<'a>>>,
}

/// Reads an annotation where the evaluator stands.
pub fn read<'a>(ev: &mut Evaluator<'_, 'a>, e: &'a Expr) -> Annotation<'a> {
    part(ev, e, Depth(0, &Cell::new(MAX_PARTS)))
}

fn part<'a>(ev: &mut Evaluator<'_, 'a>, e: &'a Expr, depth: Depth<'_>) -> Annotation<'a> {
    let mut out = Annotation::default();
    walk(ev, e, &mut out, depth);
    out
}

fn arguments(index: &Expr) -> &[Expr] {
    match &index.kind {
        ExprKind::Tuple(items) => items,
        _ => std::slice::from_ref(index),
    }
}

fn walk<'a>(ev: &mut Evaluator<'_, 'a>, e: &'a Expr, out: &mut Annotation<'a>, depth: Depth<'_>) {
    if depth.is_over() {
        return;
    }
    match &e.kind {
        ExprKind::None => out.optional = true,
        ExprKind::Str(lit) => {
            if let Some(text) = lit.constant() {
                quoted(ev, &text, out, depth.deeper());
            }
        }
        ExprKind::Binary(b) => {
            walk(ev, &b.0, out, depth.deeper());
            walk(ev, &b.2, out, depth.deeper());
        }
        ExprKind::Subscript(s) => {
            let base = ev.eval(&s.0);
            let name = base.external().map(last).unwrap_or_default();
            let args = arguments(&s.1);
            if !wrapper(ev, name, args, out, depth) {
                let text: String = ev.world.sources.get(ev.place.file).slice(e.span).split_whitespace().collect();
                out.python.push(Python::Generic(text));
                out.collection |= name != "dict" && name != "Dict";
                for a in args {
                    let inner = part(ev, a, depth.deeper());
                    out.inside.extend(inner.python.iter().filter_map(|p| if let Python::Class(c) = p { Some(*c) } else { None }));
                    out.quoted = out.quoted.take().or(inner.quoted);
                }
            }
        }
        ExprKind::Name(_) | ExprKind::Attribute(_) => name(ev, e, out, depth),
        // `NewType("UserId", int)`
        ExprKind::Call(c) if super::super::index::last_name(&c.func).is_some_and(|n| n.as_str() == "NewType") => {
            if let Some(inner) = c.positional(1) {
                walk(ev, inner, out, depth.deeper());
            }
        }
        _ => {}
    }
}

/// `Mapped[T]`, `Optional[T]`, `Annotated[T, …]`…: whether the name is one of them.
fn wrapper<'a>(ev: &mut Evaluator<'_, 'a>, name: &str, args: &'a [Expr], out: &mut Annotation<'a>, depth: Depth<'_>) -> bool {
    match name {
        "Mapped" | "DynamicMapped" | "WriteOnlyMapped" | "InstrumentedAttribute" | "MappedColumn" => {
            out.mapped = true;
            out.collection |= name == "DynamicMapped" || name == "WriteOnlyMapped";
            args.iter().for_each(|a| walk(ev, a, out, depth.deeper()));
        }
        "ClassVar" => {
            out.class_var = true;
            args.iter().for_each(|a| walk(ev, a, out, depth.deeper()));
        }
        "Optional" => {
            out.optional = true;
            args.iter().for_each(|a| walk(ev, a, out, depth.deeper()));
        }
        "Union" | "Final" | "Required" | "InitVar" => args.iter().for_each(|a| walk(ev, a, out, depth.deeper())),
        "Annotated" => {
            for a in args.iter().skip(1) {
                if let Value::Library(LibraryValue::Declared(d)) = ev.eval(a) {
                    out.declared.push(d);
                }
            }
            if let Some(first) = args.first() {
                walk(ev, first, out, depth.deeper());
            }
        }
        "Literal" => {
            let labels = args.iter().filter_map(|a| if let ExprKind::Str(s) = &a.kind { s.constant().map(std::borrow::Cow::into_owned) } else { None });
            out.python.push(Python::Literal(labels.collect()));
            out.optional |= args.iter().any(|a| matches!(a.kind, ExprKind::None));
        }
        _ => return false,
    }
    true
}

fn name<'a>(ev: &mut Evaluator<'_, 'a>, e: &'a Expr, out: &mut Annotation<'a>, depth: Depth<'_>) {
    if let Some((file, value)) = definition_of(ev, e)
        && matches!(
            value.kind,
            ExprKind::Subscript(_) | ExprKind::Binary(_) | ExprKind::Call(_) | ExprKind::Name(_) | ExprKind::Attribute(_) | ExprKind::Str(_)
        )
    {
        out.python.push(Python::Alias(Location::new(file, value.span)));
        let mut inner = Evaluator::quiet_on(ev.world, Place::module(file), &ev.trail);
        walk(&mut inner, value, out, depth.deeper());
        return;
    }
    let v = ev.eval(e);
    value(&v, out);
}

fn value<'a>(v: &Value<'a>, out: &mut Annotation<'a>) {
    for v in v.alternatives() {
        match v {
            Value::External(p) if matches!(last(p), "Mapped" | "DynamicMapped" | "WriteOnlyMapped") => out.mapped = true,
            Value::External(p) if last(p) == "ClassVar" => out.class_var = true,
            Value::External(p) => out.python.push(Python::External(normal(*p))),
            Value::Class(c) => out.python.push(Python::Class(*c)),
            Value::None => out.optional = true,
            Value::Type(inner) => match &**inner {
                Value::Instance(c) => out.python.push(Python::Class(*c)),
                Value::Object(o) => out.python.push(Python::External(o.path)),
                _ => {}
            },
            _ => {}
        }
    }
}

/// One path for a class that the standard library offers under several.
fn normal(path: Symbol) -> Symbol {
    match path.as_str() {
        "typing.Text" => Symbol::from("builtins.str"),
        "uuid.uuid4" => Symbol::from("uuid.UUID"),
        _ => path,
    }
}

/// Quoted annotations: `"Mapped[User | None]"`, `"User"`.
fn quoted<'a>(ev: &mut Evaluator<'_, 'a>, text: &str, out: &mut Annotation<'a>, depth: Depth<'_>) {
    let text = text.trim();
    if depth.is_over() || text.is_empty() {
        return;
    }
    let parts = split_top(text, '|');
    if parts.len() > 1 {
        parts.iter().for_each(|p| quoted(ev, p, out, depth.deeper()));
        return;
    }
    if text == "None" {
        out.optional = true;
        return;
    }
    let text = text.trim_matches(['"', '\'']);
    if let Some((base, rest)) = text.split_once('[') {
        let inner = rest.strip_suffix(']').unwrap_or(rest);
        let args = split_top(inner, ',');
        match last(base.trim()) {
            "Mapped" | "DynamicMapped" | "WriteOnlyMapped" => {
                out.mapped = true;
                args.iter().for_each(|a| quoted(ev, a, out, depth.deeper()));
            }
            "Optional" => {
                out.optional = true;
                args.iter().for_each(|a| quoted(ev, a, out, depth.deeper()));
            }
            "Union" => args.iter().for_each(|a| quoted(ev, a, out, depth.deeper())),
            "Annotated" => args.iter().take(1).for_each(|a| quoted(ev, a, out, depth.deeper())),
            "ClassVar" => out.class_var = true,
            _ => {
                out.python.push(Python::Generic(text.split_whitespace().collect()));
                out.collection = true;
                out.quoted = args.first().map(|a| a.trim().trim_matches(['"', '\'']).to_owned());
            }
        }
        return;
    }
    let v = ev.dotted(text);
    let before = out.python.len();
    if v.is_unknown() {
        let builtin = Symbol::from(&format!("builtins.{text}"));
        if types::of_python(&builtin).is_some() {
            out.python.push(Python::External(builtin));
        }
    } else {
        value(&v, out);
    }
    if out.python.len() == before {
        out.quoted = Some(text.to_owned());
    }
}

/// The expression that a name is bound to at the top level of some file, followed through imports.
pub fn definition_of<'a>(ev: &mut Evaluator<'_, 'a>, e: &'a Expr) -> Option<(FileId, &'a Expr)> {
    match &e.kind {
        ExprKind::Name(n) => definition(ev.world, ev.place.file, *n, 0),
        ExprKind::Attribute(a) => match ev.eval(&a.value) {
            Value::Module(f) => definition(ev.world, f, a.attr.name, 0),
            Value::Class(c) => {
                let (owner, bindings) = ev.world.class_member(c, a.attr.name)?;
                if let [Binding::Value { value, .. }] = bindings { Some((ev.world.index.class(owner).file, value)) } else { None }
            }
            _ => None,
        },
        _ => None,
    }
}

fn definition<'a>(world: &World<'a>, file: FileId, name: Symbol, depth: usize) -> Option<(FileId, &'a Expr)> {
    if depth > MAX_DEPTH {
        return None;
    }
    let module = world.index.module_of(file)?;
    match module.names.get(&name).map(|all| all.as_slice()) {
        Some([.., Binding::Value { value, .. }]) => Some((file, value)),
        Some([.., Binding::From { level, module, name }]) => match world.index.table.resolve(file, *level, *module) {
            ModuleRef::File(f) => definition(world, f, *name, depth + 1),
            _ => None,
        },
        Some(_) => None,
        None => module.stars.iter().rev().find_map(|(level, path)| match world.index.table.resolve(file, *level, *path) {
            ModuleRef::File(f) => definition(world, f, name, depth + 1),
            _ => None,
        }),
    }
}

/// `type_annotation_map` as pairs.
pub type TypeMap = Vec<(Python, SqlType)>;

/// Reads a `type_annotation_map` written as a dict display at `place`.
pub fn type_map<'a>(ev: &mut Evaluator<'_, 'a>, e: &'a Expr) -> TypeMap {
    let ExprKind::Dict(items) = &e.kind else {
        return match definition_of(ev, e) {
            Some((file, inner)) if matches!(inner.kind, ExprKind::Dict(_)) => {
                type_map(&mut Evaluator::quiet_on(ev.world, Place::module(file), &ev.trail), inner)
            }
            _ => Vec::new(),
        };
    };
    let mut out = Vec::new();
    for item in items.iter() {
        match item {
            crate::syntax::python::DictItem::Pair(k, v) => {
                let key = read(ev, k);
                let value = ev.eval(v);
                if let (Some(k), Some(t)) = (key.python.into_iter().next(), types::of_value(ev, &value)) {
                    out.push((k, t));
                }
            }
            crate::syntax::python::DictItem::Spread(v) => out.extend(type_map(ev, v)),
        }
    }
    out
}

/// The column type of a Python type; `None` where it has none that is known.
pub fn sql_type(ev: &mut Evaluator<'_, '_>, python: &[Python], map: &TypeMap) -> Option<SqlType> {
    for p in python {
        if let Some((_, t)) = map.iter().rev().find(|(k, _)| k == p) {
            return Some(t.clone());
        }
        match p {
            Python::External(path) => {
                if let Some(t) = types::of_python(path) {
                    return Some(t);
                }
            }
            Python::Class(c) if enums::is_enum(ev, *c) => return Some(enum_type(ev, *c, map)),
            // A class of the project: by one of its bases.
            Python::Class(c) => {
                let outside: Vec<Symbol> =
                    ev.world.lineage(*c).map(|l| l.outside.iter().filter_map(|v| v.external().map(Symbol::from)).collect()).unwrap_or_default();
                if let Some(t) = outside.iter().find_map(|p| types::of_python(p)) {
                    return Some(t);
                }
            }
            Python::Literal(labels) => {
                let longest = labels.iter().map(|l| l.chars().count()).max().unwrap_or(0);
                return Some(SqlType::plain(format!("varchar({longest})")));
            }
            Python::Alias(_) | Python::Generic(_) => {}
        }
    }
    None
}

/// An enum class by the rule for all enums, where the map has one, else by SQLAlchemy's own.
fn enum_type(ev: &mut Evaluator<'_, '_>, class: ClassId, map: &TypeMap) -> SqlType {
    let name = ev.world.index.class(class).node.name.as_str().to_lowercase();
    let members = enums::members(ev, class);
    let of_all = map.iter().rev().find(|(k, _)| matches!(k, Python::External(p) if matches!(p.as_str(), "enum.Enum" | "enum.StrEnum")));
    match of_all {
        Some((_, t)) if t.by_value => SqlType {
            text: Some(name),
            labels: members.and_then(|all| all.into_iter().map(|m| m.value).collect()),
            enum_class: Some(class),
            by_value: true,
            is_enum: true,
        },
        Some((_, t)) if t.text.as_deref().is_some_and(|t| t.starts_with("varchar")) => SqlType::plain("varchar"),
        Some((_, t)) if t.enum_class.is_none() && t.labels.is_none() && t.text.is_some() && !t.is_enum => t.clone(),
        _ => SqlType {
            text: Some(name),
            labels: members.map(|all| all.iter().map(|m| m.name.as_str().to_owned()).collect()),
            enum_class: Some(class),
            ..SqlType::default()
        },
    }
}

/// Lays a column declared at the attribute over those of `Annotated[...]`: what is said nearer wins.
pub fn merge<'a>(near: Option<Column>, far: &[Arc<Declared<'a>>], at: Location) -> Column {
    let mut out = near.unwrap_or_else(|| Column::new(at));
    for d in far {
        let declared::Declared::Column(c) = &**d else { continue };
        out.name = out.name.or(c.name);
        if out.ty.is_none() {
            (out.ty, out.type_at) = (c.ty.clone(), c.type_at);
        }
        out.nullable = out.nullable.or(c.nullable);
        out.primary_key |= c.primary_key;
        out.unique |= c.unique;
        out.has_default |= c.has_default;
        if out.foreign_keys.is_empty() {
            out.foreign_keys.clone_from(&c.foreign_keys);
        }
        out.open |= c.open;
    }
    out
}

/// The arguments of a `Field(...)` inside `Annotated[...]`.
pub fn field_inside<'a>(annotation: &Annotation<'a>) -> Option<Arguments<'a>> {
    annotation.declared.iter().find_map(|d| if let Declared::Field(a) = &**d { Some(a.clone()) } else { None })
}
