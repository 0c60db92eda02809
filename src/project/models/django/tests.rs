//! Django's models in the forms in which people write them, and the columns that Django makes of each.

use super::super::tests::models_in;

/// The models of one app's `models.py`.
fn models(code: &str) -> Vec<String> {
    models_in(&[("app/__init__.py", ""), ("app/models.py", &format!("from django.db import models\n{code}"))], &[])
}

/// What is said of one model: its own line and its columns.
fn model(code: &str, name: &str) -> Vec<String> {
    let all = models(code);
    let first = all.iter().position(|l| l.starts_with(&format!("{name} "))).expect("the model");
    let rest = all[first + 1..].iter().take_while(|l| l.starts_with("  "));
    std::iter::once(&all[first]).chain(rest).cloned().collect()
}

/// A field class of the project hands on what its constructor says; where that is not plain, what it speaks of is not known.
#[test]
fn constructors_of_field_classes() {
    let with = |init: &str, field: &str| {
        let code = format!(
            "class Sector(models.Model):\n    pass\nclass Key(models.ForeignKey):\n    def __init__(self, to, on_delete=models.CASCADE, db_column='key', **kwargs):\n        super().__init__(to, on_delete=on_delete, db_column=db_column, **kwargs)\nclass Text(models.CharField):\n    def __init__(self, *args, **kwargs):\n        {init}\nclass Enquiry(models.Model):\n    id = models.AutoField(primary_key=True)\n    x = {field}\n"
        );
        model(&code, "Enquiry").join(";").replace("Enquiry app_enquiry", "").replace(";  id integer not null key", "").trim_start_matches([';', ' ']).to_owned()
    };
    let up = "super().__init__(*args, **kwargs)";
    let text = |init: &str| with(&init.replace("UP", up).replace('\n', "\n        "), "Text(max_length=5)");
    assert_eq!(with("pass", "Key(Sector)"), "x=key integer not null → public.app_sector.id");
    assert_eq!(with("pass", "Key(Sector, null=True, db_column='other')"), "x=other integer null → public.app_sector.id");
    assert_eq!(text("super(Text, self).__init__(*args, null=True)"), "x varchar null");
    assert_eq!(text("models.CharField.__init__(self, *args, null=True, **kwargs)"), "x varchar(5) null");
    assert_eq!(text("kwargs['null'] = True\nUP"), "x varchar(5) null");
    assert_eq!(text("kwargs.setdefault('null', True)\nkwargs.setdefault('max_length', 9)\nUP"), "x varchar(5) null");
    assert_eq!(
        text("size = kwargs.pop('max_length', 3)\nself.size = kwargs.pop('size', 1) or 2\nsuper().__init__(*args, max_length=size, **kwargs)"),
        "x varchar(5) not null"
    );
    assert_eq!(text("kwargs.update(null=True, max_length=7)\nUP"), "x varchar(7) null");
    assert_eq!(text("UP\nkwargs['null'] = True"), "x varchar(5) not null");
    // Not plain: what it names is not known.
    assert_eq!(text("if kwargs.get('blank'):\n    kwargs['null'] = True\nUP"), "x varchar(5) null?");
    assert_eq!(text("for k in kwargs:\n    kwargs[k] = 'null'\nUP"), "x varchar(5) null?");
    assert_eq!(text("kwargs['db_column'] = make()\nUP"), "open");
    assert_eq!(text("prepare(kwargs)\nUP"), "open");
    assert_eq!(text("if self:\n    UP"), "x varchar(5) not null");
}

/// `OneToOneField(Parent, parent_link=True)` is the link to the parent, and the key.
#[test]
fn a_link_to_the_parent_that_is_written_out() {
    let with = |field: &str| {
        let code = format!(
            "class Topology(models.Model):\n    pass\nclass Base(models.Model):\n    class Meta:\n        abstract = True\nclass Trail(Topology, Base):\n    {field}\nclass Note(models.Model):\n    trail = models.ForeignKey(Trail, models.CASCADE)\n"
        );
        let mut all = model(&code, "Trail");
        all.extend(model(&code, "Note"));
        all
    };
    let linked = with("topo = models.OneToOneField('Topology', parent_link=True, on_delete=models.CASCADE)");
    assert_eq!(linked[..2], ["Trail app_trail", "  topo=topo_id integer not null key unique → public.app_topology.id"]);
    assert!(linked.contains(&"  trail=trail_id integer not null → public.app_trail.topo_id".to_owned()), "{linked:?}");
    let other = with("topo = models.OneToOneField('Topology', on_delete=models.CASCADE)");
    assert!(other.contains(&"  topology_ptr=topology_ptr_id integer not null key → public.app_topology.id".to_owned()), "{other:?}");
    assert!(other.contains(&"  topo=topo_id integer not null unique → public.app_topology.id".to_owned()), "{other:?}");
}

