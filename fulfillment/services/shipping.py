"""Hand-over: parcels leave, the ledger books them out, what was on account is invoiced."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from django.db import connection, transaction
from django.utils import timezone

from fulfillment.events import ParcelShipped, ParcelUnshipped, ShipmentDelivered, ShipmentShipped
from fulfillment.exceptions import ShipRefused
from fulfillment.models import Parcel, Shipment
from fulfillment.services.locks import Work, lock_work, shipments_of_parcels, staging_bins
from inventory.models import StockMovement
from inventory.services import goods
from oms.core import bulk
from oms.core.actors import Actor
from oms.core.events import Event, publish
from oms.core.workflow import perform, perform_all
from orders.models import SearchTerm
from orders.services.counters import UnitMove, move_units, refresh_orders
from orders.services.invoicing import GoodsToInvoice, credit_goods, invoice_shipped


class _Content(NamedTuple):
    """A line of a locked parcel."""

    parcel_id: int
    shipment_id: int
    line_id: int
    order_id: int
    order_line_id: int
    product_id: int
    sku: str
    units: int
    picked: int
    shipped: int


@dataclass(frozen=True, slots=True)
class _Load:
    """Locked parcels with their contents, shipments and orders."""

    work: Work
    parcels: list[Parcel]
    contents: list[_Content]


@transaction.atomic
def ship_parcels(*, parcel_ids: Iterable[int], actor: Actor) -> None:
    """Hand closed parcels over to the carrier and book them out; all of them, or none.

    A shipment is shipped with its last parcel; customers on account are invoiced for each parcel.

    :raises OnHold: an order has a shipping hold; nothing was changed.
    :raises ShipRefused: a parcel is not closed, or holds more than was picked.
    """
    load = _lock(parcel_ids)
    load.work.refuse_held()
    for parcel in load.parcels:
        if parcel.status != Parcel.Status.CLOSED:
            word = parcel.get_status_display().lower()
            raise ShipRefused(f"Parcel {parcel} is {word}: only a closed parcel is handed over.")
    _refuse_more_than_picked(load)
    issues = _issues(load)
    now = timezone.now()
    for parcel in load.parcels:
        parcel.shipped_at = now
    perform_all(load.parcels, "hand_over", actor=actor, update_fields=["shipped_at"])
    _count_shipped(load.contents, 1)
    events: list[Event] = [ParcelShipped(p.shipment_id, p.pk) for p in load.parcels]
    events += finish_shipping(load.work.shipments.values(), actor=actor)
    move_units(_moves(load.contents, "allocated", "shipped"), actor=actor)
    refresh_orders(list(load.work.orders), actor=actor)
    _add_search_terms(load)
    publish(*events)
    goods.ship(issues, actor=actor)
    invoice_shipped(_to_invoice(load), actor=actor)


@transaction.atomic
def unship_parcel(*, parcel_id: int, actor: Actor) -> None:
    """Undo a hand-over while the parcel is still here: stock, counters and invoice go back.

    :raises ShipRefused: the parcel was not handed over, or is delivered; nothing was changed.
    """
    load = _lock([parcel_id])
    [parcel] = load.parcels
    if parcel.status != Parcel.Status.SHIPPED:
        word = parcel.get_status_display().lower()
        raise ShipRefused(f"Parcel {parcel} is {word}: there is no hand-over to undo.")
    issues = _booked(load, parcel)
    suffix = parcel.times_undone + 1
    parcel.shipped_at, parcel.times_undone = None, suffix
    perform(parcel, "take_back", actor=actor, update_fields=["shipped_at", "times_undone"])
    [shipment] = load.work.shipments.values()
    if shipment.status == Shipment.Status.SHIPPED:
        shipment.shipped_at = None
        perform(shipment, "unship", actor=actor, update_fields=["shipped_at"])
    _count_shipped(load.contents, -1)
    move_units(_moves(load.contents, "shipped", "allocated"), actor=actor)
    refresh_orders(list(load.work.orders), actor=actor)
    publish(ParcelUnshipped(shipment.pk, parcel.pk))
    goods.unship(issues, actor=actor)
    for part in _to_invoice(load):
        if load.work.orders[part.order_id].settlement == "on_account":
            credit_goods(
                order_id=part.order_id,
                quantities=part.quantities,
                cause=f"unship:{parcel.pk}:{suffix}",
                actor=actor,
            )


@transaction.atomic
def deliver_parcels(*, parcel_ids: Iterable[int], actor: Actor) -> None:
    """Note that the carrier delivered parcels; a shipment is delivered with its last one.

    :raises TransitionRefused: a parcel is not on its way; nothing was changed.
    """
    load = _lock(parcel_ids)
    now = timezone.now()
    for parcel in load.parcels:
        parcel.delivered_at = now
    perform_all(load.parcels, "deliver", actor=actor, update_fields=["delivered_at"])
    gone = (Parcel.Status.DELIVERED, Parcel.Status.VOID)
    waiting = set(
        Parcel.objects.filter(shipment__in=load.work.shipments)
        .exclude(status__in=gone)
        .values_list("shipment_id", flat=True)
    )
    done = [
        shipment
        for shipment in load.work.shipments.values()
        if shipment.pk not in waiting and shipment.status == Shipment.Status.SHIPPED
    ]
    for shipment in done:
        shipment.delivered_at = now
    perform_all(done, "deliver", actor=actor, update_fields=["delivered_at"])
    if done:
        publish(*(ShipmentDelivered(shipment_id=shipment.pk) for shipment in done))


def _lock(parcel_ids: Iterable[int]) -> _Load:
    keys = sorted(set(parcel_ids))
    work = lock_work(shipments_of_parcels(keys))
    parcels = Parcel.objects.select_related("shipment").lock_all(keys)
    with connection.cursor() as cursor:
        cursor.execute(_CONTENTS, [keys])
        contents = [_Content(*row) for row in cursor.fetchall()]
    return _Load(work, parcels, contents)


_CONTENTS = """
SELECT content.parcel_id, line.shipment_id, line.id, wanted.order_id, wanted.id, wanted.product_id,
  product.sku, content.quantity, line.picked, line.shipped
