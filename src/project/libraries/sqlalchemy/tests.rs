//! ORM code as people write it, and what is seen in each: `table.column access@"token"`; what a model lacks begins with `!`.

use crate::diagnostic::Access;
use crate::project::Project;
use crate::schema::Schema;
use crate::source::{Language, SourceFile, Sources};
use crate::syntax::python;

const MODELS: &str = r#"
from __future__ import annotations
from sqlalchemy import Column, ForeignKey, Integer, String, Table, MetaData
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship
class Base(DeclarativeBase):
    pass
class Stamped:
    created_at: Mapped[str] = mapped_column()
    def age(self):
        return self.created_at
class Author(Stamped, Base):
    __tablename__ = "authors"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    books: Mapped[list["Book"]] = relationship(back_populates="author")
    @property
    def label(self):
        return self.name
class Book(Stamped, Base):
    __tablename__ = "books"
    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str]
    _raw = mapped_column("raw_payload", String)
    author_id: Mapped[int] = mapped_column(ForeignKey("authors.id"))
    author: Mapped["Author"] = relationship(back_populates="books")
tags = Table("tags", MetaData(), Column("id", Integer, primary_key=True), Column("word", String))
"#;

fn project(files: &[(&str, &str)], look_at: &str) -> Vec<String> {
    let mut sources = Sources::default();
    let trees: Vec<_> = files.iter().map(|(path, text)| (sources.add(SourceFile::new(*path, Language::Python, *text)), python::parse(text))).collect();
    let modules: Vec<_> = trees.iter().map(|(id, tree)| (*id, tree)).collect();
    let schema = Schema::new();
    let project = Project::link(&sources, &modules, &schema);
    let mut out = Vec::new();
    for r in &project.uses.references {
        let file = sources.get(r.location.file);
        if file.path != look_at {
            continue;
        }
        let access = match r.access {
            Access::Define => "define",
            Access::Read => "read",
            Access::Write => "write",
            Access::Ddl => "ddl",
        };
        let column = r.column.map_or(String::new(), |c| format!(".{c}"));
        out.push((r.location, format!("{}{column} {access}@{}", r.relation.name, file.slice(r.location.span))));
    }
    for m in &project.uses.missing_attributes {
        let file = sources.get(m.location.file);
        if file.path == look_at {
            out.push((m.location, format!("!{}.{}@{}", m.model, m.attribute, file.slice(m.location.span))));
        }
    }
    out.sort();
    out.into_iter().map(|(_, s)| s).collect()
}

/// What is seen in a piece of code beside the models.
fn seen(code: &str) -> Vec<String> {
    let code = format!("from sqlalchemy import *\nfrom sqlalchemy.orm import aliased\nfrom models import Author, Book, tags\n{code}");
    project(&[("models.py", MODELS), ("app.py", &code)], "app.py")
}

#[test]
fn class_attributes_and_query_roots() {
    assert_eq!(
        seen("select(Book).where(func.lower(Book.title) == 'x').order_by(Book.created_at.desc())"),
        ["books read@Book", "books.title read@title", "books.created_at read@created_at"]
    );
    assert_eq!(seen("b = aliased(Book)\nselect(b.title)"), ["books read@Book", "books.title read@title"]);
    assert_eq!(seen("Book._raw"), ["books.raw_payload read@_raw"]);
}

#[test]
fn constructors_write() {
    assert_eq!(seen("Book(title='x', author=a, **more)"), ["books.title write@title"]);
    assert_eq!(seen("Book(titel='x')"), ["!Book.titel@titel"]);
    assert_eq!(seen("d = {'title': 1}\nBook(**d)"), ["books.title write@title"]);
    assert_eq!(seen("d = {'title': 1, 'titel': 2}\nBook(**d)"), ["books.title write@title", "!Book.titel@titel"]);
    assert_eq!(seen("d = {'title': 1, 'titel': 2}\nd.pop('titel')\nBook(**d)"), ["books.title write@title"]);
    assert_eq!(seen("d = {'title': 1, 'titel': 2}\ndel d['titel']\nBook(**d)"), ["books.title write@title"]);
    assert_eq!(seen("k = ['titel', 'title']\ndel k[0]\nd = {k[0]: 1}\nBook(**d)"), ["books.title write@title"]);
    assert_eq!(seen("k = ['titel', 'title']\ndel k[n]\nd = {k[0]: 1}\nBook(**d)"), [""; 0]);
    let input = "from pydantic import BaseModel\nclass BookIn(BaseModel):\n    title: str\n    titel: str\n";
    assert_eq!(seen(&format!("{input}def f(b: BookIn):\n    Book(**b.model_dump(exclude={{'x'}}))")), ["books.title write@title"]);
}

