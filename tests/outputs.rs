//! The columns of results: as many as the server gives, by its names, of its types where a type is claimed; and what is claimed never to be NULL never is.
//!
//! Needs PostgreSQL's server programs, as `tests/database.rs` does.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use dbtruth::schema::Schema;
use dbtruth::schema::live::{self, DsnOptions, Redacted};
use dbtruth::source::FileId;
use dbtruth::sql::{Options, Output, analyse};
use dbtruth::syntax::sql::template::Template;
use postgres::SimpleQueryMessage;

#[path = "database/cluster.rs"]
#[allow(dead_code, reason = "this test needs a part of it")]
mod cluster;
use cluster::Cluster;

/// What was compared.
#[derive(Default)]
struct Tally {
    queries: usize,
    unknown: usize,
    columns: usize,
    typed: usize,
    /// Claimed never to be NULL.
    sure: usize,
    /// Of those that gave no NULL.
    without_null: usize,
}

fn claimed(schema: &Schema, sql: &str) -> Result<Option<Vec<Output>>, String> {
    let analysis = analyse(&Template::from_source(FileId(0), sql, 0), schema, &Options::default());
    match analysis.problems.first() {
        Some(p) => Err(format!("accepted, but we say {}", p.message)),
        None if !analysis.skipped.is_empty() => Err("not read".to_owned()),
        None => Ok(analysis.outputs),
    }
}

/// Asks the server, in a transaction that is rolled back, and compares.
fn compare(
    client: &mut postgres::Client,
    schema: &Schema,
    sql: &str,
    oids: &mut BTreeMap<String, Option<u32>>,
    tally: &mut Tally,
    must: bool,
) -> Result<(), String> {
    let mut transaction = client.transaction().expect("begins");
    // what the server refuses is no query
    let prepared = match transaction.prepare(sql) {
        Ok(prepared) => prepared,
        Err(error) => return if must { Err(format!("refused: {:?}", error.as_db_error().map(|e| e.message().to_owned()))) } else { Ok(()) },
    };
    let writes = ["insert", "update", "delete", "returning"].iter().any(|w| sql.contains(w));
    let some = if writes { sql.to_owned() } else { format!("select * from ({sql}) the_rows limit 2000") };
    let rows = match transaction.simple_query(&some) {
        Ok(rows) => rows,
        Err(error) => return if must { Err(format!("refused: {:?}", error.as_db_error().map(|e| e.message().to_owned()))) } else { Ok(()) },
    };
    drop(transaction);
    tally.queries += 1;
    let Some(outputs) = claimed(schema, sql)? else {
        tally.unknown += 1;
        return Ok(());
    };
    let names: Vec<&str> = outputs.iter().map(|o| o.name.as_str()).collect();
    let theirs: Vec<&str> = prepared.columns().iter().map(postgres::Column::name).collect();
    // a schema from a catalog is sorted by name, and so is what a star of it gives
    let (mut a, mut b) = (names.clone(), theirs.clone());
    a.sort_unstable();
    b.sort_unstable();
    if a != b {
        return Err(format!("columns {names:?}, the server has {theirs:?}"));
    }
    let in_order = names == theirs;
    for (n, column) in prepared.columns().iter().enumerate() {
        let same_name: Vec<&Output> = if in_order { vec![&outputs[n]] } else { outputs.iter().filter(|o| o.name == column.name()).collect() };
        let [ours] = same_name.as_slice() else { continue };
        tally.columns += 1;
        let nulls = rows.iter().any(|m| matches!(m, SimpleQueryMessage::Row(row) if row.get(n).is_none()));
        tally.without_null += usize::from(!nulls);
        tally.sure += usize::from(!ours.nullable);
        if !ours.nullable && nulls {
            return Err(format!("`{}` gives NULL", ours.name));
        }
        let Some(ty) = &ours.ty else { continue };
        let oid = *oids.entry(ty.clone()).or_insert_with(|| client.query_one("select to_regtype($1)::oid", &[ty]).expect("answers").get(0));
        if oid != Some(column.type_().oid()) {
            return Err(format!("`{}` is {}, we say {ty}", ours.name, column.type_().name()));
        }
        tally.typed += 1;
    }
    Ok(())
}

