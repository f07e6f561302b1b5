"""Claims of orders that are held for long: they let others go first until the hold is lifted."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Exists, OuterRef

from fulfillment.selectors.waiting import routing_settings
from fulfillment.services.demand import DEMAND_KIND
from inventory.models import Reservation
from inventory.models.claims import RESTING
from inventory.services.claims import rank_claims
from oms.core.actors import Actor
from orders.models import Hold, Order, OrderLine

BATCH = 200


def rest_held_claims(*, now: datetime, actor: Actor) -> int:
    """Put the claims of orders that are held from routing for longer than the settings allow behind
    all others, and those of all other orders back to their rank. How many orders changed.

    They keep counting in what may be promised to new orders: only the router passes them over.
    """
    days = routing_settings().held_claim_days
    resting = _resting()
    held: set[int] = set()
    if days is not None:
        holds = Hold.objects.filter(
            kind=Hold.Kind.ROUTING, lifted_at=None, placed_at__lt=now - timedelta(days=days)
        )
        waiting = OrderLine.objects.filter(order=OuterRef("order"), open__gt=0) | (
            OrderLine.objects.filter(order=OuterRef("order"), backordered__gt=0)
        )
        found = holds.filter(Exists(waiting), order__status__in=_OPEN)
        held = set(found.values_list("order_id", flat=True))
    changed = sorted(held ^ resting)
    for start in range(0, len(changed), BATCH):
        _rank(changed[start : start + BATCH], held, actor=actor)
    return len(changed)


def wake_claims(*, order_ids: Collection[int], actor: Actor) -> None:
    """Give the claims of orders whose hold was lifted their rank back."""
    _rank(sorted(set(order_ids)), set(), actor=actor)


_OPEN = (Order.Status.PLACED, Order.Status.IN_FULFILLMENT)


def _resting() -> set[int]:
    claims = Reservation.objects.filter(rank_at=RESTING, demand_kind=DEMAND_KIND)
    lines = OrderLine.objects.filter(pk__in=claims.values("demand_id"))
    return set(lines.values_list("order_id", flat=True))


@transaction.atomic
def _rank(order_ids: Collection[int], held: Collection[int], *, actor: Actor) -> None:
    orders = {order.pk: order for order in Order.objects.lock_all(order_ids)}
    lines = OrderLine.objects.filter(order__in=orders).values_list("pk", "order_id")
    ranks = {
        line_id: RESTING if order_id in held and orders[order_id].routing_holds else placed_at
        for line_id, order_id in lines
        if (placed_at := orders[order_id].placed_at) is not None
    }
    rank_claims(demand_kind=DEMAND_KIND, ranks=ranks, actor=actor)
