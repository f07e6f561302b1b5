"""Which warehouses ship an order: plain data in, plans with their reasons out.

The nearest warehouse that can ship everything gets the order. Where none can, as few warehouses as
possible do; ties go to the shorter way (kilometers times units), then to the warehouses' priority. What
nobody can ship is backordered, or stays open, as the customer's policy and the products' caps say.

Orders of a batch are planned one after the other, by priority and then by rank: each takes from the
supply in memory, and what it could not get keeps binding those of a later rank, as the claims of
others do.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from itertools import accumulate
from typing import Any

from fulfillment.plans import (
    Demand,
    LineDemand,
    Plan,
    PlannedLine,
    PlannedShipment,
    Site,
    Stock,
)
from fulfillment.sourcing import Leg, plan_leg
from oms.core.distance import Position, great_circle_km

__all__ = [
    "Demand",
    "LineDemand",
    "Plan",
    "PlannedLine",
    "PlannedShipment",
    "Site",
    "Stock",
    "plan",
]


def plan(demands: Iterable[Demand], stock: Stock, sites: Sequence[Site]) -> list[Plan]:
    """Decide for every order, in order of priority and rank; takes from ``stock`` as it goes."""
    planner = _Planner(stock, sites)
    ordered = sorted(demands, key=lambda d: (-d.priority, d.rank_at, d.order_id))
    return [planner.plan(demand) for demand in ordered]


def _distance(a: Position | None, b: Position | None) -> float:
    return math.inf if a is None or b is None else great_circle_km(a, b)


class _Planner:
    def __init__(self, stock: Stock, sites: Sequence[Site]) -> None:
        self.stock = stock
        self.sites = [site for site in sites if site.is_active]
        self.inactive = [site for site in sites if not site.is_active]
        self.total = {p: self._sum(levels) for p, levels in stock.usable.items()}
        self.waiting: dict[int, list[tuple[datetime, int]]] = defaultdict(list)
        self.ranks: dict[int, tuple[list[datetime], list[int]]] = {}
        self.ways: dict[Position | None, list[tuple[float, Site]]] = {}

    def plan(self, demand: Demand) -> Plan:
        room = {p: self._promisable(p, demand) for p in {x.product_id for x in demand.lines}}
        claimed = {
            str(p): there - may for p, may in room.items() if may < (there := self.total.get(p, 0))
        }
        taken: dict[tuple[int, int], int] = defaultdict(int)
        legs: list[Leg] = []
        for ship_to, lines in _by_address(demand.lines).items():
            way = self._way(demand.destinations.get(ship_to))
            legs.append(plan_leg(ship_to, lines, way, self.stock.usable, room, taken))
        shipments = [shipment for leg in legs for shipment in leg.shipments]
        missing = _missing(demand.lines, shipments)
        whole = bool(missing) and not demand.allows_partial_shipment
        if whole:
            shipments, missing = [], {x.line_id: x.quantity for x in demand.lines}
        else:
            self._take(taken)
        backordered, left_open = self._postpone(demand, missing, whole=whole)
        verdict = _verdict(demand, shipments, backordered, left_open, legs)
        trace = self._trace(demand, legs, claimed, verdict)
        return Plan(demand.order_id, shipments, backordered, left_open, verdict, trace)

    def _sum(self, levels: Mapping[int, int]) -> int:
        return sum(levels.get(site.id, 0) for site in self.sites)

    def _promisable(self, product_id: int, demand: Demand) -> int:
        """What is there, less what others claimed before this order."""
        earlier = 0
        if claims := self.stock.claims.get(product_id):
            if product_id not in self.ranks:
                ranked = sorted(claims)
                sums = [0, *accumulate(quantity for _, quantity in ranked)]
                self.ranks[product_id] = [at for at, _ in ranked], sums
            ranks, sums = self.ranks[product_id]
            earlier = sums[bisect_left(ranks, demand.rank_at)]
        earlier += sum([n for at, n in self.waiting[product_id] if at < demand.rank_at])
        return max(0, self.total.get(product_id, 0) - earlier)

    def _way(self, destination: Position | None) -> list[tuple[float, Site]]:
        """The sites by distance; unknown places are infinitely far, then priority decides."""
        if destination not in self.ways:
            self.ways[destination] = sorted(
                ((_distance(destination, site.position), site) for site in self.sites),
                key=lambda each: (each[0], each[1].priority, each[1].id),
            )
        return self.ways[destination]

    def _take(self, taken: Mapping[tuple[int, int], int]) -> None:
        for (product_id, warehouse_id), quantity in taken.items():
            self.stock.usable[product_id][warehouse_id] -= quantity
            self.total[product_id] -= quantity

    def _postpone(
        self, demand: Demand, missing: dict[int, int], *, whole: bool
    ) -> tuple[dict[int, int], dict[int, int]]:
        """Split what is not shipped now into backorder and open units; both keep their claim."""
        product = {line.line_id: line.product_id for line in demand.lines}
        backordered = self._owed(missing, product) if demand.allows_backorder else {}
        if whole and backordered != missing:
            backordered = {}
        room = self.stock.backorder_room
        for line, units in backordered.items():
            if product[line] in room:
                room[product[line]] -= units
        for line, units in missing.items():
            self.waiting[product[line]].append((demand.rank_at, units))
        left = {line: units - backordered.get(line, 0) for line, units in missing.items()}
        return backordered, {line: units for line, units in left.items() if units}

    def _owed(self, missing: dict[int, int], product: dict[int, int]) -> dict[int, int]:
        """As much of what is missing as the products' caps let us owe."""
        room = dict(self.stock.backorder_room)
        owed = {}
        for line, units in missing.items():
            may = min(units, max(0, room.get(product[line], units)))
            if may:
                owed[line] = may
            if product[line] in room:
                room[product[line]] -= may
        return owed

    def _trace(
        self, demand: Demand, legs: list[Leg], claimed: dict[str, int], verdict: str
    ) -> dict[str, Any]:
        idle = [{"warehouse": site.code, "verdict": "Not active."} for site in self.inactive]
        trace: dict[str, Any] = {
            "units": sum(line.quantity for line in demand.lines),
            "legs": [{"candidates": leg.candidates + idle, "verdict": leg.verdict} for leg in legs],
            "verdict": verdict,
        }
        if claimed:
            trace["claimed_earlier"] = claimed
        return trace


