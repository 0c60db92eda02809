//! `check --staged` and `--since` against real repositories: what counts is what the commit will hold.
#![cfg(unix)]

mod common;

use common::{LOCK, Project, RIGHT, WRONG};

const STAGED: &[&str] = &["check", "--staged", "--format", "concise"];

#[test]
fn the_index_is_checked_and_not_the_worktree() {
    let p = Project::git();
    p.write("a.sql", WRONG);
    p.run_git(&["add", "-A"]);
    p.write("a.sql", RIGHT);
    p.run(STAGED).exits(1).says("a.sql:1:8: error[unknown-column]");

    p.run_git(&["add", "-A"]);
    p.write("a.sql", WRONG);
    p.run(STAGED).exits(0);
}

#[test]
fn lock_and_configuration_come_from_the_index() {
    let p = Project::git();
    p.write("a.sql", RIGHT);
    p.write("dbtruth.yaml", "rules: {unknown-column: warning}\n");
    p.run_git(&["add", "-A"]);
    p.write("schema.lock.yaml", "version: 999\n");
    p.write("dbtruth.yaml", "nonsense: true\n");
    p.run(STAGED).exits(0);
    p.run(&["check"]).exits(2);

    p.run_git(&["add", "schema.lock.yaml"]);
    p.run(STAGED).exits(2).says("schema.lock.yaml:1");
}

#[test]
fn an_unstaged_lock_is_said() {
    let p = Project::git();
    p.write("a.sql", RIGHT);
    p.run_git(&["add", "a.sql"]);
    p.run(STAGED).exits(2).says("no lock").says("git add schema.lock.yaml");
}

#[test]
fn only_staged_files_are_reported() {
    let p = Project::git();
    p.write("old.sql", WRONG);
    p.commit_all();
    p.write("new.sql", WRONG);
    p.write("untracked.sql", WRONG);
    p.run_git(&["add", "new.sql"]);
    p.run(STAGED).exits(1).says("new.sql").never_says("old.sql").never_says("untracked.sql");
}

#[test]
fn a_staged_lock_widens_to_everything() {
    let p = Project::git();
    p.write("a.sql", RIGHT);
    p.commit_all();
    p.write("schema.lock.yaml", LOCK.replace("manufacturing_date", "made_on"));
    p.run_git(&["add", "-A"]);
    p.run(STAGED).exits(1).says("a.sql:1:8");
}

#[test]
fn a_deletion_and_a_rename_widen_too() {
    let p = Project::git();
    p.write("a.sql", WRONG);
    p.write("b.sql", RIGHT);
    p.commit_all();
    p.run_git(&["mv", "b.sql", "c.sql"]);
    p.run(STAGED).exits(1).says("a.sql:1:8");
}

#[test]
fn nothing_staged_is_clean_and_said() {
    let p = Project::git();
    p.write("a.sql", WRONG);
    p.commit_all();
    p.run(STAGED).exits(0).says("nothing to check");
}

#[test]
fn before_the_first_commit() {
    let p = Project::git();
    p.write("a.sql", WRONG);
    p.run_git(&["add", "-A"]);
    p.run(STAGED).exits(1).says("a.sql:1:8");
}

#[test]
fn announced_files_symlinks_and_submodules_are_left_out() {
    let other = Project::git();
    other.write("x.sql", WRONG);
    other.commit_all();
    let p = Project::git();
    p.write("later.sql", WRONG);
    std::os::unix::fs::symlink("later.sql", p.path("link.sql")).unwrap();
    p.run_git(&["add", "-N", "later.sql"]);
    p.run_git(&["add", "schema.lock.yaml", "link.sql"]);
    p.run_git(&["-c", "protocol.file.allow=always", "submodule", "add", "-q", &other.root().display().to_string(), "sub"]);
    p.run(STAGED).exits(0).never_says("later.sql:").never_says("link.sql:").never_says("x.sql:");
}

