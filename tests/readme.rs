//! What the README shows is what the program says.

use std::path::Path;
use std::process::Command;

fn fenced(text: &str, info: &str) -> Vec<String> {
    text.split("```").skip(1).step_by(2).filter_map(|b| b.strip_prefix(info)?.strip_prefix('\n').map(str::to_owned)).collect()
}

fn example(args: &[&str]) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let output = Command::new(env!("CARGO_BIN_EXE_dbtruth")).current_dir(root).args(args).env("NO_COLOR", "1").env_remove("COLUMNS").output().expect("it runs");
    assert_eq!(output.status.code(), Some(1), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("UTF-8")
}

#[test]
fn the_picture_is_real() {
    let readme = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md")).expect("README.md");
    let commands = fenced(&readme, "sh");
    assert_eq!(commands[0], "cargo run --release -- check examples/pharmacy\n");
    let said = example(&["check", "examples/pharmacy"]);
    let pictures = fenced(&readme, "text");
    assert!(!pictures.is_empty());
    for picture in pictures {
        assert!(said.contains(&picture), "the README shows\n{picture}\nthe program says\n{said}");
    }
}

#[test]
fn the_example_has_the_mistakes_it_is_about() {
    let said = example(&["check", "--format", "concise", "examples/pharmacy"]);
    for name in ["mfg_date", "product_type", "contact_person"] {
        assert!(said.contains(&format!("error[unknown-column] column `{name}` does not exist")), "{said}");
    }
}

#[test]
fn the_examples_lock_is_what_pull_writes() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/pharmacy");
    let output = Command::new(env!("CARGO_BIN_EXE_dbtruth")).current_dir(root).args(["pull", "--check", "--from", "schema.sql"]).output().expect("it runs");
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn every_command_of_the_readme_exists() {
    let readme = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md")).expect("README.md");
    let help = Command::new(env!("CARGO_BIN_EXE_dbtruth")).arg("--help").output().expect("it runs");
    let help = String::from_utf8(help.stdout).expect("UTF-8");
    let commands = readme.split("dbtruth ").skip(1).filter_map(|rest| rest.split(|c: char| !c.is_ascii_alphabetic()).next());
    for command in
        commands.filter(|c| ["check", "pull", "refs", "models", "rules", "explain", "hook", "diff", "show", "drift", "generate", "init", "sync"].contains(c))
    {
        assert!(help.contains(&format!("\n  {command} ")), "the README names `dbtruth {command}`, which does not exist");
    }
}
