//! Cache entries of Redis, for keys that the configuration binds to tables (`caches: {"doc:*": documents}`).
//!
//! An entry is a copy of a row: its fields are the table's columns. What is written: `hset` with fields or a mapping, `json().set`, `set` with a
//! dumped dict. What is read: `hget`, `hmget`, and the keys of what `hgetall`, `get` and `json().get` give. Only entries under a bound key are looked
//! at, and nothing said of them is more than likely.

use std::sync::Arc;

use crate::symbol::Symbol;

use crate::diagnostic::{Access, Context};
use crate::project::eval::{Args, Evaluator};
use crate::project::text::{Text, TextPart};
use crate::project::uses::{Certainty, Reference, RelationName};
use crate::project::value::{Dict, Value};
use crate::source::Location;
use crate::syntax::python::{Call, Expr, ExprKind, Ident};

use super::{LibraryValue, pydantic};

/// What of a cache a value is.
#[derive(Clone, Debug)]
pub enum Cache<'a> {
    /// An entry as it was read.
    Entry(RelationName),
    /// A value as text: `json.dumps(…)`.
    Dumped(Arc<Value<'a>>),
}

impl Cache<'_> {
    /// See [`LibraryValue::same`].
    pub fn same(&self, other: &Self) -> bool {
        match (self, other) {
            (Cache::Entry(a), Cache::Entry(b)) => a == b,
            (Cache::Dumped(a), Cache::Dumped(b)) => Arc::ptr_eq(a, b),
            _ => false,
        }
    }
}

/// Key patterns with their tables.
#[derive(Clone, Debug, Default)]
pub struct Bindings(Vec<(String, RelationName)>);

impl Bindings {
    /// As the configuration has them.
    pub fn new(caches: &std::collections::BTreeMap<String, String>) -> Self {
        let mut all: Vec<_> = caches.iter().filter(|(pattern, _)| is_sane(pattern)).map(|(pattern, table)| (pattern.clone(), relation_name(table))).collect();
        // The pattern that says most wins.
        all.sort_by_key(|(pattern, _)| (std::cmp::Reverse(pattern.bytes().filter(|b| !matches!(b, b'*' | b'?')).count()), pattern.clone()));
        Self(all)
    }

    /// Whether nothing is bound.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn table(&self, key: &Text<'_>) -> Option<RelationName> {
        let key = key.with_holes(HOLE);
        self.0.iter().find(|(pattern, _)| matches(pattern.as_bytes(), key.as_bytes())).map(|(_, relation)| *relation)
    }
}

/// A table as the configuration names it, perhaps with its schema.
pub fn relation_name(table: &str) -> RelationName {
    match table.split_once('.') {
        Some((schema, name)) => RelationName { schema: Some(Symbol::from(schema)), name: Symbol::from(name) },
        None => RelationName { schema: None, name: Symbol::from(table) },
    }
}

/// Whether a pattern is short and simple enough to be matched in no time.
pub fn is_sane(pattern: &str) -> bool {
    pattern.len() <= 256 && pattern.bytes().filter(|b| matches!(b, b'*' | b'{')).count() <= 8
}

/// Stands in a key for what is not known of it.
const HOLE: &str = "\u{1}";

/// Whether a pattern covers a key: `*` and `{…}` stand for anything but `:`, `**` for anything, `?` for one byte.
fn matches(pattern: &[u8], key: &[u8]) -> bool {
    let any = |rest: &[u8], crossing: bool| {
        (0..=key.len()).take_while(|&n| n == 0 || crossing || key[n - 1] != b':').any(|n| (n > 0 || rest.len() < pattern.len()) && matches(rest, &key[n..]))
    };
    match (pattern, key) {
        ([], []) => true,
        ([b'*', b'*', rest @ ..], _) => any(rest, true),
        ([b'*', rest @ ..], _) => any(rest, false),
        ([b'{', rest @ ..], _) => rest.iter().position(|b| *b == b'}').is_some_and(|n| any(&rest[n + 1..], false)),
        ([b'?', rest @ ..], [c, more @ ..]) => *c != b':' && matches(rest, more),
        ([p, rest @ ..], [c, more @ ..]) => p == c && matches(rest, more),
        _ => false,
    }
}