FROM fulfillment_parcelline content
JOIN fulfillment_shipmentline line ON line.id = content.shipment_line_id
JOIN orders_orderline wanted ON wanted.id = line.order_line_id
JOIN inventory_product product ON product.id = wanted.product_id
WHERE content.parcel_id = ANY(%s)
ORDER BY wanted.id, line.id, content.parcel_id FOR NO KEY UPDATE OF wanted, line"""


def _refuse_more_than_picked(load: _Load) -> None:
    leaving: dict[int, int] = defaultdict(int)
    for content in load.contents:
        leaving[content.line_id] += content.units
        if content.shipped + leaving[content.line_id] > content.picked:
            shipment = load.work.shipments[content.shipment_id]
            raise ShipRefused(
                f"{shipment}: {content.shipped + leaving[content.line_id]} of {content.sku} would"
                f" leave, but only {content.picked} were picked."
            )


_PIECES = """
SELECT shipment_line_id, lot_id, serial, sum(picked) FROM fulfillment_pick
WHERE shipment_line_id = ANY(%s) AND picked > 0
GROUP BY shipment_line_id, lot_id, serial ORDER BY shipment_line_id, min(id)"""

_GONE = """
SELECT demand_id, document, lot_id, serial, -sum(on_hand_delta) FROM inventory_stockmovement
WHERE kind IN ('ship', 'unship') AND product_id = ANY(%s) AND demand_kind = 'order_line'
  AND demand_id = ANY(%s) AND document = ANY(%s)
