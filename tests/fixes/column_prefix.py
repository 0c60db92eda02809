import sqlalchemy as sa
from sqlalchemy import orm

Base = orm.declarative_base()


class User(Base):
    __tablename__ = "users"
    id = sa.Column(sa.Integer, primary_key=True)
    email = sa.Column(sa.Text, nullable=True)


class Item(Base):
    __tablename__ = "items"
    id = sa.Column(sa.Integer, primary_key=True)
    name = sa.Column(
        sa.String(200),
        nullable=False,
    )
    state = sa.Column(
        sa.Enum(
            "new",
            "usd",
            name="item_state",
        ),
        nullable=False,
    )
    flag = sa.Column(sa.Boolean, nullable=True)
    owner_id = sa.Column(sa.Integer, sa.ForeignKey("items.id"))
