//! 1 to 10: the text of files.

use std::time::{Duration, Instant};

use crate::CONCISE;
use crate::common::{Project, RIGHT, Ran, WRONG};

/// The file beside a good one and a bad one: the run ends in time, and the bad one is still found.
fn beside(name: &str, bytes: impl AsRef<[u8]>) -> Ran {
    let p = Project::new();
    p.write(name, bytes);
    p.write("wrong.sql", WRONG);
    let began = Instant::now();
    let ran = p.run(CONCISE).exits(1).says("wrong.sql:1:8: error[unknown-column]");
    assert!(began.elapsed() < Duration::from_mins(1), "{:?}", began.elapsed());
    ran
}

#[test]
fn case_01_nested_brackets() {
    beside("a.py", format!("x = {}1{}\n", "(".repeat(100_000), ")".repeat(100_000))).says("levels deep");
    beside("a.py", "(".repeat(100_000));
    beside("a.sql", format!("SELECT {}1{};\n", "(".repeat(100_000), ")".repeat(100_000))).says("sql too deep 1");
    beside("a.md", format!("{}\n```sql\nSELECT 1\n", "> ".repeat(100_000)));
}

#[test]
fn case_02_a_sum_without_end() {
    beside("a.py", format!("x = 1{}\n", "+1".repeat(100_000)));
    beside("a.sql", format!("SELECT 1{};\n", "+1".repeat(100_000)));
    beside("a.sql", format!("SELECT 1 WHERE {}true;\n", "NOT ".repeat(50_000)));
}

#[test]
fn case_03_a_chain_without_end() {
    beside("a.py", format!("x{}\n", ".a()".repeat(50_000)));
    beside("a.sql", format!("SELECT 1{};\n", " UNION SELECT 1".repeat(20_000)));
}

#[test]
fn case_04_a_string_that_never_ends() {
    beside("a.py", format!("q = '''\n{}", "SELECT id, name FROM users WHERE id = 1\n".repeat(10_000))).says("never closed");
    beside("a.sql", format!("SELECT '{}", "SELECT id FROM batches\n".repeat(10_000)));
    beside("a.sql", format!("SELECT $a${}", "SELECT id FROM batches\n".repeat(10_000)));
    beside("a.sql", format!("/* {}", "/* SELECT id FROM batches\n".repeat(10_000)));
}

#[test]
fn case_05_five_megabytes_on_one_line() {
    beside("a.py", format!("x = [{}]\n", "'batches', ".repeat(450_000))).says("longer than 2 MiB");
    beside("a.sql", format!("INSERT INTO batches VALUES {}(1, '2024-01-01');\n", "(1, '2024-01-01'), ".repeat(260_000)));
    beside("a.md", "SELECT ".repeat(700_000));
}

/// The same bytes every time.
fn noise(count: usize) -> Vec<u8> {
    let mut state = 0x9E37_79B9_7F4A_7C15_u64;
    let next = move |_| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()[0]
    };
    (0..count).map(next).collect()
}

#[test]
fn case_06_random_bytes() {
    beside("a.py", noise(300_000)).says("a.py:1:1: warning[syntax-error] the file is not UTF-8");
    beside("a.sql", noise(300_000)).says("the file is not UTF-8");
    beside("a.md", String::from_utf8_lossy(&noise(300_000)).as_bytes());
    beside("a.sql", String::from_utf8_lossy(&noise(300_000)).as_bytes());
}

#[test]
fn case_07_a_megabyte_of_nothing() {
    for name in ["a.py", "a.sql", "a.md"] {
        beside(name, vec![0_u8; 1 << 20]);
    }
}

#[test]
fn case_08_encodings() {
    let model = "from sqlalchemy import Column, Integer, Text\nfrom sqlalchemy.orm import declarative_base\nBase = declarative_base()\n\n\nclass Batch(Base):\n    __tablename__ = 'batches'\n    id = Column(Integer, primary_key=True)\n    naïve = Column(Text)\n";
    let finding = "a.py:9:5: error[unknown-column] column `naïve`";
    let wide = |order: fn(u16) -> [u8; 2]| [0xfeff].into_iter().chain(model.encode_utf16()).flat_map(order).collect::<Vec<u8>>();
    beside("a.py", model).says(finding);
    beside("a.py", format!("\u{feff}{model}")).says(finding);
    beside("a.py", wide(u16::to_le_bytes)).says(finding);
    beside("a.py", wide(u16::to_be_bytes)).says(finding);
    let latin = |text: &str| text.chars().map(|c| u8::try_from(u32::from(c)).expect("Latin-1")).collect::<Vec<u8>>();
    beside("a.py", latin(&format!("# -*- coding: latin-1 -*-\n{model}"))).says("a.py:10:5: error[unknown-column] column `naïve`");
    beside("a.py", latin(&format!("#!/usr/bin/python\n# coding: iso-8859-1\n{model}"))).says("a.py:11:5: error[unknown-column] column `naïve`");
    // Declared too late, wrongly, or not at all: said, not guessed.
    beside("a.py", latin(&format!("\n\n# coding: latin-1\n{model}"))).says("a.py:1:1: warning[syntax-error] the file is not UTF-8");
    beside("a.py", latin(&format!("# coding: klingon\n{model}"))).says("the file is not UTF-8");
    beside("a.py", latin(model)).says("the file is not UTF-8");
    let utf32: Vec<u8> = ['\u{feff}'].into_iter().chain(model.chars()).flat_map(|c| u32::from(c).to_le_bytes()).collect();
    beside("a.py", utf32).never_says("naïve");
    beside("a.sql", [0xff, 0xfe, 0x41]).says("begins as UTF-16 and is not");
}

#[test]
fn case_09_ends_of_lines_count_as_in_editors() {
    let wrong = "SELECT mfg_date FROM batches;";
    for (before, line) in [("--x\r\n\r\n", 3), ("--x\r\r", 3), ("--x\n\r\n\r", 4), ("--\u{c}\n", 2), ("SELECT 'a\u{85}b\u{2028}c';\n", 2), ("", 1)] {
        beside("a.sql", format!("{before}{wrong}\n")).says(&format!("a.sql:{line}:8: error[unknown-column]"));
        let python = format!("{}cur.execute(\"{wrong}\")\n", before.replace("--", "#").replace("SELECT", "x =").replace(";\n", "\n"));
        let text = format!("import psycopg\ncur = psycopg.connect().cursor()\n{python}");
        beside("a.py", text).says(&format!("a.py:{}:21: error[unknown-column]", line + 2));
    }
}

#[test]
fn case_10_columns_count_characters() {
    let p = Project::new();
    // Before the name: a tab, an emoji of two UTF-16 units, a letter with a combining mark.
    let text = "SELECT\t'😀e\u{301}', mfg_date FROM batches;\n";
    p.write("a.sql", text);
    let json: serde_json::Value = serde_json::from_str(&p.run(&["check", "--format", "json"]).exits(1).out).expect("JSON");
    let start = &json["diagnostics"][0]["range"]["start"];
    assert_eq!(start["offset"], text.find("mfg").expect("it is there"));
    assert_eq!(start["column"], text.chars().take_while(|c| *c != 'm').count() + 1);
    p.run(&["check"]).exits(1).says("mfg_date FROM batches");
    p.write("a.sql", RIGHT);
    p.run(CONCISE).exits(0);
}
