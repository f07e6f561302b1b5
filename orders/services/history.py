"""Orders of the time before this system: completed, with their dates, without any stock movement."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db import connection, transaction

from oms.core import activity, bulk
from oms.core.activity import Entry
from oms.core.actors import Actor
from oms.core.addresses import COLUMNS, Address
from oms.core.places import key_of, locate_all
from oms.core.workflow import insert_in_state
from orders.models import (
    AccountEntry,
    Charge,
    ExternalReference,
    Order,
    OrderAddress,
    OrderLine,
    SalesChannel,
)
from orders.statuses import Units, fulfillment_status

ZERO = Decimal(0)
LINE_COLUMNS = (
    "order",
    "position",
    "product",
    "description",
    "ordered",
    "shipped",
    "unit_price",
    "price_source",
    "net_amount",
)


@dataclass(frozen=True, slots=True)
class PastLine:
    """Units that were sold and shipped. ``position`` is the row's place in the outside document."""

    position: int
    product_id: int
    description: str
    quantity: int
    unit_price: Decimal
    net_amount: Decimal


@dataclass(frozen=True, slots=True)
class PastCharge:
    kind: str
    description: str
    net_amount: Decimal


@dataclass(frozen=True, slots=True)
class PastOrder:
    """An order that was shipped and paid before it came here."""

    external_id: str
    customer_id: int
    ship_to: Address
    placed_at: datetime
    lines: Sequence[PastLine] = ()
    charges: Sequence[PastCharge] = ()
    requested_date: date | None = None


@dataclass(frozen=True, slots=True)
class PastEntry:
    """An entry of the books; ``amount`` is signed: what the customer owes more, or less."""

    kind: str
    external_id: str
    customer_id: int | None
    description: str
    amount: Decimal
    at: datetime


@transaction.atomic
def keep_orders(orders: Sequence[PastOrder], *, channel: SalesChannel, actor: Actor) -> None:
    """Keep past orders as completed records that no stock moves for.

    The caller has seen to it that the channel does not know their external ids yet; the database
    refuses a second one.
    """
    if not orders:
        return
    ids = bulk.draw_ids(Order, len(orders))
    addresses = bulk.draw_ids(OrderAddress, len(orders))
    bulk.copy(
        OrderAddress, ["id", *COLUMNS, "latitude", "longitude"], _addresses(addresses, orders)
    )
    insert_in_state(
        Order,
        [
            _record(order, pk, address, channel)
            for order, pk, address in zip(orders, ids, addresses, strict=True)
        ],
    )
    _copy_parts(ids, orders)
    bulk.copy(
        ExternalReference,
        ["channel", "external_id", "order_id"],
        [(channel.pk, o.external_id, pk) for pk, o in zip(ids, orders, strict=True)],
    )
    _write_search_terms(ids)
    activity.record_all(
        [Entry("order", pk, "imported", new="completed") for pk in ids], actor=actor
    )


def _addresses(keys: Sequence[int], orders: Sequence[PastOrder]) -> list[tuple[Any, ...]]:
    places = {order.ship_to: key_of(order.ship_to) for order in orders}
    positions = locate_all(places.values())
    return [
        (key, *asdict(order.ship_to).values(), at and at.latitude, at and at.longitude)
        for key, order in zip(keys, orders, strict=True)
        for at in [positions.get(places[order.ship_to])]
    ]


def _record(order: PastOrder, pk: int, address_id: int, channel: SalesChannel) -> Order:
    lines = sum((line.net_amount for line in order.lines), ZERO)
    charges = sum((charge.net_amount for charge in order.charges), ZERO)
    units = sum(line.quantity for line in order.lines)
    return Order(
        pk=pk,
        channel_id=channel.pk,
        external_id=order.external_id,
        customer_id=order.customer_id,
        status=Order.Status.COMPLETED,
        fulfillment_status=fulfillment_status(Units(shipped=units)),
        payment_status=Order.PaymentStatus.PAID,
        currency=channel.currency,
        ship_to_id=address_id,
        lines_amount=lines,
        charges_amount=charges,
        total_amount=lines + charges,
        requested_date=order.requested_date,
        units=units,
        line_count=len(order.lines),
        is_history=True,
        created_at=order.placed_at,
        placed_at=order.placed_at,
        completed_at=order.placed_at,
    )


def _copy_parts(ids: Sequence[int], orders: Sequence[PastOrder]) -> None:
    bulk.copy(
        OrderLine,
        LINE_COLUMNS,
        [
            _line_row(pk, line)
            for pk, order in zip(ids, orders, strict=True)
            for line in order.lines
        ],
    )
    bulk.copy(
        Charge,
        ["order", "kind", "description", "net_amount"],
        [
            (pk, charge.kind, charge.description, charge.net_amount)
            for pk, order in zip(ids, orders, strict=True)
            for charge in order.charges
        ],
    )


def _line_row(order_id: int, line: PastLine) -> tuple[Any, ...]:
    return (
        order_id,
        line.position,
        line.product_id,
        line.description,
        line.quantity,
        line.quantity,
        line.unit_price,
        "import",
        line.net_amount,
    )


def _write_search_terms(order_ids: Sequence[int]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO orders_searchterm (order_id, kind, term)"
            " SELECT id, kind, term FROM orders_order, LATERAL (VALUES ('number', number),"
            " ('external', external_id)) AS t (kind, term) WHERE id = ANY(%s) AND term <> ''",
            [list(order_ids)],
        )


@transaction.atomic
def keep_account_entries(entries: Sequence[PastEntry], *, channel: SalesChannel) -> None:
    """Keep entries of the books that are no orders."""
    bulk.copy(
        AccountEntry,
        ["kind", "channel", "external_id", "customer", "description", "amount", "currency", "at"],
        [_entry_row(e, channel) for e in entries],
    )


def _entry_row(entry: PastEntry, channel: SalesChannel) -> tuple[Any, ...]:
    return (
        entry.kind,
        channel.pk,
        entry.external_id,
        entry.customer_id,
        entry.description,
        entry.amount,
        channel.currency,
        entry.at,
    )


@transaction.atomic
def mark_returned(quantities: Mapping[int, int]) -> None:
    """Count units of shipped lines as returned; the database refuses more than was shipped."""
    if not quantities:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE orders_orderline AS line SET returned = line.returned + back.quantity"
            " FROM unnest(%s::bigint[], %s::int[]) AS back (id, quantity) WHERE line.id = back.id",
            [list(quantities), list(quantities.values())],
        )