/// Of several assignments to one name of a class body the last counts; under a condition, either may.
#[test]
fn a_field_that_is_declared_twice() {
    let with = |body: &str| {
        let code = format!("class Sector(models.Model):\n    pass\nclass Enquiry(models.Model):\n    id = models.AutoField(primary_key=True)\n{body}");
        let mut all = model(&code, "Enquiry");
        all.remove(1);
        all
    };
    let (text, key) = ("sector = models.CharField(max_length=5)", "sector = models.ForeignKey(Sector, models.CASCADE)");
    let keyed = "  sector=sector_id integer not null → public.app_sector.id".to_owned();
    assert_eq!(with(&format!("    {text}\n    {key}\n")), ["Enquiry app_enquiry".to_owned(), keyed.clone()]);
    assert_eq!(with(&format!("    {text}\n    def sector(self):\n        pass\n")), ["Enquiry app_enquiry"]);
    assert_eq!(with(&format!("    if x:\n        {text}\n    else:\n        {key}\n")), ["Enquiry app_enquiry open"]);
    assert_eq!(with(&format!("    if x:\n        {text}\n    {key}\n")), ["Enquiry app_enquiry".to_owned(), keyed]);
    let either = format!("    if x:\n        {text}\n    else:\n        sector = models.TextField(null=True)\n");
    assert_eq!(with(&either), ["Enquiry app_enquiry", "  sector ? null?"]);
}

/// Django cuts the names that it makes, with a digest; a name that `Meta` gives is cut by PostgreSQL (django/db/models/options.py, `contribute_to_class`).
#[test]
fn names_of_tables_that_are_too_long() {
    let long = "abcdefghijklmnopqrstuvwxyz_abcdefghijklmnopqrstuvwxyz_abcdefghijklmnopqrstuvwxyz";
    let code = format!(
        "class Thing(models.Model):\n    others = models.ManyToManyField('Other', db_table='{long}')\n    more = models.ManyToManyField('Other')\n    class Meta:\n        db_table = '{long}'\nclass Other(models.Model):\n    pass\nclass {}(models.Model):\n    pass\n",
        long.replace('_', "")
    );
    let all = models(&code);
    let cut = &long[..63];
    let made: Vec<&str> = all.iter().filter(|l| !l.starts_with("  ")).map(|l| l.rsplit(' ').next().unwrap_or_default()).collect();
    // The names with digests are those of `truncate_name`.
    assert_eq!(
        made,
        [
            cut,
            cut,
            "abcdefghijklmnopqrstuvwxyz_abcdefghijklmnopqrstuvwxyz_abcde6677",
            "app_other",
            "app_abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcccd4"
        ]
    );
}

/// Models of an app's `tests.py`, and those that a test makes for itself, have no table outside of the tests.
#[test]
fn models_of_tests() {
    let code = "from django.db import models\nclass Note(models.Model):\n    pass\n";
    let inside = "from django.db import models\nclass Cases:\n    def test_a(self):\n        class Note(models.Model):\n            pass\n";
    let outside = "from django.db import models\ndef make():\n    class Note(models.Model):\n        pass\n";
    let foreign = |file: &str, code: &str| models_in(&[("app/__init__.py", ""), (file, code)], &[])[0].ends_with(" foreign");
    assert!(foreign("app/models/tests.py", code) && foreign("app/checks.py", inside));
    assert!(!foreign("app/models.py", code) && !foreign("app/checks.py", outside));
}

