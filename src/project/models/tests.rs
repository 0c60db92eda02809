//! Models as people write them, and what the framework would report of each: `attribute=column type null|not null key → target`.

use std::collections::BTreeMap;

use crate::project::Project;
use crate::schema::Schema;
use crate::source::{Language, SourceFile, Sources};
use crate::syntax::python;

/// Every model, a line for its table and one for each column.
pub(super) fn models_in(files: &[(&str, &str)], bound: &[(&str, &str)]) -> Vec<String> {
    models_under(&Schema::new(), files, bound)
}

/// The same under a lock.
pub(super) fn models_under(schema: &Schema, files: &[(&str, &str)], bound: &[(&str, &str)]) -> Vec<String> {
    let mut sources = Sources::default();
    let trees: Vec<_> = files.iter().map(|(path, text)| (sources.add(SourceFile::new(*path, Language::Python, *text)), python::parse(text))).collect();
    let modules: Vec<_> = trees.iter().map(|(id, tree)| (*id, tree)).collect();
    let bound: BTreeMap<String, String> = bound.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect();
    let project = Project::link_bound(&sources, &modules, schema, &[], &bound);
    let mut out = Vec::new();
    for m in &project.world.models.all {
        let schema = m.relation.schema.map_or(String::new(), |s| format!("{s}."));
        let marks = [(m.open, " open"), (m.foreign, " foreign"), (m.reflected, " reflected")];
        let marks: String = marks.iter().filter(|x| x.0).map(|x| x.1).collect();
        out.push(format!("{} {schema}{}{marks}", m.name, m.relation.name));
        for c in &m.columns {
            let name = if c.attribute == c.column { c.column.to_string() } else { format!("{}={}", c.attribute, c.column) };
            let ty = c.ty.as_deref().unwrap_or("?");
            let null = match c.nullable {
                Some(true) => "null",
                Some(false) => "not null",
                None => "null?",
            };
            let labels = c.enum_labels.as_ref().map_or(String::new(), |l| format!(" {l:?}"));
            let key = if c.primary_key { " key" } else { "" };
            let unique = if c.unique { " unique" } else { "" };
            let targets: String = c.foreign_keys.iter().map(|(t, _)| format!(" → {t}")).collect();
            out.push(format!("  {name} {ty}{labels} {null}{key}{unique}{targets}"));
        }
    }
    out
}

fn models(code: &str) -> Vec<String> {
    models_in(&[("app/models.py", code)], &[])
}

#[test]
fn declarative_of_the_first_generation() {
    let code = r#"
from sqlalchemy import Column, ForeignKey, Integer, String, DateTime, Numeric, UniqueConstraint, MetaData
from sqlalchemy.orm import declarative_base, relationship
Base = declarative_base(metadata=MetaData(schema="shop"))

class Stamped:
    created_at = Column(DateTime(timezone=True), nullable=False)

class Order(Stamped, Base):
    __tablename__ = "orders"
    id = Column(Integer, primary_key=True)
    _raw = Column("raw_total", Numeric(12, 2))
    customer_id = Column(ForeignKey("customers.id"))
    lines = relationship("Line", backref="order")

class Line(Base):
    __tablename__ = "lines"
    __table_args__ = (UniqueConstraint("sku"), {"schema": "stock"})
    id = Column(Integer, primary_key=True)
    sku = Column(String(20))
    order_id = Column(Integer, ForeignKey(Order.id))
"#;
    assert_eq!(
        models(code),
        [
            "Order shop.orders",
            "  created_at timestamptz not null",
            "  id integer not null key",
            "  _raw=raw_total numeric(12,2) null",
            "  customer_id ? null → shop.customers.id",
            "Line stock.lines",
            "  id integer not null key",
            "  sku varchar(20) null unique",
            "  order_id integer null → shop.orders.id",
        ]
    );
}

