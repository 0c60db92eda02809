//! Expressions.

use std::rc::Rc;

use crate::symbol::Symbol;

use super::value::{Args, Closure, Code, Made, Value};
use super::{Host, Machine};
use crate::source::{Location, Span};
use crate::syntax::python::{ArgKind, BinaryOp, Call, DictItem, Expr, ExprKind};

/// A chain of names and calls longer than this is no longer kept.
pub(super) const MAX_PATH: usize = 600;

impl<'a, H: Host<'a>> Machine<'_, 'a, H> {
    /// What an expression is worth.
    pub(super) fn eval(&mut self, e: &'a Expr) -> Value<'a> {
        match &e.kind {
            ExprKind::Name(n) => self.name(*n),
            ExprKind::Attribute(a) => {
                let value = self.eval(&a.value);
                self.attribute(&value, a.attr.name, e.span)
            }
            ExprKind::Call(c) => self.call(c, e.span),
            ExprKind::Subscript(s) => {
                let base = self.eval(&s.0);
                if matches!(s.1.kind, ExprKind::Slice) {
                    // Which part is not said here; `text.split(";")[:-1]` leaves out what is no statement.
                    return match base.items() {
                        Some((items, _)) if matches!(base, Value::List(_)) => Value::list(items, true),
                        _ => Value::Unknown,
                    };
                }
                let key = self.eval(&s.1);
                subscript(&base, &key)
            }
            ExprKind::Str(lit) => self.literal(lit),
            // What Python 2 wrote for text, and Django takes for it (`force_str`).
            ExprKind::Bytes(lit) if lit.constant().is_some_and(|t| t.is_ascii()) => self.literal(lit),
            ExprKind::Int(n) => Value::Int(*n),
            ExprKind::Bool(b) => Value::Bool(*b),
            ExprKind::None => Value::None,
            ExprKind::Tuple(items) => {
                let (items, open) = self.members(items);
                if open { Value::list(items, true) } else { Value::Tuple(Rc::new(items)) }
            }
            ExprKind::List(items) | ExprKind::Set(items) => {
                let (items, open) = self.members(items);
                Value::list(items, open)
            }
            ExprKind::Dict(items) => self.dict(items),
            ExprKind::Binary(b) => {
                let (l, r) = (self.eval(&b.0), self.eval(&b.2));
                self.binary(&l, b.1, &r, e.span)
            }
            ExprKind::BoolOp(b) => {
                let left = self.eval(&b.0);
                match (left.truth(), b.1) {
                    (Some(true), true) | (Some(false), false) => self.eval(&b.2),
                    (Some(_), _) => left,
                    (None, and) => {
                        let right = self.eval(&b.2);
                        // `unknown and False` is false whatever the first is.
                        match right.truth() {
                            Some(t) if t != and => Value::Bool(t),
                            _ => Value::Unknown,
                        }
                    }
                }
            }
            ExprKind::Compare(c) => self.compare(&c.0, &c.1),
            ExprKind::Unary(u) => {
                let v = self.eval(&u.1);
                match (u.0.as_str(), &v) {
                    ("not", v) => v.truth().map_or(Value::Unknown, |t| Value::Bool(!t)),
                    ("-", Value::Int(n)) => Value::Int(n.wrapping_neg()),
                    ("+", Value::Int(_)) => v,
                    _ => Value::Unknown,
                }
            }
            ExprKind::Conditional(c) => match self.eval(&c.0).truth() {
                Some(true) => self.eval(&c.1),
                Some(false) => self.eval(&c.2),
                None => {
                    let (a, b) = (self.eval(&c.1), self.eval(&c.2));
                    if a.same(&b) { a } else { Value::Unknown }
                }
            },
            ExprKind::Lambda(l) => {
                let closure = Closure { code: Code::Lambda(l), module: self.frame().module, scope: self.frame().scope.clone(), receiver: None };
                Value::Function(Rc::new(closure))
            }
            ExprKind::Comprehension(c) => self.comprehension(c),
            ExprKind::Await(inner) => self.eval(inner),
            ExprKind::Starred(inner) => {
                self.eval(inner);
                Value::Unknown
            }
            ExprKind::Yield(inner) => {
                let v = inner.as_deref().map_or(Value::None, |i| self.eval(i));
                self.frame().yields.borrow_mut().push(v);
                Value::Unknown
            }
            ExprKind::Named(n) => {
                let v = self.eval(&n.1);
                self.bind(n.0.name, v.clone());
                v
            }
            // A float: the digits matter where it becomes SQL, which nothing here needs.
            ExprKind::Bytes(_) | ExprKind::Number | ExprKind::Ellipsis | ExprKind::Slice | ExprKind::Opaque => Value::Unknown,
        }
    }

    fn members(&mut self, items: &'a [Expr]) -> (Vec<Value<'a>>, bool) {
        let (mut out, mut open) = (Vec::new(), false);
        for item in items {
            if let ExprKind::Starred(inner) = &item.kind {
                let v = self.eval(inner);
                match self.iterate(&v) {
                    Some((more, o)) => {
                        out.extend(more);
                        open |= o;
                    }
                    None => open = true,
                }
            } else {
                out.push(self.eval(item));
            }
        }
        (out, open)
    }

    fn dict(&mut self, items: &'a [DictItem]) -> Value<'a> {
        let mut pairs = super::value::Pairs::default();
        for item in items {
            match item {
                DictItem::Pair(k, v) => {
                    let key = self.eval(k);
                    let value = self.eval(v);
                    pairs.set(key, value);
                }
                DictItem::Spread(v) => match self.eval(v) {
                    Value::Dict(d) => {
                        let d = d.borrow();
                        for (k, v) in &d.entries {
                            pairs.set(k.clone(), v.clone());
                        }
                        pairs.open |= d.open;
                    }
                    _ => pairs.open = true,
                },
            }
        }
        Value::Dict(Rc::new(std::cell::RefCell::new(pairs)))
    }

    fn name(&mut self, n: Symbol) -> Value<'a> {
        if let Some(v) = self.frame().scope.as_ref().and_then(|s| s.get(n)) {
            return v;
        }
        let module = self.frame().module;
        if let Some(v) = self.module_name(module, n) {
            return v;
        }
        self.own_file(n).unwrap_or_else(|| Value::External(Symbol::from(&format!("builtins.{n}"))))
    }

    /// `value.name`
    pub(super) fn attribute(&mut self, value: &Value<'a>, name: Symbol, span: Span) -> Value<'a> {
        match value {
            Value::Module(m) => match self.module_name(*m, name) {
                Some(v) => v,
                None => self.submodule(*m, name).unwrap_or_default(),
            },
            Value::Class(c) => self.class_member(c, name).unwrap_or_default(),
            Value::Instance(i) => {
                if let Some(v) = i.attributes.borrow().get(&name) {
                    return v.clone();
                }
                match self.class_member(&i.class, name) {
                    Some(Value::Function(f)) if f.receiver.is_none() => {
                        if is_property(&f.code) {
                            return self.apply(&Value::Function(bound(&f, value)), Args::default(), self.at(span));
                        }
                        Value::Function(bound(&f, value))
                    }
                    Some(v) => v,
                    None => Value::Unknown,
                }
            }
            Value::Path(p) => super::paths::attribute(p, name.as_str(), self.at(span)),
            Value::External(path) => {
                let at = self.at(span);
                H::attribute(self, value, name.as_str(), at).unwrap_or_else(|| Value::External(Symbol::from(&format!("{path}.{name}"))))
            }
            Value::Made(m) => {
                let at = self.at(span);
                if let Some(v) = H::attribute(self, value, name.as_str(), at) {
                    return v;
                }
                if m.path.len() > MAX_PATH {
                    return Value::Unknown;
                }
                Value::Made(Rc::new(Made { path: Symbol::from(&format!("{}.{name}", m.path)), receiver: Some(value.clone()), args: Args::default(), at }))
            }
            _ => Value::Unknown,
        }
    }

    /// A name of a class or of one of its bases; members of an enum come with their name and value.
    pub(super) fn class_member(&mut self, class: &Rc<super::ClassValue<'a>>, name: Symbol) -> Option<Value<'a>> {
        let mut todo = vec![Rc::clone(class)];
        let mut seen = 0;
        while let Some(c) = todo.pop() {
            seen += 1;
            if seen > 100 {
                return None;
            }
            if let Some(v) = c.members.names.borrow().get(&name) {
                if c.is_enum() && !matches!(v, Value::Function(_)) && !name.as_str().starts_with('_') {
                    return Some(enum_member(&c, name, v.clone()));
                }
                return Some(v.clone());
            }
            todo.extend(c.bases.iter().rev().filter_map(|b| if let Value::Class(b) = b { Some(Rc::clone(b)) } else { None }));
        }
        // A plain attribute that SQLAlchemy adds.
        (name.as_str() == "__table__" || name.as_str() == "metadata").then(|| {
            let path = Symbol::from(if name.as_str() == "metadata" { "sqlalchemy.MetaData" } else { "sqlalchemy.orm.__table__" });
            let at = Location::new(self.modules[class.module].file, class.node.name.span);
            let args = Args { positional: vec![(Value::Class(Rc::clone(class)), at)], ..Args::default() };
            Value::Made(Rc::new(Made { path, receiver: None, args, at }))
        })
    }

    fn call(&mut self, c: &'a Call, span: Span) -> Value<'a> {
        if !self.step() {
            return Value::Unknown;
        }
        let at = self.at(span);
        if let ExprKind::Attribute(a) = &c.func.kind {
            let receiver = self.eval(&a.value);
            let args = self.arguments(c);
            return self.call_method(&receiver, a.attr.name, args, at);
        }
        let function = self.eval(&c.func);
        let args = self.arguments(c);
        self.apply(&function, args, at)
    }

    fn arguments(&mut self, c: &'a Call) -> Args<'a> {
        let mut args = Args::default();
        for a in &c.args {
            let at = self.at(a.value.span);
            match a.kind {
                ArgKind::Positional => {
                    let v = self.eval(&a.value);
                    args.positional.push((v, at));
                }
                ArgKind::Keyword(k) => {
                    let v = self.eval(&a.value);
                    args.keywords.push((k.name, v, at));
                }
                ArgKind::Spread => {
                    let v = self.eval(&a.value);
                    match self.iterate(&v) {
                        Some((items, open)) => {
                            args.positional.extend(items.into_iter().map(|v| (v, at)));
                            args.open |= open;
                        }
                        None => args.open = true,
                    }
                }
                ArgKind::DoubleSpread => match self.eval(&a.value) {
                    Value::Dict(d) => {
                        let d = d.borrow();
                        args.open |= d.open;
                        for (k, v) in &d.entries {
                            match k.constant() {
                                Some(k) => args.keywords.push((Symbol::from(&k), v.clone(), at)),
                                None => args.open = true,
                            }
                        }
                    }
                    _ => args.open = true,
                },
            }
        }
        args
    }

    /// `left op right`
    pub(super) fn binary(&mut self, left: &Value<'a>, op: BinaryOp, right: &Value<'a>, span: Span) -> Value<'a> {
        match (op, left, right) {
            (BinaryOp::Div | BinaryOp::Add, Value::Path(p), _) => super::paths::followed_by(p, right, op == BinaryOp::Div),
            (BinaryOp::Add, Value::Str(_), _) | (BinaryOp::Add, _, Value::Str(_)) => self.add_strings(left, right, span),
            (BinaryOp::Mod, Value::Str(t), _) => self.percent(t, right, span),
            (BinaryOp::Add, Value::Int(a), Value::Int(b)) => Value::Int(a.wrapping_add(*b)),
            (BinaryOp::Sub, Value::Int(a), Value::Int(b)) => Value::Int(a.wrapping_sub(*b)),
            (BinaryOp::Mul, Value::Int(a), Value::Int(b)) => Value::Int(a.wrapping_mul(*b)),
            (BinaryOp::Add | BinaryOp::BitOr, Value::List(_) | Value::Tuple(_), Value::List(_) | Value::Tuple(_)) => {
                let ((mut a, x), (b, y)) = (left.items().unwrap_or_default(), right.items().unwrap_or_default());
                a.extend(b);
                if matches!(left, Value::Tuple(_)) && !x && !y { Value::Tuple(Rc::new(a)) } else { Value::list(a, x || y) }
            }
            (BinaryOp::Sub, Value::List(a), Value::List(b)) => {
                let (a, b) = (a.borrow(), b.borrow());
                let left = a.items.iter().filter(|x| !b.items.iter().any(|y| x.equals(y) == Some(true))).cloned().collect();
                Value::list(left, a.open || b.open)
            }
            (BinaryOp::BitAnd, Value::List(a), Value::List(b)) => {
                let (a, b) = (a.borrow(), b.borrow());
                let both = a.items.iter().filter(|x| b.items.iter().any(|y| x.equals(y) == Some(true))).cloned().collect();
                Value::list(both, a.open || b.open)
            }
            (BinaryOp::BitOr, Value::Dict(a), Value::Dict(b)) => {
                let (a, b) = (a.borrow(), b.borrow());
                let mut pairs = super::value::Pairs { entries: a.entries.clone(), open: a.open || b.open };
                for (k, v) in &b.entries {
                    pairs.set(k.clone(), v.clone());
                }
                Value::dict(pairs.entries, pairs.open)
            }
            _ => Value::Unknown,
        }
    }

    fn compare(&mut self, operands: &'a [Expr], operators: &[Symbol]) -> Value<'a> {
        let values: Vec<_> = operands.iter().map(|o| self.eval(o)).collect();
        let mut all = Some(true);
        for (n, op) in operators.iter().enumerate() {
            let (Some(l), Some(r)) = (values.get(n), values.get(n + 1)) else { return Value::Unknown };
            let one = match op.as_str() {
                "==" => l.equals(r),
                "!=" => l.equals(r).map(|b| !b),
                "is" => is(l, r),
                "is not" => is(l, r).map(|b| !b),
                "in" => self.contains(r, l),
                "not in" => self.contains(r, l).map(|b| !b),
                "<" | "<=" | ">" | ">=" => match (l, r) {
                    (Value::Int(a), Value::Int(b)) => Some(match op.as_str() {
                        "<" => a < b,
                        "<=" => a <= b,
                        ">" => a > b,
                        _ => a >= b,
                    }),
                    _ => None,
                },
                _ => None,
            };
            match one {
                Some(false) => return Value::Bool(false),
                None => all = None,
                Some(true) => {}
            }
        }
        all.map_or(Value::Unknown, Value::Bool)
    }

    /// `item in container`
    pub(super) fn contains(&mut self, container: &Value<'a>, item: &Value<'a>) -> Option<bool> {
        if let Value::Str(_) = container {
            return Some(container.constant()?.contains(&item.constant()?));
        }
        let (items, open) = self.iterate(container)?;
        let mut doubt = open;
        for x in &items {
            match x.equals(item) {
                Some(true) => return Some(true),
                None => doubt = true,
                Some(false) => {}
            }
        }
        if let (Value::List(l), Some(name)) = (container, item.constant())
            && l.borrow().tables
        {
            H::asked(self, &name);
        }
        (!doubt).then_some(false)
    }

    /// What a loop over a value goes through, and whether there may be more; `None` where nothing is known.
    pub(super) fn iterate(&mut self, value: &Value<'a>) -> Option<(Vec<Value<'a>>, bool)> {
        match value {
            Value::Class(c) if c.is_enum() => {
                let order = c.order.clone();
                let members = order.iter().filter(|n| !n.as_str().starts_with('_')).filter_map(|n| self.class_member(c, *n)).collect();
                Some((members, false))
            }
            Value::Str(_) => {
                let text = value.constant()?;
                let at = self.here();
                Some((text.chars().map(|c| Value::text(&c.to_string(), at)).collect(), false))
            }
            _ => value.items(),
        }
    }

    /// A place for text that stands nowhere.
    pub(super) fn here(&self) -> Location {
        self.at(Span::new(0, 0))
    }
}

/// `is`
fn is<'a>(l: &Value<'a>, r: &Value<'a>) -> Option<bool> {
    match (l, r) {
        (Value::None, Value::None) => Some(true),
        (Value::Unknown, _) | (_, Value::Unknown) => None,
        // What a library gave is not `None` as far as anyone can tell, but it may be.
        (Value::Made(_) | Value::External(_), Value::None) => None,
        (Value::None, _) | (_, Value::None) => Some(false),
        _ => l.equals(r),
    }
}

fn is_property(code: &Code<'_>) -> bool {
    matches!(code, Code::Def(f) if f.decorators.iter().any(|d| matches!(d.kind, ExprKind::Name(n) if n == "property" || n == "cached_property")))
}

/// A function bound to a receiver, unless it takes none.
fn bound<'a>(f: &Closure<'a>, receiver: &Value<'a>) -> Rc<Closure<'a>> {
    let plain = matches!(f.code, Code::Def(d) if d.decorators.iter().any(|d| matches!(d.kind, ExprKind::Name(n) if n == "staticmethod")));
    let receiver = (!plain).then(|| receiver.clone());
    Rc::new(Closure { code: f.code, module: f.module, scope: f.scope.clone(), receiver })
}

fn enum_member<'a>(class: &Rc<super::ClassValue<'a>>, name: Symbol, value: Value<'a>) -> Value<'a> {
    let mut attributes = rustc_hash::FxHashMap::default();
    let text = crate::syntax::sql::template::Template::from_source(crate::source::FileId(0), name.as_str(), 0);
    attributes.insert(Symbol::from("name"), Value::Str(Rc::new(text)));
    let value = match &value {
        Value::Made(m) if m.path.as_str() == "enum.auto" => Value::Unknown,
        _ => value,
    };
    attributes.insert(Symbol::from("value"), value);
    Value::Instance(Rc::new(super::Instance { class: Rc::clone(class), args: Args::default(), attributes: std::cell::RefCell::new(attributes) }))
}

/// `base[key]`
fn subscript<'a>(base: &Value<'a>, key: &Value<'a>) -> Value<'a> {
    match (base, key) {
        (Value::Dict(d), _) => d.borrow().get(key).ok().flatten().unwrap_or_default(),
        (Value::List(_) | Value::Tuple(_), Value::Int(n)) => {
            let (items, _) = base.items().unwrap_or_default();
            let index = if *n < 0 { usize::try_from(n.unsigned_abs()).ok().and_then(|n| items.len().checked_sub(n)) } else { usize::try_from(*n).ok() };
            index.and_then(|i| items.get(i)).cloned().unwrap_or_default()
        }
        (Value::Str(_), Value::Int(_)) => Value::Unknown,
        (Value::Made(m), Value::Str(_)) => Value::Made(Rc::new(Made {
            path: Symbol::from(&format!("{}[]", m.path)),
            receiver: Some(base.clone()),
            args: Args { positional: vec![(key.clone(), m.at)], ..Args::default() },
            at: m.at,
        })),
        _ => Value::Unknown,
    }
}
