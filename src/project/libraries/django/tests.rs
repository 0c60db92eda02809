//! Look-ups as Django code writes them, and the columns they touch: `table.column access@"token"`.

use crate::diagnostic::Access;
use crate::project::Project;
use crate::schema::Schema;
use crate::source::{Language, SourceFile, Sources};
use crate::syntax::python;

const MODELS: &str = r#"
from django.db import models
class Author(models.Model):
    name = models.CharField(max_length=10)
class BookQuerySet(models.QuerySet):
    def long(self):
        return self.filter(pages__gt=500)
class BookManager(models.Manager):
    def by(self, name):
        return self.filter(author__name=name)
class Book(models.Model):
    title = models.CharField(max_length=10)
    pages = models.IntegerField()
    author = models.ForeignKey(Author, related_name="books", on_delete=models.CASCADE)
    tags = models.ManyToManyField("Tag")
    objects = BookManager()
class Tag(models.Model):
    word = models.CharField(max_length=10)
class Novel(Book):
    genre = models.CharField(max_length=10)
"#;

fn seen(code: &str) -> Vec<String> {
    let code = format!("from django.db.models import Q, F, Count, OuterRef, Subquery\nfrom shop.models import Author, Book, Tag, Novel\n{code}");
    let files = [("shop/__init__.py", ""), ("shop/models.py", MODELS), ("shop/views.py", &code)];
    let mut sources = Sources::default();
    let trees: Vec<_> = files.iter().map(|(path, text)| (sources.add(SourceFile::new(*path, Language::Python, *text)), python::parse(text))).collect();
    let modules: Vec<_> = trees.iter().map(|(id, tree)| (*id, tree)).collect();
    let schema = Schema::new();
    let project = Project::link(&sources, &modules, &schema);
    let mut out = Vec::new();
    for r in &project.uses.references {
        let file = sources.get(r.location.file);
        if file.path == "shop/views.py" {
            let access = if r.access == Access::Write { "write" } else { "read" };
            let column = r.column.map_or(String::new(), |c| format!(".{c}"));
            out.push((r.location, format!("{}{column} {access}@{}", r.relation.name, file.slice(r.location.span))));
        }
    }
    out.sort();
    out.into_iter().map(|(_, s)| s).collect()
}

#[test]
fn fields_and_lookups() {
    assert_eq!(seen("Book.objects.filter(title__icontains='x', pk=1)"), ["shop_book.title read@title", "shop_book.id read@pk"]);
    assert_eq!(seen("Book.objects.create(title='x')"), ["shop_book.title write@title"]);
    assert_eq!(
        seen("Book.objects.exclude(pages=1).order_by('-title').values_list('pages', flat=True)"),
        ["shop_book.pages read@pages", "shop_book.title read@title", "shop_book.pages read@pages"]
    );
}

#[test]
fn relations_forwards_and_back() {
    assert_eq!(seen("Book.objects.filter(author__name='x')"), ["shop_author.id read@author", "shop_book.author_id read@author", "shop_author.name read@name"]);
    assert_eq!(seen("Author.objects.filter(books__title='x')"), ["shop_author.id read@books", "shop_book.author_id read@books", "shop_book.title read@title"]);
    assert_eq!(seen("Book.objects.filter(author_id=1)"), ["shop_author.id read@author_id", "shop_book.author_id read@author_id"]);
}

#[test]
fn many_to_many_goes_through_its_table() {
    let got = seen("Book.objects.filter(tags__word='x')");
    for wanted in ["shop_book_tags.book_id read@tags", "shop_book_tags.tag_id read@tags", "shop_tag.word read@word"] {
        assert!(got.iter().any(|g| g == wanted), "{wanted} in {got:?}");
    }
}

#[test]
fn expressions_are_looked_up_where_they_are_used() {
    assert_eq!(seen("q = Q(title='x') | ~Q(pages=2)\nBook.objects.filter(q)"), ["shop_book.title read@title", "shop_book.pages read@pages"]);
    assert_eq!(seen("Book.objects.annotate(n=F('pages') + 1).order_by('n')"), ["shop_book.pages read@pages"]);
    assert_eq!(seen("Author.objects.annotate(n=Count('books'))"), ["shop_author.id read@books", "shop_book.author_id read@books"]);
}

