from sqlmodel import Field, SQLModel


class Batch(SQLModel, table=True):
    __tablename__ = 'batches'
    id: int | None = Field(default=None, primary_key=True)
    manufacturing_date: str = Field(max_length=3)
    pric: float