#[test]
fn a_constructor_of_its_own_takes_what_it_likes() {
    let models =
        format!("{MODELS}\nclass Note(Base):\n    __tablename__ = 'notes'\n    id = Column(Integer, primary_key=True)\n    def __init__(self, text): pass\n");
    assert_eq!(project(&[("models.py", &models), ("app.py", "from models import Note\nNote(text='x', id=1)")], "app.py"), ["notes.id write@id"]);
}

#[test]
fn objects_by_annotation_constructor_and_query() {
    assert_eq!(seen("def f(b: Book | None):\n    return b.title"), ["books.title read@title"]);
    assert_eq!(seen("def f(bs: list[Book]):\n    for b in bs:\n        b.title = 'x'"), ["books.title write@title"]);
    assert_eq!(seen("def f(s):\n    b = s.get(Book, 1)\n    return b.author.name"), ["books read@Book", "authors.name read@name"]);
    assert_eq!(seen("def f(s):\n    return [b.title for b in s.query(Book)]"), ["books.title read@title", "books read@Book"]);
    assert_eq!(seen("def f(s):\n    return s.scalars(select(Book)).first().title"), ["books read@Book", "books.title read@title"]);
    assert_eq!(
        seen("async def f(s):\n    r = await s.execute(select(Book))\n    return r.scalar_one_or_none().title"),
        ["books read@Book", "books.title read@title"]
    );
}

#[test]
fn what_is_called_when_something_happens_to_an_object() {
    let listens = |of: &str, event: &str, parameters: &str| {
        seen(&format!("@event.listens_for({of}, '{event}')\ndef f({parameters}):\n    target.title = connection.state"))
    };
    assert_eq!(listens("Book", "before_update", "mapper, connection, target"), ["books.title write@title"]);
    assert_eq!(listens("Book.title", "set", "target, value, old, connection"), ["books.title read@title", "books.title write@title"]);
    // Of a session, and of something that gives no object.
    assert_eq!(listens("session", "before_update", "mapper, connection, target"), [""; 0]);
    assert_eq!(listens("Book", "mapper_configured", "mapper, connection, target"), [""; 0]);
    let models = format!(
        "{MODELS}\nfrom sqlalchemy.orm import validates\nclass Note(Base):\n    __tablename__ = 'notes'\n    id = Column(Integer, primary_key=True)\n    word = Column(String)\n    @validates('word', 'text')\n    def check(self, key, value):\n        return value\n"
    );
    let all = project(&[("models.py", &models)], "models.py");
    assert_eq!(all.iter().filter(|r| r.starts_with("notes.word")).collect::<Vec<_>>(), ["notes.word define@word", "notes.word read@word"]);
}

/// Of a parameter without a type only callers know what it is, and not all of them need be seen: nothing is missing.
#[test]
fn a_parameter_without_a_type_is_what_callers_give() {
    let helper = "def label(b, short=True):\n    return b.title + b.nothing\n";
    assert_eq!(seen(&format!("{helper}def f(s):\n    label(s.get(Book, 1))")), ["books.title read@title", "books read@Book"]);
    assert_eq!(seen(&format!("{helper}def f(b: list[Book]):\n    return [label(x) for x in b]")), ["books.title read@title"]);
    let handed_on = "def outer(b):\n    return label(b)\n";
    assert_eq!(seen(&format!("{helper}{handed_on}def f(b: Book):\n    outer(b)")), ["books.title read@title"]);
    // What says itself what it takes is not asked again.
    assert_eq!(
        seen("def label(b: Author):\n    return b.name, b.created_at\ndef f(b: Book):\n    label(b)"),
        ["authors.name read@name", "authors.created_at read@created_at"]
    );
    let other =
        project(&[("models.py", MODELS), ("b.py", helper), ("app.py", "from models import Book\nfrom b import label\ndef f(b: Book):\n    label(b)")], "b.py");
    assert_eq!(other, ["books.title read@title"]);
}

