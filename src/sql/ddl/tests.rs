//! Statements, and the lock they leave behind.

use super::*;
use crate::schema::lock;

#[test]
#[ignore = "a look at files: DDL=path cargo test ddl::tests::print -- --ignored --nocapture"]
fn print() {
    let path = std::env::var("DDL").expect("DDL names a file");
    print!("{}", lock::write(&load_file(&std::fs::read_to_string(path).unwrap())));
}
