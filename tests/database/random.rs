//! Random DDL, most of it valid. The same seed gives the same statements.

/// A small generator of numbers (xorshift); the tests need no more.
pub struct Random(u64);

impl Random {
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    fn below(&mut self, n: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % n as u64).expect("smaller than n")
    }

    fn pick<'a>(&mut self, of: &[&'a str]) -> &'a str {
        of[self.below(of.len())]
    }
}

const TABLES: [&str; 7] = ["t1", "t2", "t3", "app.t1", "app.\"T 2\"", "renamed_1", "renamed_2"];
const COLUMNS: [&str; 9] = ["a", "b", "c", "d", "\"E e\"", "f", "id", "\"order\"", LONG];
/// As long as a name may be, in letters of two bytes.
const LONG: &str = "\"größen_von_allem_was_es_hier_gibt_und_noch_viel_mehr_als_das\"";
const TYPES: [&str; 18] = [
    "int",
    "bigint",
    "smallint",
    "text",
    "varchar(10)",
    "char(3)",
    "numeric(8,2)",
    "numeric",
    "boolean",
    "date",
    "timestamptz",
    "timestamp(3)",
    "uuid",
    "jsonb",
    "text[]",
    "double precision",
    "mood",
    "app.level",
];
const NAMES: [&str; 4] = ["named_1", "named_2", "\"Named 3\"", "named_4"];

/// One statement.
pub fn statement(r: &mut Random) -> String {
    let (t, u) = (r.pick(&TABLES), r.pick(&TABLES));
    let (c, d) = (r.pick(&COLUMNS), r.pick(&COLUMNS));
    let name = r.pick(&NAMES);
    match r.below(100) {
        44..=99 => rarer(r, t, u),
        0..=6 => create_table(r, t, u),
        7 | 8 => format!("alter table {t} add column {c} {}", column(r, c)),
        9 => format!("alter table {t} add column if not exists {c} {}, alter column {d} drop default", column(r, c)),
        10 | 11 => format!("alter table {t} drop column {}{c}{}", r.pick(&["", "if exists "]), r.pick(&["", " cascade"])),
        12 => format!("alter table {t} rename column {c} to {d}"),
        13 => format!("alter table {t} alter column {c} set not null"),
        14 => format!("alter table {t} alter {c} drop not null"),
        15 => format!("alter table {t} alter column {c} set default {}", default(r)),
        16 => format!("alter table {t} alter column {c} type {}", r.pick(&["text", "varchar(20)", "bigint", "numeric(10,3)"])),
        17 => format!("alter table {t} add primary key ({c})"),
        18 => format!("alter table {t} add unique ({c}, {d})"),
        19 => format!("alter table {t} add constraint {name} unique ({c})"),
        20 => format!("alter table {t} add foreign key ({c}) references {u}{}", r.pick(&["", " on delete cascade", " on update set null deferrable"])),
        21 => format!("alter table {t} add {}", check(r)),
        22 => format!("alter table {t} add constraint {name} {}", check(r)),
        23 => format!("alter table {t} drop constraint {name}{}", r.pick(&["", " cascade"])),
        24 => format!("alter table {t} rename constraint {name} to {}", r.pick(&NAMES)),
        25 | 26 => format!("create {}index on {t} ({c}, {})", r.pick(&["", "unique "]), r.pick(&["lower(b)", "(a + 1)", "d desc", "c nulls first", "\"E e\""])),
        27 => format!("create index {name} on {t} ({c}) where {c} is not null"),
        28 => format!("drop index {name}"),
        29 => format!("alter index {name} rename to {}", r.pick(&NAMES)),
        30 => format!("alter table {t} rename to {}", r.pick(&["renamed_1", "renamed_2", "t1", "\"T 2\""])),
        31 => format!("alter table {t} set schema {}", r.pick(&["app", "public"])),
        32 => format!("drop table {t}{}", r.pick(&["", " cascade"])),
        33 => format!("comment on table {t} is 'says: {c}'"),
        34 => format!("comment on column {t}.{c} is {}", r.pick(&["'x'", "null", "'two\nlines'"])),
        35 => format!("alter table {t} alter column {c} add generated {} as identity", r.pick(&["always", "by default"])),
        36 => format!("alter table {t} alter column {c} drop identity"),
        37 => format!("create view v{} as select {c}, {d} as other, count(*) over () as n from {t}", r.below(3)),
        38 => format!("create or replace view v{} as select * from {t}", r.below(3)),
        39 => format!("drop view v{} cascade", r.below(3)),
        40 => format!("alter type mood add value '{}' {}", r.pick(&["x", "y", "z"]), r.pick(&["", "before 'good'", "after 'good'"])),
        41 => format!("alter sequence {t}_{c}_seq rename to {name}"),
        42 => format!("alter type {} rename to {}", r.pick(&["mood", "feeling"]), r.pick(&["mood", "feeling"])),
        _ => format!("create table {t} (like {u} including {})", r.pick(&["all", "defaults", "indexes", "constraints"])),
    }
}

