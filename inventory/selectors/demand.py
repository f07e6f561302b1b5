"""What left each day, and on which days nothing could have left: read off the ledger."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import date, timedelta

from django.db import connection
from django.utils import timezone

from inventory.reordering import Day

Level = tuple[int, int]


def shipped_days(levels: Sequence[Level], *, until: date, days: int) -> dict[Level, list[Day]]:
    """For each (warehouse, product) the ``days`` days before ``until``, the oldest first; two
    statements. A day is one of the house's time zone. What was taken back counts against its day.
    """
    first = until - timedelta(days=days)
    zone = timezone.get_current_timezone_name()
    warehouses, products = map(list, zip(*levels, strict=True)) if levels else ([], [])
    with connection.cursor() as cursor:
        cursor.execute(_BEFORE, [warehouses, products, first, zone])
        carried = {(w, p): available for w, p, available in cursor.fetchall()}
        cursor.execute(_MOVED, [zone, warehouses, products, first, zone, until, zone])
        moved: dict[Level, dict[date, tuple[int, int, int]]] = defaultdict(dict)
        for warehouse, product, day, shipped, most, last in cursor.fetchall():
            moved[warehouse, product][day] = (shipped, most, last)
    dates = [first + timedelta(days=n) for n in range(days)]
    return {level: _days(dates, moved[level], carried.get(level, 0)) for level in levels}


def _days(
    dates: Sequence[date], moved: dict[date, tuple[int, int, int]], available: int
) -> list[Day]:
    """``available`` is what the level begins with; a day without movements keeps it."""
    found = []
    for each in dates:
        shipped, most, last = moved.get(each, (0, available, available))
        found.append(Day(shipped, max(available, most) > 0))
        available = last
    return found


_BEFORE = """
SELECT wanted.warehouse_id, wanted.product_id, last.available
FROM unnest(%s::bigint[], %s::bigint[]) AS wanted(warehouse_id, product_id),
LATERAL (
  SELECT on_hand_after - allocated_after - blocked_after AS available
  FROM inventory_stockmovement movement
  WHERE movement.warehouse_id = wanted.warehouse_id AND movement.product_id = wanted.product_id
    AND movement.at < %s::timestamp AT TIME ZONE %s
  ORDER BY movement.id DESC LIMIT 1) last"""

_MOVED = """
SELECT movement.warehouse_id, movement.product_id, (movement.at AT TIME ZONE %s)::date AS day,
  COALESCE(-sum(movement.on_hand_delta) FILTER (WHERE movement.kind IN ('ship', 'unship')), 0)::int,
  max(movement.on_hand_after - movement.allocated_after - movement.blocked_after),
  (array_agg(movement.on_hand_after - movement.allocated_after - movement.blocked_after
    ORDER BY movement.id DESC))[1]
FROM unnest(%s::bigint[], %s::bigint[]) AS wanted(warehouse_id, product_id)
JOIN inventory_stockmovement movement USING (warehouse_id, product_id)
WHERE movement.at >= %s::timestamp AT TIME ZONE %s AND movement.at < %s::timestamp AT TIME ZONE %s
GROUP BY movement.warehouse_id, movement.product_id, day"""
