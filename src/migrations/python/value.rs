//! What an expression of a migration is worth while it is replayed.

use std::cell::RefCell;
use std::rc::Rc;

use rustc_hash::FxHashMap;

use crate::source::Location;
use crate::symbol::Symbol;
use crate::syntax::python::{Class, Expr, Function, Param};
use crate::syntax::sql::template::Template;

/// A value. Cheap to clone; lists and dicts are shared, as in Python.
#[derive(Clone, Debug, Default)]
pub enum Value<'a> {
    /// Nothing is known.
    #[default]
    Unknown,
    /// `None`
    None,
    /// `True`, `False`
    Bool(bool),
    /// An integer.
    Int(i64),
    /// A string, perhaps with holes.
    Str(Rc<Template>),
    /// A list or set.
    List(Rc<RefCell<Items<'a>>>),
    /// A tuple.
    Tuple(Rc<Vec<Value<'a>>>),
    /// A dict.
    Dict(Rc<RefCell<Pairs<'a>>>),
    /// A function of the project.
    Function(Rc<Closure<'a>>),
    /// A class of the project.
    Class(Rc<ClassValue<'a>>),
    /// An instance of one, or a member of an enum.
    Instance(Rc<Instance<'a>>),
    /// A module of the project, by its number in the machine.
    Module(usize),
    /// A path inside the project, or the file there once it is opened.
    Path(Rc<str>),
    /// Something outside the project, by its dotted path.
    External(Symbol),
    /// What a call of something outside gave, or an attribute of such a thing.
    Made(Rc<Made<'a>>),
}

/// Members of a list.
#[derive(Clone, Debug, Default)]
pub struct Items<'a> {
    /// Those known.
    pub items: Vec<Value<'a>>,
    /// There may be more.
    pub open: bool,
    /// These are the names of the tables there are.
    pub tables: bool,
}

/// Entries of a dict.
#[derive(Clone, Debug, Default)]
pub struct Pairs<'a> {
    /// Those known, each key once.
    pub entries: Vec<(Value<'a>, Value<'a>)>,
    /// There may be more.
    pub open: bool,
}

/// Names of a function's frame; nested functions see those around them.
#[derive(Debug, Default)]
pub struct Scope<'a> {
    /// Bound names.
    pub names: RefCell<FxHashMap<Symbol, Value<'a>>>,
    /// The scope around.
    pub parent: Option<Rc<Scope<'a>>>,
}

/// What runs when a [`Closure`] is called.
#[derive(Clone, Copy, Debug)]
pub enum Code<'a> {
    /// `def`
    Def(&'a Function),
    /// `lambda`
    Lambda(&'a (Vec<Param>, Expr)),
}

/// A function with what it closes over.
#[derive(Debug)]
pub struct Closure<'a> {
    /// Parameters and body.
    pub code: Code<'a>,
    /// The module it stands in.
    pub module: usize,
    /// The function's scope around it.
    pub scope: Option<Rc<Scope<'a>>>,
    /// Bound first argument.
    pub receiver: Option<Value<'a>>,
}

/// A class.
#[derive(Debug)]
pub struct ClassValue<'a> {
    /// Its tree.
    pub node: &'a Class,
    /// The module it stands in.
    pub module: usize,
    /// The scope its body ran in.
    pub members: Rc<Scope<'a>>,
    /// Names in the order of the body.
    pub order: Vec<Symbol>,
    /// Bases.
    pub bases: Vec<Value<'a>>,
}

impl ClassValue<'_> {
    /// Whether it, or a base of it, is one of Python's enum classes.
    pub fn is_enum(&self) -> bool {
        self.bases.iter().any(|b| match b {
            Value::External(p) => {
                matches!(
                    p.as_str(),
                    "enum.Enum" | "enum.IntEnum" | "enum.StrEnum" | "enum.Flag" | "enum.IntFlag" | "strenum.StrEnum" | "backports.strenum.StrEnum"
                )
            }
            Value::Class(c) => c.is_enum(),
            _ => false,
        })
    }
}

/// An object of a project class.
#[derive(Debug)]
pub struct Instance<'a> {
    /// Its class.
    pub class: Rc<ClassValue<'a>>,
    /// What it was made with.
    pub args: Args<'a>,
    /// Attributes set on it; an enum member has `name` and `value`.
    pub attributes: RefCell<FxHashMap<Symbol, Value<'a>>>,
}

/// A call of something outside the project, kept as it was written.
#[derive(Debug)]
pub struct Made<'a> {
    /// Dotted path; a call behind a call is `path().name`.
    pub path: Symbol,
    /// What the last name was asked of, where that was itself made.
    pub receiver: Option<Value<'a>>,
    /// Arguments.
    pub args: Args<'a>,
    /// Where the call stands.
    pub at: Location,
}

