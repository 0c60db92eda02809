//! Histories in a few lines each, and the schema they leave behind.

mod besides;
mod contrib;
mod django;
mod folders;
mod paths;
mod reading;
mod routines;
mod tables;

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
    pull_from(dir.path()).unwrap().0
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

/// Of several folders of SQL migrations the application's is the one with the most steps; examples and documentation never are.
#[test]
fn the_largest_folder_of_sql_migrations() {
    let step = |name: &str| format!("CREATE TABLE {name} (id int);");
    let (a, b, c, d) = (step("a"), step("b"), step("c"), step("d"));
    let schema = pull(&[
        ("aside/migrations/1_a.sql", &a),
        ("backend/migrations/1_b.sql", &b),
        ("backend/migrations/2_c.sql", &c),
        ("docs/migrations/1.sql", &d),
        ("docs/migrations/2.sql", &d),
        ("docs/migrations/3.sql", &d),
    ]);
    assert_eq!(schema.relations.keys().map(|k| k.name.as_str()).collect::<Vec<_>>(), ["b", "c"]);
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

/// An Alembic revision file.
fn step(id: &str, down: &str, body: &str) -> String {
    format!("import sqlalchemy as sa\nfrom alembic import op\nrevision = '{id}'\ndown_revision = {down}\ndef upgrade():\n    {body}\n")
}

#[test]
fn of_folders_for_several_databases_ours_alone_counts() {
    let (ours, other) =
        (step("a", "None", "op.create_table('t', sa.Column('id', sa.BigInteger()))"), step("a", "None", "op.create_table('t', sa.Column('id', sa.Text()))"));
    let s = pull(&[("m/env.py", ""), ("m/versions/postgresql/a.py", &ours), ("m/versions/sqlite/a.py", &other)]);
    assert_eq!(columns(&s, "t"), ["id bigint"]);
    assert!(s.incomplete.is_empty(), "{:?}", s.incomplete);
}

#[test]
fn a_folder_inside_the_revisions_counts_where_they_belong_together() {
    let first = step("a", "None", "op.create_table('t', sa.Column('id', sa.BigInteger()))");
    let old = step("x", "None", "op.create_table('t', sa.Column('id', sa.Text()), sa.Column('old', sa.Text()))");
    let s = pull(&[("m/env.py", ""), ("m/versions/a.py", &first), ("m/versions/legacy/x.py", &old)]);
    assert_eq!(columns(&s, "t"), ["id bigint"]);
    let next = step("b", "'a'", "op.add_column('t', sa.Column('more', sa.Text()))");
    let s = pull(&[("m/env.py", ""), ("m/versions/a.py", &first), ("m/versions/2024/b.py", &next)]);
    assert_eq!(columns(&s, "t"), ["id bigint", "more text"]);
}

#[test]
fn a_table_that_two_histories_create_is_open() {
    let (a, b) =
        (step("a", "None", "op.create_table('t', sa.Column('id', sa.BigInteger()))"), step("b", "None", "op.create_table('t', sa.Column('x', sa.Text()))"));
    let s = pull(&[("one/env.py", ""), ("one/versions/a.py", &a), ("two/env.py", ""), ("two/versions/b.py", &b)]);
    assert!(s.relation(None, "t").unwrap().1.open);
    assert_eq!(s.incomplete[0].reason, "two histories of the project create it");
}

#[test]
fn a_table_that_two_bases_create_is_open_where_nothing_joins_them() {
    let (a, b) =
        (step("a", "None", "op.create_table('t', sa.Column('id', sa.BigInteger()))"), step("b", "None", "op.create_table('t', sa.Column('x', sa.Text()))"));
    let s = pull(&[("m/env.py", ""), ("m/versions/a.py", &a), ("m/versions/b.py", &b)]);
    assert!(s.relation(None, "t").unwrap().1.open);
    assert_eq!(s.incomplete[0].reason, "two histories of the project create it");
    // Joined in the end, they are one history of one database.
    let joined = step("c", "('a', 'b')", "op.add_column('t', sa.Column('y', sa.Text()))");
    let s = pull(&[("m/env.py", ""), ("m/versions/a.py", &a), ("m/versions/b.py", &b), ("m/versions/c.py", &joined)]);
    assert!(s.incomplete.is_empty(), "{:?}", s.incomplete);
}

#[test]
fn what_is_not_alembics_own_is_confessed_and_known_plugins_run() {
    let s = revision("op.create_table('t', sa.Column('s', sa.Enum('a', name='state')))\nop.sync_enum_values('public', 'state', ['a'], ['a', 'b'])");
    assert_eq!(s.enums.values().next().unwrap(), &["a", "b"]);
    let s = revision("op.create_table('t', sa.Column('s', sa.Enum('a', name='state')))\nop.sync_enum_values('public', 'state', ['b'], [('t', 's')])");
    assert_eq!(s.enums.values().next().unwrap(), &["b"]);
    let s = revision("op.create_table('t', sa.Column('id', sa.Integer()))\nop.widen_table('t')\nop.create_trigger('x')\nop.execute(load())");
    assert!(s.relation(None, "t").unwrap().1.open);
    let objects: Vec<_> = s.incomplete.iter().map(|i| i.object.as_str()).collect();
    assert_eq!(objects, ["public.t", "schema"]);
}

#[test]
fn a_function_that_computes_for_ever_ends_and_what_follows_is_replayed() {
    let s = revision(
        "
def rows(n):
    return [rows(n - 1) for _ in range(20)]
op.create_table('t', sa.Column('id', sa.Integer()))
rows(30)
op.add_column('t', sa.Column('more', sa.Text()))
",
    );
    assert_eq!(columns(&s, "t"), ["id integer", "more text"]);
    assert!(s.incomplete.is_empty(), "{:?}", s.incomplete);
}

/// A project with one app, whose only migration has these operations.
fn django(operations: &str) -> Schema {
    let text = format!(
        "from django.db import migrations, models\nimport taggit.managers\nfrom . import own\nclass Migration(migrations.Migration):\n    dependencies = []\n    operations = [{operations}]\n"
    );
    let own = "
from django.db import migrations, models
class Colour(models.CharField):
    def db_type(self, connection):
        return 'inet'
class Plain(models.CharField):
    def __init__(self):
        super().__init__(max_length=150, null=True)
class Lazy(models.CharField):
    def __init__(self, *args, **kwargs):
        kwargs['null'] = True
        kwargs.setdefault('max_length', 7)
        super().__init__(*args, **kwargs)
class Fake(migrations.AddField):
    def database_forwards(self, *args):
        pass
class Aware(migrations.RunSQL):
    def __init__(self, *args, **kwargs):
        kwargs.pop('other')
        super().__init__(*args, **kwargs)
    def database_forwards(self, app_label, schema_editor, from_state, to_state):
        super().database_forwards(app_label, schema_editor, from_state, to_state)
";
    pull(&[("shop/migrations/__init__.py", ""), ("shop/migrations/own.py", own), ("shop/migrations/0001_initial.py", &text)])
}

#[test]
fn a_proxy_has_no_table_and_keys_to_it_point_at_the_model_behind_it() {
    let s = django(
        "migrations.CreateModel('File', fields=[('id', models.BigAutoField(primary_key=True))]),
        migrations.CreateModel('Script', fields=[], options={'proxy': True}, bases=('shop.file',)),
        migrations.CreateModel('Run', fields=[('id', models.BigAutoField(primary_key=True)), ('script', models.ForeignKey(to='shop.script', on_delete=models.CASCADE))])",
    );
    assert!(s.relation(None, "shop_script").is_none());
    let keys = &s.relation(None, "shop_run").unwrap().1.foreign_keys;
    assert_eq!(keys[0].target.to_string(), "public.shop_file");
}

#[test]
fn the_table_behind_a_many_to_many_field_follows_the_field() {
    let s = django(
        "migrations.CreateModel('Team', fields=[('id', models.AutoField(primary_key=True))]),
        migrations.CreateModel('Crew', fields=[('id', models.BigAutoField(primary_key=True))]),
        migrations.CreateModel('Man', fields=[('id', models.AutoField(primary_key=True)), ('teams', models.ManyToManyField(to='shop.Team'))]),
        migrations.AlterField('man', 'teams', models.ManyToManyField(to='shop.Crew'))",
    );
    assert_eq!(columns(&s, "shop_man_teams"), ["crew_id bigint not null", "id integer not null", "man_id integer not null"]);
    let keys = &s.relation(None, "shop_man_teams").unwrap().1.foreign_keys;
    assert!(keys.iter().any(|k| k.columns == ["crew_id"] && k.target.name == "shop_crew"), "{keys:?}");
}

/// What a field's constructor puts among its arguments does not stand in migrations.
#[test]
fn arguments_that_a_constructor_sets() {
    let s = django(
        "migrations.CreateModel('Man', fields=[('id', models.AutoField(primary_key=True)), ('long', own.Lazy(max_length=9)), ('short', own.Lazy(null=False))])",
    );
    assert_eq!(columns(&s, "shop_man"), ["id integer not null", "long varchar(9)", "short varchar(7)"]);
}

/// What an installed app's model has for a key is not known; that the column is there, and what it is called, is. So it is with fields of packages, and with
/// indexes over expressions.
#[test]
fn columns_whose_type_is_not_known() {
    let s = django(
        "migrations.CreateModel('Man', fields=[('id', models.AutoField(primary_key=True)), ('page', models.ForeignKey(to='cms.Page', on_delete=models.CASCADE)), ('face', filer.FilerImageField(to='filer.Image', null=True)), ('secret', vault.SealedField(null=True)), ('pages', models.ManyToManyField(to='cms.Page')), ('size', models.GeneratedField(expression=models.functions.Length('secret'), output_field=models.IntegerField(), null=False))]),
        migrations.AddField('man', 'root', models.OneToOneField(to='cms.Page', null=True, on_delete=models.CASCADE)),
        migrations.AddConstraint('man', models.UniqueConstraint(models.functions.Lower('secret'), name='one'))",
    );
    let man = ["face_id unknown", "id integer not null", "page_id unknown not null", "root_id unknown", "secret unknown", "size integer not null"];
    assert_eq!(columns(&s, "shop_man"), man);
    assert_eq!(columns(&s, "shop_man_pages"), ["id integer not null", "man_id integer not null", "page_id unknown not null"]);
    assert!(s.incomplete.iter().all(crate::schema::Incomplete::leaves_columns), "{:?}", s.incomplete);
    // The lock says so too, and is read so.
    let read = crate::schema::lock::read(&crate::schema::lock::write(&s)).unwrap();
    let name = crate::schema::QualifiedName::new("public", "shop_man");
    assert!(!read.relations[&name].open && !read.knows_keys(&name));
}

/// An app whose migrations others follow is there, though neither it nor the settings that install it were seen.
#[test]
fn apps_that_migrations_follow() {
    let text = "from django.db import migrations, models\nclass Migration(migrations.Migration):\n    dependencies = [('catalog', '0009_more'), ('auth', '0001_initial'), ('shop', '0000_gone')]\n    operations = [migrations.CreateModel('Man', fields=[('id', models.AutoField(primary_key=True))])]\n";
    let s = pull(&[("shop/migrations/0001_initial.py", text)]);
    let found: Vec<&str> = s.incomplete.iter().filter(|i| i.reason == crate::schema::INSTALLED_APP).map(|i| i.object.as_str()).collect();
    assert_eq!(found, ["catalog"]);
    assert!(s.may_be_of_installed_app("catalog_page") && !s.may_be_of_installed_app("catalogs"));
}

/// Functions that move rows about do nothing to tables, however long they take.
#[test]
fn functions_of_migrations_that_no_schema_depends_on() {
    let work = "def work(apps, schema_editor):\n    for a in range(1000):\n        for b in range(1000):\n            str(b)\n";
    let run = "migrations.RunPython(work), ".repeat(8);
    let text = |work: &str| {
        format!(
            "from django.db import migrations, models\n{work}class Migration(migrations.Migration):\n    operations = [{run}migrations.CreateModel('Man', fields=[('id', models.AutoField(primary_key=True))])]\n"
        )
    };
    assert!(pull(&[("shop/migrations/0001_initial.py", &text(work))]).incomplete.is_empty());
    let sends = work.replace("str(b)", "schema_editor.execute(b)");
    assert!(!pull(&[("shop/migrations/0001_initial.py", &text(&sends))]).incomplete.is_empty());
}

#[test]
fn fields_and_operations_of_the_project_are_what_their_classes_say() {
    let s = django(
        "migrations.CreateModel('Man', fields=[('id', models.AutoField(primary_key=True)), ('ip', own.Colour(max_length=5)), ('tags', taggit.managers.TaggableManager(to='x'))]),
        own.Fake('man', 'ghost', models.TextField()),
        own.Aware('ALTER TABLE shop_man ADD real text', other=None),
        migrations.AlterField('man', 'ip', own.Colour(max_length=5, null=True, db_default='::1')),
        migrations.AddField('man', 'nick', own.Plain()),
        migrations.AlterOrderWithRespectTo('man', 'ip')",
    );
    assert_eq!(columns(&s, "shop_man"), ["_order integer not null", "id integer not null", "ip inet", "nick varchar(150)", "real text"]);
    assert!(s.relation(None, "shop_man").unwrap().1.column("ip").unwrap().default.is_some());
    assert!(s.incomplete.is_empty(), "{:?}", s.incomplete);
}

#[test]
fn migrations_may_lie_where_the_settings_say() {
    let text = "from django.db import migrations, models\nclass Migration(migrations.Migration):\n    operations = [migrations.CreateModel('Man', fields=[('id', models.AutoField(primary_key=True))])]\n";
    let settings = "# (a comment\nINSTALLED_APPS = (\n    # closed) here\n    'django.contrib.sessions',\n)\nMIGRATION_MODULES = {'shop': 'store.history'}\n";
    let s = pull(&[("settings/base.py", settings), ("store/history/0001_initial.py", text)]);
    assert_eq!(columns(&s, "shop_man"), ["id integer not null"]);
    assert!(s.relation(None, "django_session").is_some());
    let settings = "class Base(Settings):\n    @property\n    def INSTALLED_APPS(self):\n        apps = [\n            'django.contrib.sessions',\n        ]\n        return apps\n";
    for place in ["settings/base.py", "site/conf/base.py"] {
        let s = pull(&[(place, settings), ("shop/migrations/0001_initial.py", text)]);
        assert!(s.relation(None, "django_session").is_some(), "{place}");
    }
}

#[test]
fn installed_apps_may_be_annotated_or_put_together() {
    let text = "from django.db import migrations, models\nclass Migration(migrations.Migration):\n    operations = [migrations.CreateModel('Man', fields=[('id', models.AutoField(primary_key=True))])]\n";
    for settings in [
        "INSTALLED_APPS: tuple[str, ...] = (\n    'django.contrib.sessions',\n)\n",
        "OWN_APPS = ['shop']\nDJANGO_APPS = [\n    'django.contrib.sessions',\n]\nINSTALLED_APPS = DJANGO_APPS + OWN_APPS + (['debug'] if DEBUG else [])\n",
    ] {
        let s = pull(&[("settings.py", settings), ("shop/migrations/0001_initial.py", text)]);
        assert!(s.relation(None, "django_session").is_some(), "{settings}");
    }
}

/// Lists that are named alike count only where `INSTALLED_APPS` is put together of them, be it over others or in another file.
#[test]
fn only_what_installed_apps_is_made_of_is_installed() {
    let text = "from django.db import migrations, models\nclass Migration(migrations.Migration):\n    operations = [migrations.CreateModel('Man', fields=[('id', models.AutoField(primary_key=True))])]\n";
    for (settings, more, has) in [
        ("EXCLUDED_APPS = ['django.contrib.sessions']\nINSTALLED_APPS = ['shop']\n", "", false),
        ("ALL_APPS = ['shop']\nEXCLUDED_APPS = ['django.contrib.sessions']\nINSTALLED_APPS = [a for a in ALL_APPS if a not in EXCLUDED_APPS]\n", "", false),
        ("CORE_APPS = ['django.contrib.sessions']\nOUR_APPS = [*CORE_APPS, 'shop']\nINSTALLED_APPS = OUR_APPS\n", "", true),
        ("from .parts import CORE_APPS\nINSTALLED_APPS = ['shop'] + CORE_APPS\n", "CORE_APPS = ['django.contrib.sessions']\n", true),
        ("MORE_APPS = ['django.contrib.sessions']\nINSTALLED_APPS = ['shop']\nfor app in MORE_APPS:\n    INSTALLED_APPS.append(app)\n", "", true),
        ("CORE_APPS = ['django.contrib.sessions']\nINSTALLED_APPS = collected()\n", "", true),
    ] {
        let s = pull(&[("settings/base.py", settings), ("settings/parts.py", more), ("shop/migrations/0001_initial.py", text)]);
        assert_eq!(s.relation(None, "django_session").is_some(), has, "{settings}");
    }
}

#[test]
fn the_label_of_an_app_may_stand_in_its_package() {
    let text = "from django.db import migrations, models\nclass Migration(migrations.Migration):\n    operations = [migrations.CreateModel('Man', fields=[('id', models.AutoField(primary_key=True))])]\n";
    let app = "from base import AppConfig\nclass Shop(AppConfig):\n    name = 'plugin.app'\n    label = 'shop'\n";
    let s = pull(&[("plugin/app/__init__.py", app), ("plugin/app/migrations/__init__.py", ""), ("plugin/app/migrations/0001_initial.py", text)]);
    assert_eq!(columns(&s, "shop_man"), ["id integer not null"]);
}

#[test]
fn conditions_that_ask_for_the_database_by_its_name() {
    let s = revision(
        "
if not settings.pg_uri_or_nothing:
    return
op.create_table('t', sa.Column('id', sa.Integer()))
if is_sqlite:
    op.drop_table('t')
if settings.engine == Engine.POSTGRES:
    op.add_column('t', sa.Column('a', sa.Text()))
if engine.kind != Engine.SQLITE:
    op.add_column('t', sa.Column('b', sa.Text()))
",
    );
    assert_eq!(columns(&s, "t"), ["a text", "b text", "id integer"]);
    assert!(s.incomplete.is_empty(), "{:?}", s.incomplete);
    // A name that only begins so asks for something else.
    assert!(!revision("if postgres_index_exists:\n    op.create_table('t', sa.Column('id', sa.Integer()))").incomplete.is_empty());
}

#[test]
fn what_is_not_known_of_a_table_is_not_known_under_its_new_name() {
    let s = revision("op.add_column('t', sa.Column('a', sa.Text()))\nop.rename_table('t', 'u')");
    assert!(s.incomplete.iter().any(|i| i.object == "public.u"), "{:?}", s.incomplete);
}

#[test]
fn a_table_that_two_histories_make_is_not_known_even_where_one_renames() {
    let revision = |body: &str| format!("import sqlalchemy as sa\nfrom alembic import op\nrevision = 'a'\ndown_revision = None\ndef upgrade():\n    {body}\n");
    let one = revision("op.create_table('u', sa.Column('id', sa.Integer()))");
    let two = revision("op.create_table('t', sa.Column('id', sa.Integer()))\n    op.rename_table('t', 'u')");
    let s = pull(&[("one/env.py", ""), ("one/versions/a.py", &one), ("two/env.py", ""), ("two/versions/a.py", &two)]);
    assert!(s.incomplete.iter().any(|i| i.object == "public.u"), "{:?}", s.incomplete);
}

#[test]
fn what_alter_if_exists_passes_over_is_confessed() {
    let add = ("migrations/001_more.sql", "ALTER TABLE IF EXISTS t ADD COLUMN IF NOT EXISTS extra text;\nALTER TABLE IF EXISTS gone ADD x int;\n");
    let s = pull(&[add, ("migrations/002_t.sql", "CREATE TABLE t (id int);\n")]);
    assert!(s.relation(None, "t").unwrap().1.open && s.relation(None, "gone").is_none());
    assert_eq!(s.incomplete.len(), 1, "{:?}", s.incomplete);
    // It has the column after all, or was made anew.
    let s = pull(&[add, ("migrations/002_t.sql", "CREATE TABLE t (id int, extra text);\n")]);
    assert!(s.incomplete.is_empty(), "{:?}", s.incomplete);
    let s = pull(&[add, ("migrations/002_t.sql", "DROP TABLE IF EXISTS t;\nCREATE TABLE t (id int);\n")]);
    assert!(s.incomplete.is_empty(), "{:?}", s.incomplete);
    let s = pull(&[add, ("migrations/init/1_t.sql", "CREATE TABLE t (id int);\n")]);
    assert_eq!(columns(&s, "t"), ["extra text", "id integer"]);
}

#[test]
fn a_sequence_altered_as_a_table_is_no_table() {
    let s = pull(&[(
        "migrations/1.sql",
        "CREATE TABLE t (id int);\nCREATE SEQUENCE t_id_seq;\nALTER TABLE t_id_seq OWNER TO me;\nALTER TABLE public.t_id_seq OWNER TO me;\nALTER TABLE u OWNER TO me;\n",
    )]);
    assert_eq!(s.relations.keys().map(ToString::to_string).collect::<Vec<_>>(), ["public.t", "public.u"]);
    assert_eq!(s.incomplete.len(), 1, "{:?}", s.incomplete);
}

#[test]
fn what_a_template_may_make_is_open() {
    let text = "CREATE TABLE plain (id int) {{ space }};\n{% if more %}\nCREATE TABLE maybe (id int);\n{% endif %}\n";
    let s = pull(&[("sql/tables.sql", text)]);
    assert!(s.relation(None, "maybe").unwrap().1.open && !s.relation(None, "plain").unwrap().1.open);
    assert_eq!(s.incomplete[0].object, "public.maybe");
    let s = pull(&[("sql/tables.sql", &format!("{text}{{% for p in parts %}}CREATE TABLE part_{{{{ p }}}} (id int);{{% endfor %}}"))]);
    assert!(s.relations.keys().all(|k| !k.name.contains("part")) && s.incomplete.iter().any(|i| i.object == crate::schema::WHOLE), "{:?}", s.incomplete);
}

#[test]
fn sql_for_another_database_gives_no_lock() {
    let clickhouse = "CREATE TABLE a.t (`Timestamp` DateTime64(9) CODEC(Delta(8), ZSTD(1)), `Id` String) ENGINE = MergeTree() ORDER BY Id;";
    let refused = |path: &str| {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, clickhouse).unwrap();
        pull_from(dir.path()).is_err()
    };
    assert!(refused("clickhouse/migrations/0001_init.sql") && refused("migrations/0001_init.sql"));
}