#[test]
fn rows_by_name_position_and_unpacking() {
    let code = "def f(s):\n    for b, n in s.execute(select(Book, func.count().label('n'))):\n        b.title";
    assert_eq!(seen(code), ["books read@Book", "books.title read@title"]);
    let code = "def f(s):\n    row = s.query(Book.title, Author).first()\n    return row.title, row[1].name, row.Author.id";
    assert_eq!(seen(code), ["books.title read@title", "authors read@Author", "books.title read@title", "authors.name read@name", "authors.id read@id"]);
}

#[test]
fn a_label_hides_the_column() {
    assert_eq!(seen("def f(s):\n    return s.query(Book.title.label('t')).first().t"), ["books.title read@title"]);
    assert_eq!(seen("q = select(Book.title.label('t')).order_by('t')"), ["books.title read@title", "books.title read@t"]);
}

#[test]
fn subqueries_show_the_inner_select() {
    assert_eq!(
        seen("sub = select(Book.title, func.count().label('n')).subquery()\nselect(sub.c.title, sub.c.n, sub.c.nothing)"),
        ["books.title read@title", "books.title read@title"]
    );
}

#[test]
fn keywords_of_filter_by() {
    assert_eq!(seen("def f(s):\n    s.query(Book).filter_by(title='x', titel='y')"), ["books read@Book", "books.title read@title", "!Book.titel@titel"]);
    // After a join they may mean the joined entity, or still the first.
    assert_eq!(seen("def f(s):\n    s.query(Book).join(Author).filter_by(name='x')"), ["books read@Book", "authors read@Author", "authors.name read@name"]);
}

#[test]
fn statements_write() {
    assert_eq!(seen("update(Book).values(title='x').where(Book.id == 1)"), ["books write@Book", "books.title write@title", "books.id read@id"]);
    assert_eq!(seen("insert(Book).values([{'title': 'x'}, {'nope': 1}])"), ["books write@Book", "books.title write@title", "!Book.nope@nope"]);
    assert_eq!(
        seen("insert(tags).values(word='x').on_conflict_do_update(index_elements=['id'], set_={'word': 1})"),
        ["tags write@tags", "tags.word write@word", "tags.id read@id", "tags.word write@word"]
    );
    assert_eq!(seen("def f(s):\n    s.bulk_insert_mappings(Book, [{'title': 1}])"), ["books write@Book", "books.title write@title"]);
}

#[test]
fn core_tables() {
    assert_eq!(seen("select(tags.c.word).where(tags.c['id'] == 1)"), ["tags.word read@word", "tags.id read@id"]);
    assert_eq!(seen("tags.c.wrod"), ["!tags.wrod@wrod"]);
    assert_eq!(seen("Book.__table__.c.title"), ["books.title read@title"]);
}

#[test]
fn declarations_name_columns_in_strings() {
    let code = r#"
from models import Base
from sqlalchemy import Column, Integer, Index, UniqueConstraint, ForeignKey
from sqlalchemy.orm import relationship
class Shelf(Base):
    __tablename__ = "shelves"
    __table_args__ = (UniqueConstraint("room"), Index("room", "floor"))
    id = Column(Integer, primary_key=True)
    room = Column(Integer)
    floor = Column(Integer)
    book_id = Column(Integer, ForeignKey("books.id"))
    book = relationship("Book", primaryjoin="Shelf.book_id == Book.id", foreign_keys=[book_id])
"#;
    let got = project(&[("models.py", MODELS), ("shelf.py", code)], "shelf.py");
    for wanted in [
        "shelves define@shelves",
        "shelves.room read@room",
        "shelves.floor read@floor",
        "books.id read@id",
        "shelves.book_id read@book_id",
        "shelves.book_id define@book_id",
    ] {
        assert!(got.iter().any(|g| g == wanted), "{wanted} in {got:#?}");
    }
    assert_eq!(got.iter().filter(|g| *g == "shelves.book_id read@book_id").count(), 2, "in the string and in the list: {got:#?}");
}

#[test]
fn a_mixin_reads_the_columns_of_all_its_models() {
    let got = project(&[("models.py", MODELS)], "models.py");
    assert!(got.contains(&"authors.created_at read@created_at".to_owned()) && got.contains(&"books.created_at read@created_at".to_owned()), "{got:#?}");
}

