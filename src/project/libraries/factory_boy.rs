//! `factory_boy`: classes that make objects of a model for tests. What such a class declares, and the keywords it is called with, are given to the model's constructor
//! (`factory/base.py`: `Factory._generate`, `_adjust_kwargs`, `_create`); what it gives is an object of the model.

use crate::diagnostic::Access;
use crate::project::eval::{Args, Evaluator};
use crate::project::index::{Binding, ClassId, last_name};
use crate::project::uses::Certainty;
use crate::project::value::Value;
use crate::project::world::Place;
use crate::source::{Location, Span};
use crate::symbol::Symbol;
use crate::syntax::python::{ArgKind, Body, Call, Expr, ExprKind, Ident, StmtKind};

use super::django::lookups::Path;
use super::django::{self, graph, lookups, queryset};
use super::sqlalchemy::attributes::LIBRARY_MEMBERS;
use super::sqlalchemy::emit::{self, Found};

/// Methods by which a factory of the project's own changes what it is told, or what comes of it.
const OWN_WAYS: &[&str] = &["__init__", "__new__", "_adjust_kwargs", "_build", "_create", "_generate", "_get_manager"];

/// Decorators that make a method a declaration of a field (`factory/helpers.py`); others are called after all is made.
const FIELDS: &[&str] = &["lazy_attribute", "lazy_attribute_sequence", "sequence", "iterator"];

/// How deep `author__publisher__name` is followed, and how deep factories may stand in one another.
const MOST_PARTS: usize = 5;

/// What a factory makes.
#[derive(Clone, Copy)]
struct Made {
    model: ClassId,
    /// All that it is told goes to the constructor, unchanged.
    plain: bool,
    /// What comes out is what the constructor made.
    whole: bool,
}

/// What a name that a factory is given means.
struct Name {
    /// It is handed to the constructor.
    field: bool,
    /// Names behind `__` are another factory's.
    sub: Option<ClassId>,
}

/// Whether a class is a factory of objects.
fn is_factory(ev: &Evaluator<'_, '_>, class: ClassId) -> bool {
    ev.world.lineage(class).is_some_and(|l| {
        l.has_outside("factory", &["Factory", "DjangoModelFactory", "SQLAlchemyModelFactory"])
            || l.has_outside("async_factory_boy", &["AsyncSQLAlchemyFactory"])
    })
}

/// What a factory makes, where its `Meta` or that of a factory above it names a model.
fn made(ev: &mut Evaluator<'_, '_>, class: ClassId) -> Option<Made> {
    if !is_factory(ev, class) {
        return None;
    }
    let world = ev.world;
    let lineage = world.lineage(class)?;
    let named = Symbol::from("model");
    let meta = lineage.mro.iter().find_map(|c| match world.index.class(*c).names.get(&Symbol::from("Meta"))?.as_slice() {
        [.., Binding::Class(meta)] if world.class_member(*meta, named).is_some() => Some(*meta),
        _ => None,
    })?;
    let model = match ev.plain_attribute(&Value::Class(meta), named) {
        Value::Class(c) => c,
        // `model = "shop.Book"`
        Value::Str(t) => {
            let label = t.constant()?;
            let (app, name) = label.split_once('.')?;
            world.models.get(graph::labelled(world, app, name)?).class?
        }
        _ => return None,
    };
    world.models.of_class(model)?;
    let own = |name: &str| world.class_member(class, Symbol::from(name)).is_some();
    let renames = lineage.mro.iter().any(|c| match world.index.class(*c).names.get(&Symbol::from("Meta")).map(|b| b.as_slice()) {
        Some([.., Binding::Class(meta)]) => ["exclude", "rename", "inline_args"].iter().any(|o| world.class_member(*meta, Symbol::from(o)).is_some()),
        _ => false,
    });
    let whole = !OWN_WAYS.iter().any(|n| own(n));
    Some(Made { model, plain: whole && !renames && !lineage.open, whole })
}

