"""Canceling what has not been allocated yet: a whole order, or units of its lines.

Units on shipments are freed by ``fulfillment`` first, which then calls these services.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from django.db import transaction
from django.utils import timezone

from inventory.services.claims import ClaimChange, change_reservations
from oms.core import activity
from oms.core.actors import Actor
from oms.core.events import publish
from oms.core.workflow import perform, refusal
from orders.events import OrderCanceled, OrderLinesCanceled
from orders.exceptions import CancellationRefused, UnknownOrder
from orders.models import Order, OrderLine
from orders.ports import cancel_veto
from orders.services.counters import UnitMove, move_units, refresh_orders
from orders.services.invoicing import credit_canceled_units
from orders.services.order_rows import DEMAND_KIND


@transaction.atomic
def cancel_order(*, order_id: int, reason: str, actor: Actor) -> None:
    """Cancel every unit of an order, and so the order.

    :raises CancellationRefused: units are allocated or shipped, or an app above objects; nothing
        was changed.
    """
    order, lines = _lock(order_id)
    if sentence := refusal(order, "cancel"):
        raise CancellationRefused(_with_way_out(order, sentence))
    shipped = sum(line.shipped for line in lines)
    if shipped:
        raise CancellationRefused(
            f"{order} cannot be canceled: {_units(shipped)} shipped. Cancel what is left by line; "
            "what was shipped comes back as a return."
        )
    _refuse_allocated(order, lines)
    _ask_others(order, lines)
    quantities = {line.pk: line.open + line.backordered for line in lines}
    _cancel(order, lines, quantities, reason=reason, actor=actor)


@transaction.atomic
def cancel_lines(
    *, order_id: int, quantities: Mapping[int, int], reason: str, actor: Actor
) -> None:
    """Cancel so many units of these lines (sets, where the line is a kit); backordered ones first.

    With its last unit the order is canceled, or completed where something was shipped.

    :raises CancellationRefused: a line has fewer units free to cancel, or an app above objects;
        nothing was changed.
    """
    order, lines = _lock(order_id)
    if order.status in {Order.Status.COMPLETED, Order.Status.CANCELED}:
        word = order.get_status_display().lower()
        raise CancellationRefused(
            _with_way_out(order, f"{order} is {word}: nothing is left to cancel.")
        )
    wanted = _in_units(order, lines, quantities)
    for line in lines:
        _refuse_too_many(order, line, wanted.get(line.pk, 0))
    touched = [line for line in lines if line.pk in wanted]
    _ask_others(order, touched)
    _cancel(order, touched, wanted, reason=reason, actor=actor)


def _lock(order_id: int) -> tuple[Order, list[OrderLine]]:
    try:
        order = Order.objects.lock(order_id)
    except Order.DoesNotExist:
        raise UnknownOrder("There is no such order.") from None
    keys = OrderLine.objects.filter(order=order).values_list("pk", flat=True)
    return order, OrderLine.objects.lock_all(keys)


def _with_way_out(order: Order, sentence: str) -> str:
    if order.status == Order.Status.COMPLETED:
        return f"{sentence} What was shipped comes back as a return."
    return sentence


def _units(count: int) -> str:
    return "1 unit is" if count == 1 else f"{count} units are"


def _refuse_allocated(order: Order, lines: Sequence[OrderLine]) -> None:
    allocated = sum(line.allocated for line in lines)
    if allocated:
        raise CancellationRefused(
            f"{order} cannot be canceled here: {_units(allocated)} allocated to shipments. "
            "Cancel the shipments first."
        )


def _ask_others(order: Order, lines: Sequence[OrderLine]) -> None:
    if veto := cancel_veto(order_id=order.pk, line_ids=[line.pk for line in lines]):
        raise CancellationRefused(veto)


def _refuse_too_many(order: Order, line: OrderLine, wanted: int) -> None:
    free = line.open + line.backordered
    if wanted <= free:
        return
    raise CancellationRefused(
        f"Line {line.position} of {order}: {wanted} units cannot be canceled, {free} are open or "
        f"backordered ({line.allocated} allocated, {line.shipped} shipped, {line.canceled} canceled)."
    )


def _in_units(
    order: Order, lines: Sequence[OrderLine], quantities: Mapping[int, int]
) -> dict[int, int]:
    """Units by line: sets of a kit become units of all its components; half sets are refused."""
    by_key = {line.pk: line for line in lines}
    if not quantities:
        raise CancellationRefused("Say how many units of which line to cancel.")
    wanted: dict[int, int] = {}
    for key, quantity in quantities.items():
        if key not in by_key:
            raise CancellationRefused(f"{order} has no such line.")
        if quantity <= 0:
            raise CancellationRefused(f"The quantity to cancel must be above zero, not {quantity}.")
        for line in _lines_behind(by_key[key], lines):
            per_set = _per_set(line, by_key) if line.pk != key else 1
            wanted[line.pk] = wanted.get(line.pk, 0) + quantity * per_set
    _refuse_half_sets(order, lines, wanted)
    return wanted


def _lines_behind(line: OrderLine, lines: Sequence[OrderLine]) -> list[OrderLine]:
    if line.kind != OrderLine.Kind.KIT:
        return [line]
    return [part for part in lines if part.parent_id == line.pk]


def _per_set(component: OrderLine, by_key: Mapping[int, OrderLine]) -> int:
    if component.parent_id is None:
        return 1
    return component.ordered // (by_key[component.parent_id].sets or 1)


def _refuse_half_sets(order: Order, lines: Sequence[OrderLine], wanted: Mapping[int, int]) -> None:
    by_key = {line.pk: line for line in lines}
    for kit in lines:
        if kit.kind != OrderLine.Kind.KIT:
            continue
        sets = {
            (wanted.get(part.pk, 0) / _per_set(part, by_key)) for part in _lines_behind(kit, lines)
        }
        if len(sets) > 1 or not all(each.is_integer() for each in sets):
            raise CancellationRefused(
                f"Line {kit.position} of {order} is a kit: cancel whole sets of {kit.description}."
            )


def _cancel(
    order: Order,
    lines: Sequence[OrderLine],
    quantities: Mapping[int, int],
    *,
    reason: str,
    actor: Actor,
) -> None:
    moves = [move for line in lines for move in _moves(line, quantities.get(line.pk, 0))]
    move_units(moves, actor=actor)
    if order.status == Order.Status.DRAFT:
        _cancel_empty_draft(order, reason=reason, actor=actor)
    else:
        credit_canceled_units(order_id=order.pk, actor=actor)
        _release(moves, actor=actor)
    refresh_orders([order.pk], actor=actor, note=reason)
    if not Order.objects.filter(pk=order.pk, status=Order.Status.CANCELED).exists():
        units = sum(move.quantity for move in moves)
        activity.record(order, "canceled units", actor=actor, new=str(units), note=reason)
        publish(OrderLinesCanceled(order_id=order.pk))


def _cancel_empty_draft(order: Order, *, reason: str, actor: Actor) -> None:
    if not OrderLine.objects.filter(order=order, open__gt=0).exists():
        order.canceled_at = timezone.now()
        perform(order, "cancel", actor=actor, note=reason, update_fields=["canceled_at"])
        publish(OrderCanceled(order_id=order.pk))


def _moves(line: OrderLine, quantity: int) -> list[UnitMove]:
    from_backorder = min(quantity, line.backordered)
    steps = [("backordered", from_backorder), ("open", quantity - from_backorder)]
    return [UnitMove(line.pk, source, "canceled", units) for source, units in steps if units]


def _release(moves: Sequence[UnitMove], *, actor: Actor) -> None:
    kinds = {"open": "order", "backordered": "backorder"}
    changes = [
        ClaimChange(
            demand_kind=DEMAND_KIND,
            demand_id=move.line_id,
            kind=kinds[move.source],
            delta=-move.quantity,
        )
        for move in moves
    ]
    change_reservations(changes, actor=actor)
