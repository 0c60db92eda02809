//! Migrations that point at the models of Django's own apps.

use super::{columns, pull};

#[test]
fn a_session_has_a_key_of_its_own() {
    let text = "from django.db import migrations, models
class Migration(migrations.Migration):
    operations = [migrations.CreateModel('Link', fields=[
        ('id', models.BigAutoField(primary_key=True)),
        ('sessions', models.ManyToManyField(to='sessions.session')),
        ('last', models.ForeignKey(to='sessions.Session', on_delete=models.CASCADE)),
        ('site', models.ForeignKey(to='sites.Site', on_delete=models.CASCADE)),
    ])]
";
    let settings = "INSTALLED_APPS = ['django.contrib.sessions', 'django.contrib.sites', 'shop']\n";
    let s = pull(&[("settings.py", settings), ("shop/migrations/0001_initial.py", text)]);
    assert_eq!(columns(&s, "shop_link_sessions"), ["id integer not null", "link_id bigint not null", "session_id varchar(40) not null"]);
    assert_eq!(columns(&s, "shop_link"), ["id bigint not null", "last_id varchar(40) not null", "site_id integer not null"]);
    let targets = |table: &str| s.relation(None, table).unwrap().1.foreign_keys.iter().map(|k| k.target_columns.join(",")).collect::<Vec<_>>();
    assert_eq!(
        (targets("shop_link_sessions"), targets("shop_link")),
        (vec!["id".to_owned(), "session_key".to_owned()], vec!["session_key".to_owned(), "id".to_owned()])
    );
}

/// One migration of one model with these fields and options.
fn one_model(fields: &str, options: &str, before: &str) -> crate::schema::Schema {
    let text = format!(
        "from django.conf import settings\nfrom django.db import migrations, models\n{before}\nclass Migration(migrations.Migration):\n    operations = [migrations.CreateModel('Link', fields=[('id', models.BigAutoField(primary_key=True)), {fields}], options={options})]\n"
    );
    pull(&[("shop/migrations/0001_initial.py", &text)])
}

/// `"managed": settings.TESTING`: perhaps Django makes the table, perhaps something else does.
#[test]
fn a_table_that_is_managed_perhaps() {
    let open = |options: &str| {
        let s = one_model("('a', models.IntegerField())", options, "");
        s.relation(None, "shop_link").map(|t| t.1.open)
    };
    assert_eq!(
        (open("{'managed': settings.TESTING}"), open("{'managed': True}"), open("{}"), open("{'managed': False}")),
        (Some(true), Some(false), Some(false), None)
    );
}

/// What an unmanaged model stands for is made by something else, and there; unless a statement of the migrations makes it.
#[test]
fn a_table_that_others_make() {
    let confessed = |options: &str| {
        let s = one_model("('a', models.IntegerField())", options, "");
        (s.relations.len(), s.incomplete.iter().map(|i| i.object.clone()).collect::<Vec<_>>())
    };
    assert_eq!(confessed("{'managed': False}"), (0, vec!["public.shop_link".to_owned()]));
    assert_eq!(confessed("{'managed': False, 'db_table': 'links'}"), (0, vec!["public.links".to_owned()]));
    assert_eq!(confessed("{'managed': True}"), (1, Vec::new()));
    let text = "from django.db import migrations, models
class Migration(migrations.Migration):
    operations = [
        migrations.CreateModel('Link', fields=[('id', models.BigAutoField(primary_key=True))], options={'managed': False}),
        migrations.RunSQL('CREATE TABLE shop_link (id bigint)'),
    ]
";
    assert!(pull(&[("shop/migrations/0001_initial.py", text)]).incomplete.is_empty());
}

/// What says `null` otherwise than by `null=True`.
#[test]
fn fields_that_may_be_null() {
    let before = "from django_cryptography.fields import encrypt
class Text(models.CharField):
    def __init__(self, *args, **kwargs):
        kwargs['max_length'] = kwargs.get('max_length', 5)
        kwargs['null'] = kwargs.pop('null', False)
        super().__init__(*args, **kwargs)
";
    let fields = "('a', models.IntegerField(null='True')), ('b', models.IntegerField(null=0)), ('c', Text(null=True)), ('d', Text(max_length=7)), ('e', encrypt(models.TextField(null=True))), ('f', encrypt(models.TextField()))";
    let s = one_model(fields, "{}", before);
    assert_eq!(columns(&s, "shop_link")[..6], ["a integer", "b integer not null", "c varchar(5)", "d varchar(7) not null", "e unknown", "f unknown not null"]);
}
