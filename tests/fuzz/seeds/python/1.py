from sqlalchemy import Column, ForeignKey, Integer, select
from sqlalchemy.orm import Mapped, declarative_base, mapped_column, relationship
Base = declarative_base()


class Batch(Base):
    __tablename__ = 'batches'
    id: Mapped[int] = mapped_column(primary_key=True)
    made = Column('manufacturing_date', Integer, ForeignKey('products.id'))
    products = relationship('Product')


def f(session, x):
    q = select(Batch).where(Batch.id == x, Batch.made.in_([1, 2]))
    for b in session.scalars(q):
        b.made += 1
    return session.query(Batch).filter_by(id=x).order_by(Batch.made.desc()).all()
