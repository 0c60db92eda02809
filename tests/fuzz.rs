//! Mutated input into every reader: no panic, no hang, and what each promises holds.
//!
//! A short run by default, the same on every machine: the seeds (`tests/fuzz/seeds`), the corpus that fuzzing guided by coverage has collected (`tests/fuzz/corpus`), and some
//! mutations of both. Longer: `tests/fuzz/run`, guided by coverage, or `DBTRUTH_FUZZ_SECONDS=600 cargo test --test fuzz -- --nocapture` without. An input that fails is
//! written to `target/fuzz/`; once it is mended it belongs into the seeds.

#[path = "common/runners.rs"]
mod runners;
#[cfg(feature = "server")]
#[path = "fuzz/session.rs"]
mod session;
#[path = "fuzz/targets.rs"]
mod targets;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// So many inputs of the corpus are run each time, taken evenly.
const SHORT: usize = 120;

/// xorshift64: the same inputs every time, so that a failure is found again.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, n: usize) -> usize {
        usize::try_from(self.next() % (n.max(1) as u64)).expect("below n")
    }

    fn pick<'a, T: ?Sized>(&mut self, of: &[&'a T]) -> &'a T {
        of[self.below(of.len())]
    }
}

/// Pieces that mean something to one of the readers.
const PIECES: &[&str] = &[
    "(",
    ")",
    "[",
    "]",
    "{",
    "}",
    "'",
    "\"",
    "'''",
    "f'",
    "b\"",
    "$$",
    "$a$",
    "--",
    "/*",
    "*/",
    ";",
    ":",
    "::",
    ",",
    ".",
    "..",
    "*",
    "!inner",
    "->",
    "->>",
    "\\",
    "\n",
    "\n    ",
    "\r\n",
    "\t",
    " ",
    "\u{feff}",
    "é",
    "😀",
    "\u{0}",
    "%s",
    ":x",
    "{x}",
    "{{x}}",
    "<<<<<<< a\n",
    "null",
    "not null",
    "yes",
    "&a ",
    "*a",
    "!t ",
    "<<: ",
    "- ",
    "? ",
    "| ",
    "> ",
    "SELECT ",
    "FROM ",
    "WHERE ",
    "JOIN ",
    "WITH RECURSIVE x AS (",
    "INSERT INTO ",
    "VALUES ",
    "ON CONFLICT ",
    "DO UPDATE SET ",
    "RETURNING ",
    "LATERAL ",
    "UNION ",
    "CASE WHEN ",
    "CREATE TABLE ",
    "ALTER TABLE ",
    "ADD COLUMN ",
    "DROP ",
    "PRIMARY KEY ",
    "REFERENCES ",
    "DEFAULT ",
    "GENERATED ALWAYS AS (",
    "PARTITION OF ",
    "CREATE VIEW ",
    "AS ",
    "class A(Base):\n    ",
    "def f(",
    "lambda: ",
    "return ",
    "self.",
    "import ",
    "from x import y\n",
    "async ",
    "await ",
    "match x:\n    case ",
    "for x in ",
    "if ",
    "else ",
    "@",
    "=",
    ":=",
    "batches",
    "id",
    "manufacturing_date",
    "products",
    "public.",
    "Column(",
    "select(",
    ".eq(",
    ".table(",
    "__tablename__ = ",
    "9999999999999999999999",
    "0x",
    "1e999",
    "-",
];

