//! The hooks as the real pre-commit runs them, from our own manifest. `./test` installs pre-commit and names it in `DBTRUTH_TEST_PRE_COMMIT`.
#![cfg(unix)]

mod common;

use std::path::Path;

use common::{Project, RIGHT, WRONG};

/// The manifest with every hook run by the program under test: what pre-commit passes and how it selects is tested here;
/// that `language: rust` builds is what `cargo install` tests.
fn hook_repository(program: &str) -> Project {
    let manifest = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(".pre-commit-hooks.yaml")).expect("the manifest");
    let p = Project::git();
    p.write(".pre-commit-hooks.yaml", manifest.replace("entry: dbtruth", &format!("entry: {program}")).replace("language: rust", "language: system"));
    p.commit_all();
    p
}

fn try_repo(project: &Project, hooks: &Project, hook: &str, rest: &[&str]) -> (bool, String) {
    let pre_commit = std::env::var_os("DBTRUTH_TEST_PRE_COMMIT").expect("asked for by the caller");
    let home = tempfile::tempdir().expect("a folder");
    let mut command = project.command(pre_commit, ".");
    command.env("PRE_COMMIT_HOME", home.path()).args(["try-repo", &hooks.root().display().to_string(), hook, "--verbose"]).args(rest);
    let output = command.output().expect("pre-commit runs");
    let text = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    (output.status.success(), text)
}

#[test]
fn the_real_pre_commit_runs_our_hooks() {
    if std::env::var_os("DBTRUTH_TEST_PRE_COMMIT").is_none() {
        eprintln!("not run: DBTRUTH_TEST_PRE_COMMIT is not set; `./test` sets it");
        return;
    }
    let hooks = hook_repository(env!("CARGO_BIN_EXE_dbtruth"));
    let p = Project::git();
    p.write("a.sql", RIGHT);
    p.write("old.sql", WRONG);
    p.commit_all();

    p.write("a.sql", WRONG);
    p.run_git(&["add", "a.sql"]);
    let (passed, said) = try_repo(&p, &hooks, "dbtruth", &[]);
    assert!(!passed && said.contains("a.sql:1:8") && !said.contains("old.sql:1:8"), "{said}");

    p.write("a.sql", format!("-- fine\n{RIGHT}"));
    p.run_git(&["add", "a.sql"]);
    let (passed, said) = try_repo(&p, &hooks, "dbtruth", &[]);
    assert!(passed && said.contains("Passed"), "{said}");

    let (passed, said) = try_repo(&p, &hooks, "dbtruth-all", &[]);
    assert!(!passed && said.contains("old.sql:1:8"), "{said}");

    // A staged lock widens to everything.
    p.write("schema.lock.yaml", format!("# note\n{}", common::LOCK));
    p.run_git(&["add", "schema.lock.yaml"]);
    let (passed, said) = try_repo(&p, &hooks, "dbtruth", &[]);
    assert!(!passed && said.contains("old.sql:1:8"), "{said}");
}

/// `language: rust`, unchanged: pre-commit builds the program from a clone of this repository and runs it.
#[test]
fn pre_commit_builds_us_from_source() {
    if std::env::var_os("DBTRUTH_TEST_PRE_COMMIT").is_none() {
        eprintln!("not run: DBTRUTH_TEST_PRE_COMMIT is not set; `./test` sets it");
        return;
    }
    let source = Path::new(env!("CARGO_MANIFEST_DIR"));
    let p = Project::git();
    p.write("a.sql", WRONG);
    p.run_git(&["add", "-A"]);
    let home = tempfile::tempdir().expect("a folder");
    let mut command = p.command(std::env::var_os("DBTRUTH_TEST_PRE_COMMIT").expect("set"), ".");
    // Another build of the same sources is warm there: only the time differs.
    command.env("CARGO_TARGET_DIR", source.join("target/pre-commit")).env("CARGO_PROFILE_RELEASE_LTO", "off").env("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "16");
    command.env("CARGO_PROFILE_RELEASE_OPT_LEVEL", "0").env("PRE_COMMIT_HOME", home.path());
    let output = command.args(["try-repo", &source.display().to_string(), "dbtruth", "--verbose"]).output().expect("pre-commit runs");
    let said = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success() && said.contains("unknown-column") && said.contains("a.sql:1:8"), "{said}");
}