#[test]
fn objects_and_reverse_managers() {
    assert_eq!(seen("def f():\n    for b in Book.objects.all():\n        b.author.name"), ["shop_book.author_id read@author", "shop_author.name read@name"]);
    assert_eq!(seen("def f(a: Author):\n    a.books.filter(title=1).first().pages"), ["shop_book.title read@title", "shop_book.pages read@pages"]);
    assert_eq!(seen("def f(b: Book):\n    b.title = 'x'\n    b.save(update_fields=['title'])"), ["shop_book.title write@title", "shop_book.title write@title"]);
}

#[test]
fn managers_of_the_project_go_on() {
    assert_eq!(seen("Book.objects.by('x').filter(pages=1)"), ["shop_book.pages read@pages"]);
}

#[test]
fn a_parent_is_reached_over_the_link() {
    let got = seen("Novel.objects.filter(title='x')");
    assert!(got.contains(&"shop_novel.book_ptr_id read@title".to_owned()) && got.contains(&"shop_book.title read@title".to_owned()), "{got:?}");
}

#[test]
fn names_that_are_no_fields_are_left_alone() {
    assert!(seen("Book.objects.filter(**kwargs)\nBook.objects.annotate(total=1).filter(total=2)\nBook.objects.custom(x=1)").is_empty());
}

/// Names that are missing, with other models in the place of the shop's.
fn missing_with(models: &str, code: &str) -> Vec<String> {
    let code = format!("from django.db.models import Count, F, Func, Q, QuerySet, Value\nfrom shop.models import *\n{code}");
    let files = [("shop/__init__.py", ""), ("shop/models.py", models), ("shop/views.py", code.as_str())];
    let mut sources = Sources::default();
    let trees: Vec<_> = files.iter().map(|(path, text)| (sources.add(SourceFile::new(*path, Language::Python, *text)), python::parse(text))).collect();
    let modules: Vec<_> = trees.iter().map(|(id, tree)| (*id, tree)).collect();
    let schema = Schema::new();
    let project = Project::link(&sources, &modules, &schema);
    project.uses.missing_attributes.iter().map(|m| m.attribute.to_string()).collect()
}

fn missing(code: &str) -> Vec<String> {
    missing_with(MODELS, code)
}

#[test]
fn a_misspelt_field_is_missing_only_where_everything_is_seen() {
    assert_eq!(missing("Tag.objects.filter(wrod='x')"), ["wrod"]);
    assert_eq!(missing("Book.objects.filter(anything=1)"), ["anything"]);
    assert!(missing("Book.objects.by('x').filter(anything=1)").is_empty(), "a method of the project's own may annotate");
    assert!(missing("Tag.objects.annotate(n=1).filter(n=2)\nTag.objects.filter(book__title=1, pk=2)").is_empty());
}

/// `-> QuerySet[Tag]`: rows of Django, with its rules; who made them may have annotated them.
#[test]
fn rows_that_an_annotation_promises() {
    let code = "def some(rows: QuerySet[Book]) -> 'QuerySet[Book]':\n    return rows\n";
    assert_eq!(seen(&format!("from django.db.models import QuerySet\n{code}some(x).filter(author__name=1)")).last().unwrap(), "shop_author.name read@name");
    assert!(missing(&format!("{code}some(x).values(n=F('author__name')).order_by('-n', 'author__name')\nsome(x).filter(rank=1)")).is_empty());
    assert_eq!(missing("def some() -> QuerySet[Tag]:\n    return Tag.objects.filter(word='x')\nsome().filter(wrod=1)"), ["wrod"]);
}

/// A constructor of the project's own takes what it likes, through a manager too.
#[test]
fn models_that_make_themselves() {
    let with = |init: &str| {
        let models = format!("from django.db import models\nclass Tag(models.Model):\n    word = models.TextField()\n{init}");
        missing_with(
            &models,
            "def f():\n    Tag.objects.create(word='x', later=1)\n    Tag.objects.get_or_create(word='x', defaults={'later': 1})\n    Tag(later=1)\n",
        )
    };
    assert!(
        with("    def __init__(self, *args, **kwargs):\n        self.later = kwargs.pop('later', 0)\n        super().__init__(*args, **kwargs)\n").is_empty()
    );
    assert_eq!(with("").len(), 3, "{:?}", with(""));
}

