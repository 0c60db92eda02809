//! Histories in a few lines each, and the schema they leave behind.

use super::pull_from;
use crate::schema::Schema;

/// Replays files written as `(path, text)`.
fn pull(files: &[(&str, &str)]) -> Schema {
    let dir = tempfile::tempdir().unwrap();
    for (path, text) in files {
        let path = dir.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    pull_from(dir.path()).unwrap()
}

/// One Alembic revision with that body of `upgrade`.
fn revision(body: &str) -> Schema {
    let body = body.trim_matches('\n').replace('\n', "\n    ");
    let text = format!(
        "import sqlalchemy as sa\nfrom alembic import op\nfrom sqlalchemy.dialects import postgresql\nrevision = 'a'\ndown_revision = None\ndef upgrade():\n    {body}\n"
    );
    pull(&[("versions/a.py", &text)])
}

/// Columns of a table as `name type[ not null]`.
fn columns(schema: &Schema, table: &str) -> Vec<String> {
    let (_, r) = schema.relation(None, table).unwrap_or_else(|| panic!("no table {table} in {:?}", schema.relations.keys()));
    r.columns.iter().map(|c| format!("{} {}{}", c.name, c.ty, if c.not_null { " not null" } else { "" })).collect()
}

#[test]
fn a_table_has_the_types_that_sqlalchemy_renders() {
    let s = revision(
        "op.create_table('t', sa.Column('id', sa.Integer(), primary_key=True), sa.Column('a', sa.String(20), nullable=False, server_default='x'),\n    sa.Column('b', sa.DateTime(timezone=True)), sa.Column('c', postgresql.ARRAY(sa.Text())), sa.Column('d', sa.JSON().with_variant(postgresql.JSONB(), 'postgresql')))",
    );
    assert_eq!(columns(&s, "t"), ["a varchar(20) not null", "b timestamptz", "c text[]", "d jsonb", "id integer not null"]);
    assert!(s.incomplete.is_empty(), "{:?}", s.incomplete);
    let (_, t) = s.relation(None, "t").unwrap();
    assert_eq!(t.column("a").unwrap().default.as_deref(), Some("'x'::varchar"));
    assert!(t.column("id").unwrap().default.as_deref().is_some_and(|d| d.starts_with("nextval('t_id_seq'")), "a sole integer key counts up");
}

#[test]
fn loops_helpers_and_guards_run_as_in_python() {
    let s = revision(
        "
def add(table, *names, kind=sa.Text):
    for n, name in enumerate(names):
        op.add_column(table, sa.Column(f'{name}_{n}', kind()))
op.create_table('t', sa.Column('id', sa.BigInteger(), primary_key=True))
inspector = sa.inspect(op.get_bind())
if not inspector.has_table('u') and 'id' in [c['name'] for c in inspector.get_columns('t')]:
    add('t', 'a', 'b')
if op.get_bind().dialect.name == 'sqlite':
    op.drop_table('t')
with op.batch_alter_table('t') as batch:
    batch.alter_column('a_0', new_column_name='c', nullable=False)
",
    );
    assert_eq!(columns(&s, "t"), ["b_1 text", "c text not null", "id bigint not null"]);
    assert!(s.incomplete.is_empty(), "{:?}", s.incomplete);
}

#[test]
fn what_cannot_be_decided_opens_the_table() {
    let s =
        revision("op.create_table('t', sa.Column('id', sa.Integer()))\nif op.get_bind().execute(sa.text('select 1')).scalar():\n    op.drop_column('t', 'id')");
    assert_eq!(columns(&s, "t"), ["id integer"]);
    assert!(s.relation(None, "t").unwrap().1.open);
    assert_eq!(s.incomplete.len(), 1);
}

#[test]
fn a_branch_that_raises_is_not_the_one_that_ran() {
    let s = revision(
        "op.create_table('t', sa.Column('id', sa.Integer()))\nif op.get_bind().execute(sa.text('select 1')).scalar():\n    op.drop_table('t')\n    raise RuntimeError('no')",
    );
    assert!(s.incomplete.is_empty(), "{:?}", s.incomplete);
}

#[test]
fn an_enum_comes_with_its_table_and_sql_is_read() {
    let s = revision(
        "op.create_table('t', sa.Column('s', sa.Enum('a', 'b', name='state')))\nop.execute(\"ALTER TYPE state ADD VALUE 'c'\")\nop.execute('ALTER TABLE t RENAME COLUMN s TO status')",
    );
    assert_eq!(columns(&s, "t"), ["status state"]);
    assert_eq!(s.enums.values().next().unwrap(), &["a", "b", "c"]);
}

#[test]
fn a_table_that_nothing_creates_is_there_but_open() {
    let s = revision("op.add_column('users', sa.Column('age', sa.Integer()))");
    assert_eq!(columns(&s, "users"), ["age integer"]);
    assert!(s.relation(None, "users").unwrap().1.open);
}

#[test]
fn a_loop_without_end_ends() {
    revision(
        "op.create_table('t', sa.Column('id', sa.Integer()))\nwhile True:\n    rows = op.get_bind().execute(sa.text('select 1')).fetchall()\n    if not rows:\n        break\nx = []\nx.append(x)\nx == [x]",
    );
}

#[test]
fn django_makes_its_own_names() {
    let first = "
from django.db import migrations, models
import django.db.models.deletion
class Migration(migrations.Migration):
    dependencies = []
    operations = [
        migrations.CreateModel(name='Author', fields=[('id', models.BigAutoField(primary_key=True)), ('name', models.CharField(max_length=80, unique=True))]),
        migrations.CreateModel(name='Book', fields=[
            ('id', models.BigAutoField(primary_key=True)),
            ('author', models.ForeignKey(to='shop.author', null=True, on_delete=django.db.models.deletion.CASCADE)),
            ('tags', models.ManyToManyField(to='shop.Author', related_name='tagged')),
        ]),
    ]
";
    let second = "
from django.db import migrations, models
class Migration(migrations.Migration):
    dependencies = [('shop', '0001_initial')]
    operations = [
        migrations.RenameField('book', 'author', 'writer'),
        migrations.AddField('book', 'pages', models.PositiveIntegerField(default=1)),
        migrations.RenameModel('Author', 'Person'),
        migrations.SeparateDatabaseAndState(state_operations=[migrations.AddField('book', 'ghost', models.TextField())], database_operations=[]),
        migrations.RunSQL('ALTER TABLE shop_book ADD COLUMN isbn text'),
    ]
";
    let s = pull(&[("shop/migrations/__init__.py", ""), ("shop/migrations/0001_initial.py", first), ("shop/migrations/0002_more.py", second)]);
    assert_eq!(columns(&s, "shop_person"), ["id bigint not null", "name varchar(80) not null"]);
    assert_eq!(columns(&s, "shop_book"), ["id bigint not null", "isbn text", "pages integer not null", "writer_id bigint"]);
    assert_eq!(columns(&s, "shop_book_tags"), ["book_id bigint not null", "id integer not null", "person_id bigint not null"]);
    assert!(s.incomplete.is_empty(), "{:?}", s.incomplete);
}

/// `DBTRUTH_REPLAY=FOLDER:FILE` writes the lock of a folder of migrations without the whole program.
#[test]
#[ignore = "a tool for measuring"]
fn replay_to_a_file() {
    for pair in std::env::var("DBTRUTH_REPLAY").unwrap_or_default().split(',') {
        let (folder, file) = pair.split_once(':').expect("FOLDER:FILE");
        std::fs::write(file, crate::schema::lock::write(&super::pull_from(std::path::Path::new(folder)).expect("migrations"))).expect("written");
    }
}