/// What histories do now and then.
#[expect(clippy::too_many_lines, reason = "one line a kind of statement")]
fn rarer(r: &mut Random, t: &str, u: &str) -> String {
    let (c, d) = (r.pick(&COLUMNS), r.pick(&COLUMNS));
    let name = r.pick(&NAMES);
    let mood = r.pick(&["mood", "mood", "feeling", "app.mood"]);
    match r.below(50) {
        0..=5 => create_table(r, t, u),
        6 => format!(
            "alter table {t} alter constraint {name} {}",
            r.pick(&["not deferrable", "deferrable", "deferrable initially deferred", "initially immediate"])
        ),
        7 => format!(
            "alter table {t} add constraint {name} foreign key ({c}) references {u} ({d}) {}",
            r.pick(&["", "not valid", "match full on delete set null (c)", "deferrable initially deferred", "on update restrict"])
        ),
        8 => format!("alter table {t} validate constraint {name}"),
        9 => format!("alter type {mood} rename value '{}' to '{}'", r.pick(&["good", "bad", "x", "fair"]), r.pick(&["fair", "good", "it''s"])),
        10 => format!("alter type {mood} set schema {}", r.pick(&["app", "public"])),
        11 => format!("alter schema {} rename to {}", r.pick(&["app", "more"]), r.pick(&["more", "app"])),
        12 => format!("create table {t} ({}) inherits ({u})", r.pick(&["", "own int", "a int not null", "d text default 'x'"])),
        13 => format!("alter table {t} {} {u}", r.pick(&["inherit", "no inherit"])),
        14 => format!(
            "create table {} (a int {}, b text, c date default '2024-01-01') partition by {}",
            r.pick(&["parted", "parted_2"]),
            r.pick(&["", "not null"]),
            r.pick(&["range (a)", "list (a)", "hash (a)"])
        ),
        15 => format!(
            "create table {t} partition of {} {}",
            r.pick(&["parted", "parted_2"]),
            r.pick(&["default", "for values from (1) to (10)", "for values in (1, 2)"])
        ),
        16 => format!(
            "alter table {} attach partition {t} {}",
            r.pick(&["parted", "parted_2"]),
            r.pick(&["default", "for values from (20) to (30)", "for values in (5)"])
        ),
        17 => format!("alter table {} detach partition {t}", r.pick(&["parted", "parted_2"])),
        18 => format!(
            "alter table {} {}",
            r.pick(&["parted", "parted_2"]),
            r.pick(&[
                "add column e int default 5",
                "drop column b",
                "alter column b set not null",
                "add unique (a)",
                "rename column c to cc",
                "add check (a > 0)",
                "add primary key (a)"
            ])
        ),
        19 => format!(
            "alter table {t} add column {c} {} generated always as ({}) stored",
            r.pick(&["int", "text", "numeric"]),
            r.pick(&["a + 1", "upper(b)", "coalesce(a, 0) * 2", "b || 'x'"])
        ),
        20 => format!("alter table {t} alter column {c} drop expression{}", r.pick(&["", " if exists"])),
        21 => format!(
            "create table {t} (like {u} including {}, extra int)",
            r.pick(&["generated", "identity", "comments", "all excluding indexes", "defaults including constraints", "storage"])
        ),
        22 => format!(
            "create domain app.code as {}",
            r.pick(&["text", "varchar(5) not null", "int default 7", "text constraint short check (length(value) < 9)"])
        ),
        23 => format!(
            "alter domain app.{} {}",
            r.pick(&["level", "code"]),
            r.pick(&[
                "set not null",
                "drop not null",
                "set default 3",
                "drop default",
                "add constraint low check (value < 99)",
                "drop constraint low",
                "rename constraint low to lower",
                "rename to code",
                "set schema public"
            ])
        ),
        24 => format!(
            "alter table {t} alter column {c} type {} using {}",
            r.pick(&["int", "text", "timestamptz", "mood", "jsonb", "uuid", "text[]"]),
            r.pick(&["null", "a::int", "b::text"])
        ),
        25 => format!(
            "comment on {}",
            r.pick(&[
                "type mood is 'feelings'",
                "view v0 is 'a view'",
                "column v1.a is 'seen'",
                "schema app is 'ours'",
                "domain app.level is 'how much'",
                "constraint named_1 on t1 is 'c'",
                "index named_2 is 'i'"
            ])
        ),
        26 => {
            format!("drop {} cascade", r.pick(&["type mood", "domain app.level", "sequence named_1", "view v1", "schema more", "table t1", "function twice"]))
        }
        27 => format!("alter table {t} alter column {c} type text collate {}", r.pick(&["\"C\"", "\"POSIX\"", "\"default\""])),
        28 => format!("alter table {t} add column {c} text collate \"C\" default 'x'"),
        29 => format!(
            "alter table {t} add column {c} timestamptz default '{}'",
            r.pick(&["2024-06-01 12:00:00+02", "epoch", "2024-01-01 00:00", "infinity", "-infinity", "1999-12-31T23:59:59.5Z"])
        ),
        30 => format!(
            "alter table {t} alter column {c} set default {}",
            r.pick(&[
                "'epoch'::timestamptz",
                "'epoch'",
                "timestamp '2024-01-01 10:00'",
                "interval '1 day 2 hours'",
                "'1 month'::interval",
                "date '2024-02-29'",
                "'{1,2}'::int[]",
                "(now() at time zone 'utc')",
                "1e3",
                "-1.5e-7",
                "0x10",
                "''",
                "E'a\\nb'",
                "'\\x00'::bytea",
                "b'101'",
                "null::text",
                "user",
                "current_timestamp(3)",
                "localtime",
                "nextval('named_1')"
            ])
        ),
        31 => format!("create type {mood} as enum ('good', 'bad', 'it''s', 'größe')"),
        32 => format!("alter table {t} add column {c} {mood} default '{}'", r.pick(&["good", "bad", "fair", "it''s"])),
        33 => format!("alter table {t} rename {c} to {}", r.pick(&["\"Ünï\"", "\"a.b\"", "\"q\"\"q\"", "\"yes\"", "\"null\"", "\"1e3\"", LONG])),
        34 => format!("create sequence {name} {}", r.pick(&["", "start 5", "as smallint", "owned by t1.a"])),
        35 => format!("drop sequence {name}{}", r.pick(&["", " cascade"])),
        36 => format!(
            "alter table {t} alter column {c} {}",
            r.pick(&[
                "set generated always",
                "set generated by default",
                "restart with 5",
                "drop identity if exists",
                "set statistics 10",
                "set storage plain"
            ])
        ),
        37 => format!("alter view v{} {}", r.below(3), r.pick(&["rename to v2", "set schema app", "rename column a to aa", "alter column a set default 3"])),
        38 => format!("create view v{} ({}) as select {c} from {t}", r.below(3), r.pick(&["x", "\"Y y\""])),
        39 => format!("create materialized view {} as select {c}, {d} from {t}", r.pick(&["m1", "m2"])),
        40 => format!("create unique index on {} ({c})", r.pick(&["m1", "m2"])),
        41 => format!("drop materialized view {}{}", r.pick(&["m1", "m2"]), r.pick(&["", " cascade"])),
        42 => format!(
            "create function twice(x {}) returns {} language sql as 'select 1'",
            r.pick(&["int", "mood", "text default 'a'", "t1"]),
            r.pick(&["int", "bigint", "setof int", "table (a int, b text)"])
        ),
        43 => format!("alter function twice rename to {}", r.pick(&["thrice", "twice"])),
        44 => format!("alter table {t} add constraint {name} exclude using gist (int4range(a, a) with &&)"),
        45 => format!("alter table {t} add constraint {name} unique using index {}", r.pick(&NAMES)),
        46 => format!("alter table {t} add unique nulls not distinct ({c}), add check ({d} is null) no inherit"),
        47 => format!("create type app.pair as ({c} int, {d} text)"),
        48 => format!(
            "alter type app.pair {}",
            r.pick(&["add attribute z date", "drop attribute a", "rename attribute a to b", "alter attribute b type bigint", "rename to couple"])
        ),
        _ => r.pick(&["create temporary table scratch (a int)", "drop table scratch", "alter table scratch add b mood"]).to_owned(),
    }
}

