//! SQL as code writes it: what is named (`table.column access certainty`), what is wrong (`! rule: message`), and what is left alone.

use crate::config::{self, Role};
use crate::project::Project;
use crate::project::uses::Certainty;
use crate::schema::{Column, QualifiedName, Relation, RelationKind, Schema};
use crate::source::{Language, SourceFile, Sources};
use crate::syntax::python;

fn shop() -> Schema {
    let mut schema = Schema::new();
    for (name, columns) in [("customers", &["id", "name", "tier"][..]), ("orders", &["id", "total", "customer_id", "placed_at"])] {
        let mut relation = Relation::new(RelationKind::Table);
        for c in columns {
            relation.put_column(Column::new(*c, "text"));
        }
        schema.relations.insert(QualifiedName::new("public", name), relation.into());
    }
    schema
}

fn seen(files: &[(&str, &str)], calls: &[config::Call]) -> Vec<String> {
    let mut sources = Sources::default();
    let trees: Vec<_> = files.iter().map(|(path, text)| (sources.add(SourceFile::new(*path, Language::Python, *text)), python::parse(text))).collect();
    let modules: Vec<_> = trees.iter().map(|(id, tree)| (*id, tree)).collect();
    let schema = shop();
    let project = Project::link_with(&sources, &modules, &schema, calls);
    let sure = |c: Certainty| match c {
        Certainty::High => "",
        Certainty::Medium => " likely",
        Certainty::Low => " perhaps",
    };
    let mut out = Vec::new();
    for r in &project.uses.references {
        let name = r.column.map_or(r.relation.name.to_string(), |c| format!("{}.{c}", r.relation.name));
        let spelled = sources.get(r.location.file).slice(r.location.span).to_owned();
        if spelled != "sum" {
            assert_eq!(spelled, r.column.unwrap_or(r.relation.name).as_str(), "the exact token");
        }
        out.push((r.location, format!("{name} {}{}", format!("{:?}", r.access).to_lowercase(), sure(r.certainty))));
    }
    for k in &project.uses.row_keys {
        out.push((k.location, format!("! key {} not selected{}", k.key, sure(k.certainty))));
    }
    for p in &project.uses.sql_problems {
        let spelled = sources.get(p.location.file).slice(p.location.span).to_owned();
        out.push((p.location, format!("! {} at {spelled}{}", p.problem.kind.rule(), sure(p.certainty))));
    }
    out.sort();
    out.into_iter().map(|o| o.1).collect()
}

/// In a project that talks to PostgreSQL.
fn postgres(code: &str) -> Vec<String> {
    seen(&[("app.py", &format!("import psycopg\n{code}"))], &[])
}

/// The same in a project that talks to others too, in another file.
fn mixed(code: &str) -> Vec<String> {
    seen(&[("app.py", code), ("other.py", "import sqlite3\nimport psycopg2\n")], &[])
}

fn nothing() -> Vec<String> {
    Vec::new()
}

#[test]
fn a_statement_at_a_sink_is_held_to_the_schema() {
    let got = postgres("cur.execute(\"SELECT o.id, o.sum FROM orders o WHERE o.total > %s\", (1,))");
    assert_eq!(got, ["orders.id read", "! unknown-column at sum", "orders read", "orders.total read"]);
}

