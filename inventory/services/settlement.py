"""The ledger's second door, for compensation: totals that change while no goods move.

A movement of kind "adjust" without bins; it is booked by one statement with the level it changes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection

from oms.core.actors import Actor


@dataclass(frozen=True, slots=True, kw_only=True)
class Settlement:
    """What a level has to change by, so that it says what bins and allocations say already."""

    warehouse_id: int
    product_id: int
    on_hand: int
    allocated: int
    blocked: int
    reason: str
    note: str = ""


def lock_levels(product_id: int) -> None:
    """Hold all levels of a product until the transaction ends: nothing of it moves meanwhile."""
    with connection.cursor() as cursor:
        cursor.execute(_LOCK_LEVELS, [product_id])


def rebuild_levels_of(product_id: int) -> int:
    """Set the levels of one product to the sums of its movements; give back how many were wrong."""
    with connection.cursor() as cursor:
        cursor.execute(_REBUILD_PRODUCT, {"product": product_id})
        return int(cursor.rowcount)


def settle(settlements: Sequence[Settlement], *, actor: Actor) -> None:
    """Book movements that touch the totals alone: bins and allocations stay as they are.

    For compensation only; whatever happens to goods goes through `post`.
    """
    if not settlements:
        return
    names = Settlement.__slots__
    params: dict[str, Any] = {name: [getattr(s, name) for s in settlements] for name in names}
    with connection.cursor() as cursor:
        cursor.execute(_SETTLE, params | {"actor_id": actor.user_id, "actor_name": actor.label})
        if cursor.rowcount != len(settlements):
            raise RuntimeError("A level to settle is not there; nothing was booked.")


_LOCK_LEVELS = """
SELECT FROM inventory_stocklevel WHERE product_id = %s
ORDER BY warehouse_id FOR NO KEY UPDATE"""

_REBUILD_PRODUCT = """
WITH ledger AS (
  SELECT warehouse_id, sum(on_hand_delta) AS on_hand, sum(allocated_delta) AS allocated,
    sum(blocked_delta) AS blocked
  FROM inventory_stockmovement WHERE product_id = %(product)s GROUP BY warehouse_id),
place AS (
  SELECT warehouse_id FROM inventory_stocklevel WHERE product_id = %(product)s
  UNION SELECT warehouse_id FROM ledger
  UNION SELECT bin.warehouse_id FROM inventory_bincontent content
    JOIN inventory_bin bin ON bin.id = content.bin_id WHERE content.product_id = %(product)s
  UNION SELECT warehouse_id FROM inventory_allocation WHERE product_id = %(product)s)
INSERT INTO inventory_stocklevel AS level (warehouse_id, product_id, on_hand, allocated, blocked)
SELECT warehouse_id, %(product)s, COALESCE(on_hand, 0), COALESCE(allocated, 0),
  COALESCE(blocked, 0)
FROM place LEFT JOIN ledger USING (warehouse_id) ORDER BY warehouse_id
ON CONFLICT ON CONSTRAINT level_once DO UPDATE SET on_hand = EXCLUDED.on_hand,
  allocated = EXCLUDED.allocated, blocked = EXCLUDED.blocked
WHERE (level.on_hand, level.allocated, level.blocked)
  <> (EXCLUDED.on_hand, EXCLUDED.allocated, EXCLUDED.blocked)"""

_SETTLE = """
WITH change AS MATERIALIZED (
  SELECT * FROM unnest(%(warehouse_id)s::bigint[], %(product_id)s::bigint[], %(on_hand)s::int[],
    %(allocated)s::int[], %(blocked)s::int[], %(reason)s::text[], %(note)s::text[])
    AS t(warehouse_id, product_id, on_hand, allocated, blocked, reason, note)),
moved AS (
  UPDATE inventory_stocklevel level SET on_hand = level.on_hand + change.on_hand,
    allocated = level.allocated + change.allocated, blocked = level.blocked + change.blocked
  FROM change
  WHERE level.warehouse_id = change.warehouse_id AND level.product_id = change.product_id
  RETURNING level.warehouse_id, level.product_id, level.on_hand, level.allocated, level.blocked)
INSERT INTO inventory_stockmovement (warehouse_id, product_id, kind, quantity, on_hand_delta,
  allocated_delta, blocked_delta, on_hand_after, allocated_after, blocked_after, reason, note,
  user_id, actor_label)
SELECT warehouse_id, product_id, 'adjust',
  greatest(abs(change.on_hand), abs(change.allocated), abs(change.blocked)),
  change.on_hand, change.allocated, change.blocked,
  moved.on_hand, moved.allocated, moved.blocked, reason, note, %(actor_id)s, %(actor_name)s
FROM change JOIN moved USING (warehouse_id, product_id) ORDER BY warehouse_id, product_id"""
