//! Classes and tables of SQLAlchemy.

use super::{LOCK, holds};

/// A name that stands for a module and later for an object of a class that the module's class is a base of: the circle ends.
#[test]
fn a_module_that_is_shadowed_by_an_object_of_its_own_class() {
    for code in [
        "import cmd\nclass C(cmd.Cmd):\n    pass\ncmd = C()\n",
        "from flask import app\nclass M(app.Model):\n    pass\napp = M()\nclass N(app.Model):\n    pass\n",
        "class A(B.x):\n    pass\nclass B(A.y):\n    pass\nA = B()\nB = A()\na = A.z.w\n",
    ] {
        holds(&[("a.py", code)]);
    }
}

const BASE: &str =
    "from sqlalchemy import Column, Integer, String, select\nfrom sqlalchemy.orm import declarative_base, registry, relationship, with_polymorphic\n";

/// The base class of all models by every way of naming one.
#[test]
fn columns_of_a_base_that_a_registry_makes() {
    let code = format!(
        "{BASE}class Common:\n    id = Column(Integer, primary_key=True)\nmapper = registry()\nBase = mapper.generate_base(cls=Common)\nclass Customer(Base):\n    __tablename__ = 'customers'\n    name = Column(String, nullable=False)\n    tier = Column(String)\ndef f():\n    return select(Customer.id, Customer.nope)  # ! no attribute `nope`\n"
    );
    holds(&[("a.py", &code)]);
}

/// A class that is mapped to a join has that table, and no name made of its own.
#[test]
fn a_class_over_a_join() {
    let code = "from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import outerjoin
db = SQLAlchemy()
class Left(db.Model):
    __tablename__ = 'customers'
    id = db.Column(db.BigInteger, primary_key=True)
class Right(db.Model):
    __tablename__ = 'tenants'
    id = db.Column(db.BigInteger, primary_key=True)
    last_seen = db.Column(db.Text)
class Customers(db.Model):
    __table__ = outerjoin(Left.__table__, Right.__table__)
def f():
    Left.query.filter(Left.nope == 1)  # ! nope
    return Customers.query.filter(Customers.last_seen != None)
";
    holds(&[("a.py", code)]);
}

#[test]
fn columns_behind_a_cast() {
    let code = "from datetime import datetime
from typing import cast
from sqlalchemy import BigInteger, Column, DateTime
from sqlalchemy.orm import declarative_base
Base = declarative_base()
class Order(Base):
    __tablename__ = 'orders'
    id = cast(int, Column(BigInteger, primary_key=True))
    created_at = cast(datetime, Column(DateTime(timezone=True), nullable=False))
def f(o: Order):
    return o.created_at, o.nope  # ! nope
";
    holds(&[("a.py", code)]);
}

/// `filter_by` asks the entity that was joined last, a table among them.
#[test]
fn keywords_of_a_joined_table() {
    let code = format!(
        "{BASE}from sqlalchemy import Table\nBase = declarative_base()\ntenants = Table('tenants', Base.metadata, Column('id', Integer), Column('owner_id', Integer))\nclass Customer(Base):\n    __tablename__ = 'customers'\n    id = Column(Integer, primary_key=True)\ndef f(session):\n    session.query(Customer).join(tenants).filter_by(owner_id=1)\n    session.query(Customer).join(tenants).filter_by(owner=1)  # ! owner\n"
    );
    holds(&[(
        "a.py",
        &code.replace("Integer)", "BigInteger)").replace("Integer,", "BigInteger,").replace("import Column, BigInteger,", "import BigInteger, Column,"),
    )]);
}

#[test]
fn classes_below_a_polymorphic_entity() {
    let code = format!(
        "{BASE}Base = declarative_base()\nclass Customer(Base):\n    __tablename__ = 'customers'\n    id = Column(Integer, primary_key=True)\n    tier = Column(String)\n    __mapper_args__ = {{'polymorphic_on': tier}}\nclass Good(Customer):\n    pass\ndef f(session):\n    both = with_polymorphic(Customer, [Good])\n    select(both).where(both.Good.tier == 'x', both.Good.nope == 1)  # ! nope\n    select(both).where(both.Bad.tier == 'x')  # ! Bad\n"
    );
    holds(&[("a.py", &code.replace("Integer", "BigInteger"))]);
}

