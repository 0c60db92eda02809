from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from inventory.models import Item, Movement, MovementKind, StockLevel, Warehouse


def book(session: Session, item: Item, warehouse: Warehouse, quantity: int) -> None:
    level = session.get(StockLevel, (item.id, warehouse.id))
    if level is None:
        level = StockLevel(item_id=item.id, warehouse_id=warehouse.id, qty=0)
        session.add(level)
    level.qty += quantity
    kind = MovementKind.inbound if quantity > 0 else MovementKind.outbound
    session.add(Movement(item_id=item.id, warehouse_id=warehouse.id, kind=kind, quantity=quantity, reason="booked"))


def empty(session: Session) -> list[Item]:
    query = select(Item).join(StockLevel).group_by(Item.id).having(func.sum(StockLevel.qty) == 0)
    return list(session.scalars(query))


def corrections(session: Session) -> list[int]:
    query = text("SELECT id FROM movements WHERE kind = 'corection' AND happend_at > now() - interval '1 day'")
    return list(session.scalars(query))


def levels(session: Session) -> dict[str, int]:
    # The alias is a name of this statement, and so is the output.
    query = text("SELECT i.sku AS article, sum(s.qty) AS on_hand FROM items i JOIN stock_levels s ON s.item_id = i.id GROUP BY article")
    return {row.article: row.on_hand for row in session.execute(query)}
