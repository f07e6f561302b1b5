"""Where the books of a product part: the level, its ledger, and what bins and allocations say."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.db import connection

from inventory.availability import Totals


@dataclass(frozen=True, slots=True)
class Difference:
    """One warehouse. ``claimed`` and what lies in the bins are the ``found`` totals."""

    warehouse_id: int
    warehouse: str
    level: Totals
    ledger: Totals
    found: Totals

    @property
    def is_rebuilt(self) -> bool:
        """The level has to follow its ledger first."""
        return self.level != self.ledger

    @property
    def booking(self) -> Totals:
        """What a movement has to add to the ledger, so that it says what was found."""
        return Totals(
            on_hand=self.found.on_hand - self.ledger.on_hand,
            allocated=self.found.allocated - self.ledger.allocated,
            blocked=self.found.blocked - self.ledger.blocked,
        )

    @property
    def is_booked(self) -> bool:
        return self.booking != Totals(0, 0, 0)

    @property
    def missing(self) -> int:
        """How many units are allocated or blocked, but lie nowhere: no booking can help there."""
        return max(0, -self.found.available)


def differences(product_id: int) -> Sequence[Difference]:
    """The warehouses whose books do not agree; one statement."""
    with connection.cursor() as cursor:
        cursor.execute(_DIFFERENCES, {"product": product_id})
        found = [
            Difference(pk, code, Totals(*row[0:3]), Totals(*row[3:6]), Totals(*row[6:9]))
            for pk, code, *row in cursor.fetchall()
        ]
    return [each for each in found if each.is_rebuilt or each.is_booked]


_DIFFERENCES = """
WITH ledger AS (
  SELECT warehouse_id, sum(on_hand_delta) AS on_hand, sum(allocated_delta) AS allocated,
    sum(blocked_delta) AS blocked
  FROM inventory_stockmovement WHERE product_id = %(product)s GROUP BY warehouse_id),
bins AS (
  SELECT bin.warehouse_id, sum(content.quantity) AS on_hand, COALESCE(sum(content.quantity)
    FILTER (WHERE bin.kind IN ('quarantine', 'returns', 'missing')), 0) AS blocked
  FROM inventory_bincontent content JOIN inventory_bin bin ON bin.id = content.bin_id
  WHERE content.product_id = %(product)s GROUP BY bin.warehouse_id),
claims AS (
  SELECT warehouse_id, sum(quantity) AS allocated
  FROM inventory_allocation WHERE product_id = %(product)s GROUP BY warehouse_id)
SELECT warehouse.id, warehouse.code,
  COALESCE(level.on_hand, 0), COALESCE(level.allocated, 0), COALESCE(level.blocked, 0),
  COALESCE(ledger.on_hand, 0)::int, COALESCE(ledger.allocated, 0)::int,
  COALESCE(ledger.blocked, 0)::int,
  COALESCE(bins.on_hand, 0)::int, COALESCE(claims.allocated, 0)::int,
  COALESCE(bins.blocked, 0)::int
FROM inventory_warehouse warehouse
LEFT JOIN inventory_stocklevel level
  ON level.warehouse_id = warehouse.id AND level.product_id = %(product)s
LEFT JOIN ledger ON ledger.warehouse_id = warehouse.id
LEFT JOIN bins ON bins.warehouse_id = warehouse.id
LEFT JOIN claims ON claims.warehouse_id = warehouse.id
ORDER BY warehouse.id"""
