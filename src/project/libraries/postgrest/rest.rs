//! PostgREST without a client: URLs with `/rest/v1/`, realtime subscriptions, vector stores that are told a table's name.

use std::sync::Arc;

use crate::symbol::Symbol;

use crate::diagnostic::{Access, Context};
use crate::project::eval::{Args, Evaluator};
use crate::project::uses::{Certainty, FunctionCall, RelationName};
use crate::project::value::Value;
use crate::source::Span;
use crate::syntax::python::{Call, Ident};
use crate::syntax::sql::template::{HOLE, Template};

use super::payload::{self, Target};
use super::query::{column_in, conditions_at, list};
use super::shape::{self, Shape};
use super::{Query, Verb, is_used, note};

/// Where Supabase serves PostgREST.
const PATH: &str = "/rest/v1/";

/// Query parameters that are no columns.
const RESERVED: &[&str] = &["select", "order", "limit", "offset", "on_conflict", "columns", "and", "or", "not.and", "not.or", "apikey"];

/// Whether what stands before the path is a server's address alone: nothing, something computed, or scheme and host. Other services have such a path deeper down.
fn is_served_at(before: &str) -> bool {
    let host = before.split_once("://").map_or(before, |(_, host)| host);
    !before.contains(char::is_whitespace) && !host.contains('/') || before.ends_with(HOLE)
}

/// Whether the file names PostgREST or who serves it.
fn speaks_of_it(ev: &Evaluator<'_, '_>) -> bool {
    let text = ev.world.sources.get(ev.place.file).text.to_ascii_lowercase();
    ["supabase", "postgrest", "apikey"].iter().any(|word| text.contains(word))
}

/// A call that is given such a URL: `requests.get(f"{base}/rest/v1/orders?select=id")`.
pub fn request<'a>(ev: &mut Evaluator<'_, 'a>, name: Option<Ident>, call: &'a Call, args: &Args<'a>) {
    if !ev.notes() {
        return;
    }
    let Some(url) = args.values.iter().filter_map(Value::text).find(|t| t.parts.iter().any(|p| p.known().is_some_and(|k| k.contains("rest/v1")))) else {
        return;
    };
    let template = url.template();
    let text = template.text().to_owned();
    let Some(start) = text.find(PATH).map(|n| n + PATH.len()) else { return };
    if !is_served_at(&text[..start - PATH.len()]) {
        return;
    }
    let rest = &text[start..];
    let end = rest.find(['?', '/', '#', ' ']).unwrap_or(rest.len());
    let segment = &rest[..end];
    let sure = if is_used(ev) { Certainty::High } else { Certainty::Medium };
    // Many a service numbers its own paths so. Where nothing speaks of PostgREST, only what the database has is asked of it.
    let schema = ev.world.schema;
    let known = || match rest.strip_prefix("rpc/") {
        Some(function) => schema.find(&schema.functions, None, &function[..function.find(['?', '/', '#']).unwrap_or(function.len())]).is_some(),
        None => schema.relation(None, segment).is_some(),
    };
    if sure != Certainty::High && !known() && !speaks_of_it(ev) {
        return;
    }
    if segment == "rpc" {
        return function(ev, &template, &text, start + 4, sure);
    }
    if segment.is_empty() || segment.contains(HOLE) {
        return;
    }
    let relation = RelationName { schema: None, name: Symbol::from(segment) };
    let verb = match name.map(|n| n.as_str()) {
        Some("post" | "put") => Verb::Insert,
        Some("patch") => Verb::Update,
        Some("delete") => Verb::Delete,
        _ => Verb::Select,
    };
    let access = if verb == Verb::Select { Access::Read } else { Access::Write };
    note::reference(ev, template.locate(Span::new(start, start + end)), relation, None, access, sure);
    let mut query = Query {
        root: ev.at(call.func.span),
        named: None,
        relation: Some(relation),
        certainty: sure,
        verb,
        shape: Arc::new(Shape::all(Some(relation))),
        single: false,
    };
    let parameters = rest[end..].strip_prefix('?').unwrap_or_default().to_owned();
    let from = start + end + 1;
    // The select list first: filters may name what it embeds.
    for (pass, select) in [true, false].into_iter().enumerate() {
        let mut at = from;
        for pair in parameters.split('&') {
            if let Some((key, value)) = pair.split_once('=')
                && (key == "select") == select
            {
                parameter(ev, &mut query, &template, (key, at), (value, at + key.len() + 1));
            }
            at += pair.len() + 1;
        }
        // `params={"select": "id", "status": "eq.open"}`
        if let Some(Value::Dict(d)) = args.keyword(call, "params") {
            for e in d.entries.clone() {
                let Some(key) = e.key.constant().map(std::borrow::Cow::into_owned) else { continue };
                if (key == "select") != (pass == 0) {
                    continue;
                }
                if let (true, Some(text)) = (RESERVED.contains(&key.as_str()), e.value.text()) {
                    let value = text.template();
                    let all = value.text().to_owned();
                    parameter(ev, &mut query, &value, (&key, 0), (&all, 0));
                } else if !RESERVED.contains(&key.as_str()) {
                    let name = e.key.template();
                    column_in(ev, &query, None, &name, &key, 0);
                }
            }
        }
    }
    if let (Some(body), Verb::Insert | Verb::Update) = (args.keyword(call, "json"), verb) {
        let at = ev.at(call.func.span);
        // A POST with a preference for merging is an upsert; both name the same columns.
        payload::write(ev, Target { relation, verb: Verb::Update, at, certainty: sure }, &body.clone());
    }
}

