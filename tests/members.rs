//! A large repository of several projects: what is kept, asked in part or staged says what a run over everything says.

#![allow(clippy::unwrap_used, reason = "a test may stop where it stands")]

mod common;

use std::path::Path;
use std::process::Command;

use common::Project;

/// With so many Python files a repository is large.
const LARGE: usize = 2_000;

const MODEL: &str = "from sqlalchemy import Column, BigInteger, Date\nfrom sqlalchemy.orm import declarative_base\nBase = declarative_base()\n\n\nclass Batch(Base):\n    __tablename__ = 'batches'\n    id = Column(BigInteger, primary_key=True)\n    manufacturing_date = Column(Date, nullable=False)\n";

/// Three projects: `shop/app`, `shop/lib`, on which the first depends, and `other`.
fn repository() -> Project {
    let project = Project::git();
    for (folder, many) in [("shop/app", LARGE / 2), ("shop/lib", 20), ("other", LARGE / 2)] {
        std::fs::create_dir_all(project.path(folder)).unwrap();
        project.write(&format!("{folder}/__init__.py"), "");
        (0..many).for_each(|n| project.write(&format!("{folder}/f{n:04}.py"), "x = 1\n"));
    }
    project.write("shop/lib/models.py", MODEL);
    project.write("shop/app/views.py", "from lib.models import Batch\n\n\ndef f(s):\n    return s.query(Batch).filter(Batch.mfg_date == None).all()\n");
    project
        .write("other/jobs.py", "import psycopg\n\n\ndef g(cur):\n    cur.execute('SELECT mfg_date FROM batches')\n    cur.execute('SELECT 1 FROM scratch')\n");
    project.write("notes.md", "# Notes\n");
    project.write("queries.sql", "SELECT mfg_date FROM batches;\n");
    project.run_git(&["add", "-A"]);
    project.run_git(&["-c", "user.name=t", "-c", "user.email=t@example.org", "commit", "-qm", "all"]);
    project
}

fn said(root: &Path, more: &[&str], env: &[(&str, &str)]) -> Vec<String> {
    let mut run = Command::new(env!("CARGO_BIN_EXE_dbtruth"));
    run.args(["check", "--format", "concise"]).args(more).current_dir(root).env_remove("DBTRUTH_CACHE_DIR").envs(env.iter().copied());
    let output = run.output().unwrap();
    assert!(output.status.code().is_some_and(|c| c < 2), "{more:?}: {}", String::from_utf8_lossy(&output.stderr));
    let out = String::from_utf8(output.stdout).unwrap();
    out.lines().map(str::to_owned).collect()
}

/// All ways to ask give one answer.
fn same(project: &Project, asked: &[&str]) -> Vec<String> {
    let root = project.root();
    // Times of change are trusted after a moment.
    std::thread::sleep(std::time::Duration::from_millis(150));
    let fresh = said(root, &["--no-cache"], &[]);
    assert_eq!(said(root, &[], &[]), fresh, "with what is kept");
    assert_eq!(said(root, &[], &[]), fresh, "with what was kept just now");
    assert_eq!(said(root, &["--no-cache"], &[("DBTRUTH_SLOW", "1"), ("RAYON_NUM_THREADS", "1")]), fresh, "slowly");
    project.run_git(&["add", "-A"]);
    for file in asked {
        let of_file = |all: &[String]| all.iter().filter(|l| l.starts_with(&format!("{file}:"))).cloned().collect::<Vec<_>>();
        let expected = of_file(&fresh);
        for more in [vec![*file], vec!["--no-cache", *file], vec!["--staged"], vec!["--staged"], vec!["--staged", "--no-cache"]] {
            let found = of_file(&said(root, &more, &[]));
            // What is not staged is not reported.
            assert!(found == expected || more.contains(&"--staged") && found.is_empty(), "{more:?} {file}: {found:?}, not {expected:?}");
        }
    }
    let below = said(&project.path("shop"), &["--no-cache"], &[]);
    let (here, there) = (fresh.iter().filter(|l| l.starts_with("shop/")).count(), below.iter().filter(|l| l.contains(".py:")).count());
    assert_eq!(here, there, "from a folder below: {below:?}");
    fresh
}

#[test]
fn all_ways_to_ask_give_one_answer() {
    let project = repository();
    let all = same(&project, &["shop/app/views.py", "other/jobs.py", "queries.sql"]);
    let has = |all: &[String], text: &str| all.iter().any(|l| l.contains(text));
    assert!(has(&all, "shop/app/views.py:5") && has(&all, "other/jobs.py:5") && has(&all, "queries.sql:1") && has(&all, "`scratch`"), "{all:?}");

    // The model of another project comes to have the attribute, and another column that is none.
    project.write("shop/lib/models.py", format!("{MODEL}    mfg_date = Column(Date)\n"));
    let all = same(&project, &["shop/app/views.py", "shop/lib/models.py"]);
    assert!(has(&all, "shop/lib/models.py:10") && !has(&all, "shop/app/views.py:5"), "{all:?}");

    // A file comes to import from a project that nobody here imported from.
    project.write("other/jobs.py", "from shop.app.views import Batch\n\n\ndef g():\n    return Batch.nothing\n");
    let all = same(&project, &["other/jobs.py"]);
    assert!(has(&all, "other/jobs.py:5"), "{all:?}");

    // A file that is new elsewhere creates what was missing.
    project.write("other/jobs.py", "import psycopg\n\n\ndef g(cur):\n    cur.execute('SELECT 1 FROM scratch')\n");
    project.write("shop/lib/setup.py", "def h(cur):\n    cur.execute('CREATE TABLE scratch (id int)')\n");
    let all = same(&project, &["other/jobs.py", "shop/lib/setup.py"]);
    assert!(!has(&all, "scratch"), "{all:?}");

    // A file is gone, and another project is named as one was.
    std::fs::remove_file(project.path("shop/lib/models.py")).unwrap();
    std::fs::create_dir_all(project.path("more/lib")).unwrap();
    project.write("more/lib/__init__.py", "");
    project.write("more/lib/models.py", MODEL);
    let all = same(&project, &["shop/app/views.py", "more/lib/models.py"]);
    assert!(has(&all, "shop/app/views.py:5"), "{all:?}");
}

#[test]
fn a_baseline_is_one_for_all_projects() {
    let project = repository();
    let root = project.root();
    let found = said(root, &["--no-cache"], &[]).len();
    Command::new(env!("CARGO_BIN_EXE_dbtruth"))
        .args(["check", "--no-cache", "--baseline", "known.txt", "--update-baseline"])
        .current_dir(root)
        .output()
        .unwrap();
    let accepted = std::fs::read_to_string(project.path("known.txt")).unwrap();
    assert!(accepted.contains("shop/app/views.py") && accepted.contains("other/jobs.py"), "{accepted}");
    let left = said(root, &["--no-cache", "--baseline", "known.txt"], &[]);
    assert!(left.len() < found && !left.iter().any(|l| l.contains(".py:")), "{left:?}");
    project.write("other/jobs.py", "x = 1\n");
    let left = said(root, &["--no-cache", "--baseline", "known.txt"], &[]);
    assert!(left.iter().any(|l| l.contains("known.txt") && l.contains("unused-suppression")), "{left:?}");
}