#[test]
fn arguments_of_a_base_reach_the_tables_of_children() {
    let code = r#"
from sqlalchemy import Column, ForeignKey, Index, Integer
from sqlalchemy.orm import declarative_base
class Common:
    __table_args__ = {"schema": "guide"}
Base = declarative_base(cls=Common)
class Page(Base):
    __tablename__ = "pages"
    id = Column(Integer, primary_key=True)
class Tour(Page):
    __tablename__ = "tours"
    id = Column(Integer, ForeignKey("guide.pages.id"), primary_key=True)

Plain = declarative_base()
class Thing(Plain):
    __tablename__ = "things"
    __table_args__ = {"schema": "store"}
    id = Column(Integer, primary_key=True)
class Toy(Thing):
    __tablename__ = "toys"
    id = Column(Integer, ForeignKey("store.things.id"), primary_key=True)
"#;
    let tables: Vec<_> = models(code).into_iter().filter(|l| !l.starts_with(' ')).collect();
    assert_eq!(tables, ["Page guide.pages", "Tour guide.tours", "Thing store.things", "Toy toys"]);
}

#[test]
fn a_class_over_a_table_that_is_handed_in_has_no_name() {
    let code = r#"
from typing import Any
from sqlalchemy import Column, Integer, MetaData, Table
from sqlalchemy.orm import declarative_base
Base = declarative_base()
class Model(Base):
    __abstract__ = True
    __tablename__: str
    __table__: Any
def part_of(cls, columns):
    table = Table(*[cls.__tablename__, MetaData(), *columns])
    class Part(Model):
        __table__ = table
    return Part
class Known(Model):
    __table__ = Table("known", MetaData(), Column("id", Integer, primary_key=True))
"#;
    let tables: Vec<_> = models(code).into_iter().filter(|l| !l.starts_with(' ')).collect();
    assert_eq!(tables, ["Known known"]);
}

#[test]
fn declarative_with_annotations() {
    let code = r#"
import enum
from datetime import datetime
from typing import Annotated, Optional
from sqlalchemy import Enum, ForeignKey, String
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

class Status(enum.Enum):
    new = "n"
    done = "d"

name_type = Annotated[str, mapped_column(String(40))]

class Base(DeclarativeBase):
    type_annotation_map = {enum.Enum: Enum(enum.Enum, values_callable=lambda x: [e.value for e in x])}

class Job(Base):
    __tablename__ = "jobs"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[name_type]
    status: Mapped[Status]
    seen: Mapped[Optional[datetime]]
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("jobs.id"))
    parent: Mapped["Job"] = relationship()
"#;
    assert_eq!(
        models(code),
        [
            "Job jobs",
            "  id integer not null key",
            "  name varchar(40) not null",
            "  status status [\"n\", \"d\"] not null",
            "  seen timestamp null",
            "  parent_id integer null → public.jobs.id",
        ]
    );
}

#[test]
fn tables_named_by_rules_and_columns_made_by_helpers() {
    let code = r#"
import functools, re
from sqlalchemy import Column, ForeignKey, Integer, Text
from sqlalchemy.orm import DeclarativeBase, declared_attr

Required = functools.partial(Column, nullable=False)

def key(to):
    return Column(Integer, ForeignKey(f"{to}.id"))

class Base(DeclarativeBase):
    @declared_attr.directive
    def __tablename__(cls):
        return "_".join(x.lower() for x in re.split("(?=[A-Z])", cls.__name__) if x)

class Owned:
    @declared_attr
    def owner_id(cls):
        return key("owner")

class Owner(Base):
    id = Column(Integer, primary_key=True)

class HouseKey(Owned, Base):
    id = Column(Integer, primary_key=True)
    label = Required(Text)
"#;
    assert_eq!(
        models(code),
        [
            "Owner owner",
            "  id integer not null key",
            "HouseKey house_key",
            "  owner_id integer null → public.owner.id",
            "  id integer not null key",
            "  label text not null",
        ]
    );
}

