"""What stock announces."""

from __future__ import annotations

from dataclasses import dataclass

from oms.core.events import Event


@dataclass(frozen=True)
class StockArrived(Event):
    """Units of these products became available at a warehouse: received, found or given back."""

    topic = "inventory.stock_arrived"

    warehouse_id: int
    product_ids: list[int]

    @property
    def stream(self) -> str:
        return f"warehouse:{self.warehouse_id}"


@dataclass(frozen=True)
class PurchaseOrderSent(Event):
    """A supplier is to deliver. ``by_mail``: he gets it from us; else somebody told him already."""

    topic = "inventory.purchase_order_sent"

    purchase_order_id: int
    by_mail: bool

    @property
    def stream(self) -> str:
        return f"purchase_order:{self.purchase_order_id}"


@dataclass(frozen=True)
class IncomingChanged(Event):
    """More or less of these products arrives at a warehouse, or it arrives on another day."""

    topic = "inventory.incoming_changed"

    warehouse_id: int
    product_ids: list[int]

    @property
    def stream(self) -> str:
        return f"warehouse:{self.warehouse_id}"


@dataclass(frozen=True)
class LowStockReached(Event):
    """The position of a product at a warehouse fell to its reorder point: once per crossing."""

    topic = "inventory.low_stock_reached"

    reorder_rule_id: int

    @property
    def stream(self) -> str:
        return f"reorder_rule:{self.reorder_rule_id}"


@dataclass(frozen=True)
class StockRanOut(Event):
    """No warehouse has a unit of the product available any more: once per stock-out."""

    topic = "inventory.stock_ran_out"

    stock_out_id: int
    product_id: int

    @property
    def stream(self) -> str:
        return f"product:{self.product_id}"


@dataclass(frozen=True)
class WarehouseDaysChanged(Event):
    """A warehouse works on other days or until another hour: its calendar, closures or cut-off."""

    topic = "inventory.warehouse_days_changed"

    warehouse_id: int

    @property
    def stream(self) -> str:
        return f"warehouse:{self.warehouse_id}"
