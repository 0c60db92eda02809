//! 11 to 17: names and text that want to speak for us. `report.rs` reads every format with the rules of the CI runners; here the whole program is asked.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;

use crate::CONCISE;
use crate::common::{LOCK, Project, WRONG};

const FORMATS: [&str; 10] = ["human", "concise", "json", "github", "sarif", "gitlab", "junit", "checkstyle", "rdjson", "azure"];

/// No line of any format begins a command that is not ours, and nothing but text reaches the terminal.
fn speaks_for_itself(p: &Project) {
    for format in FORMATS {
        let ran = p.run(&["check", "--format", format]).exits(1);
        for text in [&ran.out, &ran.err] {
            for line in text.split(['\n', '\r']) {
                let ours = (format == "github" && line.starts_with("::error title=unknown-column,file="))
                    || (format == "azure" && line.starts_with("##vso[task.logissue type=error;"));
                assert!(ours || !line.trim_start().starts_with("::"), "{format}: {line:?}");
                assert!(ours || !(line.contains("##[") || line.contains("##vso[")), "{format}: {line:?}");
            }
            assert!(!text.chars().any(|c| matches!(c, '\x1b' | '\x07' | '\u{9b}' | '\u{9d}')), "{format}: {text:?}");
            if !matches!(format, "json" | "sarif" | "gitlab" | "rdjson") {
                assert!(!text.contains(['\u{202e}', '\u{200b}', '\u{2066}']), "{format}: {text:?}");
            }
        }
    }
}

#[test]
fn case_11_and_12_file_names() {
    for name in
        ["new\n::set-output name=x::y.sql", "a,b:c%0A::error::x]##[add-mask]y.sql", "%0D%0A::stop-commands::x.sql", "##vso[task.setvariable variable=x]y.sql"]
    {
        let p = Project::new();
        p.write(name.trim_end_matches('/'), WRONG);
        speaks_for_itself(&p);
    }
}

#[test]
fn case_13_terminal_sequences_in_every_place() {
    let evil = "\x1b]52;c;eA==\x07\x1b[2J\u{9b}31m\u{202e}\u{200b}";
    let p = Project::new();
    p.write(&format!("f{evil}.sql"), format!("SELECT mfg_date, '{evil}', \"{evil}\" FROM batches; -- {evil}\n"));
    p.write("schema.lock.yaml", format!("# {evil}\n{LOCK}").replace("date not null\n", "date not null\n    comment: \"a \\e]0;x\\a \\u202E\"\n"));
    // A lock with such a comment is refused or read; it never reaches the terminal.
    let ran = p.run(CONCISE);
    assert!(!ran.out.contains('\x1b') && !ran.err.contains('\x1b'), "{} {}", ran.out, ran.err);
    p.write("schema.lock.yaml", LOCK);
    speaks_for_itself(&p);
}

#[test]
fn case_14_source_lines_that_are_commands() {
    let p = Project::new();
    p.write("a.sql", "::add-mask::x\n##[add-mask]a\nSELECT mfg_date AS \"##vso[x]\" FROM batches;\n::set-output name=a::b ##[group]\n");
    p.write("b.py", "import psycopg\ncur = psycopg.connect().cursor()\ncur.execute('''\n::add-mask::x\n''')\ncur.execute('''\nSELECT mfg_date\n  -- ##[add-mask]a\nFROM batches''')  # ##vso[x]\n");
    speaks_for_itself(&p);
}

#[test]
fn case_15_a_name_that_is_not_utf_8() {
    let p = Project::new();
    let name = OsString::from_vec(b"caf\xe9.sql".to_vec());
    std::fs::write(p.root().join(name), WRONG).expect("Linux allows it");
    p.run(CONCISE).exits(1).says("caf\u{fffd}.sql:1:8: error[unknown-column]");
    let p = Project::git();
    std::fs::write(p.root().join(OsString::from_vec(b"caf\xe9.sql".to_vec())), WRONG).expect("Linux allows it");
    p.run_git(&["add", "-A"]);
    p.run(&["check", "--staged", "--format", "concise"]).exits(1).says("caf\u{fffd}.sql:1:8");
}

#[test]
fn case_16_names_that_look_like_options() {
    let p = Project::new();
    for name in ["-rf.sql", "--format=json.sql", "@args.sql", "-"] {
        p.write(name, WRONG);
    }
    p.run(CONCISE).exits(1).says("-rf.sql:1:8").says("--format=json.sql:1:8").says("@args.sql:1:8");
    p.run(&["check", "--format", "concise", "--", "-rf.sql"]).exits(1).says("-rf.sql:1:8").never_says("@args");
    p.run(&["check", "--format", "concise", "@args.sql"]).exits(1).says("@args.sql:1:8").never_says("-rf");
}

#[test]
fn case_17_ten_thousand_findings() {
    let p = Project::new();
    p.write("a.sql", WRONG.repeat(10_000));
    let summary = p.path("summary.md");
    for (format, mark, most) in
        [("concise", "error[unknown-column]", 10_000), ("github", "::error ", 10), ("azure", "##vso[", 1_001), ("sarif", "\"ruleIndex\"", 25_000)]
    {
        let mut command = p.command(env!("CARGO_BIN_EXE_dbtruth"), ".");
        let output = command.args(["check", "--format", format]).env("GITHUB_STEP_SUMMARY", &summary).output().expect("it runs");
        assert_eq!(output.status.code(), Some(1), "{format}");
        let shown = String::from_utf8(output.stdout).expect("UTF-8").matches(mark).count();
        assert!(shown > 0 && shown <= most, "{format}: {shown}");
    }
    let summary = std::fs::read_to_string(summary).expect("GitHub's own file");
    assert!(summary.len() < 1 << 20 && summary.matches("| error |").count() > 5_000, "{}", summary.len());
}