#[test]
fn inheritance_in_one_table_and_in_two() {
    let code = r#"
from sqlalchemy import Column, ForeignKey, Integer, Text
from sqlalchemy.orm import declarative_base
Base = declarative_base()
class Animal(Base):
    __tablename__ = "animals"
    id = Column(Integer, primary_key=True)
class Cat(Animal):
    lives = Column(Integer)
class Dog(Animal):
    __tablename__ = "dogs"
    id = Column(ForeignKey("animals.id"), primary_key=True)
    trick = Column(Text)
"#;
    let found = models(code);
    assert!(found.contains(&"Cat animals".to_owned()), "{found:?}");
    let dog = found.iter().position(|l| l == "Dog dogs").expect("the child with its own table");
    assert_eq!(found[dog + 1..dog + 3], ["  id integer not null key → public.animals.id", "  trick text null"]);
}

#[test]
fn tables_and_their_columns() {
    let code = r#"
import sqlalchemy as sa
metadata = sa.MetaData()
tags = sa.Table("tags", metadata,
    sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), primary_key=True),
    sa.Column("post_id", None, sa.ForeignKey("posts.id")),
    sa.Column("words", sa.ARRAY(sa.String(10)), nullable=False),
    schema="blog")
seen = sa.Table("seen", metadata, autoload_with=engine)
"#;
    assert_eq!(
        models(code),
        ["tags blog.tags", "  id bigint not null key", "  post_id ? null → public.posts.id", "  words varchar(10)[] not null", "seen seen reflected"]
    );
}

#[test]
fn flask_and_sqlmodel() {
    let flask = r#"
from flask_sqlalchemy import SQLAlchemy
db = SQLAlchemy()
class OrderLine(db.Model):
    id = db.Column(db.Integer, primary_key=True)
class Elsewhere(db.Model):
    __bind_key__ = "other"
    id = db.Column(db.Integer, primary_key=True)
"#;
    assert_eq!(models(flask), ["OrderLine order_line", "  id integer not null key", "Elsewhere elsewhere foreign", "  id integer not null key"]);
    let sqlmodel = r#"
import uuid
from sqlmodel import Field, Relationship, SQLModel
class ItemBase(SQLModel):
    title: str = Field(max_length=80)
    note: str | None = None
class Item(ItemBase, table=True):
    id: uuid.UUID = Field(default_factory=uuid.uuid4, primary_key=True)
    owner_id: int = Field(foreign_key="user.id", nullable=False)
    owner: "User" = Relationship(back_populates="items")
class ItemPublic(ItemBase):
    id: uuid.UUID
"#;
    assert_eq!(
        models(sqlmodel),
        ["Item item", "  title varchar(80) not null", "  note varchar null", "  id uuid not null key", "  owner_id integer not null → public.user.id"]
    );
}

#[test]
fn django_apps() {
    let apps = "from django.apps import AppConfig\nclass Plugin(AppConfig):\n    version = None\nclass Shop(Plugin):\n    name = 'shop'\n    label = 'store'\n    default_auto_field = 'django.db.models.BigAutoField'\n";
    let models = r#"
from django.db import models
class Named(models.Model):
    name = models.CharField(max_length=30, unique=True)
    class Meta:
        abstract = True
class Product(Named):
    price = models.DecimalField(max_digits=8, decimal_places=2, db_column="net_price", null=True)
class Book(Product):
    pages = models.PositiveSmallIntegerField()
class Sale(models.Model):
    product = models.ForeignKey(Product, on_delete=models.CASCADE, related_name="sales")
    books = models.ManyToManyField("Book")
    class Meta:
        db_table = "sales_2"
"#;
    assert_eq!(
        models_in(&[("shop/apps.py", apps), ("shop/models.py", models)], &[]),
        [
            "Product store_product",
            "  name varchar(30) not null unique",
            "  price=net_price numeric(8,2) null",
            "  id bigint not null key",
            "Book store_book",
            "  pages smallint not null",
            "  product_ptr=product_ptr_id bigint not null key → public.store_product.id",
            "Sale sales_2",
            "  product=product_id bigint not null → public.store_product.id",
            "  id bigint not null key",
            "Sale.books sales_2_books",
            "  id bigint not null key",
            "  sale_id bigint not null → public.sales_2.id",
            "  book_id bigint not null → public.store_book.product_ptr_id",
        ]
    );
}

