from inventory.models.claims import Allocation, Reservation
from inventory.models.count import AdjustmentReason, CountLine, StockAdjustment, StockCount
from inventory.models.ledger import (
    AdjustmentRecord,
    MovementKind,
    StockLevel,
    StockMovement,
)
from inventory.models.product import Barcode, KitComponent, Lot, Product
from inventory.models.purchase import PurchaseOrder, PurchaseOrderLine
from inventory.models.receipt import Receipt, ReceiptLine
from inventory.models.reorder import NoticeRecipient, ReorderRule, StockOut
from inventory.models.supplier import Supplier, SupplierProduct
from inventory.models.transfer import Transfer, TransferLine, TransferPart
from inventory.models.warehouse import (
    Bin,
    BinContent,
    Warehouse,
    WarehouseAccess,
    WarehouseClosure,
)

__all__ = [
    "AdjustmentReason",
    "AdjustmentRecord",
    "Allocation",
    "Barcode",
    "Bin",
    "BinContent",
    "CountLine",
    "KitComponent",
    "Lot",
    "MovementKind",
    "NoticeRecipient",
    "Product",
    "PurchaseOrder",
    "PurchaseOrderLine",
    "Receipt",
    "ReceiptLine",
    "ReorderRule",
    "Reservation",
    "StockAdjustment",
    "StockCount",
    "StockLevel",
    "StockMovement",
    "StockOut",
    "Supplier",
    "SupplierProduct",
    "Transfer",
    "TransferLine",
    "TransferPart",
    "Warehouse",
    "WarehouseAccess",
    "WarehouseClosure",
]