/// A new file without bytes looks the same in the index as one that is only announced; a module that is announced is none yet.
#[test]
fn a_new_empty_file_is_not_an_announced_one() {
    let p = Project::git();
    p.write(
        "app/models.py",
        "import sqlalchemy as sa

t = sa.Table('batches', sa.MetaData(), sa.Column('id', sa.Integer))
",
    );
    p.write("app/__init__.py", "");
    p.write(
        "q.py",
        "from app.models import t

print(t.c.nope)
",
    );
    p.run_git(&["add", "q.py", "app/__init__.py", "schema.lock.yaml"]);
    p.run_git(&["add", "-N", "app/models.py"]);
    p.run(STAGED).exits(0).never_says("nope");
    p.run_git(&["add", "app/models.py"]);
    p.run(STAGED).exits(1).says("nope");
}

#[test]
fn unmerged_files_are_said() {
    let p = Project::git();
    p.write("a.sql", "SELECT 1;\n");
    p.commit_all();
    p.run_git(&["checkout", "-q", "-b", "other"]);
    p.write("a.sql", "SELECT 2;\n");
    p.commit_all();
    p.run_git(&["checkout", "-q", "main"]);
    p.write("a.sql", "SELECT 3;\n");
    p.commit_all();
    p.try_git(&["merge", "-q", "other"]);
    p.run(STAGED).exits(2).says("unmerged");
}

#[test]
fn names_with_quotes_newlines_and_letters_of_all_kinds() {
    let p = Project::git();
    for name in ["q\"uote.sql", "new\nline.sql", "é 😀.sql", "-dash.sql", ":colon.sql", "[a].sql"] {
        p.write(name, WRONG);
    }
    p.run_git(&["add", "-A"]);
    p.run(STAGED).exits(1).says("6 errors");
}

#[test]
fn from_a_subfolder_names_are_relative_to_it() {
    let p = Project::git();
    p.write("app/a.sql", WRONG);
    p.write("b.sql", WRONG);
    p.run_git(&["add", "-A"]);
    p.write("dbtruth.yaml", "lock: schema.lock.yaml\n");
    p.run_git(&["add", "-A"]);
    p.run_in("app", STAGED).exits(1).says("\na.sql:1:8").says("../b.sql:1:8");
}

/// The hook sees git's own environment: an index of its own for `commit -a` and `commit PATH`.
#[test]
fn inside_a_hook_every_way_to_commit_is_seen() {
    let p = Project::git();
    p.install_plain_hook("check --staged");
    let said = || p.read(".git/hook.out");

    p.write("a.sql", RIGHT);
    p.run_git(&["add", "-A"]);
    p.run_git(&["commit", "-q", "-m", "good"]);

    p.write("a.sql", WRONG);
    p.try_git(&["commit", "-q", "-a", "-m", "all"]).exits(1);
    assert!(said().contains("a.sql:1:8"), "{}", said());

    p.try_git(&["commit", "-q", "-m", "path", "a.sql"]).exits(1);
    assert!(said().contains("a.sql:1:8"), "{}", said());

    // Partially staged: the index is good, the worktree is not.
    p.write("a.sql", format!("{RIGHT}-- more\n"));
    p.run_git(&["add", "a.sql"]);
    p.write("a.sql", WRONG);
    p.run_git(&["commit", "-q", "-m", "part"]);
}

#[test]
fn a_linked_worktree_has_an_index_of_its_own() {
    let p = Project::git();
    p.write("a.sql", RIGHT);
    p.commit_all();
    p.run_git(&["worktree", "add", "-q", "-b", "side", "tree"]);
    p.install_plain_hook("check --staged");
    p.write("tree/a.sql", WRONG);
    p.run_git(&["-C", "tree", "add", "a.sql"]);
    p.run_in("tree", STAGED).exits(1).says("a.sql:1:8");
    p.try_git(&["-C", "tree", "commit", "-q", "-m", "x"]).exits(1);
    p.run(STAGED).exits(0);
}