#[test]
fn what_is_not_understood_opens_the_model() {
    let code = r#"
from sqlalchemy import Column, Integer
from sqlalchemy.orm import declarative_base
from somewhere import Mixin
Base = declarative_base()
class A(Mixin, Base):
    __tablename__ = "a"
    id = Column(Integer, primary_key=True)
class NotMapped:
    __tablename__ = "b"
    id = Column(Integer)
"#;
    assert_eq!(models(code), ["A a open", "  id integer not null key"]);
    assert_eq!(models_in(&[("tests/test_a.py", &code.replace("Mixin, ", ""))], &[]), ["A a foreign", "  id integer not null key"]);
}

#[test]
fn pydantic_by_configuration() {
    let code = r#"
from pydantic import BaseModel, Field
class Doc(BaseModel):
    title: str
    body: str | None = Field(None, alias="content")
    secret: str = Field("", exclude=True)
class Other(BaseModel):
    x: int
"#;
    assert_eq!(models_in(&[("app/schemas.py", code)], &[("Doc", "cms.documents")]), ["Doc cms.documents", "  title ? not null", "  body=content ? null"]);
}

#[test]
fn bases_of_libraries_bring_their_columns() {
    let code = r"
from advanced_alchemy.base import UUIDAuditBase
from advanced_alchemy.mixins import SlugKey
from sqlalchemy.orm import Mapped
from datetime import datetime
class OrderLine(UUIDAuditBase, SlugKey):
    sent_at: Mapped[datetime | None]
";
    assert_eq!(
        models(code),
        [
            "OrderLine order_line",
            "  created_at timestamptz not null",
            "  updated_at timestamptz not null",
            "  id uuid not null key",
            "  _sentinel=sa_orm_sentinel integer null",
            "  slug varchar(100) not null unique",
            "  sent_at timestamptz null",
        ]
    );
    let code = r"
from fastapi_users_db_sqlalchemy import SQLAlchemyBaseOAuthAccountTableUUID
from sqlalchemy.orm import DeclarativeBase
class Base(DeclarativeBase):
    pass
class Account(SQLAlchemyBaseOAuthAccountTableUUID, Base):
    pass
";
    let found = models(code);
    assert_eq!(found[0], "Account oauth_account");
    assert!(found.contains(&"  user_id uuid not null → public.user.id".to_owned()), "{found:?}");
}

#[test]
fn flask_children_without_a_key_share_their_parents_table() {
    let code = r#"
from flask_sqlalchemy import SQLAlchemy
from flask_sqlalchemy.model import Model
class OwnModel(Model):
    pass
db = SQLAlchemy(model_class=OwnModel)
user_roles = db.Table("user_roles", db.Column("user_id", db.ForeignKey("users.id")), db.Column("role", db.Integer))
class Users(db.Model):
    __tablename__ = "users"
    id = db.Column(db.Integer, primary_key=True)
class Admins(Users):
    __tablename__ = "admins"
class Robots(Users):
    __tablename__ = "robots"
    id = db.Column(db.ForeignKey("users.id"), primary_key=True)
"#;
    assert_eq!(
        models(code),
        [
            "user_roles user_roles",
            "  user_id integer null → public.users.id",
            "  role integer null",
            "Users users",
            "  id integer not null key",
            "Admins users",
            "Robots robots",
            "  id integer not null key → public.users.id",
        ]
    );
}

#[test]
fn tables_made_in_a_loop() {
    let code = r#"
from sqlalchemy import Column, Integer, MetaData, Table
metadata = MetaData()
for name in ("red", "blue"):
    Table(f"{name}_tags", metadata, Column("id", Integer, primary_key=True))
"#;
    assert_eq!(models(code), ["blue_tags blue_tags", "  id integer not null key", "red_tags red_tags", "  id integer not null key"]);
}

