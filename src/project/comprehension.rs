//! Lists, sets and dicts that are made in a loop of their own.

use std::sync::Arc;

use crate::source::Location;
use crate::symbol::Symbol;
use crate::syntax::python::{self, ComprehensionKind, Expr, ExprKind};

use super::eval::Evaluator;
use super::text::Text;
use super::value::{Dict, DictEntry, Value};
use super::{fold, libraries};

impl<'a> Evaluator<'_, 'a> {
    /// What a comprehension makes.
    pub(super) fn comprehension(&mut self, c: &'a python::Comprehension) -> Value<'a> {
        let saved_env = self.env.clone();
        if self.world.is_collecting()
            && let ([clause], None) = (c.clauses.as_slice(), &c.value)
        {
            let all = fold::comprehension(self, clause, &c.element);
            self.env = saved_env.clone();
            if let Some(v) = all {
                return v;
            }
        }
        let mut filtered = None;
        for clause in &c.clauses {
            let iter = self.eval(&clause.iter);
            let element = libraries::looped(self, &clause.iter, &iter);
            self.assign(&clause.target, &element, None);
            for condition in &clause.conditions {
                self.eval(condition);
                self.narrow(condition, true);
                filtered = filtered.or_else(|| self.allowed_keys(condition));
            }
        }
        let element = self.eval(&c.element);
        let value = c.value.as_ref().map(|v| self.eval(v));
        let changed = popped_from(c).and_then(|name| Some((name, self.env.get(&name)?.clone())));
        self.env = saved_env;
        // `[row.pop(key) for key in …]` is a loop in disguise.
        if let Some((name, now)) = changed.filter(|(name, _)| self.env.contains_key(name)) {
            self.env.insert(name, now);
        }
        if c.kind == ComprehensionKind::Dict {
            // `{k: v for k, v in x.items() if k in ALLOWED}` has the keys of ALLOWED at most.
            let entries = filtered.unwrap_or_default();
            let open = entries.is_empty();
            let value = value.unwrap_or_default();
            // `{row.id: row for row in rows}`
            if open && super::flow::is_object(&value) {
                return Value::Mapping(Arc::new((element, value)));
            }
            let entry = |(key, at): (Text<'a>, Location)| DictEntry { key, at, value: value.clone(), expr: None, conditional: true };
            return Value::Dict(Arc::new(Dict { entries: entries.into_iter().map(entry).collect(), open }));
        }
        Value::list_of(element)
    }

    /// The keys that a condition (`k in ALLOWED`) leaves.
    fn allowed_keys(&mut self, condition: &'a Expr) -> Option<Vec<(Text<'a>, Location)>> {
        let ExprKind::Compare(c) = &condition.kind else { return None };
        if c.1.len() != 1 || c.1[0].as_str() != "in" {
            return None;
        }
        let items = match self.eval(&c.0[1]) {
            Value::List(l) if l.rest.is_none() => l.items.clone(),
            Value::Tuple(t) => t.to_vec(),
            _ => return None,
        };
        items.iter().map(|v| v.text().and_then(|t| t.location().map(|at| (t.clone(), at)))).collect()
    }
}

/// The name of the dict that the element of a comprehension takes something out of, unless the comprehension binds it.
fn popped_from(c: &python::Comprehension) -> Option<Symbol> {
    let ExprKind::Call(call) = &c.element.kind else { return None };
    let ExprKind::Attribute(a) = &call.func.kind else { return None };
    let ExprKind::Name(name) = a.value.kind else { return None };
    let mut own = false;
    c.clauses.iter().for_each(|clause| clause.target.each(&mut |e| own |= matches!(e.kind, ExprKind::Name(n) if n == name)));
    (a.attr.as_str() == "pop" && !own).then_some(name)
}
