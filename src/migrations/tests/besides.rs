//! Histories of several kinds in one project.

use super::{columns, pull, step};

#[test]
fn what_a_folder_beside_the_history_makes_is_not_taken_for_known() {
    let revision = step(
        "a",
        "None",
        "op.create_table('nodes', sa.Column('id', sa.Integer()), sa.Column('note', sa.Text()))\n    op.create_table('users', sa.Column('id', sa.Integer()))\n    op.create_table('tags', sa.Column('id', sa.Integer()), sa.Column('name', sa.Text()))",
    );
    let alembic =
        [("migrations/env.py", ""), ("migrations/versions/a.py", revision.as_str()), ("migrations/sql/views.sql", "CREATE TABLE read_by_a_revision (id int);")];
    let s = pull(&[
        alembic[0],
        alembic[1],
        alembic[2],
        ("lib/migrations/001_graph.sql", "CREATE TABLE nodes (id int, properties jsonb); CREATE TABLE tags (id int);"),
        ("lib/migrations/002_more.sql", "CREATE TABLE more (id int, owner int REFERENCES users);"),
        ("flyway/V1__mine.sql", "CREATE TABLE mine (id int); ALTER TABLE users ADD COLUMN name text;"),
        ("tests/migrations/001_x.sql", "CREATE TABLE x (id int);"),
    ]);
    assert_eq!(columns(&s, "nodes"), ["id integer", "note text"]);
    let objects: Vec<&str> = s.incomplete.iter().map(|i| i.object.as_str()).collect();
    assert_eq!(objects, ["public.mine", "public.more", "public.nodes", "public.users"]);
    assert!(["nodes", "users"].iter().all(|t| s.relation(None, t).unwrap().1.open) && !s.relation(None, "tags").unwrap().1.open);
    assert_eq!(pull(&alembic).incomplete, []);
}

#[test]
fn a_pile_of_scripts_beside_the_migrations_may_change_their_tables() {
    let files: Vec<(String, String)> =
        (0..5).map(|n| (format!("db/add_{n}.sql"), format!("ALTER TABLE skills ADD COLUMN c{n} int; CREATE TABLE t{n} (id int);"))).collect();
    let mut all = vec![("migrations/skills.sql", "CREATE TABLE skills (id int); CREATE TABLE pages (id int);")];
    let objects = |all: &[(&str, &str)]| pull(all).incomplete.into_iter().map(|i| i.object).collect::<Vec<_>>();
    all.push((&files[0].0, &files[0].1));
    // One by itself speaks of the tables that are known, many have tables of their own.
    assert_eq!(objects(&all), ["public.skills"]);
    all.extend(files[1..].iter().map(|f| (f.0.as_str(), f.1.as_str())));
    assert_eq!(objects(&all), ["public.skills", "public.t0", "public.t1", "public.t2", "public.t3", "public.t4"]);
}

/// What is only partly known of a lock: objects without their schema.
fn partly(files: &[(&str, &str)]) -> Vec<String> {
    pull(files).incomplete.iter().map(|i| i.object.trim_start_matches("public.").to_owned()).collect()
}

#[test]
fn one_script_beside_the_migrations_may_say_otherwise() {
    let step = ("deploy/migrations/001_a.sql", "CREATE TABLE molecules (id uuid, key text, old int); CREATE TABLE other (id uuid);");
    let next = ("deploy/migrations/002_b.sql", "ALTER TABLE molecules DROP COLUMN old;");
    let with = |path: &'static str, text: &'static str| partly(&[step, next, (path, text)]);
    let whole = "CREATE TABLE molecules (id serial, name text, formula text); CREATE TABLE strange (id int);";
    assert_eq!(with("backend/scripts/schema.sql", whole), ["molecules"]);
    assert_eq!(with("schema.sql", whole), ["molecules"]);
    // An older state, fixtures, examples, other people's code, and other databases say nothing.
    assert!(with("schema.sql", "CREATE TABLE molecules (id uuid, key text, old int);").is_empty());
    for path in ["tests/schema.sql", "db/test_schema.sql", "examples/schema.sql", "vendor/x/schema.sql", "sqlite/schema.sql", "db/schema_mysql.sql"] {
        assert!(with(path, whole).is_empty(), "{path}");
    }
    assert!(with("schema.sql", "CREATE TABLE molecules (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT);").is_empty());
}

#[test]
fn a_script_beside_the_migrations_that_asks_for_a_table_changes_it() {
    let steps = [("db/migrations/001_a.sql", "CREATE TABLE audits (id int);"), ("db/migrations/002_b.sql", "CREATE TABLE other (id int);")];
    let asks = "DO $$ BEGIN IF EXISTS (SELECT 1 FROM information_schema.tables WHERE table_name = 'audits') THEN
        ALTER TABLE audits ADD COLUMN IF NOT EXISTS refund numeric; END IF; END $$;";
    assert_eq!(partly(&[steps[0], steps[1], ("backend/MIGRATION_2.sql", asks)]), ["audits"]);
    assert_eq!(partly(&[steps[0], steps[1], ("backend/more.sql", "ALTER TABLE audits ADD COLUMN refund numeric;")]), ["audits"]);
    assert!(partly(&[steps[0], steps[1], ("backend/more.sql", "ALTER TABLE audits ENABLE ROW LEVEL SECURITY; CREATE INDEX i ON audits (id);")]).is_empty());
}

#[test]
fn other_folders_of_migrations_are_heard() {
    let steps = ["a", "b", "c"].map(|n| (format!("migrations/2026_{n}.sql"), format!("CREATE TABLE {n} (id int);")));
    let beside = [
        ("backend/db/migrations/1000_keep.sql", "CREATE TABLE IF NOT EXISTS people (id int); ALTER TABLE people ADD COLUMN IF NOT EXISTS first text;"),
        ("backend/db/migrations/9971_more.sql", "CREATE TABLE IF NOT EXISTS people (id int); ALTER TABLE people ADD COLUMN IF NOT EXISTS status text;"),
    ];
    let steps = steps.iter().map(|s| (s.0.as_str(), s.1.as_str()));
    let all: Vec<(&str, &str)> = steps.chain(beside).collect();
    assert_eq!(partly(&all), ["people"]);
    // One of those files is taken for what was there before the first step: the others know more.
    let changes = ("migrations/2026_d.sql", "ALTER TABLE people ADD COLUMN photo text;");
    let all: Vec<(&str, &str)> = all.into_iter().chain([changes]).collect();
    let schema = pull(&all);
    assert_eq!(columns(&schema, "people"), ["first text", "id integer", "photo text"]);
    assert!(schema.relation(None, "people").unwrap().1.open && !schema.relation(None, "a").unwrap().1.open);
}
