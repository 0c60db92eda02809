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

/// Files below a folder, with everything they are.
fn files_below(folder: &std::path::Path) -> Vec<std::path::PathBuf> {
    let mut found = Vec::new();
    let mut open = vec![folder.to_owned()];
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
            if entry.path().is_dir() { open.push(entry.path()) } else { found.push(entry.path()) }
        }
    }
    found.sort();
    found
}

/// Whatever stands in the cache, a run says what it says without one, and never complains.
#[test]
fn case_33_damaged_foreign_and_locked_caches() {
    let p = Project::git();
    p.write("a.sql", WRONG);
    p.write("b.py", "import psycopg\npsycopg.connect().cursor().execute('SELECT mfg_date FROM batches')\n");
    p.commit_all();
    // What changed just now is not kept.
    std::thread::sleep(std::time::Duration::from_millis(300));
    let fresh = p.run(&["check", "--no-cache", "--format", "json"]).exits(1);
    let same = |what: &str| {
        let ran = p.run(&["check", "--format", "json"]);
        assert!(ran.code == 1 && ran.out == fresh.out && ran.err == fresh.err, "{what}: {} {} {}", ran.code, ran.out, ran.err);
    };
    let cache = p.path(".git/dbtruth");
    same("nothing kept");
    assert!(!files_below(&cache).is_empty(), "something is kept");
    let passwd = std::fs::read("/etc/passwd").expect("readable");
    type Damage = fn(&std::path::Path, &[u8]);
    let damages: &[(&str, Damage)] = &[
        ("empty", |f, _| std::fs::write(f, b"").expect("own file")),
        ("half of it", |f, b| std::fs::write(f, &b[..b.len() / 2]).expect("own file")),
        ("zeros", |f, _| std::fs::write(f, vec![0; 1 << 20]).expect("own file")),
        ("more behind it", |f, b| std::fs::write(f, [b, &b"more"[..]].concat()).expect("own file")),
        ("another version", |f, b| std::fs::write(f, String::from_utf8_lossy(b).replace(env!("CARGO_PKG_VERSION"), "9.9.9")).expect("own file")),
        ("a byte wrong at the start", |f, b| flip(f, b, 0)),
        ("a byte wrong early", |f, b| flip(f, b, b.len() / 16)),
        ("a byte wrong in the middle", |f, b| flip(f, b, b.len() / 2)),
        ("a byte wrong at the end", |f, b| flip(f, b, b.len().saturating_sub(2))),
        ("a folder", |f, _| std::fs::remove_file(f).and_then(|()| std::fs::create_dir(f)).expect("own file")),
        ("a link to nowhere", |f, _| std::fs::remove_file(f).and_then(|()| std::os::unix::fs::symlink("nowhere", f)).expect("own file")),
        ("a link to another's file", |f, _| std::fs::remove_file(f).and_then(|()| std::os::unix::fs::symlink("/etc/passwd", f)).expect("own file")),
        ("nobody's", |f, b| {
            std::fs::write(f, b).expect("own file");
            // Only root can give a file away.
            let _ = std::os::unix::fs::chown(f, Some(65_534), Some(65_534));
        }),
    ];
    for (what, damage) in damages {
        for place in files_below(&cache) {
            if let Ok(bytes) = std::fs::read(&place) {
                damage(&place, &bytes);
            }
        }
        same(what);
        same(what);
        let _ = std::fs::remove_dir_all(&cache);
        same("kept anew");
        assert!(!files_below(&cache).is_empty(), "kept anew after: {what}");
    }
    assert_eq!(std::fs::read("/etc/passwd").expect("readable"), passwd);
    // No folder can be made there, not even by root.
    let output =
        p.command(env!("CARGO_BIN_EXE_dbtruth"), ".").args(["check", "--format", "json"]).env("DBTRUTH_CACHE_DIR", "/proc/dbtruth").output().expect("it runs");
    assert_eq!((output.status.code(), String::from_utf8_lossy(&output.stdout).into_owned()), (Some(1), fresh.out.clone()));
}

fn flip(file: &std::path::Path, bytes: &[u8], at: usize) {
    let mut bytes = bytes.to_vec();
    if let Some(b) = bytes.get_mut(at) {
        *b ^= 0x15;
    }
    std::fs::write(file, bytes).expect("own file");
}

#[test]
fn case_31_eight_repairs_at_once() {
    let p = Project::new();
    let wrong = "SELECT manufacturing_dat FROM batches;\n".repeat(20);
    for n in 0..6 {
        p.write(&format!("f{n}.sql"), &wrong);
    }
    let run = || {
        let mut command: Command = p.command(env!("CARGO_BIN_EXE_dbtruth"), ".");
        command.args(["check", "--fix", "--unsafe-fixes"]).stdout(std::process::Stdio::null()).stderr(std::process::Stdio::null()).spawn().expect("it runs")
    };
    let running: Vec<_> = (0..8).map(|_| run()).collect();
    for mut child in running {
        // One that comes late may find a file changed under it, and says so.
        assert!(matches!(child.wait().expect("it ends").code(), Some(0..=2)));
    }
    p.run(&["check", "--fix", "--unsafe-fixes"]).exits(0);
    for n in 0..6 {
        assert_eq!(p.read(&format!("f{n}.sql")), wrong.replace("manufacturing_dat", "manufacturing_date"), "neither torn nor repaired twice");
    }
    assert_eq!(left_behind(&p).len(), 7);
}

#[test]
fn case_32_repairs_keep_encodings_and_ends_of_lines() {
    let p = Project::new();
    let sql = "-- é\r\nSELECT manufacturing_dat FROM batches;\r\n";
    let wide = |text: &str| [0xfeff].into_iter().chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect::<Vec<u8>>();
    let latin = |text: &str| text.chars().map(|c| u8::try_from(u32::from(c)).expect("Latin-1")).collect::<Vec<u8>>();
    let python = "# coding: latin-1\nimport psycopg\npsycopg.connect().cursor().execute('SELECT manufacturing_dat FROM batches -- é')";
    type Encoder<'a> = &'a dyn Fn(&str) -> Vec<u8>;
    let files: [(&str, Encoder, &str); 5] = [
        ("crlf.sql", &|t: &str| t.as_bytes().to_vec(), sql),
        ("bom.sql", &|t: &str| [&b"\xef\xbb\xbf"[..], t.as_bytes()].concat(), sql),
        ("wide.sql", &wide, sql),
        ("cr.sql", &|t: &str| t.replace("\r\n", "\r").into_bytes(), sql),
        ("latin.py", &latin, python),
    ];
    for (name, encoded, text) in files {
        p.write(name, encoded(text));
    }
    p.run(&["check", "--fix", "--unsafe-fixes"]).exits(0);
    for (name, encoded, text) in files {
        assert_eq!(std::fs::read(p.path(name)).expect("own file"), encoded(&text.replace("manufacturing_dat", "manufacturing_date")), "{name}");
    }
    // Nothing is left to repair: nothing is written.
    let before = std::fs::metadata(p.path("crlf.sql")).and_then(|m| m.modified()).expect("own file");
    p.run(&["check", "--fix", "--unsafe-fixes"]).exits(0).never_says("repair");
    assert_eq!(std::fs::metadata(p.path("crlf.sql")).and_then(|m| m.modified()).expect("own file"), before);
}
