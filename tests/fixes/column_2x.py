"""Everything is missing from a class of SQLAlchemy 2.0 that has only its table's name."""

from typing import Optional

from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class Base(DeclarativeBase):
    pass


class User(Base):
    __tablename__ = "users"
    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[Optional[str]]


class Item(Base):
    __tablename__ = "items"

    def label(self) -> str:
        return str(self)
