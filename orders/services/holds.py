"""Holding an order for a named reason, and lifting the hold."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import transaction
from django.db.models import F
from django.db.models.functions import Now

from oms.core import activity, bulk
from oms.core.activity import Entry
from oms.core.actors import Actor
from oms.core.events import publish
from orders.events import OrderHeld, OrderReleasedForRouting, OrderReleasedForShipping
from orders.exceptions import HoldRefused, UnknownOrder
from orders.models import Hold, Order

_COUNTERS = {Hold.Kind.ROUTING.value: "routing_holds", Hold.Kind.SHIPPING.value: "shipping_holds"}


@transaction.atomic
def hold_order(*, order_id: int, kind: str, reason: str, note: str = "", actor: Actor) -> Hold:
    """Stop an order from being routed or shipped until the hold is lifted.

    :raises HoldRefused: the order is finished, or is held for this reason already.
    """
    order = _lock(order_id)
    if kind not in Hold.Kind or reason not in Hold.Reason:
        raise HoldRefused(f"There is no {kind} hold for the reason {reason!r}.")
    if order.status in {Order.Status.COMPLETED, Order.Status.CANCELED}:
        raise HoldRefused(
            f"{order} is {order.get_status_display().lower()}: nothing is left to hold."
        )
    held = bulk.insert(
        Hold,
        ["order", "kind", "reason", "note", "placed_by", "lifted_by"],
        [(order.pk, kind, reason, note, actor.label, "")],
        returning=["id"],
        on_conflict_do_nothing=True,
    )
    if not held:
        word = Hold.Reason(reason).label
        raise HoldRefused(f"{order} has a {kind} hold for the reason “{word}” already.")
    counter = _COUNTERS[kind]
    Order.objects.filter(pk=order.pk).update(**{counter: F(counter) + 1})
    activity.record(order, "held", actor=actor, new=f"{kind}: {reason}", note=note)
    publish(OrderHeld(order_id=order.pk, hold_id=held[0][0]))
    return Hold.objects.get(pk=held[0][0])


@transaction.atomic
def lift_hold(*, hold_id: int, note: str = "", actor: Actor) -> None:
    """End a hold. With the last routing hold the order goes to be routed.

    :raises UnknownOrder: there is no such hold.
    :raises HoldRefused: it was lifted before.
    """
    try:
        order_id = Hold.objects.values_list("order_id", flat=True).get(pk=hold_id)
    except Hold.DoesNotExist:
        raise UnknownOrder("There is no such hold.") from None
    order = _lock(order_id)
    hold = Hold.objects.get(pk=hold_id)
    if hold.lifted_at is not None:
        raise HoldRefused(f"{order}: this hold was lifted by {hold.lifted_by} before.")
    _lift(order, hold, actor=actor, note=note)


def lift_payment_holds(order: Order, *, actor: Actor) -> None:
    """The locked order is paid: what waited for the payment goes on."""
    for hold in order.holds.filter(reason=Hold.Reason.PAYMENT, lifted_at=None).order_by("pk"):
        _lift(order, hold, actor=actor, note="")


def hold_for_payment(order_ids: Sequence[int], *, actor: Actor) -> list[OrderHeld]:
    """Put a routing hold on prepaid orders that were just placed; gives the events to publish."""
    kind, reason = Hold.Kind.ROUTING.value, Hold.Reason.PAYMENT.value
    held = bulk.insert(
        Hold,
        ["order", "kind", "reason", "note", "placed_by", "lifted_by"],
        [(order_id, kind, reason, "", actor.label, "") for order_id in order_ids],
        returning=["order", "id"],
    )
    Order.objects.filter(pk__in=order_ids).update(routing_holds=F("routing_holds") + 1)
    activity.record_all(
        [Entry("order", order_id, "held", new=f"{kind}: {reason}") for order_id in order_ids],
        actor=actor,
    )
    return [OrderHeld(order_id=order_id, hold_id=hold_id) for order_id, hold_id in held]


def _lift(order: Order, hold: Hold, *, actor: Actor, note: str) -> None:
    Hold.objects.filter(pk=hold.pk).update(lifted_at=Now(), lifted_by=actor.label)
    counter = _COUNTERS[hold.kind]
    Order.objects.filter(pk=order.pk).update(**{counter: F(counter) - 1})
    setattr(order, counter, getattr(order, counter) - 1)
    activity.record(order, "lifted", actor=actor, old=f"{hold.kind}: {hold.reason}", note=note)
    if getattr(order, counter) or order.status not in {
        Order.Status.PLACED,
        Order.Status.IN_FULFILLMENT,
    }:
        return
    if hold.kind == Hold.Kind.ROUTING:
        publish(OrderReleasedForRouting(order_id=order.pk))
    else:
        publish(OrderReleasedForShipping(order_id=order.pk))


def _lock(order_id: int) -> Order:
    try:
        return Order.objects.lock(order_id)
    except Order.DoesNotExist:
        raise UnknownOrder("There is no such order.") from None
