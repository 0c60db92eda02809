//! What a run found is kept for the next one: never longer than it holds, and never so that anybody could tell.

use std::path::Path;
use std::process::{Command, Output};
use std::time::{Duration, SystemTime};

const LOCK: &str =
    "version: 1\nsearch_path: [public]\ntables:\n  public.orders:\n    columns:\n      id: bigint not null\n      status: text\n    primary key: [id]\n";

fn project() -> tempfile::TempDir {
    let dir = tempfile::tempdir().expect("a folder");
    std::fs::create_dir(dir.path().join(".git")).expect("written");
    write(dir.path(), "schema.lock.yaml", LOCK);
    write(dir.path(), "a.py", "import psycopg\n\n\ndef f(cur):\n    cur.execute('SELECT statos FROM orders')\n");
    write(dir.path(), "b.py", "x = 1\n");
    dir
}

fn write(dir: &Path, name: &str, text: &str) {
    std::fs::write(dir.join(name), text).expect("written");
}

fn check(dir: &Path, more: &[&str]) -> Output {
    let format: &[&str] = if more.contains(&"--format") { &[] } else { &["--format", "json"] };
    Command::new(env!("CARGO_BIN_EXE_dbtruth"))
        .arg("check")
        .args(format)
        .args(more)
        .current_dir(dir)
        .env_remove("DBTRUTH_CACHE_DIR")
        .output()
        .expect("dbtruth runs")
}

fn settle() {
    std::thread::sleep(Duration::from_millis(150));
}

fn answers(dir: &Path) -> Vec<std::path::PathBuf> {
    kept(dir, "found")
}

fn kept(dir: &Path, extension: &str) -> Vec<std::path::PathBuf> {
    let folder = std::fs::read_dir(dir.join(".git/dbtruth"));
    let mut all: Vec<_> = folder.map(|f| f.filter_map(Result::ok).map(|e| e.path()).collect()).unwrap_or_default();
    all.retain(|p| p.extension().is_some_and(|e| e == extension || e == "tmp"));
    all.sort();
    all
}

/// The run with everything kept says what one without says.
fn same(dir: &Path) -> Output {
    let fresh = check(dir, &["--no-cache"]);
    let kept = check(dir, &[]);
    assert_eq!(String::from_utf8_lossy(&kept.stdout), String::from_utf8_lossy(&fresh.stdout));
    assert_eq!(String::from_utf8_lossy(&kept.stderr), String::from_utf8_lossy(&fresh.stderr));
    assert_eq!(kept.status.code(), fresh.status.code());
    kept
}

#[test]
fn the_same_state_gives_the_same_bytes() {
    let dir = project();
    settle();
    let first = check(dir.path(), &[]);
    assert!(String::from_utf8_lossy(&first.stdout).contains("statos"), "{first:?}");
    assert_eq!(answers(dir.path()).len(), 1);
    let second = same(dir.path());
    assert_eq!((second.stdout, second.stderr), (first.stdout, first.stderr));
    for format in ["human", "concise", "github", "sarif", "gitlab", "junit"] {
        let (kept, fresh) = (check(dir.path(), &["--format", format]), check(dir.path(), &["--format", format, "--no-cache"]));
        assert_eq!(String::from_utf8_lossy(&kept.stdout), String::from_utf8_lossy(&fresh.stdout), "{format}");
        assert!(String::from_utf8_lossy(&kept.stdout).contains("statos"), "{format}: {kept:?}");
    }
}

#[test]
fn the_answer_is_really_taken_from_there() {
    let dir = project();
    settle();
    check(dir.path(), &[]);
    let place = answers(dir.path()).remove(0);
    let text = std::fs::read_to_string(&place).expect("readable");
    let before = std::fs::metadata(&place).and_then(|m| m.modified()).expect("a time");
    settle();
    check(dir.path(), &[]);
    assert_eq!(std::fs::metadata(&place).and_then(|m| m.modified()).expect("a time"), before, "an answer that holds is not written again");
    assert!(text.contains("statos"));
}

#[test]
fn every_change_is_seen() {
    let dir = project();
    settle();
    check(dir.path(), &[]);
    // The same length, and the old time of change put back.
    let path = dir.path().join("a.py");
    let old = std::fs::metadata(&path).and_then(|m| m.modified()).expect("a time");
    write(dir.path(), "a.py", "import psycopg\n\n\ndef f(cur):\n    cur.execute('SELECT status FROM orders')\n");
    std::fs::File::options().write(true).open(&path).and_then(|f| f.set_modified(old)).expect("set");
    let changed = same(dir.path());
    assert!(!String::from_utf8_lossy(&changed.stdout).contains("statos"), "{changed:?}");
    settle();
    for (name, text) in [
        ("schema.lock.yaml", LOCK.replace("status: text", "state: text")),
        ("c.py", "def g(cur):\n    cur.execute('SELECT nothing FROM orders')\n".to_owned()),
        ("dbtruth.yaml", "exclude: [c.py]\n".to_owned()),
    ] {
        check(dir.path(), &[]);
        write(dir.path(), name, &text);
        same(dir.path());
        settle();
        same(dir.path());
    }
    std::fs::remove_file(dir.path().join("a.py")).expect("removed");
    same(dir.path());
}

