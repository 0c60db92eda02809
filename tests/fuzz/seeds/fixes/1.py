from sqlalchemy import Column, Integer, select
from sqlalchemy.orm import Mapped, declarative_base, mapped_column
Base = declarative_base()


class Batch(Base):
    __tablename__ = 'batches'
    id: Mapped[int] = mapped_column(primary_key=True)
    manufacturing_dat: Mapped[int]


def f(session, b: Batch):
    b.manufacturing_dat = 1
    return session.query(Batch).filter_by(manufacturing_dat=1).order_by(Batch.manufacturing_dat)