/// Arguments of a call.
#[derive(Clone, Debug, Default)]
pub struct Args<'a> {
    /// By position, with their places.
    pub positional: Vec<(Value<'a>, Location)>,
    /// By name.
    pub keywords: Vec<(Symbol, Value<'a>, Location)>,
    /// A spread could not be followed: there may be more of either.
    pub open: bool,
}

impl<'a> Args<'a> {
    /// The argument given as position `n` or under `name`.
    pub fn get(&self, n: usize, name: &str) -> Option<&Value<'a>> {
        self.positional.get(n).map(|p| &p.0).or_else(|| self.keyword(name))
    }

    /// The keyword argument of that name.
    pub fn keyword(&self, name: &str) -> Option<&Value<'a>> {
        self.keywords.iter().find(|k| k.0 == name).map(|k| &k.1)
    }

    /// The constant text of an argument.
    pub fn text(&self, n: usize, name: &str) -> Option<String> {
        self.get(n, name).and_then(Value::constant)
    }

    /// The constant text of an argument that is only ever named.
    pub fn named(&self, name: &str) -> Option<String> {
        self.keyword(name).and_then(Value::constant)
    }

    /// Whether a keyword says `True`.
    pub fn flag(&self, name: &str) -> bool {
        self.keyword(name).and_then(Value::truth) == Some(true)
    }
}

impl<'a> Value<'a> {
    /// A list.
    pub fn list(items: Vec<Value<'a>>, open: bool) -> Self {
        Value::List(Rc::new(RefCell::new(Items { items, open, tables: false })))
    }

    /// A dict.
    pub fn dict(entries: Vec<(Value<'a>, Value<'a>)>, open: bool) -> Self {
        Value::Dict(Rc::new(RefCell::new(Pairs { entries, open })))
    }

    /// A string made at a place.
    pub fn text(text: &str, at: Location) -> Self {
        let mut template = Template::default();
        template.push_value(text, at);
        Value::Str(Rc::new(template))
    }

    /// The text of a string without holes.
    pub fn constant(&self) -> Option<String> {
        match self {
            Value::Str(t) if !t.has_holes() => Some(t.text().to_owned()),
            // `class Kind(str, Enum)`: the member is its value.
            Value::Instance(i) => i.attributes.borrow().get(&Symbol::from("value")).and_then(|v| if let Value::Str(_) = v { v.constant() } else { None }),
            // SQLAlchemy's own string classes.
            Value::Made(m) if matches!(m.path.as_str(), "sqlalchemy.sql.quoted_name" | "sqlalchemy.sql.elements.quoted_name" | "sqlalchemy.quoted_name") => {
                m.args.get(0, "value").and_then(Value::constant)
            }
            _ => None,
        }
    }

