"""What promises are worked out from: lines with units that are owed, shipments, supply, offers."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, NamedTuple

from django.db import connection

from fulfillment.promising import Arrival, Reach, Trip, due, ready_date
from fulfillment.rating import Load, OfferBook, load
from fulfillment.selectors.docks import Gate, load_gates
from fulfillment.selectors.offers import load_offers
from inventory.selectors.incoming import incoming
from inventory.selectors.supply import Supply, supply_for


class OwedLine(NamedTuple):
    """A line of a placed order, and what was said about it before."""

    line_id: int
    order_id: int
    parent_id: int | None
    product_id: int
    sku: str
    waiting: int
    allocated: int
    ship_to_id: int
    needed_by: date | None
    rank_at: datetime
    is_whole: bool
    is_held: bool
    preorder: date | None
    weight_kg: float
    volume_l: float
    length_mm: int
    promised: date | None
    expected: date | None
    is_known: bool

    @property
    def is_owed(self) -> bool:
        return bool(self.waiting or self.allocated)

    def cargo(self, units: int) -> Load:
        return load(self.weight_kg * units, self.volume_l * units, self.length_mm)


class Leaving(NamedTuple):
    """Units of a line on a shipment that has not left."""

    line_id: int
    units: int
    number: str
    warehouse_id: int
    ships_on: date | None
    arrives_on: date | None
    service: str


@dataclass(frozen=True)
class PromiseFacts:
    """Everything that the promises of a batch of orders hang on, at one moment."""

    now: datetime
    lines: list[OwedLine]
    leaving: dict[int, list[Leaving]]
    supply: Supply
    arrivals: dict[int, list[Arrival]]
    gates: dict[int, Gate]
    offers: OfferBook

    @property
    def codes(self) -> dict[int, str]:
        return {pk: gate.code for pk, gate in self.gates.items() if gate.is_active}

    def reach(self, line: OwedLine, units: int) -> Reach:
        """How these units of a line get from a warehouse to the customer."""
        cargo, needed_by = line.cargo(units), line.promised or line.needed_by

        def trip(site_id: int, begin: date | None) -> Trip | None:
            gate = self.gates.get(site_id)
            if gate is None or not gate.is_active:
                return None
            ready = ready_date(self.now, gate.dock, not_before=begin)
            if ready is None:
                return None
            offer = self.offers.best_from(site_id, line.ship_to_id, cargo, ready, needed_by)
            return Trip(offer.ships_on, offer.arrives_on, offer.label) if offer else Trip(ready)

        return trip


def load_facts(order_ids: Collection[int], *, now: datetime) -> PromiseFacts:
    """Eight statements, however many orders."""
    lines = [OwedLine(*row) for row in _read(_LINES, [list(set(order_ids))])]
    leaving: dict[int, list[Leaving]] = defaultdict(list)
    for row in _read(_LEAVING, [[line.line_id for line in lines if line.allocated]]):
        leaving[row[0]].append(Leaving(*row))
    waiting = {line.product_id for line in lines if line.waiting}
    gates = load_gates(now)
    coming = incoming(waiting)
    return PromiseFacts(
        now=now,
        lines=lines,
        leaving=leaving,
        supply=supply_for(waiting),
        arrivals={pk: due(_arrivals(coming.get(pk, [])), now.date()) for pk in waiting},
        gates=gates,
        offers=load_offers({line.ship_to_id for line in lines}, now=now, gates=gates),
    )


def _arrivals(coming: Iterable[Any]) -> list[Arrival]:
    return [Arrival(each.on, each.quantity, each.warehouse_id, each.source) for each in coming]


def _read(sql: str, params: list[Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        return list(cursor.fetchall())


_LINES = """
SELECT line.id, line.order_id, line.parent_id, line.product_id, product.sku,
  CASE WHEN head.status IN ('placed', 'in_fulfillment') THEN line.open + line.backordered ELSE 0 END,
  CASE WHEN head.status IN ('placed', 'in_fulfillment') THEN line.allocated ELSE 0 END,
  COALESCE(line.ship_to_id, head.ship_to_id), COALESCE(line.requested_date, head.requested_date),
  head.placed_at, NOT customer.allows_partial_shipment, head.routing_holds > 0,
  product.preorder_date, COALESCE(product.weight_kg, 0)::float,
  COALESCE(product.length_mm::float * product.width_mm * product.height_mm / 1e6, 0),
  COALESCE(GREATEST(product.length_mm, product.width_mm, product.height_mm), 0),
  promise.promised_date, promise.expected_date, promise.id IS NOT NULL
FROM orders_order head
JOIN orders_orderline line ON line.order_id = head.id AND line.kind <> 'kit'
JOIN orders_customer customer ON customer.id = head.customer_id
JOIN inventory_product product ON product.id = line.product_id
LEFT JOIN fulfillment_linepromise promise ON promise.order_line_id = line.id
WHERE head.id = ANY(%s) AND head.placed_at IS NOT NULL
ORDER BY head.placed_at, line.id"""

_LEAVING = """
SELECT line.order_line_id, line.quantity - line.shipped, shipment.number, shipment.warehouse_id,
  shipment.ships_on, shipment.arrives_on,
  COALESCE(carrier.title || ' ' || service.title, '')
FROM fulfillment_shipmentline line
JOIN fulfillment_shipment shipment ON shipment.id = line.shipment_id
LEFT JOIN fulfillment_carrierservice service ON service.id = shipment.service_id
LEFT JOIN fulfillment_carrier carrier ON carrier.id = service.carrier_id
WHERE line.order_line_id = ANY(%s) AND line.quantity > line.shipped
  AND shipment.status IN ('planned', 'released', 'picking', 'picked', 'packed')
ORDER BY line.order_line_id, shipment.id"""