#[test]
fn what_is_no_answer_of_ours_is_not_there() {
    let dir = project();
    settle();
    check(dir.path(), &[]);
    let place = answers(dir.path()).remove(0);
    let good = std::fs::read_to_string(&place).expect("readable");
    for bad in ["", "\n", "{}", &good[..good.len() / 2], &good.replace("statos", "stutos"), "\u{0}\u{0}\n{}"] {
        std::fs::write(&place, bad).expect("written");
        same(dir.path());
    }
    std::fs::write(&place, [0xff, 0xfe, 0x00]).expect("written");
    same(dir.path());
}

#[test]
fn eight_runs_at_once_agree() {
    let dir = project();
    settle();
    let fresh = check(dir.path(), &["--no-cache"]);
    let runs: Vec<_> = (0..8)
        .map(|_| {
            let path = dir.path().to_owned();
            std::thread::spawn(move || check(&path, &[]))
        })
        .collect();
    for run in runs {
        assert_eq!(run.join().expect("ran").stdout, fresh.stdout);
    }
    assert_eq!(answers(dir.path()).len(), 1, "nothing is left beside");
}

#[test]
fn a_folder_that_cannot_be_written_costs_nothing() {
    let dir = project();
    settle();
    std::fs::write(dir.path().join(".git/dbtruth"), "a file in the way").expect("written");
    same(dir.path());
}

#[test]
fn a_file_changed_just_now_is_not_trusted() {
    let dir = project();
    // A time of change in the future is as good as now.
    let path = dir.path().join("b.py");
    std::fs::File::options().write(true).open(path).and_then(|f| f.set_modified(SystemTime::now() + Duration::from_mins(1))).expect("set");
    settle();
    check(dir.path(), &[]);
    assert_eq!(answers(dir.path()).len(), 0);
}

const MODELS: &str = "from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column\n\n\nclass Base(DeclarativeBase):\n    pass\n\n\n\
    class Order(Base):\n    __tablename__ = 'orders'\n    id: Mapped[int] = mapped_column(primary_key=True)\n    status: Mapped[str | None]\n";

const SERVICE: &str = "from sqlalchemy import select\n\nfrom models import Order\n\n\ndef f():\n    return select(Order.status)\n";

/// A project with a model, and what it has learnt.
fn learnt() -> (tempfile::TempDir, std::path::PathBuf) {
    let dir = project();
    write(dir.path(), "models.py", MODELS);
    write(dir.path(), "service.py", SERVICE);
    settle();
    check(dir.path(), &[]);
    let place = kept(dir.path(), "learnt").remove(0);
    (dir, place)
}

/// A run over these files says what one without anything kept says; gives that, and whether all files were linked again.
fn again(dir: &Path, place: &Path, files: &[&str]) -> (String, bool) {
    let modified = || std::fs::metadata(place).and_then(|m| m.modified()).ok();
    settle();
    let before = modified();
    let kept = check(dir, files);
    let fresh = check(dir, &[files, &["--no-cache"]].concat());
    assert_eq!(String::from_utf8_lossy(&kept.stdout), String::from_utf8_lossy(&fresh.stdout));
    assert_eq!((kept.status.code(), &kept.stderr), (fresh.status.code(), &fresh.stderr));
    (String::from_utf8_lossy(&kept.stdout).into_owned(), modified() != before)
}

#[test]
fn a_file_that_changed_is_checked_without_all_others() {
    let (dir, place) = learnt();
    let dir = dir.path();
    write(dir, "service.py", &SERVICE.replace("Order.status", "Order.statos"));
    let (said, whole) = again(dir, &place, &["service.py"]);
    assert!(said.contains("statos") && !whole, "{said}");
    // One that nobody knew.
    write(dir, "brand_new.py", &SERVICE.replace("Order.status", "Order.stotus"));
    let (said, whole) = again(dir, &place, &["brand_new.py"]);
    assert!(said.contains("stotus") && !whole, "{said}");
    // What another file says of a place in this one, in a file that changed too: the name of a column stands here, the query there.
    write(dir, "names.py", "COLUMN = 'statas'\n");
    write(dir, "caller.py", "import psycopg\n\nfrom names import COLUMN\n\n\ndef h(cur):\n    cur.execute('SELECT ' + COLUMN + ' FROM orders')\n");
    check(dir, &[]);
    settle();
    check(dir, &[]);
    write(dir, "names.py", "COLUMN = 'stat_us'\n");
    write(dir, "caller.py", "import psycopg\n\nfrom names import COLUMN\n\n\ndef h(cur):\n    cur.execute('SELECT ' + COLUMN + ' FROM  orders')\n");
    let (said, whole) = again(dir, &place, &["names.py"]);
    assert!(said.contains("stat_us") && !whole, "{said}");
    // A model: the other files' uses of it are judged by what it says now.
    write(dir, "models.py", &MODELS.replace("status: Mapped", "stutus: Mapped"));
    let (said, _) = again(dir, &place, &["service.py"]);
    assert!(said.contains("statos"), "{said}");
    write(dir, "models.py", &format!("{MODELS}    note = 1\n"));
    // A class that becomes one.
    write(dir, "b.py", "from models import Base\n\n\nclass B(Base):\n    __tablename__ = 'orders'\n    id = 1\n");
    let (_, whole) = again(dir, &place, &["service.py", "models.py", "b.py"]);
    assert!(!whole);
    write(dir, "notes.md", "Nothing.\n");
    let (said, whole) = again(dir, &place, &["service.py", "brand_new.py", "a.py"]);
    assert!(said.contains("stotus") && said.contains("statos") && said.contains("status") && !whole, "{said}");
}

