//! Four sample systems: what is found in each, exactly, and what is left when the program has repaired what it can.
//!
//! A folder of `tests/projects/` holds a repository with its `schema.sql` and lock, `expected.txt` (every finding) and `left.txt` (those that no repair mends).
//! `DBTRUTH_BLESS=1 cargo test --test projects` writes both anew; the difference is then to be read.

#[expect(dead_code, reason = "other tests use the rest")]
#[path = "database/cluster.rs"]
mod cluster;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

type Files = BTreeMap<PathBuf, Vec<u8>>;

fn projects() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/projects");
    let mut all: Vec<PathBuf> = std::fs::read_dir(root).expect("the folder").map(|e| e.expect("an entry").path()).filter(|p| p.is_dir()).collect();
    all.sort();
    assert_eq!(all.len(), 4, "{all:?}");
    all
}

fn read(dir: &Path) -> Files {
    let mut files = Files::new();
    let mut open = vec![dir.to_path_buf()];
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                open.push(path);
            } else if path.extension().is_none_or(|e| e != "txt") {
                files.insert(path.strip_prefix(dir).expect("inside").to_path_buf(), std::fs::read(&path).expect("a file"));
            }
        }
    }
    files
}

fn is_code(path: &Path) -> bool {
    path.extension().is_some_and(|e| e == "py" || e == "sql" || e == "md")
}

struct Copy {
    dir: tempfile::TempDir,
}

impl Copy {
    fn of(files: &Files) -> Self {
        let dir = tempfile::tempdir().expect("a folder");
        for (name, bytes) in files {
            let path = dir.path().join(name);
            std::fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
            std::fs::write(path, bytes).expect("written");
        }
        Self { dir }
    }

    /// Findings, one a line, without the summary.
    fn run(&self, args: &[&str]) -> (String, i32) {
        let mut command = Command::new(env!("CARGO_BIN_EXE_dbtruth"));
        command.current_dir(self.dir.path()).args(args);
        for (name, _) in std::env::vars_os().filter(|(n, _)| n.to_string_lossy().starts_with("GIT_")) {
            command.env_remove(name);
        }
        let output = command.output().expect("it runs");
        let code = output.status.code().unwrap_or(-1);
        assert!(code == 0 || code == 1, "{}", String::from_utf8_lossy(&output.stderr));
        (String::from_utf8(output.stdout).expect("UTF-8"), code)
    }
}

/// Compares with a file of the project, or writes it.
fn golden(project: &Path, name: &str, found: &str) {
    let path = project.join(name);
    if std::env::var_os("DBTRUTH_BLESS").is_some() {
        std::fs::write(&path, found).expect("written");
        return;
    }
    let expected = std::fs::read_to_string(&path).unwrap_or_default();
    let lines = |text: &str| text.lines().map(str::to_owned).collect::<std::collections::BTreeSet<_>>();
    let (a, b) = (lines(&expected), lines(found));
    let only = |x: &std::collections::BTreeSet<String>, y: &std::collections::BTreeSet<String>| x.difference(y).cloned().collect::<Vec<_>>().join("\n  ");
    assert!(expected == found, "{}\n missing:\n  {}\n too much:\n  {}", path.display(), only(&a, &b), only(&b, &a));
}

fn findings(text: &str) -> String {
    text.lines()
        .filter(|l| l.contains('[') && (l.contains(": error[") || l.contains(": warning[") || l.contains(": info[")))
        .map(|l| format!("{l}\n"))
        .collect()
}

#[test]
fn each_system_has_exactly_its_findings() {
    for project in projects() {
        let copy = Copy::of(&read(&project));
        let (_, code) = copy.run(&["pull", "--from", "schema.sql", "--check"]);
        assert_eq!(code, 0, "{}: the lock is that of schema.sql", project.display());
        let (found, code) = copy.run(&["check", "--format", "concise"]);
        assert_eq!(code, 1);
        golden(&project, "expected.txt", &findings(&found));
    }
}

