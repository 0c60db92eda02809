//! How long SQL takes: 4,000 statements in 200 files, held to a lock of 400 tables. `cargo bench --bench sql`
//!
//! The statements are those of `tests/verdict`, each set of tables under names of its own. Prints wall and processor time of the fastest of five runs
//! of the program (processor time is Linux's own count).

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

const FILES: usize = 200;
const STATEMENTS: usize = 20;
const SETS: usize = 100;

/// The text with its tables under the names of one set.
fn named(text: &str, set: usize) -> String {
    let mut out = String::with_capacity(text.len() * 2);
    let mut word = String::new();
    for c in text.chars().chain(['\n']) {
        if c.is_alphanumeric() || c == '_' {
            word.push(c);
            continue;
        }
        match word.as_str() {
            "customers" | "orders" | "items" | "log" | "top_orders" => write!(out, "{word}_{set}").expect("a string takes everything"),
            // named after its table
            "customers_pkey" => write!(out, "customers_{set}_pkey").expect("a string takes everything"),
            _ => out.push_str(&word),
        }
        word.clear();
        out.push(c);
    }
    out
}

fn lay_out(folder: &Path) {
    let schema = include_str!("../tests/verdict/schema.sql");
    let (types, tables) = schema.split_at(schema.find("create table").expect("the fixture has tables"));
    let mut ddl = types.to_owned();
    ddl.push_str("create schema audit;\n");
    for set in 0..SETS {
        ddl.push_str(&named(&tables.replace("create schema audit;", ""), set));
    }
    fs::write(folder.join("schema.txt"), ddl).expect("writable");
    let statements: Vec<&str> = include_str!("../tests/verdict/statements.sql").split(";\n").map(str::trim).filter(|s| !s.is_empty()).collect();
    for file in 0..FILES {
        let chosen = (0..STATEMENTS).map(|n| statements[(file * STATEMENTS + n) % statements.len()]);
        let text = chosen.fold(String::new(), |text, s| text + s + ";\n");
        fs::write(folder.join(format!("{file:03}.sql")), named(&text, file % SETS)).expect("writable");
    }
}

/// Processor time of the children so far (`cutime` and `cstime` of `/proc/self/stat`, in hundredths of a second); `None` elsewhere.
fn children() -> Option<Duration> {
    let stat = fs::read_to_string("/proc/self/stat").ok()?;
    let fields: Vec<&str> = stat.rsplit(')').next()?.split_whitespace().collect();
    let ticks = |n: usize| fields.get(n)?.parse::<u64>().ok();
    Some(Duration::from_millis((ticks(13)? + ticks(14)?) * 10))
}

fn main() {
    let folder = tempfile::tempdir().expect("a folder for the files");
    lay_out(folder.path());
    let program = env!("CARGO_BIN_EXE_dbtruth");
    let run = |args: &[&str]| {
        let done = Command::new(program).args(args).current_dir(folder.path()).output().expect("the program runs");
        (done.status.code(), String::from_utf8_lossy(&done.stdout).into_owned() + &String::from_utf8_lossy(&done.stderr))
    };
    fs::rename(folder.path().join("schema.txt"), folder.path().join("schema.sql")).expect("renamed");
    let pulled = run(&["pull", "--from", "schema.sql"]);
    assert_eq!(pulled.0, Some(0), "{}", pulled.1);
    fs::remove_file(folder.path().join("schema.sql")).expect("removed");
    let mut best: Option<(Duration, Option<Duration>)> = None;
    for _ in 0..5 {
        let (before, start) = (children(), Instant::now());
        let (code, said) = run(&["check", "--format", "concise"]);
        let wall = start.elapsed();
        assert_eq!(code, Some(0), "{said}");
        let cpu = children().zip(before).map(|(after, before)| after.saturating_sub(before));
        if best.is_none_or(|b| wall < b.0) {
            best = Some((wall, cpu));
        }
        print!("{}", said.lines().last().map(|l| l.to_owned() + "\n").unwrap_or_default());
    }
    let (wall, cpu) = best.expect("ran five times");
    println!("{} statements in {FILES} files, {} tables: {wall:.2?}, processor {cpu:.2?}", FILES * STATEMENTS, SETS * 4);
}
