"""What is available where, for people who decide by hand."""

from __future__ import annotations

from collections.abc import Collection

from inventory.models import StockLevel


def available_at(
    warehouse_ids: Collection[int], product_ids: Collection[int]
) -> dict[tuple[int, int], int]:
    """Units by (warehouse, product): on hand - allocated - blocked; one statement."""
    levels = StockLevel.objects.filter(warehouse__in=warehouse_ids, product__in=product_ids)
    rows = levels.values_list("warehouse", "product", "on_hand", "allocated", "blocked")
    return {(site, pk): on_hand - taken - blocked for site, pk, on_hand, taken, blocked in rows}