/// What Django's models know of their managers is known of the same classes later.
#[test]
fn managers_of_django_in_a_part() {
    let (dir, place) = learnt();
    let dir = dir.path();
    // Classes that are not kept come first, so that the others have other numbers.
    let plain: String = (0..40).map(|n| format!("class Plain{n}:\n    pass\n\n\n")).collect();
    let models = "from django.db import models\n\n\nclass Rows(models.QuerySet):\n    def open(self):\n        return self.filter(status='x')\n\n\nclass Order(models.Model):\n    status = models.TextField()\n    objects = Rows.as_manager()\n    class Meta:\n        db_table = 'orders'\n";
    let code = "from shop.models import Order\n\n\ndef f():\n    return Order.objects.filter(statos='x').open()\n";
    write(dir, "manage.py", &format!("import django\n\n\n{plain}"));
    std::fs::create_dir(dir.join("shop")).expect("made");
    write(dir, "shop/__init__.py", "");
    write(dir, "shop/models.py", models);
    write(dir, "shop/views.py", code);
    check(dir, &[]);
    settle();
    check(dir, &[]);
    write(dir, "shop/views.py", &code.replace("statos", "stotus"));
    let (said, whole) = again(dir, &place, &["shop/views.py"]);
    assert!(said.contains("stotus") && !whole, "{said}");
}

#[test]
fn what_may_concern_others_is_linked_with_all_of_them() {
    let (dir, place) = learnt();
    let dir = dir.path();
    // An ancestor that others have: `Order` is no model any more.
    let models = MODELS.replace("(DeclarativeBase)", "");
    for (name, text) in [
        ("models.py", models.as_str()),
        // A name that others import.
        ("select.py", "x = 1\n"),
        ("conftest.py", "x = 1\n"),
        ("queries.sql", "SELECT 1;\n"),
        ("schema.lock.yaml", &LOCK.replace("status: text", "state: text")),
    ] {
        write(dir, name, text);
        let (_, whole) = again(dir, &place, &["service.py"]);
        assert!(whole, "{name}");
    }
    std::fs::remove_file(dir.join("a.py")).expect("removed");
    assert!(again(dir, &place, &["service.py"]).1, "a file is gone");
}

#[test]
fn what_was_learnt_is_ours_or_nothing() {
    let (dir, place) = learnt();
    let dir = dir.path();
    let good = std::fs::read_to_string(&place).expect("readable");
    for (n, bad) in ["", "\n", "a\nb\nc", &good[..good.len() / 2], &good.replace("orders", "others"), "\u{0}\u{0}\n9 9 9"].into_iter().enumerate() {
        std::fs::write(&place, bad).expect("written");
        write(dir, "service.py", &format!("{SERVICE}\n\nx = {n}\n"));
        let (_, whole) = again(dir, &place, &["service.py"]);
        assert!(whole, "{bad:?}");
    }
    std::fs::write(&place, [0xff, 0xfe]).expect("written");
    assert!(again(dir, &place, &["b.py"]).1);
}

/// What stands in a SQL file is read for the Python that runs it, and a finding may stand in the lock.
#[test]
fn a_part_reads_other_files_than_python_too() {
    let dir = project();
    let dir = dir.path();
    let code =
        "import aiosql\n\nqueries = aiosql.from_path('sql', 'psycopg2')\n\n\ndef f(conn):\n    row = queries.get_order(conn, id=1)\n    return row['statos']\n";
    std::fs::create_dir(dir.join("sql")).expect("made");
    write(dir, "sql/orders.sql", "-- name: get_order^\nSELECT id, status FROM orders WHERE id = :id;\n");
    write(dir, "rows.py", &code.replace("statos", "status"));
    write(dir, "dbtruth.yaml", "rules:\n  unmapped-table: warning\n");
    settle();
    check(dir, &[]);
    let place = kept(dir, "learnt").remove(0);
    write(dir, "rows.py", code);
    let (said, whole) = again(dir, &place, &["rows.py"]);
    assert!(said.contains("statos") && !whole, "{said}");
}
