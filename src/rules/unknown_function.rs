//! `unknown-function`

use super::{Context, Rule, grade, sql_problems, suggest};
use crate::config::Level;
use crate::diagnostic::{Diagnostic, Severity};
use crate::project::uses::FunctionCall;
use crate::schema::Function;
use crate::sql::ProblemKind;

pub(super) const RULE: Rule = Rule {
    name: "unknown-function",
    level: Level::Error,
    summary: "a call names no function of the lock, or no argument of that name",
    page: include_str!("../../rules/unknown-function.md"),
    check,
};

fn check(context: &Context<'_, '_>, found: &mut Vec<Diagnostic>) {
    sql_problems(context, ProblemKind::UnknownFunction, &RULE, found);
    // A lock without any function says nothing about functions.
    if context.schema.functions.is_empty() {
        return;
    }
    for call in &context.project.uses.calls {
        let Some(severity) = grade(Severity::Error, call.certainty) else { continue };
        let schema = call.schema.map(|s| s.as_str());
        if schema.is_some_and(|s| !context.schema.knows_namespace(s)) {
            continue;
        }
        match context.schema.find(&context.schema.functions, schema, &call.function) {
            // What made the tables that migrations go on from may have made functions, too.
            None => found.extend(grade(Severity::Error, context.sure_of_missing_table(call.certainty)).map(|s| no_function(context, call, s))),
            Some((_, overloads)) => found.extend(unknown_arguments(call, overloads, severity)),
        }
    }
}

fn no_function(context: &Context<'_, '_>, call: &FunctionCall, severity: Severity) -> Diagnostic {
    let message = format!("function `{}` does not exist", call.function);
    let mut d = Diagnostic::new(RULE.name, severity, call.location, call.context, message);
    d.schema = call.schema.map(|s| s.to_string());
    if let Some(near) = suggest::best(&call.function, context.schema.functions.keys().map(|k| k.name.as_str())) {
        d.help = Some(format!("did you mean `{near}`?"));
        d.suggestion = Some(near.to_owned());
    }
    d
}

/// PostgREST passes arguments by name: one that no overload has cannot be right.
fn unknown_arguments(call: &FunctionCall, overloads: &[Function], severity: Severity) -> Vec<Diagnostic> {
    let names: Vec<&str> = overloads.iter().flat_map(|f| &f.arguments).filter_map(|a| a.name.as_deref()).collect();
    let nameless = overloads.iter().any(|f| f.arguments.iter().any(|a| a.name.is_none()));
    let unknown = call.arguments.iter().filter(|(name, _)| !nameless && !names.contains(&name.as_str()));
    unknown
        .map(|(name, at)| {
            let mut d = Diagnostic::new(RULE.name, severity, *at, call.context, format!("function `{}` has no argument `{name}`", call.function));
            if let Some(near) = suggest::best(name, names.iter().copied()) {
                d.help = Some(format!("did you mean `{near}`?"));
                d.suggestion = Some(near.to_owned());
            }
            d
        })
        .collect()
}
