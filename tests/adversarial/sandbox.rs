//! What `check` may do to the machine it runs on, asked of the kernel; and that it says the same at any number of threads.

use std::collections::BTreeSet;

use crate::common::{Project, RIGHT, WRONG};

/// A project with something of everything.
fn project() -> Project {
    let p = Project::git();
    p.write("app/models.py", "from sqlalchemy import Column, Integer\nfrom sqlalchemy.orm import declarative_base\nBase = declarative_base()\n\n\nclass Batch(Base):\n    __tablename__ = 'batches'\n    id = Column(Integer, primary_key=True)\n    mfg_date = Column(Integer)\n");
    p.write(
        "app/evil.py",
        "import os, socket\nos.system('touch /tmp/dbtruth-was-here')\nsocket.create_connection(('127.0.0.1', 9))\nopen('/tmp/dbtruth-was-here', 'w')\n",
    );
    p.write("setup.py", "raise SystemExit('never run')\n");
    p.write("migrations/001.sql", "CREATE TABLE batches (id bigint);\nCOPY batches FROM PROGRAM 'id';\n");
    p.write("a.sql", WRONG);
    p.write("readme.md", format!("```sql\n{WRONG}```\n"));
    p.write("b.sql", RIGHT);
    p.commit_all();
    p.write("b.sql", WRONG);
    p.run_git(&["add", "b.sql"]);
    p
}

