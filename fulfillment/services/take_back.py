"""Allocations that the goods do not cover any more are taken back."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping

from django.db import connection, transaction

from fulfillment.events import UnitsReopened
from fulfillment.services.free import reopen_units
from fulfillment.services.locks import Work, lock_work
from fulfillment.services.unpicked import (
    UNPICKED_IN,
    UnpickedLine,
    lock_lines,
    take_off,
    with_their_kits,
)
from oms.core.actors import Actor
from oms.core.events import publish

WHY = "Fewer were counted than are allocated."


@transaction.atomic
def take_back(
    *,
    warehouse_id: int,
    shortages: Mapping[int, int],
    booked_next: Collection[int],
    actor: Actor,
) -> dict[int, int]:
    """Take so many unpicked units by product at a warehouse off shipments, to be routed anew; gives
    back how many that were of each. Planned shipments lose them before released ones, then those of
    the lowest priority, then the youngest orders; other parts of a kit go with its component.

    All documents are locked before stock is booked, once; the levels of the products that the caller
    books next are held with it.
    """
    keys = _candidates(warehouse_id, shortages)
    if not keys:
        return {}
    work = lock_work(keys)
    lines = lock_lines(keys)
    wanted = _choose(work, lines, shortages)
    if not wanted:
        return {}
    taken = take_off(work, lines, wanted, verb="deallocated", why=WHY, actor=actor)
    publish(*(UnitsReopened(pk) for pk in sorted({x.order_id for x in taken.freed})))
    reopen_units(
        taken.freed, orders=work.orders, booked_next=booked_next, actor=actor, reason="count"
    )
    freed: Counter[int] = Counter()
    for unit in taken.freed:
        freed[unit.product_id] += unit.quantity
    return {pk: min(units, freed[pk]) for pk, units in shortages.items()}


def _choose(
    work: Work, lines: Mapping[int, UnpickedLine], shortages: Mapping[int, int]
) -> dict[int, int]:
    """Units by line, whole sets of kits; what goes with one product's set counts for the next."""

    def turn(line: UnpickedLine) -> tuple[object, ...]:
        shipment, order = work.shipments[line.shipment_id], work.orders[line.order_id]
        return UNPICKED_IN.index(shipment.status), shipment.priority, -order.pk, line.line_id

    open_lines = [
        x for x in lines.values() if x.left and work.shipments[x.shipment_id].status in UNPICKED_IN
    ]
    chosen: dict[int, int] = {}
    for product_id, units in sorted(shortages.items()):
        here = sorted((x for x in open_lines if x.product_id == product_id), key=turn)
        left = units - sum(chosen.get(x.line_id, 0) for x in here)
        for line in here:
            has = chosen.get(line.line_id, 0)
            if (part := min(left, line.left - has)) > 0:
                chosen[line.line_id] = has + part
                left -= part
        chosen = with_their_kits(chosen, lines)
    return chosen


def _candidates(warehouse_id: int, product_ids: Collection[int]) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(_CANDIDATES, [warehouse_id, list(product_ids), list(UNPICKED_IN)])
        return [pk for (pk,) in cursor.fetchall()]


_CANDIDATES = """
SELECT DISTINCT line.shipment_id FROM fulfillment_shipment shipment
JOIN fulfillment_shipmentline line ON line.shipment_id = shipment.id
JOIN orders_orderline wanted ON wanted.id = line.order_line_id
WHERE shipment.warehouse_id = %s AND wanted.product_id = ANY(%s) AND shipment.status = ANY(%s)
  AND line.quantity > line.picked"""
