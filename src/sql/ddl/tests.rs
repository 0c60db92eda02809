//! Statements, and the lock they leave behind. That a server leaves the same behind is proven in `tests/database.rs`.

use super::*;
use crate::schema::lock;

/// The lock of the text without its first three lines, which are always the same.
fn after(text: &str) -> String {
    lock::write(&load_file(text)).lines().skip(3).collect::<Vec<_>>().join("\n")
}

fn notes(text: &str) -> Vec<NoteKind> {
    let mut ddl = Ddl::new();
    ddl.run(text);
    ddl.take_notes().into_iter().map(|n| n.kind).collect()
}

#[test]
fn one_column_that_cannot_be_read_does_not_lose_the_others() {
    let schema = load_file(
        "create table if not exists t (
            id $%AUTO_INCREMENT_PRIMARY_KEY%$, -- a placeholder, (of another program
            name text not null default 'a,b', price numeric(8,2) check (price > 0),
            kind {{ kind_type }} not null,
            unique (name, price)
        ); create table u (a int)",
    );
    let (_, t) = schema.relation(None, "t").unwrap();
    let columns: Vec<_> = t.columns.iter().map(|c| (c.name.as_str(), c.ty.as_str(), c.not_null)).collect();
    assert_eq!(columns, [("id", "unknown", false), ("kind", "unknown", false), ("name", "text", true), ("price", "numeric(8,2)", false)]);
    assert!(t.open && t.unique.len() == 1 && t.checks.len() == 1 && schema.relation(None, "u").is_some_and(|(_, u)| !u.open));
}

#[test]
fn a_block_that_adds_a_missing_key_adds_none_where_there_is_one() {
    let schema = load_file(
        "create table t (a serial primary key, b int not null);
        do $$ begin if not exists (select 1 from information_schema.table_constraints where table_name = 't') then alter table t add primary key (b); end if; end $$;",
    );
    let (_, t) = schema.relation(None, "t").unwrap();
    assert_eq!((t.primary_key.as_slice(), &t.primary_key_name), (["a".to_owned()].as_slice(), &None));
}

#[test]
fn what_a_view_never_gives_as_null_follows_its_tables() {
    let made = "create table t (id int primary key, a text not null, b text);
        create view v (one, two, three, four) as select id, a, b, coalesce(b, 'x') from t;
        create view w as select two, three from v where three = 'x';
        create materialized view m as select count(*) as n, t.* from t left join v on v.one = t.id group by t.id;
        create view bad as select * from elsewhere.x, t;";
    let columns = |text: &str| {
        let schema = load_file(text);
        let of = |r: &Relation| r.columns.iter().map(|c| format!("{}{}", c.name, if c.not_null { "!" } else { "" })).collect::<Vec<_>>().join(" ");
        schema.relations.iter().filter(|(_, r)| r.is_view()).map(|(name, r)| format!("{}: {}", name.name, of(r))).collect::<Vec<_>>()
    };
    assert_eq!(columns(made), ["bad: ", "m: a! b id! n!", "v: four! one! three two!", "w: three! two!"]);
    let later = "alter table t alter a drop not null; alter table t rename to u; alter table u rename id to key; alter table u alter b set not null;
        alter view v rename column two to deux; alter view v rename to vv;";
    assert_eq!(columns(&format!("{made}{later}")), ["bad: ", "m: a b! id! n!", "vv: deux four! one! three!", "w: three! two"]);
    // a child may hold what the parent refuses, and nobody holds a foreign table to what it declares
    let children = "create table p (a int not null); create table c () inherits (p); create view v as select a from p;";
    assert_eq!(columns(children), ["v: a!"]);
    assert_eq!(columns(&format!("{children} alter table c alter a drop not null;")), ["v: a"]);
    assert_eq!(columns("create foreign table f (a int not null) server s; create view v as select a from f;"), ["v: a"]);
}

#[test]
fn a_dump_and_what_it_was_made_from_are_the_same() {
    let dumped = r"
\restrict token
SET statement_timeout = 0;
SELECT pg_catalog.set_config('search_path', '', false);
CREATE TABLE public.t (
    id integer NOT NULL,
    name character varying(20) DEFAULT 'x'::character varying NOT NULL,
    CONSTRAINT t_name_check CHECK (((name)::text <> ''::text))
);
ALTER TABLE public.t OWNER TO postgres;
CREATE SEQUENCE public.t_id_seq AS integer START WITH 1 INCREMENT BY 1 NO MINVALUE NO MAXVALUE CACHE 1;
ALTER SEQUENCE public.t_id_seq OWNED BY public.t.id;
ALTER TABLE ONLY public.t ALTER COLUMN id SET DEFAULT nextval('public.t_id_seq'::regclass);
ALTER TABLE ONLY public.t ADD CONSTRAINT t_pkey PRIMARY KEY (id);
\unrestrict token
";
    let written = "create table t (id serial primary key, name varchar(20) not null default 'x' check (name <> ''));";
    assert_eq!(after(dumped), after(written));
    assert_eq!(
        after(written),
        "tables:
  public.t:
    columns:
      id: integer not null default nextval('t_id_seq'::regclass)
      name: varchar(20) not null default 'x'::varchar
    primary key: [id]
    checks:
      t_name_check: name <> ''
incomplete: []"
    );
}

