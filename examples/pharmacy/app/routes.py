"""What the pharmacy's front end asks for."""

from datetime import date, timedelta

from fastapi import APIRouter, Depends
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from .db import get_session
from .models import Batch, Product

router = APIRouter()


@router.get("/batches/expiring")
def expiring(days: int = 30, session: Session = Depends(get_session)) -> list[dict]:
    limit = date.today() + timedelta(days=days)
    query = select(Batch).join(Product).where(Batch.expiry_date < limit).order_by(Batch.mfg_date)
    return [{"number": b.batch_number, "made": b.mfg_date, "left": b.quantity} for b in session.scalars(query)]


@router.get("/orders/{order_id}/total")
def total(order_id: int, session: Session = Depends(get_session)) -> dict:
    row = session.execute(
        text("""
            SELECT o.id, sum(i.quantity * p.price) AS total
            FROM orders o
            JOIN order_items i ON i.order_id = o.id
            JOIN batches b ON b.id = i.batch_id
            JOIN products p ON p.id = b.product_id
            WHERE o.id = :order_id AND p.product_type <> 'sample'
            GROUP BY o.id
        """),
        {"order_id": order_id},
    ).one()
    return {"order": row.id, "total": row.total}
