# Every place that spells `nmae` is known, so it is renamed in all of them.
from sqlalchemy import select, text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class Base(DeclarativeBase):
    pass


class User(Base):
    __tablename__ = "users"
    id: Mapped[int] = mapped_column(primary_key=True)
    emial: Mapped[str]


def add(session, address):
    session.add(User(emial=address))
    user = session.scalars(select(User).where(User.emial == address)).one()
    user.emial = address.lower()
    # An escape and a concatenation before the name do not hide where it stands.
    session.execute(text("SELECT 'caf\u00e9\n', \
id " 'FROM users WHERE "emial" = :a'), {"a": address})
    session.execute(text("SELECT u.id FROM userz u"))
    return user
