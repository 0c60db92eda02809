from __future__ import annotations

from decimal import Decimal

from sqlalchemy import ForeignKey, Numeric, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from inventory.models.base import Base


class Item(Base):
    __tablename__ = "items"

    id: Mapped[int] = mapped_column(primary_key=True)
    sku: Mapped[str] = mapped_column(String(40), unique=True)
    name: Mapped[str] = mapped_column(String(120))
    weight_kg: Mapped[Decimal] = mapped_column(Numeric(8, 3))

    levels: Mapped[list[StockLevel]] = relationship(back_populates="item")

    def total(self) -> int:
        return sum(level.qty for level in self.levels)


class StockLevel(Base):
    __tablename__ = "stock_levels"

    item_id: Mapped[int] = mapped_column(ForeignKey("items.id"), primary_key=True)
    warehouse_id: Mapped[int] = mapped_column(ForeignKey("warehouses.id"))
    qty: Mapped[int]

    item: Mapped[Item] = relationship(back_populates="levels")
