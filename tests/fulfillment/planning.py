"""A small world for the planner: warehouses, orders, offers, all plain data."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from fulfillment.plans import Demand, LineDemand, Offer, Plan, Site, Stock
from fulfillment.routing import plan
from fulfillment.rules import Rule, RuleSet
from oms.core.distance import Position

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
TODAY = NOW.date()
PARIS = Position(48.8566, 2.3522)
BERLIN = Site(1, "BER", position=Position(52.52, 13.405))
LYON = Site(2, "LYS", position=Position(45.764, 4.8357))
MADRID = Site(3, "MAD", position=Position(40.4168, -3.7038))
SITES = [BERLIN, LYON, MADRID]
A, B, C = 101, 102, 103


def order(
    *lines: tuple[int, int],
    order_id: int = 1,
    to: Position | None = PARIS,
    minutes: int = 0,
    line: dict[str, Any] | None = None,
    **facts: Any,
) -> Demand:
    """An order of (product, quantity); ``line`` holds facts of every line."""
    demands = [
        LineDemand(order_id * 10 + i, p, q, **(line or {})) for i, (p, q) in enumerate(lines)
    ]
    return Demand(order_id, NOW + timedelta(minutes=minutes), demands, {0: to}, **facts)


def rules(*found: Rule) -> RuleSet:
    """A set of these rules, numbered from 1."""
    return RuleSet(1, "Rules", tuple(replace(rule, id=n) for n, rule in enumerate(found, start=1)))


def shipped(decision: Plan) -> dict[int, dict[int, int]]:
    """Warehouse → product → units."""
    found: dict[int, dict[int, int]] = defaultdict(lambda: defaultdict(int))
    for shipment in decision.shipments:
        for planned in shipment.lines:
            found[shipment.warehouse_id][planned.product_id] += planned.quantity
    return {warehouse: dict(goods) for warehouse, goods in found.items()}


ANY = Rule(1, "Any")


def decide(demand: Demand, stock: Stock, *found: Rule, **facts: Any) -> Plan:
    """The plan of one order by these rules."""
    [decision] = plan([demand], stock, facts.pop("sites", SITES), rules(*found), **facts)
    return decision


def out(decision: Plan) -> list[list[Any]]:
    """Which warehouses were no candidates, and why."""
    return decision.trace["legs"][0]["out"]  # type: ignore[no-any-return]


def lost(decision: Plan) -> dict[str, list[Any]]:
    """Who lost, by what."""
    candidates = decision.trace["legs"][0]["candidates"]
    return {each["site"]: each["lost"] for each in candidates if "lost" in each}


class Tariff:
    """One carrier: a price by warehouse and weight, and a number of days by warehouse."""

    def __init__(
        self, cost: Callable[[int, float], float], days: Callable[[int], int] = lambda _: 1
    ) -> None:
        self.cost, self.days = cost, days

    def best(
        self,
        site_id: int,
        ship_to_id: int,  # noqa: ARG002
        weight_kg: Decimal | float,
        volume_l: float,  # noqa: ARG002
        needed_by: date | None,
        length_mm: int = 0,  # noqa: ARG002
    ) -> Offer:
        arrives = TODAY + timedelta(days=self.days(site_id))
        return Offer(
            service_id=site_id,
            label=f"Parcel {site_id}",
            cost=Decimal(str(self.cost(site_id, float(weight_kg)))),
            currency="EUR",
            transit_days=self.days(site_id),
            ships_on=TODAY,
            arrives_on=arrives,
            is_in_time=needed_by is None or arrives <= needed_by,
        )