/// What a manager's or query set's class takes or gives beside the fields is not known where the class is not, or where it makes its rows by itself.
#[test]
fn managers_that_bring_names() {
    let with = |managers: &str, objects: &str| {
        let models = format!(
            "from audit.models import AuditingManager\nfrom django.db import models\n{managers}\nclass Shelf(models.Model):\n    pass\nclass Tag(models.Model):\n    word = models.TextField()\n    shelf = models.ForeignKey(Shelf, models.CASCADE)\n    objects = {objects}\n"
        );
        missing_with(&models, "def f(s: Shelf):\n    Tag.objects.filter(word='x').update(word='y', wrod=1)\n    s.tag_set.filter(extra=1)\n")
    };
    for (managers, objects) in [
        ("", "AuditingManager()"),
        ("class Own(AuditingManager):\n    pass", "Own()"),
        ("class Own(AuditingManager):\n    pass", "Own.from_queryset(models.QuerySet)()"),
        (
            "class Hot:\n    def get_queryset(self):\n        return super().get_queryset().annotate(extra=1)\nclass Own(Hot, AuditingManager):\n    pass",
            "Own()",
        ),
        ("class Own(models.QuerySet):\n    def __init__(self, *args):\n        self.extra = args", "Own.as_manager()"),
        ("own = AuditingManager()", "own"),
    ] {
        assert!(with(managers, objects).is_empty(), "{objects}: {:?}", with(managers, objects));
    }
    for (managers, objects) in [
        ("", "models.Manager()"),
        ("class Own(models.QuerySet):\n    def few(self):\n        return self[:3]", "Own.as_manager()"),
        ("class Own(models.QuerySet):\n    pass", "models.Manager.from_queryset(Own)()"),
    ] {
        assert_eq!(with(managers, objects), ["wrod", "extra"], "{objects}");
    }
    // A method that is overridden takes what it likes.
    let filter = "class Own(models.QuerySet):\n    def update(self, **kwargs):\n        kwargs.pop('wrod', None)\n        return super().update(**kwargs)";
    assert_eq!(with(filter, "Own.as_manager()"), ["extra"]);
}

/// `GenericRelation(Link, related_query_name="tags")` gives look-ups of links a name, as it gives its own model the links.
#[test]
fn generic_relations_go_both_ways() {
    let models = "from django.contrib.contenttypes.fields import GenericForeignKey, GenericRelation
from django.db import models
class Link(models.Model):
    url = models.TextField()
    object_id = models.IntegerField()
class Tag(models.Model):
    word = models.TextField()
    links = GenericRelation(Link, related_query_name='tags')
class Shelf(models.Model):
    links = GenericRelation('Link')
";
    assert!(missing_with(models, "Link.objects.filter(Q(tags__word=1))\nTag.objects.filter(links__url=1)\nShelf.objects.filter(links__url=1)").is_empty());
    assert_eq!(
        missing_with(models, "Link.objects.filter(tags__wrod=1)\nTag.objects.filter(links__ulr=1)\nLink.objects.filter(shelf=1)"),
        ["wrod", "ulr", "shelf"]
    );
}

/// What an abstract class gives each of its children a name by, and what a field of the project names by itself.
#[test]
fn names_of_the_other_side_that_are_made() {
    let models = "from django.contrib.contenttypes.fields import GenericRelation
from django.db import models
class Link(models.Model):
    object_id = models.IntegerField()
class Kept(models.Model):
    links = GenericRelation(Link, related_query_name='of_%(app_label)s_%(class)s')
    class Meta:
        abstract = True
class Tag(Kept):
    word = models.TextField()
class Shelf(models.Model):
    name = models.TextField()
class Room(models.Model):
    name = models.TextField()
class Key(models.ForeignKey):
    def contribute_to_class(self, cls, *args, **kwargs):
        super().contribute_to_class(cls, *args, **kwargs)
        self.remote_field.related_name = plural(cls)
class Book(models.Model):
    shelf = Key(Shelf, on_delete=models.CASCADE)
    room = models.ForeignKey(Room, related_name=named('book'), on_delete=models.CASCADE)
class Sorted(models.ManyToManyField):
    pass
class List(models.Model):
    tags = Sorted(Tag)
class Plain(models.Model):
    tag = Key(Tag, on_delete=models.CASCADE, related_name='plains')
";
    assert!(
        missing_with(
            models,
            "Link.objects.filter(of_shop_tag__word=1)\nShelf.objects.filter(books=1)\nRoom.objects.filter(books=1)\nTag.objects.filter(list__id=1)"
        )
        .is_empty()
    );
    assert_eq!(
        missing_with(models, "Link.objects.filter(of_shop_tag__wrod=1)\nLink.objects.filter(of_shop_book=1)\nTag.objects.filter(plain=1)"),
        ["wrod", "of_shop_book", "plain"]
    );
}

