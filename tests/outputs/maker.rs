//! Queries that a program makes up, over the tables of `schema.sql`.

use std::fmt::Write as _;

/// Makes queries: any join, any nesting, expressions of four types.
pub struct Maker {
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
    pub fn new(seed: u64) -> Self {
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

    pub fn query(&mut self) -> String {
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
