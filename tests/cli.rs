//! The program as people and scripts meet it: exit codes, streams, bad input.

mod common;

use common::{LOCK, Project, RIGHT, WRONG};

const CONCISE: &[&str] = &["check", "--format", "concise"];

#[test]
fn exit_codes_are_0_clean_1_findings_2_could_not_run() {
    let p = Project::new();
    p.write("a.sql", RIGHT);
    p.run(CONCISE).exits(0).says("no findings");
    p.write("a.sql", WRONG);
    p.run(CONCISE).exits(1).says("a.sql:1:8: error[unknown-column]");
    p.run(&["check", "--no-such-flag"]).exits(2);
    p.run(&["--help"]).exits(0);
    p.run(&["--version"]).exits(0);
}

#[test]
fn the_format_never_changes_the_exit_code() {
    let p = Project::new();
    p.write("a.sql", WRONG);
    for format in ["human", "concise", "json", "github", "sarif", "gitlab", "junit", "checkstyle", "rdjson", "azure"] {
        p.run(&["check", "--format", format]).exits(1);
    }
}

#[test]
fn nothing_is_green_by_omission() {
    let p = Project::new();
    p.run(CONCISE).exits(2).says("no Python, SQL or Markdown file found");
    p.write("a.sql", RIGHT);
    p.run(&["check", "nowhere"]).exits(2).says("no such file or folder: nowhere");
    p.run(&["check", "--lock", "other.yaml"]).exits(2).says("no lock: other.yaml").says("dbtruth pull");
    p.write("note.txt", "x");
    p.run(&["check", "note.txt"]).exits(0).says("nothing to check: note.txt");
}

#[test]
fn a_broken_lock_is_pointed_at() {
    let p = Project::new();
    p.write("a.sql", RIGHT);
    let broken = [
        ("version: 999\ntables: {}\n", "schema.lock.yaml:1:"),
        (&LOCK.replace("tables:", "<<<<<<< HEAD\ntables:"), "schema.lock.yaml:3:1"),
        (&LOCK.replace("      id: bigint", "      id: text\n      id: bigint"), "schema.lock.yaml:7:7"),
        ("version: 1\ntables: [\n", "schema.lock.yaml:"),
        ("", "schema.lock.yaml:1:1"),
    ];
    for (text, place) in broken {
        p.write("schema.lock.yaml", text);
        p.run(CONCISE).exits(2).says(place);
    }
    p.write("schema.lock.yaml", b"version: 1\n\xff\n");
    p.run(CONCISE).exits(2).says("schema.lock.yaml:2:1: not UTF-8");
}

#[test]
fn the_configuration_is_found_upwards_and_held_to_its_keys() {
    let p = Project::new();
    p.write("app/a.sql", WRONG);
    p.write("dbtruth.yaml", "lock: schema.lock.yaml\nrules: {unknown-column: off}\n");
    p.run_in("app", CONCISE).exits(0);
    p.write("dbtruth.yaml", "lock: schema.lock.yaml\nrulez: {}\n");
    p.run_in("app", CONCISE).exits(2).says("dbtruth.yaml:2:1: unknown key `rulez`").says("did you mean `rules`?");
    p.write("dbtruth.yaml", "rules:\n  unknown-colum: off\n");
    p.run_in("app", CONCISE).exits(2).says("dbtruth.yaml:2:3: unknown rule `unknown-colum`").says("did you mean `unknown-column`?");
    p.run(&["check", "--select", "unknown-colum"]).exits(2);
}

#[test]
fn pyproject_holds_it_as_well() {
    let p = Project::new();
    p.write("a.sql", WRONG);
    p.write("pyproject.toml", "[project]\nname = 'x'\n[tool.dbtruth.rules]\nunknown-column = 'off'\n");
    p.run(CONCISE).exits(0);
    p.run(&["check", "--show-config"]).exits(0).says("pyproject.toml").says("unknown-column: off");
}

#[test]
fn levels_can_differ_by_path_and_by_call() {
    let p = Project::new();
    p.write("tests/a.sql", WRONG);
    p.write("b.sql", WRONG);
    p.write("dbtruth.yaml", "per-path: {\"tests/**\": {unknown-column: off}}\n");
    p.run(CONCISE).exits(1).says("b.sql").never_says("tests/a.sql:");
    p.run(&["check", "--ignore", "unknown-column"]).exits(0);
    p.run(&["check", "--select", "unknown-table"]).exits(0);
    p.write("dbtruth.yaml", "exclude: [b.sql]\nrules: {unknown-column: info}\n");
    p.run(CONCISE).exits(0).says("info[unknown-column]").never_says("b.sql");
}