/// `receiver.name(args)`
pub fn method<'a>(ev: &mut Evaluator<'_, 'a>, receiver: &Value<'a>, name: Ident, call: &'a Call, args: &Args<'a>) -> Option<Value<'a>> {
    if ev.world.caches.is_empty() {
        return None;
    }
    match (receiver, name.as_str()) {
        (Value::Library(LibraryValue::Cache(Cache::Entry(table))), "get" | "pop") => {
            read_key(ev, *table, args.values.first()?);
            return Some(Value::Unknown);
        }
        (Value::Library(LibraryValue::Cache(_)), "encode" | "decode" | "copy") => return Some(receiver.clone()),
        (Value::Instance(class), "model_dump_json") => return Some(dumped(Value::Dict(Arc::new(pydantic::fields(ev, *class))))),
        _ => {}
    }
    if name.as_str() == "mset" {
        if let Some(Value::Dict(d)) = args.values.first() {
            for e in &d.entries {
                if let Some(table) = ev.world.caches.table(&e.key) {
                    entry(ev, table, &e.value);
                }
            }
        }
        return None;
    }
    let key = args.get(call, 0, "name").or_else(|| args.keyword(call, "key"))?.text()?.clone();
    let table = ev.world.caches.table(&key)?;
    match name.as_str() {
        "set" | "setnx" | "getset" if is_json(&call.func) => json_set(ev, table, call, args),
        "set" | "setnx" | "getset" => entry(ev, table, args.get(call, 1, "value")?),
        "setex" | "psetex" => entry(ev, table, args.get(call, 2, "value")?),
        "hset" | "hmset" | "hsetnx" => hash_set(ev, table, call, args),
        "hget" | "hexists" | "hincrby" | "hincrbyfloat" | "hdel" | "hmget" | "hstrlen" => {
            let access = if matches!(name.as_str(), "hget" | "hmget" | "hexists" | "hstrlen") { Access::Read } else { Access::Write };
            let fields: Vec<Value<'a>> = match name.as_str() {
                "hdel" | "hmget" => (1..args.values.len()).filter_map(|n| args.positional(call, n).cloned()).collect(),
                _ => args.get(call, 1, "key").cloned().into_iter().collect(),
            };
            fields.iter().for_each(|f| names(ev, table, f, access));
        }
        "get" if is_json(&call.func) && args.positional(call, 1).is_some() => {
            for n in 1..args.values.len() {
                if let Some(path) = args.positional(call, n).and_then(Value::text).cloned() {
                    path_field(ev, table, &path, Access::Read);
                }
            }
        }
        "hgetall" | "get" => return Some(Value::Library(LibraryValue::Cache(Cache::Entry(table)))),
        _ => return None,
    }
    None
}

/// `json.dumps(row)`, `json.loads(entry)`
pub fn call<'a>(ev: &mut Evaluator<'_, 'a>, callee: &Value<'a>, args: &Args<'a>) -> Option<Value<'a>> {
    if ev.world.caches.is_empty() {
        return None;
    }
    let path = callee.external()?;
    let function = path.rsplit('.').next()?;
    let first = args.values.first()?;
    match (function, first) {
        ("dumps" | "packb", Value::Dict(_)) => Some(dumped(first.clone())),
        ("loads" | "unpackb", Value::Library(LibraryValue::Cache(Cache::Entry(_)))) => Some(first.clone()),
        _ => None,
    }
}

/// `entry["key"]`
pub fn subscript<'a>(ev: &mut Evaluator<'_, 'a>, base: &Value<'a>, key: &Value<'a>) -> Option<Value<'a>> {
    let Value::Library(LibraryValue::Cache(Cache::Entry(table))) = base else { return None };
    read_key(ev, *table, key);
    Some(Value::Unknown)
}

fn dumped<'a>(value: Value<'a>) -> Value<'a> {
    Value::Library(LibraryValue::Cache(Cache::Dumped(Arc::new(value))))
}

fn read_key<'a>(ev: &mut Evaluator<'_, 'a>, table: RelationName, key: &Value<'a>) {
    if let Some(text) = key.text()
        && let (Some(column), Some(at)) = (text.constant(), text.location())
    {
        note(ev, at, table, &column, Access::Read);
    }
}

