"""Which claims the stock that is there now reaches."""

from __future__ import annotations

from collections.abc import Collection

from django.db import connection


def demands_in_reach(demand_kind: str, product_ids: Collection[int] | None = None) -> list[int]:
    """The demands with a reservation that at least one free unit is left for, behind all claims of
    an earlier rank; ``None`` looks at every product. What is beyond reach need not be planned again.
    """
    every = product_ids is None
    wanted = sorted(set(product_ids or ()))
    with connection.cursor() as cursor:
        cursor.execute(_IN_REACH, [every, wanted, demand_kind])
        return [demand_id for (demand_id,) in cursor.fetchall()]


_IN_REACH = """
WITH supply AS MATERIALIZED (
  SELECT level.product_id,
    sum(greatest(0, level.on_hand - level.allocated - level.blocked - level.safety_stock)) AS free
  FROM inventory_stocklevel level
  JOIN inventory_warehouse warehouse ON warehouse.id = level.warehouse_id AND warehouse.is_active
  WHERE (%s OR level.product_id = ANY(%s))
    AND level.on_hand - level.allocated - level.blocked > level.safety_stock
  GROUP BY level.product_id),
claim AS (
  SELECT reservation.demand_kind, reservation.demand_id, supply.free,
    sum(reservation.quantity) OVER (PARTITION BY product_id ORDER BY rank_at
      RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW EXCLUDE GROUP) AS earlier
  FROM inventory_reservation reservation JOIN supply USING (product_id)
  WHERE reservation.expires_at IS NULL OR reservation.expires_at > now())
SELECT DISTINCT demand_id FROM claim
WHERE demand_kind = %s AND COALESCE(earlier, 0) < free"""
