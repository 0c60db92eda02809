from inventory.models.base import Base
from inventory.models.item import Item, StockLevel
from inventory.models.movement import Movement, MovementKind
from inventory.models.warehouse import Warehouse

__all__ = ["Base", "Item", "Movement", "MovementKind", "StockLevel", "Warehouse"]