GROUP BY demand_id, document, lot_id, serial"""


@dataclass(slots=True)
class _Piece:
    """Units of one lot (or the one of a serial number) that were picked for a shipment line."""

    lot_id: int | None
    serial: str | None
    left: int


def _pieces(load: _Load) -> dict[int, list[_Piece]]:
    """What lies in staging for each shipment line, in the order in which it was picked."""
    lines = {content.line_id: content for content in load.contents}
    pieces: dict[int, list[_Piece]] = defaultdict(list)
    with connection.cursor() as cursor:
        cursor.execute(_PIECES, [sorted(lines)])
        for line_id, lot_id, serial, units in cursor.fetchall():
            pieces[line_id].append(_Piece(lot_id, serial, int(units)))
    begun = [line for line in lines.values() if line.shipped]
    if any(piece.lot_id or piece.serial for line in begun for piece in pieces[line.line_id]):
        _take_off_gone(load, begun, pieces)
    return pieces


def _take_off_gone(
    load: _Load, begun: Sequence[_Content], pieces: Mapping[int, Sequence[_Piece]]
) -> None:
    """Earlier parcels took lots and serial numbers along: the ledger knows which."""
    numbers = {line.line_id: load.work.shipments[line.shipment_id].number for line in begun}
    products = sorted({line.product_id for line in begun})
    demands = [line.order_line_id for line in begun]
    with connection.cursor() as cursor:
        cursor.execute(_GONE, [products, demands, sorted(set(numbers.values()))])
        gone = {tuple(row[:4]): int(row[4]) for row in cursor.fetchall()}
    for line in begun:
        for piece in pieces[line.line_id]:
            key = (line.order_line_id, numbers[line.line_id], piece.lot_id, piece.serial)
            piece.left -= gone.get(key, 0)


def _issues(load: _Load) -> list[goods.GoodsIssue]:
    staging = staging_bins(shipment.warehouse_id for shipment in load.work.shipments.values())
    pieces = _pieces(load)
    undone = {parcel.pk: parcel.times_undone for parcel in load.parcels}
    issues = []
    for content in load.contents:
        left = content.units
        shipment = load.work.shipments[content.shipment_id]
        for n, piece in enumerate(pieces[content.line_id]):
            units = min(left, piece.left)
            if units <= 0:
                continue
            piece.left -= units
            left -= units
            issues.append(
                goods.GoodsIssue(
                    warehouse_id=shipment.warehouse_id,
                    product_id=content.product_id,
                    bin_id=staging[shipment.warehouse_id],
                    quantity=units,
                    demand_kind="order_line",
                    demand_id=content.order_line_id,
                    document=shipment.number,
                    idem_key=_key(content, undone[content.parcel_id], n),
                    lot_id=piece.lot_id,
                    serial=piece.serial,
                )
            )
    return issues


def _key(content: _Content, undone: int, n: int) -> str:
    """``ship:<parcel>:<line>``; a second lot or a second hand-over adds its place."""
    key = f"ship:{content.parcel_id}:{content.line_id}"
    return f"{key}:{undone}:{n}" if undone or n else key


def _booked(load: _Load, parcel: Parcel) -> list[goods.GoodsIssue]:
    """What the ledger booked out for a parcel, to be booked in again."""
    places = {content.line_id: content for content in load.contents}
    keys = [
        _key(content, parcel.times_undone, n)
        for content in places.values()
        for n in range(content.picked + 1)
    ]
    return [
        goods.GoodsIssue(
            warehouse_id=row.warehouse_id,
            product_id=row.product_id,
            bin_id=row.bin_from_id or 0,
            quantity=row.quantity,
            demand_kind=row.demand_kind,
            demand_id=row.demand_id or 0,
            document=row.document,
            idem_key=f"un{row.idem_key}",
            lot_id=row.lot_id,
            serial=row.serial,
        )
        for row in StockMovement.objects.filter(idem_key__in=keys).order_by("pk")
    ]


def _count_shipped(contents: Sequence[_Content], sign: int) -> None:
    units: dict[int, int] = defaultdict(int)
    for content in contents:
        units[content.line_id] += sign * content.units
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE fulfillment_shipmentline line SET shipped = line.shipped + t.units"
            " FROM unnest(%s::bigint[], %s::int[]) AS t(id, units) WHERE line.id = t.id",
            [list(units), list(units.values())],
        )


def finish_shipping(shipments: Iterable[Shipment], *, actor: Actor) -> list[ShipmentShipped]:
    """Move those of the locked shipments on whose last parcel has left; the events to publish."""
    packed = [x for x in shipments if x.status == Shipment.Status.PACKED]
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT shipment_id FROM fulfillment_shipmentline WHERE shipment_id = ANY(%s)"
            " GROUP BY shipment_id HAVING sum(quantity - shipped) = 0",
            [[shipment.pk for shipment in packed]],
        )
        complete = {pk for (pk,) in cursor.fetchall()}
    done = [shipment for shipment in packed if shipment.pk in complete]
    now = timezone.now()
    for shipment in done:
        shipment.shipped_at = now
    perform_all(done, "ship", actor=actor, update_fields=["shipped_at"])
    return [ShipmentShipped(shipment_id=shipment.pk) for shipment in done]


def _moves(contents: Sequence[_Content], source: str, target: str) -> list[UnitMove]:
    return [UnitMove(each.order_line_id, source, target, each.units) for each in contents]


def _to_invoice(load: _Load) -> list[GoodsToInvoice]:
    """One part for each parcel and order."""
    units: dict[tuple[int, int], dict[int, int]] = defaultdict(lambda: defaultdict(int))
    for each in load.contents:
        units[each.parcel_id, each.order_id][each.order_line_id] += each.units
    undone = {parcel.pk: parcel.times_undone for parcel in load.parcels}
    return [
        GoodsToInvoice(order_id, dict(lines), f"parcel:{pk}:{order_id}:{undone[pk]}")
        for (pk, order_id), lines in sorted(units.items())
    ]


def _add_search_terms(load: _Load) -> None:
    """Let the orders be found by tracking number and shipment number."""
    orders: Mapping[int, list[int]] = load.work.orders_of
    kind = SearchTerm.Kind
    rows = {
        (order_id, kind.TRACKING.value, parcel.tracking_number)
        for parcel in load.parcels
        for order_id in orders[parcel.shipment_id]
        if parcel.tracking_number
    }
    bulk.insert(SearchTerm, ["order", "kind", "term"], sorted(rows), on_conflict_do_nothing=True)