fn create_table(r: &mut Random, table: &str, other: &str) -> String {
    let mut parts: Vec<String> = COLUMNS.iter().filter(|_| r.below(3) > 0).map(|c| (*c).to_owned()).collect();
    parts = parts.into_iter().map(|c| format!("{c} {}", column(r, &c))).collect();
    if r.below(3) == 0 {
        parts.push(format!("unique ({}, {})", r.pick(&COLUMNS), r.pick(&COLUMNS)));
    }
    if r.below(4) == 0 {
        parts.push(format!("constraint {} {}", r.pick(&NAMES), check(r)));
    }
    if r.below(4) == 0 {
        parts.push(check(r));
    }
    if r.below(5) == 0 {
        parts.push(format!("foreign key (a) references {other}"));
    }
    format!("create table {table} ({})", parts.join(", "))
}

fn column(r: &mut Random, name: &str) -> String {
    if r.below(8) == 0 {
        return r.pick(&["serial", "bigserial primary key", "int generated always as identity", "int primary key"]).to_owned();
    }
    let mut out = r.pick(&TYPES).to_owned();
    if r.below(4) == 0 {
        out.push_str(" not null");
    }
    if r.below(3) == 0 {
        out = format!("{out} default {}", default(r));
    }
    if r.below(8) == 0 {
        out.push_str(" unique");
    }
    if r.below(8) == 0 {
        out = format!("{out} check ({name} is not null)");
    }
    if r.below(10) == 0 {
        out = format!("{out} references {}", r.pick(&TABLES));
    }
    out
}

fn default(r: &mut Random) -> &'static str {
    r.pick(&[
        "0",
        "'x'",
        "1.50",
        "now()",
        "true",
        "null",
        "'{}'",
        "'good'",
        "-1",
        "current_date",
        "'2024-01-01'",
        "array['a']",
        "gen_random_uuid()",
        "'1'",
        "1 + 2",
        "lower('X')",
        "'a'::text || 'b'",
    ])
}

fn check(r: &mut Random) -> String {
    let c = r.pick(&COLUMNS);
    let d = r.pick(&COLUMNS);
    let condition = match r.below(9) {
        0 => format!("{c} > 0"),
        1 => format!("{c} <> {d}"),
        2 => format!("{c} in ('a', 'b', 'c')"),
        3 => format!("{c} between 1 and 10 or {d} is null"),
        4 => format!("length({c}) < 5 and {c} like 'x%'"),
        5 => format!("not ({c} = 1 and {d} = 2)"),
        6 => format!("coalesce({c}, 0) + 1 > {d}"),
        7 => format!("{c} >= '2020-01-01'"),
        _ => format!("lower({c}) = {c}"),
    };
    format!("check ({condition})")
}