/// Of several conditions for several models, which goes with which nobody can tell.
#[test]
fn conditions_in_pairs_with_models() {
    let pairs = "for model, q in ((Author, Q(name='x')), (Tag, Q(word='x'))):\n    model.objects.filter(q)\n";
    assert!(missing(pairs).is_empty());
    assert_eq!(missing("q = Q(wrod='x') if a else Q()\nTag.objects.filter(q)\n"), ["wrod"]);
}

/// Where one of the ways gives rows that nobody saw made, those may have names that were given to them elsewhere.
#[test]
fn rows_beside_something_unknown() {
    for given in ["Tag.objects.all() if rows is None else rows", "rows or Tag.objects.all()"] {
        let code = |filter: &str| format!("def allowed(rows=None):\n    return {given}\nallowed().filter({filter})\n");
        assert!(missing(&code("overall=1")).is_empty(), "{given}");
    }
    let code = "def allowed(all):\n    return Tag.objects.all() if all else Tag.objects.filter(word='x')\nallowed(1).filter(wrod=1)";
    assert_eq!(missing(code), ["wrod"]);
}

/// Expressions of one `annotate` may use the names of those before them.
#[test]
fn names_of_the_same_annotate() {
    assert!(missing("Tag.objects.annotate(n=F('word'), m=F('n'))").is_empty());
    let code = |name: &str| {
        format!("def f(q):\n    rank = Value(0)\n    if q:\n        rank = Func(F('{name}'), q)\n    return Tag.objects.annotate(n=F('word'), rank=rank)")
    };
    assert!(missing(&code("n")).is_empty());
    assert_eq!(missing(&code("wrod")), ["wrod"]);
}

/// The registry of apps gives the class; one that a function is handed (as a migration's are) may give another.
#[test]
fn models_by_their_apps_label() {
    for get in ["apps.get_model('shop', 'Tag')", "apps.get_model('shop.tag')", "apps.get_model(app_label='shop', model_name='Tag')"] {
        assert_eq!(missing(&format!("from django.apps import apps\nTags = {get}\nTags.objects.filter(wrod=1)")), ["wrod"], "{get}");
    }
    assert!(missing("from django.apps import apps\napps.get_model('blog', 'Tag').objects.filter(wrod=1)").is_empty());
    assert!(missing("def forwards(apps, editor):\n    apps.get_model('shop', 'Tag').objects.filter(wrod=1)").is_empty());
}

/// `ForeignKey[Author, Author](…)`, as stubs for type checkers would have it.
#[test]
fn fields_with_type_parameters() {
    let models = "from django.db import models
class Shelf(models.Model):
    word = models.TextField()
class Tag(models.Model):
    shelf = models.ForeignKey[Shelf, Shelf](Shelf, models.CASCADE)
";
    assert_eq!(missing_with(models, "Tag.objects.filter(shelf__word=1, shelf__wrod=1)"), ["wrod"]);
}

#[test]
fn not_every_text_in_an_expression_is_a_field() {
    assert_eq!(seen("Book.objects.annotate(n=Count('*'))"), [""; 0]);
    assert_eq!(seen("Book.objects.dates('title', 'day')"), ["shop_book.title read@title"]);
    let code = "from django.db.models import Case, When\nfrom django.db.models.functions import Extract\n";
    assert_eq!(seen(&format!("{code}Book.objects.annotate(x=Extract('title', 'epoch'))")), ["shop_book.title read@title"]);
    assert_eq!(seen(&format!("{code}Book.objects.annotate(x=Case(When(condition=Q(pages=1), then=2)))")), ["shop_book.pages read@pages"]);
}

/// The models of GIS hand on what Django's have.
#[test]
fn expressions_by_way_of_gis() {
    let code = "from django.contrib.gis.db import models\nTag.objects.filter(models.Q(wrod=1) | models.Q(word=1))";
    assert_eq!(missing(code), ["wrod"]);
}

