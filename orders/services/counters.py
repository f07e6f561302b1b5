"""The counters of order lines and what follows from them. Called inside the caller's transaction."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, NamedTuple

from django.db import connection, transaction
from django.utils import timezone

from oms.core.actors import Actor
from oms.core.events import publish
from oms.core.money import exponent
from oms.core.workflow import perform_all
from orders.events import OrderCanceled, OrderCompleted, OrderEvent, OrderReopened
from orders.exceptions import CounterRefused
from orders.models import Order
from orders.statuses import Money, Units, fulfillment_status, next_status, payment_status

STATES = Units._fields


@dataclass(frozen=True, slots=True)
class UnitMove:
    """So many units of a line from one state to another (the names are the line's columns)."""

    line_id: int
    source: str
    target: str
    quantity: int


def move_units(moves: Sequence[UnitMove], *, actor: Actor) -> None:  # noqa: ARG001 - every service says who acts
    """Move units between the counters of locked lines, all in one statement.

    :raises CounterRefused: a line has fewer units in the source state; nothing was changed.
    """
    if not moves:
        return
    changes = _changes(moves)
    columns = [list(changes)] + [[change[i] for change in changes.values()] for i in range(5)]
    with connection.cursor() as cursor:
        cursor.execute(_MOVE, columns)
        short = cursor.fetchall()
    if short:
        raise CounterRefused(" ".join(_shortage(*row) for row in short[:3]))


def _changes(moves: Iterable[UnitMove]) -> dict[int, list[int]]:
    changes: dict[int, list[int]] = defaultdict(lambda: [0] * len(STATES))
    for move in moves:
        if move.quantity <= 0:
            raise CounterRefused(f"Only whole units can be moved, not {move.quantity}.")
        changes[move.line_id][STATES.index(move.source)] -= move.quantity
        changes[move.line_id][STATES.index(move.target)] += move.quantity
    return dict(sorted(changes.items()))


def _shortage(number: str | None, position: int, name: str, has: int, wanted: int) -> str:
    if number is None:
        return "There is no such order line."
    return f"Line {position} of {number} has {has} units {name}, {wanted} were to be moved."


_MOVE = """
WITH change AS MATERIALIZED (
    SELECT * FROM unnest(%s::bigint[], %s::int[], %s::int[], %s::int[], %s::int[], %s::int[])
    AS t (line_id, open, allocated, backordered, shipped, canceled)
), short AS MATERIALIZED (
    SELECT o.number, l.position, part.name, part.has, -part.delta AS wanted
    FROM change c
    LEFT JOIN orders_orderline l ON l.id = c.line_id
    LEFT JOIN orders_order o ON o.id = l.order_id
    CROSS JOIN LATERAL (VALUES
        ('open', l.open, c.open), ('allocated', l.allocated, c.allocated),
        ('backordered', l.backordered, c.backordered), ('shipped', l.shipped, c.shipped),
        ('canceled', l.canceled, c.canceled)
    ) AS part (name, has, delta)
    WHERE (l.id IS NULL AND part.name = 'open') OR part.has + part.delta < 0
), moved AS (
    UPDATE orders_orderline l SET
        open = l.open + c.open, allocated = l.allocated + c.allocated,
        backordered = l.backordered + c.backordered, shipped = l.shipped + c.shipped,
        canceled = l.canceled + c.canceled
    FROM change c WHERE l.id = c.line_id AND NOT EXISTS (SELECT FROM short)
)
SELECT * FROM short
"""


def start_fulfillment(units: Mapping[Order, Units], *, actor: Actor) -> None:
    """Move locked orders that were routed on, with the status that follows from their counters.

    For routing, which knows the counters it leads to: two statements for each status that occurs.

    :raises TransitionRefused: an order is held or not placed; nothing was changed.
    """
    groups: dict[str, list[Order]] = defaultdict(list)
    for order, counters in units.items():
        order.fulfillment_status = fulfillment_status(counters)
        groups[order.fulfillment_status].append(order)
    for _, orders in sorted(groups.items()):
        fields = ["fulfillment_status"]
        perform_all(orders, "start_fulfillment", actor=actor, update_fields=fields)


class _Facts(NamedTuple):
    units: Units
    money: Money


@transaction.atomic(savepoint=False)
def refresh_orders(order_ids: Sequence[int], *, actor: Actor, note: str = "") -> None:
    """Work the derived statuses out anew; complete, cancel or reopen orders that are due to.

    Imported history is left as it came.
    """
    orders = [order for order in Order.objects.lock_all(order_ids) if not order.is_history]
    facts = _facts_of(orders)
    _write_derived(orders, facts)
    due: dict[str, list[Order]] = defaultdict(list)
    for order in orders:
        if transition := next_status(order.status, facts[order.pk].units):
            due[transition].append(order)
    _move(due, actor=actor, note=note)


_SUMS = """
SELECT o.id,
       COALESCE(l.open, 0), COALESCE(l.allocated, 0), COALESCE(l.backordered, 0),
       COALESCE(l.shipped, 0), COALESCE(l.canceled, 0), COALESCE(l.canceled_amount, 0),
       COALESCE(p.authorized, 0), COALESCE(p.captured, 0), COALESCE(p.refunded, 0)
FROM unnest(%s::bigint[], %s::int[]) AS o (id, places)
LEFT JOIN LATERAL (
    SELECT sum(open) AS open, sum(allocated) AS allocated, sum(backordered) AS backordered,
           sum(shipped) AS shipped, sum(canceled) AS canceled,
           sum(CASE WHEN canceled > 0 THEN net_amount + tax_amount
               - round(net_amount * (ordered - canceled) / ordered, o.places)
               - round(tax_amount * (ordered - canceled) / ordered, o.places) END)
               AS canceled_amount
    FROM orders_orderline WHERE order_id = o.id AND kind <> 'kit'
) AS l ON true
LEFT JOIN LATERAL (
    SELECT sum(authorized) AS authorized, sum(captured) AS captured, sum(refunded) AS refunded
    FROM orders_payment WHERE order_id = o.id
) AS p ON true
"""


def _facts_of(orders: Sequence[Order]) -> dict[int, _Facts]:
    keys = [order.pk for order in orders]
    places = [exponent(order.currency) for order in orders]
    with connection.cursor() as cursor:
        cursor.execute(_SUMS, [keys, places])
        rows = {row[0]: row[1:] for row in cursor.fetchall()}
    return {order.pk: _facts(order.total_amount, *rows[order.pk]) for order in orders}


def _facts(total: Decimal, *row: Any) -> _Facts:
    units = Units(*(int(count) for count in row[:5]))
    is_canceled = bool(units.canceled) and not (units.owed or units.shipped)
    due = Decimal(0) if is_canceled else max(Decimal(0), total - row[5])
    return _Facts(units, Money(total, due, *row[6:]))


def _write_derived(orders: Sequence[Order], facts: dict[int, _Facts]) -> None:
    changed = []
    for order in orders:
        units, money = facts[order.pk]
        derived = (fulfillment_status(units), payment_status(money))
        if derived != (order.fulfillment_status, order.payment_status):
            order.fulfillment_status, order.payment_status = derived
            changed.append((order.pk, *derived))
    if not changed:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE orders_order o SET fulfillment_status = t.f, payment_status = t.p"
            " FROM unnest(%s::bigint[], %s::text[], %s::text[]) AS t (id, f, p) WHERE o.id = t.id",
            [list(column) for column in zip(*changed, strict=True)],
        )


def _move(due: dict[str, list[Order]], *, actor: Actor, note: str) -> None:
    now = timezone.now()
    for order in due["complete"]:
        order.completed_at = now
    for order in due["reopen"]:
        order.completed_at = None
    for order in due["cancel"]:
        order.canceled_at = now
    perform_all(due["complete"], "complete", actor=actor, update_fields=["completed_at"])
    perform_all(due["reopen"], "reopen", actor=actor, update_fields=["completed_at"])
    perform_all(due["cancel"], "cancel", actor=actor, note=note, update_fields=["canceled_at"])
    events: list[OrderEvent] = [OrderCompleted(order.pk) for order in due["complete"]]
    events += [OrderReopened(order.pk) for order in due["reopen"]]
    events += [OrderCanceled(order.pk) for order in due["cancel"]]
    if events:
        publish(*events)