/// Indexes that we read ourselves, and those that only git understands, say the same.
#[test]
fn every_form_of_an_index_is_read() {
    let forms: [&[&str]; 5] = [
        &["update-index", "--index-version", "2"],
        &["update-index", "--index-version", "4"],
        &["update-index", "--split-index"],
        &["sparse-checkout", "set", "--cone", "--sparse-index", "app"],
        &["update-index", "--untracked-cache"],
    ];
    for form in forms {
        let p = Project::git();
        p.write("app/models/a.sql", RIGHT);
        p.write("other/b.sql", RIGHT);
        p.write("app/\u{e9}t\u{e9} b.sql", RIGHT);
        p.commit_all();
        p.run_git(form);
        p.write("app/models/a.sql", WRONG);
        p.write("app/\u{e9}t\u{e9} b.sql", WRONG);
        // Announced, and no file of the commit yet.
        p.write("app/new.sql", WRONG);
        p.run_git(&["add", "app/models/a.sql", "app/\u{e9}t\u{e9} b.sql"]);
        p.run_git(&["add", "-N", "app/new.sql"]);
        p.run(STAGED).exits(1).says("app/models/a.sql:1:8").says("app/\u{e9}t\u{e9} b.sql:1:8").never_says("new.sql").never_says("b.sql:2");
        p.run_in("app/models", STAGED).exits(1).says("\na.sql:1:8").says("../\u{e9}t\u{e9} b.sql:1:8");
    }
}

/// Bytes of the worktree stand for those of the index only where they are the same: filters change them.
#[test]
fn what_filters_change_is_read_as_it_is_staged() {
    let p = Project::git();
    p.write("a.sql", "-- first\n".to_owned() + RIGHT);
    p.commit_all();
    p.run_git(&["config", "core.autocrlf", "true"]);
    p.write("a.sql", "-- first\r\n\r\n".to_owned() + WRONG);
    p.run_git(&["add", "a.sql"]);
    p.run(STAGED).exits(1).says("a.sql:3:8");
    // A pipe in the place of a file is not waited for.
    std::fs::remove_file(p.path("a.sql")).expect("removed");
    assert!(std::process::Command::new("mkfifo").arg(p.path("a.sql")).status().expect("mkfifo").success());
    p.run(STAGED).exits(1).says("a.sql:3:8");
}

#[test]
fn since_reports_changed_lines_only() {
    let p = Project::git();
    p.write("a.sql", format!("{WRONG}SELECT 1;\n"));
    p.commit_all();
    let since = &["check", "--since", "HEAD", "--format", "concise"];
    p.run(since).exits(0);
    p.write("a.sql", format!("{WRONG}SELECT 1;\n{WRONG}"));
    p.write("new.sql", WRONG);
    p.run(since).exits(1).says("a.sql:3:8").says("new.sql:1:8").never_says("a.sql:1:8");
    p.run(&["check", "--since", "nowhere"]).exits(2).says("nowhere");
    p.run(&["check", "--since=--output=x"]).exits(2);
}

#[test]
fn outside_a_repository_it_cannot_run() {
    let p = Project::new();
    p.write("a.sql", RIGHT);
    p.run(STAGED).exits(2).says("git repository");
}

#[test]
fn our_hook_is_installed_recognised_and_removed() {
    let p = Project::git();
    let hook = ".git/hooks/pre-commit";
    p.run(&["hook", "install"]).exits(0).says(hook);
    assert!(p.read(hook).contains("dbtruth hook run"));
    p.run(&["hook", "install"]).exits(0);
    p.run(&["hook", "uninstall"]).exits(0);
    assert!(!p.path(hook).exists());

    p.write(hook, "#!/bin/sh\nexit 0\n");
    p.run(&["hook", "install"]).exits(2).says("another tool's hook");
    p.run(&["hook", "uninstall"]).exits(2);
    assert_eq!(p.read(hook), "#!/bin/sh\nexit 0\n");

    p.run_git(&["config", "core.hooksPath", "my-hooks"]);
    p.run(&["hook", "install"]).exits(0);
    assert!(p.path("my-hooks/pre-commit").exists());
}

#[test]
fn the_installed_hook_stops_a_bad_commit() {
    let p = Project::git();
    p.run(&["hook", "install"]).exits(0);
    p.write("a.sql", WRONG);
    p.run_git(&["add", "-A"]);
    let program = std::path::Path::new(env!("CARGO_BIN_EXE_dbtruth"));
    let path = format!("{}:{}", program.parent().expect("a folder").display(), std::env::var("PATH").expect("PATH"));
    let commit = || p.command("git", ".").args(["commit", "-q", "-m", "x"]).env("PATH", &path).output().expect("git runs").status.success();
    assert!(!commit());
    p.write("a.sql", RIGHT);
    p.run_git(&["add", "-A"]);
    assert!(commit());
}

