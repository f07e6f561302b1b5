"""Orders that were not to wait for longer: what is still open or owed after their day is canceled."""

from __future__ import annotations

from datetime import date

from django.db import transaction
from django.db.models import Q

from fulfillment.events import RestCanceled
from oms.core import cases
from oms.core.actors import Actor
from oms.core.events import publish
from oms.core.exceptions import Refusal
from orders.models import Order, OrderLine
from orders.services.cancel import cancel_lines

REASON = "The day until which it was to wait has passed."
_WAITS = Q(open__gt=0) | Q(backordered__gt=0)


def cancel_overdue(*, today: date, actor: Actor) -> int:
    """Cancel the open and backordered units of orders whose day has passed and tell the customers;
    each order is a transaction of its own. How many orders that were; safe to run twice. One that
    cannot be canceled becomes a case.
    """
    late = Order.objects.open().filter(cancel_by_date__lt=today)
    waiting = OrderLine.objects.filter(_WAITS, order__in=late)
    keys = sorted(set(waiting.values_list("order_id", flat=True)))
    return sum(_cancel(key, today, actor) for key in keys)


def _cancel(order_id: int, today: date, actor: Actor) -> bool:
    try:
        with transaction.atomic():
            return _cancel_rest(order_id, today, actor)
    except Refusal as refusal:
        cases.open_case(
            kind="routing",
            dedupe_key=f"cancel_by:{order_id}",
            sentence=f"What is overdue could not be canceled. {refusal}",
            document_kind="order",
            document_id=order_id,
        )
        return False


def _cancel_rest(order_id: int, today: date, actor: Actor) -> bool:
    order = Order.objects.lock(order_id)
    rest = {
        line.pk: line.open + line.backordered
        for line in OrderLine.objects.filter(_WAITS, order=order_id).order_by("pk")
    }
    if not rest or order.cancel_by_date is None or order.cancel_by_date >= today:
        return False
    units = {str(key): quantity for key, quantity in rest.items()}
    publish(RestCanceled(order_id=order_id, units=units))
    cancel_lines(order_id=order_id, quantities=rest, reason=REASON, actor=actor)
    return True