#[test]
fn repairs_leave_exactly_what_they_cannot_mend() {
    for project in projects() {
        let before = read(&project);
        let copy = Copy::of(&before);
        let (found, _) = copy.run(&["check", "--fix", "--unsafe-fixes", "--format", "concise"]);
        golden(&project, "left.txt", &findings(&found));
        let after = read(copy.dir.path());

        // Nothing more to mend, and doing it again does nothing.
        let (again, _) = copy.run(&["check", "--format", "json"]);
        assert!(!again.contains("\"safety\""), "{}: a repair is left\n{again}", project.display());
        assert!(!again.contains("syntax-error"), "{again}");
        copy.run(&["check", "--fix", "--unsafe-fixes", "--format", "concise"]);
        assert_eq!(read(copy.dir.path()), after, "{}: the second time changes something", project.display());

        // It is still Python, with all of its comments.
        for (name, bytes) in after.iter().filter(|(n, _)| n.extension().is_some_and(|e| e == "py")) {
            let check =
                Command::new("python3").args(["-c", "import ast, sys; ast.parse(open(sys.argv[1], 'rb').read())"]).arg(copy.dir.path().join(name)).output();
            let check = check.expect("python3 is there");
            assert!(check.status.success(), "{}: {}", name.display(), String::from_utf8_lossy(&check.stderr));
            assert_eq!(comments(bytes), comments(&before[name]), "{}", name.display());
        }

        // Files with other line ends and a byte order mark are repaired in the same way.
        let dressed = |files: &Files| -> Files {
            let dress = |bytes: &[u8]| [b"\xef\xbb\xbf".to_vec(), String::from_utf8_lossy(bytes).replace('\n', "\r\n").into_bytes()].concat();
            files
                .iter()
                .map(|(n, b)| (n.clone(), if is_code(n) && n.file_name().is_some_and(|f| f != "schema.sql") && !b.is_empty() { dress(b) } else { b.clone() }))
                .collect()
        };
        let other = Copy::of(&dressed(&before));
        other.run(&["check", "--fix", "--unsafe-fixes", "--format", "concise"]);
        let made = read(other.dir.path());
        for (name, bytes) in dressed(&after) {
            assert_eq!(String::from_utf8_lossy(&made[&name]), String::from_utf8_lossy(&bytes), "{}: {}", project.display(), name.display());
        }
    }
}

/// Comments of a Python file that say nothing to us, in order.
fn comments(bytes: &[u8]) -> Vec<String> {
    let text = String::from_utf8_lossy(bytes).into_owned();
    text.lines().filter_map(|l| l.split_once('#')).map(|(_, c)| c.trim().to_owned()).filter(|c| !c.starts_with("dbtruth:")).collect()
}

#[test]
fn a_diff_says_what_a_repair_does() {
    for project in projects() {
        let files = read(&project);
        let (copy, fixed) = (Copy::of(&files), Copy::of(&files));
        let (diff, code) = copy.run(&["check", "--diff", "--unsafe-fixes"]);
        assert_eq!(code, 1);
        assert_eq!(read(copy.dir.path()), files, "--diff writes nothing");
        std::fs::write(copy.dir.path().join("the.patch"), diff).expect("written");
        let applied = Command::new("git")
            .args(["apply", "the.patch"])
            .current_dir(copy.dir.path())
            .env_remove("GIT_DIR")
            .env_remove("GIT_INDEX_FILE")
            .output()
            .expect("git is there");
        assert!(applied.status.success(), "{}", String::from_utf8_lossy(&applied.stderr));
        std::fs::remove_file(copy.dir.path().join("the.patch")).expect("removed");
        fixed.run(&["check", "--fix", "--unsafe-fixes"]);
        assert_eq!(read(copy.dir.path()), read(fixed.dir.path()), "{}", project.display());
    }
}
/// `tests/fixes/NAME.py` becomes `NAME.fixed`; what is left stands below a line in it.
#[test]
fn each_style_is_repaired_in_its_own_way() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixes");
    let lock = std::fs::read(folder.join("schema.lock.yaml")).expect("the lock");
    let mut cases: Vec<PathBuf> = std::fs::read_dir(&folder).expect("the folder").map(|e| e.expect("an entry").path()).collect();
    cases.retain(|p| p.extension().is_some_and(|e| e == "py"));
    cases.sort();
    assert!(cases.len() >= 9);
    for case in cases {
        let text = std::fs::read_to_string(&case).expect("a case");
        let name = Path::new("app/models.py");
        let of = |text: &str| Copy::of(&Files::from([("schema.lock.yaml".into(), lock.clone()), (name.into(), text.as_bytes().to_vec())]));
        let copy = of(&text);
        let (left, _) = copy.run(&["check", "--fix", "--unsafe-fixes", "--format", "concise"]);
        let fixed = std::fs::read_to_string(copy.dir.path().join(name)).expect("the file");
        golden(
            &folder,
            case.with_extension("fixed").file_name().and_then(|n| n.to_str()).expect("a name"),
            &format!("{fixed}# ---- left:\n{}", findings(&left)),
        );
        assert_eq!(comments(fixed.as_bytes()), comments(text.as_bytes()), "{}", case.display());

        let (again, _) = copy.run(&["check", "--format", "json"]);
        assert!(!again.contains("\"safety\""), "{}: a repair is left\n{again}", case.display());
        assert!(!again.contains("syntax-error"), "{}: {again}", case.display());
        copy.run(&["check", "--fix", "--unsafe-fixes"]);
        assert_eq!(std::fs::read_to_string(copy.dir.path().join(name)).expect("the file"), fixed, "{}: the second time changes something", case.display());
        let check = Command::new("python3").args(["-c", "import ast, sys; ast.parse(open(sys.argv[1], 'rb').read())"]).arg(copy.dir.path().join(name)).output();
        assert!(check.expect("python3 is there").status.success(), "{}: no longer Python", case.display());

        let windows = of(&text.replace('\n', "\r\n"));
        windows.run(&["check", "--fix", "--unsafe-fixes"]);
        assert_eq!(std::fs::read_to_string(windows.dir.path().join(name)).expect("the file"), fixed.replace('\n', "\r\n"), "{}", case.display());
    }
}

