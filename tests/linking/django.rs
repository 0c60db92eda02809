//! Models of Django.

use super::{LOCK, holds};

const CUSTOMER: &str = "from django.db import models\nclass Customer(models.Model):\n    id = models.BigAutoField(primary_key=True)\n    name = models.TextField()\n    tier = models.TextField(null=True)\n    class Meta:\n        db_table = 'customers'\n";

fn app(code: &str) {
    holds(&[("manage.py", "import django\n"), ("shop/__init__.py", ""), ("shop/models.py", &format!("{CUSTOMER}{code}"))]);
}

/// A package's mixin may declare fields: those that the lock has and nothing else declares. What the lock does not have is no attribute either.
#[test]
fn a_mixin_of_a_package() {
    let tenant = |import: &str, base: &str, name: &str, owner: &str| {
        format!(
            "{import}\nclass Tenant({base}):\n    id = models.BigAutoField(primary_key=True)\n    last_seen = models.TextField(null=True)\n    class Meta:\n        db_table = 'tenants'\nTenant.objects.filter(name='a'){name}\nTenant.objects.filter(owner_id=1, owner=1){owner}\nTenant.objects.filter(nme='a')  # ! warning unknown-attribute\n"
        )
    };
    app(&tenant("from purl.models import NameMixin", "NameMixin", "", ""));
    app(&tenant("from purl.models import NameMixin", "NameMixin, models.Model", "", ""));
    let (name, owner) = ("  # ! no attribute `name`", "  # ! no attribute `owner`");
    // Mixins that are known, and those of the project, have what they say.
    app(&tenant("from dirtyfields import DirtyFieldsMixin", "DirtyFieldsMixin, models.Model", name, owner));
    app(&tenant("class NameMixin:\n    pass", "NameMixin, models.Model", name, owner));
}

/// A field class of the project over one of a package that has no column; one over Django's has one.
#[test]
fn a_field_over_a_field_of_a_package() {
    let with = |base: &str, body: &str, finding: &str| {
        app(&format!(
            "from urls.fields import PairField\nclass Alias({base}):\n    {body}\nclass Tenant(models.Model):\n    id = models.BigAutoField(primary_key=True)\n    name = models.TextField()\n    last_seen = models.TextField(null=True)\n    owner_id = models.BigIntegerField(default=1)\n    alias = Alias(null=True){finding}\n    class Meta:\n        db_table = 'tenants'\n"
        ));
    };
    with("PairField", "pass", "");
    with("PairField", "def db_type(self, connection):\n        return 'text'", "  # ! error unknown-column");
    with("models.TextField", "pass", "  # ! error unknown-column");
}

/// A model that is only there for its permissions.
#[test]
fn an_unmanaged_model_without_a_field() {
    let with = |field: &str, managed: &str, finding: &str| {
        app(&format!(
            "class Rights(models.Model):{}{field}\n    class Meta:\n        managed = {managed}{}\n        permissions = [('a', 'b')]\n",
            if finding == "class" { "  # ! error unknown-table" } else { "" },
            if finding == "table" { "\n        db_table = 'nowhere'  # ! error unknown-table" } else { "" },
        ));
    };
    with("", "False", "");
    with("", "True", "class");
    with("\n    name = models.TextField()", "False", "class");
    with("\n    name = models.TextField()", "False", "table");
}

/// A lock of migrations does not know what other means made; one of a database does.
#[test]
fn unmanaged_models_under_a_lock_of_migrations() {
    let of_migrations = format!("{LOCK}incomplete:\n  - {{object: public.views, reason: 'an unmanaged model stands for it: something else makes it'}}\n");
    let code = |unmanaged: &str| {
        format!(
            "{CUSTOMER}class Seen(models.Model):\n    id = models.BigAutoField(primary_key=True)\n    class Meta:\n        managed = False\n        db_table = 'seen'{unmanaged}\nclass Made(models.Model):\n    id = models.BigAutoField(primary_key=True)\n    class Meta:\n        db_table = 'made'  # ! error unknown-table\n"
        )
    };
    let holds =
        |lock: &str, code: &str| holds(&[("schema.lock.yaml", lock), ("manage.py", "import django\n"), ("shop/__init__.py", ""), ("shop/models.py", code)]);
    holds(&of_migrations, &code(""));
    holds(LOCK, &code("  # ! error unknown-table"));
}

/// The column of `order_with_respect_to` is no column that the model lacks; without it, it is.
#[test]
fn rows_with_an_order() {
    let lock = LOCK.replace("      last_seen: text\n", "      _order: integer not null\n      last_seen: text\n");
    let with = |meta: &str, name: &str| {
        let code = format!(
            "{CUSTOMER}class Tenant(models.Model):\n    id = models.BigAutoField(primary_key=True)\n    name = models.TextField()\n    last_seen = models.TextField(null=True)\n    owner_id = models.BigIntegerField(default=1)\n    class Meta:\n        db_table = 'tenants'\n        {meta}\nTenant.objects.order_by('_order'){name}\n"
        );
        holds(&[("schema.lock.yaml", &lock), ("manage.py", "import django\n"), ("shop/__init__.py", ""), ("shop/models.py", &code)]);
    };
    with("order_with_respect_to = 'owner_id'", "");
    with("ordering = ['name']", "  # ! unknown-attribute");
}

/// Another connection of the settings has tables of its own, unless it is a copy's or all that is named is ours.
#[test]
fn connections_to_other_databases() {
    let code = "from django.db import connections, connection
def f(alias='reports'):
    with connections['reports'].cursor() as cursor:
        cursor.execute('SELECT id FROM nowhere')
        cursor.execute('SELECT id, nope FROM nowhere JOIN orders USING (id)')
        cursor.execute('SELECT nope FROM orders')  # ! error | nope
    with connections['read_replica'].cursor() as cursor:
        cursor.execute('SELECT id FROM nowhere')  # ! nowhere
    with connections['default'].cursor() as cursor:
        cursor.execute('SELECT id FROM nowhere')  # ! nowhere
    with connections[alias].cursor() as cursor:
        cursor.execute('SELECT id FROM nowhere')  # ! nowhere
    with connection.cursor() as cursor:
        cursor.execute('SELECT id FROM nowhere')  # ! nowhere
";
    holds(&[("manage.py", "import django\n"), ("shop/__init__.py", ""), ("shop/reports.py", code)]);
}

/// `default_related_name` is the name that keys without one of their own have on the other side.
#[test]
fn the_usual_name_of_the_other_side() {
    let with = |meta: &str, related: &str, plain: &str, named: &str| {
        app(&format!(
            "class Tenant(models.Model):\n    id = models.BigAutoField(primary_key=True)\n    name = models.TextField()\n    last_seen = models.TextField(null=True)\n    owner = models.ForeignKey(Customer, models.CASCADE, default=1, db_constraint=False{related})\n    class Meta:\n        db_table = 'tenants'\n        {meta}\nCustomer.objects.filter(tenants_app__name='a'){named}\nCustomer.objects.prefetch_related('tenants_app'){named}\nCustomer.objects.filter(tenant__name='a'){plain}\n"
        ));
    };
    let missing = "  # ! unknown-attribute";
    with("default_related_name = '%(class)ss_app'", "", missing, "");
    with("default_related_name = '%(class)ss_app'", ", related_name='tenant'", "", missing);
    with("ordering = ['name']", "", "", missing);
}
