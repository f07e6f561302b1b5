"""Canceling what is planned or on the floor: a shipment, or a whole order with its shipments."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import connection, transaction
from django.utils import timezone

from fulfillment.events import ShipmentCanceled
from fulfillment.exceptions import CancelRefused
from fulfillment.models import Parcel, Shipment, ShipmentLine
from fulfillment.services.free import FreedUnits, reopen_units
from fulfillment.services.locks import Work, lock_work, staging_bins
from fulfillment.services.release import close_finished_lists
from inventory.services import goods
from oms.core import cases
from oms.core.actors import Actor
from oms.core.events import publish
from oms.core.workflow import perform_all
from orders.models import Order
from orders.services import cancel as orders_cancel

TOO_FAR = (Shipment.Status.PACKED, Shipment.Status.SHIPPED, Shipment.Status.DELIVERED)


@transaction.atomic
def cancel_shipment(*, shipment_id: int, reason: str, actor: Actor) -> None:
    """Cancel a shipment that is not packed: its units are open again, picked ones go back.

    :raises CancelRefused: it is packed, shipped or canceled; nothing was changed.
    """
    _cancel(lock_work([shipment_id]), reason=reason, actor=actor)


@transaction.atomic
def cancel_order(*, order_id: int, reason: str, actor: Actor) -> None:
    """Cancel an order with the shipments that are not packed yet.

    :raises CancelRefused: a shipment of it is packed or shipped; nothing was changed.
    :raises CancellationRefused: the order itself cannot be canceled.
    """
    Order.objects.only("pk").lock_all([order_id])
    lines = ShipmentLine.objects.filter(order_line__order=order_id)
    live = lines.exclude(shipment__status=Shipment.Status.CANCELED)
    if keys := sorted(set(live.values_list("shipment_id", flat=True))):
        work = lock_work(keys)
        _refuse_shared(work, order_id)
        _cancel(work, reason=reason, actor=actor)
    orders_cancel.cancel_order(order_id=order_id, reason=reason, actor=actor)


def _refuse_shared(work: Work, order_id: int) -> None:
    for shipment_id, order_ids in work.orders_of.items():
        others = [str(work.orders[pk]) for pk in order_ids if pk != order_id]
        if others:
            raise CancelRefused(
                f"{work.shipments[shipment_id]} also serves {others[0]}: cancel that shipment first."
            )


def _cancel(work: Work, *, reason: str, actor: Actor) -> None:
    shipments = list(work.shipments.values())
    _refuse_packed(shipments)
    now = timezone.now()
    for shipment in shipments:
        shipment.canceled_at = now
    fields = ["canceled_at"]
    perform_all(shipments, "cancel", actor=actor, note=reason, update_fields=fields)
    freed, backs, lists = _contents(work)
    _reset_picked(list(work.shipments))
    close_finished_lists(lists)
    _ask_to_put_back(work, backs)
    publish(*(ShipmentCanceled(shipment_id=shipment.pk) for shipment in shipments))
    reopen_units(freed, orders=work.orders, actor=actor, reason=reason or "canceled")
    goods.put_back(backs, actor=actor)


def _refuse_packed(shipments: Sequence[Shipment]) -> None:
    for shipment in shipments:
        if shipment.status in TOO_FAR:
            word = shipment.get_status_display().lower()
            raise CancelRefused(f"{shipment} is {word}: it cannot be canceled any more.")
    closed = Parcel.objects.filter(shipment__in=shipments).exclude(status=Parcel.Status.VOID)
    for parcel in closed.select_related("shipment").order_by("pk")[:1]:
        raise CancelRefused(f"Parcel {parcel} is packed: take its contents out first.")


_CONTENTS = """
SELECT shipment.id, line.order_line_id, wanted.order_id, wanted.product_id, line.quantity
FROM fulfillment_shipment shipment
JOIN fulfillment_shipmentline line ON line.shipment_id = shipment.id
JOIN orders_orderline wanted ON wanted.id = line.order_line_id
WHERE shipment.id = ANY(%s) AND line.quantity > 0
ORDER BY wanted.id FOR NO KEY UPDATE OF wanted, line"""

_PICKED = """
SELECT pick.id, pick.pick_list_id, line.shipment_id, line.order_line_id, wanted.product_id,
  pick.bin_id, pick.lot_id, pick.serial, pick.picked
FROM fulfillment_pick pick
JOIN fulfillment_shipmentline line ON line.id = pick.shipment_line_id
JOIN orders_orderline wanted ON wanted.id = line.order_line_id
WHERE line.shipment_id = ANY(%s) ORDER BY pick.id FOR NO KEY UPDATE OF pick"""


def _contents(work: Work) -> tuple[list[FreedUnits], list[goods.BinPick], set[int]]:
    keys = sorted(work.shipments)
    with connection.cursor() as cursor:
        cursor.execute(_CONTENTS, [keys])
        lines = cursor.fetchall()
        cursor.execute(_PICKED, [keys])
        picks = cursor.fetchall()
    freed = [
        FreedUnits(
            warehouse_id=work.shipments[shipment_id].warehouse_id,
            product_id=product_id,
            order_id=order_id,
            order_line_id=order_line_id,
            quantity=quantity,
        )
        for shipment_id, order_line_id, order_id, product_id, quantity in lines
    ]
    picked = [row for row in picks if row[8]]
    staging = staging_bins(work.shipments[row[2]].warehouse_id for row in picked)
    backs = [
        goods.BinPick(
            warehouse_id=work.shipments[shipment_id].warehouse_id,
            product_id=product_id,
            bin_from_id=staging[work.shipments[shipment_id].warehouse_id],
            bin_to_id=bin_id,
            quantity=units,
            idem_key=f"cancel:{pick_id}",
            demand_kind="order_line",
            demand_id=order_line_id,
            document=work.shipments[shipment_id].number,
            lot_id=lot_id,
            serial=serial,
        )
        for pick_id, _, shipment_id, order_line_id, product_id, bin_id, lot_id, serial, units in picked
    ]
    return freed, backs, {row[1] for row in picks}


def _reset_picked(shipment_ids: list[int]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(_RESET, [shipment_ids])


_RESET = """
WITH line AS (
  UPDATE fulfillment_shipmentline SET picked = 0 WHERE shipment_id = ANY(%s) RETURNING id)
UPDATE fulfillment_pick pick SET picked = 0 FROM line WHERE pick.shipment_line_id = line.id"""


def _ask_to_put_back(work: Work, backs: Sequence[goods.BinPick]) -> None:
    """The books have the goods in their bins again; somebody has to carry them there."""
    for number, shipment in {
        shipment.number: shipment for shipment in work.shipments.values()
    }.items():
        units = sum(back.quantity for back in backs if back.document == number)
        if units:
            cases.open_case(
                kind="put_back",
                dedupe_key=f"put_back:{shipment.pk}",
                sentence=f"{shipment} was canceled: put its {units} picked units back to their bins.",
                document_kind="shipment",
                document_id=shipment.pk,
            )
