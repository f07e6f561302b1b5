"""Allocations that the goods do not cover any more are taken back."""

from __future__ import annotations

from django.db import connection, transaction

from fulfillment.events import UnitsReopened
from fulfillment.services.free import reopen_units
from fulfillment.services.locks import lock_work
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
def take_back(*, warehouse_id: int, product_id: int, units: int, actor: Actor) -> int:
    """Take so many unpicked units of a product at a warehouse off shipments, to be routed anew; gives
    back how many that were. Planned shipments lose them before released ones, then those of the
    lowest priority, then the youngest orders; other parts of a kit go with its component.
    """
    keys = _candidates(warehouse_id, product_id)
    if not keys:
        return 0
    work = lock_work(keys)
    lines = lock_lines(keys)
    here = [x for x in lines.values() if x.product_id == product_id and x.left]
    here = [x for x in here if work.shipments[x.shipment_id].status in UNPICKED_IN]

    def turn(line: UnpickedLine) -> tuple[object, ...]:
        shipment, order = work.shipments[line.shipment_id], work.orders[line.order_id]
        return UNPICKED_IN.index(shipment.status), shipment.priority, -order.pk, line.line_id

    wanted, left = {}, units
    for line in sorted(here, key=turn):
        if part := min(left, line.left):
            wanted[line.line_id] = part
            left -= part
    if not wanted:
        return 0
    grown = with_their_kits(wanted, lines)
    taken = take_off(work, lines, grown, verb="deallocated", why=WHY, actor=actor)
    publish(*(UnitsReopened(pk) for pk in sorted({x.order_id for x in taken.freed})))
    reopen_units(taken.freed, orders=work.orders, actor=actor, reason="count")
    return units - left


def _candidates(warehouse_id: int, product_id: int) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(_CANDIDATES, [warehouse_id, product_id, list(UNPICKED_IN)])
        return [pk for (pk,) in cursor.fetchall()]


_CANDIDATES = """
SELECT DISTINCT line.shipment_id FROM fulfillment_shipment shipment
JOIN fulfillment_shipmentline line ON line.shipment_id = shipment.id
JOIN orders_orderline wanted ON wanted.id = line.order_line_id
WHERE shipment.warehouse_id = %s AND wanted.product_id = %s AND shipment.status = ANY(%s)
  AND line.quantity > line.picked"""