#[test]
fn two_revisions_of_the_lock_are_compared_with_what_breaks() {
    let p = Project::git();
    p.write("a.sql", RIGHT);
    p.commit_all();
    p.write("schema.lock.yaml", LOCK.replace("      manufacturing_date: date not null\n", ""));
    p.run(&["diff", "HEAD", "schema.lock.yaml", "--impact"]).exits(1).says("breaking").says("public.batches.manufacturing_date").says("a.sql:1:8");
    let json = p.run(&["diff", "HEAD", "schema.lock.yaml", "--impact", "--format", "json"]).exits(1).out;
    assert!(json.starts_with("{\"version\":1,\"changes\":[{\"impact\":\"breaking\",\"kind\":\"column-dropped\""), "{json}");
    p.run(&["diff", "HEAD", "HEAD"]).exits(0).says("no change");
    p.run(&["diff", "HEAD", "nowhere"]).exits(2).says("neither a file nor a revision");
}

/// Deploy order: does the old code survive the new schema, and the new code the old one?
#[test]
fn a_lock_of_another_revision() {
    let p = Project::git();
    p.write("a.sql", RIGHT);
    p.run_git(&["add", "-A"]);
    p.run_git(&["commit", "-q", "-m", "old"]);
    p.run_git(&["checkout", "-q", "-b", "feature"]);
    p.write("schema.lock.yaml", p.read("schema.lock.yaml").replace("manufacturing_date", "mfg_date"));
    p.write("a.sql", WRONG);
    p.run_git(&["commit", "-q", "-a", "-m", "new"]);
    let check = |lock: &str, code: i32| p.run(&["check", "--format", "concise", "--lock", lock]).exits(code);
    check("schema.lock.yaml", 0);
    check("main:schema.lock.yaml", 1).says("a.sql:1:8: error[unknown-column]");
    p.run_git(&["checkout", "-q", "main"]);
    check("main:schema.lock.yaml", 0);
    check("feature:schema.lock.yaml", 1).says("manufacturing_date");
    check("nowhere:schema.lock.yaml", 2).says("no lock: nowhere:schema.lock.yaml");
    check("feature:other.yaml", 2).says("no lock: feature:other.yaml");
    p.run(&["diff", "main:schema.lock.yaml", "feature", "--impact"]).exits(1).says("probably to `mfg_date`").says("a.sql:1:8");
    p.run(&["diff", "main:schema.lock.yaml", "main"]).exits(0).says("no change");
}

/// A repair is made in the worktree, only where that is what is staged; the index is the user's.
#[test]
fn repairs_of_staged_files_leave_others_alone() {
    const TYPO: &str = "SELECT manufacturing_dat FROM batches;\n";
    let p = Project::git();
    for name in ["same.sql", "partly.sql", "unstaged.sql"] {
        p.write(name, RIGHT);
    }
    p.commit_all();
    p.write("same.sql", TYPO);
    p.write("partly.sql", TYPO);
    p.run_git(&["add", "same.sql", "partly.sql"]);
    let partly = format!("-- not staged\n{TYPO}");
    p.write("partly.sql", &partly);
    p.write("unstaged.sql", TYPO);
    p.write("announced.sql", TYPO);
    p.run_git(&["add", "-N", "announced.sql"]);
    let index = p.run_git(&["ls-files", "-s"]);
    p.run(&["check", "--staged", "--fix", "--unsafe-fixes"])
        .exits(1)
        .says("partly.sql: left as it is: the worktree differs from the index")
        .says("the index still has the old text")
        .says("git add same.sql");
    assert_eq!(p.read("same.sql"), TYPO.replace("dat ", "date "));
    assert_eq!((p.read("partly.sql"), p.read("unstaged.sql"), p.read("announced.sql")), (partly, TYPO.to_owned(), TYPO.to_owned()));
    assert_eq!(p.run_git(&["ls-files", "-s"]), index, "nothing is staged for the user");
}