#[test]
fn texts_are_put_together() {
    let got = postgres(
        "
SQL = '''
    SELECT o.id FROM orders o
    JOIN customers c ON c.id = o.customer_id
'''
def find(cur, tier):
    where = []
    where.append('c.tier = %(tier)s')
    if tier:
        where.append(\"c.name <> 'x'\")
    sql = SQL + ' WHERE ' + ' AND '.join(where)
    sql += ' ORDER BY o.placed_at'
    cur.execute(sql, {'tier': tier})
",
    );
    let want = [
        "orders.id read",
        "orders read",
        "customers read",
        "customers.id read",
        "orders.customer_id read",
        "customers.tier read",
        "customers.name read",
        "orders.placed_at read",
    ];
    assert_eq!(got, want);
}

#[test]
fn holes_silence_what_they_touch_only() {
    let got = postgres("def f(cur, column, n):\n    cur.execute(f'SELECT {column}, total, nope FROM orders WHERE id = {n}')\n");
    assert_eq!(got, ["orders.total read", "! unknown-column at nope", "orders read", "orders.id read"]);
}

#[test]
fn sqlalchemy_text_and_psycopg_composition() {
    let got = seen(&[("a.py", "from sqlalchemy import text\nq = text('UPDATE orders SET total = :t WHERE nope = 1')\nsession.execute(q)\n")], &[]);
    assert_eq!(got, ["orders write", "orders.total write", "! unknown-column at nope"]);
    let got = postgres("from psycopg import sql\ncur.execute(sql.SQL('SELECT {} FROM {}').format(sql.Identifier('total'), sql.Identifier('orders')))");
    assert_eq!(got, ["orders.total read", "orders read"]);
}

#[test]
fn helpers_hand_sql_on() {
    let got = postgres(
        "
def run(sql, *args):
    with pool.connection() as c:
        return c.execute(sql, args)

def count(table):
    return pool.fetchval(f'SELECT count(*) FROM {table}')

run('SELECT nope FROM orders')
count('customers')
",
    );
    assert_eq!(got, ["! unknown-column at nope likely", "orders read likely", "customers read likely"]);
}

#[test]
fn other_databases_are_left_alone() {
    let nope = "execute('SELECT nope FROM orders')";
    for code in [
        format!("import sqlite3\nsqlite3.connect('x').cursor().{nope}"),
        format!("import aiosqlite\nasync def f():\n    async with aiosqlite.connect('x') as db:\n        await db.{nope}"),
        format!("import duckdb\nduckdb.connect().{nope}"),
        format!("def f(cur, dialect):\n    if dialect == 'sqlite':\n        cur.{nope}"),
        format!("def f(cur, engine):\n    if isinstance(engine, PostgresEngine):\n        return 1\n    cur.{nope}"),
        format!("def insert_sqlite(cur):\n    cur.{nope}"),
        "def f(cur, db):\n    sql = 'SELECT id FROM orders' if db.is_postgres else 'SELECT nope FROM orders'\n    cur.execute(sql)".to_owned(),
        "cur.execute('SELECT nope FROM orders WHERE id = ?', (1,))".to_owned(),
        "cur.execute('PRAGMA table_info(orders)')".to_owned(),
        "cur.execute('INSERT OR REPLACE INTO orders (nope) VALUES (1)')".to_owned(),
    ] {
        let got = mixed(&code);
        assert!(!got.iter().any(|l| l.starts_with('!')), "{code}: {got:?}");
    }
}

#[test]
fn prose_is_left_alone() {
    for code in [
        "'''Select the orders from customers.'''",
        "def f():\n    \"\"\"SELECT nope FROM orders\"\"\"",
        "print('Select a role')",
        "log.info('Update customers set in stone')",
        "prompt = 'With all orders from customers, write a poem'",
        "raise ValueError('Delete from the list what is not needed')",
        "help = 'Create table orders first'",
    ] {
        assert_eq!(postgres(code), nothing(), "{code}");
    }
}

#[test]
fn what_may_be_sql_names_but_never_accuses() {
    let got = postgres("QUERY = 'SELECT total, nope FROM orders'\n");
    assert_eq!(got, ["orders.total read perhaps", "orders read perhaps"]);
}

#[test]
fn data_frames_and_copies_name_tables() {
    let got = seen(
        &[(
            "a.py",
            "import pandas as pd\nimport asyncpg\npd.read_sql('SELECT total FROM orders', engine)\ndf.to_sql('new_table', engine)\nawait con.copy_records_to_table('orders', records=r, columns=['id', 'total'])\n",
        )],
        &[],
    );
    assert_eq!(
        got,
        ["orders.total read", "orders read", "new_table write perhaps", "orders write likely", "orders.id write likely", "orders.total write likely"]
    );
}

#[test]
fn the_users_wrappers_are_declared() {
    let call =
        |function: &str, args: &[(&str, Role)]| config::Call { function: function.to_owned(), args: args.iter().map(|(k, v)| ((*k).to_owned(), *v)).collect() };
    let got = seen(
        &[
            ("app/db.py", "import psycopg2\ndef fetch_rows(table, columns, where):\n    ...\n"),
            ("app/use.py", "from app.db import fetch_rows\nfetch_rows('orders', columns=['id', 'nope'], where={'total': 1})\n"),
        ],
        &[call("app.db.fetch_rows", &[("0", Role::Table), ("columns", Role::Columns), ("where", Role::Where)])],
    );
    assert_eq!(got, ["orders read likely", "orders.id read likely", "orders.nope read likely", "orders.total read likely"]);
}

#[test]
fn rows_by_attribute_of_another_cursor_and_under_names() {
    let got = postgres("async def f(con):\n    row = await con.fetchrow('SELECT id FROM orders')\n    return row.id, row.nope, row.keys()");
    assert_eq!(got, ["orders.id read", "orders read", "orders.id read"]);
    // Another method may run something else in between.
    let kept = "class A:\n    def f(self):\n        self.cur.execute('SELECT id FROM orders')\n        row = self.cur.fetchone()\n        return row['id'], row['nope']";
    assert_eq!(postgres(kept), ["orders.id read", "orders read", "orders.id read"]);
    let zipped = |names: &str| {
        postgres(&format!(
            "def f(cur):\n    cur.execute('SELECT id FROM orders')\n    for row in cur.fetchall():\n        d = dict(zip({names}, row))\n        d['id'], d['nope']"
        ))
    };
    assert_eq!(zipped("[c[0] for c in cur.description]"), ["orders.id read", "orders read", "orders.id read"]);
    assert_eq!(zipped("['id']"), ["orders.id read", "orders read"]);
}

#[test]
fn a_row_that_is_handed_to_a_function() {
    let mapper = "def mapped(row):\n    return [row['id'], row['nope']]\n";
    let got = postgres(&format!("{mapper}async def f(con):\n    row = await con.fetchrow('SELECT id FROM orders')\n    return mapped(row)"));
    assert_eq!(got, ["orders.id read likely", "orders.id read", "orders read"]);
}

#[test]
fn rows_are_held_to_their_statement() {
    let got = postgres(
        "
def f(cur):
    cur.execute('SELECT id, total AS sum FROM orders')
    for row in cur.fetchall():
        print(row['id'], row['sum'], row['total'])
",
    );
    assert_eq!(got, ["orders.id read", "orders.total read", "orders read", "orders.id read", "orders.total read", "! key total not selected"]);
    let got = postgres("async def f(con):\n    row = await con.fetchrow('SELECT id FROM orders')\n    return row['nope'], row.get('total')");
    assert_eq!(got[2..], ["! key nope not selected", "! key total not selected likely"]);
    let got = postgres(
        "
def f(cur, a):
    if a:
        cur.execute('SELECT id FROM orders')
    else:
        cur.execute('SELECT name FROM customers')
    row = cur.fetchone()
    return row['name'], row['id'], row['maybe']
",
    );
    assert!(!got.iter().any(|l| l.starts_with('!')), "{got:?}");
}

#[test]
fn what_steps_of_a_history_make_is_there_for_themselves_alone() {
    let app = "import psycopg\ncur.execute('SELECT id, mfg_date FROM orders')\ncur.execute('SELECT id FROM batch')";
    let up = "op.execute('CREATE TABLE batch (id int)')\n    op.execute('INSERT INTO batch (id) SELECT 1')";
    let down = "op.execute('ALTER TABLE orders ADD COLUMN mfg_date date')";
    let step = |head: &str| format!("from alembic import op\n{head}\ndef upgrade():\n    {up}\ndef downgrade():\n    {down}\n");
    let problems = |path: &str, head: &str| seen(&[("app.py", app), (path, &step(head))], &[]).into_iter().filter(|p| p.starts_with('!')).collect::<Vec<_>>();
    assert_eq!(problems("versions/2.py", "revision = '2'\ndown_revision = '1'"), ["! unknown-column at mfg_date", "! unknown-table at batch likely"]);
    assert_eq!(problems("shop/migrations/0002_batch.py", "class Migration: pass"), ["! unknown-column at mfg_date", "! unknown-table at batch likely"]);
    assert_eq!(problems("setup.py", ""), [""; 0], "code that runs beside");
}

#[test]
fn what_the_code_creates_is_there() {
    let got = postgres("cur.execute('CREATE TEMP TABLE batch (id int)')\ncur.execute('SELECT id FROM batch')\ncur.execute('SELECT id FROM lost')");
    assert_eq!(got.iter().filter(|l| l.starts_with('!')).count(), 1, "{got:?}");
}

#[test]
fn pieces_of_sql_inside_a_query() {
    let code = "import psycopg
from sqlalchemy import Column, Integer, String, select, text
from sqlalchemy.orm import declarative_base
Base = declarative_base()
class orders(Base):
    __tablename__ = 'orders'
    id = Column(Integer, primary_key=True)
def f():
    select(orders).where(text('orders.total > 1 AND placed_at < :t')).order_by(text('total DESC'))
def g():
    select(orders).where(text('orders.totl > 1 AND something = 1'))
";
    let found = seen(&[("app.py", code)], &[]);
    let times = |what: &str| found.iter().filter(|f| f.starts_with(what)).count();
    assert_eq!((times("orders.total read"), times("orders.placed_at read"), times("orders.totl")), (2, 1, 0), "{found:?}");
}
