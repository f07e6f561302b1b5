"""Giving shipments to the floor: pick lists with bins in walking order; and taking them back."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from django.db import connection, transaction
from django.db.models.functions import Now
from django.utils import timezone

from fulfillment.events import ShipmentReleased
from fulfillment.exceptions import NothingToPick, PickRefused
from fulfillment.models import Pick, PickList, Shipment
from fulfillment.pick_path import PlannedPick, Stop, Want, plan_picks
from fulfillment.selectors.promised import promised_contents
from fulfillment.services.locks import lock_shipments, lock_work
from inventory.models import Product, Warehouse
from inventory.selectors.bins import bins_to_pick
from oms.core import bulk
from oms.core.actors import Actor
from oms.core.events import publish
from oms.core.workflow import perform_all

SHIPMENTS_PER_LIST = 20


class _Line(NamedTuple):
    shipment_id: int
    warehouse_id: int
    line_id: int
    product_id: int
    quantity: int


@transaction.atomic
def release_shipments(
    *, shipment_ids: Iterable[int], actor: Actor, per_list: int = SHIPMENTS_PER_LIST
) -> list[int]:
    """Give planned shipments to the floor; gives back the keys of the new pick lists.

    Shipments of a warehouse share pick lists, at most ``per_list`` of them each.

    :raises OnHold: an order has a shipping hold; nothing was changed.
    :raises TransitionRefused: a shipment is not planned (any more).
    :raises NothingToPick: the open bins do not hold what is allocated.
    """
    work = lock_work(shipment_ids)
    work.refuse_held()
    shipments = list(work.shipments.values())
    now = timezone.now()
    for shipment in shipments:
        shipment.released_at = now
    perform_all(shipments, "release", actor=actor, update_fields=["released_at"])
    Warehouse.objects.only("pk").lock_all(shipment.warehouse_id for shipment in shipments)
    picks = _choose_bins(_lines(list(work.shipments)))
    lists = _insert(shipments, picks, per_list)
    publish(*(ShipmentReleased(shipment_id=shipment.pk) for shipment in shipments))
    return lists


_LINES = """
SELECT shipment.id, shipment.warehouse_id, line.id, wanted.product_id, line.quantity - line.picked
FROM fulfillment_shipment shipment
JOIN fulfillment_shipmentline line ON line.shipment_id = shipment.id
JOIN orders_orderline wanted ON wanted.id = line.order_line_id
WHERE shipment.id = ANY(%s) AND line.quantity > line.picked
ORDER BY shipment.priority DESC, shipment.id, wanted.position"""


def _lines(shipment_ids: Sequence[int]) -> list[_Line]:
    with connection.cursor() as cursor:
        cursor.execute(_LINES, [list(shipment_ids)])
        return [_Line(*row) for row in cursor.fetchall()]


def _choose_bins(lines: Sequence[_Line]) -> dict[int, list[PlannedPick]]:
    """Warehouse → its picks in walking order. What other pick lists still take is left to them."""
    by_warehouse: dict[int, list[_Line]] = defaultdict(list)
    for line in lines:
        by_warehouse[line.warehouse_id].append(line)
    stops = _free_stops(sorted(by_warehouse), sorted({line.product_id for line in lines}))
    picks = {}
    for warehouse_id, there in by_warehouse.items():
        wants = [Want(line.line_id, line.product_id, line.quantity) for line in there]
        picks[warehouse_id], short = plan_picks(wants, stops[warehouse_id])
        if short:
            raise NothingToPick(_shortage(warehouse_id, short[0]))
    return picks


def _free_stops(warehouses: list[int], products: list[int]) -> dict[int, list[Stop]]:
    promised = promised_contents(warehouses, products)
    stops: dict[int, list[Stop]] = defaultdict(list)
    for (warehouse_id, product_id), contents in bins_to_pick(warehouses, products).items():
        for x in contents:
            free = x.quantity - promised.get((x.bin_id, product_id, x.lot_id, x.serial), 0)
            if free > 0:
                stop = Stop(
                    x.bin_id, x.walk_order, x.bin_code, product_id, free, x.lot_id, x.serial
                )
                stops[warehouse_id].append(stop)
    return stops


def _shortage(warehouse_id: int, short: Want) -> str:
    sku = Product.objects.values_list("sku", flat=True).get(pk=short.product_id)
    code = Warehouse.objects.values_list("code", flat=True).get(pk=warehouse_id)
    return (
        f"The open shelves of {code} lack {short.quantity} of {sku}: put goods away, or count the"
        " bins, before this shipment is released."
    )


def _insert(
    shipments: Sequence[Shipment], picks: dict[int, list[PlannedPick]], per_list: int
) -> list[int]:
    line_to_shipment = _shipment_of_lines(picks)
    groups: list[tuple[int, list[PlannedPick]]] = []
    for warehouse_id, of_warehouse in sorted(picks.items()):
        keys = [shipment.pk for shipment in shipments if shipment.warehouse_id == warehouse_id]
        part = {key: i // per_list for i, key in enumerate(keys)}
        lists: dict[int, list[PlannedPick]] = defaultdict(list)
        for pick in of_warehouse:
            lists[part[line_to_shipment[pick.shipment_line_id]]].append(pick)
        groups += [(warehouse_id, lists[i]) for i in sorted(lists)]
    heads = bulk.insert(PickList, ["warehouse"], [(pk,) for pk, _ in groups], returning=["id"])
    keys = [pk for (pk,) in heads]
    bulk.insert(
        Pick,
        ["pick_list", "shipment_line", "bin", "lot", "serial", "quantity", "position"],
        [
            (key, *_columns(pick), position)
            for key, (_, planned) in zip(keys, groups, strict=True)
            for position, pick in enumerate(planned, start=1)
        ],
    )
    return keys


def _columns(pick: PlannedPick) -> tuple[int, int, int | None, str | None, int]:
    stop = pick.stop
    return pick.shipment_line_id, stop.bin_id, stop.lot_id, stop.serial, pick.quantity


def _shipment_of_lines(picks: dict[int, list[PlannedPick]]) -> dict[int, int]:
    lines = {pick.shipment_line_id for planned in picks.values() for pick in planned}
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id, shipment_id FROM fulfillment_shipmentline WHERE id = ANY(%s)",
            [sorted(lines)],
        )
        return dict(cursor.fetchall())


@transaction.atomic
def unrelease_shipments(*, shipment_ids: Iterable[int], actor: Actor) -> None:
    """Take shipments back from the floor while nothing of them was picked.

    :raises TransitionRefused: a shipment is not just released; nothing was changed.
    :raises PickRefused: something was picked already.
    """
    shipments = list(lock_shipments(shipment_ids).values())
    for shipment in shipments:
        shipment.released_at = None
    perform_all(shipments, "unrelease", actor=actor, update_fields=["released_at"])
    picks = Pick.objects.filter(shipment_line__shipment__in=shipments)
    if picks.filter(picked__gt=0).exists():
        raise PickRefused("Something of this shipment was picked: put it back first.")
    lists = set(picks.values_list("pick_list_id", flat=True))
    picks.delete()
    close_finished_lists(lists)


def close_finished_lists(list_ids: Iterable[int]) -> None:
    """Mark pick lists that have nothing left to pick as finished, or as canceled where none is left."""
    open_lists = PickList.objects.filter(
        pk__in=sorted(set(list_ids)), finished_at=None, canceled_at=None
    )
    with connection.cursor() as cursor:
        cursor.execute(_STATE_OF_LISTS, [list(open_lists.values_list("pk", flat=True))])
        states = cursor.fetchall()
    done = [pk for pk, picks, left in states if picks and not left]
    empty = [pk for pk, picks, _ in states if not picks]
    if done:
        PickList.objects.filter(pk__in=done).update(finished_at=Now())
    if empty:
        PickList.objects.filter(pk__in=empty).update(canceled_at=Now())


_STATE_OF_LISTS = """
SELECT list.id, count(pick.id), count(pick.id) FILTER (WHERE pick.picked < pick.quantity)
FROM unnest(%s::bigint[]) AS list(id)
LEFT JOIN (fulfillment_pick pick
  JOIN fulfillment_shipmentline line ON line.id = pick.shipment_line_id
  JOIN fulfillment_shipment shipment
    ON shipment.id = line.shipment_id AND shipment.status <> 'canceled')
  ON pick.pick_list_id = list.id
GROUP BY list.id"""
