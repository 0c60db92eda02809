//! The language server in real editors' hands: headless Neovim, Microsoft's JSON-RPC library under node, and the VS Code extension as it is packed.
//! `./test` installs what they need; where it is missing, these tests fail.
#![cfg(all(unix, feature = "server"))]
#![allow(clippy::unwrap_used, reason = "a test may stop where it stands")]

mod common;

use std::path::{Path, PathBuf};
use std::process::Command;

use common::{Project, WRONG};

fn here(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

/// Runs a program to its end; it must succeed.
#[track_caller]
fn run(program: &str, command: &mut Command) -> String {
    let output = command.output().unwrap_or_else(|e| panic!("{program}: {e}; `./test` installs it"));
    let text = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{program}: {}\n{text}", output.status);
    text
}

#[test]
fn neovim_is_served() {
    let p = Project::new();
    p.write("a.sql", WRONG);
    let script = format!("luafile {}", here("tests/editors/neovim.lua").display());
    let mut nvim = Command::new("nvim");
    nvim.args(["--headless", "-u", "NONE", "-i", "NONE", "-n", "-c", &script]).current_dir(p.root()).env("DBTRUTH_BIN", env!("CARGO_BIN_EXE_dbtruth"));
    nvim.env("XDG_STATE_HOME", p.root().join(".state")).env("XDG_CACHE_HOME", p.root().join(".cache"));
    let said = run("nvim", &mut nvim);
    assert!(said.contains("all well"), "{said}");
}

#[test]
fn a_client_of_microsofts_library_is_served() {
    let p = Project::new();
    p.write("a.sql", WRONG);
    let said = run("node", Command::new("node").arg(here("tests/editors/client.js")).arg(env!("CARGO_BIN_EXE_dbtruth")).arg(p.root()));
    assert!(said.contains("all well"), "{said}");
}

#[test]
fn the_extension_is_packed() {
    let p = Project::new();
    let out = p.path("dbtruth.vsix");
    // A copy: two runs at once must not write over each other.
    let copy = p.path("vscode");
    std::fs::create_dir(&copy).unwrap();
    for name in ["package.json", "extension.js", "README.md", "LICENSE", ".vscodeignore"] {
        std::fs::copy(here("editors/vscode").join(name), copy.join(name)).unwrap();
    }
    std::os::unix::fs::symlink(here("editors/vscode/node_modules"), copy.join("node_modules")).unwrap();
    run("npm", Command::new("npm").args(["run", "package", "--", "--out"]).arg(&out).current_dir(&copy));
    let listed = run("python3", Command::new("python3").args(["-m", "zipfile", "-l"]).arg(&out));
    let names: Vec<&str> = listed.lines().skip(1).filter_map(|l| l.split_whitespace().next()).filter(|n| n.starts_with("extension/")).collect();
    let mut sorted = names.clone();
    sorted.sort_unstable();
    assert_eq!(sorted, ["extension/LICENSE.txt", "extension/dist/extension.js", "extension/package.json", "extension/readme.md"], "{listed}");
}
