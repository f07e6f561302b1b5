"""Routing everything that is open: after a restart, after stock has come, by hand."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from fulfillment.services.route import route_orders
from oms.core.actors import Actor
from orders.models import Order, OrderLine

BATCH = 500


@dataclass
class SweepSummary:
    orders: int = 0
    routed: int = 0
    skipped: int = 0
    left_open: int = 0


def route_open_orders(
    *, actor: Actor, progress: Callable[[int, int], None] | None = None
) -> SweepSummary:
    """Route all orders with open units that no hold stops, the oldest first; safe to run twice."""
    lines = OrderLine.objects.filter(
        open__gt=0,
        order__status__in=[Order.Status.PLACED, Order.Status.IN_FULFILLMENT],
        order__routing_holds=0,
    )
    waiting = Order.objects.filter(pk__in=lines.values("order_id"))
    keys = list(waiting.order_by("-priority", "placed_at", "pk").values_list("pk", flat=True))
    summary = SweepSummary(orders=len(keys))
    for start in range(0, len(keys), BATCH):
        for outcome in route_orders(keys[start : start + BATCH], actor=actor):
            summary.routed += outcome.is_routed
            summary.skipped += bool(outcome.refusal)
            summary.left_open += outcome.left_open
        if progress:
            progress(min(start + BATCH, len(keys)), len(keys))
    return summary
