from datetime import date, timedelta

from fastapi import APIRouter, Depends, HTTPException
from sqlalchemy import text
from sqlalchemy.orm import Session

from app.database import get_db
from app.models import Batch, Product
from app.schemas import BatchOut

router = APIRouter(prefix="/batches")


@router.get("/", response_model=list[BatchOut])
def list_batches(db: Session = Depends(get_db)):
    return db.query(Batch).order_by(Batch.mfg_date).all()


@router.post("/")
def receive(product_id: int, number: str, made: date, expires: date, db: Session = Depends(get_db)):
    batch = Batch(product_id=product_id, batch_number=number, mfg_date=made, expiry_date=expires, quantity=0)
    db.add(batch)
    db.commit()
    return {"id": batch.id}


@router.get("/expiring")
def expiring(days: int = 30, db: Session = Depends(get_db)):
    limit = date.today() + timedelta(days=days)
    rows = db.query(Batch, Product).join(Product).filter(Batch.expiry_date < limit).filter(Batch.quantaty > 0)
    return [{"number": b.batch_number, "product": p.name} for b, p in rows]


@router.get("/stock")
def stock(db: Session = Depends(get_db)):
    # Three literals, one statement: the name to mend stands in the second.
    sql = text(
        "SELECT p.name, sum(b.quantity) AS on_hand, "
        "min(b.mfg_date) AS oldest "
        "FROM products p JOIN batches b ON b.product_id = p.id GROUP BY p.name"
    )
    return [dict(r._mapping) for r in db.execute(sql)]


@router.get("/recall/{number}")
def recall(number: str, db: Session = Depends(get_db)):
    row = db.execute(
        text("""
            SELECT b.id, b.batch_number, s.contact_person
            FROM batchs b
            JOIN products p ON p.id = b.product_id
            JOIN suppliers s ON s.id = p.supplier_id
            WHERE b.batch_number = :number
        """),
        {"number": number},
    ).first()
    if row is None:
        raise HTTPException(404, f"no batch {number}: check mfg_date on the label")
    return {"id": row.id}
