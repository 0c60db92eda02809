//! Against real servers: what a lock says must not depend on where it was read from.
//!
//! Starts a private cluster in a temporary folder, on a Unix socket, and removes it in the end. Needs PostgreSQL's server programs (package
//! `postgresql`; `PG_BIN` names their folder where they are not found by themselves).

use std::path::PathBuf;
use std::process::Command;

use dbtruth::schema::live::{DsnOptions, Redacted};
use dbtruth::schema::lock;
use dbtruth::sql::{ddl, live};

mod database {
    pub mod cluster;
    pub mod hostile;
    pub mod random;
}
use database::cluster::{Cluster, Pooler, certificates};
use database::random::{Random, statement};

fn options(url: String) -> DsnOptions {
    DsnOptions { url: Some(Redacted::new(url)), keep_schemas: Vec::new() }
}

/// Loads the text into a fresh database and compares both ways to a lock.
fn same_both_ways(cluster: &Cluster, database: &str, text: &str) -> Result<(), String> {
    cluster.create(database);
    cluster.load(database, text)?;
    let live = live::pull(&options(cluster.url(database))).expect("the private cluster can be read");
    let (live, offline) = (lock::write(&live), lock::write(&ddl::load_file(text)));
    if live == offline { Ok(()) } else { Err(difference(&live, &offline)) }
}