fn mutate(r: &mut Random, seeds: &[String]) -> String {
    let mut bytes = r.pick(&seeds.iter().collect::<Vec<_>>()).as_bytes().to_vec();
    for _ in 0..=r.below(6) {
        let (a, b) = (r.below(bytes.len() + 1), r.below(bytes.len() + 1));
        let (low, high) = (a.min(b), a.max(b).min(a.min(b) + 200));
        match r.below(9) {
            0 => drop(bytes.drain(low..high)),
            1 => {
                let copy = bytes[low..high].to_vec();
                let at = r.below(bytes.len() + 1);
                bytes.splice(at..at, copy);
            }
            2 if !bytes.is_empty() => {
                let at = r.below(bytes.len());
                bytes[at] ^= 1 << r.below(8);
            }
            3 => {
                let other = seeds[r.below(seeds.len())].as_bytes();
                let from = r.below(other.len() + 1);
                let to = (from + r.below(120)).min(other.len());
                bytes.splice(low..low, other[from..to].iter().copied());
            }
            4 => {
                let (piece, times) = (r.pick(PIECES), 1 + r.below(300));
                bytes.splice(low..low, piece.repeat(times).bytes());
            }
            5 => bytes.truncate(low),
            _ => {
                let piece = r.pick(PIECES);
                bytes.splice(low..low, piece.bytes());
            }
        }
        bytes.truncate(40_000);
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn here(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fuzz").join(name)
}

/// The seeds of a target.
fn seeds(name: &str) -> Vec<String> {
    let mut files: Vec<_> = std::fs::read_dir(here("seeds").join(name)).expect("seeds").map(|e| e.expect("an entry").path()).collect();
    files.sort();
    files.iter().map(|f| String::from_utf8_lossy(&std::fs::read(f).expect("a file of ours")).into_owned()).collect()
}

/// The corpus of a target: a JSON string a line.
fn corpus(name: &str) -> Vec<String> {
    let text = std::fs::read_to_string(here("corpus").join(format!("{name}.jsonl"))).unwrap_or_default();
    text.lines().map(|l| serde_json::from_str(l).expect("a JSON string")).collect()
}

/// Every seed and input of the corpus as it is, then mutations.
fn fuzz(name: &str) {
    let (_, target) = targets::ALL.iter().find(|(n, _)| *n == name).expect("a target");
    // As long as asked for; else a few inputs, the same on every machine.
    let asked: Option<u64> = std::env::var("DBTRUTH_FUZZ_SECONDS").ok().and_then(|n| n.parse().ok());
    let start: u64 = std::env::var("DBTRUTH_FUZZ_SEED").ok().and_then(|n| n.parse().ok()).unwrap_or(0x9E37_79B9_7F4A_7C15);
    let (mut seeds, corpus) = (seeds(name), corpus(name));
    let step = if asked.is_some() { 1 } else { corpus.len().div_ceil(SHORT).max(1) };
    seeds.extend(corpus.into_iter().step_by(step));
    let name = name.to_owned();
    let work = move || {
        let mut r = Random(start);
        let began = Instant::now();
        let mut runs = 0;
        while asked.map_or(runs < seeds.len() + 30, |s| runs < seeds.len() || began.elapsed() < Duration::from_secs(s)) {
            let input = seeds.get(runs).cloned().unwrap_or_else(|| mutate(&mut r, &seeds));
            let started = Instant::now();
            let outcome = catch_unwind(AssertUnwindSafe(|| target(&input)));
            let slow = started.elapsed() > Duration::from_secs(30);
            if outcome.is_err() || slow {
                let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/fuzz");
                std::fs::create_dir_all(&folder).expect("own folder");
                let file = folder.join(format!("{name}-{runs}"));
                std::fs::write(&file, &input).expect("own file");
                panic!("{name}: {} after {runs} runs: {}", if slow { "too slow" } else { "failed" }, file.display());
            }
            runs += 1;
        }
        println!("{name}: {runs} inputs in {:?}, no finding", began.elapsed());
    };
    // The stack that the program gives its threads.
    std::thread::Builder::new().stack_size(16 << 20).spawn(work).expect("a thread").join().expect("no finding");
}

macro_rules! targets {
    ($($(#[$when:meta])* $name:ident)*) => {$(
        #[test]
        $(#[$when])*
        fn $name() {
            fuzz(stringify!($name));
        }
    )*};
}

targets! { python sql ddl lock select annotations #[cfg(feature = "server")] server fixes configuration check }

/// No target is forgotten above.
#[test]
fn every_target_has_seeds() {
    assert_eq!(targets::ALL.len(), if cfg!(feature = "server") { 10 } else { 9 });
    for (name, _) in targets::ALL {
        assert!(!seeds(name).is_empty(), "{name}");
    }
}
