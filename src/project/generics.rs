//! Type variables: what a generic function gives for these arguments, and a generic class's methods for this subclass.

use std::sync::Arc;

use crate::symbol::Symbol;

use crate::syntax::python::{ArgKind, BinaryOp, Call, Expr, ExprKind, ParamKind, Stmt, StmtKind};

use super::env::Env;
use super::eval::{Args, Evaluator};
use super::index::{Binding, ClassId, FunctionId, last_name};
use super::value::{Object, Value};
use super::world::Place;

/// Whether an attribute of that name may hold the class of a model that only children of its class know.
pub fn may_hold_model(attr: &str) -> bool {
    ["model", "entity", "klass", "orm"].iter().any(|word| attr.contains(word))
}

/// The name in `self.attr = name`.
fn stored_name(s: &Stmt, attr: Symbol) -> Option<Symbol> {
    let (target, value) = match &s.kind {
        StmtKind::Assign(a) => (a.0.first()?, &a.1),
        StmtKind::AnnAssign(a) => (&a.0, a.2.as_ref()?),
        _ => return None,
    };
    let (ExprKind::Attribute(t), ExprKind::Name(from)) = (&target.kind, &value.kind) else { return None };
    (t.attr.name == attr).then_some(*from)
}

/// Whether a value is a `TypeVar`.
pub fn is_variable(v: &Value<'_>) -> bool {
    v.object_path().is_some_and(|p| matches!(p, "typing.TypeVar" | "typing_extensions.TypeVar"))
}