/// What is put on the base is on each class below it.
#[test]
fn attributes_put_on_the_base() {
    let code = format!(
        "{BASE}Base = declarative_base()\ndef configure(session):\n    Base.session = session\nclass Customer(Base):\n    __tablename__ = 'customers'\n    id = Column(Integer, primary_key=True)\ndef f(c):\n    Customer.session.add(c)\n    Customer.sesion.add(c)  # ! sesion\n"
    );
    holds(&[("a.py", &code.replace("Integer", "BigInteger"))]);
}

/// A base with a database of its own: none of its tables is in the lock, where those of another base are.
#[test]
fn models_of_a_second_base() {
    let one = "from sqlalchemy import BigInteger, Column
from sqlalchemy.orm import declarative_base
Base = declarative_base()
class Order(Base):
    __tablename__ = 'orders'
    id = Column(BigInteger, primary_key=True)
class Item(Base):
    __tablename__ = 'items'  # ! error unknown-table
    id = Column(BigInteger, primary_key=True)
";
    let two = "from sqlalchemy import BigInteger, Column
from sqlalchemy.orm import DeclarativeBase
class Base(DeclarativeBase):
    pass
class Document(Base):
    __tablename__ = 'documents'  # ! warning unknown-table
    id = Column(BigInteger, primary_key=True)
";
    holds(&[("one.py", one), ("two.py", two)]);
}

/// What a program makes when it starts is no mistake.
#[test]
fn tables_and_columns_made_at_the_start() {
    let code = "from sqlalchemy import BigInteger, Column, Text, create_engine, text
from sqlalchemy.orm import declarative_base
Base = declarative_base()
Other = declarative_base()
class Order(Other):
    __tablename__ = 'orders'
    id = Column(BigInteger, primary_key=True)
class Draft(Other):
    __tablename__ = 'drafts'  # ! error unknown-table
    id = Column(BigInteger, primary_key=True)
class Tenant(Base):
    __tablename__ = 'tenants'
    id = Column(BigInteger, primary_key=True)
    added = Column(Text)
    nope = Column(Text)  # ! error
class Document(Base):
    __tablename__ = 'documents'  # ! warning
    id = Column(BigInteger, primary_key=True)
async def start(engine):
    with engine.begin() as conn:
        await conn.run_sync(Base.metadata.create_all)
        for statement in ['ALTER TABLE tenants ADD COLUMN IF NOT EXISTS added TEXT']:
            conn.execute(text(statement))
";
    holds(&[("a.py", code)]);
}

/// What was reflected has the columns that there are.
#[test]
fn tables_that_are_looked_up() {
    let code = "from sqlalchemy import MetaData, Table, Column, BigInteger, create_engine
metadata = MetaData()
metadata.reflect(bind=create_engine('postgresql:///x'))
orders = Table('orders', metadata)
tenants = Table('tenants', metadata, Column('id', BigInteger), extend_existing=True)
customers = Table('customers', MetaData(), Column('id', BigInteger))
orders.insert().values(total=1, customer_id=1)
tenants.insert().values(name='x')
customers.insert().values(id=1, nme=1)  # ! nme
";
    holds(&[("a.py", code)]);
}

/// Names that come with how a class is used.
#[test]
fn names_of_contexts_and_versions() {
    let code = "from sqlalchemy import BigInteger, Column, Text
from sqlalchemy.orm import declarative_base
Base = declarative_base()
class Tenant(Base):
    __tablename__ = 'tenants'
    __versioned__ = {}
    id = Column(BigInteger, primary_key=True)
    def count(self):
        return len(self.current_parameters['name'])
    name = Column(Text, nullable=False, default=count)
    def history(self):
        return self.versions, self.version  # ! version
def f(session):
    return session.query(Tenant).filter(Tenant.versions.any())
";
    holds(&[("a.py", code)]);
}