#[test]
fn what_exists_without_being_a_column_is_left_alone() {
    assert!(seen("Author.label\nAuthor.books\nAuthor.metadata\nAuthor.__name__\nBook.age").is_empty());
    assert!(seen("Book.extra = 1\nBook.extra").is_empty(), "set elsewhere");
    assert!(seen("getattr(Book, 'nope', None)\ngetattr(Book, name)").is_empty());
    let given = "def setup(all):\n    for c in all:\n        setattr(c, 'nope', 1)\n        c._own = 2\n        c.pages = 3\n";
    assert_eq!(seen(&format!("{given}Book.nope()\nBook._own\nBook.pages")), ["!Book.pages@pages"]);
}

#[test]
fn what_an_object_lacks_is_said_where_the_function_says_what_it_is() {
    assert_eq!(seen("def f(a: Author):\n    a.anything"), ["!Author.anything@anything"]);
    assert_eq!(seen("def f(s):\n    b = s.get(Book, 1)\n    return b.titel"), ["books read@Book", "!Book.titel@titel"]);
    assert_eq!(seen("def f(a: Author):\n    a = wrap(a)\n    a.anything"), [""; 0], "bound twice");
    assert_eq!(seen("def made(s):\n    return s.get(Book, 1)\ndef f(s):\n    b = made(s)\n    return b.titel"), ["books read@Book"], "said elsewhere");
    assert_eq!(seen("def f(a: Author):\n    a.anything()"), [""; 0], "methods are another matter");
    assert_eq!(
        seen("def f(a: Author):\n    a.seen = 1\n    setattr(a, 'more', 2)\n    if hasattr(a, 'odd'):\n        a.odd\n    return a.seen, a.more"),
        [""; 0]
    );
}

#[test]
fn what_an_object_is_may_be_said_over_several_names() {
    let missed = |code: &str| seen(code).into_iter().filter(|s| s.starts_with('!')).collect::<Vec<_>>();
    let titel = ["!Book.titel@titel"];
    assert_eq!(missed("def f(s):\n    result = s.execute(select(Book))\n    b = result.scalar_one_or_none()\n    return b.titel"), titel);
    assert_eq!(missed("def f(s):\n    result = s.execute(select(Book))\n    for b in result.scalars().all():\n        b.titel"), titel);
    assert_eq!(missed("def f(s):\n    q = s.query(Book)\n    q = q.filter(Book.id == 1)\n    b = q.first()\n    b.titel"), titel);
    assert_eq!(missed("def f(bs: list[Book]):\n    return [b.titel for b in bs]"), titel);
    assert_eq!(missed("def f(s):\n    b = s.get(Book, 1)\n    b.title = 'x'\n    return b.titel"), titel, "one that is written to is what it was");
    assert_eq!(missed("def f(b: Book):\n    return b.author.nmae"), ["!Author.nmae@nmae"]);
    assert_eq!(missed("def f(a: Author):\n    for b in a.books:\n        b.titel\n    return [b.titel for b in a.books]"), titel.repeat(2));
    assert_eq!(missed("def f(b):\n    for b in b.author.books:\n        b.titel"), [""; 0], "circles");
    assert_eq!(missed("def f(b: Book, k):\n    setattr(b, k, 1)\n    return b.titel"), [""; 0]);
    assert_eq!(missed("def f(bs: list[Book], others):\n    [b.titel for b in bs]\n    [b.titel for b in others]"), [""; 0], "two of one name");
    let own = "class Shelf(Base):\n    __tablename__ = 'shelves'\n    id: Mapped[int] = mapped_column(primary_key=True)\n    def f(self):\n        self.seen = 1\n        return self.seen, self.idx";
    assert_eq!(missed(&format!("from models import Base\nfrom sqlalchemy.orm import Mapped, mapped_column\n{own}")), ["!Shelf.idx@idx"]);
}

#[test]
fn an_unresolved_base_says_nothing() {
    let code =
        "from elsewhere import Thing\nfrom models import Base\nclass Odd(Thing, Base):\n    __tablename__ = 'odd'\n    id = 1\nOdd.whatever\nOdd(some=1)";
    assert_eq!(project(&[("models.py", MODELS), ("app.py", code)], "app.py").iter().filter(|s| s.starts_with('!')).count(), 0);
}

#[test]
fn dictionaries_and_lists_of_objects() {
    assert_eq!(seen("def f(s):\n    d: dict[int, Book] = {}\n    for b in d.values():\n        b.title"), ["books.title read@title"]);
    assert_eq!(seen("def f(bs: list[Book]):\n    by = {b.id: b for b in bs}\n    by[1].title"), ["books.id read@id", "books.title read@title"]);
}

