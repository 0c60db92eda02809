//! What is shipped beside the program: the wheel, the schema of the configuration, completions, the manual page, the shapes of reports.
#![cfg(unix)]

mod common;

use std::path::Path;
use std::process::Command;

use common::{Project, RIGHT, WRONG, tool};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

#[track_caller]
fn must(command: &mut Command) -> String {
    let output = command.output().unwrap_or_else(|e| panic!("{command:?}: {e}"));
    let said = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}\n{said}");
    said
}

/// Built, installed into an empty environment without an index, and run; then the mirror for pre-commit on top of it.
#[test]
fn the_wheel_is_installed_and_runs() {
    let p = Project::git();
    p.write("old.sql", WRONG);
    p.commit_all();
    p.write("a.sql", WRONG);
    p.run_git(&["add", "a.sql"]);
    let out = tempfile::tempdir().expect("a folder");
    // The development profile: what is tested is the package, and the program is built already.
    let mut build = p.command(tool("bin/maturin"), ".");
    build.current_dir(root()).args(["build", "--profile", "dev", "--locked", "--out"]).arg(out.path());
    let path = format!("{}:{}", tool("bin").display(), std::env::var("PATH").unwrap_or_default());
    must(build.env("PATH", path));
    let wheels: Vec<_> = std::fs::read_dir(out.path()).expect("own folder").map(|e| e.expect("an entry").path()).collect();
    assert_eq!(wheels.len(), 1, "{wheels:?}");

    let venv = p.path("venv");
    must(p.command("python3", ".").args(["-m", "venv"]).arg(&venv));
    must(p.command(venv.join("bin/pip"), ".").args(["install", "--quiet", "--no-index", "--disable-pip-version-check"]).arg(&wheels[0]));
    let output = p.command(venv.join("bin/dbtruth"), ".").args(["check", "--format", "concise"]).output().expect("it runs");
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stdout).contains("a.sql:1:8: error[unknown-column]"));
    assert!(must(p.command(venv.join("bin/dbtruth"), ".").arg("--version")).contains(env!("CARGO_PKG_VERSION")));
    let path = format!("{}:{}", venv.join("bin").display(), std::env::var("PATH").unwrap_or_default());
    let git = p.command("git", ".").args(["dbtruth", "check", "--format", "concise"]).env("PATH", path).output().expect("git runs");
    assert_eq!(git.status.code(), Some(1), "{}", String::from_utf8_lossy(&git.stderr));

    // The mirror, as a repository of its own, with the wheel where its dependency is looked for.
    let mirror = Project::git();
    for file in [".pre-commit-hooks.yaml", "pyproject.toml"] {
        mirror.write(file, std::fs::read(root().join("packaging/pre-commit-mirror").join(file)).expect("a file of the mirror"));
    }
    mirror.commit_all();
    let home = tempfile::tempdir().expect("a folder");
    let mut run = p.command(tool("bin/pre-commit"), ".");
    run.env("PRE_COMMIT_HOME", home.path()).env("PIP_FIND_LINKS", out.path());
    let output = run.args(["try-repo", &mirror.root().display().to_string(), "dbtruth", "--verbose"]).output().expect("pre-commit runs");
    let said = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success() && said.contains("a.sql:1:8") && !said.contains("old.sql:1:8"), "{said}");
}

#[test]
fn the_mirror_has_the_same_hooks_and_follows_the_version() {
    let ours = std::fs::read_to_string(root().join(".pre-commit-hooks.yaml")).expect("the manifest");
    let mirror = std::fs::read_to_string(root().join("packaging/pre-commit-mirror/.pre-commit-hooks.yaml")).expect("the manifest");
    for key in ["id:", "entry:", "files:", "stages:"] {
        let of = |text: &str| {
            let system = text.split("- id: dbtruth-system").next().unwrap_or_default().to_owned();
            system.lines().filter_map(|l| l.trim().trim_start_matches("- ").strip_prefix(key).map(str::to_owned)).collect::<Vec<_>>()
        };
        assert_eq!(of(&ours), of(&mirror), "{key}");
    }
    let project = std::fs::read_to_string(root().join("packaging/pre-commit-mirror/pyproject.toml")).expect("pyproject.toml");
    assert!(project.contains(&format!("\"dbtruth=={}\"", env!("CARGO_PKG_VERSION"))), "{project}");
}

