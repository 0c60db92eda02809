//! aiosql: functions that `.sql` files define. `queries = aiosql.from_path("sql", "asyncpg")`, then `queries.get_user(conn, id=1)`; what rows hold is what the
//! statement behind `-- name: get_user^` selects.
//!
//! The form of the files is aiosql's own (`aiosql/query_loader.py`): a comment `name:` begins a query, the sign behind its name says what comes out, folders
//! below become attributes.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::symbol::Symbol;

use crate::diagnostic::Context;
use crate::project::eval::{Args, Evaluator};
use crate::project::libraries::LibraryValue;
use crate::project::libraries::postgrest::{Postgrest, Rows};
use crate::project::uses::{Certainty, Reference, RelationName};
use crate::project::value::Value;
use crate::source::{FileId, Language};
use crate::sql::{Options, analyse};
use crate::syntax::python::{Call, Expr, ExprKind, Ident};
use crate::syntax::sql::template::Template;

use super::sql_text;

/// Everything that one path loads.
#[derive(Clone, Debug, Default)]
pub struct Queries {
    /// Queries of its files, by name.
    by_name: BTreeMap<Symbol, Query>,
    /// Folders below, by name.
    folders: BTreeMap<Symbol, Arc<Queries>>,
}

/// One named query.
#[derive(Clone, Copy, Debug)]
struct Query {
    file: FileId,
    /// Bytes of its statement.
    from: usize,
    to: usize,
    /// What comes out: one row, rows, or something else.
    single: Option<bool>,
}

/// Drivers of other databases, as aiosql names them.
const OTHERS: &[&str] = &["sqlite3", "aiosqlite", "apsw", "pymysql", "mysql-connector", "mysqldb", "mysql", "mariadb", "asyncmy", "duckdb", "pymssql"];

/// `aiosql.from_path("sql", "asyncpg")`
pub fn call<'a>(ev: &mut Evaluator<'_, 'a>, callee: &Value<'a>, call: &'a Call, args: &Args<'a>) -> Option<Value<'a>> {
    if !matches!(callee.external()?, "aiosql.from_path" | "aiosql.aiosql.from_path") {
        return None;
    }
    let driver = args.get(call, 1, "driver_adapter").and_then(Value::constant);
    if driver.is_some_and(|d| OTHERS.contains(&d.as_ref())) {
        return None;
    }
    let mut parts = Vec::new();
    literals(call.argument(0, "sql_path")?, &mut parts);
    let wanted = parts.iter().flat_map(|p| p.split('/')).filter(|p| !matches!(*p, "" | "." | "..")).collect::<Vec<_>>().join("/");
    let queries = find(ev, &wanted)?;
    Some(Value::Library(LibraryValue::Aiosql(Arc::new(queries))))
}

/// The constant parts of a path's expression, in order: `Path(__file__).parent / "sql" / "users.sql"`.
fn literals(e: &Expr, out: &mut Vec<String>) {
    e.each(&mut |e| {
        if let ExprKind::Str(s) = &e.kind
            && let Some(text) = s.constant()
        {
            out.push(text.into_owned());
        }
    });
}

/// The files under a path: beside the code first, then anywhere, if only one place fits.
fn find(ev: &Evaluator<'_, '_>, wanted: &str) -> Option<Queries> {
    if wanted.is_empty() {
        return None;
    }
    let own = ev.world.sources.get(ev.place.file).path.rsplit_once('/').map_or("", |p| p.0);
    let beside = if own.is_empty() { wanted.to_owned() } else { format!("{own}/{wanted}") };
    let inside = |path: &str, root: &str| path == root || path.strip_prefix(root).is_some_and(|rest| rest.starts_with('/'));
    let files: Vec<(FileId, &str)> = ev.world.sources.iter().filter(|(_, f)| f.language == Language::Sql).map(|(id, f)| (id, f.path.as_str())).collect();
    let root = if files.iter().any(|(_, p)| inside(p, &beside)) {
        beside
    } else {
        let end = format!("/{wanted}");
        let mut roots: Vec<&str> = files
            .iter()
            .filter_map(|(_, p)| {
                if inside(p, wanted) {
                    Some(wanted)
                } else {
                    p.find(&format!("{end}/")).map(|n| &p[..n + end.len()]).or_else(|| p.ends_with(&end).then_some(*p))
                }
            })
            .collect();
        roots.sort_unstable();
        roots.dedup();
        let [one] = roots.as_slice() else { return None };
        (*one).to_owned()
    };
    let mut all = Queries::default();
    for (file, path) in files.into_iter().filter(|(_, p)| inside(p, &root)) {
        let below = path[root.len()..].trim_start_matches('/');
        let folders: Vec<&str> = below.rsplit_once('/').map(|(f, _)| f.split('/').collect()).unwrap_or_default();
        ev.world.index.reads(file);
        all.add(&folders, file, &ev.world.sources.get(file).text);
    }
    Some(all)
}

