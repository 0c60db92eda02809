//! Folders of SQL: which files count, and in which order.

use super::{columns, pull};

#[test]
fn a_file_without_a_number_is_not_lost() {
    let setup = ("sql/setup.sql", "CREATE TABLE pages (id int);");
    let more = ("sql/add_spaces.sql", "ALTER TABLE pages ADD COLUMN space int;");
    let s = pull(&[setup, more, ("sql/3_quick.sql", "SELECT id FROM pages;")]);
    assert_eq!(columns(&s, "pages"), ["id integer", "space integer"]);
    assert!(s.incomplete.is_empty(), "{:?}", s.incomplete);
    // Beside steps in order it may not run: what it touches is not wholly known, what it leaves as it is stays known.
    let steps = [("sql/1_a.sql", "CREATE TABLE notes (id int);"), ("sql/2_b.sql", "CREATE TABLE labels (id int, space int);")];
    let again = ("sql/again.sql", "CREATE TABLE IF NOT EXISTS notes (id int); ALTER TABLE labels ADD COLUMN IF NOT EXISTS space int;");
    let s = pull(&[setup, more, steps[0], steps[1], again]);
    assert_eq!(columns(&s, "pages"), ["id integer", "space integer"]);
    assert_eq!(s.incomplete.iter().map(|i| i.object.as_str()).collect::<Vec<_>>(), ["public.pages"]);
}

#[test]
fn a_file_that_changes_a_table_runs_behind_the_one_that_makes_it() {
    let add = ("sql/add-space-to-skills.sql", "ALTER TABLE public.skills ADD COLUMN space int;");
    let s = pull(&[
        add,
        ("sql/data.sql", "CREATE TABLE public.skills (id int, person int REFERENCES people (id));"),
        ("sql/people.sql", "CREATE TABLE people (id int);"),
    ]);
    assert_eq!(columns(&s, "skills"), ["id integer", "person integer", "space integer"]);
    assert!(s.incomplete.is_empty(), "{:?}", s.incomplete);
    // Where that is no help, the column is not lost without a word.
    let circle = ("sql/data.sql", "CREATE TABLE skills (id int); ALTER TABLE people ADD skill int;");
    let s = pull(&[("sql/add.sql", "ALTER TABLE skills ADD space int; CREATE TABLE people (id int);"), circle]);
    assert!(s.relation(None, "skills").unwrap().1.open, "{:?}", s.relations);
}

#[test]
fn of_two_files_that_make_a_table_nobody_knows_which_runs_first() {
    let made = |text: &str| format!("CREATE TABLE IF NOT EXISTS messages ({text});");
    let (one, other, same) = (made("id int, receiver_id int"), made("id int, recipient_id int"), made("receiver_id int, id int"));
    let (less, required) = (made("id int"), made("id int, receiver_id int, room int NOT NULL"));
    let reason = |a: &str, b: &str, text: &str| {
        let schema = pull(&[(&format!("sql/{a}.sql"), text), (&format!("sql/{b}.sql"), &one), ("sql/users.sql", "CREATE TABLE users (id int);")]);
        assert!(!schema.relation(None, "users").unwrap().1.open);
        schema.incomplete.iter().map(|i| format!("{} {}", i.object, i.reason)).collect::<Vec<_>>().join("; ")
    };
    let says = "public.messages `sql/schema.sql` and `sql/missing.sql` create it with different columns, and which of them runs first is not known";
    assert_eq!(reason("missing", "schema", &other), says);
    assert_eq!(reason("missing", "schema", &same), "");
    // What the winner has and the other lacks is there or is not: the code is wrong with the one at least; but an INSERT may do without it.
    assert_eq!(reason("missing", "schema", &less), "");
    assert_ne!(reason("schema", "missing", &required), "");
    assert_eq!(pull(&[("sql/1_a.sql", &other), ("sql/2_b.sql", &one)]).incomplete, []);
}

#[test]
fn a_folder_of_migrations_without_a_table_is_none() {
    let empty = ("supabase/migrations/2025_remote.sql", "CREATE VIEW all_users AS SELECT id FROM users;");
    let s = pull(&[("backend/leads.sql", "CREATE TABLE leads (id int);"), ("schema.sql", "CREATE TABLE users (id int);"), empty]);
    assert_eq!(s.relations.keys().map(|k| k.name.as_str()).collect::<Vec<_>>(), ["all_users", "leads", "users"]);
    assert!(s.incomplete.is_empty(), "{:?}", s.incomplete);
    let s = pull(&[("db/migrations/1.sql", "CREATE TABLE leads (id int);"), empty, ("supabase/migrations/2026.sql", "SELECT 1;")]);
    assert_eq!(s.relations.keys().map(|k| k.name.as_str()).collect::<Vec<_>>(), ["leads"]);
}

#[test]
fn scripts_of_another_database_are_not_run() {
    let strange =
        "CREATE DATABASE IF NOT EXISTS x;\nCREATE TABLE IF NOT EXISTS x.events (id UInt64, note String)\nENGINE = ReplacingMergeTree(id) ORDER BY id;";
    let s = pull(&[("db/init_ch.sql", strange), ("db/init_pg.sql", "CREATE TABLE users (id int, engine text CHECK (length(engine) > 1));")]);
    assert_eq!(s.relations.keys().map(ToString::to_string).collect::<Vec<_>>(), ["public.users"]);
    assert_eq!(s.incomplete, []);
}

#[test]
fn a_search_path_ends_with_the_file_that_sets_it() {
    let one = "CREATE SCHEMA other; SET search_path = other, pg_catalog; CREATE TABLE one (id int); ALTER TABLE one ADD note text;";
    let s = pull(&[
        ("migrations/1.sql", one),
        ("migrations/2.sql", "SELECT pg_catalog.set_config('search_path', '', false); CREATE TABLE two (id int);"),
        ("migrations/3.sql", "CREATE TABLE three (id int);"),
    ]);
    assert_eq!(s.relations.keys().map(ToString::to_string).collect::<Vec<_>>(), ["other.one", "public.three", "public.two"]);
    assert!(s.incomplete.is_empty(), "{:?}", s.incomplete);
}

/// A Django project and a history of Alembic in one repository.
#[test]
fn both_histories_count() {
    let revision = "import sqlalchemy as sa\nfrom alembic import op\nrevision = 'a'\ndown_revision = None\ndef upgrade():\n    op.create_table('ours', sa.Column('id', sa.Integer()))\n    op.create_table('app_both', sa.Column('id', sa.Integer()))\n";
    let migration = "from django.db import migrations, models\nclass Migration(migrations.Migration):\n    initial = True\n    dependencies = []\n    operations = [migrations.CreateModel(name='Thing', fields=[('id', models.AutoField(primary_key=True)), ('name', models.TextField())]), migrations.CreateModel(name='Both', fields=[('id', models.AutoField(primary_key=True))])]\n";
    let s = pull(&[
        ("alembic/env.py", ""),
        ("alembic/versions/a.py", revision),
        ("site/settings.py", "INSTALLED_APPS = ['app']\nDATABASES = {'default': {'ENGINE': 'django.db.backends.postgresql'}}\n"),
        ("app/__init__.py", ""),
        ("app/migrations/__init__.py", ""),
        ("app/migrations/0001_initial.py", migration),
    ]);
    assert_eq!(columns(&s, "ours"), ["id integer"]);
    assert_eq!(columns(&s, "app_thing"), ["id integer not null", "name text not null"]);
    assert!(s.relation(None, "app_both").unwrap().1.open && !s.relation(None, "app_thing").unwrap().1.open);
}
