//! What a test says of the names in it, where it holds and where it does not.

use crate::symbol::Symbol;

use crate::syntax::python::{Expr, ExprKind};

use super::eval::Evaluator;
use super::index::last_name;
use super::value::Value;

/// Names that a test said something of, with what was known of them before.
pub type Narrowed<'a> = Vec<(Symbol, Option<Value<'a>>)>;

impl<'a> Evaluator<'_, 'a> {
    /// Binds what a test says where it holds (or where it does not); gives what was known before.
    pub(super) fn narrow(&mut self, test: &'a Expr, holds: bool) -> Narrowed<'a> {
        let mut before = Vec::new();
        self.narrow_into(test, holds, &mut before);
        before
    }

    fn narrow_into(&mut self, test: &'a Expr, holds: bool, before: &mut Narrowed<'a>) {
        match &test.kind {
            ExprKind::BoolOp(b) if b.1 == holds => {
                self.narrow_into(&b.0, holds, before);
                self.narrow_into(&b.2, holds, before);
            }
            ExprKind::Unary(u) if u.0.as_str() == "not" => self.narrow_into(&u.1, !holds, before),
            ExprKind::Call(c) if last_name(&c.func).is_some_and(|n| n.as_str() == "isinstance") => {
                if let (Some(subject), Some(of)) = (c.positional(0), c.positional(1))
                    && let Some(name) = dotted(subject)
                {
                    let of = self.quietly(of);
                    let of = if let Value::Tuple(t) = of { Value::union(t.iter().cloned()) } else { of };
                    let wanted = self.instance_of(&of);
                    let have = self.quietly(subject);
                    let v = self.only(&have, &wanted, holds);
                    self.dotted |= !matches!(subject.kind, ExprKind::Name(_));
                    before.push((name, self.env.insert(name, v)));
                }
            }
            // `hasattr(Model, "name")`: it may be there, whatever the class says.
            ExprKind::Call(c) if holds && last_name(&c.func).is_some_and(|n| n.as_str() == "hasattr") => {
                if let (Some(subject), Some(ExprKind::Str(name))) = (c.positional(0).and_then(dotted), c.positional(1).map(|e| &e.kind))
                    && let Some(name) = name.constant()
                {
                    let name = Symbol::from(&format!("{subject}.{name}"));
                    self.dotted = true;
                    before.push((name, self.env.insert(name, Value::Unknown)));
                }
            }
            // `model in (A, B)`, `model is A`: classes handed around as values.
            ExprKind::Compare(c) if holds && c.1.len() == 1 && matches!(c.1[0].as_str(), "in" | "is" | "==") => {
                if let ExprKind::Name(n) = c.0[0].kind {
                    let right = self.quietly(&c.0[1]);
                    let classes = if c.1[0].as_str() == "in" { right.element() } else { right };
                    if classes.alternatives().iter().all(|v| matches!(v, Value::Class(_))) {
                        before.push((n, self.env.insert(n, classes)));
                    }
                }
            }
            _ => {}
        }
    }

    fn quietly(&mut self, e: &'a Expr) -> Value<'a> {
        let quiet = std::mem::replace(&mut self.quiet, true);
        let loud = std::mem::replace(&mut self.state.loud_through, false);
        let v = self.eval(e);
        self.state.loud_through = loud;
        self.quiet = quiet;
        v
    }

    /// The alternatives that are (or are not) instances of what is wanted.
    fn only(&self, have: &Value<'a>, wanted: &Value<'a>, holds: bool) -> Value<'a> {
        let is = |v: &Value<'a>| match v {
            Value::Instance(c) => wanted.alternatives().iter().any(|w| matches!(w, Value::Instance(of) if self.world.is_subclass(*c, *of))),
            _ => false,
        };
        let kept = Value::union(have.alternatives().iter().filter(|v| is(v) == holds).cloned());
        if holds && kept.is_unknown() { wanted.clone() } else { kept }
    }

    /// Takes back what a test said.
    pub(super) fn widen(&mut self, narrowed: Narrowed<'a>) {
        for (name, old) in narrowed.into_iter().rev() {
            match old {
                Some(v) => self.env.insert(name, v),
                None => self.env.remove(&name),
            };
        }
    }
}

/// The name of `a` or `a.b.c`, under which what is known of it is kept beside the local names (none of which has a dot).
pub(super) fn dotted(e: &Expr) -> Option<Symbol> {
    fn write(e: &Expr, out: &mut String) -> Option<()> {
        match &e.kind {
            ExprKind::Name(n) => out.push_str(n),
            ExprKind::Attribute(a) => {
                write(&a.value, out)?;
                out.push('.');
                out.push_str(a.attr.as_str());
            }
            _ => return None,
        }
        Some(())
    }
    if let ExprKind::Name(n) = e.kind {
        return Some(n);
    }
    let mut out = String::new();
    write(e, &mut out)?;
    Some(Symbol::from(&out))
}