/// What is looked for, a delimiter, a key are values; beside them stand fields.
#[test]
fn texts_of_expressions_that_are_values() {
    let code = "from django.contrib.postgres.aggregates import StringAgg
from django.contrib.postgres.search import SearchHeadline, SearchQuery, SearchRank, SearchVector, TrigramSimilarity, TrigramWordSimilarity
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Collate
from django.db.models.lookups import IContains
";
    for expression in [
        "StringAgg('FIELD', ', ')",
        "SearchRank(SearchVector('FIELD'), SearchQuery('ducks'))",
        "SearchRank('FIELD', 'ducks')",
        "SearchHeadline('FIELD', 'ducks')",
        "TrigramSimilarity('FIELD', 'ducks')",
        "TrigramWordSimilarity('ducks', 'FIELD')",
        "Collate('FIELD', 'de-x-icu')",
        "KeyTextTransform('ducks', 'FIELD')",
        "IContains(F('FIELD'), 'ducks')",
    ] {
        let with = |field: &str| missing(&format!("{code}Tag.objects.annotate(x={})", expression.replace("FIELD", field)));
        assert!(with("word").is_empty(), "{expression}: {:?}", with("word"));
        assert_eq!(with("wrod"), ["wrod"], "{expression}");
    }
    assert!(missing(&format!("{code}Tag.objects.filter(word=SearchQuery('ducks') | SearchQuery('geese', config='english'))")).is_empty());
}

/// The fields that a model's `Meta` names are looked up as any others; an abstract model's may be its children's.
#[test]
fn names_in_meta() {
    let with = |body: &str| {
        let models = format!(
            "from django.db import models\nfrom django.db.models.functions import Lower\nclass Shelf(models.Model):\n    name = models.TextField()\nclass Base(models.Model):\n    class Meta:\n        abstract = True\n        ordering = ['elsewhere']\nclass Tag(Base):\n    word = models.TextField()\n    shelf = models.ForeignKey(Shelf, models.CASCADE)\n    class Meta:\n        {body}\n"
        );
        missing_with(&models, "")
    };
    for body in [
        "ordering = ['FIELD', '-shelf__name', '?', 'pk']",
        "ordering = (models.F('FIELD').desc(), Lower('word'))",
        "ordering = [Lower('FIELD')]",
        "get_latest_by = '-FIELD'",
        "unique_together = (('shelf', 'FIELD'), ('word', 'id'))",
        "index_together = ['word', 'FIELD']",
        "indexes = [models.Index(fields=['-FIELD'], name='ix'), models.Index(Lower('word').desc(), 'word', name='iy')]",
        "indexes = [models.Index(Lower('FIELD'), name='ix', opclasses=['varchar_pattern_ops'])]",
        "constraints = [models.UniqueConstraint(fields=['word'], include=['FIELD'], condition=models.Q(shelf__isnull=True), name='u')]",
        "constraints = [models.CheckConstraint(check=models.Q(FIELD__gt=1) & ~models.Q(word=''), name='c')]",
        "constraints = [models.CheckConstraint(condition=models.Q(word=models.F('FIELD')), name='c')]",
    ] {
        assert!(with(&body.replace("FIELD", "word")).is_empty(), "{body}: {:?}", with(&body.replace("FIELD", "word")));
        assert_eq!(with(&body.replace("FIELD", "wrod")), ["wrod"], "{body}");
    }
    assert!(with("verbose_name = 'wrod'\n        permissions = [('wrod', 'x')]").is_empty());
}

/// What a form or serializer shows is a field of the model, or declared beside it; a serializer shows any attribute of the model.
#[test]
fn fields_of_forms_and_serializers() {
    let models = "from django.db import models
class Shelf(models.Model):
    name = models.TextField()
    @property
    def title(self):
        return self.name
class Tag(models.Model):
    word = models.TextField()
    shelf = models.ForeignKey(Shelf, models.CASCADE)
";
    let with = |base: &str, body: &str, fields: &str| {
        let code = format!(
            "from django import forms\nfrom elsewhere import Foreign\nfrom rest_framework import serializers\nclass Declared:\n    colour = forms.CharField()\nclass Shown(Declared, {base}):\n    {body}\n    class Meta:\n        model = Shelf\n        fields = {fields}\n"
        );
        missing_with(models, &code)
    };
    for base in ["forms.ModelForm", "serializers.ModelSerializer", "serializers.HyperlinkedModelSerializer"] {
        assert!(with(base, "size = x()", "['name', 'size', 'colour', 'title', 'tag_set', 'pk']").is_empty(), "{base}");
        assert!(with(base, "pass", "'__all__'").is_empty(), "{base}");
        assert_eq!(with(base, "pass", "('name', 'nmae')"), ["nmae"], "{base}");
    }
    for method in ["get_fields", "to_representation"] {
        assert!(with("serializers.ModelSerializer", &format!("def {method}(self):\n        return {{}}"), "['nmae']").is_empty(), "{method}");
    }
    assert!(with("serializers.ModelSerializer, Foreign", "pass", "['nmae']").is_empty());
}