/// `client.json().set(…)`
fn is_json(func: &Expr) -> bool {
    let ExprKind::Attribute(method) = &func.kind else { return false };
    let ExprKind::Call(inner) = &method.value.kind else { return matches!(&method.value.kind, ExprKind::Attribute(a) if a.attr.as_str() == "json") };
    matches!(&inner.func.kind, ExprKind::Attribute(a) if a.attr.as_str() == "json")
}

/// `json().set(key, path, value)`: `$` is the whole entry, `$.title` one field of it.
fn json_set<'a>(ev: &mut Evaluator<'_, 'a>, table: RelationName, call: &'a Call, args: &Args<'a>) {
    let Some(path) = args.get(call, 1, "path").and_then(Value::text).cloned() else { return };
    if path.constant().is_some_and(|p| matches!(p.as_ref(), "$" | ".")) {
        if let Some(value) = args.get(call, 2, "obj").cloned() {
            entry(ev, table, &value);
        }
        return;
    }
    path_field(ev, table, &path, Access::Write);
}

/// The first step of a path: `$.title.de` → `title`.
fn path_field(ev: &mut Evaluator<'_, '_>, table: RelationName, path: &Text<'_>, access: Access) {
    let Some(TextPart::Literal { .. }) = path.parts.first() else { return };
    let Some(known) = path.parts.first().and_then(TextPart::known) else { return };
    let body = known.trim_start_matches(['$', '.']);
    let start = known.len() - body.len();
    let len = body.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(body.len());
    if start == 0 || len == 0 || (len == body.len() && path.parts.len() > 1) {
        return;
    }
    let column = body[..len].to_owned();
    if let Some(at) = path.locate(start..start + len) {
        note(ev, at, table, &column, access);
    }
}

/// `hset(key, field, value, field, value…)`, `hset(key, mapping={…})`, `hmset(key, {…})`, `hset(key, items=[field, value…])`
fn hash_set<'a>(ev: &mut Evaluator<'_, 'a>, table: RelationName, call: &'a Call, args: &Args<'a>) {
    for mapping in [args.keyword(call, "mapping"), args.positional(call, 1)].into_iter().flatten() {
        if !matches!(mapping, Value::Str(_)) {
            entry(ev, table, mapping);
        }
    }
    if let Some(field) = args.get(call, 1, "key").filter(|v| matches!(v, Value::Str(_))) {
        names(ev, table, field, Access::Write);
    }
    if let Some(Value::List(items)) = args.keyword(call, "items") {
        items.items.iter().step_by(2).for_each(|f| names(ev, table, f, Access::Write));
    }
}

/// Notes the fields that a value names: a string, or a list of them.
fn names<'a>(ev: &mut Evaluator<'_, 'a>, table: RelationName, value: &Value<'a>, access: Access) {
    match value {
        Value::Str(text) => {
            if let (Some(column), Some(at)) = (text.constant(), text.location()) {
                note(ev, at, table, &column, access);
            }
        }
        Value::List(l) => l.items.iter().for_each(|v| names(ev, table, v, access)),
        Value::Tuple(t) => t.iter().for_each(|v| names(ev, table, v, access)),
        _ => {}
    }
}

/// Notes the fields of an entry that is written.
fn entry<'a>(ev: &mut Evaluator<'_, 'a>, table: RelationName, value: &Value<'a>) {
    match value {
        Value::Dict(d) => fields(ev, table, d),
        Value::Union(all) => all.iter().for_each(|v| entry(ev, table, v)),
        Value::Library(LibraryValue::Cache(Cache::Dumped(inner))) => entry(ev, table, inner),
        _ => {
            if !ev.quiet {
                ev.uses.skip("cache entry not known");
            }
        }
    }
}

fn fields(ev: &mut Evaluator<'_, '_>, table: RelationName, d: &Dict<'_>) {
    for e in &d.entries {
        if let Some(column) = e.key.constant() {
            note(ev, e.at, table, &column, Access::Write);
        }
    }
}