    /// The path of a call of something outside.
    pub fn made(&self) -> Option<&Made<'a>> {
        if let Value::Made(m) = self { Some(m) } else { None }
    }

    /// The dotted path of something outside, called or not.
    pub fn path(&self) -> Option<&'static str> {
        match self {
            Value::External(p) => Some(p.as_str()),
            Value::Made(m) => Some(m.path.as_str()),
            _ => None,
        }
    }

    /// Members of a list or tuple (a string counts as none), and whether there may be more.
    pub fn items(&self) -> Option<(Vec<Value<'a>>, bool)> {
        match self {
            Value::List(l) => {
                let l = l.borrow();
                Some((l.items.clone(), l.open))
            }
            Value::Tuple(t) => Some((t.to_vec(), false)),
            Value::Dict(d) => {
                let d = d.borrow();
                Some((d.entries.iter().map(|e| e.0.clone()).collect(), d.open))
            }
            _ => None,
        }
    }

    /// Python's truth; `None` where not known.
    pub fn truth(&self) -> Option<bool> {
        match self {
            Value::None => Some(false),
            Value::Bool(b) => Some(*b),
            Value::Int(n) => Some(*n != 0),
            Value::Str(t) => (!t.has_holes() || t.text().len() > t.holes().map(crate::source::Span::len).sum()).then(|| !t.text().is_empty()),
            Value::List(l) => {
                let l = l.borrow();
                if l.items.is_empty() && l.open { None } else { Some(!l.items.is_empty()) }
            }
            Value::Dict(d) => {
                let d = d.borrow();
                if d.entries.is_empty() && d.open { None } else { Some(!d.entries.is_empty()) }
            }
            Value::Tuple(t) => Some(!t.is_empty()),
            Value::Function(_) | Value::Class(_) | Value::Module(_) | Value::Path(_) => Some(true),
            Value::Unknown | Value::Instance(_) | Value::External(_) | Value::Made(_) => None,
        }
    }

    /// `==`; `None` where not known.
    pub fn equals(&self, other: &Value<'a>) -> Option<bool> {
        self.equals_at(other, 0)
    }

    /// A list may hold itself, so the depth is bounded.
    fn equals_at(&self, other: &Value<'a>, depth: usize) -> Option<bool> {
        if depth > 20 {
            return None;
        }
        match (self, other) {
            (Value::Unknown | Value::Made(_) | Value::External(_), _) | (_, Value::Unknown | Value::Made(_) | Value::External(_)) => None,
            (Value::Path(a), Value::Path(b)) => (a == b).then_some(true),
            (Value::Path(_), Value::Str(_)) | (Value::Str(_), Value::Path(_)) => None,
            (Value::None, Value::None) => Some(true),
            (Value::Bool(a), Value::Bool(b)) => Some(a == b),
            (Value::Int(a), Value::Int(b)) => Some(a == b),
            (Value::Int(a), Value::Bool(b)) | (Value::Bool(b), Value::Int(a)) => Some(*a == i64::from(*b)),
            (Value::Str(_) | Value::Instance(_), Value::Str(_)) | (Value::Str(_), Value::Instance(_)) => Some(self.constant()? == other.constant()?),
            (Value::Instance(a), Value::Instance(b)) => Some(Rc::ptr_eq(a, b)),
            (Value::List(_), Value::List(_)) | (Value::Tuple(_), Value::Tuple(_)) => {
                let ((a, a_open), (b, b_open)) = (self.items()?, other.items()?);
                if a_open || b_open {
                    return None;
                }
                if a.len() != b.len() {
                    return Some(false);
                }
                let mut all = Some(true);
                for (x, y) in a.iter().zip(&b) {
                    match x.equals_at(y, depth + 1) {
                        Some(false) => return Some(false),
                        None => all = None,
                        Some(true) => {}
                    }
                }
                all
            }
            (Value::Dict(_), Value::Dict(_)) => None,
            _ => Some(false),
        }
    }

    /// Whether two ways through the code left the very same value.
    pub fn same(&self, other: &Value<'a>) -> bool {
        match (self, other) {
            (Value::Unknown, Value::Unknown) => true,
            (Value::Str(a), Value::Str(b)) => Rc::ptr_eq(a, b) || (a.text() == b.text() && !a.has_holes()),
            (Value::List(a), Value::List(b)) => Rc::ptr_eq(a, b),
            (Value::Dict(a), Value::Dict(b)) => Rc::ptr_eq(a, b),
            (Value::Tuple(a), Value::Tuple(b)) => Rc::ptr_eq(a, b) || self.equals(other) == Some(true),
            (Value::Made(a), Value::Made(b)) => Rc::ptr_eq(a, b),
            (Value::External(a), Value::External(b)) => a == b,
            (Value::Function(a), Value::Function(b)) => Rc::ptr_eq(a, b),
            (Value::Class(a), Value::Class(b)) => Rc::ptr_eq(a, b),
            (Value::Module(a), Value::Module(b)) => a == b,
            _ => self.equals(other) == Some(true),
        }
    }
}

impl<'a> Pairs<'a> {
    /// The value under a key; `Err` where it cannot be told.
    pub fn get(&self, key: &Value<'a>) -> Result<Option<Value<'a>>, ()> {
        let mut doubt = self.open || matches!(key, Value::Unknown);
        for (k, v) in self.entries.iter().rev() {
            match k.equals(key) {
                Some(true) => return Ok(Some(v.clone())),
                None => doubt = true,
                Some(false) => {}
            }
        }
        if doubt { Err(()) } else { Ok(None) }
    }

    /// Sets a key.
    pub fn set(&mut self, key: Value<'a>, value: Value<'a>) {
        match self.entries.iter_mut().find(|e| e.0.equals(&key) == Some(true)) {
            Some(entry) => entry.1 = value,
            None if matches!(key, Value::Unknown) => self.open = true,
            None => self.entries.push((key, value)),
        }
    }
}

impl<'a> Scope<'a> {
    /// A scope inside another.
    pub fn inside(parent: Option<Rc<Scope<'a>>>) -> Rc<Self> {
        Rc::new(Self { names: RefCell::default(), parent })
    }

    /// The value of a name, here or around.
    pub fn get(&self, name: Symbol) -> Option<Value<'a>> {
        let mut scope = self;
        loop {
            if let Some(v) = scope.names.borrow().get(&name) {
                return Some(v.clone());
            }
            scope = scope.parent.as_deref()?;
        }
    }

    /// Binds a name here.
    pub fn set(&self, name: Symbol, value: Value<'a>) {
        self.names.borrow_mut().insert(name, value);
    }
}
