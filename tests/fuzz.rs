//! Mutated input into every reader: no panic, no hang, and what each promises holds.
//!
//! A short run by default. Longer: `DBTRUTH_FUZZ_SECONDS=600 cargo test --test fuzz -- --nocapture`. Seeds are `tests/corpus/*/` and the texts below; an input that fails is
//! written to `target/fuzz/` and belongs into `tests/corpus/` once it is mended.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::time::{Duration, Instant};

use dbtruth::check::{LockInput, Settings};
use dbtruth::discover::{Candidate, Origin};
use dbtruth::schema::{Schema, lock};
use dbtruth::source::{FileId, Language};
use dbtruth::sql::{Options, analyse, ddl};
use dbtruth::syntax::python;
use dbtruth::syntax::sql::template::Template;

const LOCK: &str = "version: 1\nsearch_path: [public]\ntables:\n  public.batches:\n    columns:\n      id: bigint not null\n      manufacturing_date: date not null\n      status: order_status not null default 'draft'::order_status\n    primary key: [id]\n    unique:\n      u: [manufacturing_date]\n    foreign keys:\n      f: (id) references public.products (id) on delete cascade\n  public.products:\n    columns:\n      id: bigint not null\n      price: numeric(12,2) generated always as (1 + 1) stored\n    primary key: [id]\nviews:\n  public.v:\n    columns:\n      n: bigint\nenums:\n  public.order_status: [draft, 'on']\ndomains:\n  public.email: text not null default ''::text\nfunctions:\n  public.f(a text, b integer default 1): table(x bigint)\n";

/// xorshift64: the same inputs every time, so that a failure is found again.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, n: usize) -> usize {
        usize::try_from(self.next() % (n.max(1) as u64)).expect("below n")
    }

    fn pick<'a, T: ?Sized>(&mut self, of: &[&'a T]) -> &'a T {
        of[self.below(of.len())]
    }
}

/// Pieces that mean something to one of the readers.
const PIECES: &[&str] = &[
    "(",
    ")",
    "[",
    "]",
    "{",
    "}",
    "'",
    "\"",
    "'''",
    "f'",
    "b\"",
    "$$",
    "$a$",
    "--",
    "/*",
    "*/",
    ";",
    ":",
    "::",
    ",",
    ".",
    "..",
    "*",
    "!inner",
    "->",
    "->>",
    "\\",
    "\n",
    "\n    ",
    "\r\n",
    "\t",
    " ",
    "\u{feff}",
    "é",
    "😀",
    "\u{0}",
    "%s",
    ":x",
    "{x}",
    "{{x}}",
    "<<<<<<< a\n",
    "null",
    "not null",
    "yes",
    "&a ",
    "*a",
    "!t ",
    "<<: ",
    "- ",
    "? ",
    "| ",
    "> ",
    "SELECT ",
    "FROM ",
    "WHERE ",
    "JOIN ",
    "WITH RECURSIVE x AS (",
    "INSERT INTO ",
    "VALUES ",
    "ON CONFLICT ",
    "DO UPDATE SET ",
    "RETURNING ",
    "LATERAL ",
    "UNION ",
    "CASE WHEN ",
    "CREATE TABLE ",
    "ALTER TABLE ",
    "ADD COLUMN ",
    "DROP ",
    "PRIMARY KEY ",
    "REFERENCES ",
    "DEFAULT ",
    "GENERATED ALWAYS AS (",
    "PARTITION OF ",
    "CREATE VIEW ",
    "AS ",
    "class A(Base):\n    ",
    "def f(",
    "lambda: ",
    "return ",
    "self.",
    "import ",
    "from x import y\n",
    "async ",
    "await ",
    "match x:\n    case ",
    "for x in ",
    "if ",
    "else ",
    "@",
    "=",
    ":=",
    "batches",
    "id",
    "manufacturing_date",
    "products",
    "public.",
    "Column(",
    "select(",
    ".eq(",
    ".table(",
    "__tablename__ = ",
    "9999999999999999999999",
    "0x",
    "1e999",
    "-",
];