impl<'a> Evaluator<'_, 'a> {
    /// An instance of a type variable whose alternatives are listed; one that is only bounded says too little.
    pub(super) fn constraint(&mut self, variable: &Object<'a>) -> Value<'a> {
        let Some((file, call)) = variable.call else { return Value::Unknown };
        let mut ev = Evaluator::quiet_on(self.world, Place::module(file), &self.trail);
        let all: Vec<_> = call.positionals().skip(1).map(|e| ev.annotation(e)).collect();
        if !all.is_empty() {
            return Value::union(all);
        }
        // A bound that is itself mapped says which columns there are.
        match call.keyword("bound").map(|e| ev.annotation(e)) {
            Some(v @ Value::Instance(c)) if self.world.models.of_class(c).is_some() => v,
            Some(v @ Value::Union(_)) => v,
            _ => Value::Unknown,
        }
    }

    /// What a call gives by a return annotation with type variables in it; unknown where there are none.
    pub(super) fn generic_result(&mut self, f: FunctionId, receiver: Option<&Value<'a>>, call: &'a Call, args: &Args<'a>) -> Value<'a> {
        let def = self.world.index.function(f);
        let Some(returns) = &def.node.returns else { return Value::Unknown };
        let place = Place { file: def.file, class: def.class, function: def.outer };
        let mut ev = Evaluator::quiet_on(self.world, place, &self.trail);
        if !ev.mentions_variable(returns, 0) {
            return Value::Unknown;
        }
        let mut bound = Env::default();
        if let (Some(Value::Instance(c) | Value::Class(c)), Some(owner)) = (receiver, def.class) {
            ev.class_arguments(*c, owner, &mut bound);
        }
        let own = usize::from(receiver.is_some());
        for (n, p) in def.node.params.iter().enumerate().skip(own) {
            let Some(annotation) = &p.annotation else { continue };
            let value = match p.kind {
                ParamKind::Plain => args.get(call, n - own, p.name.as_str()),
                ParamKind::KeywordOnly => args.keyword(call, p.name.as_str()),
                ParamKind::Args | ParamKind::Kwargs => None,
            };
            if let Some(v) = value {
                ev.unify(annotation, v, &mut bound, 0);
            }
        }
        if bound.iter().next().is_none() {
            return Value::Unknown;
        }
        ev.env = bound;
        ev.annotation(returns)
    }

    /// What an object's attribute holds that a generic class's constructor fills from a parameter `model: type[T]`: for `class Books(Repository[Book])` it is `Book`.
    fn typed_by_base(&mut self, class: ClassId, attr: Symbol) -> Value<'a> {
        let world = self.world;
        let constructor = world.lineage(class).and_then(|l| {
            l.mro.iter().find_map(|c| match world.index.class(*c).names.get(&Symbol::from("__init__"))?.last()? {
                Binding::Function(f) => Some((*c, *f)),
                _ => None,
            })
        });
        let Some((owner, f)) = constructor.filter(|(owner, _)| *owner != class) else { return Value::Unknown };
        let def = world.index.function(f);
        let Some(filled) = def.node.body.iter().find_map(|s| stored_name(s, attr)) else { return Value::Unknown };
        let annotation = def.node.params.iter().find(|p| p.name.name == filled).and_then(|p| p.annotation.as_ref());
        let Some(ExprKind::Subscript(s)) = annotation.map(|a| &a.kind) else { return Value::Unknown };
        let ExprKind::Name(variable) = s.1.kind else { return Value::Unknown };
        if !last_name(&s.0).is_some_and(|n| matches!(n.as_str(), "type" | "Type")) {
            return Value::Unknown;
        }
        let mut bound = Env::default();
        let place = Place { file: def.file, class: def.class, function: def.outer };
        Evaluator::quiet_on(world, place, &self.trail).class_arguments(class, owner, &mut bound);
        match bound.get(&variable) {
            Some(Value::Type(of)) => match **of {
                Value::Instance(c) => Value::Class(c),
                _ => Value::Unknown,
            },
            _ => Value::Unknown,
        }
    }

    /// `self.model`, of which the class itself knows nothing: a generic base may, or else whoever calls a method of a child.
    pub(super) fn inherited_model(&mut self, class: ClassId, attr: Symbol, nothing: Value<'a>) -> Value<'a> {
        let typed = self.typed_by_base(class, attr);
        if !typed.is_unknown() {
            return typed;
        }
        self.hands_on |= self.place.class == Some(class);
        nothing
    }

    fn mentions_variable(&mut self, e: &'a Expr, depth: usize) -> bool {
        if depth > 6 {
            return false;
        }
        match &e.kind {
            ExprKind::Name(_) | ExprKind::Attribute(_) => is_variable(&self.eval(e)),
            ExprKind::Subscript(s) => self.mentions_variable(&s.1, depth + 1),
            ExprKind::Tuple(items) => items.iter().any(|i| self.mentions_variable(i, depth + 1)),
            ExprKind::Binary(b) => self.mentions_variable(&b.0, depth + 1) || self.mentions_variable(&b.2, depth + 1),
            _ => false,
        }
    }

    /// Binds the type variables of an annotation so that it fits a value.
    fn unify(&mut self, annotation: &'a Expr, v: &Value<'a>, bound: &mut Env<'a>, depth: usize) {
        if depth > 6 || v.is_unknown() {
            return;
        }
        match &annotation.kind {
            ExprKind::Name(n) if is_variable(&self.eval(annotation)) => {
                let v = v.not_none();
                if !v.is_unknown() && !bound.contains_key(n) {
                    bound.insert(*n, Value::Type(Arc::new(v)));
                }
            }
            ExprKind::Subscript(s) => match (last_name(&s.0).map_or("", |n| n.as_str()), v) {
                ("type" | "Type", Value::Class(c)) => self.unify(&s.1, &Value::Instance(*c), bound, depth + 1),
                ("Optional", v) => self.unify(&s.1, v, bound, depth + 1),
                (_, Value::List(_)) => {
                    let element = v.element();
                    self.unify(&s.1, &element, bound, depth + 1);
                }
                _ => {}
            },
            ExprKind::Binary(b) if b.1 == BinaryOp::BitOr => {
                self.unify(&b.0, v, bound, depth + 1);
                self.unify(&b.2, v, bound, depth + 1);
            }
            _ => {}
        }
    }

    /// The type variables of a generic base, as the classes between it and `class` fill them.
    fn class_arguments(&mut self, class: ClassId, owner: ClassId, bound: &mut Env<'a>) {
        let world = self.world;
        let Some(lineage) = world.lineage(class) else { return };
        for &c in &lineage.mro {
            let def = world.index.class(c);
            for base in def.node.bases.iter().filter(|b| b.kind == ArgKind::Positional) {
                let ExprKind::Subscript(s) = &base.value.kind else { continue };
                let place = Place { file: def.file, class: def.outer_class, function: def.outer_function };
                let mut ev = Evaluator::quiet_on(world, place, &self.trail);
                let Value::Class(generic) = ev.eval(&s.0) else { continue };
                if !world.is_subclass(generic, owner) {
                    continue;
                }
                let given: &'a [Expr] = if let ExprKind::Tuple(items) = &s.1.kind { items } else { std::slice::from_ref(&s.1) };
                for (name, e) in self.parameters(generic).into_iter().zip(given) {
                    let v = ev.annotation(e);
                    if !v.is_unknown() && !bound.contains_key(&name) {
                        bound.insert(name, Value::Type(Arc::new(v)));
                    }
                }
            }
        }
    }

    /// The names of a generic class's type variables, in order.
    fn parameters(&mut self, class: ClassId) -> Vec<Symbol> {
        let def = self.world.index.class(class);
        let mut names = Vec::new();
        for base in &def.node.bases {
            if let ExprKind::Subscript(s) = &base.value.kind {
                let items: &'a [Expr] = if let ExprKind::Tuple(items) = &s.1.kind { items } else { std::slice::from_ref(&s.1) };
                names.extend(items.iter().filter_map(|i| if let ExprKind::Name(n) = i.kind { Some(n) } else { None }));
            }
        }
        names.dedup();
        names
    }
}
