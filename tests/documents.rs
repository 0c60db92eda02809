//! Documents and caches, as `check` reports them.

mod common;

use common::Project;

#[test]
fn a_document_is_held_to_the_lock_as_a_warning() {
    let p = Project::new();
    p.write(
        "guide.md",
        "## Table `batches`\n\n| Column | Type |\n|---|---|\n| id | bigint |\n| mfg_date | date |\n\n```sql\nSELECT mfg_date FROM batches;\n```\n",
    );
    let ran = p.run(&["check", "--format", "concise"]).exits(1);
    let ran =
        ran.says("guide.md:6:3: warning[unknown-column] column `mfg_date` does not exist in table `batches`").says("guide.md:9:8: warning[unknown-column]");
    ran.never_says("error[");
    p.run(&["check", "--format", "json"]).exits(1).says("\"context\":\"docs\"");
    p.write("guide.md", "<!-- dbtruth: ignore-file[unknown-column] of another time -->\n## Table `batches`\n\n- `id`\n- `mfg_date`\n");
    p.run(&["check", "--format", "concise"]).exits(0);
}

#[test]
fn cache_entries_are_held_to_the_table_they_are_bound_to() {
    let p = Project::new();
    p.write("dbtruth.yaml", "caches: {\"batch:*\": batches}\n");
    p.write("a.py", "def f(r, i):\n    r.hset(f\"batch:{i}\", mapping={\"id\": i, \"mfg_date\": 1})\n    r.hset(f\"other:{i}\", mapping={\"x\": 1})\n");
    let ran = p.run(&["check", "--format", "concise"]).exits(1);
    ran.says("a.py:2:45: warning[unknown-column]").never_says(":3:");
    p.run(&["check", "--format", "json"]).exits(1).says("\"context\":\"cache\"");
    p.write("dbtruth.yaml", "caches: {\"batch:*\": batch}\n");
    p.run(&["check"]).exits(2).says("`caches` binds `batch:*` to `batch`, which the lock does not have");
}

#[test]
fn scripts_that_migrations_run_are_of_their_time() {
    let p = Project::new();
    p.write("sqls/fill.sql", "UPDATE batches SET mfg_date = now();\n");
    p.write("shop/migrations/0001_fill.py", "def fill(apps, schema_editor):\n    schema_editor.execute(open('sqls/other.sql').read())\n");
    p.run(&["check", "--format", "concise"]).exits(1).says("sqls/fill.sql:1:20: error[unknown-column]");
    p.write("shop/migrations/0001_fill.py", "def fill(apps, schema_editor):\n    schema_editor.execute(open('sqls/fill.sql').read())\n");
    p.run(&["check", "--format", "concise"]).exits(0);
    p.run(&["check", "--format", "concise"]).exits(0);
    // What such a script makes is made all the same, by whatever ran it.
    p.write("app.py", "import psycopg\npsycopg.connect().execute('SELECT id FROM kept')\n");
    p.run(&["check", "--format", "concise", "app.py"]).exits(1).says("`kept` does not exist");
    p.write("sqls/fill.sql", "CREATE TABLE kept (id int);\n");
    p.run(&["check", "--format", "concise", "app.py"]).exits(0);
}
