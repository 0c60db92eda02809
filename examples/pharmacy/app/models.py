"""The tables as the code believes they are."""

from datetime import date
from decimal import Decimal

from sqlalchemy import ForeignKey
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship


class Base(DeclarativeBase):
    pass


class Customer(Base):
    __tablename__ = "customers"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    contact_person: Mapped[str | None]
    email: Mapped[str]
    phone: Mapped[str | None]


class Product(Base):
    __tablename__ = "products"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    product_type: Mapped[str]
    price: Mapped[Decimal]
    batches: Mapped[list["Batch"]] = relationship(back_populates="product")


class Batch(Base):
    __tablename__ = "batches"

    id: Mapped[int] = mapped_column(primary_key=True)
    product_id: Mapped[int] = mapped_column(ForeignKey("products.id"))
    batch_number: Mapped[str]
    mfg_date: Mapped[date]
    expiry_date: Mapped[date]
    quantity: Mapped[int]
    product: Mapped[Product] = relationship(back_populates="batches")