/// What a factory makes of a name.
fn declared(ev: &mut Evaluator<'_, '_>, class: ClassId, name: Symbol) -> Name {
    let world = ev.world;
    let aside = Name { field: false, sub: None };
    if let Some((_, [.., Binding::Class(params)])) = world.class_member(class, Symbol::from("Params"))
        && world.class_member(*params, name).is_some()
    {
        return aside;
    }
    match world.class_member(class, name) {
        None => Name { field: true, sub: None },
        Some((_, [.., Binding::Function(f)])) => {
            let def = world.index.function(*f);
            Name { field: FIELDS.iter().any(|d| def.has_decorator(d)), sub: None }
        }
        Some((_, [.., Binding::Class(_)])) => aside,
        Some(_) => {
            let Value::Object(o) = ev.plain_attribute(&Value::Class(class), name) else { return Name { field: true, sub: None } };
            let kind = o.path.as_str().rsplit('.').next().unwrap_or_default();
            let related = kind.starts_with("RelatedFactory");
            let later = kind == "Maybe" && o.call.is_some_and(|(_, call)| call.args.iter().any(|a| comes_later(&a.value)));
            let field = !related && !later && !kind.starts_with("PostGeneration") && kind != "Trait";
            let first = o.call.and_then(|(file, call)| call.positional(0).map(|e| (file, e))).filter(|_| related || kind == "SubFactory");
            let sub = match first.map(|(file, e)| Evaluator::quiet_on(world, Place::module(file), &ev.trail).eval(e)) {
                Some(Value::Class(c)) => Some(c),
                _ => None,
            };
            Name { field, sub }
        }
    }
}

/// Whether an expression declares something that is done once the object is made, and is not given to its constructor.
fn comes_later(e: &Expr) -> bool {
    let ExprKind::Call(call) = &e.kind else { return false };
    last_name(&call.func).is_some_and(|n| n.as_str().starts_with("RelatedFactory") || n.as_str().starts_with("PostGeneration"))
}

/// Notes what a name that a factory is given, or declares, touches.
fn note(ev: &mut Evaluator<'_, '_>, class: ClassId, name: &str, at: Location, depth: usize) {
    let Some(made) = made(ev, class).filter(|_| depth < MOST_PARTS) else { return };
    let (first, rest) = name.split_once("__").map_or((name, None), |(first, rest)| (first, Some(rest)));
    // Names that begin so are the factory's own.
    if first.is_empty() || name.starts_with('_') {
        return;
    }
    let means = declared(ev, class, Symbol::from(first));
    if let Some(rest) = rest {
        if let Some(sub) = means.sub {
            let start = at.span.start as usize + first.len() + 2;
            note(ev, sub, rest, Location::new(at.file, Span::new(start, at.span.end as usize)), depth + 1);
        }
    } else if means.field {
        write(ev, made, Symbol::from(name), at);
    }
}

/// Notes a field that a model's constructor is given.
fn write(ev: &mut Evaluator<'_, '_>, made: Made, name: Symbol, at: Location) {
    let own = |n: &&str| ev.world.class_member(made.model, Symbol::from(*n)).is_some();
    let judged = made.plain && !["__init__", "__new__"].iter().any(own);
    if let Some(id) = django::model(ev, made.model) {
        let path = Path::from_key(name.as_str(), at);
        // A manager of the project's own may make objects in its own way.
        let managed = matches!(ev.plain_attribute(&Value::Class(made.model), Symbol::from("objects")), Value::Instance(_));
        if judged && !managed {
            queryset::plain(ev, id, &path, Access::Write);
        } else {
            lookups::walk(ev, id, &path, Access::Write);
        }
        return;
    }
    match (emit::find(ev, made.model, name), ev.world.models.of_class(made.model)) {
        (Found::Columns(all), _) => emit::columns(ev, &all, at, Access::Write),
        (Found::Missing, Some((id, _))) if judged && !LIBRARY_MEMBERS.contains(&name.as_str()) => {
            emit::missing_attribute(ev, id, name, at, Certainty::Medium);
        }
        _ => {}
    }
}

fn keywords(ev: &mut Evaluator<'_, '_>, class: ClassId, call: &Call, except: &[&str]) {
    for a in &call.args {
        if let ArgKind::Keyword(k) = a.kind
            && !except.contains(&k.as_str())
        {
            let at = ev.at(k.span());
            note(ev, class, k.as_str(), at, 0);
        }
    }
}