#[test]
fn what_is_claimed_of_result_columns_holds_on_a_server() {
    let cluster = Cluster::start(&[]);
    cluster.create("outputs");
    cluster.load("outputs", include_str!("outputs/schema.sql")).expect("the fixture loads");
    let url = cluster.url("outputs");
    let schema = live::pull(&DsnOptions { url: Some(Redacted::new(url.clone())), keep_schemas: Vec::new() }).expect("readable");
    let mut client = postgres::Client::connect(&url, postgres::NoTls).expect("connects");
    client.batch_execute("set statement_timeout = '2s'").expect("set");
    let (mut oids, mut wrong) = (BTreeMap::new(), Vec::new());
    let mut written = Tally::default();
    let texts: Vec<&str> = include_str!("outputs/queries.sql").split(";\n").map(str::trim).filter(|s| !s.is_empty()).collect();
    for sql in &texts {
        if let Err(message) = compare(&mut client, &schema, sql, &mut oids, &mut written, true) {
            wrong.push(format!("{message}: {sql}"));
        }
    }
    let mut made = Tally::default();
    for seed in 0..2000 {
        let sql = Maker::new(seed).query();
        if let Err(message) = compare(&mut client, &schema, &sql, &mut oids, &mut made, false) {
            wrong.push(format!("{message}: {sql}"));
        }
    }
    for (what, t) in [("written", &written), ("made", &made)] {
        println!(
            "{what}: {} queries, {} of unknown shape; {} columns, {} typed; {} never NULL by proof, {} had none",
            t.queries, t.unknown, t.columns, t.typed, t.sure, t.without_null
        );
    }
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.iter().take(40).cloned().collect::<Vec<_>>().join("\n"));
    assert!(made.queries > 1500, "the server takes most of what is made: {}", made.queries);
    assert!(made.sure * 3 > made.without_null, "what can be proven must be worth it: {} of {}", made.sure, made.without_null);
}

/// Makes queries: any join, any nesting, expressions of four types.
struct Maker {
    state: u64,
    aliases: usize,
}

/// What a name in FROM has: columns by type.
type Scope = Vec<(String, Vec<(String, char)>)>;

const TABLES: &[(&str, &[(&str, char)])] = &[
    (
        "a",
        &[
            ("id", 'i'),
            ("x", 'i'),
            ("y", 'i'),
            ("name", 't'),
            ("note", 't'),
            ("price", 'n'),
            ("flag", 'b'),
            ("maybe", 'b'),
            ("state", 'o'),
            ("tags", 'o'),
            ("meta", 'o'),
            ("made", 'o'),
        ],
    ),
    ("b", &[("id", 'i'), ("x", 'i'), ("a_id", 'i'), ("label", 't'), ("other", 't'), ("amount", 'n'), ("ok", 'b'), ("seen", 'o')]),
    ("c", &[("id", 'i'), ("x", 'i'), ("b_id", 'i'), ("word", 't'), ("rank", 'i')]),
    ("shown", &[("id", 'i'), ("name", 't'), ("label", 't'), ("y", 'i')]),
];

impl Maker {
    fn new(seed: u64) -> Self {
        Self { state: seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ 0x1234_5678_9abc_def1, aliases: 0 }
    }