#[test]
fn lambdas_beside_what_they_are_called_on() {
    assert_eq!(
        seen("def f(bs: list[Book]):\n    sorted(bs, key=lambda b: b.title)\n    bs.sort(key=lambda b: b.id)"),
        ["books.title read@title", "books.id read@id"]
    );
    assert_eq!(seen("def f(s):\n    first(s.query(Book).all(), pred=lambda b: b.title == '')"), ["books read@Book", "books.title read@title"]);
}

#[test]
fn narrowing() {
    assert_eq!(seen("def f(x):\n    if not isinstance(x, Book):\n        return\n    x.title"), ["books.title read@title"]);
    assert_eq!(seen("def f(x):\n    return isinstance(x, Book) and x.title"), ["books.title read@title"]);
    assert_eq!(seen("def f(r):\n    if isinstance(r.it, Book):\n        r.it.title\n    r = 1\n    r.it.title"), ["books.title read@title"]);
    assert_eq!(seen("def f(m):\n    if m in (Book, Author):\n        m.id"), ["authors.id read@id", "books.id read@id"]);
}

#[test]
fn type_variables() {
    let code = "from typing import TypeVar\nT = TypeVar('T', Book, Author)\ndef f(x: T):\n    x.id";
    assert_eq!(seen(code), ["authors.id read@id", "books.id read@id"]);
    let code = "from typing import TypeVar\nT = TypeVar('T')\ndef pick(m: type[T], n) -> T | None:\n    return load(m, n)\npick(Book, 1).title";
    assert_eq!(seen(code), ["books.title read@title"]);
    let code = "from typing import Generic, TypeVar\nM = TypeVar('M')\nclass Repo(Generic[M]):\n    def get(self, n) -> M:\n        ...\nclass Books(Repo[Book]):\n    pass\ndef f(r: Books):\n    r.get(1).title";
    assert_eq!(seen(code), ["books.title read@title"]);
}

#[test]
fn helpers_that_are_given_a_class() {
    let code = "def by_id(s, model, n):\n    return s.query(model).filter(model.id == n).one()\ndef f(s):\n    return by_id(s, Book, 1).title";
    let got = seen(code);
    assert!(got.contains(&"books.id read@id".to_owned()) && got.contains(&"books.title read@title".to_owned()), "{got:#?}");
}

#[test]
fn a_copy_of_a_model_in_an_old_revision_does_not_confuse() {
    let code = r#"
from models import Base
from sqlalchemy import Column, Integer, ForeignKey
from sqlalchemy.orm import relationship
class Loan(Base):
    __tablename__ = "loans"
    id = Column(Integer, primary_key=True)
    book_id = Column(Integer, ForeignKey("books.id"))
    book = relationship("Book", backref="loans", primaryjoin="Loan.book_id == Book.id")
"#;
    let old = "from sqlalchemy.orm import declarative_base\nfrom sqlalchemy import Column, Integer\nOld = declarative_base()\nclass Book(Old):\n    __tablename__ = 'books'\n    id = Column(Integer, primary_key=True)\n";
    let files = [("models.py", MODELS), ("loans.py", code), ("versions/one.py", old), ("app.py", "from models import Book\nBook.loans\nBook.lons")];
    assert_eq!(project(&files, "app.py"), ["!Book.lons@lons"]);
    assert!(project(&files, "loans.py").contains(&"books.id read@id".to_owned()));
}

#[test]
fn the_key_of_a_joined_child_is_its_parents_too() {
    let code = "from models import Base, Book\nfrom sqlalchemy import Column, Integer, String, ForeignKey\nclass Atlas(Book):\n    __tablename__ = 'atlases'\n    id = Column(Integer, ForeignKey('books.id'), primary_key=True)\n    scale = Column(String)\ndef f(a: Atlas):\n    a.id\n    a.title\n    a.scale\nAtlas(title='x', scale='y')";
    let got = project(&[("models.py", MODELS), ("app.py", code)], "app.py");
    let reads: Vec<_> = got.iter().filter(|g| !g.contains("define") && !g.ends_with("@books.id")).map(String::as_str).collect();
    for wanted in
        ["atlases.id read@id", "books.id read@id", "books.title read@title", "atlases.scale read@scale", "books.title write@title", "atlases.scale write@scale"]
    {
        assert!(reads.contains(&wanted), "{wanted} in {reads:?}");
    }
    assert!(!reads.iter().any(|r| r.starts_with('!')), "{reads:?}");
}

