//! `not null` in views: what a lock says of them is the same from the statements that made them and from a server, and no row of any of them breaks it.
//!
//! Needs PostgreSQL's server programs, as `tests/database.rs` does.

use dbtruth::schema::live::{DsnOptions, Redacted};
use dbtruth::schema::{RelationKind, Schema, lock};
use dbtruth::sql::{ddl, live};
use postgres::SimpleQueryMessage;

#[path = "database/cluster.rs"]
#[allow(dead_code, reason = "this test needs a part of it")]
mod cluster;
use cluster::Cluster;
#[path = "outputs/maker.rs"]
mod maker;
use maker::Maker;

fn pull(cluster: &Cluster, database: &str) -> Schema {
    live::pull(&DsnOptions { url: Some(Redacted::new(cluster.url(database))), keep_schemas: Vec::new() }).expect("readable")
}

/// Columns of views that are claimed never to be NULL and are; beside the number of all claims.
fn broken_claims(client: &mut postgres::Client, schema: &Schema) -> (usize, Vec<String>) {
    let (mut claims, mut broken) = (0, Vec::new());
    let views = schema.relations.iter().filter(|(_, r)| r.kind != RelationKind::Table);
    for (view, relation) in views {
        for column in relation.columns.iter().filter(|c| c.not_null) {
            claims += 1;
            let name = column.name.replace('"', "\"\"");
            let asked = client.simple_query(&format!("select 1 from \"{}\".\"{}\" where \"{name}\" is null limit 1", view.schema, view.name));
            // what fails when it runs gives no row
            if asked.is_ok_and(|rows| rows.iter().any(|m| matches!(m, SimpleQueryMessage::Row(_)))) {
                broken.push(format!("{view}.{}", column.name));
            }
        }
    }
    (claims, broken)
}

/// Statements that the server takes, of those given; one text.
fn accepted(client: &mut postgres::Client, statements: impl Iterator<Item = String>) -> String {
    let taken: Vec<String> = statements.filter(|sql| client.batch_execute(sql).is_ok()).collect();
    taken.join(";\n") + ";\n"
}

/// The lines that differ.
fn difference(live: &str, offline: &str) -> Vec<String> {
    let (a, b): (Vec<&str>, Vec<&str>) = (live.lines().collect(), offline.lines().collect());
    similar::capture_diff_slices(similar::Algorithm::Myers, &a, &b)
        .iter()
        .flat_map(|op| op.iter_changes(&a, &b).map(|c| format!("{}{}", c.tag(), c.value())).collect::<Vec<_>>())
        .filter(|line| !line.starts_with(' '))
        .collect()
}

/// Both ways to a lock, for the fixture and then these statements as far as the server takes them: how many views, how many claims.
fn compare(cluster: &Cluster, database: &str, statements: impl Iterator<Item = String>) -> (usize, usize) {
    let fixture = include_str!("outputs/schema.sql");
    cluster.create(database);
    cluster.load(database, fixture).expect("the fixture loads");
    let mut client = postgres::Client::connect(&cluster.url(database), postgres::NoTls).expect("connects");
    client.batch_execute("set statement_timeout = '2s'").expect("set");
    let text = accepted(&mut client, statements);
    let live = pull(cluster, database);
    let offline = ddl::load_file(&format!("{fixture};\n{text}"));
    let (claims, broken) = broken_claims(&mut client, &live);
    assert!(broken.is_empty(), "NULL all the same: {broken:?}");
    let wrong = difference(&lock::write(&live), &lock::write(&offline));
    if let Ok(folder) = std::env::var("DBTRUTH_KEEP") {
        for (name, text) in [("live", lock::write(&live)), ("offline", lock::write(&offline)), ("sql", text.clone())] {
            std::fs::write(format!("{folder}/{database}.{name}"), text).expect("written");
        }
    }
    let views = live.relations.values().filter(|r| r.kind != RelationKind::Table).count();
    println!("{database}: {views} views, {claims} columns never NULL by proof");
    assert!(wrong.is_empty(), "{} lines differ:\n{}", wrong.len(), wrong.join("\n"));
    (views, claims)
}

#[test]
fn what_a_lock_says_of_written_views_holds_and_is_the_same_both_ways() {
    let cluster = Cluster::start(&[]);
    let mut text = include_str!("outputs/views.sql").to_owned();
    if cluster.version() < 14 {
        // of another type there
        text = text.replace("extract(year from made)", "1");
    }
    let (views, claims) = compare(&cluster, "written", text.split(";\n").map(str::trim).filter(|s| !s.is_empty()).map(str::to_owned));
    assert!(views > 95 && claims > 200, "{views} views, {claims} claims");
}

/// `DBTRUTH_VIEWS=from..to` looks further.
#[test]
fn what_a_lock_says_of_made_up_views_holds_and_is_the_same_both_ways() {
    let range = std::env::var("DBTRUTH_VIEWS").unwrap_or_else(|_| "0..800".to_owned());
    let (from, to) = range.split_once("..").expect("from..to");
    let seeds = from.parse::<u64>().expect("a number")..to.parse().expect("a number");
    let (views, claims) = compare(&Cluster::start(&[]), "made", seeds.map(|seed| format!("create view made_{seed} as {}", Maker::new(seed).query())));
    assert!(claims * 2 > views, "{views} views, {claims} claims");
}
