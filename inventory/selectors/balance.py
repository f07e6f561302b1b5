"""The balance of a product at any past moment, read off the ledger's own balances."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import connection

from inventory.availability import Totals


@dataclass(frozen=True, slots=True)
class PastLevel:
    """A warehouse as it stood: what its last movement until then left."""

    warehouse: str
    title: str
    totals: Totals
    moved_at: datetime


@dataclass(frozen=True, slots=True)
class PastBalance:
    """All warehouses at one moment."""

    moment: datetime
    levels: Sequence[PastLevel]

    @property
    def totals(self) -> Totals:
        return Totals(
            on_hand=sum(row.totals.on_hand for row in self.levels),
            allocated=sum(row.totals.allocated for row in self.levels),
            blocked=sum(row.totals.blocked for row in self.levels),
        )


def balance_at(product_id: int, moment: datetime) -> PastBalance:
    """What stood where at a moment (inclusive); one statement, warehouses without movements are left out."""
    with connection.cursor() as cursor:
        cursor.execute(_BALANCE, [moment, product_id])
        levels = [
            PastLevel(code, title, Totals(on_hand, allocated, blocked), at)
            for code, title, on_hand, allocated, blocked, at in cursor.fetchall()
        ]
    return PastBalance(moment, levels)


_BALANCE = """
SELECT warehouse.code, warehouse.title, last.on_hand_after, last.allocated_after,
  last.blocked_after, last.at
FROM inventory_stocklevel level
JOIN inventory_warehouse warehouse ON warehouse.id = level.warehouse_id,
LATERAL (
  SELECT on_hand_after, allocated_after, blocked_after, at FROM inventory_stockmovement movement
  WHERE movement.warehouse_id = level.warehouse_id AND movement.product_id = level.product_id
    AND movement.at <= %s
  ORDER BY id DESC LIMIT 1) last
WHERE level.product_id = %s ORDER BY warehouse.priority, warehouse.code"""