/// What `fix --migration` writes runs on a server, and then the models of the project have nothing left to complain about.
#[test]
fn a_migration_brings_the_database_to_the_models() {
    let server = cluster::Cluster::start(&[]);
    for name in ["pharmacy", "inventory"] {
        let project = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/projects").join(name);
        let copy = Copy::of(&read(&project));
        let (sql, code) = copy.run(&["fix", "--migration", "--format", "sql", "--drop"]);
        assert_eq!(code, 1);
        server.create(name);
        server.sql(name, &std::fs::read_to_string(project.join("schema.sql")).expect("the schema"));
        server.load(name, &sql).unwrap_or_else(|why| panic!("{name}: {why}\n{sql}"));
        copy.run(&["pull", "--database-url", &server.url(name)]);
        let rules = "unmapped-column,type-mismatch,nullability-mismatch,primary-key-mismatch,foreign-key-mismatch,unique-mismatch,unknown-column";
        let models = if name == "pharmacy" { "app/models.py" } else { "inventory/models" };
        let (left, _) = copy.run(&["check", models, "--select", rules, "--format", "concise"]);
        assert_eq!(findings(&left), "", "{name}\n{sql}");
    }
}

#[test]
fn a_revision_follows_the_head_and_replays() {
    let project = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/projects/inventory");
    let copy = Copy::of(&read(&project));
    let (_, code) = copy.run(&["fix", "--migration", "--drop"]);
    assert_eq!(code, 1);
    let made = read(copy.dir.path());
    let (path, text) = made.iter().find(|(p, _)| p.to_string_lossy().ends_with("_match_the_models.py")).expect("a revision");
    assert!(path.starts_with("migrations/versions"), "{}", path.display());
    let text = String::from_utf8_lossy(text);
    assert!(text.contains("down_revision = \"0003\""), "{text}");
    copy.run(&["pull", "--from", "migrations"]);
    let rules = "unmapped-column,nullability-mismatch,primary-key-mismatch,foreign-key-mismatch,unknown-column,broken-migration,multiple-heads";
    let (left, _) = copy.run(&["check", "inventory/models", "--select", rules, "--format", "concise"]);
    assert_eq!(findings(&left), "", "{text}");
}

#[test]
fn init_brings_a_legacy_repository_to_green() {
    let mut files = read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/projects/pharmacy"));
    files.remove(Path::new("dbtruth.yaml"));
    files.remove(Path::new("schema.lock.yaml"));
    let copy = Copy::of(&files);
    let (_, code) = copy.run(&["init", "--yes"]);
    assert_eq!(code, 0, "green at once");
    let made = read(copy.dir.path());
    for name in ["dbtruth.yaml", "schema.lock.yaml", "dbtruth-baseline.jsonl", ".github/workflows/dbtruth.yml"] {
        assert!(made.contains_key(Path::new(name)), "{name}");
    }
    assert_eq!(copy.run(&["check"]).1, 0);
    // A second time nothing is overwritten.
    std::fs::write(copy.dir.path().join("dbtruth.yaml"), "lock: schema.lock.yaml\nbaseline: dbtruth-baseline.jsonl\n# mine\n").expect("written");
    assert_eq!(copy.run(&["init", "--yes"]).1, 0);
    assert!(std::fs::read_to_string(copy.dir.path().join("dbtruth.yaml")).expect("there").contains("# mine"));
    // What is new is a finding.
    std::fs::write(copy.dir.path().join("new.sql"), "SELECT nothing FROM products;\n").expect("written");
    assert_eq!(copy.run(&["check"]).1, 1);
}
