"""Filling: what orders wait for is routed once stock reaches them, as the house's policy says."""

from __future__ import annotations

from collections.abc import Collection

from fulfillment.filling import fill
from fulfillment.selectors.waiting import fill_policy, waiting_orders
from fulfillment.services.queue import Queue
from fulfillment.services.route import route_orders
from oms.core.actors import Actor
from orders.models import OrderLine

BATCH = 200


def fill_waiting_orders(*, product_ids: Collection[int] | None = None, actor: Actor) -> int:
    """Route the orders that the fill policy gives something of these products (None: of any), in its
    order; each batch is a transaction of its own. How many units went on shipments. Orders that are
    held keep waiting.
    """
    waiting = waiting_orders(product_ids)
    shares = fill(waiting.orders, waiting.free, fill_policy(), waiting.claims)
    ranks = {order.order_id: order.rank_at for order in waiting.orders}
    queue = Queue(
        {share.order_id: share.rank_at for share in shares},
        {ranks[share.order_id]: share.rank_at for share in shares},
    )
    keys = [share.order_id for share in shares if share.units]
    return sum(
        outcome.allocated
        for start in range(0, len(keys), BATCH)
        for outcome in route_orders(keys[start : start + BATCH], actor=actor, queue=queue)
    )


def fill_from_orders(*, order_ids: Collection[int], actor: Actor) -> int:
    """Others get what these orders gave up."""
    lines = OrderLine.objects.filter(order__in=order_ids, canceled__gt=0)
    products = set(lines.values_list("product_id", flat=True))
    return fill_waiting_orders(product_ids=products, actor=actor) if products else 0