/// The system calls of a run and of everything it starts. `./test` installs `strace`.
fn traced(p: &Project, args: &[&str]) -> String {
    let log = p.path(".git/trace");
    let mut command = p.command("strace", ".");
    command.args(["-f", "-qq", "-y", "-s", "300", "-e", "trace=%network,%process,%file,write,ftruncate", "-o", &log.display().to_string()]);
    // A database that `check` must not ask.
    command.env("DATABASE_URL", "postgresql://u:canary-pw@127.0.0.1:1/x").env("PGHOST", "127.0.0.1");
    let output = command.arg(env!("CARGO_BIN_EXE_dbtruth")).args(args).output().expect("strace runs");
    assert_eq!(output.status.code(), Some(1), "{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    let trace = std::fs::read_to_string(&log).expect("the trace");
    std::fs::remove_file(&log).expect("own file");
    assert!(trace.contains("execve("), "strace saw nothing: {trace}");
    trace
}

#[test]
fn check_opens_no_socket_and_starts_no_program_but_git() {
    let p = project();
    for args in [&["check"][..], &["check", "--staged"], &["check", "--since", "HEAD"], &["refs", "batches"], &["check", "--format", "sarif"]] {
        let code_of_refs = args[0] == "refs";
        let trace = if code_of_refs { trace_any(&p, args) } else { traced(&p, args) };
        for line in trace.lines() {
            for call in ["socket(", "connect(", "bind(", "sendto(", "sendmsg("] {
                assert!(!line.contains(&format!(" {call}")), "{args:?} opens a socket: {line}");
            }
        }
        for line in started(&trace) {
            let program = line.split('"').nth(1).unwrap_or_default();
            let name = program.rsplit('/').next().unwrap_or_default();
            assert!(name == "git" || program == env!("CARGO_BIN_EXE_dbtruth"), "{args:?} starts {program}: {line}");
            assert!(name != "git" || args.iter().any(|a| a.starts_with("--s")), "{args:?} needs no git: {line}");
        }
        assert!(!std::path::Path::new("/tmp/dbtruth-was-here").exists());
    }
}

/// The call by which each process became its program: the last that it made, for those before looked for it along PATH.
fn started(trace: &str) -> Vec<&str> {
    let mut last = std::collections::BTreeMap::new();
    for line in trace.lines().filter(|l| l.contains(" execve(\"")) {
        last.insert(line.split_whitespace().next().unwrap_or_default(), line);
    }
    last.into_values().collect()
}

fn trace_any(p: &Project, args: &[&str]) -> String {
    let log = p.path(".git/trace");
    let mut command = p.command("strace", ".");
    command.args(["-f", "-qq", "-e", "trace=%network,%process", "-o", &log.display().to_string(), env!("CARGO_BIN_EXE_dbtruth")]);
    command.args(args).output().expect("strace runs");
    let trace = std::fs::read_to_string(&log).expect("the trace");
    std::fs::remove_file(&log).expect("own file");
    trace
}

/// Files that a run makes, changes or removes.
fn touched(trace: &str) -> BTreeSet<String> {
    let changes = ["O_WRONLY", "O_RDWR", "O_CREAT", "O_TRUNC", "O_APPEND"];
    let calls = ["unlink", "rename", "mkdir", "rmdir", "symlink", "link(", "linkat", "chmod", "fchmod", "chown", "mknod", "truncate", "utimens"];
    let mut found = BTreeSet::new();
    for line in trace.lines().filter(|l| !l.contains("= -1 ")) {
        let call = line.split_whitespace().nth(1).unwrap_or_default();
        let opens = call.starts_with("open") && changes.iter().any(|c| line.contains(c));
        if opens || calls.iter().any(|c| call.starts_with(c)) {
            found.extend(line.split('"').skip(1).step_by(2).map(str::to_owned));
        }
    }
    found
}

#[test]
fn nothing_is_written_outside_the_repository_and_the_cache() {
    let p = project();
    for args in [&["check"][..], &["check", "--staged"], &["check", "--since", "HEAD"], &["check", "--format", "json", "app"]] {
        let allowed = |path: &String| {
            let path = std::path::Path::new(path);
            path.starts_with("/dev")
                || path.starts_with("/proc")
                || !path.is_absolute()
                || path.starts_with(p.root().join(".git"))
                || path.components().any(|c| c.as_os_str() == ".dbtruth" || c.as_os_str() == ".dbtruth_cache" || c.as_os_str() == "dbtruth")
        };
        let strange: Vec<String> = touched(&traced(&p, args)).into_iter().filter(|f| !allowed(f)).collect();
        assert!(strange.is_empty(), "{args:?} writes {strange:?}");
    }
    assert_eq!(p.run_git(&["status", "--porcelain"]), "M  b.sql\n", "nor anything that git would show");
}

#[test]
fn one_cat_file_serves_a_whole_run_and_none_where_the_worktree_has_what_is_staged() {
    let p = project();
    let calls = || {
        let trace = traced(&p, &["check", "--staged"]);
        started(&trace).into_iter().filter(|l| l.contains("\"cat-file\"")).count()
    };
    assert_eq!(calls(), 0);
    // Other bytes than are staged, in several files.
    p.run_git(&["ls-files"]).lines().filter(|f| f.ends_with(".sql") || f.ends_with(".py")).for_each(|f| p.write(f, "-- other\n"));
    assert_eq!(calls(), 1);
}

#[test]
fn one_output_at_any_number_of_threads() {
    let p = Project::new();
    for n in 0..120 {
        p.write(&format!("app/d{}/f{n}.sql", n % 7), WRONG.repeat(1 + n % 3));
        let import = if n > 0 {
            format!("from app.m{} import Base\n", n - 1)
        } else {
            "from sqlalchemy.orm import declarative_base\nBase = declarative_base()\n".to_owned()
        };
        let class = format!(
            "from sqlalchemy import Column, Integer, select\n{import}\n\nclass Batch{n}(Base):\n    __tablename__ = 'batches'\n    id = Column(Integer, primary_key=True)\n    c{n} = Column(Integer)\n\n\ndef f(b: Batch{n}):\n    return select(Batch{n}).where(Batch{n}.nope == b.c{n})\n"
        );
        p.write(&format!("app/m{n}.py"), class);
        p.write(&format!("docs/d{n}.md"), format!("```sql\n{WRONG}```\n"));
    }
    let at = |threads: &str, format: &str| {
        let mut command = p.command(env!("CARGO_BIN_EXE_dbtruth"), ".");
        let output = command.args(["check", "--format", format]).env("RAYON_NUM_THREADS", threads).output().expect("it runs");
        assert_eq!(output.status.code(), Some(1));
        output.stdout
    };
    // By hand: 100 runs each, `DBTRUTH_RUNS=100`.
    let runs: usize = std::env::var("DBTRUTH_RUNS").ok().and_then(|n| n.parse().ok()).unwrap_or(3);
    for format in ["json", "human"] {
        let first = at("1", format);
        for threads in ["1", "2", "8"] {
            for run in 0..runs {
                assert!(at(threads, format) == first, "{format}: run {run} on {threads} threads differs");
            }
        }
    }
}
