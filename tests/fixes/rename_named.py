# The API spells `emial` too: the attribute stays and says which column it means.
from pydantic import BaseModel
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class Base(DeclarativeBase):
    pass


class User(Base):
    __tablename__ = "users"
    id: Mapped[int] = mapped_column(primary_key=True)
    emial: Mapped[str]  # as the API has it


class UserOut(BaseModel):
    emial: str
