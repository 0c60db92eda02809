//! Evaluates expressions to what is known of them, without running anything.
//!
//! The evaluator knows Python; what a library's calls mean is asked of [`super::libraries`]. Recursion is bounded by the depth of the trees and by the trail of
//! module-level names.

use std::sync::{Arc, LazyLock};

use rustc_hash::{FxHashMap, FxHashSet};

use crate::source::{FileId, Location, Span};
use crate::symbol::Symbol;
use crate::syntax::python::{self, ArgKind, BinaryOp, Call, DictItem, Expr, ExprKind, Ident};

use super::env::Env;
use super::fold;
use super::index::{Binding, ClassId, FunctionId};
use super::libraries;
use super::rounds::Summary;
use super::strings;
use super::trail::{self, Mark};
use super::uses::Uses;
use super::value::{Dict, DictEntry, Lambda, List, Object, Value};
use super::world::{Place, World};

/// The values of a call's arguments, in the order of [`Call::args`].
pub struct Args<'a> {
    /// One for each argument.
    pub values: Vec<Value<'a>>,
}

impl<'a> Args<'a> {
    /// The value given as position `n` or under `name`.
    pub fn get(&self, call: &Call, n: usize, name: &str) -> Option<&Value<'a>> {
        self.positional(call, n).or_else(|| self.keyword(call, name))
    }

    /// The value of positional argument `n`.
    pub fn positional(&self, call: &Call, n: usize) -> Option<&Value<'a>> {
        let mut left = n;
        for (a, v) in call.args.iter().zip(&self.values) {
            match a.kind {
                ArgKind::Positional if left == 0 => return Some(v),
                ArgKind::Positional => left -= 1,
                ArgKind::Spread => return None,
                ArgKind::Keyword(_) | ArgKind::DoubleSpread => {}
            }
        }
        None
    }

    /// The value of a keyword argument.
    pub fn keyword(&self, call: &Call, name: &str) -> Option<&Value<'a>> {
        call.args.iter().zip(&self.values).find(|(a, _)| matches!(a.kind, ArgKind::Keyword(k) if k.name == name)).map(|(_, v)| v)
    }
}

/// Lambdas that are called inside one another beyond this give nothing known.
const MAX_LAMBDAS: usize = 4;

