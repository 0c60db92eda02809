//! Every rule's page is a test of the rule: the wrong example gives exactly the findings it announces, the right one none.
//!
//! A page holds fenced blocks named after the file they stand for (```` ```python app/models.py ````) under `## Wrong` and `## Right`. A block of the
//! first also serves the second, unless that has one of the same name. `# error: rule` at the end of a line (`-- error: rule` in SQL) announces a finding.

#![expect(clippy::unwrap_used, reason = "a test may stop where it stands")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use dbtruth::check::{self, Settings};
use dbtruth::config::Level;
use dbtruth::rules::ALL;

type Files = BTreeMap<String, String>;

/// The blocks under a heading.
fn blocks(page: &str, heading: &str) -> Files {
    let mut files = Files::new();
    let (mut inside, mut open) = (false, None::<(String, String)>);
    for line in page.lines() {
        match (&mut open, line.strip_prefix("```")) {
            (None, Some(info)) => open = Some((info.split(' ').nth(1).unwrap_or("").to_owned(), String::new())),
            (Some((name, text)), Some(_)) => {
                if inside && !name.is_empty() {
                    files.insert(std::mem::take(name), std::mem::take(text));
                }
                open = None;
            }
            (Some((_, text)), None) => {
                text.push_str(line);
                text.push('\n');
            }
            (None, None) if line.starts_with("## ") => inside = line == format!("## {heading}"),
            (None, None) => {}
        }
    }
    files
}

/// `(file, line, level, rule)`
type Finding = (String, u32, String, String);

fn announced(files: &Files) -> BTreeSet<Finding> {
    let mut found = BTreeSet::new();
    for (name, text) in files {
        for (n, line) in text.lines().enumerate() {
            for level in ["error", "warning", "info"] {
                for mark in ["#", "--"] {
                    if let Some((_, rules)) = line.split_once(&format!("{mark} {level}: ")) {
                        let n = u32::try_from(n + 1).unwrap();
                        found.extend(rules.split(", ").map(|rule| (name.clone(), n, level.to_owned(), rule.trim_end_matches(" -->").to_owned())));
                    }
                }
            }
        }
    }
    found
}

fn check(files: &Files, rule: &str, level: Level) -> BTreeSet<Finding> {
    let dir = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = dir.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    let mut settings = Settings::worktree(dir.path(), &[], Some(Path::new("schema.lock.yaml"))).unwrap();
    if level == Level::Off {
        settings.config.config.rules.insert(rule.to_owned(), Level::Warning);
    }
    let outcome = check::run(&settings).unwrap();
    assert_eq!(outcome.troubles, Vec::<String>::new());
    let describe = |d: &dbtruth::diagnostic::Diagnostic| {
        let file = outcome.sources.get(d.location.file);
        (file.path.to_string(), file.position(d.location.span.start).line, format!("{:?}", d.severity).to_lowercase(), d.rule.to_owned())
    };
    outcome.diagnostics.iter().map(describe).collect()
}

#[test]
fn every_page_tells_the_truth() {
    let mut wrong_pages = Vec::new();
    for rule in ALL {
        assert!(rule.page.starts_with(&format!("# {}\n", rule.name)), "{}: the page begins with the rule's name", rule.name);
        for heading in ["## What", "## Why", "## Wrong", "## Right"] {
            assert!(rule.page.contains(&format!("\n{heading}\n")), "{}: {heading} is missing", rule.name);
        }
        let wrong = blocks(rule.page, "Wrong");
        let mut right = wrong.clone();
        right.extend(blocks(rule.page, "Right"));
        let expected = announced(&wrong);
        assert!(expected.iter().any(|f| f.3 == rule.name), "{}: the wrong example announces no finding of the rule", rule.name);
        assert!(right != wrong && announced(&right).is_empty(), "{}: the right example is not right", rule.name);
        let (found, clean) = (check(&wrong, rule.name, rule.level), check(&right, rule.name, rule.level));
        if found != expected || !clean.is_empty() {
            wrong_pages.push(format!("{}\n  announced {expected:?}\n  found     {found:?}\n  right has {clean:?}", rule.name));
        }
    }
    assert!(wrong_pages.is_empty(), "{}", wrong_pages.join("\n"));
}

#[test]
fn rules_pages_and_files_are_the_same_list() {
    let names = |dir: &str, extension: &str| -> BTreeSet<String> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join(dir);
        let names = std::fs::read_dir(root).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap());
        names.filter_map(|n| n.strip_suffix(extension).map(|n| n.replace('_', "-"))).collect()
    };
    let rules: BTreeSet<String> = ALL.iter().map(|r| r.name.to_owned()).collect();
    assert_eq!(rules, names("rules", ".md"), "each rule has a page in rules/");
    let mut files = names("src/rules", ".rs");
    for helper in ["fold", "mapped", "mod", "suggest"] {
        files.remove(helper);
    }
    assert_eq!(rules, files, "each rule has a file in src/rules/");
    assert!(ALL.is_sorted_by_key(|r| r.name), "ALL is sorted by name");
}
