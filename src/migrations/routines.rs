//! Functions of PL/pgSQL that a history defines and calls itself: what they do to the schema happens where they are called.
//!
//! A call is run as a block (`DO`) of the function's body, with those arguments that are constants as its variables.

use std::collections::BTreeMap;

use crate::schema::QualifiedName;
use crate::syntax::sql::ast::{Call, CreateFunction, Expr, ExprKind, FromKind, FunctionBody, ParameterMode, QueryBody, StatementKind};

use super::sqltext::{literal, quoted};

/// Larger bodies are programs.
const LARGEST: usize = 64 << 10;

/// What a function does that may change the shape of a table.
#[derive(Clone, Debug)]
struct Routine {
    body: String,
    /// What its arguments are called.
    parameters: Vec<Option<String>>,
}

/// The functions so far, by name; of several with one name the last.
#[derive(Clone, Debug, Default)]
pub(super) struct Routines {
    known: BTreeMap<QualifiedName, Routine>,
}

impl Routines {
    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.known.is_empty()
    }

    /// Keeps a function if a call of it can change the schema.
    pub fn define(&mut self, name: QualifiedName, create: &CreateFunction) {
        self.known.remove(&name);
        let FunctionBody::Text(body) = &create.body else { return };
        if body.text.len() > LARGEST || create.language.is_none_or(|l| l.as_str() != "plpgsql") {
            return;
        }
        let lower = body.text.to_ascii_lowercase();
        let makes = ["table", "view"].iter().any(|w| lower.contains(w)) && ["create ", "alter ", "drop "].iter().any(|w| lower.contains(w));
        // A trigger runs when its event comes, not where it is made.
        let trigger = create.returns.as_ref().is_some_and(|r| matches!(r.name.name.as_str(), "trigger" | "event_trigger"));
        if makes && !trigger {
            let inputs = create.parameters.iter().filter(|p| p.mode != ParameterMode::Out);
            let parameters = inputs.map(|p| p.name.map(|n| n.as_str().to_owned())).collect();
            self.known.insert(name, Routine { body: body.text.clone(), parameters });
        }
    }

    /// The blocks that do what a statement does by the functions which it calls. `find` gives the names that a function's may stand for.
    pub fn blocks(&self, kind: &StatementKind, find: impl Fn(&Call) -> Vec<QualifiedName>) -> Vec<String> {
        let run = |call: &Call| {
            let routine = find(call).iter().find_map(|n| self.known.get(n))?;
            let declared = routine.parameters.iter().zip(&call.args).filter_map(|(name, value)| {
                let ExprKind::String(text) = &value.kind else { return None };
                Some(format!("DECLARE {} text := {};\n", quoted_if_needed(name.as_deref()?), literal(text)))
            });
            let body = declared.collect::<String>() + &routine.body;
            Some(format!("DO {}", literal(&body)))
        };
        calls(kind).into_iter().filter_map(run).collect()
    }
}

/// A name of a variable, in quotes where it needs them.
fn quoted_if_needed(name: &str) -> String {
    if name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_') { name.to_owned() } else { quoted(name) }
}

/// What a statement calls for its own sake: `CALL f()`, `SELECT f()`, `SELECT * FROM f()`.
fn calls(kind: &StatementKind) -> Vec<&Call> {
    fn call(e: &Expr) -> Option<&Call> {
        if let ExprKind::Call(call) = &e.kind { Some(call) } else { None }
    }
    match kind {
        StatementKind::Call(e) => call(e).into_iter().collect(),
        StatementKind::Query(query) => {
            let QueryBody::Select(select) = &query.body else { return Vec::new() };
            let from = select.from.iter().flat_map(|f| if let FromKind::Function(f) = &f.kind { f.calls.as_slice() } else { &[] });
            select.targets.iter().map(|t| &t.expr).chain(from.map(|f| &f.0)).filter_map(call).collect()
        }
        _ => Vec::new(),
    }
}