/// A base that is not here may bring a key of another type; where the database has the one that Django makes by itself, it does not.
#[test]
fn the_key_of_a_django_model_with_an_unknown_base() {
    let code = "from django.db import models\nfrom loader import load\nMixin = load()(1)\nclass Customer(Mixin, models.Model):\n    pass\nclass Order(models.Model):\n    customer = models.ForeignKey(Customer, models.CASCADE)\n";
    for (ty, seen) in [("integer", "integer"), ("uuid", "?")] {
        let lock = format!("version: 1\nsearch_path: [public]\ntables:\n  public.app_customer:\n    columns:\n      id: {ty} not null\n");
        let found = models_under(&crate::schema::lock::read(&lock).expect("a lock"), &[("app/models.py", code)], &[]);
        assert!(found.contains(&format!("  customer=customer_id {seen} not null → public.app_customer.id")), "{found:?}");
    }
}

#[test]
fn django_models_of_a_package() {
    let code = r#"
from django.db import models
from softdelete.models import SoftDeleteModel
class Field(models.Model):
    name = models.TextField()
class Entry(SoftDeleteModel):
    field = models.ForeignKey(Field, related_name="fields", on_delete=models.CASCADE)
class Count(models.Subquery):
    output_field = models.IntegerField()
class Path(models.Field):
    pass
class Kind(models.Model):
    path = Path()
    types = models.ManyToManyField("contenttypes.ContentType")
"#;
    let names: Vec<String> = models_in(&[("shop/models.py", code)], &[]).into_iter().filter(|l| !l.starts_with(' ')).collect();
    assert_eq!(names, ["Field shop_field", "Entry shop_entry open", "Kind shop_kind", "Kind.types shop_kind_types"]);
    let lock = "version: 1\nsearch_path: [public]\ntables:\n  public.django_content_type:\n    columns:\n      id: integer not null\n";
    let found = models_under(&crate::schema::lock::read(lock).expect("a lock"), &[("shop/models.py", code)], &[]);
    assert!(found.contains(&"  contenttype_id integer not null → public.django_content_type.id".to_owned()), "{found:?}");
    assert!(!found.iter().any(|l| l.contains("  path")), "{found:?}");
}

/// The configuration of an app may stand in its package, or beside, and its models in a package inside.
#[test]
fn the_label_of_a_django_app_reaches_packages_inside() {
    let app = "from django.apps import AppConfig\nclass Shop(AppConfig):\n    name = 'big.shop'\n    label = 'store'\n";
    let model = "from django.db import models\nclass Product(models.Model):\n    pass\n";
    let plugin = app.replace("django.apps import AppConfig", "plugins import PluginAppConfig as AppConfig");
    for (place, app) in [("big/shop/__init__.py", app), ("big/shop/apps.py", &plugin), ("big/shop/conf/apps.py", app)] {
        let files = [("big/__init__.py", ""), (place, app), ("big/shop/api/v1/models.py", model), ("big/other/models.py", model)];
        let found = models_in(&files, &[]);
        assert!(["Product store_product", "Product other_product"].iter().all(|m| found.iter().any(|f| f == m)), "{place}: {found:?}");
    }
}

#[test]
fn django_classes_that_have_no_table() {
    let code = r"
from typing import TYPE_CHECKING
from django.contrib.auth.models import AnonymousUser
from django.db import models
class Guest(AnonymousUser):
    pass
class Owner(models.Model):
    pass
if TYPE_CHECKING:
    class OwnerWithMore(Owner):
        more: int
else:
    OwnerWithMore = Owner
    class Late(Owner):
        class Meta:
            proxy = True
class Child(OwnerWithMore):
    pass
";
    let names: Vec<String> = models_in(&[("shop/models.py", code)], &[]).into_iter().filter(|l| !l.starts_with(' ')).collect();
    assert_eq!(names, ["Owner shop_owner", "Late shop_owner", "Child shop_child"]);
}

/// A field of some package may have further columns, which go by its name; what the lock has is taken for them.
#[test]
fn django_fields_of_packages_bring_columns() {
    let code = "from django.db import models\nfrom markupfield.fields import MarkupField\nclass Box(models.Model):\n    text = MarkupField()\n    note = models.TextField()\n";
    let columns = "id: integer not null\n      text: text\n      text_markup_type: text not null\n      _text_rendered: text\n      note_rendered: text";
    let lock = format!("version: 1\nsearch_path: [public]\ntables:\n  public.app_box:\n    columns:\n      {columns}\n");
    let found = models_under(&crate::schema::lock::read(&lock).expect("a lock"), &[("app/models.py", code)], &[]);
    assert_eq!(
        found[1..],
        ["  text ? not null", "  note text not null", "  id integer not null key", "  _text_rendered ? null?", "  text_markup_type ? null?"]
    );
}

