//! The links of a chain: verbs, filters, modifiers, `execute`.

use std::sync::Arc;

use crate::symbol::Symbol;

use crate::diagnostic::{Access, Context};
use crate::project::eval::{Args, Evaluator};
use crate::project::text::Text;
use crate::project::uses::{Certainty, ConflictTarget, Literal, RelationName};
use crate::project::value::Value;
use crate::source::{Location, Span};
use crate::syntax::python::{Call, Expr, ExprKind, Ident};
use crate::syntax::sql::template::{HOLE, Template};

use super::shape::{self, Shape};
use super::{Postgrest, Query, Rows, Verb, is_used, logic, note, of, payload, wrap};

/// Methods whose first argument is a column.
pub const FILTERS: &[&str] = &[
    "eq",
    "neq",
    "gt",
    "gte",
    "lt",
    "lte",
    "is_",
    "like",
    "ilike",
    "like_all_of",
    "like_any_of",
    "ilike_all_of",
    "ilike_any_of",
    "in_",
    "contains",
    "contained_by",
    "overlaps",
    "cs",
    "cd",
    "ov",
    "sl",
    "sr",
    "nxl",
    "nxr",
    "adj",
    "range_gt",
    "range_gte",
    "range_lt",
    "range_lte",
    "range_adjacent",
    "fts",
    "plfts",
    "phfts",
    "wfts",
    "text_search",
    "filter",
    "not_",
    "not_in",
    "match_",
    "imatch",
];

/// One more call on a chain.
pub fn step<'a>(ev: &mut Evaluator<'_, 'a>, q: &Arc<Query>, name: Ident, call: &'a Call, args: &Args<'a>) -> Value<'a> {
    let mut next = (**q).clone();
    match name.as_str() {
        "select" => select(ev, &mut next, args),
        "insert" => write(ev, &mut next, Verb::Insert, name, call, args),
        "upsert" => write(ev, &mut next, Verb::Upsert, name, call, args),
        "update" => write(ev, &mut next, Verb::Update, name, call, args),
        "delete" => begin(ev, &mut next, Verb::Delete),
        "single" | "maybe_single" => next.single = true,
        "csv" | "explain" => next.shape = Arc::new(Shape::unknown()),
        "execute" => return answer(q),
        "match" => {
            if let Some(Value::Dict(d)) = args.get(call, 0, "query") {
                for e in d.entries.clone() {
                    column(ev, q, &e.key, e.at);
                }
            }
        }
        "or_" | "and_" => {
            if let Some(text) = args.get(call, 0, "filters").and_then(Value::text).cloned() {
                conditions(ev, q, &text, foreign(args, call));
            }
        }
        "order" => order(ev, q, call, args),
        filter if FILTERS.contains(&filter) => {
            let given = args.get(call, 0, "column").cloned().unwrap_or_default();
            let at = call.args.first().map_or(name.span, |a| a.value.span);
            for v in given.alternatives() {
                match v {
                    Value::Str(text) => {
                        let text = text.clone();
                        let named = column(ev, q, &text, ev.at(at));
                        if let (Some((relation, column)), "eq" | "neq" | "in_") = (named, filter) {
                            compared(ev, q, relation, column, call, args);
                        }
                    }
                    _ => note::skip(ev, "column name not known"),
                }
            }
        }
        _ => {}
    }
    wrap(Postgrest::Query(Arc::new(next)))
}

/// The table is named as soon as something is done with it.
fn begin(ev: &mut Evaluator<'_, '_>, q: &mut Query, verb: Verb) {
    let access = if verb == Verb::Select { Access::Read } else { Access::Write };
    match q.relation {
        Some(relation) if q.verb == Verb::None => note::reference(ev, q.named, relation, None, access, q.certainty),
        None if q.verb == Verb::None => {
            ev.hands_on = true;
            note::skip(ev, "table name not known");
        }
        _ => {}
    }
    if q.verb == Verb::None {
        q.verb = verb;
    }
}

fn select(ev: &mut Evaluator<'_, '_>, q: &mut Query, args: &Args<'_>) {
    begin(ev, q, Verb::Select);
    if q.verb == Verb::Rpc && q.relation.is_none() {
        return;
    }
    let mut shape = Shape { relation: q.relation, ..Shape::default() };
    let (mut given, mut head) = (false, false);
    for v in &args.values {
        match v {
            Value::Str(text) => {
                // Keyword arguments of `select` (`count="exact"`) are no columns.
                let own = !COUNTS.contains(&text.constant().as_deref().unwrap_or_default());
                if own || args.values.len() == 1 {
                    given = true;
                    add(ev, q, text, &mut shape);
                }
            }
            Value::List(list) => {
                given = true;
                shape.open |= list.rest.is_some();
                for item in &list.items {
                    match item {
                        Value::Str(text) => add(ev, q, text, &mut shape),
                        _ => shape.open = true,
                    }
                }
            }
            Value::Bool(true) => head = true,
            Value::None | Value::Bool(false) => {}
            _ => {
                given = true;
                shape.open = true;
            }
        }
    }
    if !given && !head {
        shape = Shape::all(q.relation);
    }
    shape.open |= q.relation.is_none() && shape.star;
    q.shape = Arc::new(shape);
}

