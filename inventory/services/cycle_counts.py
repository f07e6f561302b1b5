"""Counts that come due by themselves: every place in its turn, what sells most the most often."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.db import connection, transaction

from inventory.counting import CYCLE_DAYS
from inventory.models import StockCount, Warehouse
from inventory.services.counts import CountPlace, open_count
from oms.core.actors import Actor

PLACES_AT_ONCE = 60
"""How many places of a warehouse wait for a cycle count at most: a morning's work for one person."""

REASON = "cycle count"


def open_cycle_counts(*, today: date, actor: Actor) -> int:
    """Open the counts that are due in every active warehouse; gives back how many places are new."""
    warehouses = Warehouse.objects.active().order_by("pk").values_list("pk", flat=True)
    return sum(_open_for(warehouse_id, today, actor) for warehouse_id in warehouses)


@transaction.atomic
def _open_for(warehouse_id: int, today: date, actor: Actor) -> int:
    Warehouse.objects.only("pk").lock(warehouse_id)
    params: dict[str, Any] = {"warehouse": warehouse_id, "today": today, "most": PLACES_AT_ONCE}
    params |= {name.lower(): days for name, days in CYCLE_DAYS.items()}
    with connection.cursor() as cursor:
        cursor.execute(_DUE, params)
        rows = cursor.fetchall()
    if rows:
        open_count(
            warehouse_id=warehouse_id, origin=StockCount.Origin.CYCLE, reason=REASON,
            places=[
                CountPlace(bin_id=bin_id, product_id=product_id, lot_id=lot_id, serial=serial)
                for bin_id, product_id, lot_id, serial in rows
            ],
            due_date=today, actor=actor,
        )  # fmt: skip
    return len(rows)


# The interval of each class is `counting.CYCLE_DAYS`; never counted goes first, then the longest overdue.
_DUE = """
WITH counted AS (
  SELECT line.bin_id, line.product_id, max(line.counted_at) AS at
  FROM inventory_countline line JOIN inventory_stockcount head ON head.id = line.stock_count_id
  WHERE head.warehouse_id = %(warehouse)s AND head.status = 'posted'
  GROUP BY line.bin_id, line.product_id),
waiting AS (
  SELECT line.bin_id, line.product_id, line.lot_id, line.serial, head.origin
  FROM inventory_countline line JOIN inventory_stockcount head ON head.id = line.stock_count_id
  WHERE head.warehouse_id = %(warehouse)s AND head.status IN ('open', 'review')),
due AS (
  SELECT content.bin_id, content.product_id, content.lot_id, content.serial, product.abc_class,
    bin.walk_order, bin.code, counted.at,
    %(today)s::date - counted.at::date - CASE product.abc_class
      WHEN 'A' THEN %(a)s WHEN 'B' THEN %(b)s ELSE %(c)s END AS days_over
  FROM inventory_bincontent content
  JOIN inventory_bin bin ON bin.id = content.bin_id
  JOIN inventory_product product ON product.id = content.product_id
  LEFT JOIN counted ON (counted.bin_id, counted.product_id) = (content.bin_id, content.product_id)
  WHERE bin.warehouse_id = %(warehouse)s AND bin.kind = 'shelf' AND bin.is_active
    AND content.quantity > 0
    AND NOT EXISTS (SELECT FROM waiting WHERE waiting.bin_id = content.bin_id
      AND waiting.product_id = content.product_id
      AND waiting.lot_id IS NOT DISTINCT FROM content.lot_id
      AND waiting.serial IS NOT DISTINCT FROM content.serial)),
chosen AS (
  SELECT * FROM due WHERE at IS NULL OR days_over >= 0
  ORDER BY days_over DESC NULLS FIRST, abc_class = '', abc_class, walk_order, code
  LIMIT greatest(0, %(most)s - (SELECT count(*) FROM waiting WHERE origin = 'cycle')))
SELECT bin_id, product_id, lot_id, serial FROM chosen ORDER BY walk_order, code, product_id"""