/// `DBTRUTH_REPLAY=FOLDER:FILE` writes the lock of a folder of migrations without the whole program.
#[test]
#[ignore = "a tool for measuring"]
fn replay_to_a_file() {
    for pair in std::env::var("DBTRUTH_REPLAY").unwrap_or_default().split(',') {
        let (folder, file) = pair.split_once(':').expect("FOLDER:FILE");
        std::fs::write(file, crate::schema::lock::write(&super::pull_from(std::path::Path::new(folder)).expect("migrations").0)).expect("written");
    }
}

#[test]
fn a_plan_of_sqitch_says_the_order() {
    let plan = "%syntax-version=1.0.0\n%project=shop\n\nzones 2019-01-01T00:00:00Z A <a@b.c> # first\norders [zones] 2019-01-02T00:00:00Z A <a@b.c> # then\n@v1 2019-01-03T00:00:00Z A <a@b.c> # tag\norders [orders@v1] 2019-01-04T00:00:00Z A <a@b.c> # again\n";
    let s = pull(&[
        ("db/sqitch.plan", plan),
        ("db/deploy/zones.sql", "begin; set local search_path to app; create schema app; create table zones (id int primary key); commit;"),
        ("db/deploy/orders@v1.sql", "create table orders (id int, zone int references app.zones);"),
        ("db/deploy/orders.sql", "alter table orders add column note text;"),
        ("db/revert/orders.sql", "drop table orders;"),
        ("db/verify/orders.sql", "select 1/0;"),
    ]);
    assert_eq!(columns(&s, "orders"), ["id integer", "note text", "zone integer"]);
    assert!(s.relation(Some("app"), "zones").is_some(), "{:?}", s.relations.keys());
}

