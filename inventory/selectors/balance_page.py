"""Which units should go to another warehouse: cover days of every product, and the moves that even
them out (the rule: `inventory.balancing`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from math import isinf

from django.db import connection
from django.utils import timezone

from inventory.balancing import SiteStock, Suggestion, balance
from inventory.models import Product, Warehouse
from inventory.selectors.incoming import ARRIVING

DEMAND_DAYS = 90
MOST = 200


@dataclass(frozen=True, slots=True)
class Move:
    """A suggestion with the names that the page shows."""

    product: Product
    warehouse_from: Warehouse
    warehouse_to: Warehouse
    suggestion: Suggestion

    @property
    def key(self) -> str:
        """Names the move in the form."""
        ends = f"{self.suggestion.warehouse_from_id}-{self.suggestion.warehouse_to_id}"
        return f"{ends}-{self.product.pk}"

    @property
    def cover(self) -> list[tuple[int | None, int | None]]:
        """Days before and after, of the giver and of the receiver; None: endless."""
        s = self.suggestion
        pairs = [(s.from_days, s.from_days_after), (s.to_days, s.to_days_after)]
        return [(_whole(before), _whole(after)) for before, after in pairs]


def _whole(days: float) -> int | None:
    return None if isinf(days) else int(max(0, days))


def suggested_moves(*, today: date) -> list[Move]:
    """The moves that would even out the cover, the emptiest warehouse first; at most `MOST`."""
    found = [
        (product_id, each)
        for product_id, (sites, pack_size) in _stock(today).items()
        for each in balance(sites, pack_size=pack_size)
    ]
    found.sort(key=lambda pair: (pair[1].to_days, pair[0]))
    return _named(found[:MOST])


def _named(found: Sequence[tuple[int, Suggestion]]) -> list[Move]:
    products = Product.objects.in_bulk([key for key, _ in found])
    warehouses = Warehouse.objects.in_bulk()
    return [
        Move(products[key], warehouses[s.warehouse_from_id], warehouses[s.warehouse_to_id], s)
        for key, s in found
    ]


def _stock(today: date) -> dict[int, tuple[list[SiteStock], int]]:
    zone = timezone.get_current_timezone_name()
    since = today - timedelta(days=DEMAND_DAYS)
    sites: dict[int, tuple[list[SiteStock], int]] = {}
    with connection.cursor() as cursor:
        cursor.execute(_SITES, {"since": since, "zone": zone})
        for product_id, pack_size, warehouse_id, free, shipped in cursor.fetchall():
            entry = sites.setdefault(product_id, ([], pack_size))
            entry[0].append(SiteStock(warehouse_id, int(free), float(shipped) / DEMAND_DAYS))
    return sites


# What is drafted or approved to come counts as there, what is drafted to go counts as gone: nothing is
# suggested twice.
_SITES = f"""
WITH shipped AS (
  SELECT warehouse_id, product_id, -sum(on_hand_delta) AS units FROM inventory_stockmovement
  WHERE kind IN ('ship', 'unship') AND at >= %(since)s::timestamp AT TIME ZONE %(zone)s
  GROUP BY warehouse_id, product_id),
arriving AS (
  SELECT product_id, warehouse_id, sum(quantity) AS units
  FROM ({ARRIVING}) AS way GROUP BY product_id, warehouse_id),
planned AS (
  SELECT line.product_id, line.quantity, head.status, head.warehouse_from_id, head.warehouse_to_id
  FROM inventory_transferline line JOIN inventory_transfer head ON head.id = line.transfer_id
  WHERE head.status IN ('draft', 'approved')),
change AS (
  SELECT product_id, warehouse_id, sum(units) AS units FROM (
    SELECT product_id, warehouse_to_id AS warehouse_id, quantity AS units FROM planned
    UNION ALL
    SELECT product_id, warehouse_from_id, -quantity FROM planned WHERE status = 'draft') AS plan
  GROUP BY product_id, warehouse_id)
SELECT product.id, product.pack_size, level.warehouse_id,
  level.on_hand - level.allocated - level.blocked - level.safety_stock
    + COALESCE(arriving.units, 0) + COALESCE(change.units, 0),
  greatest(0, COALESCE(shipped.units, 0))
FROM inventory_stocklevel level
JOIN inventory_product product ON product.id = level.product_id AND product.is_active
JOIN inventory_warehouse warehouse ON warehouse.id = level.warehouse_id AND warehouse.is_active
LEFT JOIN shipped USING (warehouse_id, product_id)
LEFT JOIN arriving USING (warehouse_id, product_id)
LEFT JOIN change USING (warehouse_id, product_id)
WHERE level.product_id IN (
  SELECT product_id FROM inventory_stocklevel GROUP BY product_id HAVING count(*) > 1)
ORDER BY product.id, level.warehouse_id"""  # noqa: S608 - our own text