#[test]
fn loader_options_speak_of_what_they_load() {
    assert_eq!(
        seen("def f(s):\n    s.query(Book).options(joinedload(Book.author).load_only('id'), load_only('title'))"),
        ["books read@Book", "authors.id read@id", "books.title read@title"]
    );
}

#[test]
fn fixtures_by_name() {
    let conftest = "import pytest\nfrom models import Book\n@pytest.fixture\ndef book(db):\n    b = Book(title='x')\n    yield b\n";
    let test = "def test_title(book):\n    assert book.title";
    assert_eq!(project(&[("models.py", MODELS), ("tests/conftest.py", conftest), ("tests/test_a.py", test)], "tests/test_a.py"), ["books.title read@title"]);
}

#[test]
fn flask_queries() {
    let models = "from flask_sqlalchemy import SQLAlchemy\ndb = SQLAlchemy()\nclass Post(db.Model):\n    id = db.Column(db.Integer, primary_key=True)\n    title = db.Column(db.String)\n";
    let code = "from models import Post, db\nPost.query.filter_by(title='x').first().title\ndb.session.query(Post.id)\nfor p in Post.query.paginate(page=1).items:\n    p.title";
    assert_eq!(
        project(&[("models.py", models), ("app.py", code)], "app.py"),
        ["post.title read@title", "post.title read@title", "post.id read@id", "post.title read@title"]
    );
}

#[test]
fn keys_of_parameters_need_not_be_columns() {
    assert_eq!(
        seen("def f(s):\n    s.execute(update(Book).where(Book.id == bindparam('b_id')), [{'b_id': 1, 'title': 'x'}])"),
        ["books write@Book", "books.id read@id", "books.title write@title"]
    );
    assert_eq!(seen("def f(s):\n    s.execute(update(Book), [{'b_id': 1}])"), ["books write@Book", "!Book.b_id@b_id"]);
}

#[test]
fn a_constructor_that_is_one_of_several() {
    assert_eq!(seen("def f(x):\n    make = Book if x else Author\n    return make(name='x')"), ["authors.name write@name"]);
}

#[test]
fn names_given_from_the_other_side_that_are_computed() {
    let models = format!(
        "{MODELS}\nclass Note(Base):\n    __tablename__ = 'notes'\n    id = Column(Integer, primary_key=True)\n    author_id = Column(ForeignKey('authors.id'))\n    \
         author = relationship(Author, backref=some_name())\n"
    );
    let of = |code: &str| project(&[("models.py", &models), ("app.py", code)], "app.py");
    assert_eq!(of("from models import Author\nAuthor.notes"), Vec::<String>::new());
    assert_eq!(of("from models import Note\nNote.authr"), ["!Note.authr@authr"]);
}

#[test]
fn a_childs_column_lies_in_its_parents_table() {
    let models = format!("{MODELS}\nclass Novel(Book):\n    plot = Column(String)\n");
    let code = "from models import Book\nt = Book.__table__\nt.c.plot\nt.c.title\nt.c.plott";
    assert_eq!(project(&[("models.py", &models), ("app.py", code)], "app.py"), ["books.plot read@plot", "books.title read@title", "!Book.plott@plott"]);
}

#[test]
fn lambdas_that_call_themselves_are_followed_only_so_far() {
    let code = "def f():\n    g = lambda n: g(n)\n    g(1)\n    y = lambda n: (y(n), y(n), y(n))\n    a = lambda n: b(n)\n    b = lambda n: a(n)\n    y(1)\n    a(Book.title)";
    assert_eq!(seen(code), ["books.title read@title"]);
}

/// `current_user` is what the one `user_loader` of the application gives.
#[test]
fn the_user_of_a_request() {
    let login = |more: &str| {
        seen(&format!(
            "from flask_login import LoginManager, current_user\nmanager = LoginManager()\n@manager.user_loader\ndef load(key):\n    return Author.query.get(key)\n{more}def view():\n    current_user.name = 'x'\n    for book in current_user.books:\n        book.title\n"
        ))
    };
    assert_eq!(login(""), ["authors.name write@name", "books.title read@title"]);
    // With two of them nobody knows.
    let two = "@other.user_loader\ndef load_other(key):\n    return None\n";
    assert_eq!(login(two), [""; 0]);
}
