//! The second judge: one name of the schema is renamed, and PostgreSQL and we must say the same of every statement, at the same place.
//!
//! Needs PostgreSQL's server programs, as `tests/database.rs` does.

use dbtruth::schema::live::{DsnOptions, Redacted};
use dbtruth::schema::{QualifiedName, Schema};
use dbtruth::source::{FileId, Location, Span};
use dbtruth::sql::ddl::Ddl;
use dbtruth::sql::live;
use dbtruth::sql::{Options, Problem, analyse};
use dbtruth::syntax::sql::template::Template;
use dbtruth::syntax::sql::{Parameters, Skip};

#[path = "database/cluster.rs"]
#[allow(dead_code, reason = "this test needs a part of it")]
mod cluster;
use cluster::Cluster;

/// What PostgreSQL says against a statement: its code, and the byte it points at.
struct Refusal {
    code: String,
    at: Option<usize>,
}

/// Statements that PostgreSQL analyses when it prepares them; the others it has to run.
const PREPARED: &[&str] = &["select", "insert", "update", "delete", "merge", "with", "values", "table"];

fn ask(transaction: &mut postgres::Transaction<'_>, sql: &str) -> Option<Refusal> {
    let mut inner = transaction.transaction().expect("a savepoint");
    let prepared = PREPARED.contains(&sql.split_whitespace().next().unwrap_or_default());
    let answer = if prepared { inner.prepare(sql).map(drop) } else { inner.batch_execute(sql) };
    let refused = answer.err().map(|e| {
        let e = e.as_db_error().expect("the server's own word").clone();
        let at = match e.position() {
            Some(postgres::error::ErrorPosition::Original(n)) => Some(*n as usize - 1),
            _ => None,
        };
        Refusal { code: e.code().code().to_owned(), at }
    });
    drop(inner);
    refused
}

/// What is said of a statement; `None` if it was not read.
fn problems(schema: &Schema, sql: &str) -> Option<Vec<Problem>> {
    let analysis = analyse(&Template::from_source(FileId(0), sql, 0), schema, &Options::default());
    analysis.skipped.iter().all(|(skip, _)| *skip == Skip::Procedural).then_some(analysis.problems)
}

/// Undefined or ambiguous column, undefined table, duplicate alias.
const NAMES: &[&str] = &["42703", "42702", "42P01", "42712"];

/// Whether a problem stands where the server points: at the name itself, or at its last part (`t.c` is pointed at by its first byte), or at the name in the
/// constraint (which is pointed at by its first byte).
fn same_place(sql: &str, problem: &Problem, at: usize) -> bool {
    let span = problem.span.range();
    let constraint = ["unique", "primary", "foreign", "check"].iter().any(|w| sql[at..].starts_with(w));
    if constraint && sql[at..].find(&sql[span.clone()]).is_some_and(|n| at + n == span.start) {
        return true;
    }
    span.start <= at && at < span.end || (at <= span.start && sql.get(at..span.end).is_some_and(|path| !path.contains(char::is_whitespace)))
}

fn compare(schema: &Schema, renamed: &str, statements: &[&str], transaction: &mut postgres::Transaction<'_>, wrong: &mut Vec<String>) -> usize {
    let mut refused = 0;
    for sql in statements {
        let theirs = ask(transaction, sql);
        let Some(ours) = problems(schema, sql) else {
            wrong.push(format!("{renamed}: not read: {sql}"));
            continue;
        };
        match theirs {
            None if ours.is_empty() => {}
            None => wrong.push(format!("{renamed}: accepted, but we say {}: {sql}", ours[0].message)),
            Some(r) if NAMES.contains(&r.code.as_str()) => {
                refused += 1;
                let placed = r.at.is_none_or(|at| ours.iter().any(|p| same_place(sql, p, at)));
                if ours.is_empty() || !placed {
                    let said: Vec<_> = ours.iter().map(|p| (&p.message, p.span)).collect();
                    wrong.push(format!("{renamed}: refused ({}, at {:?}), we say {said:?}: {sql}", r.code, r.at));
                }
            }
            Some(_) => {}
        }
    }
    refused
}

fn cut(text: &str) -> impl Iterator<Item = &str> {
    text.split(";\n").map(str::trim).filter(|s| !s.is_empty())
}

