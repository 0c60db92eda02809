//! Attributes that an object's class does not have.

use crate::symbol::Symbol;

use crate::project::eval::Evaluator;
use crate::project::index::{ClassId, last_name};
use crate::project::uses::Certainty;
use crate::project::value::Value;
use crate::syntax::python::{Call, Expr, ExprKind, Function, Ident, Stmt, StmtKind};

use super::attributes::{LIBRARY_MEMBERS, is_django};
use super::emit::{self, Found};

/// A name that is bound by a name that is bound by a name.
const MOST_NAMES: usize = 5;

/// `name.attr`, read. What an object is was inferred, and Python lets anyone set anything on it. So this is never more than likely, and it takes a
/// name that the function around binds in words that name the class (see [`Says`]), or a relationship of such a name; silent where some code sets that attribute on
/// some object, or a subclass has it.
pub fn read<'a>(ev: &mut Evaluator<'_, 'a>, receiver: &'a Expr, value: &Value<'a>, attr: Ident) {
    let name = attr.name;
    if !ev.notes() || name.as_str().starts_with('_') || LIBRARY_MEMBERS.contains(&name.as_str()) {
        return;
    }
    let Some(class) = only_class(value) else { return };
    let Some((id, _)) = ev.world.models.of_class(class) else { return };
    if is_django(ev, class) || !matches!(emit::find(ev, class, name), Found::Missing) {
        return;
    }
    if ev.world.index.is_set_on_objects(name) || !is_said(ev, receiver, class, 0) {
        return;
    }
    let below = |c| c != class && ev.world.is_subclass(c, class) && !matches!(emit::find(ev, c, name), Found::Missing);
    if !ev.world.models.all.iter().filter_map(|m| m.class).any(below) {
        emit::missing_attribute(ev, id, name, ev.at(attr.span), Certainty::Medium);
    }
}

/// The class, where a value is an object of one or nothing.
fn only_class(value: &Value<'_>) -> Option<ClassId> {
    let mut known = value.alternatives().iter().filter(|v| !matches!(v, Value::None));
    let (Some(Value::Instance(class)), None) = (known.next(), known.next()) else { return None };
    Some(*class)
}

/// Whether the function around says that what stands before the dot is an object of a class.
fn is_said<'a>(ev: &mut Evaluator<'_, 'a>, receiver: &'a Expr, class: ClassId, deep: usize) -> bool {
    // `for node in node.children`
    let Some(function) = ev.place.function.filter(|_| deep < MOST_NAMES) else { return false };
    match &receiver.kind {
        ExprKind::Name(variable) => {
            let def = ev.world.index.function(function);
            let bindings = bindings(def.node, *variable);
            if def.class == Some(class) && bindings.len() == 1 && def.node.params.first().is_some_and(|p| p.name.name == *variable) {
                return true;
            }
            let name = ev.world.index.class(class).node.name.name;
            // `for line in order.lines`
            let led_to = |ev: &mut Evaluator<'_, 'a>| bindings.iter().all(|by| by.is_some_and(|by| leads(ev, by, class, deep)));
            Says { function: def.node, class: name, asked: Vec::new() }.of(*variable) || (!bindings.is_empty() && led_to(ev))
        }
        // `order.customer.nmae`
        ExprKind::Attribute(_) => leads(ev, receiver, class, deep),
        _ => false,
    }
}

/// Whether an expression is a relationship of an object, of which the function says what it is, to objects of a class: what that leads to is declared.
fn leads<'a>(ev: &mut Evaluator<'_, 'a>, e: &'a Expr, class: ClassId, deep: usize) -> bool {
    let ExprKind::Attribute(a) = &e.kind else { return false };
    if !matches!(a.value.kind, ExprKind::Name(_)) {
        return false;
    }
    let quiet = std::mem::replace(&mut ev.quiet, true);
    let owner = only_class(&ev.eval(&a.value));
    ev.quiet = quiet;
    let Some(owner) = owner else { return false };
    matches!(emit::find(ev, owner, a.attr.name), Found::Relationship(Some(to), _) if to == class) && is_said(ev, &a.value, owner, deep + 1)
}

/// What a function says of its names.
struct Says<'f> {
    function: &'f Function,
    class: Symbol,
    /// Names that are being asked about: `query = query.filter(…)` is what it was.
    asked: Vec<Symbol>,
}

