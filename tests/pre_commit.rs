//! The hooks as the real pre-commit and the real prek run them, from our own manifest. `./test` installs both.
#![cfg(unix)]

mod common;

use std::path::Path;

use common::{Project, RIGHT, WRONG, tool};

/// Programs that read `.pre-commit-hooks.yaml`.
const MANAGERS: [&str; 2] = ["pre-commit", "prek"];

/// The manifest with every hook run by the program under test: what a manager passes and how it selects is tested here;
/// that `language: rust` builds is tested below.
fn hook_repository(program: &str) -> Project {
    let manifest = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(".pre-commit-hooks.yaml")).expect("the manifest");
    let p = Project::git();
    p.write(".pre-commit-hooks.yaml", manifest.replace("entry: dbtruth", &format!("entry: {program}")).replace("language: rust", "language: system"));
    p.commit_all();
    p
}

fn try_repo(manager: &str, project: &Project, hooks: &Path, hook: &str, rest: &[&str], settings: &[(&str, &Path)]) -> (bool, String) {
    let home = tempfile::tempdir().expect("a folder");
    let mut command = project.command(tool("bin").join(manager), ".");
    command.env("PRE_COMMIT_HOME", home.path()).env("PREK_HOME", home.path()).args(["try-repo", &hooks.display().to_string(), hook, "--verbose"]).args(rest);
    for (name, value) in settings {
        command.env(name, value);
    }
    let output = command.output().expect("it runs");
    let text = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    (output.status.success(), text)
}

#[test]
fn changed_files_are_checked_and_some_widen_to_everything() {
    let hooks = hook_repository(env!("CARGO_BIN_EXE_dbtruth"));
    for manager in MANAGERS {
        let p = Project::git();
        let run = |hook: &str| try_repo(manager, &p, hooks.root(), hook, &[], &[]);
        p.write("a.sql", RIGHT);
        p.write("old.sql", WRONG);
        p.commit_all();

        p.write("a.sql", WRONG);
        p.run_git(&["add", "a.sql"]);
        let (passed, said) = run("dbtruth");
        assert!(!passed && said.contains("a.sql:1:8") && !said.contains("old.sql:1:8"), "{manager}: {said}");

        p.write("a.sql", format!("-- fine\n{RIGHT}"));
        p.run_git(&["add", "a.sql"]);
        let (passed, said) = run("dbtruth");
        assert!(passed && said.contains("Passed"), "{manager}: {said}");
        let (passed, said) = run("dbtruth-all");
        assert!(!passed && said.contains("old.sql:1:8"), "{manager}: {said}");
        p.run_git(&["commit", "-q", "-m", "x"]);

        // A staged lock, configuration or migration widens to everything.
        for (name, text) in [
            ("schema.lock.yaml", format!("# note\n{}", common::LOCK)),
            ("dbtruth.yaml", "lock: schema.lock.yaml\n".to_owned()),
            ("migrations/001_first.sql", "CREATE TABLE batches (id bigint);\n".to_owned()),
        ] {
            p.write(name, text);
            p.run_git(&["add", name]);
            let (passed, said) = run("dbtruth");
            assert!(!passed && said.contains("old.sql:1:8"), "{manager}, {name}: {said}");
            p.run_git(&["commit", "-q", "-m", "x"]);
        }

        // Nothing that could name a table: not even started.
        p.write("note.txt", "x");
        p.run_git(&["add", "note.txt"]);
        let (passed, said) = run("dbtruth");
        assert!(passed && said.contains("Skipped"), "{manager}: {said}");
    }
}

/// No manager passes deleted files; the hook over the whole project sees what they leave behind.
#[test]
fn deletions_are_caught() {
    let hooks = hook_repository(env!("CARGO_BIN_EXE_dbtruth"));
    for manager in MANAGERS {
        let p = Project::git();
        p.write("app/__init__.py", "");
        p.write("app/base.py", "from sqlalchemy.orm import declarative_base\nBase = declarative_base()\n");
        p.write("a.sql", RIGHT);
        p.commit_all();
        p.run_git(&["rm", "-q", "schema.lock.yaml"]);
        let (passed, said) = try_repo(manager, &p, hooks.root(), "dbtruth-all", &[], &[]);
        assert!(!passed && said.contains("no lock"), "{manager}: {said}");
    }
}

#[test]
fn the_hook_that_needs_a_database_runs_by_hand_only() {
    let hooks = hook_repository(env!("CARGO_BIN_EXE_dbtruth"));
    for manager in MANAGERS {
        let p = Project::git();
        p.write("a.sql", RIGHT);
        p.run_git(&["add", "-A"]);
        let (passed, said) = try_repo(manager, &p, hooks.root(), "dbtruth-drift", &["--hook-stage", "manual"], &[]);
        // There is no database here: that is an error, never a pass.
        assert!(!passed && said.contains("exit code: 2"), "{manager}: {said}");
        let (_, said) = try_repo(manager, &p, hooks.root(), "dbtruth-drift", &[], &[]);
        assert!(!said.contains("exit code"), "{manager}: {said}");
    }
}

/// `language: rust`, unchanged: the program is built from a clone of this repository and run.
#[test]
fn we_are_built_from_source() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR"));
    let p = Project::git();
    p.write("a.sql", WRONG);
    p.run_git(&["add", "-A"]);
    for manager in MANAGERS {
        // Another build of the same dependencies is warm there: only the time differs.
        let (target, zero) = (source.join("target/pre-commit"), Path::new("0"));
        let settings = [("CARGO_TARGET_DIR", target.as_path()), ("CARGO_PROFILE_RELEASE_OPT_LEVEL", zero), ("CARGO_PROFILE_RELEASE_DEBUG", zero)];
        let (passed, said) = try_repo(manager, &p, source, "dbtruth", &[], &settings);
        assert!(!passed && said.contains("unknown-column") && said.contains("a.sql:1:8"), "{manager}: {said}");
    }
}
