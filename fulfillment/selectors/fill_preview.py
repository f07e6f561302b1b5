"""Who gets what: of goods that are on their way, by the same function that fills; and of goods that came."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import connection

from fulfillment.filling import FillPolicy, Share, fill
from fulfillment.selectors.waiting import Arriving, routing_settings, waiting_orders
from inventory.models import Product
from orders.models import Order
from orders.selectors.scope import orders_for

MOST = 20


@dataclass(frozen=True, slots=True)
class PreviewRow:
    """An order of the queue, what it gets and what it then still lacks."""

    place: int
    number: str
    customer: str
    priority: int
    promised_date: date | None
    gets: str
    units: int
    lacks: str
    is_completed: bool


@dataclass(frozen=True, slots=True)
class FillPreview:
    """The queue, those who get something first; ``rows`` names at most twenty that this person sees."""

    policy: str
    rows: list[PreviewRow]
    orders: int
    completed: int
    waiting: int
    units: int
    left: int

    @property
    def hidden(self) -> int:
        return self.orders + self.waiting - len(self.rows)


def fill_preview(user: Any, product_ids: Collection[int], arriving: Arriving) -> FillPreview | None:
    """What becomes of units of these products when they arrive; None where nobody waits for them.

    It counts what is free as one pool. The router may still leave units out that no warehouse ships
    under its rules.
    """
    waiting = waiting_orders(product_ids, arriving=arriving)
    products = set(product_ids)
    settings = routing_settings()
    shares = fill(waiting.orders, waiting.free, FillPolicy(settings.fill_policy), waiting.claims)
    wanted = [x for x in shares if products & (x.units.keys() | x.missing.keys())]
    if not wanted:
        return None
    served = [x for x in wanted if products & x.units.keys()]
    given = sum(units for x in served for pk, units in x.units.items() if pk in products)
    total = sum(max(0, waiting.free.get(pk, 0)) for pk in products)
    promised = {x.order_id: x.promised_date for x in waiting.orders}
    return FillPreview(
        policy=str(settings.get_fill_policy_display()),
        rows=_rows(user, served + [x for x in wanted if x not in served], promised),
        orders=len(served),
        completed=sum(x.is_completed for x in served),
        waiting=len(wanted) - len(served),
        units=given,
        left=max(0, total - given),
    )


def _rows(user: Any, shares: list[Share], promised: Mapping[int, date | None]) -> list[PreviewRow]:
    shown = shares[:MOST]
    skus = _skus({pk for x in shown for pk in (*x.units, *x.missing)})
    found = orders_for(user).filter(pk__in=[x.order_id for x in shown])
    orders: dict[int, Order] = {order.pk: order for order in found.select_related("customer")}
    return [
        PreviewRow(
            place=place,
            number=order.number,
            customer=order.customer.name,
            priority=order.priority,
            promised_date=promised[order.pk],
            gets=_list(share.units, skus),
            units=sum(share.units.values()),
            lacks=_list(share.missing, skus),
            is_completed=share.is_completed,
        )
        for place, share in enumerate(shown, start=1)
        if (order := orders.get(share.order_id)) is not None
    ]


def _skus(product_ids: Collection[int]) -> dict[int, str]:
    return dict(Product.objects.filter(pk__in=product_ids).values_list("pk", "sku"))


def _list(units: Mapping[int, int], skus: Mapping[int, str]) -> str:
    parts = sorted((skus[pk], n) for pk, n in units.items())
    return ", ".join(f"{n} × {sku}" for sku, n in parts)


@dataclass(frozen=True, slots=True)
class FilledRow:
    """An order that had waited and got units when goods came."""

    number: str
    customer: str
    gets: str
    units: int


def filled_since(
    user: Any, *, warehouse_id: int, product_ids: Collection[int], at: datetime
) -> list[FilledRow]:
    """The orders that had waited for these products at the moment and were allocated units at the
    warehouse within a day of it, the first to be served first.
    """
    with connection.cursor() as cursor:
        params: dict[str, Any] = {
            "warehouse": warehouse_id,
            "products": list(product_ids),
            "at": at,
        }
        cursor.execute(_FILLED, params)
        rows = cursor.fetchall()
    got: dict[int, dict[int, int]] = {}
    for order_id, product_id, units in rows:
        got.setdefault(order_id, {})[product_id] = int(units)
    skus = _skus({product_id for _, product_id, _ in rows})
    found = orders_for(user).filter(pk__in=got).select_related("customer")
    orders: dict[int, Order] = {order.pk: order for order in found}
    return [
        FilledRow(
            orders[key].number, orders[key].customer.name, _list(units, skus), sum(units.values())
        )
        for key, units in got.items()
        if key in orders
    ]


_FILLED = """
SELECT line.order_id, movement.product_id, sum(movement.quantity)
FROM inventory_stockmovement movement
JOIN orders_orderline line ON line.id = movement.demand_id
JOIN orders_order head ON head.id = line.order_id AND head.placed_at < %(at)s
WHERE movement.product_id = ANY(%(products)s) AND movement.warehouse_id = %(warehouse)s
  AND movement.kind = 'allocate' AND movement.demand_kind = 'order_line'
  AND movement.at BETWEEN %(at)s AND %(at)s::timestamptz + interval '1 day'
GROUP BY line.order_id, movement.product_id ORDER BY min(movement.id) LIMIT 50"""