fn mutate(r: &mut Random, seeds: &[String]) -> String {
    let mut bytes = r.pick(&seeds.iter().collect::<Vec<_>>()).as_bytes().to_vec();
    for _ in 0..=r.below(6) {
        let (a, b) = (r.below(bytes.len() + 1), r.below(bytes.len() + 1));
        let (low, high) = (a.min(b), a.max(b).min(a.min(b) + 200));
        match r.below(9) {
            0 => drop(bytes.drain(low..high)),
            1 => {
                let copy = bytes[low..high].to_vec();
                let at = r.below(bytes.len() + 1);
                bytes.splice(at..at, copy);
            }
            2 if !bytes.is_empty() => {
                let at = r.below(bytes.len());
                bytes[at] ^= 1 << r.below(8);
            }
            3 => {
                let other = seeds[r.below(seeds.len())].as_bytes();
                let from = r.below(other.len() + 1);
                let to = (from + r.below(120)).min(other.len());
                bytes.splice(low..low, other[from..to].iter().copied());
            }
            4 => {
                let (piece, times) = (r.pick(PIECES), 1 + r.below(300));
                bytes.splice(low..low, piece.repeat(times).bytes());
            }
            5 => bytes.truncate(low),
            _ => {
                let piece = r.pick(PIECES);
                bytes.splice(low..low, piece.bytes());
            }
        }
        bytes.truncate(40_000);
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Seeds of one target: what stands in its folder of the corpus, and these.
fn seeds(name: &str, own: &[&str]) -> Vec<String> {
    let mut found: Vec<String> = own.iter().map(|s| (*s).to_owned()).collect();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus").join(name);
    let mut files: Vec<_> = std::fs::read_dir(&folder).into_iter().flatten().filter_map(|e| Some(e.ok()?.path())).collect();
    files.sort();
    found.extend(files.iter().map(|f| String::from_utf8_lossy(&std::fs::read(f).expect("a file of ours")).into_owned()));
    found
}

/// Every seed as it is, then mutations until the time is over.
fn fuzz(name: &str, own: &[&str], target: impl Fn(&str) + Send + 'static) {
    // As long as asked for; else a few inputs, the same on every machine.
    let asked: Option<u64> = std::env::var("DBTRUTH_FUZZ_SECONDS").ok().and_then(|n| n.parse().ok());
    let start: u64 = std::env::var("DBTRUTH_FUZZ_SEED").ok().and_then(|n| n.parse().ok()).unwrap_or(0x9E37_79B9_7F4A_7C15);
    let seeds = seeds(name, own);
    let name = name.to_owned();
    // The stack that the program gives its threads.
    let work = move || {
        let mut r = Random(start);
        let began = Instant::now();
        let mut runs = 0;
        while asked.map_or(runs < seeds.len() + 40, |s| runs < seeds.len() || began.elapsed() < Duration::from_secs(s)) {
            let input = seeds.get(runs).cloned().unwrap_or_else(|| mutate(&mut r, &seeds));
            let started = Instant::now();
            let outcome = catch_unwind(AssertUnwindSafe(|| target(&input)));
            let slow = started.elapsed() > Duration::from_secs(30);
            if outcome.is_err() || slow {
                let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/fuzz");
                std::fs::create_dir_all(&folder).expect("own folder");
                let file = folder.join(format!("{name}-{runs}"));
                std::fs::write(&file, &input).expect("own file");
                panic!("{name}: {} after {runs} runs: {}", if slow { "too slow" } else { "failed" }, file.display());
            }
            runs += 1;
        }
        println!("{name}: {runs} inputs in {:?}, no finding", began.elapsed());
    };
    std::thread::Builder::new().stack_size(16 << 20).spawn(work).expect("a thread").join().expect("no finding");
}

fn schema() -> Schema {
    lock::read(LOCK).expect("a right lock")
}

const PYTHON: &[&str] = &[
    "from sqlalchemy import Column, ForeignKey, Integer, select\nfrom sqlalchemy.orm import Mapped, declarative_base, mapped_column, relationship\nBase = declarative_base()\n\n\nclass Batch(Base):\n    __tablename__ = 'batches'\n    id: Mapped[int] = mapped_column(primary_key=True)\n    made = Column('manufacturing_date', Integer, ForeignKey('products.id'))\n    products = relationship('Product')\n\n\ndef f(session, x):\n    q = select(Batch).where(Batch.id == x, Batch.made.in_([1, 2]))\n    for b in session.scalars(q):\n        b.made += 1\n    return session.query(Batch).filter_by(id=x).order_by(Batch.made.desc()).all()\n",
    "import psycopg\nT = 'batches'\nwith psycopg.connect() as c:\n    c.execute(f'SELECT id, {x} FROM {T} WHERE id = %s', [1])\n    c.execute('''INSERT INTO batches (id, manufacturing_date)\n    VALUES (%(a)s, %(b)s) ON CONFLICT (id) DO UPDATE SET id = excluded.id RETURNING id''', {'a': 1})\n",
    "def f(client):\n    r = client.table('batches').select('id, products(price), made:manufacturing_date').eq('id', 1).or_('id.eq.1,and(status.in.(draft,on),id.gt.2)').execute()\n    for row in r.data:\n        print(row['made'], row.get('products')[0]['price'])\n    client.table('batches').insert({'id': 1, **x, 'status': 'draft'}).execute()\n",
    "class Batch(models.Model):\n    product = models.ForeignKey('Product', on_delete=models.CASCADE, related_name='batches')\n    class Meta:\n        db_table = 'batches'\n\nBatch.objects.filter(product__price__gte=1).values('id', 'product__price').annotate(n=Count('id'))\n",
    "match x:\n    case {'a': [1, *rest]} if (y := f(*a, **b)) > 1:\n        async def g(a, /, b=1, *, c: int | None = None) -> list[int]:\n            return [i async for i in z if not i] + (lambda *a: a)(1)\ntry:\n    x = f'{a!r:>{w}} {{b}}' \\\n        'c'\nexcept* E as e: ...\n",
];

const SQL: &[&str] = &[
    "SELECT b.id, p.price FROM batches b JOIN products AS p ON p.id = b.id WHERE b.manufacturing_date > now() - interval '1 day' GROUP BY 1, 2 HAVING count(*) > 1 ORDER BY b.id DESC LIMIT 1;",
    "WITH RECURSIVE t(n) AS (VALUES (1) UNION ALL SELECT n + 1 FROM t WHERE n < 100) SELECT sum(n), (SELECT max(id) FROM batches x WHERE x.id = t.n) FROM t, LATERAL (SELECT * FROM f('a', 2)) l(x);",
    "INSERT INTO batches AS b (id, manufacturing_date, status) VALUES (1, DEFAULT, 'draft'), ($1, %s, :x) ON CONFLICT (id) DO UPDATE SET status = excluded.status WHERE b.id > 1 RETURNING *;\nUPDATE batches SET (id, status) = (SELECT 1, 'on') FROM products p WHERE p.id = batches.id;\nDELETE FROM batches USING v WHERE v.n = id;\nMERGE INTO batches b USING products p ON p.id = b.id WHEN MATCHED THEN UPDATE SET id = 1 WHEN NOT MATCHED THEN INSERT VALUES (1);",
    "SELECT CASE WHEN a->>'x' = ANY(ARRAY[1,2]) THEN $q$it's$q$ ELSE E'\\n' END::text AS \"A b\", x.*, row_number() OVER (PARTITION BY id ORDER BY id ROWS 1 PRECEDING) FROM batches TABLESAMPLE system(1) x NATURAL FULL JOIN products -- c\n/* a /* b */ c */;",
];

const DDL: &[&str] = &[
    "CREATE TABLE public.a (id bigserial PRIMARY KEY, b varchar(3) NOT NULL DEFAULT 'x', c numeric(1,2)[] CHECK (c > 0), d int GENERATED ALWAYS AS IDENTITY, e text GENERATED ALWAYS AS (lower(b)) STORED, UNIQUE (b, d), FOREIGN KEY (d) REFERENCES a (id) ON DELETE SET NULL) PARTITION BY RANGE (id);\nCREATE TABLE p PARTITION OF a FOR VALUES FROM (1) TO (2);\nALTER TABLE ONLY a ADD COLUMN f x.y, DROP CONSTRAINT a_pkey CASCADE, ALTER COLUMN b TYPE text USING b::text, RENAME COLUMN b TO bb;\n",
    "CREATE TYPE e AS ENUM ('a', 'b'); ALTER TYPE e ADD VALUE 'c' BEFORE 'b'; CREATE DOMAIN m AS text CHECK (VALUE ~ '@'); CREATE TYPE addr AS (city text, zip int);\nCREATE OR REPLACE VIEW v (x, y) AS SELECT id, count(*) FROM a GROUP BY id; CREATE UNIQUE INDEX CONCURRENTLY i ON a USING gin (lower(b) DESC) INCLUDE (d) WHERE d > 1;\nCREATE FUNCTION f(a int, OUT b text, VARIADIC c text[] DEFAULT '{}') RETURNS TABLE (x int) LANGUAGE plpgsql AS $$ BEGIN RETURN; END $$;\n",
    "DO $$ BEGIN EXECUTE 'x'; END $$; COMMENT ON COLUMN a.b IS 'c'; SET search_path = x, public; CREATE SCHEMA IF NOT EXISTS s CREATE TABLE t (id int); ALTER TABLE s.t SET SCHEMA public; DROP TABLE IF EXISTS a, b CASCADE; COPY a (b) FROM stdin;\n1\t2\n\\.\nINSERT INTO a VALUES (1);\n",
];

#[test]
fn python_files() {
    fuzz("python", PYTHON, |text| {
        let module = python::parse(text);
        let lies = |span: dbtruth::source::Span| assert!(text.get(span.range()).is_some(), "{span:?} is no part of the text");
        module.body.iter().for_each(|s| s.each(&mut |s| s.each_expr(&mut |e| e.each(&mut |e| lies(e.span)))));
        module.errors.iter().for_each(|e| lies(e.span));
    });
}

#[test]
fn sql_statements() {
    let schema = schema();
    fuzz("sql", SQL, move |text| {
        let template = Template::from_source(FileId(0), text, 0);
        let analysis = analyse(&template, &schema, &Options::default());
        for r in &analysis.references {
            if let Some(place) = template.locate(r.span) {
                assert!(text.get(place.span.range()).is_some(), "{place:?} is no part of the text");
            }
        }
        let again = analyse(&template, &schema, &Options::default());
        assert_eq!(analysis.references, again.references, "the same text gives the same names");
    });
}

/// Whatever a script of DDL leaves behind can be written as a lock, and is read back from it unchanged.
#[test]
fn ddl_scripts_and_the_locks_they_make() {
    fuzz("ddl", DDL, |text| {
        let schema = ddl::load_file(text);
        let first = lock::write(&schema);
        let read = lock::read(&first).unwrap_or_else(|e| panic!("our own lock is refused: {e}\n{first}"));
        assert_eq!(lock::write(&read), first, "a lock that was read is written as it was");
    });
}

/// Every text is a lock or an error with a place in it; a lock that is read is written, read and written the same.
#[test]
fn locks() {
    fuzz("lock", &[LOCK], |text| match lock::read(text) {
        Ok(schema) => {
            let first = lock::write(&schema);
            let read = lock::read(&first).unwrap_or_else(|e| panic!("our own lock is refused: {e}\n{first}"));
            assert_eq!(lock::write(&read), first);
        }
        Err(error) => assert!(!error.to_string().contains('\n') || !error.to_string().is_empty()),
    });
}

#[test]
fn configurations() {
    let seed = "lock: schema.lock.yaml\nexclude: [legacy/, '*.md']\nrules: {unmapped-table: warning}\nper-path: {\"tests/**\": {unknown-table: off}}\nmodels: {A: b}\ncaches: {\"doc:*\": d}\ncalls:\n  - function: a.b\n    args: {0: table, x: columns}\n";
    fuzz("configuration", &[seed, "[tool.dbtruth]\nlock = 'a'\n[tool.dbtruth.rules]\nunknown-column = 'off'\n"], |text| {
        for name in ["dbtruth.yaml", "pyproject.toml"] {
            if let Err(error) = dbtruth::config::parse(name, name, text) {
                assert!(error.to_string().starts_with(name), "{error}");
            }
        }
    });
}

/// The whole flow over one file of each language: rules, repairs, reports; and the same again.
#[test]
fn whole_checks() {
    let markdown = "# t\n\n| column | type |\n|---|---|\n| `batches.id` | int |\n\n```sql\nSELECT mfg FROM batches;\n```\n```mermaid\nerDiagram\n  batches { int id }\n```\n~~~python\nx = 1\n~~~\n";
    let all: Vec<&str> = PYTHON.iter().chain(SQL).chain(DDL).chain(&[markdown]).copied().collect();
    fuzz("check", &all, |text| {
        let file =
            |path: &str, language| Candidate { path: path.to_owned(), absolute: Path::new("/p").join(path), language, origin: Origin::Memory(text.into()) };
        let settings = Settings {
            cwd: "/p".into(),
            root: "/p".into(),
            lock: LockInput { path: "/p/schema.lock.yaml".into(), bytes: Some(LOCK.into()) },
            files: vec![file("a.py", Language::Python), file("b.sql", Language::Sql), file("c.md", Language::Markdown)],
            report: vec!["/p".into()],
            ..Settings::default()
        };
        let outcome = dbtruth::check::run(&settings).expect("it runs");
        assert!(outcome.troubles.is_empty(), "{:?}", outcome.troubles);
        let style = dbtruth::report::Style { colour: false, width: 80 };
        let human = dbtruth::report::render(dbtruth::report::Format::Human, &outcome, style);
        assert!(!human.chars().any(|c| c.is_control() && !matches!(c, '\n' | '\t')), "{human:?}");
        for d in &outcome.diagnostics {
            for edit in d.fix.iter().flat_map(|f| &f.edits) {
                assert!(outcome.sources.get(edit.location.file).text.get(edit.location.span.range()).is_some(), "a repair outside the text: {edit:?}");
            }
        }
    });
}