#[test]
fn paths_choose_what_is_reported() {
    let p = Project::new();
    p.write("a/x.sql", WRONG);
    p.write("b/y.sql", WRONG);
    p.run(&["check", "--format", "concise", "a"]).exits(1).says("a/x.sql").never_says("b/y.sql").says("1 file,");
    p.run(&["check", "--format", "concise", "schema.lock.yaml"]).exits(1).says("a/x.sql").says("b/y.sql");
}

#[test]
fn an_editor_may_send_the_text() {
    let p = Project::new();
    p.write("a.sql", RIGHT);
    p.write("b.sql", WRONG);
    p.run_with_input(&["check", "--format", "concise", "--stdin-filename", "a.sql"], WRONG).exits(1).says("a.sql:1:8").never_says("b.sql");
    p.run_with_input(&["check", "--format", "concise", "--stdin-filename", "new/c.sql"], RIGHT).exits(0);
}

#[test]
fn a_suppression_hides_and_must_hide() {
    let p = Project::new();
    p.write("a.sql", "SELECT mfg_date FROM batches; -- dbtruth: ignore[unknown-column] old name\n");
    p.run(CONCISE).exits(0);
    p.write("a.sql", "-- dbtruth: ignore[unknown-column] old name\n\nSELECT mfg_date FROM batches;\n");
    p.run(CONCISE).exits(0);
    p.write("a.sql", "SELECT id FROM batches; -- dbtruth: ignore[unknown-column]\n");
    p.run(CONCISE).exits(1).says("a.sql:1:44: warning[unused-suppression]");
    p.write("a.sql", "SELECT id FROM batches; -- dbtruth: ignore\n");
    p.run(CONCISE).exits(1).says("must name the rules");
}

#[test]
fn a_baseline_hides_what_it_lists_and_only_shrinks() {
    let p = Project::new();
    p.write("a.sql", format!("{WRONG}{WRONG}"));
    let with = &["check", "--format", "concise", "--baseline", "base.jsonl"];
    p.run(with).exits(2).says("--update-baseline");
    p.run(&["check", "--baseline", "base.jsonl", "--update-baseline"]).exits(0);
    p.run(with).exits(0);

    p.write("a.sql", format!("{WRONG}{WRONG}{WRONG}"));
    p.run(with).exits(1).says("a.sql:3:8").never_says("a.sql:1:8");
    p.run(&["check", "--format", "concise", "--baseline", "base.jsonl", "--update-baseline"]).exits(1).says("a.sql:3:8").says("--allow-growth");
    p.run(with).exits(1).says("a.sql:3:8");
    p.run(&["check", "--baseline", "base.jsonl", "--update-baseline", "--allow-growth"]).exits(0);
    p.run(with).exits(0);

    p.write("a.sql", WRONG);
    p.run(with).exits(1).says("base.jsonl:1:1: warning[unused-suppression]").never_says("a.sql:1:8");
    p.run(&["check", "--baseline", "base.jsonl", "--update-baseline"]).exits(0);
    p.run(with).exits(0);
    p.write("base.jsonl", "nonsense\n");
    p.run(with).exits(2).says("base.jsonl:1:");
}

#[test]
fn files_that_are_no_text_are_findings() {
    let p = Project::new();
    p.write("a.sql", RIGHT);
    p.write("bad.py", b"\x80\x81random");
    p.run(CONCISE).exits(1).says("bad.py:1:1: warning[syntax-error]");
}

#[cfg(unix)]
#[test]
fn what_cannot_be_read_is_an_error() {
    use std::os::unix::fs::PermissionsExt;
    let p = Project::new();
    p.write("a.sql", RIGHT);
    p.write("secret.sql", RIGHT);
    std::fs::set_permissions(p.path("secret.sql"), std::fs::Permissions::from_mode(0o000)).expect("own file");
    if std::fs::read(p.path("secret.sql")).is_ok() {
        // The superuser reads everything; the folder where a file is expected serves him as well.
        std::fs::remove_file(p.path("schema.lock.yaml")).expect("own file");
        std::fs::create_dir(p.path("schema.lock.yaml")).expect("own folder");
        p.run(CONCISE).exits(2).says("schema.lock.yaml: cannot be read");
        return;
    }
    p.run(CONCISE).exits(2).says("secret.sql: cannot be read");
}

