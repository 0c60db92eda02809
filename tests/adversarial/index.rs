//! 28 to 30: states of git. `git.rs` has the everyday ones.

use std::os::unix::fs::symlink;

use crate::common::{Project, RIGHT, WRONG};

const STAGED: &[&str] = &["check", "--staged", "--format", "concise"];

fn committed(files: &[(&str, &str)]) -> Project {
    let p = Project::git();
    for (name, text) in files {
        p.write(name, text);
    }
    p.commit_all();
    p
}

fn hook_said(p: &Project) -> String {
    std::fs::read_to_string(p.path(".git/hook.out")).unwrap_or_default()
}

#[test]
fn case_28_a_commit_from_a_subfolder_and_by_explicit_folders() {
    let p = committed(&[("app/a.sql", RIGHT)]);
    p.install_plain_hook("check --staged");
    p.write("app/a.sql", WRONG);
    p.run_git(&["add", "-A"]);
    p.try_git(&["-C", "app", "commit", "-q", "-m", "x"]).exits(1);
    assert!(hook_said(&p).contains("app/a.sql:1:8"), "{}", hook_said(&p));
    let (git, tree) = (format!("--git-dir={}", p.path(".git").display()), format!("--work-tree={}", p.root().display()));
    let elsewhere = tempfile::tempdir().expect("a folder");
    let output = p.command("git", ".").current_dir(elsewhere.path()).args([&git, &tree, "commit", "-q", "-m", "x"]).output().expect("git runs");
    assert!(!output.status.success());
    assert!(hook_said(&p).contains("a.sql:1:8"), "{}", hook_said(&p));
}

#[test]
fn case_28_a_commit_inside_a_submodule() {
    let other = committed(&[("x.sql", RIGHT)]);
    let p = committed(&[("a.sql", RIGHT)]);
    p.run_git(&["-c", "protocol.file.allow=always", "submodule", "add", "-q", &other.root().display().to_string(), "sub"]);
    p.commit_all();
    let hook = p.path(".git/modules/sub/hooks/pre-commit");
    std::fs::create_dir_all(hook.parent().expect("a folder")).expect("own folder");
    std::fs::write(&hook, format!("#!/bin/sh\nexec '{}' check --staged --format concise\n", env!("CARGO_BIN_EXE_dbtruth"))).expect("own file");
    std::fs::set_permissions(&hook, std::os::unix::fs::PermissionsExt::from_mode(0o755)).expect("own file");
    p.write("sub/x.sql", WRONG);
    p.try_git(&["-C", "sub", "commit", "-q", "-a", "-m", "x"]).exits(1).says("x.sql:1:8");
    // `hook install` inside it finds that folder too.
    p.run_in("sub", &["hook", "install"]).exits(2).says("another tool's hook");
}

#[test]
fn case_29_partly_staged_both_ways() {
    let p = committed(&[("a.sql", RIGHT)]);
    p.write("a.sql", WRONG);
    p.run_git(&["add", "a.sql"]);
    p.write("a.sql", RIGHT);
    p.run(STAGED).exits(1).says("a.sql:1:8");
    p.run(&["check"]).exits(0);
    p.write("a.sql", format!("-- new\n{RIGHT}"));
    p.run_git(&["add", "a.sql"]);
    p.write("a.sql", WRONG);
    p.run(STAGED).exits(0);
    p.run(&["check"]).exits(1);
}

#[test]
fn case_29_announced_renamed_and_changed() {
    let p = committed(&[("old.sql", &format!("{RIGHT}-- one\n-- two\n-- three\n"))]);
    p.run_git(&["mv", "old.sql", "new.sql"]);
    p.write("new.sql", format!("{WRONG}-- one\n-- two\n-- three\n"));
    p.run_git(&["add", "-A"]);
    p.run(STAGED).exits(1).says("new.sql:1:8");
    p.write("later.sql", WRONG);
    p.run_git(&["add", "-N", "later.sql"]);
    p.write("new.sql", RIGHT);
    p.run_git(&["add", "new.sql"]);
    p.run(STAGED).exits(0).never_says("later.sql");
}

#[test]
fn case_29_deleted_of_another_mode_or_kind() {
    let p = committed(&[("a.sql", RIGHT), ("b.sql", WRONG), ("c.sql", WRONG)]);
    p.run_git(&["update-index", "--chmod=+x", "c.sql"]);
    p.run(STAGED).exits(1).says("c.sql:1:8").never_says("b.sql:");
    p.run_git(&["reset", "-q", "--hard"]);
    // A file that becomes a link is no file any more.
    std::fs::remove_file(p.path("c.sql")).expect("own file");
    symlink("a.sql", p.path("c.sql")).expect("own link");
    p.run_git(&["add", "-A"]);
    p.run(STAGED).never_says("c.sql:");
    p.run_git(&["reset", "-q", "--hard"]);
    // What is deleted can break what stays: everything is looked at.
    p.run_git(&["rm", "-q", "a.sql"]);
    p.run(STAGED).exits(1).says("b.sql:1:8");
    p.run_git(&["reset", "-q", "--hard"]);
    p.run_git(&["rm", "-q", "--cached", "schema.lock.yaml"]);
    p.run(STAGED).exits(2).says("no lock");
}

