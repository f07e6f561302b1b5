"""What pickers are on the way to take: it is left to them by whoever else chooses bins."""

from __future__ import annotations

from collections.abc import Collection

from django.db import connection


def promised_contents(
    warehouse_ids: Collection[int], product_ids: Collection[int]
) -> dict[tuple[int, int, int | None, str | None], int]:
    """Units by (bin, product, lot, serial number) that open pick lists still take."""
    with connection.cursor() as cursor:
        cursor.execute(_PROMISED, [list(warehouse_ids), list(product_ids)])
        return {row[:4]: int(row[4]) for row in cursor.fetchall()}


_PROMISED = """
SELECT pick.bin_id, wanted.product_id, pick.lot_id, pick.serial, sum(pick.quantity - pick.picked)
FROM fulfillment_shipment shipment
JOIN fulfillment_shipmentline line ON line.shipment_id = shipment.id
JOIN fulfillment_pick pick ON pick.shipment_line_id = line.id
JOIN orders_orderline wanted ON wanted.id = line.order_line_id
WHERE shipment.warehouse_id = ANY(%s) AND shipment.status IN ('released', 'picking')
  AND wanted.product_id = ANY(%s) AND pick.quantity > pick.picked
GROUP BY pick.bin_id, wanted.product_id, pick.lot_id, pick.serial"""