#[test]
fn the_same_input_gives_the_same_bytes() {
    let p = Project::new();
    for n in 0..40 {
        p.write(&format!("d{}/f{n}.sql", n % 7), WRONG);
        p.write(&format!("d{}/g{n}.py", n % 5), "def f(:\n");
    }
    let first = p.run(&["check", "--format", "json"]).exits(1).out;
    for _ in 0..3 {
        assert_eq!(p.run(&["check", "--format", "json"]).out, first);
    }
}

#[test]
fn hostile_python_is_bounded() {
    let p = Project::new();
    p.write("parens.py", "(".repeat(100_000));
    p.write("sum.py", format!("x = {}1\n", "1 + ".repeat(20_000)));
    p.write("chain.py", format!("x = a{}\n", ".b()".repeat(20_000)));
    p.write("open.py", format!("x = '''{}", "select * from batches\n".repeat(4_000)));
    p.write("line.py", format!("x = [{}]\n", "'batches', ".repeat(50_000)));
    p.write("nul.py", vec![0u8; 100_000]);
    p.write("crlf.py", "x = 1\r\n\u{feff}\r\n");
    let began = std::time::Instant::now();
    let ran = p.run(CONCISE);
    assert!(ran.code == 1, "{} {}", ran.code, ran.err);
    assert!(began.elapsed().as_secs() < 60, "{:?}", began.elapsed());
}

#[test]
fn explain_and_rules_speak_of_the_same_rules() {
    let p = Project::new();
    p.run(&["rules"]).exits(0).says("unknown-column");
    p.run(&["explain", "unknown-column"]).exits(0).says("# unknown-column").says("## Wrong");
    p.run(&["explain", "unknown-colum"]).exits(2).says("did you mean `unknown-column`?");
}

#[test]
fn a_lock_is_pulled_from_ddl() {
    let p = Project::new();
    p.write("schema.sql", "CREATE TABLE batches (id bigint PRIMARY KEY, manufacturing_date date NOT NULL);\n");
    p.run(&["pull", "--from", "schema.sql", "--output", "new.lock.yaml"]).exits(0).says("new.lock.yaml written: 1 tables");
    assert!(p.read("new.lock.yaml").contains("      manufacturing_date: date not null\n"));
    p.run(&["pull", "--from", "schema.sql", "--output", "new.lock.yaml", "--check"]).exits(0).says("up to date");
    p.write("schema.sql", "CREATE TABLE batches (id bigint PRIMARY KEY);\n");
    p.run(&["pull", "--from", "schema.sql", "--output", "new.lock.yaml", "--check"]).exits(1).says("would change");
    p.run(&["pull", "--from", "nowhere.sql"]).exits(2).says("nowhere.sql: cannot be read");
    p.write("empty.sql", "SELECT 1;\n");
    p.run(&["pull", "--from", "empty.sql"]).exits(2).says("no table was found");
}

#[test]
fn a_folder_of_migrations_runs_in_order_and_only_forward() {
    let p = Project::new();
    p.write("m/001_a.up.sql", "CREATE TABLE a (id int, old text);\n");
    p.write("m/002_b.up.sql", "ALTER TABLE a RENAME COLUMN old TO new;\n");
    p.write("m/002_b.down.sql", "ALTER TABLE a RENAME COLUMN new TO old;\n");
    p.write("m/003_c.sql", "-- migrate:up\nALTER TABLE a ADD COLUMN extra int;\n-- migrate:down\nDROP TABLE a;\n");
    p.run(&["pull", "--from", "m"]).exits(0);
    let lock = p.read("schema.lock.yaml");
    assert!(lock.contains("      extra: integer\n      id: integer\n      new: text\n"), "{lock}");
}