impl Queries {
    fn add(&mut self, folders: &[&str], file: FileId, text: &str) {
        if let [first, rest @ ..] = folders {
            let below = Arc::make_mut(self.folders.entry(Symbol::from(first)).or_default());
            below.add(rest, file, text);
            return;
        }
        for (name, query) in queries(file, text) {
            self.by_name.entry(name).or_insert(query);
        }
    }
}

/// The queries of one file.
fn queries(file: FileId, text: &str) -> Vec<(Symbol, Query)> {
    let mut found: Vec<(Symbol, Query)> = Vec::new();
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let start = at;
        at += line.len();
        let Some(rest) = line.trim_start().strip_prefix("--").map(str::trim_start).and_then(|r| r.strip_prefix("name:")) else { continue };
        if let Some((_, last)) = found.last_mut() {
            last.to = start;
        }
        let declared = rest.split_whitespace().next().unwrap_or_default();
        let declared = declared.split_once('(').map_or(declared, |d| d.0);
        let name = declared.trim_end_matches(['^', '$', '!', '<', '*', '#']);
        let single = match &rest[rest.find(name).map_or(0, |n| n + name.len())..].trim_end() {
            sign if sign.ends_with('^') => Some(true),
            sign if sign.ends_with(['$', '!', '#']) => None,
            _ => Some(false),
        };
        found.push((Symbol::from(&name.replace('-', "_")), Query { file, from: at, to: text.len(), single }));
    }
    found.retain(|(name, _)| !name.is_empty());
    found
}

/// `queries.users`
pub fn attribute<'a>(value: &Value<'a>, attr: Ident) -> Option<Value<'a>> {
    let Value::Library(LibraryValue::Aiosql(queries)) = value else { return None };
    queries.folders.get(&attr.name).map(|below| Value::Library(LibraryValue::Aiosql(below.clone())))
}

/// `queries.get_user(conn, id=1)`
pub fn method<'a>(ev: &mut Evaluator<'_, 'a>, receiver: &Value<'a>, name: Ident) -> Option<Value<'a>> {
    let Value::Library(LibraryValue::Aiosql(queries)) = receiver else { return None };
    let Some(query) = queries.by_name.get(&name.name).copied() else { return Some(Value::Unknown) };
    let text = ev.world.sources.get(query.file).text.clone();
    let template = Template::from_source(query.file, &text[query.from..query.to], u32::try_from(query.from).unwrap_or(u32::MAX));
    let (template, _) = sql_text::parameters::native(&template);
    let analysis = analyse(&template, ev.world.schema, &Options::default());
    let location = ev.at(name.span);
    // Whoever calls it stands and falls with the tables that it names.
    if ev.notes() {
        for r in analysis.references.iter().filter(|r| r.column.is_none()) {
            let relation =
                RelationName { schema: (r.relation.schema != "public").then(|| Symbol::from(&r.relation.schema)), name: Symbol::from(&r.relation.name) };
            let reference = Reference {
                location,
                relation,
                column: None,
                access: r.access,
                context: Context::Query,
                via: "aiosql",
                model: None,
                attribute: None,
                certainty: Certainty::Medium,
            };
            if !ev.uses.references.contains(&reference) {
                ev.uses.references.push(reference);
            }
        }
    }
    let certainty = Certainty::High;
    Some(match (query.single, sql_text::rows::shape(&analysis)) {
        (Some(single), Some(shape)) => Value::Library(LibraryValue::Postgrest(Postgrest::Rows(Arc::new(Rows {
            root: location,
            shape: Arc::new(shape),
            single: Some(single),
            certainty,
            sql: true,
        })))),
        _ => Value::Unknown,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_signs_and_ends() {
        let text = "-- name: get_user^\n-- one\nSELECT 1;\n\n-- name: all-users(a, b)\nSELECT 2;\n-- name: make<!\nINSERT 3;\n-- name: count$\nSELECT 4";
        let found = queries(FileId(0), text);
        let got: Vec<_> = found.iter().map(|(n, q)| (n.as_str(), q.single, text[q.from..q.to].trim())).collect();
        assert_eq!(
            got,
            [("get_user", Some(true), "-- one\nSELECT 1;"), ("all_users", Some(false), "SELECT 2;"), ("make", None, "INSERT 3;"), ("count", None, "SELECT 4")]
        );
    }
}
