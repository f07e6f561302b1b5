"""What routing and promising read: levels and soft claims of many products in two statements."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cached_property
from itertools import accumulate

from django.db import connection

from inventory.availability import Totals
from inventory.availability import available_to_promise as promise
from inventory.selectors.incoming import ARRIVING

ORDER_LINE = "order_line"


@dataclass(frozen=True, slots=True)
class LevelSupply:
    """What one warehouse has of a product, and how many units it may owe (None: no limit)."""

    warehouse_id: int
    available: int
    safety_stock: int
    backorder_cap: int | None = None

    @property
    def free(self) -> int:
        """Available above the safety stock, never below 0."""
        return Totals(self.available, 0, 0, self.safety_stock).free


@dataclass(frozen=True, slots=True)
class SoftClaim:
    """Units that somebody else has reserved; at one warehouse, or anywhere."""

    rank_at: datetime
    quantity: int
    warehouse_id: int | None
    is_backorder: bool


@dataclass(frozen=True)
class ProductSupply:
    """Levels by warehouse, and others' claims with the earliest first.

    ``backordered`` are all units owed, own ones included; ``backorder_cap`` None: no limit.
    """

    product_id: int
    backorder_cap: int | None = None
    backordered: int = 0
    levels: Mapping[int, LevelSupply] = field(default_factory=dict)
    claims: Sequence[SoftClaim] = ()

    @cached_property
    def _ranks(self) -> list[datetime]:
        return [claim.rank_at for claim in self.claims]

    @cached_property
    def _sums(self) -> list[int]:
        return list(accumulate((claim.quantity for claim in self.claims), initial=0))

    def claimed_before(self, rank_at: datetime | None) -> int:
        """Units that others with an earlier rank have reserved; None: all others."""
        if rank_at is None:
            return self._sums[-1]
        return self._sums[bisect_left(self._ranks, rank_at)]

    def to_promise(self, rank_at: datetime | None = None, *, incoming: int = 0) -> int:
        """What a demand of that rank may take: available to promise plus its own claim."""
        totals = [Totals(x.available, 0, 0, x.safety_stock) for x in self.levels.values()]
        return promise(totals, reserved_before=self.claimed_before(rank_at), incoming=incoming)

    @property
    def backorder_room(self) -> int | None:
        """How many more units may be owed; None: no limit."""
        if self.backorder_cap is None:
            return None
        return max(0, self.backorder_cap - self.backordered)

    @property
    def level_room(self) -> dict[int, int]:
        """How many units each warehouse with a cap of its own may owe, the asker's own among them."""
        room = {
            pk: level.backorder_cap
            for pk, level in self.levels.items()
            if level.backorder_cap is not None
        }
        for claim in self.claims:
            if claim.is_backorder and claim.warehouse_id in room:
                room[claim.warehouse_id] -= claim.quantity
        return {pk: max(0, left) for pk, left in room.items()}


@dataclass(frozen=True)
class Supply:
    """The supply of many products; unknown ones have none."""

    products: Mapping[int, ProductSupply]

    def of(self, product_id: int) -> ProductSupply:
        return self.products.get(product_id) or ProductSupply(product_id)


def supply_for(
    product_ids: Collection[int],
    *,
    demand_ids: Collection[int] = (),
    demand_kind: str = ORDER_LINE,
) -> Supply:
    """Levels at active warehouses and others' unexpired reservations; the claims of the demands
    named here are left out. Two statements, however many products.
    """
    wanted = sorted(set(product_ids))
    levels: dict[int, dict[int, LevelSupply]] = defaultdict(dict)
    caps: dict[int, int | None] = {}
    claims: dict[int, list[SoftClaim]] = defaultdict(list)
    owed: dict[int, int] = defaultdict(int)
    with connection.cursor() as cursor:
        cursor.execute(_LEVELS, [wanted])
        for product_id, cap, warehouse_id, *level in cursor.fetchall():
            caps[product_id] = cap
            if warehouse_id is not None:
                levels[product_id][warehouse_id] = LevelSupply(warehouse_id, *level)
        cursor.execute(_CLAIMS, [demand_kind, list(demand_ids), wanted])
        for product_id, rank_at, quantity, warehouse_id, is_backorder, is_own in cursor.fetchall():
            owed[product_id] += quantity if is_backorder else 0
            if not is_own:
                claim = SoftClaim(rank_at, quantity, warehouse_id, is_backorder)
                claims[product_id].append(claim)
    return Supply(
        {
            product_id: ProductSupply(
                product_id, cap, owed[product_id], levels[product_id], claims[product_id]
            )
            for product_id, cap in caps.items()
        }
    )


