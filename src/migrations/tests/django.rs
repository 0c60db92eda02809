//! What Django's operations leave behind.

use super::{columns, pull};
use crate::schema::Schema;

/// Migrations of one app, each a list of operations.
fn app(migrations: &[&str]) -> Schema {
    let texts: Vec<(String, String)> = migrations
        .iter()
        .enumerate()
        .map(|(n, operations)| {
            let after = if n == 0 { String::new() } else { format!("('shop', '000{n}')") };
            let text = format!(
                "from django.conf import settings\nfrom django.db import migrations, models\nclass Migration(migrations.Migration):\n    dependencies = [{after}]\n    operations = [{operations}]\n"
            );
            (format!("shop/migrations/000{}.py", n + 1), text)
        })
        .collect();
    let files: Vec<(&str, &str)> = texts.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
    pull(&files)
}

fn tables(s: &Schema) -> Vec<String> {
    s.relations.iter().map(|(name, r)| format!("{name}{}", if r.open { " open" } else { "" })).collect()
}

const KEY: &str = "('id', models.AutoField(primary_key=True))";

/// Migrations that Python 2 wrote have bytes where text is meant.
#[test]
fn bytes_of_python_2() {
    let s = app(&[&format!(
        "migrations.CreateModel(name=b'Task', fields=[{KEY}, (b'due', models.DateField(db_column=b'due_on'))], options={{b'db_table': b'tasks'}})"
    )]);
    assert_eq!(columns(&s, "tasks"), ["due_on date not null", "id integer not null"]);
}

/// `AlterModelOptions` takes `managed` back where it does not name it.
#[test]
fn models_that_become_managed_and_unmanaged() {
    let make = |options: &str| format!("migrations.CreateModel('Org', fields=[{KEY}], options={{{options}}})");
    let (sql, add) = ("migrations.RunSQL('CREATE TABLE shop_org (id int)'),", "migrations.AddField('org', 'notes', models.TextField())");
    let many = "migrations.AddField('org', 'kin', models.ManyToManyField(to='shop.org'))";
    let after = |options: &str| {
        let s = app(&[&format!("{sql}{}", make("'managed': False")), &format!("migrations.AlterModelOptions('org', options={options}), {add}, {many}")]);
        (columns(&s, "shop_org").len(), tables(&s))
    };
    let both = vec!["public.shop_org".to_owned(), "public.shop_org_kin".to_owned()];
    assert_eq!(after("{}"), (2, both.clone()));
    assert_eq!(after("{'managed': True, 'ordering': ['id']}"), (2, both));
    assert_eq!(after("{'managed': False}"), (1, vec!["public.shop_org".to_owned()]));
    assert_eq!(after("{'managed': settings.TESTING}"), (1, vec!["public.shop_org open".to_owned()]));
    // Unmanaged, it keeps its table.
    let s = app(&[&make(""), "migrations.AlterModelOptions('org', options={'managed': False}), migrations.DeleteModel('Org')"]);
    assert_eq!(tables(&s), ["public.shop_org"]);
    let s = app(&[&make(""), "migrations.AlterModelOptions('org', options={'ordering': ['id']}), migrations.DeleteModel('Org')"]);
    assert!(s.relations.is_empty());
    // What others made stays theirs.
    let s = app(&[&make("'managed': False"), "migrations.AlterModelOptions('org', options={})"]);
    assert_eq!(s.incomplete.iter().map(|i| i.object.as_str()).collect::<Vec<_>>(), ["public.shop_org"]);
}

/// `sales"."tasks` smuggles a schema past Django's quoting; names of keys and indexes are made of the table's name alone.
#[test]
fn a_table_with_a_schema() {
    let s = app(&[&format!(
        "migrations.RunSQL('CREATE SCHEMA sales'), migrations.CreateModel('Task', fields=[{KEY}], options={{'db_table': 'sales\".\"tasks'}}), migrations.AddField('task', 'up', models.ForeignKey('shop.Task', on_delete=models.CASCADE)), migrations.CreateModel('Note', fields=[{KEY}, ('task', models.ForeignKey('shop.Task', on_delete=models.CASCADE))], options={{'db_table': '\"notes\"'}})"
    )]);
    assert_eq!(tables(&s), ["public.notes", "sales.tasks"]);
    let (_, tasks) = s.relation(Some("sales"), "tasks").unwrap();
    assert_eq!(tasks.columns.iter().map(|c| c.name.as_str()).collect::<Vec<_>>(), ["id", "up_id"]);
    let key = &tasks.foreign_keys[0];
    assert!(key.name.starts_with("tasks_up_id_") && key.name.ends_with("_fk_tasks_id"), "{}", key.name);
    assert_eq!(s.relation(None, "notes").unwrap().1.foreign_keys[0].target.to_string(), "sales.tasks");
}