#[test]
fn partitions_are_seen_through_their_parent() {
    let text = "create table m (at date not null, v int) partition by range (at);
create table m1 partition of m for values from ('2024-01-01') to ('2025-01-01');
create table m2 (at date not null, v int);
alter table m attach partition m2 for values from ('2025-01-01') to ('2026-01-01');
create index on m1 (v);
alter table m add column late text;";
    let schema = load_file(text);
    assert_eq!(schema.relations.keys().map(|n| n.name.as_str()).collect::<Vec<_>>(), ["m"]);
    let detached = load_file(&format!("{text} alter table m detach partition m2;"));
    assert!(detached.relation(None, "m2").unwrap().1.column("late").is_some());
}

#[test]
fn dropping_takes_along_what_depends() {
    let schema = load_file(
        "create type mood as enum ('a');
create table a (id int primary key, x int, m mood, check (x > 0));
create table b (a_id int references a);
create view v as select id from a;
create view w as select id from v;
create index i on a (lower(x::text));
alter table a drop column x;
drop type mood cascade;
drop table a cascade;",
    );
    assert_eq!(schema.relations.keys().map(|n| n.name.as_str()).collect::<Vec<_>>(), ["b"]);
    assert!(schema.relation(None, "b").unwrap().1.foreign_keys.is_empty());
    assert!(schema.enums.is_empty());
}

#[test]
fn a_block_is_read_as_far_as_its_statements_show() {
    let schema = load_file(
        "create table t (id int, old text);
do $$
declare n int;
begin
  -- it's guarded; then go on
  if not exists (select 1 from information_schema.columns where column_name = 'new') then
    alter table t add column new text default 'a;b';
  end if;
  if exists (select 1 from pg_type where typname = 'x') then alter table t drop column missing; end if;
  execute 'alter table t rename column old to older';
exception when duplicate_column then raise notice 'there';
end $$;",
    );
    let table = schema.relation(None, "t").unwrap().1;
    assert_eq!(table.columns.iter().map(|c| c.name.as_str()).collect::<Vec<_>>(), ["id", "new", "older"]);
    assert!(schema.incomplete.is_empty(), "{:?}", schema.incomplete);
    let dynamic = load_file("do $$ begin execute format('drop table %I', which()); end $$;");
    assert_eq!(dynamic.incomplete.len(), 1);
}

#[test]
fn what_a_block_puts_together_of_known_parts_is_run() {
    let schema = load_file(
        "create table t (id int, old int); create table u (id int);
do $$
declare
  r record;
  extra text := 'seen';
begin
  execute format('alter table public.t rename column old to older');
exception when undefined_column then null;
end $$;
do $$
declare t text; names text[] := array['t', 'u']; extra text := 'seen'; twice text := 'x';
begin
  twice := 'y';
  foreach t in array names loop
    execute format('alter table %I add column %I text', t, extra);
    execute 'alter table ' || quote_ident(t) || ' enable row level security';
  end loop;
  for r in select tablename from pg_tables loop
    execute format('create policy %I on %I using (true)', 'own', r.tablename);
  end loop;
end $$;",
    );
    let columns = |name| schema.relation(None, name).unwrap().1.columns.iter().map(|c| c.name.clone()).collect::<Vec<_>>();
    assert_eq!(columns("t"), ["id", "older", "seen"]);
    assert_eq!(columns("u"), ["id", "seen"]);
    assert!(schema.incomplete.is_empty(), "{:?}", schema.incomplete);
    let unsure = load_file("create table t (a int); do $$ declare c text := 'a'; begin c := 'b'; execute format('alter table t drop column %I', c); end $$;");
    assert_eq!((unsure.incomplete.len(), unsure.relation(None, "t").unwrap().1.columns.len()), (1, 1));
}

#[test]
fn functions_of_postgis_change_tables() {
    let schema = load_file(
        "create table places (id int); create schema app; create table app.ways (id int);
select AddGeometryColumn('public', 'places', 'geom', 4326, 'POINT', 2);
SELECT addgeometrycolumn('places', 'line', 0, 'LINESTRING', 3), DropGeometryColumn('places', 'id');
do $$ begin perform AddGeometryColumn('app', 'ways', 'way', -1, 'GEOMETRY', 2); end $$;
select AddGeometryColumn('', 'places', 'area', '4326', 'MULTIPOLYGON', '2');",
    );
    let columns = |s, name| schema.relation(s, name).unwrap().1.columns.iter().map(|c| format!("{} {}", c.name, c.ty)).collect::<Vec<_>>();
    assert_eq!(columns(None, "places"), ["area geometry(MultiPolygon,4326)", "geom geometry(Point,4326)", "line geometry(LineStringZ)"]);
    assert_eq!(columns(Some("app"), "ways"), ["id integer", "way geometry(Geometry)"]);
}

