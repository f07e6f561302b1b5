"""Filling: what orders wait for is routed once stock reaches them."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from django.db.models import Q

from fulfillment.services.demand import DEMAND_KIND
from fulfillment.services.route import route_orders
from inventory.selectors.reach import demands_in_reach
from oms.core.actors import Actor
from orders.models import Order, OrderLine

BATCH = 200


def fill_waiting_orders(*, product_ids: Collection[int] | None = None, actor: Actor) -> int:
    """Route the orders whose open or backordered units of these products (None: of any) stock now
    reaches, by priority and rank; each batch is a transaction of its own. How many units went on
    shipments. Orders that are held keep waiting.
    """
    line_ids = demands_in_reach(DEMAND_KIND, product_ids)
    keys = _waiting_orders(Q(pk__in=line_ids)) if line_ids else []
    return sum(
        outcome.allocated
        for start in range(0, len(keys), BATCH)
        for outcome in route_orders(keys[start : start + BATCH], actor=actor)
    )


def fill_from_orders(*, order_ids: Collection[int], actor: Actor) -> int:
    """Others get what these orders gave up."""
    lines = OrderLine.objects.filter(order__in=order_ids, canceled__gt=0)
    products = set(lines.values_list("product_id", flat=True))
    return fill_waiting_orders(product_ids=products, actor=actor) if products else 0


def _waiting_orders(lines: Q) -> Sequence[int]:
    found = OrderLine.objects.filter(
        lines,
        order__status__in=[Order.Status.PLACED, Order.Status.IN_FULFILLMENT],
        order__routing_holds=0,
    )
    ranked = found.order_by("-order__priority", "order__placed_at", "order_id")
    return list(dict.fromkeys(ranked.values_list("order_id", flat=True)))