/// `BookFactory(title="x")`, `SubFactory(BookFactory, title="x")`
pub fn call<'a>(ev: &mut Evaluator<'_, 'a>, callee: &Value<'a>, call: &'a Call, args: &Args<'a>) -> Option<Value<'a>> {
    match callee {
        Value::Class(c) => {
            let made = made(ev, *c)?;
            keywords(ev, *c, call, &[]);
            Some(if made.whole { Value::Instance(made.model) } else { Value::Unknown })
        }
        Value::External(path) if path.starts_with("factory.") => {
            let name = path.as_str().rsplit('.').next().unwrap_or_default();
            if let ("SubFactory" | "RelatedFactory" | "RelatedFactoryList", Some(Value::Class(c))) = (name, args.positional(call, 0)) {
                keywords(ev, *c, call, &["factory_related_name", "name", "size"]);
            }
            None
        }
        _ => None,
    }
}

/// `BookFactory.create(title="x")`, `BookFactory.build_batch(3, title="x")`
pub fn method<'a>(ev: &mut Evaluator<'_, 'a>, receiver: &Value<'a>, name: Ident, call: &'a Call) -> Option<Value<'a>> {
    let Value::Class(class) = receiver else { return None };
    if !matches!(name.as_str(), "create" | "build" | "create_batch" | "build_batch" | "stub") || ev.world.class_member(*class, name.name).is_some() {
        return None;
    }
    let made = made(ev, *class)?;
    keywords(ev, *class, call, &["size"]);
    Some(match name.as_str() {
        "stub" => Value::Unknown,
        _ if !made.whole => Value::Unknown,
        "create" | "build" => Value::Instance(made.model),
        _ => Value::list_of(Value::Instance(made.model)),
    })
}

/// The body of a factory: the fields it declares; and of its `Params`, whose traits set fields.
pub fn class_body<'a>(ev: &mut Evaluator<'_, 'a>, class: ClassId, body: &'a Body) {
    let def = ev.world.index.class(class);
    if let (Some(factory), "Params") = (def.outer_class, def.node.name.as_str()) {
        return params(ev, factory, body);
    }
    if !is_factory(ev, class) {
        return;
    }
    for s in body {
        let target = match &s.kind {
            StmtKind::Assign(a) => match a.0.as_slice() {
                [Expr { kind: ExprKind::Name(name), span }] => (*name, *span),
                _ => continue,
            },
            StmtKind::AnnAssign(a) => match (&a.0, &a.2) {
                (Expr { kind: ExprKind::Name(name), span }, Some(_)) => (*name, *span),
                _ => continue,
            },
            StmtKind::Function(f) => (f.name.name, f.name.span),
            _ => continue,
        };
        let at = ev.at(target.1);
        note(ev, class, target.0.as_str(), at, 0);
    }
}