/// One migration that makes one model.
const MAKE: &str = "from django.db import migrations, models\nclass Migration(migrations.Migration):\n    operations = [migrations.CreateModel('Task', fields=[('id', models.AutoField(primary_key=True))])]\n";

/// The label that an app's configuration gives it stands in the body of its class.
#[test]
fn labels_of_apps() {
    let with = |body: &str| {
        let config = format!("from django import forms\nfrom django.apps import AppConfig\nclass ShopConfig(AppConfig):\n    name = 'shop'\n{body}");
        tables(&pull(&[("shop/apps.py", &config), ("shop/migrations/0001.py", MAKE)]))
    };
    assert_eq!(with("    label = 'store'\n"), ["public.store_task"]);
    assert_eq!(with("    label: str = \"store\"\n"), ["public.store_task"]);
    assert_eq!(with("    def form(self):\n        return forms.Field(\n            label='Receive it',\n        )\n"), ["public.shop_task"]);
    assert_eq!(with("class Form(forms.Form):\n    label = 'Other'\n"), ["public.shop_task"]);
}

/// South's migrations are not replayed, and what they make is not known.
#[test]
fn migrations_of_south() {
    let south = "from south.db import db\nclass Migration:\n    def forwards(self, orm):\n        db.create_table('laws_vote', ())\n";
    let apps = |s: &Schema| s.incomplete.iter().map(|i| i.object.clone()).collect::<Vec<_>>();
    let s = pull(&[("laws/migrations/0001_initial.py", south), ("shop/migrations/0001_initial.py", MAKE)]);
    assert_eq!((tables(&s), apps(&s)), (vec!["public.shop_task".to_owned()], vec!["laws".to_owned()]));
    // Those that an app had before Django's stay beside them.
    let s = pull(&[("shop/south_migrations/0001_initial.py", south), ("shop/migrations/0001_initial.py", MAKE)]);
    assert_eq!((tables(&s), apps(&s)), (vec!["public.shop_task".to_owned()], Vec::new()));
}

/// A setting that replaces one model by another under a condition: either may be there.
#[test]
fn models_that_are_replaced_perhaps() {
    let own = MAKE.replace("primary_key=True))]", "primary_key=True))], options={'swappable': 'SHOP_TASK_MODEL'}");
    let with = |settings: &str| tables(&pull(&[("settings.py", settings), ("shop/migrations/0001.py", &own), ("sample/migrations/0001.py", MAKE)]));
    assert_eq!(with("import os\nif os.environ.get('SAMPLE'):\n    SHOP_TASK_MODEL = 'sample.Task'\n"), ["public.sample_task open", "public.shop_task open"]);
    assert_eq!(with("SHOP_TASK_MODEL = 'sample.Task'\n"), ["public.sample_task"]);
    assert_eq!(with("class Base(Configuration):\n    SHOP_TASK_MODEL = 'sample.Task'\n"), ["public.sample_task"]);
}

/// Indexes of new fields are made when the migration ends.
#[test]
fn indexes_of_fields_that_are_renamed_at_once() {
    let make = format!("migrations.CreateModel('Task', fields=[{KEY}])");
    let add = "migrations.AddField('task', 'up_key', models.ForeignKey('shop.Task', null=True, on_delete=models.CASCADE))";
    let rename = "migrations.RenameField('task', 'up_key', 'up')";
    let indexes = |migrations: &[&str]| {
        let s = app(migrations);
        s.relation(None, "shop_task").unwrap().1.indexes.iter().map(|i| i.name.clone()).collect::<Vec<_>>()
    };
    let index = |column: &str| vec![crate::project::digest::django_index("shop_task", &[column], "")];
    assert_eq!(indexes(&[&make, &format!("{add}, {rename}")]), index("up_id"));
    assert_eq!(indexes(&[&make, add, rename]), index("up_key_id"));
}