/// `django.contrib.gis.db.models` hands on what is in `django.db.models`: not all of it is a model.
#[test]
fn classes_of_the_models_of_gis() {
    let code = "from django.contrib.gis.db import models
from django.contrib.gis.db.models.functions import GeoFunc
class Kind(models.TextChoices):
    A = 'a', 'A'
class Things(models.QuerySet):
    pass
class Short(models.CharField):
    pass
class Length(GeoFunc):
    output_field = models.FloatField()
class Thing(models.Model):
    name = Short(max_length=5)
    kind = models.CharField(max_length=5, choices=Kind.choices)
";
    assert_eq!(models(code), ["Thing app_thing", "  name varchar(5) not null", "  kind varchar(5) not null", "  id integer not null key"]);
}

/// A metaclass may give its classes fields that nobody sees; Django's own does not, nor one that does nothing when it makes a class.
#[test]
fn models_with_a_metaclass() {
    let with = |meta: &str, header: &str| {
        let code = format!(
            "from django.db.models.base import ModelBase\nfrom elsewhere import Foreign\nclass Own(ModelBase):\n    {meta}\nclass Base({header}):\n    class Meta:\n        abstract = True\nclass Thing(Base):\n    pass\n"
        );
        models(&code)[0].clone()
    };
    let new = "def __new__(cls, name, bases, attrs):\n        return super().__new__(cls, name, bases, {**attrs, 'x': models.TextField()})";
    assert_eq!(with(new, "models.Model, metaclass=Own"), "Thing app_thing open");
    assert_eq!(with(new, "with_metaclass(Own, models.Model)"), "Thing app_thing open");
    assert_eq!(with("pass", "models.Model, metaclass=Foreign"), "Thing app_thing open");
    assert_eq!(with("pass", "models.Model, metaclass=Own"), "Thing app_thing");
    assert_eq!(with(new, "models.Model, metaclass=ModelBase"), "Thing app_thing");
}

/// `Meta` is found as any other attribute, but for the models with tables, out of which Django takes it.
#[test]
fn what_meta_is_inherited() {
    let thing = "class Thing(Mixin, models.Model):\n    name = models.TextField()\n    class Meta:\n        app_label = 'app'\n";
    let with = |mixin: &str, child: &str| {
        let code = format!("class Plain:\n    abstract = True\nclass Mixin{mixin}\n{thing}{child}");
        models(&code).into_iter().filter(|l| !l.starts_with("  ")).collect::<Vec<_>>()
    };
    let proxy = ":\n    class Meta:\n        proxy = True";
    // The mixin's, behind the model of which Django has taken it.
    assert_eq!(with(proxy, "class Words(Thing):\n    pass\n"), ["Thing app_thing", "Words app_thing"]);
    assert_eq!(with(proxy, "class Words(Thing):\n    class Meta:\n        ordering = ['name']\n"), ["Thing app_thing", "Words app_words"]);
    assert_eq!(with(":\n    pass", "class Words(Thing):\n    pass\n"), ["Thing app_thing", "Words app_words"]);
    // `abstract` is not handed down, unless a plain class says it.
    let base = "(models.Model):\n    class Meta:\n        abstract = True\n        db_table = 'all'";
    assert_eq!(with(base, "class Words(Mixin):\n    pass\n"), ["Thing app_thing", "Words all"]);
    assert_eq!(with(base, "class Words(models.Model):\n    class Meta(Mixin.Meta):\n        pass\n"), ["Thing app_thing", "Words all"]);
    assert_eq!(with(":\n    pass", "class Words(models.Model):\n    class Meta(Plain):\n        pass\n"), ["Thing app_thing"]);
}

/// Settings as classes (django-configurations): the app that is nearest to a model is the model's.
#[test]
fn apps_that_a_class_of_settings_installs() {
    let app = "from django.apps import AppConfig\nclass SiteConfig(AppConfig):\n    name = 'site'\n";
    let code = "from django.db import models\nclass Symbol(models.Model):\n    id = models.AutoField(primary_key=True)\n";
    let of = |settings: &str| {
        let files = [
            ("site/__init__.py", ""),
            ("site/apps.py", app),
            ("site/settings.py", settings),
            ("site/download/__init__.py", ""),
            ("site/download/models.py", code),
        ];
        models_in(&files, &[])[0].clone()
    };
    assert_eq!(
        of("class Base:\n    INSTALLED_APPS = ['site.apps.SiteConfig']\nclass Dev(Base):\n    INSTALLED_APPS = Base.INSTALLED_APPS + ['site.download']\n"),
        "Symbol download_symbol"
    );
    assert_eq!(of("class Base:\n    INSTALLED_APPS = ['site.apps.SiteConfig']\n"), "Symbol site_symbol");
}