#[test]
fn cargo_and_git_find_us() {
    let p = Project::git();
    p.write("a.sql", WRONG);
    let folder = Path::new(env!("CARGO_BIN_EXE_dbtruth")).parent().expect("a folder");
    let path = format!("{}:{}", folder.display(), std::env::var("PATH").unwrap_or_default());
    for (program, args) in [("cargo", ["dbtruth", "check"]), ("git", ["dbtruth", "check"])] {
        let output = p.command(program, ".").args(args).env("PATH", &path).output().expect("it runs");
        let said = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
        assert!(output.status.code() == Some(1) && said.contains("mfg_date"), "{program}: {said}");
    }
    // Each passes everything on.
    assert!(must(Command::new(env!("CARGO_BIN_EXE_cargo-dbtruth")).args(["dbtruth", "--version"])).contains(env!("CARGO_PKG_VERSION")));
    assert!(must(Command::new(env!("CARGO_BIN_EXE_git-dbtruth")).arg("--version")).contains(env!("CARGO_PKG_VERSION")));
}

#[test]
fn completions_and_the_manual_speak_of_every_command() {
    let p = Project::new();
    let help = p.run(&["--help"]).exits(0).out;
    let list = help.split("Commands:").nth(1).and_then(|t| t.split("Options:").next()).expect("a list of commands");
    let commands: Vec<&str> = list.lines().filter(|l| l.starts_with("  ") && !l.starts_with("   ")).filter_map(|l| l.split_whitespace().next()).collect();
    assert!(commands.contains(&"check") && commands.len() > 8, "{commands:?}");
    let manual = p.run(&["man"]).exits(0).out;
    for command in commands.iter().filter(|c| **c != "help") {
        assert!(manual.contains(&format!(".SH DBTRUTH {}", command.to_uppercase())), "{command} is missing in the manual page");
    }
    let page = p.path("dbtruth.1");
    std::fs::write(&page, &manual).expect("own file");
    assert!(manual.contains(".TH dbtruth") && manual.contains("\\-\\-staged") && manual.contains("Examples:"), "{manual}");
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = p.run(&["completions", shell]).exits(0).out;
        assert!(commands.iter().all(|c| script.contains(c)), "{shell}");
    }
    let bash = p.run(&["completions", "bash"]).out;
    let mut check = p.command("bash", ".");
    assert!(check.args(["-n", "-c", &bash]).status().expect("bash runs").success());
}

fn schema() -> serde_json::Value {
    serde_json::from_str(&std::fs::read_to_string(root().join("dbtruth.schema.json")).expect("the schema")).expect("JSON")
}

/// Every key and every rule of the program, and no other.
#[test]
fn the_schema_of_the_configuration_names_what_the_program_reads() {
    let schema = schema();
    let names = |value: &serde_json::Value| value.as_object().expect("an object").keys().cloned().collect::<std::collections::BTreeSet<_>>();
    let config = dbtruth::config::Config { lock: Some("x".to_owned()), baseline: Some("x".to_owned()), ..Default::default() };
    assert_eq!(names(&schema["properties"]), names(&serde_json::to_value(config).expect("JSON")), "keys: say new ones in dbtruth.schema.json");
    let call = serde_json::to_value(dbtruth::config::Call::default()).expect("JSON");
    assert_eq!(names(&schema["definitions"]["call"]["properties"]), names(&call));
    let rules = dbtruth::rules::ALL.iter().map(|r| r.name.to_owned()).collect();
    assert_eq!(names(&schema["definitions"]["levels"]["properties"]), rules, "rules: say new ones in dbtruth.schema.json");
}

