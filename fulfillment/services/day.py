"""A day's work in one go: orders through routing, picking, packing and hand-over, by the same services."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import IntEnum

from fulfillment.models import Parcel, Pick, Shipment, ShipmentLine
from fulfillment.services.packing import ParcelDraft, pack_parcels
from fulfillment.services.picking import Scan, pick_all
from fulfillment.services.release import release_shipments
from fulfillment.services.route import route_orders
from fulfillment.services.shipping import ship_parcels
from oms.core.actors import Actor
from oms.core.exceptions import Refusal
from orders.models import Order

BATCH = 200


class Until(IntEnum):
    """How far the day's shipments go."""

    ROUTED = 1
    RELEASED = 2
    PICKED = 3
    PACKED = 4
    SHIPPED = 5


@dataclass
class DaySummary:
    """How many orders and shipments came how far, and what was refused on the way."""

    orders: int = 0
    routed: int = 0
    shipments: int = 0
    released: int = 0
    picked: int = 0
    packed: int = 0
    shipped: int = 0
    backordered: int = 0
    left_open: int = 0
    refusals: list[str] = field(default_factory=list)


Progress = Callable[[str, int, int], None]


def run_day(
    *,
    orders: int,
    actor: Actor,
    until: Until = Until.SHIPPED,
    batch: int = BATCH,
    progress: Progress | None = None,
) -> DaySummary:
    """Take the oldest placed orders through the house; one parcel for each shipment.

    Orders that are routed already and whose shipments wait on the way are taken along first.
    """
    summary = DaySummary()
    waiting = Order.objects.filter(status=Order.Status.PLACED, routing_holds=0, is_history=False)
    keys = list(
        waiting.order_by("-priority", "placed_at", "pk").values_list("pk", flat=True)[:orders]
    )
    if len(keys) < orders:
        keys += _begun(orders - len(keys))
    summary.orders = len(keys)
    for start in range(0, len(keys), batch):
        _run(keys[start : start + batch], until, summary, actor=actor)
        if progress:
            progress(until.name.lower(), min(start + batch, len(keys)), len(keys))
    return summary


def _begun(count: int) -> list[int]:
    """Orders in fulfillment with shipments that have not left."""
    live = Shipment.objects.filter(status__in=[Shipment.Status.PLANNED, *Shipment.ON_THE_FLOOR])
    lines = ShipmentLine.objects.filter(shipment__in=live, order_line__order__shipping_holds=0)
    return list(
        lines.order_by("order_line__order_id")
        .values_list("order_line__order_id", flat=True)
        .distinct()[:count]
    )


def _run(order_ids: Sequence[int], until: Until, summary: DaySummary, *, actor: Actor) -> None:
    for outcome in route_orders(order_ids, actor=actor):
        summary.routed += outcome.is_routed
        summary.backordered += outcome.backordered
        summary.left_open += outcome.left_open
        summary.shipments += len(outcome.shipment_ids)
    if until >= Until.RELEASED:
        summary.released += _each_group(_release, order_ids, summary, actor)
    if until >= Until.PICKED:
        summary.picked += _each_group(_pick, order_ids, summary, actor)
    if until >= Until.PACKED:
        summary.packed += _each_group(_pack, order_ids, summary, actor)
    if until >= Until.SHIPPED:
        summary.shipped += _each_group(_ship, order_ids, summary, actor)


Step = Callable[[Sequence[int], Actor], int]


def _each_group(step: Step, order_ids: Sequence[int], summary: DaySummary, actor: Actor) -> int:
    """One call for all; where one order is refused, one call for each, and the refusals are kept."""
    try:
        return step(order_ids, actor)
    except Refusal as refusal:
        if len(order_ids) == 1:
            summary.refusals.append(str(refusal))
            return 0
        return sum(_each_group(step, [key], summary, actor) for key in order_ids)


def _shipments(order_ids: Sequence[int], *statuses: str) -> list[int]:
    lines = ShipmentLine.objects.filter(
        order_line__order__in=order_ids,
        order_line__order__shipping_holds=0,
        shipment__status__in=statuses,
    )
    return sorted(set(lines.values_list("shipment_id", flat=True)))


def _release(order_ids: Sequence[int], actor: Actor) -> int:
    keys = _shipments(order_ids, Shipment.Status.PLANNED)
    if keys:
        release_shipments(shipment_ids=keys, actor=actor)
    return len(keys)


def _pick(order_ids: Sequence[int], actor: Actor) -> int:
    keys = _shipments(order_ids, Shipment.Status.RELEASED, Shipment.Status.PICKING)
    picks = Pick.objects.filter(shipment_line__shipment__in=keys).order_by("pk")
    scans = [
        Scan(pk, quantity - picked)
        for pk, quantity, picked in picks.values_list("pk", "quantity", "picked")
        if quantity > picked
    ]
    if scans:
        pick_all(scans=scans, actor=actor)
    return len(keys)


def _pack(order_ids: Sequence[int], actor: Actor) -> int:
    keys = _shipments(order_ids, Shipment.Status.PICKED)
    contents: dict[int, dict[int, int]] = {key: {} for key in keys}
    lines = ShipmentLine.objects.filter(shipment__in=keys).order_by("pk")
    for line in lines:
        if line.picked > line.packed:
            contents[line.shipment_id][line.pk] = line.picked - line.packed
    drafts = [ParcelDraft(shipment_id=key, contents=contents[key]) for key in keys]
    if drafts:
        pack_parcels(drafts=drafts, actor=actor)
    return len(keys)


def _ship(order_ids: Sequence[int], actor: Actor) -> int:
    keys = _shipments(order_ids, Shipment.Status.PACKED)
    parcels = Parcel.objects.filter(shipment__in=keys, status=Parcel.Status.CLOSED)
    if parcel_ids := list(parcels.values_list("pk", flat=True)):
        ship_parcels(parcel_ids=parcel_ids, actor=actor)
    return len(keys)
