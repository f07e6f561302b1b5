"""Reactions to events: each is one service call for the whole list."""

from __future__ import annotations

from collections.abc import Sequence

from fulfillment.events import (
    ExclusionLifted,
    OrderRouted,
    ParcelShipped,
    ParcelUnshipped,
    ShadowAsked,
    ShipmentCanceled,
    ShipmentPacked,
    ShipmentReleased,
    UnitsRejected,
    UnitsReopened,
)
from fulfillment.services import shadow
from fulfillment.services.capacity import give_back_capacity
from fulfillment.services.fill import fill_from_orders, fill_waiting_orders
from fulfillment.services.held_claims import wake_claims
from fulfillment.services.papers import request_packing_slips, request_pick_lists
from fulfillment.services.promises import (
    keep_promises,
    keep_promises_of_products,
    keep_promises_of_shipments,
    keep_promises_of_warehouses,
)
from fulfillment.services.reroute import reroute_rejected
from fulfillment.services.route import route_orders
from fulfillment.services.search_terms import add_shipment_terms
from inventory.events import IncomingChanged, StockArrived, WarehouseDaysChanged
from oms.core.actors import SYSTEM
from orders.events import (
    OrderCanceled,
    OrderLinesCanceled,
    OrderPlaced,
    OrderReleasedForRouting,
)


def route_placed(
    events: Sequence[OrderPlaced | OrderReleasedForRouting | UnitsReopened],
) -> None:
    """Route the orders; those that are held or were routed meanwhile are skipped."""
    route_orders([event.order_id for event in events], actor=SYSTEM)


def wake_released(events: Sequence[OrderReleasedForRouting]) -> None:
    """Claims that rested while the orders were held bind again."""
    wake_claims(order_ids={event.order_id for event in events}, actor=SYSTEM)


def fill_from_arrivals(events: Sequence[StockArrived]) -> None:
    """Route the orders that waited for what came."""
    products = {product_id for event in events for product_id in event.product_ids}
    fill_waiting_orders(product_ids=products, actor=SYSTEM)


def fill_from_cancellations(events: Sequence[OrderCanceled | OrderLinesCanceled]) -> None:
    """Route the orders that waited behind what was canceled."""
    fill_from_orders(order_ids={event.order_id for event in events}, actor=SYSTEM)


def find_another_warehouse(events: Sequence[UnitsRejected]) -> None:
    """Route what a warehouse rejected to others."""
    reroute_rejected(events, actor=SYSTEM)


def fill_from_lifted(events: Sequence[ExclusionLifted]) -> None:
    """Route the orders that wait for what a warehouse may ship again."""
    products = {event.product_id for event in events if event.product_id is not None}
    every = any(event.product_id is None for event in events)
    fill_waiting_orders(product_ids=None if every else products, actor=SYSTEM)


def make_findable(events: Sequence[OrderRouted]) -> None:
    """Let the orders be found by the numbers of their new shipments."""
    add_shipment_terms([event.order_id for event in events])


def free_capacity(events: Sequence[ShipmentCanceled]) -> None:
    """Let others have the places of canceled shipments."""
    give_back_capacity(shipment_ids=[event.shipment_id for event in events], actor=SYSTEM)


def decide_in_shadow(events: Sequence[ShadowAsked]) -> None:
    """Let the rule set in the shadow decide what was routed."""
    shadow.decide_in_shadow(batch_ids=[event.batch_id for event in events], actor=SYSTEM)


def draw_pick_lists(events: Sequence[ShipmentReleased]) -> None:
    """Have the pick lists of released shipments drawn."""
    request_pick_lists([event.shipment_id for event in events], actor=SYSTEM)


def draw_packing_slips(events: Sequence[ShipmentPacked]) -> None:
    """Have the packing slips of packed shipments drawn."""
    request_packing_slips([event.shipment_id for event in events], actor=SYSTEM)


def keep_promises_of_orders(
    events: Sequence[
        OrderRouted | UnitsReopened | UnitsRejected | OrderCanceled | OrderLinesCanceled
    ],
) -> None:
    """Work out anew when the lines of the orders come."""
    keep_promises({event.order_id for event in events}, actor=SYSTEM)


def keep_promises_of_parcels(events: Sequence[ParcelShipped | ParcelUnshipped]) -> None:
    """Lines whose units have left are owed no more; those that came back are."""
    keep_promises_of_shipments({event.shipment_id for event in events}, actor=SYSTEM)


def keep_promises_of_goods(events: Sequence[IncomingChanged | StockArrived]) -> None:
    """Work out anew when those come who wait for these products."""
    products = {product_id for event in events for product_id in event.product_ids}
    keep_promises_of_products(products, actor=SYSTEM)


def keep_promises_of_days(events: Sequence[WarehouseDaysChanged]) -> None:
    """Work out anew what leaves from warehouses that work on other days."""
    keep_promises_of_warehouses({event.warehouse_id for event in events}, actor=SYSTEM)
