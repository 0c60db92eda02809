//! SQL as text and in files.

use super::holds;

/// A file that names one table of the lock and several that it does not have is rather another database's.
#[test]
fn a_file_with_one_table_of_ours() {
    let strange = "DELETE FROM corp_party; -- # ! warning unknown-table\nDELETE FROM corp_name; -- # ! warning\nDELETE FROM customers WHERE name = 'x';\n";
    holds(&[("data/a.sql", strange)]);
    let ours = "DELETE FROM orders;\nDELETE FROM customers WHERE nme = 'x'; -- # ! error\nDELETE FROM custmers; -- # ! error\n";
    holds(&[("data/b.sql", ours)]);
}

/// Oracle's columns that every row has; a variable of SQL*Plus.
#[test]
fn names_of_oracle_and_its_clients() {
    holds(&[("a.sql", "UPDATE tenants SET last_seen = sysdate WHERE nope = 1;\nDELETE FROM orders WHERE nope = 1 AND rownum < 5;\n")]);
    holds(&[("b.sql", "SELECT id FROM orders WHERE customer_id IN (&group_ids);\nSELECT id FROM orders WHERE customer_id IN (group_ids); -- # ! group_ids\n")]);
}

/// Several holes behind a condition that is whole.
#[test]
fn pieces_that_may_be_empty() {
    let code = "import os
from sqlalchemy import text
HOURS = os.getenv('HOURS', '')
def f(conn, a, b):
    conn.execute(text(f'SELECT o.id FROM orders o WHERE 1 = 1 {a} {b}'))
    conn.execute(text(f\"SELECT o.id FROM orders o WHERE created_at < now() - interval '{HOURS} hours'\"))
    conn.execute(text('SELECT o.id FROM orders o WHERE o.id = true'))  # ! type-mismatch
";
    holds(&[("a.py", code)]);
}

/// The FROM comes with what is put in.
#[test]
fn a_select_list_that_goes_on_in_a_hole() {
    let code = "import psycopg
def f(conn: psycopg.Connection, rest, more):
    conn.execute('SELECT count(*) FROM (SELECT orders.total ' + rest + ') AS a')
    conn.execute(f'SELECT orders.total {rest}')
    conn.execute(f'SELECT orders.total, {more} FROM customers')  # ! orders
    conn.execute(f'SELECT orders.total AS {more} FROM customers')  # ! orders
";
    holds(&[("a.py", code)]);
}

/// A helper that makes the table whose name it is given.
#[test]
fn a_table_made_of_a_name_that_is_given() {
    let code = "import psycopg
from psycopg import sql
def make(conn: psycopg.Connection, name):
    conn.execute(sql.SQL('CREATE TABLE {} (id int)').format(sql.Identifier(name)))
    conn.execute(sql.SQL('INSERT INTO {} VALUES (1)').format(sql.Identifier(name)))
def fill(conn: psycopg.Connection, name):
    conn.execute(sql.SQL('INSERT INTO {} VALUES (1)').format(sql.Identifier(name)))
def f(conn):
    make(conn, 'stuff')
    fill(conn, 'other')  # ! other
";
    holds(&[("a.py", code)]);
}

/// A file that names many tables, and none of ours, fetches from another database; with a few it may be a slip.
#[test]
fn a_file_of_another_database() {
    let all = |n: usize, mark: &str| (0..n).map(|t| format!("DELETE FROM corp_{t};{mark}\n")).collect::<String>();
    holds(&[("data/a.sql", &all(8, "")), ("other/b.sql", &all(7, " -- # ! warning unknown-table"))]);
    // A folder of several, whose files name few each; one that names the lock's tables is judged.
    let (one, two) = ("DELETE FROM corp_a;DELETE FROM corp_b;DELETE FROM corp_c;", "DELETE FROM corp_d;DELETE FROM corp_e;DELETE FROM corp_f;");
    let three = "DELETE FROM corp_g;DELETE FROM corp_h;";
    holds(&[("analysis/x/1.sql", one), ("analysis/y/2.sql", two), ("analysis/y/3.sql", three)]);
    let ours = "SELECT 1 FROM customers; SELECT 1 FROM orders;\nSELECT 1 FROM corp_z; -- # ! unknown-table\n";
    holds(&[("analysis/x/1.sql", one), ("analysis/y/2.sql", two), ("analysis/y/3.sql", three), ("queries/4.sql", ours)]);
}

/// The dump of a database of `SQLite`, told by its words.
#[test]
fn a_dump_of_another_database() {
    holds(&[("a.sql", "PRAGMA foreign_keys=OFF;\nINSERT INTO corp_log VALUES (1, 'x');\n")]);
    holds(&[("b.sql", "INSERT INTO corp_log VALUES (1, 'x'); -- # ! warning unknown-table\n")]);
    holds(&[("c.sql", "PRAGMA foreign_keys=OFF;\nDELETE FROM orders WHERE nope = 1; -- # ! nope\nDELETE FROM corp_log; -- # ! unknown-table\n")]);
}

/// A script that changed tables once ran when the columns were there that it, or a later one, takes away. A query is held to what there is.
#[test]
fn columns_that_scripts_take_away() {
    let first = "CREATE TABLE kept AS SELECT old_total, older, newer FROM orders; -- # ! newer\nCREATE INDEX orders_older ON orders (older);\n";
    let second = "UPDATE orders SET total = old_total;\nALTER TABLE orders DROP COLUMN old_total;\nUPDATE orders SET oldest = 1; -- # ! oldest\n";
    let third = "ALTER TABLE public.orders RENAME COLUMN older TO total;\n";
    let query = "SELECT old_total FROM orders; -- # ! old_total\n";
    holds(&[("schema/up-1.sql", first), ("schema/up-2.sql", second), ("schema/up-3.sql", third), ("queries/totals.sql", query)]);
}

/// A part of a name is another name.
#[test]
fn a_slice_of_a_name() {
    let code = "import psycopg
def f(conn: psycopg.Connection):
    table, column = 'orderss', 'tiers'
    whole = 'orderss'  # ! orderss
    conn.execute(f'SELECT id FROM {table[:-1]}')
    conn.execute(f'SELECT {column[:4]}, nope FROM customers')  # ! nope
    conn.execute(f'SELECT id FROM {whole}')
    for row in conn.execute('SELECT id FROM orders').fetchall()[1:]:
        print(row['nope'])  # ! nope
    conn.execute('SELECT nme FROM customers;'[:-1])  # ! nme
";
    holds(&[("a.py", code)]);
}