def _by_address(lines: Sequence[LineDemand]) -> dict[int, list[LineDemand]]:
    groups: dict[int, list[LineDemand]] = {}
    for line in lines:
        groups.setdefault(line.ship_to_id, []).append(line)
    return groups


def _missing(lines: Sequence[LineDemand], shipments: list[PlannedShipment]) -> dict[int, int]:
    left = {line.line_id: line.quantity for line in lines}
    for shipment in shipments:
        for planned in shipment.lines:
            left[planned.line_id] -= planned.quantity
    return {line: units for line, units in left.items() if units}


def _verdict(
    demand: Demand,
    shipments: list[PlannedShipment],
    backordered: dict[int, int],
    left_open: dict[int, int],
    legs: list[Leg],
) -> str:
    said = []
    if shipments:
        count = len(shipments)
        said.append("Ships from one warehouse." if count == 1 else f"Ships in {count} shipments.")
    elif any(leg.shipments for leg in legs):
        said.append("The customer takes no part shipments and not everything is there.")
    else:
        said.append("Nothing can be shipped now.")
    if backordered:
        said.append(f"{sum(backordered.values())} units are backordered.")
    if left_open:
        why = (
            "the backorder cap is reached"
            if demand.allows_backorder
            else "the customer takes no backorders"
        )
        said.append(f"{sum(left_open.values())} units stay open: {why}.")
    return " ".join(said)