#[test]
fn case_30_conversions_of_text() {
    let p = Project::git();
    p.run_git(&["config", "core.autocrlf", "true"]);
    p.write("a.sql", format!("SELECT 1;\r\n{}", WRONG.replace('\n', "\r\n")));
    p.run_git(&["add", "-A"]);
    p.run(STAGED).exits(1).says("a.sql:2:8");
    p.run(&["check", "--format", "concise"]).exits(1).says("a.sql:2:8");
    let p = Project::git();
    p.write(".gitattributes", "*.sql working-tree-encoding=UTF-16LE-BOM text\n");
    p.write("a.sql", format!("\u{feff}SELECT 'é';\n{WRONG}").encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>());
    p.run_git(&["add", "-A"]);
    p.run(STAGED).exits(1).says("a.sql:2:8");
    p.run(&["check", "--format", "concise"]).exits(1).says("a.sql:2:8");
}

#[test]
fn case_30_large_files_kept_elsewhere() {
    let pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393\nsize 12345\n";
    let p = committed(&[("a.sql", RIGHT)]);
    for name in ["dump.sql", "model.py", "notes.md"] {
        p.write(name, pointer);
    }
    p.run_git(&["add", "-A"]);
    p.run(STAGED).exits(0).says("Git LFS").says("3");
    p.run(&["check"]).exits(0).says("Git LFS");
    p.write("schema.lock.yaml", pointer);
    p.run_git(&["add", "-A"]);
    p.run(STAGED).exits(2).says("schema.lock.yaml:1:1").says("git lfs pull");
}

#[test]
fn case_30_sparse_and_split() {
    let p = committed(&[("app/a.sql", RIGHT), ("other/b.sql", RIGHT)]);
    p.run_git(&["sparse-checkout", "set", "--no-cone", "/app/", "/schema.lock.yaml"]);
    assert!(!p.path("other/b.sql").exists());
    p.write("app/a.sql", WRONG);
    p.run_git(&["add", "app/a.sql"]);
    p.run(STAGED).exits(1).says("app/a.sql:1:8").never_says("other/b.sql");
    // A new lock is held to the files that are not checked out, too: the commit has them.
    p.write("schema.lock.yaml", crate::common::LOCK.replace("manufacturing_date", "made_on"));
    p.run_git(&["add", "schema.lock.yaml"]);
    p.run(STAGED).exits(1).says("other/b.sql:1:8");

    let p = committed(&[("a.sql", RIGHT)]);
    p.run_git(&["update-index", "--split-index"]);
    p.write("a.sql", WRONG);
    p.run_git(&["add", "a.sql"]);
    p.run(STAGED).exits(1).says("a.sql:1:8");
}

#[test]
fn case_30_settings_that_change_what_git_prints() {
    let p = Project::git();
    let settings = [
        ("core.quotePath", "true"),
        ("core.ignoreCase", "true"),
        ("color.ui", "always"),
        ("diff.noprefix", "true"),
        ("diff.mnemonicPrefix", "true"),
        ("diff.renames", "copies"),
        ("diff.external", "false"),
        ("diff.relative", "true"),
        ("diff.orderFile", "order"),
        ("diff.ignoreSubmodules", "all"),
        ("diff.suppressBlankEmpty", "true"),
        ("core.pager", "false"),
        ("status.relativePaths", "false"),
        ("core.fsmonitor", "false"),
    ];
    p.write("order", "z*\n");
    p.write("app/ä b.sql", RIGHT);
    p.commit_all();
    for (key, value) in settings {
        p.run_git(&["config", key, value]);
    }
    p.write("app/ä b.sql", format!("{RIGHT}{WRONG}"));
    p.write("z.sql", WRONG);
    p.run_git(&["add", "-A"]);
    p.run(STAGED).exits(1).says("app/ä b.sql:2:8").says("z.sql:1:8");
    p.run_in("app", STAGED).exits(1).says("ä b.sql:2:8").says("../z.sql:1:8");
    p.run_in("app", &["check", "--since", "HEAD", "--format", "concise", ".."]).exits(1).says("ä b.sql:2:8").says("../z.sql:1:8").never_says("ä b.sql:1:8");
}

#[test]
fn case_30_a_merge_in_progress() {
    let p = committed(&[("a.sql", "SELECT 1;\n"), ("b.sql", RIGHT)]);
    p.run_git(&["checkout", "-q", "-b", "other"]);
    p.write("b.sql", WRONG);
    p.commit_all();
    p.run_git(&["checkout", "-q", "main"]);
    p.write("a.sql", "SELECT 2;\n");
    p.commit_all();
    p.run_git(&["merge", "-q", "--no-commit", "--no-ff", "other"]);
    p.run(STAGED).exits(1).says("b.sql:1:8");
}

#[test]
fn case_30_our_own_older_hook_is_replaced() {
    let p = Project::git();
    let hook = ".git/hooks/pre-commit";
    p.write(hook, "#!/bin/sh\n# dbtruth hook 0. Written by an older one.\nexec dbtruth check --staged\n");
    p.run(&["hook", "install"]).exits(0);
    assert!(p.read(hook).contains("# dbtruth hook 1"));
    // A link to somebody's shared hook is not written through.
    std::fs::remove_file(p.path(hook)).expect("own file");
    p.write("shared.sh", "#!/bin/sh\nexit 0\n");
    symlink(p.path("shared.sh"), p.path(hook)).expect("own link");
    p.run(&["hook", "install"]).exits(2);
    assert_eq!(p.read("shared.sh"), "#!/bin/sh\nexit 0\n");
    std::fs::remove_file(p.path(hook)).expect("own link");
    symlink(p.path("nowhere.sh"), p.path(hook)).expect("own link");
    p.run(&["hook", "install"]).exits(2);
    assert!(!p.path("nowhere.sh").exists());
}