/// The lines that differ, live with `-`, offline with `+`.
fn difference(live: &str, offline: &str) -> String {
    let folder = tempfile::tempdir().expect("a temporary folder");
    for (name, text) in [("live", live), ("offline", offline)] {
        std::fs::write(folder.path().join(name), text).expect("written");
    }
    let output = Command::new("diff").args(["-U1", "live", "offline"]).current_dir(folder.path()).output().expect("diff runs");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[test]
fn a_file_and_the_database_it_makes_give_the_same_bytes() {
    let cluster = Cluster::start(&[]);
    let written = std::fs::read_to_string("tests/database/everything.sql").expect("the fixture");
    if let Err(difference) = same_both_ways(&cluster, "written", &written) {
        panic!("as written by hand:\n{difference}");
    }
    let dumped = cluster.dump("written");
    if let Err(difference) = same_both_ways(&cluster, "dumped", &dumped) {
        panic!("as written by pg_dump:\n{difference}");
    }
    let read = |database: &str| lock::write(&live::pull(&options(cluster.url(database))).expect("readable"));
    assert_eq!(read("written"), read("dumped"));
    assert_eq!(lock::write(&lock::read(&read("written")).expect("our own lock")), read("written"));
}

/// Random DDL on a server; what it accepted, replayed offline. `DBTRUTH_SEEDS=from..to` looks further.
#[test]
fn random_statements_replayed_offline_give_what_the_server_has() {
    let cluster = Cluster::start(&[]);
    let range = std::env::var("DBTRUTH_SEEDS").unwrap_or_else(|_| "0..12".to_owned());
    let (from, to) = range.split_once("..").expect("from..to");
    let mut bad = Vec::new();
    for seed in from.parse::<u64>().expect("a number")..to.parse().expect("a number") {
        let database = format!("random{seed}");
        cluster.create(&database);
        let mut client = postgres::Client::connect(&cluster.url(&database), postgres::NoTls).expect("connected");
        let mut random = Random::new(seed);
        let setup = ["create schema app", "create type mood as enum ('good', 'bad')", "create domain app.level as int check (value >= 0)"].map(str::to_owned);
        let tried: Vec<String> = setup.into_iter().chain((0..300).map(|_| statement(&mut random))).collect();
        let accepted: Vec<String> = tried.into_iter().filter(|sql| client.batch_execute(sql).is_ok()).collect();
        let text = accepted.join(";\n") + ";\n";
        let live = lock::write(&live::pull(&options(cluster.url(&database))).expect("readable"));
        let offline = lock::write(&ddl::load_file(&text));
        if live != offline {
            bad.push(format!("seed {seed}:\n{}\n{text}", difference(&live, &offline)));
        }
    }
    assert!(bad.is_empty(), "{} of the seeds differ\n{}", bad.len(), bad.join("\n"));
}

#[test]
fn case_35_a_pooler_in_transaction_mode_makes_no_difference() {
    let cluster = Cluster::start(&[]);
    cluster.create("pooled");
    cluster.sql("pooled", "create table t (id serial primary key, name text not null default 'x')");
    let direct = lock::write(&live::pull(&options(cluster.url("pooled"))).expect("readable"));
    let pooler = Pooler::start(&cluster);
    let url = format!("postgresql+asyncpg://anyone@127.0.0.1:{}/pooled?pgbouncer=true&sslmode=disable", pooler.port);
    let pulls: Vec<_> = (0..6)
        .map(|_| {
            std::thread::spawn({
                let url = url.clone();
                move || (0..3).map(|_| lock::write(&live::pull(&options(url.clone())).expect("readable through the pooler"))).collect::<Vec<_>>()
            })
        })
        .collect();
    for pull in pulls {
        for lock in pull.join().expect("no panic") {
            assert_eq!(lock, direct);
        }
    }
}

#[test]
fn case_34_whom_we_talk_to_is_verified() {
    let certificates = certificates();
    let cluster = Cluster::start_with_tls(certificates.path());
    cluster.sql("postgres", "create role me login password 'canary pw%/@:'; create table t (id int)");
    let root = |name: &str| certificates.path().join(name).display().to_string();
    let pull = |host: &str, password: &str, parameters: String| {
        live::pull(&options(format!("postgresql://me:{password}@{host}:{}/postgres?{parameters}", cluster.port())))
    };
    let good = "canary%20pw%25%2F%40%3A";

    let schema = pull("localhost", good, format!("sslmode=verify-full&sslrootcert={}", root("ca.crt"))).expect("verified");
    assert!(schema.relation(None, "t").is_some(), "a role without any grant sees the whole catalog");
    pull("127.0.0.1", good, format!("sslmode=verify-ca&sslrootcert={}", root("ca.crt"))).expect("the authority is right, the name is not asked for");
    pull("127.0.0.1", good, "sslmode=require".to_owned()).expect("encrypted, not verified");
    pull("localhost", good, String::new()).expect("this machine: as libpq does");

    for (host, password, parameters, message, help) in [
        ("127.0.0.1", good, format!("sslmode=verify-full&sslrootcert={}", root("ca.crt")), "certificate", "sslrootcert"),
        ("localhost", good, format!("sslmode=verify-full&sslrootcert={}", root("other.crt")), "certificate", "sslrootcert"),
        ("localhost", good, format!("sslmode=verify-ca&sslrootcert={}", root("other.crt")), "certificate", "sslrootcert"),
        ("localhost", good, "sslmode=verify-full".to_owned(), "certificate", "sslrootcert"),
        ("localhost", good, format!("sslmode=verify-full&sslrootcert={}", root("missing.crt")), "cannot read the root certificate", ""),
        ("localhost", "canary", "sslmode=require".to_owned(), "password authentication failed", "PGPASSWORD"),
    ] {
        let error = pull(host, password, parameters).expect_err("must be refused");
        assert!(error.message.contains(message), "{error:?}");
        assert!(help.is_empty() || error.help.as_deref().is_some_and(|h| h.contains(help)), "{error:?}");
        assert!(!format!("{error:?}").contains("canary"), "{error:?}");
    }
}

#[test]
fn case_34_a_server_that_cannot_be_read_is_an_error_with_a_remedy() {
    let cluster = Cluster::start(&["listen_addresses=127.0.0.1".to_owned()]);
    let pull = |url: String| live::pull(&options(url)).expect_err("must fail");
    let error = pull(format!("postgresql://postgres:canary@127.0.0.1:{}/postgres?sslmode=verify-full", cluster.port()));
    assert!(error.help.as_deref().is_some_and(|h| h.contains("sslmode=disable")), "{error:?}");
    let error = pull(cluster.url("nowhere"));
    assert!(error.message.contains("does not exist") && error.help.is_some(), "{error:?}");
    let error = pull("postgresql://postgres:canary@127.0.0.1:1/postgres".to_owned());
    assert!(error.message.contains("refused") && error.help.is_some(), "{error:?}");
    let error = pull("postgresql://postgres:canary@db.abcdefghijklmnopqrst.supabase.co:5432/postgres?connect_timeout=2".to_owned());
    assert!(error.help.as_deref().is_some_and(|h| h.contains("pooler")), "{error:?}");
    assert!(!format!("{error:?}").contains("canary"));
}

/// `DBTRUTH_PG_BINS=/a/bin:/b/bin`: the same for other versions of the server.
#[test]
#[ignore = "needs other versions of the server than the system has"]
fn every_version_gives_the_same_bytes() {
    let written = std::fs::read_to_string("tests/database/everything.sql").expect("the fixture");
    let folders = std::env::var("DBTRUTH_PG_BINS").expect("DBTRUTH_PG_BINS names folders of server programs");
    let mut bad = Vec::new();
    for folder in folders.split(':') {
        let cluster = Cluster::start_from(PathBuf::from(folder), &[]);
        let version = cluster.version();
        // What a version does not know yet is left out of the fixture.
        let mut text = written.clone();
        for (since, what) in [(15, " NULLS NOT DISTINCT"), (13, " DEFAULT gen_random_uuid()")] {
            if version < since {
                text = text.replace(what, "");
            }
        }
        match same_both_ways(&cluster, "versions", &text) {
            Ok(()) => println!("{version}: same"),
            Err(difference) => bad.push(format!("{version}:\n{difference}")),
        }
    }
    assert!(bad.is_empty(), "{}", bad.join("\n"));
}

/// `DBTRUTH_SCHEMAS=folder`: every `.sql` file in it, for measuring.
#[test]
#[ignore = "a measurement over files that are not part of the repository"]
fn files_of_a_folder_give_the_same_bytes() {
    let folder = PathBuf::from(std::env::var("DBTRUTH_SCHEMAS").expect("DBTRUTH_SCHEMAS names a folder"));
    let cluster = Cluster::start(&[]);
    let mut files: Vec<_> = std::fs::read_dir(folder).expect("a folder").map(|e| e.expect("an entry").path()).collect();
    files.sort();
    let mut bad = 0;
    for (n, file) in files.iter().enumerate() {
        let text = std::fs::read_to_string(file).expect("text");
        match same_both_ways(&cluster, &format!("d{n}"), &text) {
            Ok(()) => println!("{}: same", file.display()),
            Err(difference) => {
                bad += 1;
                println!("{}: DIFFERENT\n{difference}", file.display());
            }
        }
    }
    assert_eq!(bad, 0);
}