fn note(ev: &mut Evaluator<'_, '_>, location: Location, relation: RelationName, column: &str, access: Access) {
    if !ev.notes() || column.is_empty() {
        return;
    }
    let column = Some(Symbol::from(column));
    let (context, certainty) = (Context::Cache, Certainty::Medium);
    let r = Reference { location, relation, column, access, context, via: "redis", model: None, attribute: None, certainty };
    if !ev.uses.references.contains(&r) {
        ev.uses.references.push(r);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    use crate::project::Project;
    use crate::schema::Schema;
    use crate::source::{Language, SourceFile, Sources};
    use crate::syntax::python;

    #[test]
    fn patterns() {
        let covers = |p: &str, k: &str| matches(p.as_bytes(), k.as_bytes());
        assert!(covers("doc:*", "doc:1"));
        assert!(covers("doc:*", "doc:\u{1}"));
        assert!(covers("{env}:doc:{id}", "\u{1}:doc:\u{1}"));
        assert!(!covers("doc:*", "doc:1:chunks"), "an entry below is something else");
        assert!(covers("doc:**", "doc:1:2"));
        assert!(!covers("doc:*", "docs:1"));
        assert!(covers("doc:?", "doc:7"));
        assert!(!covers("{", "a"));
    }

    fn seen(code: &str) -> Vec<String> {
        let schema = Schema::new();
        let mut sources = Sources::default();
        let id = sources.add(SourceFile::new("a.py", Language::Python, code));
        let module = python::parse(code);
        let caches = BTreeMap::from([("doc:*".to_owned(), "documents".to_owned()), ("user:*".to_owned(), "auth.users".to_owned())]);
        let modules = [(id, &module)];
        let config = crate::config::Config { caches, ..crate::config::Config::default() };
        let project = Project::link_configured(&sources, &modules, &schema, &config, crate::project::link::Keep::default());
        let mut all: Vec<_> = project.uses.references.iter().filter(|r| r.context == Context::Cache).collect();
        all.sort_by_key(|r| r.location);
        let schema = |r: &Reference| r.relation.schema.map(|s| format!("{s}.")).unwrap_or_default();
        let access = |r: &Reference| if r.access == Access::Write { "w" } else { "r" };
        all.iter().map(|r| format!("{} {}{}.{}", access(r), schema(r), r.relation.name, r.column.unwrap_or_default())).collect()
    }

    #[test]
    fn what_is_written() {
        let code = r#"
import json, redis
from pydantic import BaseModel

class Doc(BaseModel):
    id: int
    heading: str

r = redis.Redis()

def key(i):
    return f"doc:{i}"

def save(i, doc: Doc):
    r.hset(f"doc:{i}", mapping={"a": 1, "b": i})
    r.hset(key(i), "c", 1)
    r.hmset("doc:%s" % i, {"d": 1})
    r.json().set(f"user:{i}", "$", {"e": 1})
    r.json().set(f"doc:{i}", "$.f.deep", 1)
    payload = {"g": 1}
    payload["h"] = 2
    r.set(key(i), json.dumps(payload), ex=60)
    r.setex(key(i), 60, json.dumps({"i": 1}).encode())
    r.set(key(i), doc.model_dump_json())
    r.hset(f"other:{i}", mapping={"x": 1})
    r.hset(f"doc:{i}:chunks", mapping={"x": 1})
"#;
        let expected = [
            "w documents.id",
            "w documents.heading",
            "w documents.a",
            "w documents.b",
            "w documents.c",
            "w documents.d",
            "w auth.users.e",
            "w documents.f",
            "w documents.g",
            "w documents.h",
            "w documents.i",
        ];
        assert_eq!(seen(code), expected);
    }

    #[test]
    fn what_is_read() {
        let code = r#"
import json

async def load(r, i):
    r.hget(f"doc:{i}", "a")
    r.hmget(f"doc:{i}", ["b", "c"])
    row = await r.hgetall(f"doc:{i}")
    row["d"], row.get("e"), row["f"]["x"]
    doc = json.loads(await r.get(f"doc:{i}"))
    return doc["g"], r.json().get(f"doc:{i}", "$.h"), r.json().get(f"doc:{i}")["i"], r.get("doc")["x"]
"#;
        let expected: Vec<String> = "abcdefghi".chars().map(|c| format!("r documents.{c}")).collect();
        assert_eq!(seen(code), expected);
    }
}
