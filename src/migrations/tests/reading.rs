//! Migrations that read their SQL from a file.

use super::{columns, pull};

#[test]
fn a_file_of_sql_that_a_migration_reads_is_run() {
    let ways = [
        "op.execute(open(os.path.join(os.path.dirname(__file__), '..', 'sql', 'up.sql')).read())",
        "with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), '../sql/up.sql'), encoding='utf-8') as f:\n        op.execute(sa.text(f.read()))",
        "op.execute((Path(__file__).resolve().parent.parent / 'sql' / 'up.sql').read_text())",
        "op.execute(Path(__file__).parents[1].joinpath('sql', 'up.sql').read_text(encoding='utf-8'))",
        "op.execute(HERE.joinpath('up.sql').open().read())",
        "op.execute(open('sql/up.sql').read())",
        "op.execute(open(f'{HERE}/up.sql', 'rb').read().decode('utf-8'))",
        "op.execute(open(str(HERE) + '/up.sql').read())",
        "op.execute(Path(os.path.splitext('%s/up.py' % HERE)[0] + '.sql').read_text())",
        "op.execute((HERE / os.path.basename('x/up.sql')).read_text())",
        "path = HERE / 'up'\n    op.execute(path.with_suffix('.sql').read_text())",
        "for s in HERE.joinpath('up.sql').read_text().split(';'):\n        if s.strip():\n            op.execute(s)",
    ];
    let run = |body: &str, sql: &str| {
        let head = "import os\nfrom pathlib import Path\nimport sqlalchemy as sa\nfrom alembic import op\nrevision = 'a'\ndown_revision = None\nHERE = Path(__file__).parent.parent / 'sql'\n";
        pull(&[
            ("versions/a.py", &format!("{head}def upgrade():\n    {body}\n    op.create_table('u', sa.Column('id', sa.Integer()))\n")),
            (sql, "CREATE TABLE t (id int);\nALTER TABLE t ADD c text;"),
        ])
    };
    for way in ways {
        let s = run(way, "sql/up.sql");
        assert!(s.incomplete.is_empty(), "{way}: {:?}", s.incomplete);
        assert_eq!(columns(&s, "t"), ["c text", "id integer"], "{way}");
    }
    // What is not there, or is no SQL, stays unknown.
    for (way, file) in [
        (ways[0], "sql/other.sql"),
        ("op.execute(open(f'{HERE}/up.txt').read())", "sql/up.txt"),
        ("op.execute(open(HERE / 'up.sql', 'w').read())", "sql/up.sql"),
    ] {
        assert!(!run(way, file).incomplete.is_empty(), "{way}");
    }
}

#[test]
fn a_file_in_a_package_that_a_migration_reads_is_run() {
    let run = |import: &str, body: &str| {
        let text = format!(
            "import sqlalchemy as sa\nfrom alembic import op\n{import}\nrevision = 'a'\ndown_revision = None\ndef upgrade():\n    {body}\n    op.create_table('u', sa.Column('id', sa.Integer()))\n"
        );
        pull(&[
            ("src/shop/migrations/versions/a.py", &text),
            ("src/shop/migrations/versions/beside.sql", "CREATE TABLE t (id int);"),
            ("src/shop/data/up.sql", "CREATE TABLE t (id int);"),
        ])
    };
    for (import, body) in [
        ("import importlib.resources", "op.execute(importlib.resources.read_text('shop.data', 'up.sql'))"),
        ("from importlib import resources", "op.execute(resources.files('shop.data').joinpath('up.sql').read_text())"),
        ("from importlib.resources import files", "op.execute((files('shop') / 'data' / 'up.sql').read_text(encoding='utf-8'))"),
        ("import importlib.resources as r\nimport shop.data", "op.execute(r.open_text(shop.data, 'up.sql').read())"),
        ("import pkgutil", "op.execute(pkgutil.get_data(__name__, 'beside.sql').decode('utf-8'))"),
        ("from pkgutil import get_data", "op.execute(get_data('shop', 'data/up.sql').decode())"),
        ("import pkg_resources", "op.execute(pkg_resources.resource_string('shop.data', 'up.sql').decode())"),
    ] {
        let s = run(import, body);
        assert_eq!((columns(&s, "t"), s.incomplete.len()), (vec!["id integer".to_owned()], 0), "{body}");
    }
    assert!(!run("import pkgutil", "op.execute(pkgutil.get_data(__name__, 'gone.sql').decode())").incomplete.is_empty());
}

/// A program gives the session a search path that its scripts do not say: a bare name that the path does not reach means the one table of that name.
#[test]
fn a_bare_name_beyond_the_search_path() {
    let first = "CREATE SCHEMA shop; CREATE TABLE shop.orders (id int, old int); CREATE SCHEMA a; CREATE SCHEMA b; CREATE TABLE a.twice (id int); CREATE TABLE b.twice (id int);";
    let second = "ALTER TABLE orders ADD COLUMN total int, DROP COLUMN old; ALTER TABLE twice ADD COLUMN x int;";
    let s = pull(&[("migrations/0001.sql", first), ("migrations/0002.sql", second)]);
    let names = |schema: &str, table: &str| s.relation(Some(schema), table).map(|t| t.1.columns.iter().map(|c| c.name.as_str()).collect::<Vec<_>>().join(" "));
    assert_eq!(names("shop", "orders").as_deref(), Some("id total"));
    assert_eq!(names("public", "orders"), None);
    // Which of two is meant, nobody can tell.
    assert_eq!((names("a", "twice").as_deref(), names("b", "twice").as_deref(), names("public", "twice").as_deref()), (Some("id"), Some("id"), Some("x")));
}

/// `text.split(";")[:-1]`: all but what is no statement.
#[test]
fn statements_of_a_file_one_by_one() {
    let code = "import os
from alembic import op
revision = 'a'
down_revision = None
def upgrade():
    here = os.path.dirname(os.path.abspath(__file__))
    with open(os.path.join(here, 'dump.sql')) as f:
        for statement in f.read().split(';\\n')[:-1]:
            if not statement or statement.startswith('--'):
                continue
            op.execute(statement)
";
    let s = pull(&[("versions/a.py", code), ("versions/dump.sql", "CREATE TABLE a (id int);\n\nCREATE TABLE b (id int);\n-- done\n")]);
    assert_eq!(s.relations.keys().map(|k| k.name.as_str()).collect::<Vec<_>>(), ["a", "b"]);
}
