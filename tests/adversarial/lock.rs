//! 18 to 26: locks.

use std::os::unix::fs::PermissionsExt;
use std::time::{Duration, Instant};

use crate::CONCISE;
use crate::common::{LOCK, Project, RIGHT, Ran};

fn with_lock(text: impl AsRef<[u8]>) -> Ran {
    let p = Project::new();
    p.write("a.sql", RIGHT);
    p.write("schema.lock.yaml", text);
    let began = Instant::now();
    let ran = p.run(CONCISE);
    assert!(began.elapsed() < Duration::from_secs(30), "{:?}", began.elapsed());
    ran
}

/// Refused with a place in the file and a reason.
#[track_caller]
fn refused(text: impl AsRef<[u8]>) -> Ran {
    let ran = with_lock(text).exits(2).says("schema.lock.yaml:").says("error: ");
    assert!(ran.err.lines().any(|l| l.trim_start_matches("error: ").starts_with("schema.lock.yaml:") && l.len() < 400), "{}", ran.err);
    ran
}

#[test]
fn case_18_billion_laughs() {
    let mut bomb = String::from("version: 1\na: &a [x, x, x, x, x, x, x, x, x, x]\n");
    for (this, last) in ('b'..='k').zip('a'..='j') {
        bomb += &format!("{this}: &{this} [{}]\n", vec![format!("*{last}"); 10].join(", "));
    }
    refused(bomb);
}

#[test]
fn case_19_forty_thousand_deep() {
    refused(format!("version: 1\ntables: {}\n", "[".repeat(40_000)));
    refused(format!("version: 1\ntables: {}{}\n", "{a: ".repeat(40_000), "}".repeat(40_000)));
    let steps: String = (0..5_000).map(|n| format!("{}a:\n", " ".repeat(n))).collect();
    refused(format!("version: 1\n{steps}"));
}

#[test]
fn case_20_aliases_merge_keys_and_tags() {
    refused("version: 1\ntables: &t {public.a: *t}\n");
    refused("version: 1\nbase: &b {id: bigint}\ntables:\n  public.a:\n    columns:\n      <<: *b\n");
    refused("version: 1\ntables: !!python/object/apply:os.system ['id']\n");
    refused("version: 1\ntables:\n  public.a: !include other.yaml\n");
}

#[test]
fn case_21_a_column_twice_after_a_merge() {
    refused(LOCK.replace("      id: bigint not null\n", "      id: bigint not null\n      id: text\n")).says("schema.lock.yaml:7:7");
    refused(format!("{LOCK}  public.batches:\n    columns:\n      id: bigint\n")).says("schema.lock.yaml:9:3");
}

#[test]
fn case_22_conflict_markers_anywhere() {
    for before in ["version:", "      manufacturing_date", "    primary key"] {
        let at = LOCK.find(before).expect("a line of it");
        let line = LOCK[..at].matches('\n').count() + 1;
        let text = format!("{}<<<<<<< ours\n{}=======\n>>>>>>> theirs\n", &LOCK[..at], &LOCK[at..]);
        refused(text).says(&format!("schema.lock.yaml:{line}:1")).says("conflict");
    }
}

#[test]
fn case_23_forms_of_text() {
    with_lock(format!("\u{feff}{LOCK}")).exits(0);
    with_lock(LOCK.replace('\n', "\r\n")).exits(0);
    refused(LOCK.replace("      id", "\t\t\tid"));
    refused(format!("{LOCK}---\nversion: 1\n"));
    refused(LOCK.replace("bigint", "big\0int"));
    refused(LOCK.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>());
    refused(b"version: 1\n\xff\n");
}

/// Names that YAML 1.1 or 1.2 reads as something else.
const PITFALLS: [&str; 17] =
    ["yes", "no", "on", "null", "~", "1e3", "0x1f", "2024-01-01", "a: b", "#x", "a.b", "é", "e\u{301}", "true", "-", "? x", "'q' \"d\" \\ %"];