/// `order_with_respect_to` has a column of its own.
#[test]
fn rows_that_have_an_order() {
    let code = |meta: &str| {
        format!(
            "class Base(models.Model):\n    id = models.AutoField(primary_key=True)\n    class Meta:\n        abstract = True\n        order_with_respect_to = 'a'\nclass Order(Base):\n    a = models.IntegerField()\n{meta}"
        )
    };
    let columns = |meta: &str| model(&code(meta), "Order").join(";");
    assert_eq!(columns(""), "Order app_order;  id integer not null key;  a integer not null;  _order integer not null");
    assert_eq!(columns("    class Meta(Base.Meta):\n        order_with_respect_to = None\n"), "Order app_order;  id integer not null key;  a integer not null");
}

/// Several classes for one table: fields of each may be columns of it, and a key to one of them is no key to a table that is not there.
#[test]
fn classes_that_share_a_table() {
    let code = "from typedmodels.models import TypedModel
class Node(TypedModel):
    id = models.AutoField(primary_key=True)
class Draft(Node):
    pass
class Plain(models.Model):
    id = models.AutoField(primary_key=True)
class Child(Plain):
    pass
class Note(models.Model):
    id = models.AutoField(primary_key=True)
    draft = models.ForeignKey(Draft, models.CASCADE)
    child = models.ForeignKey(Child, models.CASCADE)
";
    let all = models(code);
    let heads: Vec<&str> = all.iter().filter(|l| !l.starts_with("  ")).map(String::as_str).collect();
    assert_eq!(heads, ["Node app_node open", "Draft app_node open", "Plain app_plain", "Child app_child", "Note app_note"]);
    assert!(all.iter().any(|l| l.trim() == "draft=draft_id ? not null"), "{all:#?}");
    assert!(all.iter().any(|l| l.contains("→ public.app_child.")), "{all:#?}");
}

/// Packages name their keys after Django's, and have a column as these do; but keys of several columns, which have none.
#[test]
fn keys_of_packages() {
    let with = |field: &str| {
        let code = format!(
            "from smart.db_fields import ChainedForeignKey, CompositeForeignKey, ShyOneToOneField, LooseGenericForeignKey\nclass Sector(models.Model):\n    pass\nclass Enquiry(models.Model):\n    id = models.AutoField(primary_key=True)\n    x = {field}\n"
        );
        model(&code, "Enquiry")[2..].join(";")
    };
    assert_eq!(with("ChainedForeignKey(Sector, chained_field='y', null=True)"), "  x=x_id integer null → public.app_sector.id");
    assert_eq!(with("ShyOneToOneField(Sector)"), "  x=x_id integer not null unique → public.app_sector.id");
    assert_eq!(with("LooseGenericForeignKey('type', 'key')"), "");
    let lock = "version: 1\ntables:\n  public.app_enquiry:\n    columns:\n      id: integer not null\n    primary key: [id]\n";
    let schema = crate::schema::lock::read(lock).expect("a lock");
    let code = "from django.db import models\nfrom composite import CompositeForeignKey\nclass Enquiry(models.Model):\n    x = CompositeForeignKey('Sector', to_fields=['a', 'b'])\n";
    let all = super::super::tests::models_under(&schema, &[("app/__init__.py", ""), ("app/models.py", code)], &[]);
    assert_eq!(all, ["Enquiry app_enquiry", "  id integer not null key"]);
}

