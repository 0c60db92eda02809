//! 39: configurations.

use std::time::{Duration, Instant};

use crate::CONCISE;
use crate::common::{Project, RIGHT, Ran, WRONG};

fn with(text: &str) -> Ran {
    let p = Project::new();
    p.write("a.sql", WRONG);
    p.write("dbtruth.yaml", text);
    let began = Instant::now();
    let ran = p.run(CONCISE);
    assert!(began.elapsed() < Duration::from_secs(20), "{}: {:?}", text.chars().take(80).collect::<String>(), began.elapsed());
    ran
}

#[test]
fn case_39_patterns_that_explode() {
    with(&format!("exclude: ['{}']\n", "*a".repeat(500))).exits(1);
    with(&format!("exclude: ['{}']\n", "**/".repeat(200))).says("");
    with(&format!("per-path: {{'{}x': {{unknown-column: off}}}}\n", "*".repeat(300))).exits(1);
    with(&format!("per-path: {{'{}': {{unknown-column: off}}}}\n", "{a,b}".repeat(60))).says("");
    with("per-path: {'[': {unknown-column: off}}\n").exits(2).says("dbtruth.yaml:1:");
    with("exclude: ['{']\n").says("");
    with(&format!("exclude: [{}]\n", vec!["'x*y'"; 5_000].join(", "))).exits(1);
}

#[test]
fn case_39_documents_that_explode() {
    let bomb: String = ('b'..='k').zip('a'..='j').map(|(this, last)| format!("{this}: &{this} [{}]\n", vec![format!("*{last}"); 10].join(", "))).collect();
    with(&format!("a: &a [x, x]\n{bomb}")).exits(2);
    with(&format!("exclude: {}\n", "[".repeat(40_000))).exits(2).says("dbtruth.yaml");
    with("rules: &r {unknown-column: off}\nper-path: {'a*': *r}\n").says("");
    with("\0").exits(2);
    with("lock: [\n").exits(2).says("dbtruth.yaml:");
    let p = Project::new();
    p.write("a.sql", RIGHT);
    p.write("pyproject.toml", format!("[tool.dbtruth]\nexclude = {}\n", "[".repeat(40_000)));
    p.run(CONCISE).exits(2).says("pyproject.toml");
}

#[test]
fn case_39_nothing_left_to_check_is_said() {
    with("exclude: ['*']\n").exits(2).says("no Python, SQL or Markdown file found");
    let p = Project::new();
    p.write("gen/a.sql", WRONG);
    p.write("b.sql", RIGHT);
    p.write("dbtruth.yaml", "exclude: [gen/]\n");
    p.run(&["check", "gen/a.sql"]).exits(0).says("nothing to check: gen/a.sql is excluded");
}

#[test]
fn case_39_paths_that_climb_and_names_that_are_not_expanded() {
    let p = Project::new();
    p.write("app/a.sql", WRONG);
    p.write("app/dbtruth.yaml", "lock: ../schema.lock.yaml\nexclude: [../*]\n");
    p.run_in("app", CONCISE).says("");
    p.write("app/dbtruth.yaml", "lock: ../schema.lock.yaml\n");
    p.run_in("app", CONCISE).exits(1).says("a.sql:1:8");
    // Nothing out of the environment, nothing out of the home folder.
    p.write("app/dbtruth.yaml", "lock: $HOME/${PATH}/~/schema.lock.yaml\n");
    p.run_in("app", CONCISE).exits(2).says("no lock: $HOME/${PATH}/~/schema.lock.yaml");
    p.write("app/dbtruth.yaml", "lock: /dev/zero\n");
    p.run_in("app", CONCISE).exits(2);
    p.write("app/dbtruth.yaml", "lock: dbtruth.yaml\n");
    p.run_in("app", CONCISE).exits(2).says("dbtruth.yaml:1:1");
}