fn parameter(ev: &mut Evaluator<'_, '_>, q: &mut Query, template: &Template, key: (&str, usize), value: (&str, usize)) {
    match key.0 {
        "select" => q.shape = Arc::new(shape::read_at(ev, template, value.0, value.1, q.relation, q.certainty)),
        "order" | "on_conflict" | "columns" => {
            for (term, span) in list(value.0) {
                let name = term.split('.').next().unwrap_or_default();
                column_in(ev, q, None, template, name, value.1 + span.start as usize);
            }
        }
        "and" | "or" | "not.and" | "not.or" => conditions_at(ev, q, template, value.0, value.1, None),
        name if RESERVED.contains(&name) => {}
        name => {
            column_in(ev, q, None, template, name, key.1);
        }
    }
}

/// `/rest/v1/rpc/name`
fn function(ev: &mut Evaluator<'_, '_>, template: &Template, text: &str, start: usize, certainty: Certainty) {
    let Some(rest) = text.get(start..) else { return };
    let name = &rest[..rest.find(['?', '/', '#']).unwrap_or(rest.len())];
    if name.is_empty() || name.contains(HOLE) {
        return;
    }
    let Some(location) = template.locate(Span::new(start, start + name.len())) else { return };
    call_function(ev, location, Symbol::from(name), certainty);
}

fn call_function(ev: &mut Evaluator<'_, '_>, location: crate::source::Location, function: Symbol, certainty: Certainty) {
    if ev.notes() && ev.state.postgrest.noted.insert((location, None, function)) {
        let certainty = note::certainty(ev, certainty);
        ev.uses.calls.push(FunctionCall { location, schema: None, function, arguments: Vec::new(), complete: false, context: Context::Query, certainty });
    }
}

/// `channel.on_postgres_changes("INSERT", schema="public", table="orders", filter="status=eq.open")`
pub fn realtime<'a>(ev: &mut Evaluator<'_, 'a>, name: Ident, call: &'a Call, args: &Args<'a>) {
    if name.as_str() != "on_postgres_changes" {
        return;
    }
    let Some(table) = args.get(call, 2, "table").and_then(Value::text).cloned() else { return };
    let (Some(constant), at) = (table.constant(), table.location()) else { return };
    let schema = args.keyword(call, "schema").and_then(Value::constant).filter(|s| s != "public" && s != "*").map(|s| Symbol::from(&s));
    let relation = RelationName { schema, name: Symbol::from(&constant) };
    note::reference(ev, at, relation, None, Access::Read, Certainty::High);
    if let Some(filter) = args.keyword(call, "filter").and_then(Value::text) {
        let template = filter.template();
        if let Some((column, _)) = template.text().split_once('=').filter(|(c, _)| !c.contains(HOLE)) {
            note::reference(ev, template.locate(Span::new(0, column.len())), relation, Some(Symbol::from(column)), Access::Read, Certainty::High);
        }
    }
}

/// `SupabaseVectorStore(client, embeddings, table_name="chunks", query_name="match_chunks")`
pub fn vector_store<'a>(ev: &mut Evaluator<'_, 'a>, path: &str, call: &'a Call, args: &Args<'a>) {
    if !path.contains("SupabaseVectorStore") {
        return;
    }
    if let Some(table) = args.keyword(call, "table_name").and_then(Value::text).cloned()
        && let Some(name) = table.constant()
    {
        note::reference(ev, table.location(), RelationName { schema: None, name: Symbol::from(&name) }, None, Access::Write, Certainty::High);
    }
    if let Some(query) = args.keyword(call, "query_name").and_then(Value::text)
        && let (Some(name), Some(at)) = (query.constant(), query.location())
    {
        call_function(ev, at, Symbol::from(&name), Certainty::High);
    }
}
