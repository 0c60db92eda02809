"""Tables of the pharmacy, in the style of SQLAlchemy 1.x."""

from sqlalchemy import Boolean, Column, Date, ForeignKey, Integer, Numeric, String
from sqlalchemy.orm import relationship

from app.database import Base


class Supplier(Base):
    __tablename__ = "suppliers"

    id = Column(Integer, primary_key=True)
    name = Column(String(120), nullable=False)
    contact_name = Column(String(120))
    phone = Column(String(20))  # as printed on their invoices
    email = Column(String(255))

    products = relationship("Product", back_populates="supplier")


class Product(Base):
    __tablename__ = "products"

    id = Column(Integer, primary_key=True)
    supplier_id = Column(Integer, ForeignKey("suppliers.id"), nullable=False)
    name = Column(String(200), nullable=False)
    product_type = Column(String(40), nullable=False)
    price = Column(Numeric(10, 2), nullable=False)
    prescription_required = Column(Boolean, nullable=False)

    supplier = relationship("Supplier", back_populates="products")
    batches = relationship("Batch", back_populates="product")

    @property
    def label(self):
        return f"{self.name} ({self.product_type})"


class Batch(Base):
    __tablename__ = "batches"

    id = Column(Integer, primary_key=True)
    product_id = Column(Integer, ForeignKey("products.id"), nullable=False)
    batch_number = Column(String(64), nullable=False)
    mfg_date = Column(
        Date,
        nullable=False,
    )
    expiry_date = Column(Date, nullable=False)
    quantity = Column(Integer, nullable=False)

    product = relationship("Product", back_populates="batches")


class Customer(Base):
    __tablename__ = "customers"

    id = Column(Integer, primary_key=True)
    full_name = Column(String(200), nullable=False)
    email = Column(String(255), nullable=False)
    birth_date = Column("date_of_birht", Date)


class OrderItem(Base):
    __tablename__ = "order_items"

    id = Column(Integer, primary_key=True)
    order_id = Column(Integer, ForeignKey("orders.id"), nullable=False)
    product_id = Column(Integer, ForeignKey("suppliers.id"), nullable=False)
    batch_id = Column(Integer, ForeignKey("batches.id"))
    quantity = Column(Integer, nullable=False)
    unit_price = Column(
        Numeric(10, 2)  # at the time of the order
    )
