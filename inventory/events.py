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
