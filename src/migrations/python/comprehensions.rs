//! Comprehensions.

use std::rc::Rc;

use super::value::{Scope, Value};
use super::{Frame, Host, Machine};
use crate::syntax::python::{CompFor, Comprehension, ComprehensionKind};

impl<'a, H: Host<'a>> Machine<'_, 'a, H> {
    pub(super) fn comprehension(&mut self, c: &'a Comprehension) -> Value<'a> {
        let scope = Scope::inside(self.frame().scope.clone());
        let frame = Frame { module: self.frame().module, scope: Some(scope), yields: Rc::default() };
        self.frames.push(frame);
        let (mut out, mut open) = (Vec::new(), false);
        self.clauses(c, &c.clauses, &mut out, &mut open);
        self.frames.pop();
        match c.kind {
            ComprehensionKind::Dict => {
                let mut pairs = super::value::Pairs { entries: Vec::new(), open };
                for (k, v) in out {
                    pairs.set(k, v);
                }
                Value::dict(pairs.entries, pairs.open)
            }
            ComprehensionKind::List | ComprehensionKind::Set | ComprehensionKind::Generator => Value::list(out.into_iter().map(|e| e.0).collect(), open),
        }
    }

    fn clauses(&mut self, c: &'a Comprehension, clauses: &'a [CompFor], out: &mut Vec<(Value<'a>, Value<'a>)>, open: &mut bool) {
        let Some((first, rest)) = clauses.split_first() else {
            let element = self.eval(&c.element);
            let value = c.value.as_ref().map_or(Value::None, |v| self.eval(v));
            out.push((element, value));
            return;
        };
        let over = self.eval(&first.iter);
        let Some((items, more)) = self.iterate(&over) else {
            *open = true;
            return;
        };
        *open |= more;
        for item in items {
            if !self.step() {
                *open = true;
                return;
            }
            self.assign(&first.target, item);
            let mut kept = Some(true);
            for condition in &first.conditions {
                match self.eval(condition).truth() {
                    Some(true) => {}
                    Some(false) => kept = Some(false),
                    None => kept = kept.and(None).or(if kept == Some(false) { kept } else { None }),
                }
            }
            match kept {
                Some(true) => self.clauses(c, rest, out, open),
                Some(false) => {}
                None => *open = true,
            }
        }
    }
}