/// A foreign key to a table without a schema leads to where the search path finds it, as the table's own model does.
#[test]
fn keys_follow_the_search_path() {
    let code = "from django.db import models\nclass Owner(models.Model):\n    class Meta:\n        db_table = 'owner'\nclass Box(models.Model):\n    owner = models.ForeignKey(Owner, on_delete=models.CASCADE)\n    late = models.ForeignKey('app.Late', on_delete=models.CASCADE)\nclass Late(models.Model):\n    pass\n";
    let lock = "version: 1\nsearch_path: [own, people]\ntables:\n  people.owner:\n    columns:\n      id: integer not null\n";
    let found = models_under(&crate::schema::lock::read(lock).expect("a lock"), &[("app/models.py", code)], &[]);
    let keys: Vec<&str> = found.iter().filter_map(|l| l.split_once(" → ")).map(|k| k.1).collect();
    assert_eq!(keys, ["people.owner.id", "own.app_late.id"]);
}

#[test]
fn classes_made_by_a_call() {
    let code = r#"
from sqlalchemy import Column, ForeignKey, Integer, String
from sqlalchemy.orm import DeclarativeBase, declared_attr, relationship
class Base(DeclarativeBase):
    pass
class Event:
    id = Column(Integer, primary_key=True)
    tag = Column(String)
class HasEvents:
    @declared_attr
    def events(cls):
        made = type(f"{cls.__name__}Event", (Event, Base), dict(__tablename__=f"{cls.__name__.lower()}_events", source_id=Column(ForeignKey(f"{cls.__tablename__}.id"))))
        return relationship(made)
class Order(HasEvents, Base):
    __tablename__ = "orders"
    id = Column(Integer, primary_key=True)
"#;
    assert_eq!(
        models(code),
        [
            "OrderEvent order_events",
            "  id integer not null key",
            "  tag varchar null",
            "  source_id integer null → public.orders.id",
            "Order orders",
            "  id integer not null key",
        ]
    );
}

#[test]
fn types_that_name_themselves_come_to_an_end() {
    let code = r"
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
type Json = dict[str, Json] | list[Json] | str
type P = Q | list[Q]
type Q = P | list[P]
A = tuple[P, P, P, P, P, P, P, P]
B = tuple[A, A, A, A, A, A, A, A]
C = tuple[B, B, B, B, B, B, B, B]
D = tuple[C, C, C, C, C, C, C, C]
class Base(DeclarativeBase): ...
class Log(Base):
    __tablename__ = 'log'
    id: Mapped[int] = mapped_column(primary_key=True)
    info: Mapped[Json]
    p: Mapped[P]
    d: Mapped[D]
";
    let found = models(code);
    assert_eq!(found.first().map(String::as_str), Some("Log log"), "{found:?}");
    assert!(found.iter().any(|c| c.starts_with("  info=") || c.starts_with("  info ")), "{found:?}");
}

#[test]
fn a_type_of_the_project_hands_labels_on_by_itself() {
    let code = r#"
import enum
from sqlalchemy.dialects.postgresql import ENUM
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.types import SchemaType, TypeDecorator
class Base(DeclarativeBase): ...
class ByValue(TypeDecorator, SchemaType):
    impl = ENUM
    def __init__(self, enum_cls, **opts):
        super().__init__(*(m.value for m in enum_cls), **opts)
class Kind(enum.StrEnum):
    NEW = "new"
class Project(Base):
    __tablename__ = "project"
    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[Kind] = mapped_column(ByValue(Kind), nullable=False)
    plain: Mapped[Kind] = mapped_column(ENUM, nullable=False)
"#;
    assert_eq!(models(code), ["Project project", "  id integer not null key", "  kind ? not null", "  plain kind [\"NEW\"] not null"]);
}
