"""The connection."""

from collections.abc import Iterator
from os import environ

from sqlalchemy import create_engine
from sqlalchemy.orm import Session

engine = create_engine(environ.get("DATABASE_URL", "postgresql://localhost/pharmacy"))


def get_session() -> Iterator[Session]:
    with Session(engine) as session:
        yield session
