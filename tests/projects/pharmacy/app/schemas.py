"""What the API shows. None of these classes is a table."""

from datetime import date
from typing import Optional

from pydantic import BaseModel


class BatchOut(BaseModel):
    id: int
    batch_number: str
    mfg_date: date
    expiry_date: date
    shelf_life_days: Optional[int] = None

    class Config:
        orm_mode = True


class SupplierIn(BaseModel):
    name: str
    phone: str
    fax: Optional[str] = None
