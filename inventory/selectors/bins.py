"""Where goods lie, for the people who walk there."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db import connection
from django.utils import timezone

from inventory.expiry import SELLABLE


@dataclass(frozen=True, slots=True)
class BinStock:
    """Units that may be picked from a bin."""

    warehouse_id: int
    product_id: int
    bin_id: int
    bin_code: str
    walk_order: int
    quantity: int
    lot_id: int | None
    serial: str | None


def bins_to_pick(
    warehouse_ids: Collection[int], product_ids: Collection[int], *, today: date | None = None
) -> dict[tuple[int, int], list[BinStock]]:
    """By (warehouse, product): what lies on open shelves and then at receiving, the lot that
    expires first before the others, in walking order. Totes, staging and blocked bins are no
    places to pick from, and lots that may not be sold any more (`inventory.expiry`) are left out.
    """
    params: dict[str, Any] = {
        "warehouses": list(set(warehouse_ids)),
        "products": list(set(product_ids)),
    }
    params |= {"today": today or timezone.localdate()}
    found: dict[tuple[int, int], list[BinStock]] = {}
    with connection.cursor() as cursor:
        cursor.execute(_BINS, params)
        for row in cursor.fetchall():
            stock = BinStock(*row)
            found.setdefault((stock.warehouse_id, stock.product_id), []).append(stock)
    return found


_BINS = f"""
SELECT bin.warehouse_id, content.product_id, bin.id, bin.code, bin.walk_order, content.quantity,
  content.lot_id, content.serial
FROM inventory_bincontent content
JOIN inventory_bin bin ON bin.id = content.bin_id
JOIN inventory_product product ON product.id = content.product_id
LEFT JOIN inventory_lot lot ON lot.id = content.lot_id
WHERE bin.warehouse_id = ANY(%(warehouses)s) AND content.product_id = ANY(%(products)s) AND content.quantity > 0
  AND bin.kind IN ('shelf', 'receiving') AND bin.is_active
  AND {SELLABLE}
ORDER BY bin.warehouse_id, content.product_id, bin.kind = 'receiving', lot.expiry_date NULLS LAST,
  bin.walk_order, bin.code, content.id"""  # noqa: S608 - our own text
