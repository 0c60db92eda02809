use std::path::Path;

use super::folders::LARGE;
use super::*;
use crate::check::LockInput;
use crate::discover::Origin;

const LOCK: &str =
    "version: 1\nsearch_path: [public]\ntables:\n  public.users:\n    columns:\n      id: bigint not null\n      name: text\n    primary key: [id]\n";

/// A model of `users` with that many columns that are not there.
fn model(wrong: &[&str]) -> String {
    let columns: String = wrong.iter().map(|w| format!("    {w} = Column(Text)\n")).collect();
    let base = "from sqlalchemy import Column, BigInteger, Text\nfrom sqlalchemy.orm import declarative_base\nBase = declarative_base()\n";
    format!("{base}class User(Base):\n    __tablename__ = 'users'\n    id = Column(BigInteger, primary_key=True)\n    name = Column(Text)\n{columns}")
}

/// A large repository: these files, and many that say nothing, half of them in `a` and half in `b`.
fn repository(files: &[(&str, &str)]) -> Settings {
    let mut all: Vec<(String, String)> = files.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned())).collect();
    all.extend((0..LARGE).map(|n| (format!("{}/filler/f{n:04}.py", if n % 2 == 0 { "a" } else { "b" }), "x = 1\n".to_owned())));
    all.push(("a/__init__.py".to_owned(), String::new()));
    all.push(("b/__init__.py".to_owned(), String::new()));
    all.sort();
    let candidate = |(path, text): (String, String)| Candidate {
        language: crate::discover::language_of(Path::new(&path)).expect("a language"),
        absolute: Path::new("/p").join(&path).into(),
        path: path.into(),
        origin: Origin::Memory(text.into_bytes()),
    };
    Settings {
        cwd: "/p".into(),
        root: "/p".into(),
        lock: LockInput { path: "/p/schema.lock.yaml".into(), bytes: Some(LOCK.into()), name: None },
        files: all.into_iter().map(candidate).collect(),
        report: vec![PathBuf::from("/p")],
        ..Settings::default()
    }
}

/// What an editor says after everything was linked.
fn said_by_editor(settings: &Settings) -> Vec<String> {
    let opened = crate::check::open(settings).expect("it opens");
    let versions = crate::check::Versions::default();
    let live = crate::check::Live::new(settings, &opened, &versions);
    let one = |d: &crate::diagnostic::Diagnostic| format!("{} {:?} {} {}", opened.sources.get(d.location.file).path, d.severity, d.rule, d.message);
    live.diagnostics.iter().map(one).collect()
}

fn said(outcome: &Outcome) -> Vec<String> {
    let one = |d: &crate::diagnostic::Diagnostic| format!("{} {:?} {} {}", outcome.sources.get(d.location.file).path, d.severity, d.rule, d.message);
    outcome.diagnostics.iter().map(one).collect()
}

/// Where what is asked of one file or folder is what the whole says of it.
fn run_of(settings: &Settings) -> Vec<String> {
    let whole = crate::check::run(settings).expect("it runs");
    let mut files: Vec<&str> = settings.files.iter().map(|f| f.path.as_str()).filter(|p| !p.contains("filler")).collect();
    files.extend(["a", "b"]);
    for file in files {
        let one = Settings { report: vec![Path::new("/p").join(file)], ..settings.clone() };
        let is_in = |said: &String| said.starts_with(&format!("{file} ")) || said.starts_with(&format!("{file}/"));
        let expected: Vec<String> = said(&whole).into_iter().filter(is_in).collect();
        assert_eq!(said(&crate::check::run(&one).expect("it runs")), expected, "{file}");
    }
    assert_eq!(said_by_editor(&Settings { apart: true, ..settings.clone() }), said(&whole), "an editor");
    said(&whole)
}