/// `sold = factory.Trait(status="sold")`
fn params<'a>(ev: &mut Evaluator<'_, 'a>, factory: ClassId, body: &'a Body) {
    for s in body {
        if let StmtKind::Assign(a) = &s.kind
            && let ExprKind::Call(c) = &a.1.kind
            && last_name(&c.func).is_some_and(|n| n.as_str() == "Trait")
        {
            let later = c.args.iter().filter_map(|a| if let ArgKind::Keyword(k) = a.kind { Some(k.name).filter(|_| comes_later(&a.value)) } else { None });
            let later: Vec<Symbol> = later.collect();
            keywords(ev, factory, c, &later.iter().map(Symbol::as_str).collect::<Vec<_>>());
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::project::Project;
    use crate::schema::Schema;
    use crate::source::{Language, SourceFile, Sources};
    use crate::syntax::python;

    const MODELS: &str = r#"
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship
from sqlalchemy import ForeignKey
class Base(DeclarativeBase):
    pass
class Author(Base):
    __tablename__ = "authors"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
class Book(Base):
    __tablename__ = "books"
    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str]
    state: Mapped[str]
    author_id: Mapped[int] = mapped_column(ForeignKey("authors.id"))
    author: Mapped["Author"] = relationship()
"#;

    const FACTORIES: &str = r"
import factory
from factory.alchemy import SQLAlchemyModelFactory
from models import Author, Book
class BaseFactory(SQLAlchemyModelFactory):
    class Meta:
        abstract = True
class AuthorFactory(BaseFactory):
    class Meta:
        model = Author
class BookFactory(BaseFactory):
    class Meta:
        model = Book
    class Params:
        sold = factory.Trait()
        size = 1
    author = factory.SubFactory(AuthorFactory)
    @factory.post_generation
    def labels(self, create, extracted, **kwargs):
        pass
class OddFactory(BookFactory):
    @classmethod
    def _create(cls, model_class, *args, **kwargs):
        return kwargs
";

    /// The columns seen in a test, and names that the model lacks with `!`.
    fn seen(code: &str) -> Vec<String> {
        let code = format!("{FACTORIES}{code}");
        let mut sources = Sources::default();
        let files = [("models.py", MODELS), ("test_books.py", &code)];
        let trees: Vec<_> = files.iter().map(|(path, text)| (sources.add(SourceFile::new(*path, Language::Python, *text)), python::parse(text))).collect();
        let modules: Vec<_> = trees.iter().map(|(id, tree)| (*id, tree)).collect();
        let schema = Schema::new();
        let project = Project::link(&sources, &modules, &schema);
        let own = |at: crate::source::Location| sources.get(at.file).path == "test_books.py" && at.span.start as usize >= FACTORIES.len();
        let columns = project.uses.references.iter().filter(|r| own(r.location) && r.column.is_some());
        let mut out: Vec<_> = columns.map(|r| (r.location, format!("{}.{}", r.relation.name, r.column.map_or("", |c| c.as_str())))).collect();
        out.extend(project.uses.missing_attributes.iter().filter(|m| own(m.location)).map(|m| (m.location, format!("!{}", m.attribute))));
        out.sort();
        out.into_iter().map(|(_, s)| s).collect()
    }

    #[test]
    fn keywords_are_fields_of_the_model() {
        assert_eq!(seen("BookFactory(title='a', author__name='b')"), ["books.title", "authors.name"]);
        assert_eq!(seen("BookFactory.create_batch(2, title='a')[0].state"), ["books.title", "books.state"]);
        assert_eq!(seen("b = BookFactory.build(titel='a')\nb.title"), ["!titel", "books.title"]);
        assert_eq!(seen("class F(BaseFactory):\n    book = factory.SubFactory(BookFactory, title='x')"), ["books.title"]);
    }

    #[test]
    fn what_a_factory_declares_is_given_to_the_constructor() {
        let code =
            "class F(BookFactory):\n    title = factory.Faker('x')\n    nothing = 1\n    @factory.lazy_attribute\n    def state(self):\n        return 1\n";
        assert_eq!(seen(code), ["books.title", "!nothing", "books.state"]);
        assert_eq!(seen("class F(BookFactory):\n    class Params:\n        old = factory.Trait(state='x')"), ["books.state"]);
        // What comes after the object is made is given to nothing.
        assert!(seen("class F(BookFactory):\n    more = factory.Maybe('old', yes_declaration=factory.RelatedFactory('x.Y', 'book'))").is_empty());
        assert!(seen("class F(BookFactory):\n    class Params:\n        old = factory.Trait(more=factory.RelatedFactory('x.Y', 'book'))").is_empty());
    }

    #[test]
    fn what_stays_with_the_factory_is_no_field() {
        assert!(seen("BookFactory(labels=[1], sold=True, size=3, _quiet=1, labels__deep=1)").is_empty());
        // One with ways of its own may make anything of what it is told, and of what comes out.
        assert_eq!(seen("b = OddFactory(titel='a', title='b')\nb.titel"), ["books.title"]);
        assert_eq!(seen("class F(BookFactory):\n    class Meta:\n        exclude = ('extra',)\n    extra = 1\n    title = 2"), ["books.title"]);
        let other = "class P:\n    pass\nclass F(factory.Factory):\n    class Meta:\n        model = P\n    title = 1\nF(title=2)";
        assert!(seen(other).is_empty());
    }
}
