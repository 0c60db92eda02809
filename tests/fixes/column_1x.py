"""Everything is missing from a class of SQLAlchemy 1.x; its imports span lines."""
from sqlalchemy import (
    Column,
    Integer,
    String,
)
from sqlalchemy.orm import declarative_base

Base = declarative_base()


class User(Base):
    __tablename__ = 'users'
    id = Column(Integer, primary_key=True)
    email = Column(String)  # the address


class Item(Base):
    """A thing."""

    __tablename__ = 'items'

    id = Column(Integer, primary_key=True)
    name = Column(String(100), nullable=False)  # as on the label

    def __repr__(self):
        return f'<Item {self.name}>'
