import enum

from sqlalchemy import Column, Enum, Integer
from sqlalchemy.orm import declarative_base

Base = declarative_base()


class ItemState(enum.Enum):
    new = "n"
    used = "u"
    lost = "l"


class Item(Base):
    __tablename__ = "items"
    id = Column(Integer, primary_key=True)
    state = Column(Enum(ItemState, name="item_state"), nullable=False)