/// A Django app that no settings install has no tables; without settings nobody can tell.
#[test]
fn apps_that_are_not_installed() {
    let model = |said: &str| format!("from django.db import models\nclass Thing(models.Model):{said}\n    name = models.TextField()\n");
    let settings = "INSTALLED_APPS = ['shop', 'proj.sales.apps.SalesConfig']\n";
    let files = [
        ("shop/__init__.py", String::new()),
        ("shop/models.py", model("  # ! error unknown-table")),
        ("proj/sales/__init__.py", String::new()),
        ("proj/sales/models.py", model("  # ! error unknown-table")),
        ("sandbox/__init__.py", String::new()),
        ("sandbox/models.py", model("")),
        ("shop/other.py", model("\n    class Meta:\n        app_label = 'elsewhere'")),
    ];
    let all: Vec<(&str, &str)> = files.iter().map(|(p, t)| (*p, t.as_str())).collect();
    holds(&[all.as_slice(), &[("proj/settings.py", settings)]].concat());
    holds(&[("sandbox/__init__.py", ""), ("sandbox/models.py", &model("  # ! error unknown-table"))]);
}

/// An object with a key that the database alone may give: in a test it need not be stored.
#[test]
fn an_object_with_a_key_of_the_database() {
    let lock = LOCK.replacen("generated by default as identity", "generated always as identity", 1);
    let model = format!(
        "{BASE}Base = declarative_base()\nclass Customer(Base):\n    __tablename__ = 'customers'\n    id = Column(Integer, primary_key=True)\n    name = Column(String, nullable=False)\n    tier = Column(String)\n"
    );
    let code = |object: &str, sql: &str| {
        format!(
            "import psycopg\nfrom model import Customer\nmade = Customer(id=1, name='x'){object}\nwrong = Customer(nme='x')  # ! nme\npsycopg.connect('x').execute(\"INSERT INTO customers (id, name) VALUES (1, 'x')\"){sql}\n"
        )
    };
    let error = "  # ! error generated-column-write";
    holds(&[("schema.lock.yaml", &lock), ("model.py", &model), ("app.py", &code(error, error))]);
    holds(&[("schema.lock.yaml", &lock), ("model.py", &model), ("tests/data.py", &code("", "  # ! warning generated-column-write"))]);
}

/// Keywords that are handed on twice: what the second helper has a parameter for is no column's.
#[test]
fn keywords_that_go_through_two_helpers() {
    let model = format!(
        "{BASE}Base = declarative_base()\nclass Customer(Base):\n    __tablename__ = 'customers'\n    id = Column(Integer, primary_key=True)\n    name = Column(String, nullable=False)\n    tier = Column(String)\n"
    );
    let helpers = "def get_one(session, model, on_multiple='error', **kw):
    q = session.query(model).filter_by(**kw)
    return q.first() if on_multiple == 'any' else q.one_or_none()
def get_or_create(session, model, method='', **kw):
    return get_one(session, model, **kw)
";
    let code = "from sqlalchemy.orm import Session
from model import Customer
from helpers import get_or_create
def f(session: Session):
    get_or_create(session, Customer, name='x', on_multiple='any')
    get_or_create(session, Customer, nme='x', on_multiple='any')  # ! nme
";
    holds(&[("model.py", &model), ("helpers.py", helpers), ("app.py", code)]);
}

