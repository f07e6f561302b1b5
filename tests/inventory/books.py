"""Everything that the stock tables say, to compare before and after."""

from __future__ import annotations

from typing import Any

from inventory.models import Allocation, BinContent, Reservation, StockLevel, StockMovement
from oms.core import invariants

Books = dict[str, list[tuple[Any, ...]]]


def books() -> Books:
    """All rows of the stock tables; bins that are empty count as none."""
    return {
        "levels": list(
            StockLevel.objects.order_by("warehouse", "product").values_list(
                "warehouse__code", "product__sku", "on_hand", "allocated", "blocked"
            )
        ),
        "bins": list(
            BinContent.objects.filter(quantity__gt=0)
            .order_by("bin__warehouse", "bin__code", "product", "lot", "serial")
            .values_list("bin__code", "product__sku", "lot__code", "serial", "quantity")
        ),
        "allocations": list(
            Allocation.objects.order_by("demand_id", "warehouse", "product").values_list(
                "demand_id", "warehouse__code", "product__sku", "quantity"
            )
        ),
        "reservations": list(
            Reservation.objects.order_by("demand_id", "kind").values_list(
                "demand_id", "kind", "product__sku", "quantity"
            )
        ),
        "movements": list(StockMovement.objects.order_by("id").values_list("id", "kind")),
    }


def level(warehouse: int, product: int) -> tuple[int, int, int]:
    """On hand, allocated and blocked of one level."""
    row = StockLevel.objects.get(warehouse=warehouse, product=product)
    return row.on_hand, row.allocated, row.blocked


def assert_consistent() -> None:
    """None of the invariants of stock is violated."""
    stock = [name for name in invariants.names() if name.startswith("stock.")]
    assert [each.sentence for each in invariants.violations(stock)] == []
