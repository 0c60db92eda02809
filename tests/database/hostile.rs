//! 35 and 36 of the hostile cases: servers that are busy, in the way or full of odd things. (The poolers of 35 stand in `database.rs`.)

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use dbtruth::schema::live::LiveError;
use dbtruth::schema::{Schema, lock};
use dbtruth::sql::live;

use super::cluster::{Cluster, Pooler};
use crate::options;

fn pull(cluster: &Cluster, database: &str) -> Result<Schema, LiveError> {
    live::pull(&options(cluster.url(database)))
}

#[test]
fn case_35_a_pooler_that_takes_no_options() {
    let cluster = Cluster::start(&[]);
    cluster.create("pooled");
    cluster.sql("pooled", "create table t (id int)");
    let pooler = Pooler::start(&cluster);
    let url = format!("postgresql://anyone:canary@127.0.0.1:{}/pooled?sslmode=disable&options=-csearch_path%3Dx", pooler.port);
    // PgBouncer refuses the parameter: it is left out, or the refusal is said with a remedy and without the password.
    match live::pull(&options(url)) {
        Ok(schema) => assert!(schema.relation(None, "t").is_some()),
        Err(error) => assert!(error.help.is_some() && !format!("{error:?}").contains("canary"), "{error:?}"),
    }
}

#[test]
fn case_35_a_role_whose_statements_time_out_and_a_locked_table() {
    let cluster = Cluster::start(&[]);
    cluster.create("busy");
    cluster.sql(
        "busy",
        "create table held (id serial primary key, n int default 1 check (n > 0)); create view v as select * from held; create table free (id int)",
    );
    let open = lock::write(&pull(&cluster, "busy").expect("readable"));
    // Our own transaction sets its own limits.
    cluster.sql("busy", "alter role postgres set statement_timeout = '1ms'; alter role postgres set lock_timeout = '1ms'");
    assert_eq!(lock::write(&pull(&cluster, "busy").expect("readable")), open);
    cluster.sql("busy", "alter role postgres reset all");
    let mut holder = postgres::Client::connect(&cluster.url("busy"), postgres::NoTls).expect("connected");
    holder.batch_execute("begin; lock table held in access exclusive mode").expect("locked");
    let began = Instant::now();
    match pull(&cluster, "busy") {
        Ok(schema) => assert_eq!(lock::write(&schema), open),
        Err(error) => assert!(error.help.is_some(), "{error:?}"),
    }
    assert!(began.elapsed() < Duration::from_secs(40), "{:?}", began.elapsed());
    holder.batch_execute("rollback").expect("given back");
    assert_eq!(lock::write(&pull(&cluster, "busy").expect("readable")), open);
}

/// Tables that change together while we read: all of a lock is of one moment.
#[test]
fn case_35_definitions_change_while_we_read() {
    let cluster = Cluster::start(&[]);
    cluster.create("moving");
    cluster.sql("moving", "create table a (id int); create table b (id int)");
    let stop = Arc::new(AtomicBool::new(false));
    let changing = {
        let (stop, url) = (Arc::clone(&stop), cluster.url("moving"));
        std::thread::spawn(move || {
            let mut client = postgres::Client::connect(&url, postgres::NoTls).expect("connected");
            let mut rounds = 0;
            while !stop.load(Ordering::Relaxed) {
                client
                    .batch_execute("begin; alter table a add x int check (x > 0); alter table b add x int default 5; create index i on b (x); commit")
                    .expect("changed");
                client.batch_execute("begin; alter table a drop column x; alter table b drop column x; commit").expect("changed back");
                rounds += 1;
            }
            rounds
        })
    };
    let mut read = 0;
    for _ in 0..15 {
        match pull(&cluster, "moving") {
            Ok(schema) => {
                let has = |table: &str| schema.relation(None, table).expect("always there").1.column("x").is_some();
                assert_eq!(has("a"), has("b"), "half of a change: {}", lock::write(&schema));
                read += 1;
            }
            // What a function of the server looks up may be gone by then.
            Err(error) => assert!(error.help.is_some(), "{error:?}"),
        }
    }
    stop.store(true, Ordering::Relaxed);
    assert!(changing.join().expect("no panic") > 0);
    assert!(read > 0, "never once");
}

#[test]
fn case_36_names_and_shapes_at_the_limits() {
    let cluster = Cluster::start(&[]);
    cluster.create("odd");
    let long = "x".repeat(63);
    let wide: Vec<String> = (1..=1600).map(|n| format!("c{n} int")).collect();
    cluster.sql(
        "odd",
        &format!(
            "create table \"quo\"\"te\" (\"a.b\" int, \"a b\" text, \"'\" int, \"é\" int, \"{long}\" int, \"null\" int, \" \" int);
             create table \"do.t.ted\" (id int); create table none (); create table wide ({});
             create table gone (id int, old int, keep int); alter table gone drop column old;
             create schema other; create table other.gone (different text);
             create schema extensions; create extension citext schema extensions; create extension hstore schema public;
             create table uses_them (a extensions.citext, b hstore);
             create table parts (id int) partition by range (id);",
            wide.join(", ")
        ),
    );
    // In several transactions: each partition takes locks until its end.
    for from in (0..5000).step_by(500) {
        cluster.sql(
            "odd",
            &format!("do $$ begin for n in {from}..{} loop execute format('create table part_%s partition of parts for values from (%s) to (%s)', n, n, n + 1); end loop; end $$", from + 499),
        );
    }
    let mut session = postgres::Client::connect(&cluster.url("odd"), postgres::NoTls).expect("connected");
    session.batch_execute("create temp table fleeting (id int)").expect("made");

    let schema = pull(&cluster, "odd").expect("readable");
    let columns =
        |namespace: Option<&str>, table: &str| schema.relation(namespace, table).map(|(_, r)| r.columns.iter().map(|c| c.name.clone()).collect::<Vec<_>>());
    let mut odd = columns(None, "quo\"te").expect("there");
    odd.sort();
    assert_eq!(odd, [" ", "'", "a b", "a.b", "null", &long, "é"]);
    assert_eq!(columns(None, "do.t.ted").map(|c| c.len()), Some(1));
    assert_eq!(columns(None, "none").map(|c| c.len()), Some(0));
    assert_eq!(columns(None, "wide").map(|c| c.len()), Some(1600));
    let mut gone = columns(None, "gone").expect("there");
    gone.sort();
    assert_eq!(gone, ["id", "keep"], "a dropped column is gone");
    assert_eq!(columns(Some("other"), "gone"), Some(vec!["different".to_owned()]));
    let names: Vec<String> = schema.relations.keys().map(ToString::to_string).collect();
    assert!(!names.iter().any(|n| n.contains("part_") || n.contains("fleeting")), "{names:?}");
    let text = lock::write(&schema);
    assert!(
        text.contains("citext") && text.contains("hstore") && !text.contains("citext_eq") && !text.contains("hstore_to_json"),
        "of extensions only what the tables use"
    );
    assert_eq!(lock::write(&lock::read(&text).expect("our own lock")), text);
}
