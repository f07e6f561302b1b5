"""Moving a shipment to another warehouse, splitting it, merging several: what people correct."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

from django.db import connection, transaction

from fulfillment.assignments import Placed, torn_kits
from fulfillment.events import OrderRouted
from fulfillment.exceptions import MoveRefused, Unknown
from fulfillment.models import Shipment, ShipmentLine
from fulfillment.selectors.available import available_at
from fulfillment.services.carriage import choose_services
from fulfillment.services.decisions import ByHand, distance_km, record_decisions
from fulfillment.services.demand import DEMAND_KIND
from fulfillment.services.locks import lock_work
from fulfillment.services.places import change_places, find_days
from fulfillment.services.reduce import cancel_empty, cut_lines
from fulfillment.services.release import unrelease_shipments
from fulfillment.services.unpicked import UnpickedLine, lock_lines
from inventory.models import Warehouse
from inventory.services.claims import AllocationRequest, reallocate
from oms.core import activity, bulk
from oms.core.actors import Actor
from oms.core.events import publish


@transaction.atomic
def move_shipment(*, shipment_id: int, warehouse_id: int, reason: str, actor: Actor) -> None:
    """Let another warehouse ship a shipment of which nothing is picked; a released one leaves the
    floor first. Moving it back is the way to undo it.

    :raises MoveRefused: the other warehouse lacks units, is not active or has no room on its next two
        working days, or the shipment has gone too far; nothing was changed.
    :raises InsufficientCapacity: others took the last place meanwhile; nothing was changed.
    :raises Unknown: there is no such shipment or warehouse.
    """
    work = lock_work([shipment_id])
    shipment = work.shipments[shipment_id]
    target = _target(shipment, warehouse_id)
    if shipment.status == Shipment.Status.RELEASED:
        unrelease_shipments(shipment_ids=[shipment_id], actor=actor)
        shipment = Shipment.objects.get(pk=shipment_id)
    _refuse_unplanned(shipment, "moved")
    lines = [line for line in lock_lines([shipment_id]).values() if line.quantity]
    _refuse_lacking(target, lines)
    days = find_days({target.pk: 1})
    source = Warehouse.objects.get(pk=shipment.warehouse_id)
    km = distance_km(target, shipment.ship_to)
    place = shipment.warehouse_id, shipment.capacity_date
    Shipment.objects.filter(pk=shipment_id).update(
        warehouse=target, distance_km=km, capacity_date=days[target.pk]
    )
    choose_services(shipment_ids=[shipment_id], actor=actor)
    activity.record(shipment, "moved", actor=actor, old=source.code, new=target.code, note=reason)
    _decide(shipment, lines, source, target, reason, actor=actor)
    publish(*(OrderRouted(order_id=pk) for pk in work.orders_of[shipment_id]))
    reallocate(
        _requests(lines, source.pk),
        _requests(lines, target.pk),
        actor=actor,
        reason=f"moved {shipment}",
    )
    change_places(days.items(), [place], actor=actor)


def _target(shipment: Shipment, warehouse_id: int) -> Warehouse:
    target = Warehouse.objects.filter(pk=warehouse_id).first()
    if target is None:
        raise Unknown("There is no such warehouse.")
    if target.pk == shipment.warehouse_id:
        raise MoveRefused(f"{shipment} ships from {target} already: choose another warehouse.")
    if not target.is_active:
        raise MoveRefused(f"{target} is not active: choose another warehouse.")
    return target


def _refuse_unplanned(shipment: Shipment, verb: str) -> None:
    if shipment.status != Shipment.Status.PLANNED:
        word = shipment.get_status_display().lower()
        raise MoveRefused(f"{shipment} is {word}: only a planned shipment can be {verb}.")


def _refuse_lacking(target: Warehouse, lines: Sequence[UnpickedLine]) -> None:
    wanted: dict[int, int] = defaultdict(int)
    skus = {line.product_id: line.sku for line in lines}
    for line in lines:
        wanted[line.product_id] += line.quantity
    there = available_at([target.pk], wanted)
    lacks = [
        f"{units - has} of {skus[pk]} ({has} available)"
        for pk, units in wanted.items()
        if (has := max(0, there.get((target.pk, pk), 0))) < units
    ]
    if lacks:
        raise MoveRefused(f"{target} lacks {', '.join(lacks)}.")


def _decide(
    shipment: Shipment,
    lines: Sequence[UnpickedLine],
    source: Warehouse,
    target: Warehouse,
    reason: str,
    *,
    actor: Actor,
) -> None:
    by_order: dict[int, dict[int, int]] = defaultdict(dict)
    for line in lines:
        by_order[line.order_id][line.order_line_id] = line.quantity
    record_decisions(
        [
            ByHand(
                order_id,
                {(target.pk, shipment.ship_to_id): units},
                before={source.pk: sum(units.values())},
            )
            for order_id, units in sorted(by_order.items())
        ],
        reason=reason,
        actor=actor,
    )


def _requests(lines: Sequence[UnpickedLine], warehouse_id: int) -> list[AllocationRequest]:
    return [
        AllocationRequest(
            warehouse_id=warehouse_id,
            product_id=line.product_id,
            quantity=line.quantity,
            demand_kind=DEMAND_KIND,
            demand_id=line.order_line_id,
        )
        for line in lines
    ]


@transaction.atomic
def split_shipment(*, shipment_id: int, quantities: Mapping[int, int], actor: Actor) -> int:
    """Put so many units (by shipment line) on a shipment of their own; gives back its key. Merging
    the two is the way to undo it.

    :raises MoveRefused: it is not planned, a line has fewer units, nothing would be left, a kit would
        be torn apart, or the warehouse has no room for one more shipment; nothing was changed.
    :raises InsufficientCapacity: others took the last place meanwhile; nothing was changed.
    """
    work = lock_work([shipment_id])
    shipment = work.shipments[shipment_id]
    _refuse_unplanned(shipment, "split")
    lines = lock_lines([shipment_id])
    wanted = {key: units for key, units in quantities.items() if units}
    _refuse_split(shipment, lines, wanted)
    days = find_days({shipment.warehouse_id: 1})
    new = Shipment.objects.create(
        warehouse_id=shipment.warehouse_id,
        customer_id=shipment.customer_id,
        ship_to_id=shipment.ship_to_id,
        priority=shipment.priority,
        locale=shipment.locale,
        distance_km=shipment.distance_km,
        units=sum(wanted.values()),
        capacity_date=days[shipment.warehouse_id],
    )
    cut_lines(wanted)
    bulk.insert(
        ShipmentLine,
        ["shipment", "order_line", "quantity"],
        [(new.pk, lines[key].order_line_id, units) for key, units in sorted(wanted.items())],
    )
    choose_services(shipment_ids=[shipment_id, new.pk], actor=actor)
    number = Shipment.objects.values_list("number", flat=True).get(pk=new.pk)
    units = str(sum(wanted.values()))
    activity.record(shipment, "split", actor=actor, new=units, note=number)
    activity.record(new, "split off", actor=actor, new=units, note=shipment.number)
    publish(*(OrderRouted(order_id=pk) for pk in sorted({lines[key].order_id for key in wanted})))
    change_places(days.items(), actor=actor)
    return new.pk


def _refuse_split(
    shipment: Shipment, lines: Mapping[int, UnpickedLine], wanted: Mapping[int, int]
) -> None:
    if not wanted or sum(wanted.values()) >= shipment.units:
        raise MoveRefused(f"Say which units leave {shipment}: some, but not all of them.")
    for key, units in wanted.items():
        if key not in lines:
            raise Unknown(f"{shipment} has no such line (any more).")
        if not 0 < units <= lines[key].quantity:
            line = lines[key]
            raise MoveRefused(
                f"{units} of {line.sku} cannot be split off: {line.quantity} are there."
            )
    parts = [
        Placed(x.kit_id, x.per_set, {0: x.quantity - wanted.get(key, 0), 1: wanted.get(key, 0)})
        for key, x in lines.items()
    ]
    if torn_kits(parts):
        raise MoveRefused("A kit leaves in one piece: split off whole sets with all their parts.")


@transaction.atomic
def merge_shipments(*, shipment_ids: Sequence[int], actor: Actor) -> int:
    """Put several planned shipments into the oldest of them; gives back its key. Splitting it is the
    way to undo it. They may be of several orders of one customer. The places of the others on their
    days are given back, as those of all canceled shipments.

    :raises MoveRefused: they are not all planned, or not for the same customer, address, service and
        warehouse; nothing was changed.
    """
    keys = sorted(set(shipment_ids))
    if len(keys) < 2:
        raise MoveRefused("Choose at least two shipments to merge.")
    work = lock_work(keys)
    first, *others = (work.shipments[pk] for pk in keys)
    for other in (first, *others):
        _refuse_unplanned(other, "merged")
        if why := _difference(first, other):
            raise MoveRefused(f"{first} and {other} cannot be merged: {why}.")
    lines = lock_lines(keys)
    with connection.cursor() as cursor:
        cursor.execute(_MERGE, [first.pk, keys[1:]])
    cut_lines(
        {key: x.quantity for key, x in lines.items() if x.shipment_id != first.pk and x.quantity}
    )
    priority = max(shipment.priority for shipment in work.shipments.values())
    units = sum(line.quantity for line in lines.values())
    Shipment.objects.filter(pk=first.pk).update(units=units, priority=priority)
    gone = {shipment.pk: shipment for shipment in others}
    cancel_empty(gone, actor=actor, note=f"Merged into {first}.")
    choose_services(shipment_ids=[first.pk], actor=actor)
    numbers = ", ".join(str(shipment) for shipment in others)
    activity.record(first, "merged", actor=actor, new=str(units), note=numbers)
    publish(*(OrderRouted(order_id=pk) for pk in sorted(work.orders)))
    return first.pk


def _difference(one: Shipment, other: Shipment) -> str:
    if one.customer_id != other.customer_id:
        return "they are for different customers"
    if one.warehouse_id != other.warehouse_id:
        return "they leave from different warehouses"
    if (
        one.ship_to_id != other.ship_to_id
        and one.ship_to.to_address() != other.ship_to.to_address()
    ):
        return "they go to different addresses"
    if one.service_id != other.service_id:
        return "they go with different services"
    return ""


_MERGE = """
INSERT INTO fulfillment_shipmentline AS line (shipment_id, order_line_id, quantity)
SELECT %s, order_line_id, sum(quantity) FROM fulfillment_shipmentline
WHERE shipment_id = ANY(%s) AND quantity > 0 GROUP BY order_line_id ORDER BY order_line_id
ON CONFLICT ON CONSTRAINT shipment_line_once
DO UPDATE SET quantity = line.quantity + EXCLUDED.quantity"""
