//! Against real servers: what a lock says must not depend on where it was read from.
//!
//! Starts a private cluster in a temporary folder, on a Unix socket, and removes it in the end. Needs PostgreSQL's server programs (package
//! `postgresql`; `PG_BIN` names their folder where they are not found by themselves).

use std::path::PathBuf;
use std::process::Command;

use dbtruth::schema::live::{self, DsnOptions, Redacted};
use dbtruth::schema::lock;
use dbtruth::sql::ddl;

mod database {
    pub mod cluster;
}
use database::cluster::Cluster;

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