impl Says<'_> {
    /// Whether all that a name is bound to names the class: an annotation, or an expression with it or with another name of which the same is true
    /// (`result = session.execute(select(Order))`, `order = result.scalar_one()`).
    fn of(&mut self, variable: Symbol) -> bool {
        let bindings = bindings(self.function, variable);
        self.asked.push(variable);
        // One that is bound to itself alone says nothing.
        let mut says = false;
        let all = bindings.iter().all(|by| {
            let Some(by) = by else { return false };
            let deeper = self.asked.len() < MOST_NAMES;
            let named = mentions(by, self.class) || (deeper && names(by).into_iter().any(|n| !self.asked.contains(&n) && self.of(n)));
            says |= named;
            named || (self.asked.len() > 1 && mentions(by, variable))
        });
        self.asked.pop();
        all && says
    }
}

/// What a function binds a name to, at any depth; `None` for what says nothing of it.
fn bindings(function: &Function, variable: Symbol) -> Vec<Option<&Expr>> {
    let mut found = Vec::new();
    for p in function.params.iter().filter(|p| p.name.name == variable) {
        found.push(p.annotation.as_ref());
    }
    let mut visit = |s| of_statement(s, variable, &mut found);
    function.body.iter().for_each(|s| s.each(&mut visit));
    found
}

fn of_statement<'f>(s: &'f Stmt, variable: Symbol, found: &mut Vec<Option<&'f Expr>>) {
    let mut target = |target: &Expr, by: Option<&'f Expr>| match &target.kind {
        ExprKind::Name(n) if *n == variable => found.push(by),
        // `order.seen = True` makes no other object of it; what is set so is known.
        _ if binds(target, variable) => found.push(None),
        _ => {}
    };
    match &s.kind {
        StmtKind::Assign(a) => a.0.iter().for_each(|t| target(t, Some(&a.1))),
        StmtKind::AnnAssign(a) => target(&a.0, Some(&a.1)),
        StmtKind::AugAssign(a) => target(&a.0, None),
        StmtKind::For(f) => target(&f.target, Some(&f.iter)),
        StmtKind::With(w) => w.0.iter().filter_map(|(_, t)| t.as_ref()).for_each(|t| target(t, None)),
        StmtKind::Global(names) if names.contains(&variable) => found.push(None),
        // A function inside may have a variable of the same name.
        StmtKind::Function(f) if f.name.name == variable || f.params.iter().any(|p| p.name.name == variable) => found.push(None),
        _ => {}
    }
    s.each_expr(&mut |e| {
        e.each(&mut |e| match &e.kind {
            ExprKind::Comprehension(c) => {
                for clause in &c.clauses {
                    match &clause.target.kind {
                        ExprKind::Name(n) if *n == variable => found.push(Some(&clause.iter)),
                        _ if binds(&clause.target, variable) => found.push(None),
                        _ => {}
                    }
                }
            }
            ExprKind::Named(n) if n.0.name == variable => found.push(Some(&n.1)),
            ExprKind::Lambda(l) if l.0.iter().any(|p| p.name.name == variable) => found.push(None),
            // `setattr(order, key, value)`
            ExprKind::Call(c) if sets_anything(c, variable) => found.push(None),
            _ => {}
        });
    });
}

/// Whether a call sets an attribute of the variable whose name is not written there.
fn sets_anything(call: &Call, variable: Symbol) -> bool {
    let named = |e: &Expr| matches!(e.kind, ExprKind::Name(n) if n == variable);
    last_name(&call.func).is_some_and(|n| n.as_str() == "setattr")
        && call.positional(0).is_some_and(named)
        && !call.positional(1).is_some_and(|e| matches!(&e.kind, ExprKind::Str(s) if s.constant().is_some()))
}

/// Whether a target binds a name, among others.
fn binds(target: &Expr, variable: Symbol) -> bool {
    match &target.kind {
        ExprKind::Name(n) => *n == variable,
        ExprKind::Tuple(items) | ExprKind::List(items) => items.iter().any(|t| binds(t, variable)),
        ExprKind::Starred(inner) => binds(inner, variable),
        _ => false,
    }
}

/// Bare names in an expression.
fn names(e: &Expr) -> Vec<Symbol> {
    let mut found = Vec::new();
    e.each(&mut |e| found.extend(if let ExprKind::Name(n) = e.kind { Some(n) } else { None }));
    found
}

/// Whether an expression contains a name, bare or at the end of a path, or an annotation in quotes.
fn mentions(e: &Expr, name: Symbol) -> bool {
    let mut found = false;
    e.each(&mut |e| {
        found |= match &e.kind {
            ExprKind::Name(_) | ExprKind::Attribute(_) => last_name(e) == Some(name),
            ExprKind::Str(s) => s.constant().is_some_and(|t| t == name.as_str()),
            _ => false,
        };
    });
    found
}