_LEVELS = """
SELECT product.id, product.backorder_cap, level.warehouse_id,
  level.on_hand - level.allocated - level.blocked, level.safety_stock, level.backorder_cap
FROM inventory_product product
LEFT JOIN (inventory_stocklevel level JOIN inventory_warehouse warehouse
  ON warehouse.id = level.warehouse_id AND warehouse.is_active) ON level.product_id = product.id
WHERE product.id = ANY(%s) ORDER BY product.id, level.warehouse_id"""

_CLAIMS = """
SELECT product_id, rank_at, quantity, warehouse_id, kind = 'backorder',
  demand_kind = %s AND demand_id = ANY(%s)
FROM inventory_reservation
WHERE product_id = ANY(%s) AND (expires_at IS NULL OR expires_at > now())
ORDER BY product_id, rank_at, id"""


@dataclass(frozen=True, slots=True)
class OwnClaim:
    """Who asks: its own reservations do not count against it, nor do those of a later rank."""

    demand_ids: Collection[int] = ()
    rank_at: datetime | None = None
    demand_kind: str = ORDER_LINE


def available_to_promise(
    product_ids: Collection[int], *, at: date | None = None, claim: OwnClaim | None = None
) -> dict[int, int]:
    """How many units of each product may be promised (to this claim); one statement.

    ``at`` is the day until which arriving goods count (those that are late too); None: none do.
    """
    own = claim or OwnClaim()
    wanted = sorted(set(product_ids))
    with connection.cursor() as cursor:
        params = [wanted, wanted, own.rank_at, own.rank_at, own.demand_kind, list(own.demand_ids)]
        cursor.execute(_PROMISE, [*params, at, wanted])
        rows = cursor.fetchall()
    levels: dict[int, list[Totals]] = defaultdict(list)
    reserved: dict[int, int] = {}
    coming: dict[int, int] = {}
    for product_id, claimed, arriving, *totals in rows:
        reserved[product_id] = claimed
        coming[product_id] = arriving
        if totals[0] is not None:
            levels[product_id].append(Totals(*totals))
    return {
        product_id: promise(
            levels[product_id],
            reserved_before=reserved.get(product_id, 0),
            incoming=coming.get(product_id, 0),
        )
        for product_id in wanted
    }


_PROMISE = f"""
SELECT wanted.id, COALESCE(claimed.quantity, 0)::int, COALESCE(coming.quantity, 0)::int,
  level.on_hand, level.allocated, level.blocked, level.safety_stock
FROM unnest(%s::bigint[]) AS wanted(id)
LEFT JOIN (inventory_stocklevel level JOIN inventory_warehouse warehouse
  ON warehouse.id = level.warehouse_id AND warehouse.is_active) ON level.product_id = wanted.id
LEFT JOIN (
  SELECT product_id, sum(quantity) AS quantity FROM inventory_reservation
  WHERE product_id = ANY(%s) AND (expires_at IS NULL OR expires_at > now())
    AND (%s::timestamptz IS NULL OR rank_at < %s::timestamptz)
    AND NOT (demand_kind = %s AND demand_id = ANY(%s))
  GROUP BY product_id) claimed ON claimed.product_id = wanted.id
LEFT JOIN (
  SELECT product_id, sum(quantity) AS quantity FROM ({ARRIVING}) arriving
  JOIN inventory_warehouse warehouse ON warehouse.id = arriving.warehouse_id AND warehouse.is_active
  WHERE expected <= %s::date AND product_id = ANY(%s)
  GROUP BY product_id) coming ON coming.product_id = wanted.id"""  # noqa: S608 - our own text
