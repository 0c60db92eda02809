//! The house rules that a compiler does not hold.

use std::path::{Path, PathBuf};

/// The rooms in the order the data flows. A file may use only rooms above its own.
const ROOMS: [&str; 18] = [
    "symbol",
    "source",
    "diagnostic",
    "config",
    "discover",
    "syntax",
    "facts",
    "schema",
    "sql",
    "project",
    "migrations",
    "rules",
    "generate",
    "repair",
    "check",
    "report",
    "fix",
    "server",
];

/// Rooms that stand side by side: none of them may use another.
const SIDE_BY_SIDE: [&str; 3] = ["report", "fix", "server"];

fn files_under(dir: &str, extension: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut open = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join(dir)];
    while let Some(dir) = open.pop() {
        for entry in std::fs::read_dir(dir).expect("a folder of the project") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                open.push(path);
            } else if path.extension().is_some_and(|e| e == extension) {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

fn room_of(path: &Path) -> Option<usize> {
    let inside = path.strip_prefix(Path::new(env!("CARGO_MANIFEST_DIR")).join("src")).expect("a source file");
    let first = inside.components().next().expect("a name").as_os_str().to_str().expect("UTF-8");
    ROOMS.iter().position(|r| *r == first.trim_end_matches(".rs"))
}

/// Every `crate::room` in a line of code.
fn rooms_named(line: &str) -> Vec<usize> {
    let code = line.split("//").next().unwrap_or("");
    let names = code.split("crate::").skip(1).flat_map(|rest| {
        // `use crate::{a::b, c}` names two rooms.
        let list = rest.strip_prefix('{').map_or_else(|| vec![rest], |list| list.split(',').collect());
        list.into_iter().map(|n| n.trim().split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap_or("").to_owned()).collect::<Vec<_>>()
    });
    names.filter_map(|n| ROOMS.iter().position(|r| *r == n)).collect()
}

#[test]
fn data_flows_one_way() {
    let mut wrong = Vec::new();
    for path in files_under("src", "rs") {
        let Some(room) = room_of(&path) else { continue };
        let text = std::fs::read_to_string(&path).expect("a source file");
        // Tests stand at the end and may look down.
        let code = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or("");
        for (n, line) in code.lines().enumerate() {
            for used in rooms_named(line) {
                let sideways = used != room && SIDE_BY_SIDE.contains(&ROOMS[used]) && SIDE_BY_SIDE.contains(&ROOMS[room]);
                if used > room || sideways {
                    wrong.push(format!("{}:{}: `{}` uses `{}`", path.display(), n + 1, ROOMS[room], ROOMS[used]));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "arrows that run back:\n{}", wrong.join("\n"));
}

/// Lines of code: neither blank, nor a comment, nor a test.
fn code_lines(path: &Path) -> usize {
    let text = std::fs::read_to_string(path).expect("a source file");
    let code = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or("");
    code.lines().map(str::trim).filter(|l| !l.is_empty() && !l.starts_with("//")).count()
}

/// Files that may be longer, how much, and why.
const LONGER: [(&str, usize); 2] = [
    // One arm for each operation.
    ("src/migrations/alembic/operations.rs", 750),
    ("src/migrations/django/operations.rs", 750),
];

#[test]
fn files_stay_short() {
    let limit = |path: &Path| LONGER.iter().find(|(name, _)| path.ends_with(name)).map_or(650, |(_, limit)| *limit);
    let counted = files_under("src", "rs").into_iter().map(|path| (code_lines(&path), path));
    let long: Vec<String> = counted.filter(|(lines, path)| *lines > limit(path)).map(|(lines, path)| format!("{}: {lines}", path.display())).collect();
    assert!(long.is_empty(), "too many lines of code:\n{}", long.join("\n"));
}

#[test]
fn parsers_are_named_in_one_room() {
    for path in files_under("src", "rs") {
        let room = room_of(&path).map(|n| ROOMS[n]);
        let text = std::fs::read_to_string(&path).expect("a source file");
        for (name, home) in [("tree_sitter", "syntax"), ("squawk_", "syntax"), ("miette", "report")] {
            let named =
                text.lines().any(|l| l.split("//").next().is_some_and(|code| code.contains(&format!("{name}::")) || code.contains(&format!("use {name}"))));
            assert!(!named || room == Some(home), "{} names {name}", path.display());
        }
    }
}

#[test]
fn every_room_is_known_here() {
    let text = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("src/lib.rs")).expect("lib.rs");
    let declared: Vec<&str> = text.lines().filter_map(|l| l.strip_prefix("pub mod ")?.strip_suffix(';')).filter(|n| *n != "cli").collect();
    for name in &declared {
        assert!(ROOMS.contains(name), "{name} has no place in the order");
    }
    let order: Vec<usize> = declared.iter().filter_map(|n| ROOMS.iter().position(|r| r == n)).collect();
    assert!(order.is_sorted(), "lib.rs declares the rooms in order: {declared:?}");
}
