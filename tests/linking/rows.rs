//! Rows: what a query gives, what a function hands on, what is written.

use super::holds;

/// Rows are filled in after they were put into a list, by a loop, by their place or by a helper.
#[test]
fn rows_that_get_keys_later() {
    let head = "from supabase import create_client\nsb = create_client('', '')\n";
    let ways = [
        "for r in rows:\n        r['customer_id'] = 1",
        "for r in rows:\n        r.update({'customer_id': 1})",
        "for n, r in enumerate(rows):\n        r['customer_id'] = n",
        "for n in range(len(rows)):\n        rows[n]['customer_id'] = n",
        "for r in rows:\n        if given:\n            r['customer_id'] = 1",
        "fill(rows)",
        "for r in rows:\n        stamp(r)",
        "same = rows\n    for r in same:\n        r.setdefault('customer_id', 1)",
    ];
    for made in ["[{'total': x} for x in given]", "[{'total': 1}, {'total': 2}]"] {
        for way in ways {
            let code = format!(
                "{head}def fill(rows):\n    for row in rows:\n        row['customer_id'] = 1\ndef stamp(row):\n    row['customer_id'] = 1\n    return row\ndef f(given):\n    rows = {made}\n    {way}\n    sb.table('orders').insert(rows).execute()\n"
            );
            holds(&[("a.py", &code)]);
        }
    }
    let code = format!(
        "{head}def look(rows):\n    for row in rows:\n        print(row['total'])\n    return len(rows)\ndef f(given):\n    rows = []\n    for x in given:\n        row = {{'total': x}}\n        rows.append(row)\n        row['customer_id'] = x\n    sb.table('orders').insert(rows).execute()\n    more = [{{'total': x}} for x in given]\n    look(more)\n    sb.table('orders').insert(more).execute()  # ! customer_id\n    base = {{'total': 1}}\n    one = base.copy()\n    one['customer_id'] = 1\n    sb.table('orders').insert(one).execute()\n    sb.table('orders').insert(base).execute()  # ! customer_id\n    also = base\n    also['customer_id'] = 1\n    sb.table('orders').insert(base).execute()\n"
    );
    holds(&[("a.py", &code)]);
}

/// Two calls of one function give two dicts.
#[test]
fn what_a_call_gives_is_no_other_calls() {
    let code = "from supabase import create_client
sb = create_client('', '')
def base():
    return {'name': 'x'}
def f():
    one = base()
    two = base()
    one['tier'] = 'x'
    two['last_seen'] = 'x'
    sb.table('customers').insert(one).execute()
    sb.table('tenants').insert(two).execute()
";
    holds(&[("a.py", code)]);
}

/// A function that gives a row here and something else there; a row with keys of one's own.
#[test]
fn rows_beside_what_is_not_known() {
    let code = "import psycopg
from psycopg.rows import dict_row
from elsewhere import other
def one(conn: psycopg.Connection, kind):
    with conn.cursor(row_factory=dict_row) as cur:
        cur.execute('SELECT id, name FROM customers')
        if kind:
            return cur.fetchone()
        return other(conn)
def two(conn: psycopg.Connection):
    with conn.cursor(row_factory=dict_row) as cur:
        row = cur.execute('SELECT id, name FROM customers').fetchone()
        return dict(row, mine=True)
def three(conn: psycopg.Connection):
    with conn.cursor(row_factory=dict_row) as cur:
        return dict(cur.execute('SELECT id, name FROM customers').fetchone())
def f(conn):
    one(conn, 1)['state']
    two(conn)['mine']
    three(conn)['mine']  # ! no key `mine`
";
    holds(&[("a.py", code)]);
}

#[test]
fn a_dump_has_computed_fields() {
    let code = "from pydantic import BaseModel, computed_field
from supabase import create_client
sb = create_client('', '')
class In(BaseModel):
    tier: str
    @computed_field
    @property
    def name(self) -> str:
        return 'x'
    @property
    def more(self):
        return 1
def f(given: In):
    sb.table('customers').insert(given.model_dump()).execute()
    sb.table('customers').insert(given.model_dump(exclude={'name'})).execute()  # ! `name`
";
    holds(&[("a.py", code)]);
}

/// Which of several dicts it is may hang on what it is written to.
#[test]
fn a_helper_with_a_dict_for_each_kind() {
    let code = "from sqlalchemy import BigInteger, Column, Text
from sqlalchemy.orm import declarative_base
Base = declarative_base()
class Customer(Base):
    __tablename__ = 'customers'
    id = Column(BigInteger, primary_key=True)
    name = Column(Text, nullable=False)
def values(kind):
    if kind == 'tenant':
        found = {'last_seen': 1}  # ! warning
    else:
        found = {'name': 'x'}
    return found
def f(session):
    session.query(Customer).filter_by(id=1).update(values('customer'))
    session.query(Customer).filter_by(id=1).update({'last_seen': 1})  # ! error
";
    holds(&[("a.py", code)]);
}

/// A query that is made once more without a column, should the first one fail.
#[test]
fn a_query_with_a_fallback() {
    let code = "import psycopg
from supabase import create_client
sb = create_client('', '')
def f(conn: psycopg.Connection):
    try:
        sb.table('customers').select('id,name,phone').execute()  # ! warning
    except Exception:
        sb.table('customers').select('id,name').execute()
    try:
        conn.execute('SELECT id, phone FROM customers')  # ! warning
    except psycopg.Error:
        conn.execute('SELECT id FROM customers')
    try:
        sb.table('customers').insert({'name': 'x', 'phone': 1}).execute()  # ! error
    except Exception:
        sb.table('customers').update({'tier': 'failed'}).eq('id', 1).execute()
    try:
        sb.table('customers').select('id,phone').execute()  # ! error
    finally:
        sb.table('customers').select('id').execute()
";
    holds(&[("a.py", code)]);
}

#[test]
fn a_loop_over_a_cursor() {
    let code = "import psycopg2
from psycopg2.extras import RealDictCursor
def f(conn):
    with conn.cursor(cursor_factory=RealDictCursor) as cur:
        cur.execute('SELECT id FROM customers')
        for r in cur:
            print(r['id'], r['name'])  # ! no key `name`
        cur.execute('SELECT name FROM customers')
        return [(r['name'], r['id']) for r in cur]  # ! no key `id`
";
    holds(&[("a.py", code)]);
}

/// What so many members have in common is not looked for: that would take a minute.
#[test]
fn a_list_of_a_hundred_thousand() {
    let members: String = (0..100_000).map(|n| format!("    'r{n}',\n")).collect();
    holds(&[("a.py", &format!("m = [\n{members}]\ndef f(i):\n    return m[i]\n"))]);
}