#[test]
fn case_24_pitfall_names_survive() {
    let quoted = |n: &str| format!("\"{}\"", n.replace('"', "\"\""));
    let label = |n: &str| format!("'{}'", n.replace('\'', "''"));
    let columns = PITFALLS.iter().map(|n| format!("{} text", quoted(n))).collect::<Vec<_>>().join(", ");
    let mut ddl: String = PITFALLS.iter().map(|n| format!("CREATE TABLE {} ({columns});\n", quoted(n))).collect();
    ddl += &format!("CREATE TYPE labels AS ENUM ({});\n", PITFALLS.iter().map(|n| label(n)).collect::<Vec<_>>().join(", "));
    let p = Project::new();
    p.write("schema.sql", ddl);
    p.run(&["pull", "--from", "schema.sql"]).exits(0);
    let first = p.read("schema.lock.yaml");
    p.run(&["pull", "--from", "schema.sql", "--check"]).exits(0);
    // Every name can be used, and no other.
    for name in PITFALLS {
        p.write("q.sql", format!("SELECT {0}, \"nope\" FROM {0};\n", quoted(name)));
        let ran = p.run(&["check", "--format", "concise", "q.sql"]).exits(1);
        assert_eq!(ran.out.matches("error[").count(), 1, "{name}: {}", ran.out);
    }
    // Another reader of YAML sees the same names.
    let read = "import sys, yaml\nlock = yaml.safe_load(open('schema.lock.yaml', encoding='utf-8'))\nfor t in lock['tables']: print(ascii(t)); [print(' ', ascii(c)) for c in lock['tables'][t]['columns']]\nprint(ascii(lock['enums']))";
    let python = p.command(python(), ".").args(["-c", read]).output().expect("python3 runs");
    let seen = String::from_utf8_lossy(&python.stdout).into_owned();
    assert!(python.status.success(), "PyYAML is needed; `./test` installs it: {}", String::from_utf8_lossy(&python.stderr));
    assert_eq!(seen.lines().count(), PITFALLS.len() * (PITFALLS.len() + 1) + 1, "{seen}");
    assert!(!seen.lines().any(|l| matches!(l.trim(), "True" | "False" | "None" | "1000.0" | "31")), "{seen}");
    assert_eq!(p.read("schema.lock.yaml"), first);
}

fn python() -> String {
    let tools = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("target/test-tools/bin/python");
    if tools.exists() { tools.display().to_string() } else { "python3".to_owned() }
}

#[test]
fn case_25_versions_and_keys() {
    refused("version: 999\ntables: {}\n").says("999");
    refused("tables: {}\n");
    refused("version: [1]\ntables: {}\n");
    // Quoted, it is the same number.
    with_lock(LOCK.replace("version: 1", "version: \"1\"")).exits(0);
    refused("version: 1\ntablez: {}\n").says("tablez");
    refused(LOCK.replace("primary key", "primary kee")).says("primary kee");
}

#[test]
fn case_26_no_lock_where_one_should_be() {
    let p = Project::new();
    p.write("a.sql", RIGHT);
    let lock = p.path("schema.lock.yaml");
    std::fs::remove_file(&lock).expect("own file");
    p.run(CONCISE).exits(2).says("no lock: schema.lock.yaml does not exist");
    p.write("schema.lock.yaml", "");
    p.run(CONCISE).exits(2).says("schema.lock.yaml:1:1");
    std::fs::remove_file(&lock).expect("own file");
    std::fs::create_dir(&lock).expect("own folder");
    p.run(CONCISE).exits(2).says("schema.lock.yaml");
    std::fs::remove_dir(&lock).expect("own folder");
    std::os::unix::fs::symlink("/etc/passwd", &lock).expect("own link");
    // A lock may be a link; what is no lock is refused without being quoted.
    p.run(CONCISE).exits(2).says("schema.lock.yaml").never_says("root:x:0");
    std::fs::remove_file(&lock).expect("own file");
    std::os::unix::fs::symlink("nowhere", &lock).expect("own link");
    p.run(CONCISE).exits(2);
    std::fs::remove_file(&lock).expect("own file");
    assert!(std::process::Command::new("mkfifo").arg(&lock).status().expect("mkfifo runs").success());
    let began = Instant::now();
    p.run(CONCISE).exits(2).says("schema.lock.yaml");
    assert!(began.elapsed() < Duration::from_secs(10), "a pipe nobody writes to must not be waited for");
    std::fs::remove_file(&lock).expect("own file");
    // A sparse file of 100 MB.
    std::fs::File::create(&lock).and_then(|f| f.set_len(100 << 20)).expect("own file");
    p.run(CONCISE).exits(2).says("schema.lock.yaml");
    p.write("schema.lock.yaml", LOCK);
    std::fs::set_permissions(&lock, std::fs::Permissions::from_mode(0o000)).expect("own file");
    let readable = std::fs::read(&lock).is_ok();
    p.run(CONCISE).exits(if readable { 0 } else { 2 });
}