const FRAMEWORKS: &str = "from django import forms
from django.contrib import admin
from django.db.models.signals import post_save
from django.dispatch import receiver
from django.views.generic import DetailView
from rest_framework import serializers, viewsets
import django_filters
AUTH_USER_MODEL = 'shop.Author'
";

/// A manager's own `filter` takes the fields too, and whatever else it likes.
#[test]
fn a_method_in_the_place_of_djangos() {
    let own = "from django.db import models\nclass Rows(models.QuerySet):\n    def filter(self, **kwargs):\n        kwargs.pop('extra', None)\n        return super().filter(**kwargs)\nclass Shelf(models.Model):\n    label = models.TextField()\n    objects = Rows.as_manager()\n";
    assert_eq!(seen(&format!("{own}Shelf.objects.filter(label='x', extra=1)")).last().map(String::as_str), Some("shop_shelf.label read@label"));
}

/// What classes that are about a model list and are handed.
#[test]
fn pages_forms_serializers_and_views_are_about_a_model() {
    let of = |code: &str| seen(&format!("{FRAMEWORKS}{code}"));
    let title = ["shop_book.title read@title"];
    for code in [
        "class P(admin.ModelAdmin):\n    list_display = ('title', 'shown')\nadmin.site.register(Book, P)",
        "@admin.register(Book)\nclass P(admin.ModelAdmin):\n    fieldsets = ((None, {'fields': (('title',),), 'classes': ('pages',)}),)",
        "class P(admin.TabularInline):\n    model = Book\n    search_fields = ['^title']",
        "class S(serializers.ModelSerializer):\n    class Meta:\n        model = Book\n        read_only_fields = ['title']",
        "class S(serializers.ModelSerializer):\n    class Meta:\n        model = Book\n        fields = ['title', 'more']\n    def to_representation(self, x):\n        return {}",
        "class S(serializers.ModelSerializer):\n    more = serializers.SerializerMethodField()\n    class Meta:\n        model = Book\n    def get_more(self, it):\n        return it.title",
        "class S(forms.ModelForm):\n    class Meta:\n        model = Book\n    def clean(self):\n        return self.instance.title",
        "class F(django_filters.FilterSet):\n    class Meta:\n        model = Book\n    def by(self, queryset, name, value):\n        return queryset.filter(title=value, anything=1)",
        "class V(viewsets.ModelViewSet):\n    queryset = Book.objects.all()\n    def get(self, request):\n        return self.get_object().title",
        "class V(DetailView):\n    model = Book\n    def get_queryset(self):\n        return super().get_queryset().filter(title='x')",
        "class V(DetailView):\n    model = Book\n    def get_context_data(self):\n        return self.object.title",
        "@receiver(post_save, sender=Book)\ndef saved(sender, instance, **kwargs):\n    return instance.title",
    ] {
        assert_eq!(of(code), title, "{code}");
    }
    assert_eq!(of("def view(request):\n    return request.user.name"), ["shop_author.name read@name"]);
}

/// The same names where nothing says which model is meant.
#[test]
fn what_is_about_no_model_or_several() {
    for code in [
        "class P(admin.ModelAdmin):\n    list_display = ('title',)",
        "@admin.register(Book, Tag)\nclass P(admin.ModelAdmin):\n    list_display = ('title',)",
        "class P:\n    model = Book\n    list_display = ('title',)",
        "class S(serializers.Serializer):\n    def get_more(self, it):\n        return it.title",
        "class V(DetailView):\n    model = Book\n    def get_object(self):\n        return thing()\n    def get(self, obj_):\n        return self.get_object().title, obj_.title",
        "class P(admin.TabularInline):\n    model = Book\n    def get_formset(self, request, obj=None):\n        return obj.title",
        "@receiver(post_save)\ndef saved(sender, instance, **kwargs):\n    return instance.title",
    ] {
        assert!(seen(&format!("{FRAMEWORKS}{code}")).is_empty(), "{code}");
    }
}
