"""A small stocked world for tests of inventory."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from inventory.models import Bin, Lot, Product, Warehouse
from inventory.services.claims import AllocationRequest, allocate
from oms.core.actors import Actor

PICKER = Actor(label="Picker 1", surface="warehouse")


@dataclass
class Site:
    """Two warehouses, one of them with a bin of each kind; ``lamp`` has 20 units on shelf A-1."""

    north: Warehouse
    south: Warehouse
    shelf: Bin
    shelf_2: Bin
    staging: Bin
    quarantine: Bin
    returns: Bin
    missing: Bin
    south_shelf: Bin
    lamp: Product
    milk: Product
    phone: Product
    kit: Product
    lot: Lot
    actor: Actor = PICKER

    def ids(self, product: Product | None = None) -> dict[str, int]:
        return {"warehouse_id": self.north.pk, "product_id": (product or self.lamp).pk}

    def allocate(self, quantity: int, demand_id: int = 1) -> None:
        request = AllocationRequest(
            **self.ids(), quantity=quantity, demand_kind="order_line", demand_id=demand_id
        )
        allocate([request], actor=self.actor)

    def request(self, quantity: int, demand_id: int = 1, **other: Any) -> AllocationRequest:
        facts = self.ids() | {"demand_kind": "order_line", "demand_id": demand_id} | other
        return AllocationRequest(quantity=quantity, **facts)