    /// A number below `n`.
    fn pick(&mut self, n: usize) -> usize {
        self.state = self.state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.state >> 40).expect("24 bits") % n
    }

    fn one<'t>(&mut self, all: &[&'t str]) -> &'t str {
        all[self.pick(all.len())]
    }

    fn alias(&mut self) -> String {
        self.aliases += 1;
        format!("t{}", self.aliases)
    }

    fn query(&mut self) -> String {
        match self.pick(10) {
            0 => {
                let op = self.one(&["union", "union all", "intersect", "except"]);
                format!("{} {op} {}", self.ints(), self.ints())
            }
            1 => {
                let (inner, columns) = self.select(2);
                let wanted: Vec<String> = columns.iter().map(|(n, _)| format!("w.{n}, {n} as again_{n}")).collect();
                format!("with w as ({inner}) select {} from w left join c on true", wanted.join(", "))
            }
            _ => self.select(2).0,
        }
    }

    /// A query of one integer.
    fn ints(&mut self) -> String {
        let (mut scope, from) = (Scope::new(), self.table());
        scope.push(from.1);
        format!("select {} as v from {}{}", self.expr(&scope, 'i', 1), from.0, self.condition(&scope))
    }

    /// A SELECT, and the columns it gives.
    fn select(&mut self, depth: usize) -> (String, Vec<(String, char)>) {
        let (from, scope) = self.from(depth);
        let mut columns = Vec::new();
        let mut list = Vec::new();
        let grouped = self.pick(5) == 0;
        let count = 1 + self.pick(4);
        let mut keys = Vec::new();
        for n in 0..count {
            let ty = ['i', 't', 'n', 'b', 'o'][self.pick(5)];
            let expr = if grouped && self.pick(2) == 0 {
                self.aggregate(&scope, ty)
            } else {
                let column = if grouped { self.column(&scope, ty) } else { None };
                column.inspect(|c| keys.push(c.clone())).or_else(|| (!grouped).then(|| self.expr(&scope, ty, 2))).unwrap_or_else(|| "count(*)".to_owned())
            };
            list.push(format!("{expr} as v{n}"));
            columns.push((format!("v{n}"), if expr == "count(*)" { 'o' } else { ty }));
        }
        let mut sql = format!("select {} from {from}{}", list.join(", "), self.condition(&scope));
        if grouped && !keys.is_empty() {
            let keys = keys.join(", ");
            let how = self.pick(3);
            let _ = if how == 0 { write!(sql, " group by rollup ({keys})") } else { write!(sql, " group by {keys}") };
        }
        (sql, columns)
    }

    fn table(&mut self) -> (String, (String, Vec<(String, char)>)) {
        let alias = self.alias();
        let (name, columns) = TABLES[self.pick(TABLES.len())];
        (format!("{name} {alias}"), (alias, columns.iter().map(|(n, t)| ((*n).to_owned(), *t)).collect()))
    }

    fn item(&mut self, depth: usize) -> (String, Scope) {
        match self.pick(8) {
            0 if depth > 0 => {
                let (inner, columns) = self.select(depth - 1);
                let alias = self.alias();
                (format!("({inner}) {alias}"), vec![(alias, columns)])
            }
            1 => {
                let alias = self.alias();
                (format!("generate_series(1, 3) {alias}(n)"), vec![(alias, vec![("n".to_owned(), 'i')])])
            }
            2 => {
                let alias = self.alias();
                (format!("(values (1, 'q'), (2, null)) {alias}(p, q)"), vec![(alias, vec![("p".to_owned(), 'i'), ("q".to_owned(), 't')])])
            }
            _ => {
                let (text, scope) = self.table();
                (text, vec![scope])
            }
        }
    }

    fn from(&mut self, depth: usize) -> (String, Scope) {
        let (mut text, mut scope) = self.item(depth);
        for _ in 0..self.pick(3) {
            let (right, more) = if depth > 0 && self.pick(4) == 0 {
                let (inner, scope) = self.from(depth - 1);
                (format!("({inner})"), scope)
            } else {
                self.item(depth)
            };
            let kind = self.one(&["join", "left join", "right join", "full join", "cross join"]);
            if kind == "cross join" {
                text = format!("{text} cross join {right}");
            } else {
                let (l, r) = (self.column(&scope, 'i'), self.column(&more, 'i'));
                let on = match (l, r) {
                    (Some(l), Some(r)) => format!("{l} = {r}"),
                    _ => "true".to_owned(),
                };
                text = format!("{text} {kind} {right} on {on}");
            }
            scope.extend(more);
        }
        (text, scope)
    }

    fn condition(&mut self, scope: &Scope) -> String {
        if self.pick(3) > 0 {
            return String::new();
        }
        let all: Vec<String> = (0..=self.pick(2))
            .map(|_| {
                let ty = ['i', 't', 'n'][self.pick(3)];
                match (self.column(scope, ty), self.pick(4)) {
                    (Some(c), 0) => format!("{c} is not null"),
                    (Some(c), 1) => format!("{c} is null"),
                    (Some(c), 2) if ty == 'i' => format!("{c} in (1, 2, null)"),
                    _ => self.expr(scope, 'b', 1),
                }
            })
            .collect();
        format!(" where {}", all.join(self.one(&[" and ", " and ", " or "])))
    }

    fn column(&mut self, scope: &Scope, ty: char) -> Option<String> {
        let all: Vec<String> =
            scope.iter().flat_map(|(alias, columns)| columns.iter().filter(|c| c.1 == ty).map(move |c| format!("{alias}.{}", c.0))).collect();
        (!all.is_empty()).then(|| all[self.pick(all.len())].clone())
    }

    fn aggregate(&mut self, scope: &Scope, ty: char) -> String {
        let of = self.expr(scope, ty, 1);
        match ty {
            'i' => format!("max({of})"),
            'n' => format!("coalesce(sum({of}), 0)"),
            't' => format!("string_agg({of}, ',')"),
            'b' => format!("bool_and({of})"),
            _ => format!("count({of})"),
        }
    }

    fn expr(&mut self, scope: &Scope, ty: char, depth: usize) -> String {
        let column = self.column(scope, ty);
        if let (Some(column), true) = (&column, depth == 0 || self.pick(3) == 0) {
            return column.clone();
        }
        if depth == 0 || ty == 'o' {
            let constants: &[&str] = match ty {
                'i' => &["1", "length('abc')", "null::int", "(select max(id) from b)"],
                'n' => &["1.5", "2::numeric", "null::numeric"],
                't' => &["'x'::text", "null::text", "current_user::text"],
                'b' => &["true", "false", "null::boolean"],
                _ => &["now()", "current_date", "array[1, null]", "'{}'::jsonb", "'a'", "row_number() over ()", "gen_random_uuid()"],
            };
            return column.filter(|_| self.pick(3) > 0).unwrap_or_else(|| self.one(constants).to_owned());
        }
        let d = depth - 1;
        match (ty, self.pick(7)) {
            ('i', 0) => format!("{} + {}", self.expr(scope, 'i', d), self.expr(scope, 'i', d)),
            ('i', 1) => format!("length({})", self.expr(scope, 't', d)),
            ('i', 2) => "(select count(*)::int from c)".to_owned(),
            ('n', 0) => format!("{} * {}", self.expr(scope, 'n', d), self.expr(scope, 'i', d)),
            ('n', 1) => format!("round({}, 1)", self.expr(scope, 'n', d)),
            ('n', 2) => format!("{}::numeric", self.expr(scope, 'i', d)),
            ('t', 0) => format!("{} || {}", self.expr(scope, 't', d), self.expr(scope, 't', d)),
            ('t', 1) => format!("upper({})", self.expr(scope, 't', d)),
            ('t', 2) => format!("({})::text", self.expr(scope, 'i', d)),
            ('b', 0) => format!("({} < {})", self.expr(scope, 'i', d), self.expr(scope, 'i', d)),
            ('b', 1) => format!("({} is null)", self.expr(scope, 't', d)),
            ('b', 2) => format!("(not {} and {})", self.expr(scope, 'b', d), self.expr(scope, 'b', d)),
            (_, 3) => format!("coalesce({}, {})", self.expr(scope, ty, d), self.expr(scope, ty, d)),
            (_, 4) => format!("case when {} then {} else {} end", self.expr(scope, 'b', d), self.expr(scope, ty, d), self.expr(scope, ty, d)),
            (_, 5) => format!("nullif({}, {})", self.expr(scope, ty, d), self.expr(scope, ty, d)),
            _ => format!("greatest({}, {})", self.expr(scope, ty, d), self.expr(scope, ty, d)),
        }
    }
}