/// What `count=` may be.
const COUNTS: &[&str] = &["exact", "planned", "estimated"];

fn add(ev: &mut Evaluator<'_, '_>, q: &Query, text: &Text<'_>, shape: &mut Shape) {
    let more = shape::read(ev, text, q.relation, q.certainty);
    shape.star |= more.star;
    shape.open |= more.open || text.has_hole();
    shape.keys.extend(more.keys);
}

fn write<'a>(ev: &mut Evaluator<'_, 'a>, q: &mut Query, verb: Verb, name: Ident, call: &'a Call, args: &Args<'a>) {
    begin(ev, q, verb);
    let Some(relation) = q.relation else {
        return;
    };
    let at = ev.at(name.span);
    let given = args.get(call, 0, "json").cloned().unwrap_or_default();
    payload::write(ev, payload::Target { relation, verb, at, certainty: q.certainty }, &given);
    if let Some(text) = args.keyword(call, "on_conflict").and_then(Value::text).cloned() {
        conflict(ev, q, relation, &text);
    }
}

/// `on_conflict="a,b"`
fn conflict(ev: &mut Evaluator<'_, '_>, q: &Query, relation: RelationName, text: &Text<'_>) {
    let template = text.template();
    let mut columns = Vec::new();
    for (name, range) in list(template.text()) {
        if name.contains(HOLE) {
            return;
        }
        let column = Symbol::from(name);
        columns.push(column);
        note::reference(ev, template.locate(range), relation, Some(column), Access::Read, q.certainty);
    }
    let Some(location) = text.location() else { return };
    if ev.notes() && !columns.is_empty() {
        let certainty = note::certainty(ev, q.certainty);
        ev.uses.conflict_targets.push(ConflictTarget { location, relation, columns, context: Context::Query, certainty });
    }
}

/// Names between commas, with their bytes.
pub fn list(text: &str) -> impl Iterator<Item = (&str, Span)> {
    let mut at = 0;
    text.split(',').filter_map(move |part| {
        let start = at + part.len() - part.trim_start().len();
        at += part.len() + 1;
        let name = part.trim();
        (!name.is_empty()).then(|| (name, Span::new(start, start + name.len())))
    })
}

fn order<'a>(ev: &mut Evaluator<'_, 'a>, q: &Query, call: &'a Call, args: &Args<'a>) {
    let given = args.get(call, 0, "column").cloned().unwrap_or_default();
    let foreign = foreign(args, call);
    for v in given.alternatives() {
        let Value::Str(text) = v else {
            note::skip(ev, "column name not known");
            continue;
        };
        let template = text.template();
        for (term, span) in list(template.text()) {
            // `created_at.desc.nullslast`; `customers(name)`
            let name = term
                .split_once('.')
                .filter(|(_, rest)| rest.split('.').all(|w| matches!(w, "asc" | "desc" | "nullsfirst" | "nullslast")))
                .map_or(term, |(n, _)| n);
            let (embed, name, skipped) = match name.split_once('(') {
                Some((e, n)) => (Some(Symbol::from(e.trim())), n.trim_end_matches(')'), e.len() + 1),
                None => (foreign, name, 0),
            };
            let start = span.start as usize + skipped;
            column_in(ev, q, embed, &template, name, start);
        }
    }
}

fn foreign<'a>(args: &Args<'a>, call: &'a Call) -> Option<Symbol> {
    ["foreign_table", "reference_table", "referenced_table"].iter().find_map(|k| args.keyword(call, k)?.constant()).map(|t| Symbol::from(&t))
}

/// `or_("a.eq.1,b.is.null")`
pub fn conditions(ev: &mut Evaluator<'_, '_>, q: &Query, text: &Text<'_>, foreign: Option<Symbol>) {
    let template = text.template();
    let whole = template.text().to_owned();
    conditions_at(ev, q, &template, &whole, 0, foreign);
}

/// The same for conditions that stand at byte `offset` of a longer text.
pub fn conditions_at(ev: &mut Evaluator<'_, '_>, q: &Query, template: &Template, text: &str, offset: usize, foreign: Option<Symbol>) {
    for name in logic::columns(text) {
        column_in(ev, q, foreign, template, &name.text, name.range.start + offset);
    }
}