#[test]
fn the_search_path_of_the_code_goes_into_the_lock() {
    let ddl = ("migrations/1.sql", "create schema app; create table app.orders (id int); create table places (id int);");
    let path = |code: &str| pull(&[ddl, ("setup.py", ""), ("app/db.py", code)]).search_path;
    assert_eq!(path("cur.execute('SET search_path TO app, gone, public')"), ["app", "public"]);
    assert_eq!(path("cur.execute('SET search_path TO app')"), ["app", "public"]);
    assert_eq!(path("cur.execute('SET search_path TO public, app')\ncur.execute('SET search_path TO app')"), ["public", "app"]);
    assert_eq!(path("cur.execute(f'SET search_path TO {x}')"), ["public"]);
}

#[test]
fn functions_that_add_columns_are_run() {
    let s = revision(
        "
op.create_table('places', sa.Column('id', sa.Integer()))
conn = op.get_bind()
conn.execute(\"SELECT AddGeometryColumn('public','places','geom',4326,'POINT',2);\")
conn.execute('CREATE INDEX idx_geom ON places USING GIST(geom);')
",
    );
    assert_eq!(columns(&s, "places"), ["geom geometry(Point,4326)", "id integer"]);
}

#[test]
fn steps_on_a_schema_that_another_file_makes_begin_with_that_file() {
    let steps = [
        ("db/patches/0001.sql", "alter table shop.orders add column note text;"),
        ("db/patches/0002.sql", "alter table shop.lines drop column odd; create table later (id int);"),
    ];
    let base =
        ("db/shop_unpatched.sql", "create schema shop; CREATE TABLE shop.orders ( id int ); create table if not exists shop.\"lines\" (id int, odd int);");
    let other = ("db/lookups.sql", "create table shop.orders (id int, all_else int); insert into x values (1);");
    let s = pull(&[steps[0], steps[1], base, other]);
    let columns = |name| s.relation(Some("shop"), name).unwrap().1.columns.iter().map(|c| c.name.clone()).collect::<Vec<_>>();
    assert_eq!((columns("orders"), columns("lines")), (vec!["id".to_owned(), "note".to_owned()], vec!["id".to_owned()]));
    let alone = pull(&[steps[0], steps[1], ("db/odd.sql", "create table elsewhere (id int);")]);
    assert!(alone.relation(None, "elsewhere").unwrap().1.open);
}

/// Alembic's template `multidb`: one function for each database.
#[test]
fn a_revision_with_a_step_for_each_engine() {
    let text = "import sqlalchemy as sa\nfrom alembic import op\nrevision = 'a'\ndown_revision = None\ndef upgrade(engine_name):\n    globals()['upgrade_%s' % engine_name]()\ndef upgrade_main():\n    op.create_table('t', sa.Column('id', sa.Integer()))\ndef upgrade_logs():\n    op.create_table('l', sa.Column('id', sa.Integer()))\n";
    let s = pull(&[("versions/a.py", text)]);
    assert_eq!((columns(&s, "t"), columns(&s, "l"), s.incomplete.len()), (vec!["id integer".to_owned()], vec!["id integer".to_owned()], 0));
}

/// A repository whose top is a package ends there.
#[test]
fn models_of_a_neighbour_are_not_ours() {
    let model = |table: &str| {
        format!(
            "from sqlalchemy import Column, Integer\nfrom sqlalchemy.orm import declarative_base\nBase = declarative_base()\nclass M(Base):\n    __tablename__ = '{table}'\n    id = Column(Integer, primary_key=True)\n"
        )
    };
    let revision = "from alembic import op\nimport sqlalchemy as sa\nrevision = 'a'\ndown_revision = None\ndef upgrade():\n    op.add_column('ours', sa.Column('x', sa.Integer()))\n";
    let dir = tempfile::tempdir().unwrap();
    for (path, text) in [
        ("p/.git/HEAD", ""),
        ("p/__init__.py", ""),
        ("p/models.py", &model("ours")),
        ("p/versions/a.py", revision),
        ("q/models.py", &model("theirs")),
        ("pyproject.toml", ""),
    ] {
        let path = dir.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    let s = pull_from(&dir.path().join("p")).unwrap().0;
    assert_eq!(s.relations.keys().map(|k| k.name.as_str()).collect::<Vec<_>>(), ["ours"]);
}
