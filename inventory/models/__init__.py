from inventory.models.claims import Allocation, Reservation
from inventory.models.ledger import (
    AdjustmentRecord,
    MovementKind,
    StockLevel,
    StockMovement,
)
from inventory.models.product import Barcode, KitComponent, Lot, Product
from inventory.models.warehouse import Bin, BinContent, Warehouse, WarehouseAccess

__all__ = [
    "AdjustmentRecord",
    "Allocation",
    "Barcode",
    "Bin",
    "BinContent",
    "KitComponent",
    "Lot",
    "MovementKind",
    "Product",
    "Reservation",
    "StockLevel",
    "StockMovement",
    "Warehouse",
    "WarehouseAccess",
]