#[test]
fn each_project_is_told_by_itself_and_what_it_imports() {
    let use_it = "from a.models import User\n\n\ndef f(session):\n    return session.query(User).filter(User.nothing == 1, User.nme == 2).all()\n";
    let settings =
        repository(&[("a/models.py", &model(&["nme"])), ("b/use.py", use_it), ("b/plain.py", "def g(cur):\n    cur.execute('SELECT nam FROM users')\n")]);
    assert!(Folders::find(&settings).is_some_and(|f| f.all == ["a/", "b/"]));
    assert_eq!(
        run_of(&settings),
        [
            "a/models.py Error unknown-column column `nme` does not exist in table `users`",
            "b/plain.py Error unknown-column column `nam` does not exist",
            "b/use.py Error unknown-attribute `User` has no attribute `nothing`",
        ]
    );
}

#[test]
fn projects_that_import_each_other_are_one() {
    let use_it = "from a.models import User\n\n\ndef f():\n    return User.nothing\n";
    let settings = repository(&[("a/models.py", &format!("{}import b.use\n", model(&[]))), ("b/use.py", use_it)]);
    let folders = Folders::find(&settings).expect("several");
    let reach = Reach::new(&settings, &folders);
    assert_eq!((reach.own(0), reach.own(1)), ([0, 1].into(), [0, 1].into()));
    assert_eq!(run_of(&settings), ["b/use.py Error unknown-attribute `User` has no attribute `nothing`"]);
}

#[test]
fn of_others_the_nearest_files_are_read() {
    let settings = repository(&[
        ("a/m0.py", "from .m1 import x\nimport redis\n"),
        ("a/redis/__init__.py", ""),
        ("a/m1.py", "import a.filler.f0000\n"),
        ("b/use.py", "import a.m0, sqlalchemy, json\n"),
    ]);
    let folders = Folders::find(&settings).expect("several");
    let reach = Reach::new(&settings, &folders);
    let reached = reach.of(1);
    let guests: Vec<&str> = reached.guests.iter().map(|n| &*settings.files[*n].path).collect();
    assert_eq!(guests, ["a/__init__.py", "a/filler/f0000.py", "a/m0.py", "a/m1.py"]);
    assert!(reached.names.iter().map(Symbol::as_str).eq(["a", "json", "sqlalchemy"]) || reached.names.len() == 3, "{:?}", reached.names);
    assert_eq!(reach.of(0).guests.len(), 0);
}

#[test]
fn what_another_project_creates_is_not_missing() {
    let query = "def f(cur):\n    cur.execute('SELECT x FROM things')\n    cur.execute('SELECT x FROM others')\n";
    let mapped = model(&[]).replace("'users'", "'things'");
    let creates = "def g(cur):\n    cur.execute('CREATE TABLE things (x int)')\n";
    let settings = repository(&[("a/query.py", query), ("a/mapped.py", &mapped), ("b/creates.py", creates)]);
    assert_eq!(
        run_of(&settings),
        ["a/mapped.py Warning unknown-table table `things` does not exist", "a/query.py Warning unknown-table table `others` does not exist"]
    );
}

#[test]
fn a_copy_of_a_library_is_that_library() {
    let settings = repository(&[("a/models.py", &model(&["nme"])), ("b/sqlalchemy/__init__.py", "def Column(*x): ...\n"), ("b/sqlalchemy/orm.py", "")]);
    assert_eq!(run_of(&settings), ["a/models.py Error unknown-column column `nme` does not exist in table `users`"]);
}

#[test]
fn what_lies_in_no_project_is_looked_at_too() {
    let settings = repository(&[("README.md", "x\n"), ("queries.sql", "SELECT nam FROM users;\n"), ("a/x.sql", "SELECT nme FROM users;\n")]);
    assert_eq!(run_of(&settings), ["a/x.sql Error unknown-column column `nme` does not exist", "queries.sql Error unknown-column column `nam` does not exist"]);
}

#[test]
fn a_small_repository_is_one_project() {
    let mut settings = repository(&[]);
    settings.files.retain(|f| !f.path.ends_with("7.py"));
    assert!(Folders::find(&settings).is_none());
}
