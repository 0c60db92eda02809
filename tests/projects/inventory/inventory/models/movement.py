import enum
from datetime import datetime

from sqlalchemy import DateTime, Enum, ForeignKey, func
from sqlalchemy.orm import Mapped, mapped_column

from inventory.models.base import Base


class MovementKind(enum.StrEnum):
    inbound = "inbound"
    outbound = "outbound"
    transfer = "transfer"


class Movement(Base):
    __tablename__ = "movements"

    id: Mapped[int] = mapped_column(primary_key=True)
    item_id: Mapped[int] = mapped_column(ForeignKey("items.id"))
    warehouse_id: Mapped[int] = mapped_column(ForeignKey("items.id"))
    kind: Mapped[MovementKind] = mapped_column(Enum(MovementKind, name="movement_kind"))
    quantity: Mapped[int]
    reason: Mapped[str]
    happened_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
