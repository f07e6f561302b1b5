"""The orders that wait for products, with all that they still need, and what is there for them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import NamedTuple

from django.db import connection

from fulfillment.filling import Claims, FillPolicy, Waiting, Want
from fulfillment.models import RoutingSettings
from inventory.availability import Totals
from inventory.selectors.supply import ProductSupply, supply_for

Arriving = Mapping[tuple[int, int], int]
"""Units by (warehouse, product)."""


class _Line(NamedTuple):
    order_id: int
    line_id: int
    product_id: int
    units: int
    kit_id: int | None
    per_set: int
    placed_at: datetime
    priority: int
    takes_parts: bool
    promised_date: date | None


@dataclass(frozen=True, slots=True)
class WaitingOrders:
    """The queue as it came, the free units of all its products, and the claims of everybody else."""

    orders: list[Waiting]
    free: dict[int, int]
    claims: Claims


def routing_settings() -> RoutingSettings:
    """How the house fills; as it comes where nobody has changed it."""
    return RoutingSettings.objects.first() or RoutingSettings(pk=1)


def fill_policy() -> FillPolicy:
    """By what backorders are filled."""
    return FillPolicy(routing_settings().fill_policy)


def waiting_orders(
    product_ids: Collection[int] | None = None, *, arriving: Arriving | None = None
) -> WaitingOrders:
    """The orders that wait for one of these products (None: any) of which units are free; with
    ``arriving`` those that wait for one of these products at all. Four statements. Held orders are
    none of them: their claims bind as those of others. A pre-order waits for its day. What arrives
    fills up the safety stock of its warehouse first.
    """
    coming = arriving or {}
    wanted = sorted(product_ids or ())
    every = product_ids is None
    with connection.cursor() as cursor:
        asked = wanted if arriving is not None else []
        cursor.execute(_LINES, {"every": every, "wanted": wanted, "asked": asked})
        lines = [_Line(*row) for row in cursor.fetchall()]
    by_order: dict[int, list[_Line]] = defaultdict(list)
    for line in lines:
        by_order[line.order_id].append(line)
    supply = supply_for({x.product_id for x in lines}, demand_ids=[x.line_id for x in lines])
    free = {pk: _free(product, coming) for pk, product in supply.products.items()}
    claims = {
        pk: [(claim.rank_at, claim.quantity) for claim in product.claims]
        for pk, product in supply.products.items()
        if product.claims
    }
    return WaitingOrders([_waiting(of_order) for of_order in by_order.values()], free, claims)


def _free(product: ProductSupply, coming: Arriving) -> int:
    here = {pk: (level.available, level.safety_stock) for pk, level in product.levels.items()}
    more = {site: n for (site, pk), n in coming.items() if pk == product.product_id}
    return sum(
        Totals(available + more.get(site, 0), 0, 0, safety).free
        for site in here.keys() | more.keys()
        for available, safety in [here.get(site, (0, 0))]
    )


def _waiting(lines: list[_Line]) -> Waiting:
    first = lines[0]
    promises = [line.promised_date for line in lines if line.promised_date]
    return Waiting(
        order_id=first.order_id,
        rank_at=first.placed_at,
        wants=_wants(lines),
        priority=first.priority,
        promised_date=min(promises, default=None),
        takes_parts=first.takes_parts,
    )


def _wants(lines: list[_Line]) -> list[Want]:
    """Whole sets of kits, then single units: what lines of their own want, and half sets."""
    kits: dict[int, list[_Line]] = defaultdict(list)
    for line in lines:
        if line.kit_id is not None:
            kits[line.kit_id].append(line)
    left = {line.line_id: line.units for line in lines}
    wants = []
    for parts in kits.values():
        if sets := min(part.units // part.per_set for part in parts):
            wants.append(Want(tuple((x.product_id, x.per_set) for x in parts), sets))
            for part in parts:
                left[part.line_id] -= sets * part.per_set
    wants += [
        Want(((line.product_id, 1),), left[line.line_id]) for line in lines if left[line.line_id]
    ]
    return wants


# Reservations are equal to what is open and owed, and their index knows the product.
_LINES = """
WITH stocked AS (
  SELECT level.product_id FROM inventory_stocklevel level
  JOIN inventory_warehouse warehouse ON warehouse.id = level.warehouse_id AND warehouse.is_active
  WHERE (%(every)s OR level.product_id = ANY(%(wanted)s))
    AND level.on_hand - level.allocated - level.blocked > level.safety_stock
  UNION SELECT unnest(%(asked)s::bigint[])),
hungry AS (
  SELECT DISTINCT line.order_id FROM stocked
  JOIN inventory_reservation claim ON claim.product_id = stocked.product_id
    AND claim.demand_kind = 'order_line'
  JOIN orders_orderline line ON line.id = claim.demand_id)
SELECT head.id, line.id, line.product_id, line.open + line.backordered, line.parent_id,
  COALESCE(line.ordered / kit.sets, 1), head.placed_at, head.priority,
  customer.allows_partial_shipment, promise.promised_date
FROM hungry
JOIN orders_order head ON head.id = hungry.order_id AND head.routing_holds = 0
  AND head.status IN ('placed', 'in_fulfillment')
JOIN orders_customer customer ON customer.id = head.customer_id
JOIN orders_orderline line ON line.order_id = head.id AND line.open + line.backordered > 0
JOIN inventory_product product ON product.id = line.product_id
  AND (product.preorder_date IS NULL OR product.preorder_date <= current_date)
LEFT JOIN orders_orderline kit ON kit.id = line.parent_id
LEFT JOIN fulfillment_linepromise promise ON promise.order_line_id = line.id
ORDER BY head.id, line.position"""
