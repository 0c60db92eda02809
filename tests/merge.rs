//! The merge driver under real git, and what git does to locks without it.

mod common;

use common::{LOCK, Project};

fn with_columns(columns: &[&str]) -> String {
    let mut all: Vec<&str> = ["id: bigint not null", "manufacturing_date: date not null"].into_iter().chain(columns.iter().copied()).collect();
    all.sort_unstable();
    let lines: String = all.iter().map(|c| format!("      {c}\n")).collect();
    let text = LOCK.replace("      id: bigint not null\n      manufacturing_date: date not null\n", &lines);
    let schema = dbtruth::schema::lock::read(&text).expect("a lock");
    dbtruth::schema::lock::write(&schema)
}

/// Commits `base`, then `ours` on main and `theirs` on a branch, and merges. Gives git's exit code and the lock.
fn merged(driver: bool, base: &str, ours: &str, theirs: &str) -> (i32, String, String) {
    let p = Project::git();
    if driver {
        p.write(".gitattributes", "schema.lock.yaml merge=dbtruth\n");
        p.run_git(&["config", "merge.dbtruth.name", "schema locks by meaning"]);
        p.run_git(&["config", "merge.dbtruth.driver", &format!("{} merge %O %A %B %P", env!("CARGO_BIN_EXE_dbtruth"))]);
    }
    let commit = |text: &str| {
        p.write("schema.lock.yaml", text);
        p.run_git(&["add", "-A"]);
        p.run_git(&["commit", "-q", "-m", "x"]);
    };
    commit(base);
    p.run_git(&["checkout", "-q", "-b", "other"]);
    commit(theirs);
    p.run_git(&["checkout", "-q", "main"]);
    commit(ours);
    let ran = p.try_git(&["merge", "-q", "--no-edit", "other"]);
    (ran.code, p.read("schema.lock.yaml"), ran.out + &ran.err)
}

#[test]
fn branches_that_add_columns_merge_clean() {
    let (base, a, b) = (with_columns(&[]), with_columns(&["note: text"]), with_columns(&["owner: text"]));
    let (code, text, said) = merged(true, &base, &a, &b);
    assert_eq!((code, text.as_str()), (0, with_columns(&["note: text", "owner: text"]).as_str()), "{said}");
    // In places that do not touch, git needs no help: one line a column, sorted, and nothing that every change touches.
    let (code, text, said) = merged(false, &base, &with_columns(&["aged: boolean"]), &with_columns(&["owner: text"]));
    assert_eq!((code, text.as_str()), (0, with_columns(&["aged: boolean", "owner: text"]).as_str()), "{said}");
}

#[test]
fn conflicting_changes_stop_the_merge_and_are_marked() {
    let (base, a, b) = (with_columns(&["x: text"]), with_columns(&["x: bigint"]), with_columns(&["note: text", "x: uuid"]));
    let (code, text, said) = merged(true, &base, &a, &b);
    assert_eq!(code, 1, "{said}");
    assert!(said.contains("schema.lock.yaml: conflict: both sides changed `public.batches, columns, x`"), "{said}");
    assert!(text.contains("      note: text\n<<<<<<< ours\n      x: bigint\n=======\n      x: uuid\n>>>>>>> theirs\n"), "{text}");
}

#[test]
fn a_lock_with_conflict_markers_names_the_remedy() {
    let p = Project::new();
    p.write("a.sql", common::RIGHT);
    p.write("schema.lock.yaml", LOCK.replace("      id:", "<<<<<<< ours\n      id:"));
    p.run(&["check"]).exits(2).says("schema.lock.yaml:6:1: unresolved merge conflict").says("dbtruth pull").says("dbtruth merge");
}

#[test]
fn what_is_no_lock_is_merged_line_by_line() {
    let (base, a) = (with_columns(&[]), with_columns(&["note: text"]));
    let (code, text, said) = merged(true, &base, &a, "version: 99\n");
    assert_eq!(code, 1, "{said}");
    assert!(said.contains("their side is no lock that can be read") && text.contains("<<<<<<<"), "{said}\n{text}");
}
