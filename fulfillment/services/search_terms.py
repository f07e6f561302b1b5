"""Numbers under which an order is found because of its shipments."""

from __future__ import annotations

from collections.abc import Sequence

from fulfillment.models import ShipmentLine
from oms.core import bulk
from orders.models import SearchTerm


def add_shipment_terms(order_ids: Sequence[int]) -> None:
    """Add the shipment numbers of orders to their search terms; safe to run twice."""
    pairs = ShipmentLine.objects.filter(order_line__order__in=order_ids).values_list(
        "order_line__order_id", "shipment__number"
    )
    kind = SearchTerm.Kind.SHIPMENT.value
    bulk.insert(
        SearchTerm,
        ["order", "kind", "term"],
        [(order_id, kind, number) for order_id, number in sorted(set(pairs))],
        on_conflict_do_nothing=True,
    )
