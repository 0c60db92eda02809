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

const KEY: &str = "('id', models.AutoField(primary_key=True))";

/// Migrations that Python 2 wrote have bytes where text is meant.
#[test]
fn bytes_of_python_2() {
    let s = app(&[&format!(
        "migrations.CreateModel(name=b'Task', fields=[{KEY}, (b'due', models.DateField(db_column=b'due_on'))], options={{b'db_table': b'tasks'}})"
    )]);
    assert_eq!(columns(&s, "tasks"), ["due_on date not null", "id integer not null"]);
}
