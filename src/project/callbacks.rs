//! Lambdas handed to a call together with what they will be called on: `sorted(rows, key=lambda r: r.rank)`, `rows.sort(key=…)`, `first(rows, pred=…)`.

use crate::syntax::python::{Call, ExprKind};

use super::eval::{Args, Evaluator};
use super::value::Value;

impl<'a> Evaluator<'_, 'a> {
    /// Looks into the lambdas of a call once more, with their parameter bound to an element of the collection beside them.
    pub(super) fn callbacks(&mut self, call: &'a Call, args: &Args<'a>, receiver: Option<&Value<'a>>) {
        let lambdas = || call.args.iter().filter_map(|a| if let ExprKind::Lambda(l) = &a.value.kind { Some(l) } else { None }).filter(|l| l.0.len() == 1);
        if lambdas().next().is_none() {
            return;
        }
        let candidates: Vec<Value<'a>> = receiver.into_iter().chain(&args.values).cloned().collect();
        let element = candidates.iter().map(|v| super::libraries::element(self, v)).find(|v| v.alternatives().iter().any(|v| matches!(v, Value::Instance(_))));
        let Some(element) = element else { return };
        for l in lambdas() {
            let name = l.0[0].name.name;
            let before = self.env.insert(name, element.clone());
            self.eval(&l.1);
            self.widen(vec![(name, before)]);
        }
    }
}
