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
const COLUMNS: [&str; 8] = ["a", "b", "c", "d", "\"E e\"", "f", "id", "\"order\""];
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
    match r.below(44) {
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
        42 => format!("alter type mood rename to {}", r.pick(&["mood", "feeling"])),
        _ => format!("create table {t} (like {u} including {})", r.pick(&["all", "defaults", "indexes", "constraints"])),
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