/// The statement with each `$n` written by `style`, which may leave a hole.
fn written(sql: &str, style: impl Fn(&str) -> Option<String>) -> Template {
    let mut out = Template::default();
    let mut rest = sql;
    let at = |n: usize| Location::new(FileId(0), Span::new(n, n));
    while let Some(start) = rest.find('$') {
        let (before, marked) = rest.split_at(start);
        let end = marked[1..].find(|c: char| !c.is_ascii_digit()).map_or(marked.len(), |n| n + 1);
        out.push_value(before, at(out.text().len()));
        match style(&marked[1..end]) {
            Some(text) => out.push_value(&text, at(out.text().len())),
            None => out.push_hole(at(out.text().len())),
        }
        rest = &marked[end..];
    }
    out.push_value(rest, at(out.text().len()));
    out
}

/// However the parameters are written, the same is said of the same names; a hole in their place says nothing else, but may say less.
fn holes(schema: &Schema, renamed: &str, statements: &[&str], wrong: &mut Vec<String>) {
    let said = |template: &Template, parameters: Parameters| -> Vec<String> {
        let analysis = analyse(template, schema, &Options { parameters, ..Options::default() });
        if !analysis.skipped.is_empty() {
            return vec![format!("not read: {}", template.text())];
        }
        analysis.problems.iter().map(|p| format!("{} at {}", p.message, &template.text()[p.span.range()])).collect()
    };
    for sql in statements {
        let doubled = sql.replace('%', "%%");
        let plain = said(&written(sql, |n| Some(format!("${n}"))), Parameters::Guess);
        let styles = [
            ("format", said(&written(&doubled, |_| Some("%s".to_owned())), Parameters::Guess)),
            ("pyformat", said(&written(&doubled, |n| Some(format!("%(p{n})s"))), Parameters::Guess)),
            ("named", said(&written(sql, |n| Some(format!(":p{n}"))), Parameters::Guess)),
            ("qmark", said(&written(sql, |_| Some("?".to_owned())), Parameters::Question)),
            ("numeric", said(&written(sql, |n| Some(format!(":{n}"))), Parameters::Guess)),
            ("a hole", said(&written(sql, |_| None), Parameters::Guess)),
        ];
        for (style, said) in styles {
            if said != plain {
                wrong.push(format!("{renamed}: written as {style}: {said:?}, not {plain:?}: {sql}"));
            }
        }
    }
}

#[test]
fn renaming_one_name_is_judged_as_postgresql_judges_it() {
    let cluster = Cluster::start(&[]);
    cluster.create("verdict");
    cluster.load("verdict", include_str!("verdict/schema.sql")).expect("the fixture loads");
    let url = cluster.url("verdict");
    let schema = live::pull(&DsnOptions { url: Some(Redacted::new(url.clone())), keep_schemas: Vec::new() }).expect("readable");
    let texts = [include_str!("verdict/statements.sql"), include_str!("verdict/definitions.sql")];
    let statements: Vec<&str> = texts.iter().flat_map(|t| cut(t)).collect();
    let with_holes: Vec<&str> = cut(include_str!("verdict/holes.sql")).collect();
    let mut client = postgres::Client::connect(&url, postgres::NoTls).expect("connects");
    let mut renames = vec!["select 1".to_owned()];
    for (QualifiedName { schema, name }, relation) in &schema.relations {
        renames.push(format!("alter table {schema}.{name} rename to {name}_gone"));
        renames.extend(relation.columns.iter().map(|c| format!("alter table {schema}.{name} rename column {column} to {column}_gone", column = c.name)));
    }
    let (mut wrong, mut refused) = (Vec::new(), 0);
    for rename in &renames {
        let mut ddl = Ddl::from_schema(schema.clone());
        ddl.run(rename);
        let mut transaction = client.transaction().expect("begins");
        transaction.batch_execute(rename).expect("renames");
        refused += compare(ddl.schema(), rename, &statements, &mut transaction, &mut wrong);
        refused += compare(ddl.schema(), rename, &with_holes, &mut transaction, &mut wrong);
        holes(ddl.schema(), rename, &with_holes, &mut wrong);
    }
    let statements = statements.len() + with_holes.len();
    println!("{statements} statements under {} renames: {refused} refused by PostgreSQL", renames.len());
    assert!(refused > 600, "the renames must matter: {refused}");
    assert!(wrong.is_empty(), "{} disagreements:\n{}", wrong.len(), wrong.join("\n"));
}
