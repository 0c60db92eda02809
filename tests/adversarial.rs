//! What a hostile or unlucky repository can do, case by case; the number stands in each test's name. What they promise is told in SECURITY.md.
//!
//! Elsewhere: 1 to 7 for the parser alone in `hostile_python.rs`, 28 and 29 also in `git.rs`, the writers of 11 to 14 and 17 in `report.rs`, PgBouncer and certificates
//! of 34 and 35 in `database.rs`, repairs of 31 and 32 in the tests of `fix`.
#![cfg(unix)]

mod common;

#[path = "adversarial/configuration.rs"]
mod configuration;
#[path = "adversarial/database.rs"]
mod database;
#[path = "adversarial/disk.rs"]
mod disk;
#[path = "adversarial/files.rs"]
mod files;
#[path = "adversarial/generated.rs"]
mod generated;
#[path = "adversarial/index.rs"]
mod index;
#[path = "adversarial/lock.rs"]
mod lock;
#[path = "adversarial/names.rs"]
mod names;
#[path = "adversarial/sandbox.rs"]
mod sandbox;
#[path = "adversarial/source.rs"]
mod source;
#[path = "adversarial/streams.rs"]
mod streams;

/// `check` with one line a finding.
const CONCISE: &[&str] = &["check", "--format", "concise"];