/// A stub says what a package's classes are like: it stands for no table, and what derives from its classes may have more than it says.
#[test]
fn classes_of_stubs() {
    let stub = "from django.db import models\nclass UUIDModel(models.Model):\n    made = models.DateField()\n    class Meta:\n        abstract: bool\n";
    let code = "from django.db import models\nfrom model_utils.models import UUIDModel\nclass Approval(UUIDModel):\n    title = models.TextField()\n";
    let all = models_in(&[("app/__init__.py", ""), ("app/models.py", code), ("model_utils/__init__.pyi", ""), ("model_utils/models.pyi", stub)], &[]);
    assert_eq!(all, ["Approval app_approval open", "  title text not null", "  id ? not null key"]);
}

/// Models under a lock with one table, `app_request`, that has these columns.
fn under_lock(columns: &str, files: &[(&str, &str)]) -> Vec<String> {
    let lock = format!(
        "version: 1\nsearch_path: [public]\ntables:\n  public.app_request:\n    columns:\n      id: integer not null\n{columns}    primary key: [id]\n"
    );
    let mut all = vec![("app/__init__.py", "")];
    all.extend(files);
    super::super::tests::models_under(&crate::schema::lock::read(&lock).expect("a lock"), &all, &[])
}

/// Fields that something gives several of at once are not seen one by one.
#[test]
fn fields_that_are_unpacked() {
    let with = |body: &str| {
        let code = format!(
            "from django.db import models\nfrom things import make\ndef pair():\n    a = models.TextField()\n    return a, models.TextField()\ndef numbers():\n    return 1, 2\nclass Request(models.Model):\n    {body}\n"
        );
        under_lock("      kind: text not null\n", &[("app/models.py", &code)])[0].clone()
    };
    assert_eq!(with("kind, other = pair()"), "Request app_request open");
    assert_eq!(with("kind, other = make()"), "Request app_request open");
    assert_eq!(with("kind, other = numbers()"), "Request app_request");
    assert_eq!(with("DRAFT, OTHER = make()"), "Request app_request");
    assert_eq!(with("kind, other = models.TextField(), 1"), "Request app_request");
}

/// A field that code puts into classes that it is given may stand on any model whose table has its column.
#[test]
fn fields_that_are_put_into_classes() {
    let with = |patch: &str| {
        let patch = format!("from django.db import models\nNAME = 'language'\ndef extend(model):\n    {patch}\n");
        let code = "from django.db import models\nclass Request(models.Model):\n    pass\n";
        let columns = "      language: text not null\n      owner_id: integer\n      other: text not null\n";
        under_lock(columns, &[("app/models.py", code), ("app/patch.py", &patch)])[1..].join(";")
    };
    assert_eq!(with("model.add_to_class(NAME, models.TextField())"), "  id integer not null key;  language ? null?");
    assert_eq!(with("for m in [model]:\n        m.add_to_class('owner', models.ForeignKey('x.Y'))"), "  id integer not null key;  owner_id ? null?");
    assert_eq!(with("models.TextField().contribute_to_class(model, 'language')"), "  id integer not null key;  language ? null?");
    assert_eq!(with("model.add_to_class(unknown, models.TextField())"), "  id integer not null key");
}

/// Of two classes of one name in an app the one in its `models` is meant; within a file the file's own.
#[test]
fn classes_of_one_name() {
    let code = "from django.db import models\nclass Tag(models.Model):\n    class Meta:\n        db_table = 'tag'\nclass Thread(models.Model):\n    tag = models.ForeignKey('Tag', models.CASCADE)\n";
    let other = "from django.db import models\nclass Tag(models.Model):\n    class Meta:\n        db_table = 'other'\nclass Note(models.Model):\n    tag = models.ForeignKey('Tag', models.CASCADE)\n";
    let all = models_in(
        &[
            ("app/__init__.py", ""),
            ("app/importers/__init__.py", ""),
            ("app/importers/models.py", other),
            ("app/models.py", code),
            ("settings.py", "INSTALLED_APPS = ['app']\n"),
        ],
        &[],
    );
    let keys: Vec<&String> = all.iter().filter(|l| l.contains("tag=")).collect();
    assert_eq!(keys, ["  tag=tag_id integer not null → public.other.id", "  tag=tag_id integer not null → public.tag.id"]);
    // The other is no model of the app, unless the database has its table.
    assert!(all.contains(&"Tag other foreign".to_owned()) && all.contains(&"Tag tag".to_owned()), "{all:?}");
}
