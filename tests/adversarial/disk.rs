//! 31 to 33: disks that are full or slow, and processes that end at the worst moment.

use std::process::Command;

use crate::CONCISE;
use crate::common::{LOCK, Project, RIGHT, WRONG};

const DDL: &str = "CREATE TABLE batches (id bigint PRIMARY KEY, manufacturing_date date NOT NULL, more text);\n";

/// A run with a system call that goes wrong: `strace` injects it. `./test` installs it.
fn with_fault(p: &Project, fault: &str, args: &[&str]) -> Option<i32> {
    let mut command = p.command("strace", ".");
    command.args(["-f", "-qq", "-o", "/dev/null", "-e", fault, env!("CARGO_BIN_EXE_dbtruth")]).args(args);
    command.output().expect("strace runs").status.code()
}

fn left_behind(p: &Project) -> Vec<String> {
    let mut names: Vec<String> =
        std::fs::read_dir(p.root()).expect("own folder").map(|e| e.expect("an entry").file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

#[test]
fn case_31_a_full_disk_leaves_the_old_lock() {
    let p = Project::new();
    p.write("schema.sql", DDL);
    let code = with_fault(&p, "inject=fsync,fdatasync:error=ENOSPC", &["pull", "--from", "schema.sql"]);
    assert_eq!(code, Some(2));
    assert_eq!(p.read("schema.lock.yaml"), LOCK);
    assert_eq!(left_behind(&p), ["schema.lock.yaml", "schema.sql"]);
    // As if no byte could be written at all.
    let mut command = p.command("sh", ".");
    let output =
        command.args(["-c", &format!("trap '' XFSZ; ulimit -f 0; exec '{}' pull --from schema.sql", env!("CARGO_BIN_EXE_dbtruth"))]).output().expect("sh runs");
    assert_eq!(output.status.code(), Some(2), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(p.read("schema.lock.yaml"), LOCK);
}

#[test]
fn case_31_killed_before_the_rename_leaves_the_old_lock() {
    let p = Project::new();
    p.write("schema.sql", DDL);
    for call in ["fsync", "rename,renameat,renameat2"] {
        let code = with_fault(&p, &format!("inject={call}:signal=SIGKILL:when=1"), &["pull", "--from", "schema.sql"]);
        assert_ne!(code, Some(0), "{call}");
        let now = p.read("schema.lock.yaml");
        assert!(now == LOCK || now.contains("more: text"), "neither the old nor the new lock: {now}");
    }
    p.run(&["pull", "--from", "schema.sql"]).exits(0);
    assert!(p.read("schema.lock.yaml").contains("more: text"));
}

#[test]
fn case_31_a_repair_that_cannot_be_written_changes_nothing() {
    let p = Project::new();
    let wrong = RIGHT.replace("manufacturing_date", "manufacturing_dat");
    p.write("a.sql", &wrong);
    let fixed = with_fault(&p, "inject=rename,renameat,renameat2:error=ENOSPC", &["check", "--fix", "--unsafe-fixes"]);
    assert_eq!(fixed, Some(2));
    assert_eq!(p.read("a.sql"), wrong);
    assert_eq!(left_behind(&p), ["a.sql", "schema.lock.yaml"]);
}

#[test]
fn case_33_eight_at_once() {
    let p = Project::git();
    for n in 0..60 {
        p.write(&format!("app/f{n}.sql"), if n % 2 == 0 { RIGHT } else { WRONG });
        p.write(&format!("app/m{n}.py"), format!("import psycopg\npsycopg.connect().cursor().execute('SELECT mfg_date FROM batches -- {n}')\n"));
    }
    p.run_git(&["add", "-A"]);
    let expected = p.run(CONCISE).exits(1).out;
    let staged = p.run(&["check", "--staged", "--format", "concise"]).exits(1).out;
    for (args, expected) in [(CONCISE, &expected), (&["check", "--staged", "--format", "concise"][..], &staged)] {
        let running: Vec<_> = (0..8)
            .map(|_| {
                let mut command: Command = p.command(env!("CARGO_BIN_EXE_dbtruth"), ".");
                command.args(args).stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped()).spawn().expect("it runs")
            })
            .collect();
        for child in running {
            let output = child.wait_with_output().expect("it ends");
            assert_eq!(output.status.code(), Some(1));
            assert_eq!(&String::from_utf8_lossy(&output.stdout), expected);
        }
    }
    // Two that write the same lock: one whole lock is there in the end.
    p.write("schema.sql", DDL);
    let running: Vec<_> =
        (0..8).map(|_| p.command(env!("CARGO_BIN_EXE_dbtruth"), ".").args(["pull", "--from", "schema.sql"]).spawn().expect("it runs")).collect();
    for mut child in running {
        assert!(child.wait().expect("it ends").success());
    }
    p.run(&["pull", "--from", "schema.sql", "--check"]).exits(0);
}

#[test]
fn case_33_same_time_and_size_but_other_bytes() {
    let p = Project::new();
    let other = RIGHT.replace("manufacturing_date", "manufacturing_dato");
    p.write("a.sql", RIGHT);
    let stamp = || std::fs::metadata(p.path("a.sql")).and_then(|m| m.modified()).expect("own file");
    let then = stamp();
    p.run(CONCISE).exits(0);
    p.write("a.sql", &other);
    std::fs::File::options().write(true).open(p.path("a.sql")).and_then(|f| f.set_modified(then)).expect("own file");
    assert_eq!(stamp(), then);
    p.run(CONCISE).exits(1).says("manufacturing_dato");
    // The clock goes back.
    p.write("a.sql", RIGHT);
    std::fs::File::options().write(true).open(p.path("a.sql")).and_then(|f| f.set_modified(std::time::UNIX_EPOCH)).expect("own file");
    p.run(CONCISE).exits(0);
}
