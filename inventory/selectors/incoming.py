"""What is on its way: open lines of purchase orders that were sent, and transfers in transit."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

from django.db import connection


@dataclass(frozen=True, slots=True)
class Incoming:
    """Units that arrive at a warehouse; ``on`` None: nobody said when. ``source`` is the number of the
    purchase order or transfer.
    """

    product_id: int
    warehouse_id: int
    quantity: int
    on: date | None
    source: str


def incoming(product_ids: Collection[int], until: date | None = None) -> dict[int, list[Incoming]]:
    """By product, the first to come first; one statement.

    ``until`` keeps what is expected by that day, goods that are late included, and leaves out what has
    no date. Goods for a warehouse that is not active count nowhere.
    """
    found: dict[int, list[Incoming]] = defaultdict(list)
    with connection.cursor() as cursor:
        cursor.execute(_INCOMING, [list(set(product_ids)), until, until])
        for row in cursor.fetchall():
            found[row[0]].append(Incoming(*row))
    return found


ARRIVING = """
SELECT line.product_id, head.warehouse_id,
  line.quantity - line.received - line.canceled AS quantity,
  COALESCE(line.expected_date, head.expected_date) AS expected, head.number
FROM inventory_purchaseorderline line JOIN inventory_purchaseorder head
  ON head.id = line.purchase_order_id AND head.status IN ('sent', 'partly_received')
WHERE line.quantity > line.received + line.canceled
UNION ALL
SELECT line.product_id, head.warehouse_to_id, line.sent - line.received - line.lost,
  head.expected_date, head.number
FROM inventory_transferline line JOIN inventory_transfer head
  ON head.id = line.transfer_id AND head.status IN ('in_transit', 'partly_received')
WHERE line.sent > line.received + line.lost"""
"""Product, warehouse, units, date, number of everything on its way."""

_INCOMING = f"""
SELECT arriving.* FROM ({ARRIVING}) arriving
JOIN inventory_warehouse warehouse ON warehouse.id = arriving.warehouse_id AND warehouse.is_active
WHERE product_id = ANY(%s) AND (%s::date IS NULL OR expected <= %s::date)
ORDER BY product_id, expected NULLS LAST, number"""  # noqa: S608 - our own text
