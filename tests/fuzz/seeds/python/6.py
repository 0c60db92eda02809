from __future__ import annotations
from typing import Union, TypeAlias
from pydantic import BaseModel
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, Session
type JSON = dict[str, JSON] | list[JSON] | str | None
type L = list[L]
type P = Q | list[Q]
type Q = P | list[P]
J2: TypeAlias = Union[dict[str, "J2"], list["J2"], None]
J3 = Union[dict, "J3"]
class Base(DeclarativeBase):
    type_annotation_map = {JSON: JSON, L: J2, J3: J3}
class T(Base):
    __tablename__ = "t"
    id: Mapped[P] = mapped_column(primary_key=True)
    a: Mapped[J2]
    b: Mapped["J3"]
    c: Mapped["Q | P"]
class M(BaseModel):
    a: JSON
    b: P
    c: L
    d: J3
def f(x: JSON, y: L, z: P, w: J2, v: J3, *a: Q, **k: L) -> P:
    for i in x:
        for j in i:
            j.foo[0].bar
    y[0][0][0][0].execute("select 1")
    z.query(T)
    w["a"]["b"]; v["c"]
    return f(x, y, z, w, v)
async def g(s: Session, m: M):
    r = f(m.a, m.b, m.c, m.d, 1)
    s.query(r).filter_by(x=1)
    M(**m.model_dump())
type G[X] = dict[str, G[X]] | X
class H[X](G[X]): pass
def h(x: G[int]): return x["a"]["b"].c