#[test]
fn an_index_never_takes_a_name_that_is_taken() {
    let schema = load_file(
        "create table t (a int, b int); create index one on t (a); create index two on t (b);
do $$ begin if exists (select 1) then alter index if exists one rename to two; end if; end $$;",
    );
    assert_eq!(schema.relation(None, "t").unwrap().1.indexes.iter().map(|i| i.name.as_str()).collect::<Vec<_>>(), ["one", "two"]);
}

#[test]
fn what_is_not_understood_opens_its_relation() {
    let schema = load_file(
        "create table t (id int);\nalter table t frobnicate the column;\ncreate table \"Odd\" (a int, b oops oops oops oops);\ncreate table fine (a int);",
    );
    assert!(schema.relation(None, "t").unwrap().1.open);
    assert!(schema.relation(None, "Odd").unwrap().1.open);
    assert!(!schema.relation(None, "fine").unwrap().1.open);
    assert!(schema.incomplete.iter().any(|i| i.object == "public.t") && schema.incomplete.iter().any(|i| i.object == "public.Odd"));
}

#[test]
fn what_a_server_would_refuse_is_noted() {
    let table = QualifiedName::new("public", "t");
    for (text, expected) in [
        ("alter table t add column a int", NoteKind::UnknownRelation("t".into())),
        ("create table t (id int); alter table t drop column b", NoteKind::UnknownColumn(table.clone(), "b".into())),
        ("create table t (id int); create table t (id int)", NoteKind::Exists("relation", "public.t".into())),
        ("create table t (id int); alter table t add id text", NoteKind::Exists("column", "id".into())),
        ("create table t (id int, primary key (b))", NoteKind::UnknownColumn(table.clone(), "b".into())),
        ("create table t (id int references u)", NoteKind::UnknownRelation("u".into())),
        ("create table t (id int); alter table t drop constraint c", NoteKind::UnknownObject("constraint", "c".into())),
        ("drop index i", NoteKind::UnknownObject("index", "i".into())),
        ("drop type e", NoteKind::UnknownObject("type", "e".into())),
        ("comment on column t.a is 'x'", NoteKind::UnknownRelation("t".into())),
    ] {
        assert_eq!(notes(text), [expected], "{text}");
    }
    for text in [
        "alter table if exists t add column a int",
        "drop table if exists t",
        "create table t (id int); create table if not exists t (id int); alter table t add if not exists id int, drop column if exists b",
    ] {
        assert_eq!(notes(text), [], "{text}");
    }
}

#[test]
fn an_index_among_the_columns_is_no_column() {
    let text = "create table cards (id uuid primary key, user_id uuid, position int, index by_user (user_id, position), key by_position (position));
        create table places (key numeric(12,2), index text, spatial geometry(point,4326));";
    let schema = load_file(text);
    let columns = |table| schema.relation(None, table).unwrap().1.columns.iter().map(|c| c.name.as_str()).collect::<Vec<_>>().join(" ");
    assert_eq!((columns("cards").as_str(), columns("places").as_str()), ("id position user_id", "index key spatial"));
    assert!(schema.relation(None, "cards").unwrap().1.open && !schema.relation(None, "places").unwrap().1.open);
}

#[test]
fn a_column_that_stands_twice_is_refused() {
    assert_eq!(notes("create table t (a int, b text, a text)"), [NoteKind::Exists("column", "a".to_owned())]);
    assert_eq!(load_file("create table t (a int, a text)").relation(None, "t").unwrap().1.column("a").unwrap().ty, "integer");
    assert_eq!(notes("create table p (a int); create table c (a int) inherits (p)"), []);
}

#[test]
fn bare_names_follow_the_session_path() {
    let schema = load_file(
        "create schema app; set search_path to app, public; create type s as enum ('x'); create table t (a s default 'x'); reset search_path; create table t (a app.s);",
    );
    let app = schema.relation(Some("app"), "t").unwrap().1;
    assert_eq!(app.column("a").map(|c| (c.ty.as_str(), c.default.as_deref())), Some(("app.s", Some("'x'::app.s"))));
    assert!(schema.relation(Some("public"), "t").is_some());
}

#[test]
fn temporary_tables_are_not_part_of_the_schema() {
    let schema = load_file("create temp table t (id int); create table pg_temp.v (id int); create table u (id int);");
    assert_eq!(schema.relations.keys().map(ToString::to_string).collect::<Vec<_>>(), ["public.u"]);
}

mod hostile {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn nothing_panics(text in "(?s)(create table t \\(|a int|,|\\)|;|alter table t |drop |add |column |rename |to |\\$\\$|do |begin |execute |'|\"|--|/\\*|check \\(|.){0,40}") {
            let _ = load_file(&text);
        }
    }
}

#[test]
#[ignore = "a look at files: DDL=path cargo test ddl::tests::print -- --ignored --nocapture"]
fn print() {
    let path = std::env::var("DDL").expect("DDL names a file");
    print!("{}", lock::write(&load_file(&std::fs::read_to_string(path).unwrap())));
}
