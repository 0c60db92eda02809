//! The second judge: one name of the schema is renamed, and PostgreSQL and we must say the same of every statement, at the same place.
//!
//! Needs PostgreSQL's server programs, as `tests/database.rs` does.

use dbtruth::schema::live::{self, DsnOptions, Redacted};
use dbtruth::schema::{QualifiedName, Schema};
use dbtruth::source::FileId;
use dbtruth::sql::ddl::Ddl;
use dbtruth::sql::{Options, Problem, analyse};
use dbtruth::syntax::sql::template::Template;

#[path = "database/cluster.rs"]
#[allow(dead_code, reason = "this test needs a part of it")]
mod cluster;
use cluster::Cluster;

/// What PostgreSQL says against a statement: its code, and the byte it points at.
struct Refusal {
    code: String,
    at: Option<usize>,
}

fn ask(transaction: &mut postgres::Transaction<'_>, sql: &str) -> Option<Refusal> {
    let mut inner = transaction.transaction().expect("a savepoint");
    let refused = inner.prepare(sql).err().map(|e| {
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

fn problems(schema: &Schema, sql: &str) -> Vec<Problem> {
    let analysis = analyse(&Template::from_source(FileId(0), sql, 0), schema, &Options::default());
    assert!(analysis.skipped.is_empty(), "not read: {sql}");
    analysis.problems
}

/// Undefined or ambiguous column, undefined table, duplicate alias.
const NAMES: &[&str] = &["42703", "42702", "42P01", "42712"];

/// Whether a problem stands where the server points: at the name itself, or at its last part (`t.c` is pointed at by its first byte).
fn same_place(sql: &str, problem: &Problem, at: usize) -> bool {
    let span = problem.span.range();
    span.start <= at && at < span.end || (at <= span.start && sql.get(at..span.end).is_some_and(|path| !path.contains(char::is_whitespace)))
}

fn compare(schema: &Schema, renamed: &str, statements: &[&str], transaction: &mut postgres::Transaction<'_>, wrong: &mut Vec<String>) -> usize {
    let mut refused = 0;
    for sql in statements {
        let (theirs, ours) = (ask(transaction, sql), problems(schema, sql));
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

#[test]
fn renaming_one_name_is_judged_as_postgresql_judges_it() {
    let cluster = Cluster::start(&[]);
    cluster.create("verdict");
    cluster.load("verdict", include_str!("verdict/schema.sql")).expect("the fixture loads");
    let url = cluster.url("verdict");
    let schema = live::pull(&DsnOptions { url: Some(Redacted::new(url.clone())), keep_schemas: Vec::new() }).expect("readable");
    let statements: Vec<&str> = include_str!("verdict/statements.sql").split(";\n").map(str::trim).filter(|s| !s.is_empty()).collect();
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
    }
    println!("{} statements under {} renames: {refused} refused by PostgreSQL", statements.len(), renames.len());
    assert!(refused > 200, "the renames must matter: {refused}");
    assert!(wrong.is_empty(), "{} disagreements:\n{}", wrong.len(), wrong.join("\n"));
}
