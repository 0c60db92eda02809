from sqlalchemy import CHAR, String
from sqlalchemy.orm import Mapped, mapped_column

from inventory.models.base import Base


class Warehouse(Base):
    __tablename__ = "warehouses"

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(String(12), unique=True)
    name: Mapped[str | None] = mapped_column(String(100))
    country: Mapped[str] = mapped_column(CHAR(2))
