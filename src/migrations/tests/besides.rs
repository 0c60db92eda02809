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
    let files: Vec<(String, String)> = (0..5).map(|n| (format!("db/add_{n}.sql"), format!("ALTER TABLE skills ADD COLUMN IF NOT EXISTS c{n} int;"))).collect();
    let mut all = vec![("migrations/skills.sql", "CREATE TABLE skills (id int); CREATE TABLE pages (id int);")];
    let objects = |all: &[(&str, &str)]| pull(all).incomplete.into_iter().map(|i| i.object).collect::<Vec<_>>();
    all.push((&files[0].0, &files[0].1));
    assert!(objects(&all).is_empty());
    all.extend(files[1..].iter().map(|f| (f.0.as_str(), f.1.as_str())));
    assert_eq!(objects(&all), ["public.skills"]);
}
