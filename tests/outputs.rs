//! The columns of results: as many as the server gives, by its names, of its types where a type is claimed; and what is claimed never to be NULL never is.
//!
//! Needs PostgreSQL's server programs, as `tests/database.rs` does.

use std::collections::BTreeMap;

use dbtruth::schema::Schema;
use dbtruth::schema::live::{DsnOptions, Redacted};
use dbtruth::source::FileId;
use dbtruth::sql::{Options, Output, analyse, live};
use dbtruth::syntax::sql::template::Template;
use postgres::SimpleQueryMessage;

#[path = "database/cluster.rs"]
#[allow(dead_code, reason = "this test needs a part of it")]
mod cluster;
use cluster::Cluster;
#[path = "outputs/maker.rs"]
mod maker;
use maker::Maker;

/// What was compared.
#[derive(Default)]
struct Tally {
    queries: usize,
    unknown: usize,
    columns: usize,
    typed: usize,
    /// Claimed never to be NULL.
    sure: usize,
    /// Of those that gave no NULL.
    without_null: usize,
}

fn claimed(schema: &Schema, sql: &str) -> Result<Option<Vec<Output>>, String> {
    let analysis = analyse(&Template::from_source(FileId(0), sql, 0), schema, &Options::default());
    match analysis.problems.first() {
        Some(p) => Err(format!("accepted, but we say {}", p.message)),
        None if !analysis.skipped.is_empty() => Err("not read".to_owned()),
        None => Ok(analysis.outputs),
    }
}

/// Asks the server, in a transaction that is rolled back, and compares.
fn compare(
    client: &mut postgres::Client,
    schema: &Schema,
    sql: &str,
    oids: &mut BTreeMap<String, Option<u32>>,
    tally: &mut Tally,
    must: bool,
) -> Result<(), String> {
    let mut transaction = client.transaction().expect("begins");
    // what the server refuses is no query
    let prepared = match transaction.prepare(sql) {
        Ok(prepared) => prepared,
        Err(error) => return if must { Err(format!("refused: {:?}", error.as_db_error().map(|e| e.message().to_owned()))) } else { Ok(()) },
    };
    let writes = ["insert", "update", "delete", "returning"].iter().any(|w| sql.contains(w));
    let some = if writes { sql.to_owned() } else { format!("select * from ({sql}) the_rows limit 2000") };
    let rows = match transaction.simple_query(&some) {
        Ok(rows) => rows,
        Err(error) => return if must { Err(format!("refused: {:?}", error.as_db_error().map(|e| e.message().to_owned()))) } else { Ok(()) },
    };
    drop(transaction);
    tally.queries += 1;
    let Some(outputs) = claimed(schema, sql)? else {
        tally.unknown += 1;
        return Ok(());
    };
    let names: Vec<&str> = outputs.iter().map(|o| o.name.as_str()).collect();
    let theirs: Vec<&str> = prepared.columns().iter().map(postgres::Column::name).collect();
    // a schema from a catalog is sorted by name, and so is what a star of it gives
    let (mut a, mut b) = (names.clone(), theirs.clone());
    a.sort_unstable();
    b.sort_unstable();
    if a != b {
        return Err(format!("columns {names:?}, the server has {theirs:?}"));
    }
    let in_order = names == theirs;
    for (n, column) in prepared.columns().iter().enumerate() {
        let same_name: Vec<&Output> = if in_order { vec![&outputs[n]] } else { outputs.iter().filter(|o| o.name == column.name()).collect() };
        let [ours] = same_name.as_slice() else { continue };
        tally.columns += 1;
        let nulls = rows.iter().any(|m| matches!(m, SimpleQueryMessage::Row(row) if row.get(n).is_none()));
        tally.without_null += usize::from(!nulls);
        tally.sure += usize::from(!ours.nullable);
        if !ours.nullable && nulls {
            return Err(format!("`{}` gives NULL", ours.name));
        }
        let Some(ty) = &ours.ty else { continue };
        let oid = *oids.entry(ty.clone()).or_insert_with(|| client.query_one("select to_regtype($1)::oid", &[ty]).expect("answers").get(0));
        if oid != Some(column.type_().oid()) {
            return Err(format!("`{}` is {}, we say {ty}", ours.name, column.type_().name()));
        }
        tally.typed += 1;
    }
    Ok(())
}

#[test]
fn what_is_claimed_of_result_columns_holds_on_a_server() {
    let cluster = Cluster::start(&[]);
    cluster.create("outputs");
    cluster.load("outputs", include_str!("outputs/schema.sql")).expect("the fixture loads");
    let url = cluster.url("outputs");
    let schema = live::pull(&DsnOptions { url: Some(Redacted::new(url.clone())), keep_schemas: Vec::new() }).expect("readable");
    let mut client = postgres::Client::connect(&url, postgres::NoTls).expect("connects");
    client.batch_execute("set statement_timeout = '2s'").expect("set");
    let (mut oids, mut wrong) = (BTreeMap::new(), Vec::new());
    let mut written = Tally::default();
    let texts: Vec<&str> = include_str!("outputs/queries.sql").split(";\n").map(str::trim).filter(|s| !s.is_empty()).collect();
    for sql in &texts {
        if let Err(message) = compare(&mut client, &schema, sql, &mut oids, &mut written, true) {
            wrong.push(format!("{message}: {sql}"));
        }
    }
    let mut made = Tally::default();
    for seed in 0..2000 {
        let sql = Maker::new(seed).query();
        if let Err(message) = compare(&mut client, &schema, &sql, &mut oids, &mut made, false) {
            wrong.push(format!("{message}: {sql}"));
        }
    }
    for (what, t) in [("written", &written), ("made", &made)] {
        println!(
            "{what}: {} queries, {} of unknown shape; {} columns, {} typed; {} never NULL by proof, {} had none",
            t.queries, t.unknown, t.columns, t.typed, t.sure, t.without_null
        );
    }
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.iter().take(40).cloned().collect::<Vec<_>>().join("\n"));
    assert!(made.queries > 1500, "the server takes most of what is made: {}", made.queries);
    assert!(made.sure * 3 > made.without_null, "what can be proven must be worth it: {} of {}", made.sure, made.without_null);
}
