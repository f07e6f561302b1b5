"""Where each reorder rule stands: what may be promised at its warehouse, what arrives, what is drafted."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime

from django.db import connection

from inventory.availability import Totals, available_to_promise
from inventory.selectors.incoming import ARRIVING


@dataclass(frozen=True, slots=True)
class Position:
    """One active rule against today's stock. ``reserved`` are soft claims on the warehouse; claims on
    no warehouse count at the first one, by priority, that orders the product again.
    ``drafted`` stands on purchase orders that were not sent yet.
    """

    rule_id: int
    product_id: int
    warehouse_id: int
    point: int
    low_since: datetime | None
    on_hand: int
    allocated: int
    blocked: int
    safety_stock: int
    reserved: int
    incoming: int
    next_date: date | None
    drafted: int

    @property
    def to_promise(self) -> int:
        """Available to promise at the warehouse, without what arrives."""
        return available_to_promise([self._totals], reserved_before=self.reserved)

    @property
    def position(self) -> int:
        """Available to promise at the warehouse with all that arrives; what the point is held against."""
        totals, reserved = [self._totals], self.reserved
        return available_to_promise(totals, reserved_before=reserved, incoming=self.incoming)

    @property
    def _totals(self) -> Totals:
        return Totals(self.on_hand, self.allocated, self.blocked, self.safety_stock)


def positions(product_ids: Collection[int] | None = None) -> dict[int, Position]:
    """The positions of the active rules of these products (None: of all) by rule; one statement."""
    wanted = sorted(set(product_ids or ()))
    with connection.cursor() as cursor:
        cursor.execute(_POSITIONS, [product_ids is None, wanted])
        return {row[0]: Position(*row) for row in cursor.fetchall()}


_POSITIONS = f"""
WITH rule AS (
  SELECT rule.id, rule.product_id, rule.warehouse_id, rule.point, rule.low_since,
    row_number() OVER (PARTITION BY rule.product_id
      ORDER BY warehouse.priority, warehouse.code, warehouse.id) = 1 AS is_first
  FROM inventory_reorderrule rule
  JOIN inventory_product product ON product.id = rule.product_id AND product.is_active
  JOIN inventory_warehouse warehouse ON warehouse.id = rule.warehouse_id AND warehouse.is_active
  WHERE rule.is_active AND (%s OR rule.product_id = ANY(%s))),
claimed AS (
  SELECT product_id, warehouse_id, sum(quantity)::int AS units FROM inventory_reservation
  WHERE (expires_at IS NULL OR expires_at > now())
    AND product_id IN (SELECT product_id FROM rule)
  GROUP BY product_id, warehouse_id),
arriving AS (
  SELECT product_id, warehouse_id, sum(quantity)::int AS units, min(expected) AS next_date
  FROM ({ARRIVING}) line GROUP BY product_id, warehouse_id),
drafted AS (
  SELECT line.product_id, head.warehouse_id, sum(line.quantity)::int AS units
  FROM inventory_purchaseorderline line
  JOIN inventory_purchaseorder head ON head.id = line.purchase_order_id AND head.status = 'draft'
  GROUP BY line.product_id, head.warehouse_id)
SELECT rule.id, rule.product_id, rule.warehouse_id, rule.point, rule.low_since,
  COALESCE(level.on_hand, 0), COALESCE(level.allocated, 0), COALESCE(level.blocked, 0),
  COALESCE(level.safety_stock, 0),
  COALESCE(own.units, 0) + CASE WHEN rule.is_first THEN COALESCE(pool.units, 0) ELSE 0 END,
  COALESCE(arriving.units, 0), arriving.next_date, COALESCE(drafted.units, 0)
FROM rule
LEFT JOIN inventory_stocklevel level USING (product_id, warehouse_id)
LEFT JOIN claimed own USING (product_id, warehouse_id)
LEFT JOIN arriving USING (product_id, warehouse_id)
LEFT JOIN drafted USING (product_id, warehouse_id)
LEFT JOIN claimed pool ON pool.product_id = rule.product_id AND pool.warehouse_id IS NULL
ORDER BY rule.id"""  # noqa: S608 - our own text


def products_out_of_stock(product_ids: Collection[int] | None = None) -> list[int]:
    """The products that had stock and of which no active warehouse has a unit available, as far as
    anybody wants to know: they have a reorder rule, or somebody is to be told. One statement.
    """
    wanted = sorted(set(product_ids or ()))
    with connection.cursor() as cursor:
        cursor.execute(_OUT, [product_ids is None, wanted])
        return [product_id for (product_id,) in cursor.fetchall()]


_OUT = """
SELECT product.id FROM inventory_product product
JOIN inventory_stocklevel level ON level.product_id = product.id
JOIN inventory_warehouse warehouse ON warehouse.id = level.warehouse_id AND warehouse.is_active
WHERE product.is_active AND NOT product.is_kit AND (%s OR product.id = ANY(%s))
  AND (EXISTS (SELECT FROM inventory_reorderrule rule
      WHERE rule.product_id = product.id AND rule.is_active)
    OR EXISTS (SELECT FROM inventory_noticerecipient recipient
      WHERE (recipient.product_id = product.id OR recipient.product_id IS NULL)
        AND recipient.occasion = 'out' AND recipient.is_active))
GROUP BY product.id HAVING sum(level.on_hand - level.allocated - level.blocked) <= 0
ORDER BY product.id"""