/// Evaluates the code of one place.
pub struct Evaluator<'w, 'a> {
    /// What is known of the project.
    pub world: &'w World<'a>,
    /// Where the code stands.
    pub place: Place,
    /// Local names.
    pub env: Env<'a>,
    /// What was seen.
    pub uses: Uses,
    /// Whether nothing is to be noted in `uses`.
    pub quiet: bool,
    /// Values of `return` so far.
    pub returns: Vec<Value<'a>>,
    /// Values of `yield` so far.
    pub yields: Vec<Value<'a>>,
    /// `self.x = value` seen: class, name, value.
    pub stores: Vec<(ClassId, Symbol, Value<'a>)>,
    /// Summaries of functions that were walked.
    pub summaries: Vec<(FunctionId, Summary<'a>)>,
    /// What libraries remember during this walk.
    pub state: libraries::State<'a>,
    /// Functions being walked once more with the arguments of a call, innermost last.
    pub(super) through: Vec<FunctionId>,
    /// The call, and its file, that the outermost of them is walked for.
    pub(super) asked_by: Option<(FileId, &'a Call)>,
    /// How often that was done in this file.
    pub(super) walked_through: usize,
    /// Functions that were looked into for rows that a call gives them, with what these are of.
    pub(super) looked_apart: FxHashSet<(FunctionId, Vec<(usize, super::through::RowsOf)>)>,
    /// How many lambdas are being called, one inside the other.
    pub(super) lambdas: usize,
    /// The function being walked hands something on to a library that only its caller knows.
    pub hands_on: bool,
    /// `Table(...)` calls seen while models are collected.
    pub tables: Vec<Arc<super::models::declared::Table>>,
    /// Classes made by calls of `type`, seen while models are collected.
    pub made: Vec<super::models::made::Made<'a>>,
    pub(super) trail: Vec<Mark>,
    /// Functions that can be walked by themselves are left out.
    pub(super) rest_only: bool,
    /// Of functions at the top level and in classes only these are walked, where set.
    pub(super) only: Option<Arc<FxHashSet<FunctionId>>>,
    /// Whether `env` may hold dotted names, of which a test said something.
    pub(super) dotted: bool,
}

impl<'w, 'a> Evaluator<'w, 'a> {
    /// An evaluator for a place; notes what it sees unless told otherwise.
    pub fn new(world: &'w World<'a>, place: Place) -> Self {
        Self {
            world,
            place,
            env: Env::default(),
            uses: Uses::default(),
            quiet: false,
            returns: Vec::new(),
            yields: Vec::new(),
            stores: Vec::new(),
            summaries: Vec::new(),
            state: libraries::State::default(),
            through: Vec::new(),
            asked_by: None,
            walked_through: 0,
            looked_apart: FxHashSet::default(),
            lambdas: 0,
            hands_on: false,
            tables: Vec::new(),
            made: Vec::new(),
            trail: Vec::new(),
            rest_only: false,
            only: None,
            dotted: false,
        }
    }

    /// One that only evaluates.
    pub fn quiet(world: &'w World<'a>, place: Place) -> Self {
        Self { quiet: true, ..Self::new(world, place) }
    }

    pub(super) fn quiet_on(world: &'w World<'a>, place: Place, trail: &[Mark]) -> Self {
        Self { trail: trail.to_vec(), ..Self::quiet(world, place) }
    }

    /// The location of a span in the file being evaluated.
    pub fn at(&self, span: Span) -> Location {
        Location::new(self.place.file, span)
    }

    /// Evaluates a base in a class header: `Base[T]` is `Base`, `with_metaclass(Meta, Base)` is `Base`.
    pub fn base_class(&mut self, e: &'a Expr) -> Value<'a> {
        match &e.kind {
            ExprKind::Subscript(s) => self.base_class(&s.0),
            ExprKind::Call(c) if super::index::last_name(&c.func).is_some_and(|n| n.as_str() == "with_metaclass") => {
                let bases: Vec<_> = c.positionals().skip(1).map(|b| self.base_class(b)).collect();
                Value::union(bases)
            }
            _ => self.eval(e),
        }
    }

    /// What an expression is known to be.
    #[expect(clippy::too_many_lines, reason = "one line or two for each kind of expression")]
    pub fn eval(&mut self, e: &'a Expr) -> Value<'a> {
        match &e.kind {
            ExprKind::Name(n) => {
                if let (Some(class), None) = (self.place.class, self.place.function)
                    && let Some(v) = libraries::class_name(self, class, *n, e.span)
                {
                    return v;
                }
                self.name(*n)
            }
            ExprKind::Attribute(a) => {
                let value = self.eval(&a.value);
                let had = self.uses.missing_attributes.len();
                let found = self.attribute(&value, a.attr);
                match if self.dotted { super::narrow::dotted(e).and_then(|name| self.env.get(&name)) } else { None } {
                    Some(narrowed) => {
                        let narrowed = narrowed.clone();
                        self.uses.missing_attributes.truncate(had);
                        if narrowed.is_unknown() { found } else { narrowed }
                    }
                    None => {
                        libraries::object_attribute(self, &a.value, &value, a.attr);
                        found
                    }
                }
            }
            ExprKind::Call(c) => self.call(c, e.span),
            ExprKind::Subscript(s) => self.subscript(&s.0, &s.1),
            ExprKind::Str(lit) => {
                let v = strings::literal(self, lit);
                libraries::sql_text::literal(self, &v);
                v
            }
            ExprKind::Int(n) => Value::Int(*n),
            ExprKind::Bool(b) => Value::Bool(*b),
            ExprKind::None => Value::None,
            ExprKind::Tuple(items) => Value::Tuple(Arc::new(self.items(items))),
            ExprKind::List(items) | ExprKind::Set(items) => {
                let open = items.iter().any(|i| matches!(i.kind, ExprKind::Starred(_)));
                let items = self.items(items);
                Value::List(Arc::new(List { items, rest: open.then_some(Value::Unknown) }))
            }
            ExprKind::Dict(items) => self.dict(items),
            ExprKind::Binary(b) => self.binary(&b.0, b.1, &b.2, e.span),
            ExprKind::BoolOp(b) => {
                let left = self.eval(&b.0);
                let said = self.narrow(&b.0, b.1);
                let right = self.eval(&b.2);
                self.widen(said);
                // `x and y` is mostly asked for `y`, `x or y` for either.
                let merged = libraries::boolean(self, &left, &right);
                if !merged.is_unknown() {
                    let either = !b.1 && (left.is_unknown() || right.is_unknown());
                    if either { Value::union([merged, Value::Unknown]) } else { merged }
                } else if b.1 {
                    right
                } else {
                    Value::union([left.not_none(), right])
                }
            }
            ExprKind::Compare(c) => {
                let values: Vec<_> = c.0.iter().map(|x| self.eval(x)).collect();
                if self.world.is_collecting() {
                    return fold::compare(&c.1, &values);
                }
                libraries::compare(self, &c.0, &c.1, &values)
            }
            ExprKind::Unary(u) => {
                let v = self.eval(&u.1);
                match u.0.as_str() {
                    "not" => fold::truth(&v).filter(|_| self.world.is_collecting()).map_or(Value::Unknown, |t| Value::Bool(!t)),
                    "-" => {
                        if let Value::Int(n) = v {
                            Value::Int(n.wrapping_neg())
                        } else {
                            Value::Unknown
                        }
                    }
                    _ => v,
                }
            }
            ExprKind::Conditional(c) => {
                let test = self.eval(&c.0);
                if self.world.is_collecting()
                    && let Some(t) = fold::truth(&test)
                {
                    return self.eval(if t { &c.1 } else { &c.2 });
                }
                let asked = libraries::sql_text::condition(&c.0);
                let said = self.narrow(&c.0, true);
                let a = libraries::sql_text::in_branch(self, asked, |ev| ev.eval(&c.1));
                self.widen(said);
                let b = libraries::sql_text::in_branch(self, asked.map(|a| !a), |ev| ev.eval(&c.2));
                Value::union([a, b])
            }
            ExprKind::Lambda(l) => self.lambda(l),
            ExprKind::Comprehension(c) => self.comprehension(c),
            ExprKind::Await(inner) => self.eval(inner),
            ExprKind::Starred(inner) => {
                let v = self.eval(inner);
                v.element()
            }
            ExprKind::Yield(inner) => {
                let v = inner.as_deref().map_or(Value::None, |i| self.eval(i));
                self.yields.push(v);
                Value::Unknown
            }
            ExprKind::Named(n) => {
                let v = self.eval(&n.1);
                self.env.insert(n.0.name, v.clone());
                v
            }
            ExprKind::Bytes(_) | ExprKind::Number | ExprKind::Ellipsis | ExprKind::Slice | ExprKind::Opaque => Value::Unknown,
        }
    }

    fn items(&mut self, items: &'a [Expr]) -> Vec<Value<'a>> {
        items.iter().map(|i| self.eval(i)).collect()
    }

    fn name(&mut self, n: Symbol) -> Value<'a> {
        if let Some(v) = self.env.get(&n) {
            return v.clone();
        }
        if self.place.function.is_none()
            && let Some(class) = self.place.class
            && let Some(bindings) = self.world.index.class(class).names.get(&n)
            && !takes_from_outside(bindings, n)
            && !self.in_circle(Mark::Member(self.place.file, class, n))
        {
            return self.world.member_value(class, n, bindings, Mark::Member(self.place.file, class, n), &mut self.trail);
        }
        let v = self.world.global_on(self.place.file, n, &mut self.trail);
        if v.is_unknown()
            && let Some(path) = builtin(n)
            && !self.world.index.module_of(self.place.file).is_some_and(|m| m.names.contains_key(&n))
        {
            return Value::External(path);
        }
        libraries::proxy(self, v)
    }

    /// Whether something is being worked out already.
    fn in_circle(&self, mark: Mark) -> bool {
        let circle = self.trail.contains(&mark);
        if circle {
            trail::note_cut();
        }
        circle
    }

    /// `value.attr`
    pub fn attribute(&mut self, value: &Value<'a>, attr: Ident) -> Value<'a> {
        if let Value::Union(all) = value {
            let all: Vec<Value<'a>> = all.iter().filter(|v| !matches!(v, Value::None)).cloned().collect();
            let results = self.on_each(&all, |ev, v| ev.attribute(v, attr));
            return Value::union(results);
        }
        if let Some(v) = libraries::attribute(self, value, attr) {
            return v;
        }
        self.plain_attribute(value, attr.name)
    }

    /// `value.attr` by Python's own rules, without asking the libraries.
    pub fn plain_attribute(&mut self, value: &Value<'a>, attr: Symbol) -> Value<'a> {
        if let Some(v) = self.world.module_member(value, attr, &mut self.trail) {
            return v;
        }
        match value {
            Value::Object(o) if o.path.as_str().starts_with("builtins.super.") => self.super_attribute(o.path.as_str(), attr),
            Value::Class(c) => self.class_attribute(*c, attr, None),
            Value::Instance(c) => {
                let v = self.class_attribute(*c, attr, Some(value));
                if matches!(v, Value::Unknown | Value::None) && super::generics::may_hold_model(&attr) { self.inherited_model(*c, attr, v) } else { v }
            }
            // An enum's member stands for its value, so `.value` is itself.
            Value::Str(_) | Value::Int(_) if attr.as_str() == "value" => value.clone(),
            _ => Value::Unknown,
        }
    }

    /// `super().attr`: of the classes behind the one it is written in.
    fn super_attribute(&mut self, path: &str, attr: Symbol) -> Value<'a> {
        let Some(class) = path.rsplit('.').next().and_then(|n| n.parse().ok()).map(ClassId) else { return Value::Unknown };
        let Some(lineage) = self.world.lineage(class) else { return Value::Unknown };
        let above = lineage.mro.iter().skip(1).find_map(|c| self.world.index.class(*c).names.get(&attr));
        match above.map(|all| all.as_slice()) {
            Some([.., Binding::Function(f)]) => {
                let def = self.world.index.function(*f);
                if def.has_decorator("property") {
                    return self.result_of(*f);
                }
                let class = self.own_class(class);
                let receiver = if def.has_decorator("classmethod") { Value::Class(class) } else { Value::Instance(class) };
                Value::Method(Arc::new((receiver, *f)))
            }
            _ => Value::Unknown,
        }
    }

    fn class_attribute(&mut self, class: ClassId, attr: Symbol, receiver: Option<&Value<'a>>) -> Value<'a> {
        let mut stored = Value::Unknown;
        if receiver.is_some()
            && let Some(lineage) = self.world.lineage(class)
        {
            stored = lineage.mro.iter().find_map(|c| self.world.attribute(*c, attr)).unwrap_or_default();
        }
        let Some((owner, bindings)) = self.world.class_member(class, attr) else { return stored };
        if let Some(Binding::Function(f)) = bindings.last() {
            let def = self.world.index.function(*f);
            if def.has_decorator("property") || def.has_decorator("cached_property") || def.has_decorator("hybrid_property") {
                return if receiver.is_some() { self.result_of(*f) } else { Value::Unknown };
            }
            if def.has_decorator("classmethod") {
                return Value::Method(Arc::new((Value::Class(class), *f)));
            }
            return match receiver {
                Some(r) if !def.has_decorator("staticmethod") => Value::Method(Arc::new((r.clone(), *f))),
                _ => Value::Function(*f),
            };
        }
        let mark = Mark::Member(self.place.file, owner, attr);
        if self.in_circle(mark) {
            return stored;
        }
        let declared = self.world.member_value(owner, attr, bindings, mark, &mut self.trail);
        if stored.is_unknown() || matches!(stored, Value::None) { declared } else { Value::union([stored, declared]).not_none() }
    }

    fn subscript(&mut self, value: &'a Expr, index: &'a Expr) -> Value<'a> {
        let base = self.eval(value);
        // `models.JSONField[list[int]](…)`, `models.ForeignKey[Author, Author](…)`: a field, whatever it is said to hold.
        if self.world.is_collecting()
            && let Value::External(path) = &base
            && path.starts_with("django.")
            && (path.ends_with("Field") || path.ends_with("ForeignKey"))
        {
            return base;
        }
        if let Value::External(path) = &base
            && let Some(v) = libraries::of_external(self, path, index)
        {
            return v;
        }
        // `list[Model]`, `Optional[Model]`: a type, not a look-up.
        if matches!(base, Value::External(_)) {
            return Value::Type(Arc::new(self.generic(&base, index)));
        }
        if matches!(base, Value::Class(_)) {
            return base;
        }
        let key = self.eval(index);
        if let Value::Union(all) = &base {
            let all: Vec<_> = all.iter().filter(|v| !v.holds_nothing()).map(|v| self.look_up(v, &key, index)).collect();
            return Value::union(all);
        }
        self.look_up(&base, &key, index)
    }

    fn look_up(&mut self, base: &Value<'a>, key: &Value<'a>, index: &'a Expr) -> Value<'a> {
        if let Some(v) = libraries::subscript(self, base, key, index) {
            return v;
        }
        self.plain_subscript(base, key, index)
    }

    fn plain_subscript(&mut self, base: &Value<'a>, key: &Value<'a>, index: &Expr) -> Value<'a> {
        if matches!(index.kind, ExprKind::Slice) {
            // Some of the rows are rows, and most of a statement is the statement; a part of a name is another name.
            let is_name = base.constant().is_some_and(|text| !text.contains(char::is_whitespace));
            return if is_name { Value::Unknown } else { base.clone() };
        }
        match base {
            Value::List(l) => match key {
                Value::Int(n) => usize::try_from(*n).ok().and_then(|n| l.items.get(n)).cloned().unwrap_or_else(|| base.element()),
                _ => base.element(),
            },
            Value::Tuple(t) => match key {
                Value::Int(n) => usize::try_from(*n).ok().and_then(|n| t.get(n)).cloned().unwrap_or_default(),
                _ => base.element(),
            },
            Value::Mapping(m) => m.1.clone(),
            Value::Dict(d) => key.constant().and_then(|k| d.get(&k).map(|e| e.value.clone())).unwrap_or_default(),
            Value::Union(all) => {
                let all: Vec<_> = all.iter().map(|v| self.plain_subscript(v, key, index)).collect();
                Value::union(all)
            }
            _ => Value::Unknown,
        }
    }

    fn dict(&mut self, items: &'a [DictItem]) -> Value<'a> {
        let mut dict = Dict::default();
        for item in items {
            match item {
                DictItem::Pair(k, v) => {
                    let key = self.eval(k);
                    let value = self.eval(v);
                    match key {
                        Value::Str(t) if !t.has_hole() => {
                            let at = t.location().unwrap_or_else(|| self.at(k.span));
                            dict.entries.push(DictEntry { key: t, at, value, expr: Some((self.place.file, v)), conditional: false });
                        }
                        _ => dict.open = true,
                    }
                }
                DictItem::Spread(v) => match self.eval(v) {
                    Value::Dict(d) => {
                        dict.entries.extend(d.entries.iter().cloned());
                        dict.open |= d.open;
                    }
                    _ => dict.open = true,
                },
            }
        }
        Value::Dict(Arc::new(dict))
    }

    fn binary(&mut self, left: &'a Expr, op: BinaryOp, right: &'a Expr, span: Span) -> Value<'a> {
        let (l, r) = (self.eval(left), self.eval(right));
        let merged = libraries::boolean(self, &l, &r);
        if !merged.is_unknown() {
            return merged;
        }
        match op {
            BinaryOp::Add => strings::add(self, &l, &r, left.span, right.span),
            BinaryOp::Mod => strings::percent(self, &l, &r, span),
            BinaryOp::BitOr => match (&l, &r) {
                (Value::Dict(_), Value::Dict(_)) => super::builtins::merged(&l, &r),
                _ if is_type(&l) || is_type(&r) => {
                    let all = [self.instance_of(&l), self.instance_of(&r)];
                    Value::Type(Arc::new(Value::union(all)))
                }
                _ => Value::Unknown,
            },
            _ => Value::Unknown,
        }
    }

    fn lambda(&mut self, node: &'a (Vec<python::Param>, Expr)) -> Value<'a> {
        let saved: Vec<_> = node.0.iter().map(|p| (p.name.name, self.env.insert(p.name.name, Value::Unknown))).collect();
        self.eval(&node.1);
        self.restore(saved);
        Value::Lambda(Arc::new(Lambda { file: self.place.file, node }))
    }

    /// Calls a lambda of this very scope with these arguments.
    pub fn call_lambda(&mut self, lambda: &Lambda<'a>, args: &[Value<'a>]) -> Value<'a> {
        // A lambda may call itself through its name, or others that call it back.
        if lambda.file != self.place.file || self.lambdas >= MAX_LAMBDAS {
            return Value::Unknown;
        }
        self.lambdas += 1;
        let params = &lambda.node.0;
        let saved: Vec<_> =
            params.iter().enumerate().map(|(n, p)| (p.name.name, self.env.insert(p.name.name, args.get(n).cloned().unwrap_or_default()))).collect();
        let quiet = std::mem::replace(&mut self.quiet, true);
        let v = self.eval(&lambda.node.1);
        self.quiet = quiet;
        self.restore(saved);
        self.lambdas -= 1;
        v
    }

    fn restore(&mut self, saved: Vec<(Symbol, Option<Value<'a>>)>) {
        for (name, old) in saved.into_iter().rev() {
            match old {
                Some(v) => self.env.insert(name, v),
                None => self.env.remove(&name),
            };
        }
    }

    /// A call: the receiver's library is asked first, then Python's own rules apply.
    pub fn call(&mut self, call: &'a Call, span: Span) -> Value<'a> {
        if let ExprKind::Attribute(a) = &call.func.kind {
            let receiver = self.eval(&a.value);
            let args = self.args(call);
            self.callbacks(call, &args, Some(&receiver));
            if a.attr.as_str() == "create_all" {
                libraries::create_all(self, &a.value);
            }
            if let Some(v) = self.method(&receiver, a.attr, call, &args, span) {
                return v;
            }
            if let Some(v) = super::builtins::method(self, &a.value, &receiver, a.attr, call, &args) {
                return v;
            }
            let callee = self.attribute(&receiver, a.attr);
            return self.apply(&callee, call, &args, span);
        }
        let callee = self.eval(&call.func);
        let args = self.args(call);
        self.callbacks(call, &args, None);
        self.apply(&callee, call, &args, span)
    }

    /// Does something with each alternative. An attribute that one of them has is not missing: which one it is may hang on the very condition that leads here.
    fn on_each<T>(&mut self, all: &[Value<'a>], mut with: impl FnMut(&mut Self, &Value<'a>) -> T) -> Vec<T> {
        let before = self.uses.missing_attributes.len();
        let mut lacking = 0;
        let mut results = Vec::with_capacity(all.len());
        for v in all {
            let had = self.uses.missing_attributes.len();
            results.push(with(self, v));
            lacking += usize::from(self.uses.missing_attributes.len() > had);
        }
        if lacking < all.len() {
            self.uses.missing_attributes.truncate(before);
        }
        results
    }

    fn method(&mut self, receiver: &Value<'a>, name: Ident, call: &'a Call, args: &Args<'a>, span: Span) -> Option<Value<'a>> {
        if let Value::Union(all) = receiver {
            let known: Vec<_> = all.iter().filter(|v| !matches!(v, Value::None)).cloned().collect();
            let results: Vec<_> = self.on_each(&known, |ev, v| libraries::method(ev, v, name, call, args, span)).into_iter().flatten().collect();
            return (!results.is_empty()).then(|| Value::union(results));
        }
        libraries::method(self, receiver, name, call, args, span)
    }

    fn args(&mut self, call: &'a Call) -> Args<'a> {
        Args { values: call.args.iter().map(|a| self.eval(&a.value)).collect() }
    }

    /// Calls a value.
    pub fn apply(&mut self, callee: &Value<'a>, call: &'a Call, args: &Args<'a>, span: Span) -> Value<'a> {
        if let Some(v) = libraries::call(self, callee, call, args, span) {
            return v;
        }
        match callee {
            Value::Class(c) => Value::Instance(*c),
            Value::Function(f) => libraries::inline(self, *f, None, call, args),
            Value::Method(m) => libraries::inline(self, m.1, Some(&m.0), call, args),
            Value::Lambda(l) => self.call_lambda(l, &args.values),
            Value::External(path) => super::builtins::call(self, path, call, args)
                .unwrap_or_else(|| Value::Object(Arc::new(Object { path: *path, call: Some((self.place.file, call)) }))),
            Value::Instance(c) => match self.world.class_member(*c, Symbol::from("__call__")) {
                Some((_, [.., Binding::Function(f)])) => self.result_of(*f),
                _ => Value::Unknown,
            },
            Value::Union(all) => {
                let results = self.on_each(all, |ev, v| ev.apply(v, call, args, span));
                Value::union(results)
            }
            _ => Value::Unknown,
        }
    }

    /// What a function of the project gives: by its annotation where that says something, else by its body.
    pub fn result_of(&mut self, f: FunctionId) -> Value<'a> {
        let def = self.world.index.function(f);
        let place = Place { file: def.file, class: def.class, function: def.outer };
        let annotated = def.node.returns.as_ref().map_or(Value::Unknown, |a| Evaluator::quiet_on(self.world, place, &self.trail).annotation(a));
        // Where that says all, the body need not be walked.
        if matches!(annotated, Value::List(_)) || (matches!(annotated, Value::Instance(_)) && !def.node.is_generator()) {
            return annotated;
        }
        let summary = self.world.summary(f);
        if let Some(y) = &summary.yields {
            return Value::list_of(y.clone());
        }
        match (&annotated, &summary.returns) {
            (Value::Unknown | Value::None, r) => r.clone(),
            // What the body says is often finer: a query instead of `Query`, rows instead of `list`.
            (_, r @ (Value::Library(_) | Value::List(_))) if !matches!(annotated, Value::Instance(_)) => r.clone(),
            _ => annotated,
        }
    }
}

fn is_type(v: &Value<'_>) -> bool {
    matches!(v, Value::Class(_) | Value::Type(_))
}

/// Python's own functions and classes, as the module has them that all names are looked up in last.
fn builtin(name: Symbol) -> Option<Symbol> {
    const NAMES: &[&str] = &[
        "dict",
        "list",
        "set",
        "tuple",
        "frozenset",
        "str",
        "int",
        "float",
        "bool",
        "bytes",
        "type",
        "object",
        "super",
        "getattr",
        "setattr",
        "hasattr",
        "isinstance",
        "sorted",
        "reversed",
        "enumerate",
        "zip",
        "map",
        "filter",
        "next",
        "iter",
        "len",
        "max",
        "min",
        "sum",
        "any",
        "all",
        "range",
        "vars",
        "print",
        "repr",
        "open",
        "property",
        "staticmethod",
        "classmethod",
        "Exception",
    ];
    static PATHS: LazyLock<FxHashMap<Symbol, Symbol>> =
        LazyLock::new(|| NAMES.iter().map(Symbol::from).map(|name| (name, super::modules::external("builtins".into(), name))).collect());
    PATHS.get(&name).copied()
}

/// `model = model.Order` in a class's body: until it has run, the name is the one outside.
fn takes_from_outside(bindings: &[Binding<'_>], name: Symbol) -> bool {
    let [Binding::Value { value, .. }] = bindings else { return false };
    let mut found = false;
    value.each(&mut |e| found |= matches!(e.kind, ExprKind::Name(n) if n == name));
    found
}
