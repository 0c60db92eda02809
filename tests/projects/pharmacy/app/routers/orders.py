from fastapi import APIRouter, Depends
from sqlalchemy import text
from sqlalchemy.orm import Session

from app.database import get_db
from app.models import OrderItem
from app.orders import Order, OrderStatus

router = APIRouter(prefix="/orders")

SORTABLE = {"placed": "placed_at", "status": "status"}


@router.get("/")
def list_orders(sort: str = "placed", db: Session = Depends(get_db)):
    # The column is chosen at run time: nobody can judge it.
    column = SORTABLE.get(sort, sort)
    return [dict(r._mapping) for r in db.execute(text(f"SELECT id, status FROM orders ORDER BY {column}"))]


@router.post("/{order_id}/cancel")
def cancel(order_id: int, db: Session = Depends(get_db)):
    db.execute(text("UPDATE orders SET status = 'canceled' WHERE id = :id"), {"id": order_id})
    db.commit()


@router.get("/{order_id}/total")
def total(order_id: int, db: Session = Depends(get_db)):
    items = db.query(OrderItem).filter(OrderItem.order_id == order_id).all()
    return sum(i.unit_price * i.quantity for i in items)


@router.get("/open")
def open_orders(db: Session = Depends(get_db)):
    return db.query(Order).filter(Order.status.in_([OrderStatus.DRAFT, OrderStatus.CONFIRMED])).all()