/// Class methods that models inherit from a class without a table: which model it is only the caller says, and of `**kwargs` the names count.
#[test]
fn class_methods_that_models_inherit() {
    let mixin = "from sqlalchemy.orm import scoped_session, sessionmaker
Session = scoped_session(sessionmaker())
class Active:
    @classmethod
    def get(cls, pk):
        return Session.query(cls).get(pk)
    @classmethod
    def get_by(cls, **kw):
        return Session.query(cls).filter_by(**kw).first()
    @classmethod
    def create(cls, **kw):
        commit = kw.pop('commit', False)
        if 'flush' in kw:
            kw.pop('flush')
        made = cls(**kw)
        return made.save()
    @classmethod
    def alive(cls):
        q = Session.query(cls)
        if hasattr(cls, 'gone_at'):
            q = q.filter(cls.gone_at.is_(None))
        return q
    @classmethod
    def guess(cls, **kw):
        return cls(**{k: v for k, v in kw.items() if hasattr(cls, k)})
    def save(self):
        Session.add(self)
        return self
    def update(self, **kw):
        for name, value in kw.items():
            setattr(self, name, value)
        return self.save()
";
    let models = format!(
        "{BASE}from mixin import Active\nBase = declarative_base()\nclass Customer(Active, Base):\n    __tablename__ = 'customers'\n    id = Column(BigInteger, primary_key=True)\n    name = Column(String, nullable=False)\n    tier = Column(String)\nclass Tenant(Base, Active):\n    __tablename__ = 'tenants'\n    id = Column(BigInteger, primary_key=True)\n    @classmethod\n    def create(cls, label='', **kw):\n        return super(Tenant, cls).create(**kw)\n"
    )
    .replace("import Column, Integer", "import BigInteger, Column");
    let code = "from models import Customer, Tenant
def f():
    a = Customer.get(1)
    a.tier, a.nope  # ! nope
    b = Customer.get_by(name='x')
    b.tier, b.nope  # ! nope
    Customer.get_by(nope='x')  # ! nope
    c = Customer.create(name='x', commit=True, flush=True)
    c.nope  # ! nope
    Customer.create(name='x', nope=1)  # ! nope
    for d in Customer.alive():
        d.nope  # ! nope
    e = Customer.guess(nope=1).update(anything=1)
    e.nope  # ! nope
    Tenant.create(label='x', id=1)
    Tenant.create(label='x', name=1)  # ! name
";
    holds(&[("mixin.py", mixin), ("models.py", &models), ("a.py", code)]);
}

/// Repositories whose children say which model they are for: by an attribute of the class, or as the parameter of a generic base.
#[test]
fn repositories_of_a_model() {
    let base = "from typing import Generic, Type, TypeVar
from sqlalchemy import select
T = TypeVar('T')
class Plain:
    model = None
    def __init__(self, session):
        self.session = session
    def one(self, pk):
        return self.session.get(self.model, pk)
    def find(self, **filters):
        filters.pop('limit', None)
        return self.session.execute(select(self.model).filter_by(**filters)).scalar_one()
    def careful(self, **filters):
        q = select(self.model)
        for name, value in filters.items():
            if hasattr(self.model, name):
                q = q.where(getattr(self.model, name) == value)
        return self.session.execute(q).scalar_one()
    def recent(self):
        q = select(self.model)
        return q.order_by(self.model.created_at) if hasattr(self.model, 'created_at') else q
class Typed(Generic[T]):
    def __init__(self, model: Type[T]):
        self.model = model
    def all(self, session):
        return session.query(self.model).all()
";
    let models = format!("{BASE}Base = declarative_base()\nclass Customer(Base):\n    __tablename__ = 'customers'\n    id = Column(BigInteger, primary_key=True)\n    name = Column(String, nullable=False)\n    tier = Column(String)\n")
        .replace("import Column, Integer", "import BigInteger, Column");
    let code = "from base import Plain, Typed
from models import Customer
class Customers(Plain):
    model = Customer
class More(Typed[Customer]):
    def named(self, session):
        return session.query(self.model).filter(self.model.nope == 'x')  # ! nope
customers = Customers(None)
more = More(Customer)
def f(session):
    for a in more.all(session):
        a.name
    b = customers.find(name='x', limit=3)
    customers.find(nope='x')  # ! nope
    customers.careful(nope='x')
    customers.recent()
    Plain(session).find(anything=1)
    customers.one(1)
";
    holds(&[("base.py", base), ("models.py", &models), ("a.py", code)]);
}
