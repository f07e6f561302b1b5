"""Loads what the planner looks at: locked orders with their open units, and the stock for them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from django.db import connection

from fulfillment.plans import Demand, LineDemand, Site, Stock
from inventory.models import Product, Warehouse
from inventory.selectors.supply import supply_for
from oms.core.distance import Position
from orders.models import Order
from orders.statuses import Units

DEMAND_KIND = "order_line"


class OpenLine(NamedTuple):
    """An order line with units that no shipment has yet."""

    line_id: int
    order_id: int
    product_id: int
    open: int
    allocated: int
    backordered: int
    shipped: int
    canceled: int
    ship_to_id: int
    kit_id: int | None
    per_set: int | None
    latitude: float | None
    longitude: float | None
    backorder_cap: int | None
    has_case: bool

    @property
    def wanted(self) -> int:
        return self.open + self.backordered

    @property
    def position(self) -> Position | None:
        if self.latitude is None or self.longitude is None:
            return None
        return Position(self.latitude, self.longitude)


@dataclass(frozen=True, slots=True)
class Batch:
    """Locked orders by key, their lines with units to route, and the counters of all their lines."""

    orders: dict[int, Order]
    lines: dict[int, list[OpenLine]]
    units: dict[int, Units]

    def demands(self, order_ids: Sequence[int]) -> list[Demand]:
        return [_demand(self.orders[pk], self.lines[pk]) for pk in order_ids]

    def lines_of(self, order_ids: Sequence[int]) -> list[OpenLine]:
        return [line for pk in order_ids for line in self.lines[pk]]


def lock_batch(order_ids: Sequence[int]) -> Batch:
    """The orders, then their lines: locked in key order, two statements."""
    found = Order.objects.select_related("customer").only(
        "number",
        "status",
        "routing_holds",
        "priority",
        "placed_at",
        "ship_to_id",
        "locale",
        "fulfillment_status",
        "customer__allows_partial_shipment",
        "customer__allows_backorder",
    )
    orders = {order.pk: order for order in found.lock_all(order_ids)}
    with connection.cursor() as cursor:
        cursor.execute(_LINES, [sorted(orders)])
        rows = [OpenLine(*row) for row in cursor.fetchall()]
    lines: dict[int, list[OpenLine]] = defaultdict(list)
    for line in rows:
        lines[line.order_id].append(line)
    units = {pk: _units(of_order) for pk, of_order in lines.items()}
    wanted = {pk: [x for x in of_order if x.wanted] for pk, of_order in lines.items()}
    return Batch(orders, wanted, units)


def _units(lines: Sequence[OpenLine]) -> Units:
    return Units(*(sum(getattr(line, state) for line in lines) for state in Units._fields))


_LINES = """
SELECT line.id, line.order_id, line.product_id, line.open, line.allocated, line.backordered,
  line.shipped, line.canceled, address.id, line.parent_id, line.ordered / kit.sets,
  address.latitude, address.longitude, product.backorder_cap,
  EXISTS (SELECT FROM core_case stuck
          WHERE stuck.dedupe_key = 'route:' || line.order_id AND stuck.closed_at IS NULL)
FROM orders_orderline line
JOIN orders_order ON orders_order.id = line.order_id
JOIN orders_orderaddress address ON address.id = COALESCE(line.ship_to_id, orders_order.ship_to_id)
JOIN inventory_product product ON product.id = line.product_id
LEFT JOIN orders_orderline kit ON kit.id = line.parent_id
WHERE line.order_id = ANY(%s) AND line.kind <> 'kit'
ORDER BY line.id FOR NO KEY UPDATE OF line"""


def _demand(order: Order, lines: Sequence[OpenLine]) -> Demand:
    if order.placed_at is None:
        raise RuntimeError(f"{order} is no draft and was never placed.")
    return Demand(
        order_id=order.pk,
        rank_at=order.placed_at,
        lines=[
            LineDemand(
                line.line_id,
                line.product_id,
                line.wanted,
                line.ship_to_id,
                line.kit_id,
                line.per_set or 1,
            )
            for line in lines
        ],
        destinations={line.ship_to_id: line.position for line in lines},
        priority=order.priority,
        allows_partial_shipment=order.customer.allows_partial_shipment,
        allows_backorder=order.customer.allows_backorder,
    )


def load_sites() -> list[Site]:
    """All warehouses; those that are not active show in the trace only."""
    columns = ("pk", "code", "priority", "latitude", "longitude", "is_active")
    return [
        Site(
            pk,
            code,
            priority,
            None if lat is None or lon is None else Position(lat, lon),
            is_active,
        )
        for pk, code, priority, lat, lon, is_active in Warehouse.objects.values_list(*columns)
    ]


def load_stock(lines: Sequence[OpenLine]) -> Stock:
    """What may be promised to these lines, with the claims of everybody else."""
    owed_to_us: dict[int, int] = defaultdict(int)
    for line in lines:
        owed_to_us[line.product_id] += line.backordered
    if capped := {line.product_id for line in lines if line.backorder_cap is not None}:
        Product.objects.only("pk").lock_all(capped)  # so that no two count the same room
    supply = supply_for(owed_to_us.keys(), demand_ids=[line.line_id for line in lines])
    stock = Stock({})
    claims: dict[int, list[tuple[datetime, int]]] = {}
    for product_id, of_us in owed_to_us.items():
        product = supply.of(product_id)
        stock.usable[product_id] = {pk: level.free for pk, level in product.levels.items()}
        claims[product_id] = [(claim.rank_at, claim.quantity) for claim in product.claims]
        if product.backorder_cap is not None:
            room = product.backorder_cap - product.backordered + of_us
            stock.backorder_room[product_id] = max(0, room)
    stock.claims = claims
    return stock
