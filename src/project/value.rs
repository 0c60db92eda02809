//! What an expression is known to be.

use std::sync::Arc;

use crate::symbol::Symbol;

use crate::source::{FileId, Location};
use crate::syntax::python::{Call, Expr, Param};

use super::index::{ClassId, FunctionId};
use super::text::Text;

/// What is known of a value. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub enum Value<'a> {
    /// Nothing.
    #[default]
    Unknown,
    /// `None`
    None,
    /// `True` or `False`
    Bool(bool),
    /// A number.
    Int(i64),
    /// A string.
    Str(Text<'a>),
    /// A module of the project.
    Module(FileId),
    /// A folder of the project without `__init__.py`.
    Namespace(Arc<str>),
    /// A module, class or function that the project does not define, by its dotted path as imported: `sqlalchemy.orm.Session`.
    External(Symbol),
    /// An instance of an external class, or what an external function gave: the path of the class or function.
    Object(Arc<Object<'a>>),
    /// A class of the project itself.
    Class(ClassId),
    /// An instance of it.
    Instance(ClassId),
    /// A function of the project.
    Function(FunctionId),
    /// A method of the project bound to a receiver.
    Method(Arc<(Value<'a>, FunctionId)>),
    /// A lambda.
    Lambda(Arc<Lambda<'a>>),
    /// A list, set, generator, or query result to loop over.
    List(Arc<List<'a>>),
    /// A tuple.
    Tuple(Arc<Vec<Value<'a>>>),
    /// A dict.
    Dict(Arc<Dict<'a>>),
    /// A dict of which only the kinds of keys and values are known.
    Mapping(Arc<(Value<'a>, Value<'a>)>),
    /// A type expression (`list[Model]`, `Model | None`): what its instances are.
    Type(Arc<Value<'a>>),
    /// One of several, none of them `Unknown` or a union.
    Union(Arc<Vec<Value<'a>>>),
    /// What a library's own file knows of it.
    Library(super::libraries::LibraryValue<'a>),
}

/// See [`Value::Object`].
#[derive(Debug)]
pub struct Object<'a> {
    /// Path of the class, or of the function that was called.
    pub path: Symbol,
    /// The call that made it, and the file it stands in; `None` where only an annotation says so.
    pub call: Option<(FileId, &'a Call)>,
}

/// A lambda with the file it stands in.
#[derive(Debug)]
pub struct Lambda<'a> {
    /// The file.
    pub file: FileId,
    /// Its parameters and body.
    pub node: &'a (Vec<Param>, Expr),
}

/// See [`Value::List`].
#[derive(Clone, Debug, Default)]
pub struct List<'a> {
    /// Known members, in order.
    pub items: Vec<Value<'a>>,
    /// What any further member is; `None` where `items` is all there is.
    pub rest: Option<Value<'a>>,
}

/// See [`Value::Dict`].
#[derive(Clone, Debug, Default)]
pub struct Dict<'a> {
    /// Known keys in order of writing; a key written twice stands twice.
    pub entries: Vec<DictEntry<'a>>,
    /// There may be further keys.
    pub open: bool,
}

/// One key of a dict.
#[derive(Clone, Debug)]
pub struct DictEntry<'a> {
    /// The key.
    pub key: Text<'a>,
    /// Where the key is written.
    pub at: Location,
    /// Its value.
    pub value: Value<'a>,
    /// The expression of the value and its file, where it is written out.
    pub expr: Option<(FileId, &'a Expr)>,
    /// Set only on some ways through the code.
    pub conditional: bool,
}

impl<'a> Dict<'a> {
    /// The last value under a key.
    pub fn get(&self, key: &str) -> Option<&DictEntry<'a>> {
        self.entries.iter().rev().find(|e| e.key.constant().is_some_and(|k| k == key))
    }
}

/// More alternatives than this are no longer worth following.
const MAX_UNION: usize = 24;

/// The same for alternatives that are all strings.
const MAX_STRINGS: usize = 64;

impl<'a> Value<'a> {
    /// Whether nothing is known.
    pub fn is_unknown(&self) -> bool {
        matches!(self, Value::Unknown)
    }

    /// An instance or result of something external.
    pub fn object(path: impl Into<Symbol>) -> Self {
        Value::Object(Arc::new(Object { path: path.into(), call: None }))
    }

    /// A list of which only the kind of member is known.
    pub fn list_of(member: Value<'a>) -> Self {
        Value::List(Arc::new(List { items: Vec::new(), rest: Some(member) }))
    }

    /// The text, if it is a single string.
    pub fn text(&self) -> Option<&Text<'a>> {
        if let Value::Str(t) = self { Some(t) } else { None }
    }

    /// The constant text, if it is a single string without holes.
    pub fn constant(&self) -> Option<std::borrow::Cow<'a, str>> {
        self.text().and_then(Text::constant)
    }

    /// The path, if it is external (not an instance).
    pub fn external(&self) -> Option<&'static str> {
        if let Value::External(p) = self { Some(p.as_str()) } else { None }
    }

    /// The path of the class or function behind an external instance.
    pub fn object_path(&self) -> Option<&'static str> {
        if let Value::Object(o) = self { Some(o.path.as_str()) } else { None }
    }

    /// All alternatives; one for anything but a union.
    pub fn alternatives(&self) -> &[Value<'a>] {
        match self {
            Value::Union(all) => all,
            one => std::slice::from_ref(one),
        }
    }

    /// Without `None` among the alternatives.
    #[must_use]
    pub fn not_none(&self) -> Value<'a> {
        match self {
            Value::Union(all) => Value::union(all.iter().filter(|v| !matches!(v, Value::None)).cloned()),
            Value::None => Value::Unknown,
            other => other.clone(),
        }
    }

    /// One of several. Equal ones count once; `Unknown` among others is dropped (what is known is still possible), all unknown is unknown.
    pub fn union(values: impl IntoIterator<Item = Value<'a>>) -> Value<'a> {
        let mut all: Vec<Value<'a>> = Vec::new();
        let mut unknown = false;
        for v in values {
            for one in v.alternatives() {
                unknown |= one.is_unknown();
                if one.is_unknown() || all.iter().any(|have| have.same(one)) {
                    continue;
                }
                // Rows of one statement or another are one value: a key that either has is no mistake.
                if let Value::Library(new) = one
                    && let Some((n, both)) =
                        all.iter().enumerate().find_map(|(n, have)| if let Value::Library(old) = have { Some((n, old.unite(new)?)) } else { None })
                {
                    all[n] = Value::Library(both);
                    continue;
                }
                all.push(one.clone());
                // A list of tens of thousands is compared with itself no further: so many are followed in no case.
                if all.len() > MAX_STRINGS {
                    return Value::Unknown;
                }
            }
        }
        // What something outside the project gives is as good as unknown beside a row.
        let outside = all.iter().any(|v| matches!(v, Value::Object(_)));
        if unknown || outside {
            for v in &mut all {
                if let Value::Library(l) = v
                    && (unknown || l.is_rows())
                    && let Some(open) = l.beside_unknown()
                {
                    *v = Value::Library(open);
                }
            }
        }
        // A list of names is worth following at any sensible length.
        let strings = all.iter().all(|v| matches!(v, Value::Str(_)));
        if all.len() > if strings { MAX_STRINGS } else { MAX_UNION } {
            return Value::Unknown;
        }
        match all.len() {
            0 => Value::Unknown,
            1 => all.pop().unwrap_or_default(),
            _ => Value::Union(Arc::new(all)),
        }
    }

    /// Whether two values are known to be the same; used to merge branches, so a wrong `false` only costs a place in a union.
    pub fn same(&self, other: &Value<'a>) -> bool {
        match (self, other) {
            (Value::Unknown, Value::Unknown) | (Value::None, Value::None) => true,
            (Value::Bool(a), Value::Bool(b)) => a == b,
            (Value::Int(a), Value::Int(b)) => a == b,
            (Value::Str(a), Value::Str(b)) => Arc::ptr_eq(&a.parts, &b.parts) || a == b,
            (Value::Module(a), Value::Module(b)) => a == b,
            (Value::Namespace(a), Value::Namespace(b)) => a == b,
            (Value::External(a), Value::External(b)) => a == b,
            (Value::Object(a), Value::Object(b)) => Arc::ptr_eq(a, b) || (a.path == b.path && a.call.is_none() && b.call.is_none()),
            (Value::Class(a), Value::Class(b)) | (Value::Instance(a), Value::Instance(b)) => a == b,
            (Value::Function(a), Value::Function(b)) => a == b,
            (Value::Method(a), Value::Method(b)) => a.1 == b.1 && a.0.same(&b.0),
            (Value::Lambda(a), Value::Lambda(b)) => Arc::ptr_eq(a, b),
            (Value::List(a), Value::List(b)) => {
                Arc::ptr_eq(a, b)
                    || (a.items.len() == b.items.len()
                        && a.items.iter().zip(&b.items).all(|(x, y)| x.same(y))
                        && match (&a.rest, &b.rest) {
                            (None, None) => true,
                            (Some(x), Some(y)) => x.same(y),
                            _ => false,
                        })
            }
            (Value::Tuple(a), Value::Tuple(b)) => a.len() == b.len() && a.iter().zip(b.iter()).all(|(x, y)| x.same(y)),
            (Value::Dict(a), Value::Dict(b)) => Arc::ptr_eq(a, b),
            (Value::Mapping(a), Value::Mapping(b)) => a.0.same(&b.0) && a.1.same(&b.1),
            (Value::Type(a), Value::Type(b)) => a.same(b),
            (Value::Library(a), Value::Library(b)) => a.same(b),
            _ => false,
        }
    }

    /// What a loop over it yields.
    #[must_use]
    pub fn element(&self) -> Value<'a> {
        match self {
            Value::List(l) => Value::union(l.items.iter().cloned().chain(l.rest.clone())),
            Value::Tuple(t) => Value::union(t.iter().cloned()),
            Value::Dict(d) => Value::union(d.entries.iter().map(|e| Value::Str(e.key.clone()))),
            Value::Mapping(m) => m.0.clone(),
            Value::Union(all) => Value::union(all.iter().filter(|v| !v.holds_nothing()).map(Value::element)),
            _ => Value::Unknown,
        }
    }

    /// Whether no loop over it runs and no key of it is there: `None`, and the `[]` of `rows or []`.
    pub fn holds_nothing(&self) -> bool {
        match self {
            Value::None => true,
            Value::List(l) => l.items.is_empty() && l.rest.is_none(),
            Value::Tuple(t) => t.is_empty(),
            Value::Dict(d) => d.entries.is_empty() && !d.open,
            _ => false,
        }
    }
}
