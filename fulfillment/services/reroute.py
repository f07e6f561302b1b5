"""What a warehouse sent back is routed to another one, or becomes a case."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import transaction
from django.db.models import F, Q

from fulfillment.events import UnitsRejected
from fulfillment.services.route import route_orders
from inventory.models import Product, Warehouse
from oms.core import cases
from oms.core.actors import Actor
from orders.models import OrderLine


@transaction.atomic
def reroute_rejected(events: Sequence[UnitsRejected], *, actor: Actor) -> None:
    """Route the orders anew; what no other warehouse ships now is a case until it is routed.

    Orders that are held wait for their hold to be lifted, and are no case.
    """
    outcomes = route_orders({event.order_id for event in events}, actor=actor)
    waiting = {x.order_id: x.number for x in outcomes if x.backordered and not x.left_open}
    codes = dict(Warehouse.objects.values_list("pk", "code"))
    for event in events:
        if event.order_id not in waiting:
            continue
        if missing := _missing(event):
            number, site = waiting[event.order_id], codes[event.warehouse_id]
            cases.open_case(
                kind="rejection",
                dedupe_key=f"route:{event.order_id}",
                sentence=f"{number}: {site} rejected {missing}, and no other warehouse can ship it now.",
                proposed_fix="route_order",
                document_kind="order",
                document_id=event.order_id,
            )


def _missing(event: UnitsRejected) -> str:
    lines = OrderLine.objects.filter(
        Q(open__gt=0) | Q(backordered__gt=0), order=event.order_id, product__in=event.product_ids
    )
    units: dict[int, int] = {}
    for product_id, count in lines.annotate(n=F("open") + F("backordered")).values_list(
        "product_id", "n"
    ):
        units[product_id] = units.get(product_id, 0) + count
    skus = dict(Product.objects.filter(pk__in=units).values_list("pk", "sku"))
    return ", ".join(f"{units[pk]} × {skus[pk]}" for pk in sorted(units))