#[test]
fn a_file_that_names_nothing_of_the_lock_is_perhaps_another_databases() {
    let p = Project::new();
    // it may as well stand in pg_catalog, where no lock looks
    p.write("a.sql", "INSERT INTO ledger (amount) VALUES (1);\n");
    p.run(CONCISE).exits(1).says("a.sql:1:13: warning[unknown-table]");
    p.write("a.sql", "INSERT INTO ledger (amount) SELECT id FROM batches;\n");
    p.run(CONCISE).exits(1).says("a.sql:1:13: error[unknown-table]");
}

#[test]
fn a_table_that_another_script_creates_is_there() {
    let p = Project::new();
    p.write("a.sql", "INSERT INTO ledger (amount) SELECT id FROM batches;\nSELECT l.mfg_date FROM batches b JOIN ledger l ON l.id = b.id;\n");
    p.run(CONCISE).exits(1).says("a.sql:1:13: error[unknown-table]");
    p.write("run/ledger.sql", "CREATE TABLE IF NOT EXISTS ledger (id int, amount int);\n");
    p.run(CONCISE).exits(0);
    // what a migration made may be gone again: that the lock knows
    p.write("run/ledger.sql", "SELECT 1;\n");
    p.write("migrations/001_ledger.up.sql", "CREATE TABLE ledger (id int, amount int);\nCREATE TABLE batches (id int);\n");
    p.run(CONCISE).exits(1).says("a.sql:1:13: error[unknown-table]");
}

#[test]
fn a_broken_statement_is_read_around_its_broken_part() {
    let p = Project::new();
    p.write("a.sql", "SELECT mfg_date, id id id FROM batches;\n");
    p.run(CONCISE).exits(1).says("a.sql:1:8: warning[unknown-column]").says("sql that does not parse");
    p.write("a.sql", "SELECT manufacturing_date, id id id FROM batches;\n");
    p.run(CONCISE).exits(0).says("sql that does not parse");
}

/// Django models that only their own library understands wholly: a key from a base that is not here, a field with its type in brackets, names that Django cuts.
#[test]
fn django_models_as_strangers_write_them() {
    let p = Project::new();
    p.write("app/__init__.py", "");
    p.write(
        "app/apps.py",
        "from django.apps import AppConfig\n\n\nclass App(AppConfig):\n    name = 'app'\n    default_auto_field = 'django.db.models.BigAutoField'\n",
    );
    let long = "AVeryVeryVeryLongNameOfAModelThatGoesOnAndOnUntilItIsCutAgai";
    p.write(
        "app/models.py",
        format!(
            "from django.db import models\nfrom rest_framework_api_key.models import AbstractAPIKey\n\n\nclass Key(AbstractAPIKey):\n    name = models.TextField()\n\n\nclass Tag(models.Model):\n    name = models.TextField()\n\n\nclass Scan(models.Model):\n    found = models.JSONField[list[int]](default=list)\n\n\nclass {long}(models.Model):\n    tags = models.ManyToManyField(Tag)\n"
        ),
    );
    let lock = "version: 1\nsearch_path: [public]\ntables:\n  public.LONG:\n    columns:\n      id: bigint not null\n    primary key: [id]\n  public.LINK:\n    columns:\n      LOWER_id: bigint not null\n      id: bigint not null\n      tag_id: bigint not null\n    primary key: [id]\n  public.app_key:\n    columns:\n      id: varchar(150) not null\n      name: text not null\n    primary key: [id]\n  public.app_scan:\n    columns:\n      found: jsonb not null\n      id: bigint not null\n    primary key: [id]\n  public.app_tag:\n    columns:\n      id: bigint not null\n      name: text not null\n    primary key: [id]\n";
    // As Django itself names them.
    let lock = lock
        .replace("LONG", "app_averyveryverylongnameofamodelthatgoesonandonuntilitiscu58c4")
        .replace("LINK", "app_averyveryverylongnameofamodelthatgoesonandonuntilitiscu9760")
        .replace("LOWER", &long.to_lowercase());
    p.write("schema.lock.yaml", &lock);
    let ran = p.run(&["check", "--format", "concise"]);
    assert!(!ran.out.contains("unknown-") && !ran.out.contains("type-mismatch") && !ran.out.contains("unmapped"), "{}", ran.out);
    // What is there is seen all the same.
    p.write("schema.lock.yaml", lock.replace("found: jsonb", "founded: jsonb"));
    p.run(&["check", "--format", "concise"]).exits(1).says("`found`");
}
