//! 27: what stands where files should be.

use std::os::unix::fs::symlink;

use crate::CONCISE;
use crate::common::{Project, RIGHT, WRONG};

#[test]
fn case_27_links_lead_nowhere_else() {
    let outside = Project::new();
    outside.write("secret.sql", WRONG);
    let p = Project::new();
    p.write("a.sql", RIGHT);
    symlink(".", p.path("loop")).expect("own link");
    symlink("b", p.path("a")).expect("own link");
    symlink("a", p.path("b")).expect("own link");
    symlink("nowhere.sql", p.path("dangling.sql")).expect("own link");
    symlink(outside.root(), p.path("outside")).expect("own link");
    symlink(outside.path("secret.sql"), p.path("s.sql")).expect("own link");
    p.run(CONCISE).exits(0).says("lead out").never_says("mfg_date");
}

#[test]
fn case_27_pipes_and_folders_with_names_of_files() {
    let p = Project::new();
    p.write("a.sql", RIGHT);
    std::fs::create_dir(p.path("folder.sql")).expect("own folder");
    for name in ["pipe.sql", "pipe.py"] {
        assert!(std::process::Command::new("mkfifo").arg(p.path(name)).status().expect("mkfifo runs").success());
    }
    p.run(CONCISE).exits(0).says("1 file,");
}

#[test]
fn case_27_submodules_and_repositories_inside() {
    let other = Project::git();
    other.write("x.sql", WRONG);
    other.commit_all();
    let p = Project::git();
    p.write("a.sql", RIGHT);
    p.run_git(&["-c", "protocol.file.allow=always", "submodule", "add", "-q", &other.root().display().to_string(), "sub"]);
    p.run_git(&["add", "-A"]);
    p.run(&["check", "--staged"]).exits(0).never_says("x.sql");
    // In the worktree its files are files like all others, unless excluded.
    p.run(CONCISE).exits(1).says("sub/x.sql:1:8");
    p.write("dbtruth.yaml", "exclude: [sub/]\n");
    p.run(CONCISE).exits(0);
    // Inside it, it is a repository of its own.
    p.run_in("sub", &["check", "--staged"]).exits(0).says("nothing");
}

#[test]
fn case_27_a_repository_that_happens_to_lie_inside() {
    let p = Project::git();
    p.write("a.sql", RIGHT);
    p.commit_all();
    p.write("inner/b.sql", WRONG);
    p.run_git(&["init", "-q", "inner"]);
    // A file like all others for a check of the worktree; for a commit of the outer one it is not there.
    p.run(CONCISE).exits(1).says("inner/b.sql:1:8");
    p.write("a.sql", format!("-- x\n{RIGHT}"));
    p.run_git(&["add", "a.sql"]);
    p.run(&["check", "--staged"]).exits(0).never_says("b.sql");
    p.run_in("inner", CONCISE).exits(1).says("b.sql:1:8");
}

#[test]
fn case_27_bare_repositories_and_no_git_at_all() {
    let p = Project::new();
    p.write("a.sql", WRONG);
    p.run(CONCISE).exits(1);
    p.run_git(&["init", "-q", "--bare", "bare.git"]);
    p.run_in("bare.git", &["check", "--staged"]).exits(2).says("git repository");
    p.run_in("bare.git", &["hook", "install"]).exits(2);
    let without = |args: &[&str]| {
        let output = p.command(env!("CARGO_BIN_EXE_dbtruth"), ".").args(args).env("PATH", "/nonexistent").output().expect("it runs");
        (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    assert_eq!(without(&["check"]).0, Some(1), "a check of the worktree needs no git");
    let (code, said) = without(&["check", "--staged"]);
    assert!(code == Some(2) && said.contains("git"), "{said}");
}