/// The schema, read by another program, and our parser agree on what is right.
#[test]
fn the_schema_of_the_configuration_accepts_what_the_program_accepts() {
    let all = "lock: schema.lock.yaml\nexclude: [legacy/]\nrules: {unmapped-table: warning}\nper-path: {\"tests/**\": {unknown-table: off}}\nmodels: {DocumentModel: batches}\ncaches: {\"doc:*\": batches}\nmigrations: [backend/alembic]\ncalls:\n  - function: app.db.fetch_rows\n    args: {0: table, columns: columns, where: row}\n";
    let right = [
        all,
        "{}\n",
        "exclude: []\n",
        "rules: {unknown-column: info, unknown-table: error, unmapped-column: off}\n",
        "calls: [{function: a.b}]\n",
        "calls: [{function: a.b, args: {sql: sql, s: schema, c: column, w: where, r: rows}}]\n",
    ];
    let wrong = [
        "lock: [a]\n",
        "lokc: a\n",
        "exclude: legacy\n",
        "exclude: {a: b}\n",
        "rules: [a]\n",
        "rules: {unknown-column: loud}\n",
        "rules: {unknown-colum: off}\n",
        "per-path: {a: off}\n",
        "per-path: {a: {unknown-colum: off}}\n",
        "models: [a]\n",
        "models: {A: {b: c}}\n",
        "migrations: a\n",
        "calls: {function: a}\n",
        "calls: [{args: {0: table}}]\n",
        "calls: [{function: a, args: {0: nonsense}}]\n",
        "calls: [{function: a, arg: {}}]\n",
        "[]\n",
    ];
    let p = Project::new();
    p.write("a.sql", RIGHT);
    for (n, text) in right.iter().chain(&wrong).enumerate() {
        p.write("dbtruth.yaml", text);
        p.run(&["check"]).exits(if n < right.len() { 0 } else { 2 });
        p.write(&format!("configurations/{n:02}.yaml"), text);
    }
    let files = (0..right.len() + wrong.len()).map(|n| format!("configurations/{n:02}.yaml"));
    let output = p
        .command(tool("bin/check-jsonschema"), ".")
        .args(["-o", "JSON", "--schemafile"])
        .arg(root().join("dbtruth.schema.json"))
        .args(files)
        .output()
        .expect("it runs");
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let refused: std::collections::BTreeSet<&str> = report["errors"].as_array().expect("a list").iter().filter_map(|e| e["filename"].as_str()).collect();
    let expected: Vec<String> = (right.len()..right.len() + wrong.len()).map(|n| format!("configurations/{n:02}.yaml")).collect();
    assert_eq!(refused.into_iter().collect::<Vec<_>>(), expected, "{report:#}");
    must(p.command(tool("bin/check-jsonschema"), ".").arg("--check-metaschema").arg(root().join("dbtruth.schema.json")));
}

/// The schema of OASIS, as the crate `serde-sarif` carries it; `./test` puts it there.
#[test]
fn sarif_is_what_the_official_schema_says() {
    let p = Project::git();
    p.write("a b/é#.sql", WRONG);
    p.write("bad.py", "def f(:\n");
    p.write("m.py", "from sqlalchemy import Column, Integer\nfrom sqlalchemy.orm import declarative_base\nBase = declarative_base()\n\n\nclass B(Base):\n    __tablename__ = 'batches'\n    id = Column(Integer, primary_key=True)\n    nope = Column(Integer)\n\n\nB.nope, B.nope\n");
    let found = p.run(&["check", "--format", "sarif"]).exits(1).out;
    p.write("found.sarif", &found);
    p.write("a b/é#.sql", RIGHT);
    p.write("clean.sarif", p.run(&["check", "--format", "sarif", "a b"]).exits(0).out);
    let troubled = Project::new();
    std::fs::create_dir(troubled.path("x")).expect("own folder");
    let run = must(
        p.command(tool("bin/check-jsonschema"), ".")
            .args(["--regex-variant", "python", "--schemafile"])
            .arg(tool("sarif-2.1.0.json"))
            .args(["found.sarif", "clean.sarif"]),
    );
    assert!(run.contains("ok"), "{run}");

    // What GitHub's page on SARIF asks for beyond the schema.
    let sarif: serde_json::Value = serde_json::from_str(&found).expect("JSON");
    let run = &sarif["runs"][0];
    for rule in run["tool"]["driver"]["rules"].as_array().expect("rules") {
        assert!(rule["shortDescription"]["text"].as_str().is_some_and(|t| !t.is_empty() && t.len() <= 1024), "{rule}");
        assert!(rule["fullDescription"]["text"].as_str().is_some_and(|t| t.len() <= 1024) && rule["help"]["text"].is_string(), "{rule}");
    }
    let results = run["results"].as_array().expect("results");
    assert!(results.len() >= 3, "{results:?}");
    let mut prints = std::collections::BTreeSet::new();
    for result in results {
        let place = &result["locations"][0]["physicalLocation"];
        let uri = place["artifactLocation"]["uri"].as_str().expect("a place");
        assert!(!uri.starts_with('/') && !uri.contains(['#', ' ', ':']), "{uri}");
        assert!(["startLine", "startColumn", "endLine", "endColumn"].iter().all(|k| place["region"][k].as_u64().is_some_and(|n| n > 0)), "{place}");
        assert!(prints.insert(result["partialFingerprints"]["primaryLocationLineHash"].as_str().expect("a fingerprint").to_owned()), "{result}");
        let rule = result["ruleIndex"].as_u64().expect("an index");
        assert_eq!(run["tool"]["driver"]["rules"][usize::try_from(rule).expect("small")]["id"], result["ruleId"]);
    }
}

