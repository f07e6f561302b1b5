"""Loads what the planner looks at: locked orders with their open units, and the stock for them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from django.db import connection

from fulfillment.plans import Demand, LineDemand, Site, Stock
from inventory.models import Product
from inventory.selectors.supply import supply_for
from oms.core.distance import Position
from oms.core.stored import StoredStatement
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
        return _position(self.latitude, self.longitude)


class Policy(NamedTuple):
    """What a customer agrees to."""

    allows_partial_shipment: bool
    allows_backorder: bool


@dataclass(frozen=True, slots=True)
class Batch:
    """Locked orders by key, their lines with units to route, and the counters of all their lines."""

    orders: dict[int, Order]
    policies: dict[int, Policy]
    lines: dict[int, list[OpenLine]]
    units: dict[int, Units]

    def demands(self, order_ids: Sequence[int]) -> list[Demand]:
        return [_demand(self.orders[pk], self.policies[pk], self.lines[pk]) for pk in order_ids]

    def lines_of(self, order_ids: Sequence[int]) -> list[OpenLine]:
        return [line for pk in order_ids for line in self.lines[pk]]


def lock_batch(order_ids: Sequence[int]) -> Batch:
    """The orders, then their lines: locked in key order, two statements.

    In SQL, because the ORM takes longer to compile these two than the database to run them.
    """
    found = LOCK_ORDERS.run(sorted(set(order_ids)))
    orders = {row[0]: Order.from_db("default", _COLUMNS, row[:-2]) for row in found}
    rows = [OpenLine(*row) for row in LOCK_LINES.run(sorted(orders))]
    policies = {row[0]: Policy(*row[-2:]) for row in found}
    lines: dict[int, list[OpenLine]] = defaultdict(list)
    for line in rows:
        lines[line.order_id].append(line)
    units = {pk: _units(of_order) for pk, of_order in lines.items()}
    wanted = {pk: [x for x in of_order if x.wanted] for pk, of_order in lines.items()}
    return Batch(orders, policies, wanted, units)


_ORDER_COLUMNS = {
    "id": "bigint",
    "number": "varchar",
    "status": "varchar",
    "fulfillment_status": "varchar",
    "routing_holds": "smallint",
    "placed_at": "timestamptz",
    "ship_to_id": "bigint",
    "customer_id": "bigint",
    "priority": "smallint",
    "locale": "varchar",
}
_COLUMNS = [x.attname for x in Order._meta.concrete_fields if x.attname in _ORDER_COLUMNS]

LOCK_ORDERS = StoredStatement(
    "fulfillment_lock_orders",
    {"order_ids": "bigint[]"},
    ", ".join(f"{name} {_ORDER_COLUMNS[name]}" for name in _COLUMNS)
    + ", allows_partial_shipment boolean, allows_backorder boolean",
    f"""
SELECT {", ".join(f"orders_order.{name}" for name in _COLUMNS)},
  customer.allows_partial_shipment, customer.allows_backorder
FROM orders_order CROSS JOIN LATERAL (SELECT * FROM orders_customer
  WHERE id = orders_order.customer_id OFFSET 0) customer
WHERE orders_order.id = ANY(order_ids)
ORDER BY orders_order.id FOR NO KEY UPDATE OF orders_order""",  # noqa: S608 - our own column names
)


def _units(lines: Sequence[OpenLine]) -> Units:
    return Units(*(sum(getattr(line, state) for line in lines) for state in Units._fields))


# OFFSET 0 and + 0 keep the planner from other ways than by the lines of the orders.
LOCK_LINES = StoredStatement(
    "fulfillment_lock_lines",
    {"order_ids": "bigint[]"},
    "line_id bigint, order_id bigint, product_id bigint, open int, allocated int, backordered int,"
    " shipped int, canceled int, ship_to_id bigint, kit_id bigint, per_set int,"
    " latitude float, longitude float, backorder_cap int, has_case boolean",
    """
SELECT line.id, line.order_id, line.product_id, line.open, line.allocated, line.backordered,
  line.shipped, line.canceled, address.id, line.parent_id, line.ordered / kit.sets,
  address.latitude, address.longitude, product.backorder_cap,
  EXISTS (SELECT FROM core_case stuck
          WHERE stuck.dedupe_key = 'route:' || line.order_id AND stuck.closed_at IS NULL)
FROM orders_orderline line
CROSS JOIN LATERAL (SELECT ship_to_id FROM orders_order WHERE id = line.order_id OFFSET 0) head
CROSS JOIN LATERAL (SELECT * FROM orders_orderaddress
  WHERE id = COALESCE(line.ship_to_id, head.ship_to_id) OFFSET 0) address
CROSS JOIN LATERAL (SELECT backorder_cap FROM inventory_product
  WHERE id = line.product_id OFFSET 0) product
LEFT JOIN LATERAL (SELECT sets FROM orders_orderline WHERE id = line.parent_id OFFSET 0) kit ON true
WHERE line.order_id = ANY(order_ids) AND line.kind <> 'kit'
ORDER BY line.id + 0 FOR NO KEY UPDATE OF line""",
)


def _demand(order: Order, policy: Policy, lines: Sequence[OpenLine]) -> Demand:
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
        allows_partial_shipment=policy.allows_partial_shipment,
        allows_backorder=policy.allows_backorder,
    )


def load_sites() -> list[Site]:
    """All warehouses; those that are not active show in the trace only."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id, code, priority, latitude, longitude, is_active FROM inventory_warehouse"
        )
        rows = cursor.fetchall()
    return [
        Site(pk, code, priority, _position(latitude, longitude), is_active)
        for pk, code, priority, latitude, longitude, is_active in rows
    ]


def _position(latitude: float | None, longitude: float | None) -> Position | None:
    return None if latitude is None or longitude is None else Position(latitude, longitude)


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