/// A filter's column: `total`, `data->>kind`, `customers.tier`.
fn column(ev: &mut Evaluator<'_, '_>, q: &Query, text: &Text<'_>, at: Location) -> Option<(RelationName, Symbol)> {
    let mut template = text.template();
    if text.location().is_none() && !text.has_hole() {
        // A name that no literal spells (an enum's member, a keyword): what made it stands for it.
        let constant = text.constant()?;
        let at = text.made_at().unwrap_or(at);
        template = Template::default();
        template.push_value(&constant, at);
    }
    let whole = template.text().to_owned();
    column_in(ev, q, None, &template, &whole, 0)
}

/// The same for `name`, which stands at byte `start` of the template; inside an embedded resource where one is given.
pub fn column_in(
    ev: &mut Evaluator<'_, '_>,
    q: &Query,
    embed: Option<Symbol>,
    template: &Template,
    name: &str,
    start: usize,
) -> Option<(RelationName, Symbol)> {
    let bare = name.split("->").next().unwrap_or_default().trim_end();
    let bare = bare.split("::").next().unwrap_or_default();
    if bare.is_empty() || bare.contains(HOLE) {
        return None;
    }
    let mut shape = q.shape.clone();
    if let Some(e) = embed {
        shape = shape.embedded(&e)?.shape.clone();
    }
    let (mut rest, mut start) = (bare, start);
    while let Some((outer, inner)) = rest.split_once('.') {
        shape = shape.embedded(outer)?.shape.clone();
        start += outer.len() + 1;
        rest = inner;
    }
    let relation = shape.relation?;
    // Not a name at all: an expression, or a value in the wrong place.
    if !rest.chars().all(|c| c.is_alphanumeric() || c == '_' || c == '$') {
        return None;
    }
    let column = Symbol::from(rest);
    note::reference(ev, template.locate(Span::new(start, start + rest.len())), relation, Some(column), Access::Read, q.certainty);
    Some((relation, column))
}

/// The constants of `eq("status", "open")`.
fn compared<'a>(ev: &mut Evaluator<'_, 'a>, q: &Query, relation: RelationName, column: Symbol, call: &'a Call, args: &Args<'a>) {
    let Some((values, expr)) = args.get(call, 1, "value").zip(call.argument(1, "value")) else { return };
    let items: Vec<(&Value<'a>, &Expr)> = match (values, &expr.kind) {
        (Value::List(l), ExprKind::List(e)) if l.rest.is_none() && l.items.len() == e.len() => l.items.iter().zip(e.iter()).collect(),
        (v, _) => vec![(v, expr)],
    };
    for (v, e) in items {
        if let Some(value) = v.constant() {
            let location = v.text().and_then(Text::location).unwrap_or_else(|| ev.at(e.span));
            literal(ev, location, relation, column, Some(value.into_owned()), false, q.certainty);
        }
    }
}

/// Notes a constant.
pub fn literal(ev: &mut Evaluator<'_, '_>, location: Location, relation: RelationName, column: Symbol, value: Option<String>, written: bool, sure: Certainty) {
    if ev.notes() {
        let certainty = note::certainty(ev, sure);
        let literal = Literal { location, relation, column, value, written, context: Context::Query, certainty };
        if !ev.uses.literals.contains(&literal) {
            ev.uses.literals.push(literal);
        }
    }
}

/// What `execute()` gives.
pub fn answer<'a>(q: &Arc<Query>) -> Value<'a> {
    let open = q.verb == Verb::None;
    let shape = if open { Arc::new(Shape::unknown()) } else { q.shape.clone() };
    let single = if q.verb == Verb::Rpc { q.single.then_some(true) } else { Some(q.single) };
    wrap(Postgrest::Answer(Arc::new(Rows { root: q.root, shape, single, certainty: q.certainty, sql: false })))
}

/// `asyncio.to_thread(query.execute)`, `retry(lambda: query.execute())`: whoever is given the one thing to do gives back what it gave.
pub fn executed_by<'a>(ev: &mut Evaluator<'_, 'a>, callee: &Value<'a>, args: &Args<'a>) -> Option<Value<'a>> {
    if !matches!(callee, Value::Unknown | Value::External(_) | Value::Object(_) | Value::Instance(_)) {
        return None;
    }
    // Nearly all arguments are neither: that is told sooner than what the project imports.
    if !args.values.iter().any(|v| matches!(v, Value::Lambda(_)) || of(v).is_some()) || !is_used(ev) {
        return None;
    }
    let mut found = args.values.iter().filter_map(|v| match v {
        Value::Lambda(l) => {
            let given = ev.call_lambda(&l.clone(), &[]);
            matches!(of(&given), Some(Postgrest::Answer(_))).then_some(given)
        }
        v => match of(v) {
            Some(Postgrest::Execute(q)) => Some(answer(q)),
            _ => None,
        },
    });
    let first = found.next()?;
    found.next().is_none().then_some(first)
}
