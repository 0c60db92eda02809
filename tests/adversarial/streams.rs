//! 38: standard input, standard output, terminals.

use std::io::{BufRead, BufReader};
use std::process::Stdio;

use crate::CONCISE;
use crate::common::{Project, RIGHT, WRONG};

#[test]
fn case_38_a_buffer_from_anywhere() {
    let p = Project::new();
    p.write("a.sql", RIGHT);
    p.write("gen/g.sql", RIGHT);
    p.write("dbtruth.yaml", "exclude: [gen/]\n");
    let buffer = |name: &str, text: &str| p.run_with_input(&["check", "--format", "concise", "--stdin-filename", name], text);
    buffer("../elsewhere/x.sql", RIGHT).exits(0);
    buffer("/nowhere/at/all.sql", RIGHT).exits(0);
    buffer("missing/new.sql", WRONG).exits(1).says("missing/new.sql:1:8");
    buffer("note.txt", WRONG).exits(2).says("neither Python, SQL nor Markdown");
    buffer("", WRONG).exits(2);
    buffer("a.sql", "").exits(0);
    // Excluded files stay excluded in the editor too.
    buffer("gen/g.sql", WRONG).exits(0);
}

#[test]
fn case_38_a_reader_that_goes_away() {
    let p = Project::new();
    p.write("a.sql", WRONG.repeat(20_000));
    for format in ["human", "concise", "json"] {
        let mut child = p
            .command(env!("CARGO_BIN_EXE_dbtruth"), ".")
            .args(["check", "--format", format])
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("it runs");
        let mut line = String::new();
        let mut out = BufReader::new(child.stdout.take().expect("piped"));
        out.read_line(&mut line).expect("a line");
        drop(out);
        let output = child.wait_with_output().expect("it ends");
        assert_eq!(output.status.code(), Some(1), "{format}");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(!said.contains("panic") && !said.contains("pipe") && !said.contains("internal"), "{said}");
    }
    // No standard output at all.
    let output = p.command("sh", ".").args(["-c", &format!("exec '{}' check >&- 2>&-", env!("CARGO_BIN_EXE_dbtruth"))]).output().expect("sh runs");
    assert_eq!(output.status.code(), Some(1));
    let output = p.command("sh", ".").args(["-c", &format!("exec '{}' rules >/dev/full", env!("CARGO_BIN_EXE_dbtruth"))]).output().expect("sh runs");
    assert!(matches!(output.status.code(), Some(0 | 2)), "{output:?}");
}

#[test]
fn case_38_terminals_of_every_kind() {
    let p = Project::new();
    p.write("a.sql", WRONG);
    let with = |name: &str, value: &str| {
        let output = p.command(env!("CARGO_BIN_EXE_dbtruth"), ".").arg("check").env(name, value).output().expect("it runs");
        assert_eq!(output.status.code(), Some(1), "{name}={value}");
        assert!(!output.stderr.contains(&b'\r'), "no word on progress where nobody watches");
        String::from_utf8(output.stdout).expect("UTF-8")
    };
    for (name, value) in
        [("TERM", "dumb"), ("NO_COLOR", "1"), ("COLUMNS", "0"), ("COLUMNS", "1"), ("COLUMNS", "10000"), ("COLUMNS", "-3"), ("COLUMNS", "x"), ("TERM", "")]
    {
        let out = with(name, value);
        assert!(!out.contains('\x1b') && out.contains("mfg_date"), "{name}={value}: {out}");
    }
    assert!(with("CLICOLOR_FORCE", "1").contains("\x1b["));
}

/// On a terminal, and only there, a run that takes long says that it is at work, and takes that away again.
#[test]
fn case_38_a_word_during_long_work() {
    let p = Project::new();
    p.write("a.sql", RIGHT);
    let script = format!(
        "import os, pty, subprocess, sys, time\n\
         leader, follower = pty.openpty()\n\
         child = subprocess.Popen([{:?}, 'check', '--stdin-filename', 'a.sql'], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=follower)\n\
         time.sleep(2.5)\n\
         child.communicate(b'SELECT id FROM batches;')\n\
         os.close(follower)\n\
         sys.stdout.buffer.write(os.read(leader, 100000))\n",
        env!("CARGO_BIN_EXE_dbtruth")
    );
    let run = |term: &str| {
        let output = p.command("python3", ".").args(["-c", &script]).env("TERM", term).output().expect("python3 runs");
        String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
    };
    let said = run("xterm");
    assert!(said.contains("dbtruth: working") && said.ends_with("\r\x1b[K"), "{said:?}");
    assert!(!run("dumb").contains("working"));
}

#[test]
fn case_38_the_same_result_for_everyone() {
    let p = Project::new();
    p.write("a.sql", WRONG);
    let plain = p.run(CONCISE).exits(1).out;
    let mut command = p.command(env!("CARGO_BIN_EXE_dbtruth"), ".");
    let output = command.args(CONCISE).env("LC_ALL", "tr_TR.UTF-8").env("LANG", "C").env("TZ", "Pacific/Apia").output().expect("it runs");
    assert_eq!(String::from_utf8_lossy(&output.stdout), plain);
}
