"""Locks orders with their open units, and puts them as the planner reads them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from django.conf import settings

from fulfillment.plans import Demand, LineDemand
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
    country: str
    postcode: str
    has_cap: bool
    preorder_date: date | None
    weight_kg: float
    volume_l: float
    length_mm: int
    ship_group: str
    promised_date: date | None
    has_case: bool

    @property
    def wanted(self) -> int:
        return self.open + self.backordered

    @property
    def position(self) -> Position | None:
        return _position(self.latitude, self.longitude)


class Policy(NamedTuple):
    """Who the customer is, b2b or b2c, and what he agrees to."""

    profile: str
    allows_partial_shipment: bool
    allows_backorder: bool


@dataclass(frozen=True, slots=True)
class Batch:
    """Locked orders by key, their lines with units to route, and the counters of all their lines."""

    orders: dict[int, Order]
    policies: dict[int, Policy]
    lines: dict[int, list[OpenLine]]
    units: dict[int, Units]

    def demands(self, order_ids: Sequence[int], *, today: date) -> list[Demand]:
        """What the planner is asked for. The channels' stock shares are added where rules keep them."""
        return [
            _demand(self.orders[pk], self.policies[pk], self.lines[pk], today) for pk in order_ids
        ]

    def lines_of(self, order_ids: Sequence[int]) -> list[OpenLine]:
        return [line for pk in order_ids for line in self.lines[pk]]


def lock_batch(order_ids: Sequence[int]) -> Batch:
    """The orders, then their lines: locked in key order, two statements.

    In SQL, because the ORM takes longer to compile these two than the database to run them.
    """
    found = LOCK_ORDERS.run(sorted(set(order_ids)))
    orders = {row[0]: Order.from_db("default", _COLUMNS, row[:-3]) for row in found}
    rows = [OpenLine(*row) for row in LOCK_LINES.run(sorted(orders))]
    policies = {row[0]: Policy(*row[-3:]) for row in found}
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
    "channel_id": "bigint",
    "currency": "varchar",
    "total_amount": "numeric",
    "requested_date": "date",
    "tags": "varchar[]",
}
_COLUMNS = [x.attname for x in Order._meta.concrete_fields if x.attname in _ORDER_COLUMNS]

LOCK_ORDERS = StoredStatement(
    "fulfillment_lock_orders",
    {"order_ids": "bigint[]"},
    ", ".join(f"{name} {_ORDER_COLUMNS[name]}" for name in _COLUMNS)
    + ", kind varchar, allows_partial_shipment boolean, allows_backorder boolean",
    f"""
SELECT {", ".join(f"orders_order.{name}" for name in _COLUMNS)},
  customer.kind, customer.allows_partial_shipment, customer.allows_backorder
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
    " latitude float, longitude float, country varchar, postcode varchar, has_cap boolean,"
    " preorder_date date, weight_kg float, volume_l float, length_mm int, ship_group varchar,"
    " promised_date date,"
    " has_case boolean",
    """
SELECT line.id, line.order_id, line.product_id, line.open, line.allocated, line.backordered,
  line.shipped, line.canceled, address.id, line.parent_id, line.ordered / kit.sets,
  address.latitude, address.longitude, address.country, address.postcode,
  product.backorder_cap IS NOT NULL OR EXISTS (SELECT FROM inventory_stocklevel capped
    WHERE capped.product_id = product.id AND capped.backorder_cap IS NOT NULL),
  product.preorder_date, COALESCE(product.weight_kg, 0)::float,
  COALESCE(product.length_mm::float * product.width_mm * product.height_mm / 1e6, 0),
  COALESCE(greatest(product.length_mm, product.width_mm, product.height_mm), 0),
  (SELECT grouped.ship_group FROM inventory_product grouped
   WHERE grouped.id = COALESCE(kit.product_id, line.product_id)),
  (SELECT promise.promised_date FROM fulfillment_linepromise promise
   WHERE promise.order_line_id = line.id),
  EXISTS (SELECT FROM core_case stuck
          WHERE stuck.dedupe_key = 'route:' || line.order_id AND stuck.closed_at IS NULL)
FROM orders_orderline line
CROSS JOIN LATERAL (SELECT ship_to_id FROM orders_order WHERE id = line.order_id OFFSET 0) head
CROSS JOIN LATERAL (SELECT * FROM orders_orderaddress
  WHERE id = COALESCE(line.ship_to_id, head.ship_to_id) OFFSET 0) address
CROSS JOIN LATERAL (SELECT * FROM inventory_product
  WHERE id = line.product_id OFFSET 0) product
LEFT JOIN LATERAL (SELECT sets, product_id FROM orders_orderline
  WHERE id = line.parent_id OFFSET 0) kit ON true
WHERE line.order_id = ANY(order_ids) AND line.kind <> 'kit'
ORDER BY line.id + 0 FOR NO KEY UPDATE OF line""",
)


def _demand(order: Order, policy: Policy, lines: Sequence[OpenLine], today: date) -> Demand:
    if order.placed_at is None:
        raise RuntimeError(f"{order} is no draft and was never placed.")
    return Demand(
        order_id=order.pk,
        rank_at=order.placed_at,
        lines=[_line(line, today) for line in lines],
        destinations={line.ship_to_id: line.position for line in lines},
        priority=order.priority,
        allows_partial_shipment=policy.allows_partial_shipment,
        allows_backorder=policy.allows_backorder,
        channel_id=order.channel_id,
        profile=policy.profile,
        countries=frozenset(line.country for line in lines),
        value=company_value(order.total_amount, order.currency),
        tags=frozenset(order.tags),
        requested_date=order.requested_date,
    )


def _line(line: OpenLine, today: date) -> LineDemand:
    preorder = line.preorder_date
    return LineDemand(
        line.line_id,
        line.product_id,
        line.wanted,
        line.ship_to_id,
        line.kit_id,
        line.per_set or 1,
        line.weight_kg,
        line.volume_l,
        line.length_mm,
        line.promised_date,
        preorder if preorder and preorder > today else None,
        line.ship_group,
    )


def company_value(amount: Decimal, currency: str) -> Decimal:
    """An amount in the company's currency; one without an exchange rate counts as it stands."""
    if currency == settings.COMPANY_CURRENCY:
        return amount
    rates: dict[str, Decimal] = settings.EXCHANGE_RATES
    return amount * rates.get(currency, Decimal(1))


def _position(latitude: float | None, longitude: float | None) -> Position | None:
    return None if latitude is None or longitude is None else Position(latitude, longitude)