/// The action's and the workflows' shapes, read by another program; no input is spliced into a script.
#[test]
fn the_action_and_the_workflows_are_well_formed() {
    let check = |schema: &str, file: &str| must(Command::new(tool("bin/check-jsonschema")).current_dir(root()).args(["--builtin-schema", schema, file]));
    check("vendor.github-actions", "action.yml");
    check("vendor.github-workflows", ".github/workflows/ci.yml");
    check("vendor.github-workflows", ".github/workflows/release.yml");
    for file in ["action.yml", ".github/workflows/ci.yml", ".github/workflows/release.yml"] {
        let text = std::fs::read_to_string(root().join(file)).expect("a file of ours");
        let mut in_script = None;
        for line in text.lines() {
            let indent = line.len() - line.trim_start().len();
            if in_script.is_some_and(|i| indent <= i && !line.trim().is_empty()) {
                in_script = None;
            }
            if line.trim_start().trim_start_matches("- ").starts_with("run:") {
                in_script = Some(indent);
            }
            assert!(in_script.is_none() || !line.contains("${{"), "{file}: {line}");
        }
    }
    must(Command::new(tool("bin/pre-commit")).current_dir(root()).args([
        "validate-manifest",
        ".pre-commit-hooks.yaml",
        "packaging/pre-commit-mirror/.pre-commit-hooks.yaml",
    ]));
}

/// What `cargo deny check licenses sources` asks, of every locked package, for every platform.
#[test]
fn what_we_build_on_is_free_and_from_the_registry() {
    let metadata = Command::new(env!("CARGO"))
        .current_dir(root())
        .args(["metadata", "--format-version", "1", "--locked", "--offline", "--all-features"])
        .output()
        .expect("cargo runs");
    assert!(metadata.status.success(), "{}", String::from_utf8_lossy(&metadata.stderr));
    let metadata: serde_json::Value = serde_json::from_slice(&metadata.stdout).expect("JSON");
    let deny = std::fs::read_to_string(root().join("deny.toml")).expect("deny.toml");
    let allowed: Vec<&str> = deny.lines().find(|l| l.starts_with("allow = ")).expect("a list").split('"').skip(1).step_by(2).collect();
    let packages = metadata["packages"].as_array().expect("a list");
    for package in packages {
        let expression = package["license"].as_str().unwrap_or("none").replace('/', " OR ").replace(['(', ')'], "");
        // Every part of an AND must be allowed, one of an OR.
        let fine = expression.split(" AND ").all(|all| all.split(" OR ").any(|one| allowed.contains(&one.trim())));
        assert!(fine, "{}: {expression}", package["name"]);
        let source = package["source"].as_str();
        assert!(source.is_none_or(|s| s == "registry+https://github.com/rust-lang/crates.io-index"), "{}: {source:?}", package["name"]);
    }
    let banned: Vec<&str> = deny.lines().filter_map(|l| l.trim().strip_prefix("{ name = \"")?.split('"').next()).collect();
    assert!(banned.len() > 3 && !packages.iter().any(|p| banned.iter().any(|b| p["name"] == *b)), "{banned:?}");
    assert!(packages.len() <= 235, "{} locked packages: each one costs everybody who builds us", packages.len());
}

/// No `unsafe` of ours: the compiler holds the library to it, this holds the manifest to it.
#[test]
fn unsafe_code_is_forbidden() {
    let manifest = std::fs::read_to_string(root().join("Cargo.toml")).expect("Cargo.toml");
    assert!(manifest.contains("unsafe_code = \"forbid\""));
}
