"""Which warehouses ship an order: plain data in, plans with their reasons out.

The first rule that matches an order decides which warehouses may ship it and in which preference. They
ship as much as can be had at all; by the house's own rule that means as few warehouses as possible,
then the shorter way (kilometers times units), then the warehouses' priority. What nobody can
ship is backordered, stays open, or hands the order to the next rule, as the rule, the customer's policy
and the caps say.

Orders of a batch are planned one after the other, by priority and then by rank: each takes from the
supply and the capacities in memory, and what it could not get keeps binding those of a later rank,
as the claims of others do.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from fulfillment import explaining
from fulfillment.candidates import Candidates, Way
from fulfillment.plans import Demand, LineDemand, Offers, Plan, PlannedShipment, Site, Stock
from fulfillment.preference import Scale
from fulfillment.rules import LAST_RULE, NO_RULES, Otherwise, Rule, RuleSet
from fulfillment.sourcing import Leg, Task, plan_leg
from fulfillment.supply import Debt, Supply

__all__ = ["Demand", "LineDemand", "Plan", "Site", "Stock", "plan"]


def plan(
    demands: Iterable[Demand],
    stock: Stock,
    sites: Sequence[Site],
    rules: RuleSet = NO_RULES,
    offers: Offers | None = None,
    *,
    in_given_order: bool = False,
) -> list[Plan]:
    """Decide for every order, in order of priority and rank (or as they are given); takes from
    ``stock`` as it goes.
    """
    planner = _Planner(stock, sites, rules, offers)
    ordered = list(demands)
    if not in_given_order:
        ordered.sort(key=lambda d: (-d.priority, d.rank_at, d.order_id))
    return [planner.plan(demand) for demand in ordered]


@dataclass(slots=True)
class _Attempt:
    """What a rule would do with the lines of an order; nothing is taken yet."""

    rule: Rule
    scale: Scale
    missing: dict[int, int]
    room: dict[int, int] = field(default_factory=dict)
    claimed: dict[str, int] = field(default_factory=dict)
    legs: list[tuple[int, Leg, Way]] = field(default_factory=list)
    taken: dict[tuple[int, int], int] = field(default_factory=dict)

    @property
    def shipments(self) -> list[PlannedShipment]:
        return [shipment for _, leg, _ in self.legs for shipment in leg.shipments]

    def add(self, ship_to: int, leg: Leg, way: Way) -> None:
        self.legs.append((ship_to, leg, way))
        for shipment in leg.shipments:
            for planned in shipment.lines:
                key = planned.product_id, shipment.warehouse_id
                self.taken[key] = self.taken.get(key, 0) + planned.quantity
                self.room[planned.product_id] -= planned.quantity
                self.missing[planned.line_id] -= planned.quantity


class _Planner:
    def __init__(
        self, stock: Stock, sites: Sequence[Site], rules: RuleSet, offers: Offers | None
    ) -> None:
        self.supply = Supply(stock, (site for site in sites if site.is_active))
        self.candidates = Candidates(sites)
        self.offers = offers
        self.rules = [(rule, Scale(rule.criteria)) for rule in (*rules.rules, LAST_RULE)]

    def plan(self, demand: Demand) -> Plan:
        waiting = _preorders(demand.lines)
        lines = [line for line in demand.lines if line.line_id not in waiting]
        tried: list[list[Any]] = []
        for rule, scale in self.rules:
            if why := rule.orders.mismatch(demand):
                tried.append([rule.name, why])
                continue
            attempt = self._attempt(demand, lines, rule, scale)
            if not attempt.missing or rule.otherwise is not Otherwise.NEXT_RULE:
                break
            tried.append([rule.name, "fit", sum(attempt.missing.values())])
        return self._settle(demand, attempt, waiting, tried)

    def _attempt(
        self, demand: Demand, lines: Sequence[LineDemand], rule: Rule, scale: Scale
    ) -> _Attempt:
        found = _Attempt(rule, scale, {line.line_id: line.quantity for line in lines})
        for product_id in {line.product_id for line in lines}:
            there = self.supply.there(product_id, keeps_safety=rule.sites.keeps_safety_stock)
            earlier = self.supply.claimed_before(product_id, demand.rank_at)
            found.room[product_id] = max(0, there - earlier)
            if claimed := min(there, earlier):
                found.claimed[str(product_id)] = claimed
        for ship_to, own in _by_address(lines).items():
            way = self.candidates.way(rule, demand.destinations.get(ship_to), found.shipments)
            leg = plan_leg(
                Task(
                    ship_to_id=ship_to,
                    lines=own,
                    rule=rule,
                    scale=scale,
                    may_split=rule.may_split(demand.value),
                    sites=way.sites,
                    kilometers=way.kilometers,
                    free={
                        product_id: self._free(product_id, way.sites, demand, found)
                        for product_id in {line.product_id for line in own}
                    },
                    room=found.room,
                    needed_by=_needed_by(demand, own),
                    offers=self.offers,
                )
            )
            found.add(ship_to, leg, way)
        found.missing = {line: units for line, units in found.missing.items() if units}
        return found

    def _free(
        self, product_id: int, sites: Sequence[Site], demand: Demand, attempt: _Attempt
    ) -> list[int]:
        """What each site can give this order of a product."""
        admits = attempt.rule.sites
        levels = self.supply.levels(product_id, keeps_safety=admits.keeps_safety_stock)
        free = [
            max(0, levels.get(s.id, 0)) if product_id not in s.excluded_products else 0
            for s in sites
        ]
        if admits.keeps_share and demand.shares.percent:
            shares = [demand.shares.of(product_id, s.id) for s in sites]
            free = [n * percent // 100 for n, percent in zip(free, shares, strict=True)]
        if attempt.taken:
            taken = [attempt.taken.get((product_id, s.id), 0) for s in sites]
            free = [max(0, n - m) for n, m in zip(free, taken, strict=True)]
        return free

    def _settle(
        self, demand: Demand, attempt: _Attempt, waiting: dict[int, int], tried: list[list[Any]]
    ) -> Plan:
        """Take what ships, and split the rest into backorder and open units; both keep their claim."""
        rule, missing, shipments = attempt.rule, attempt.missing, attempt.shipments
        whole = bool(missing or waiting) and not demand.allows_partial_shipment
        if whole:
            shipments = []
            missing = {x.line_id: x.quantity for x in demand.lines if x.line_id not in waiting}
        rest = [
            (line.line_id, line.product_id, units)
            for line in demand.lines
            if (units := missing.get(line.line_id) or waiting.get(line.line_id))
        ]
        self.candidates.use(shipments)
        self.supply.take(shipments)
        debts = self._debts(demand, attempt, rest, waiting)
        if whole and sum(debt.units for debt in debts) != sum(units for *_, units in rest):
            debts = []
        self.supply.owe(debts)
        for _, product_id, units in rest:
            self.supply.keep_claim(product_id, demand.rank_at, units)
        owed = {debt.line_id: debt.units for debt in debts}
        left = {line: n for line, _, units in rest if (n := units - owed.get(line, 0))}
        said = explaining.verdict(
            demand,
            rule,
            shipments,
            could_ship=bool(attempt.shipments),
            backordered=sum(n for line, n in owed.items() if line not in waiting),
            left_open=sum(left.values()),
            waiting=sum(n for line, n in owed.items() if line in waiting),
        )
        cancels = owed and rule.otherwise is Otherwise.CANCEL_DATE
        return Plan(
            demand.order_id,
            shipments,
            owed,
            left,
            said,
            _trace(demand, attempt, tried, said),
            rule.id,
            rule.name,
            {debt.line_id: debt.warehouse_id for debt in debts if debt.warehouse_id},
            is_held=bool(left) and rule.otherwise is Otherwise.HOLD,
            cancel_after_days=rule.cancel_after_days if cancels else None,
        )

    def _debts(
        self,
        demand: Demand,
        attempt: _Attempt,
        rest: Iterable[tuple[int, int, int]],
        waiting: Mapping[int, int],
    ) -> list[Debt]:
        """A pre-order may always be owed: the customer has ordered it as one."""
        may = demand.allows_backorder and attempt.rule.otherwise is not Otherwise.HOLD
        order = {ship_to: leg.order for ship_to, leg, _ in attempt.legs}
        orders = {
            line.line_id: order[line.ship_to_id]
            for line in demand.lines
            if line.ship_to_id in order
        }
        return self.supply.debts([each for each in rest if may or each[0] in waiting], orders)


def _by_address(lines: Sequence[LineDemand]) -> dict[int, list[LineDemand]]:
    groups: dict[int, list[LineDemand]] = {}
    for line in lines:
        groups.setdefault(line.ship_to_id, []).append(line)
    return groups


def _preorders(lines: Sequence[LineDemand]) -> dict[int, int]:
    """Lines that are not allocated yet, with their units; a kit waits for all its components."""
    if not any(line.not_before for line in lines):
        return {}
    kits = {line.kit_id for line in lines if line.not_before and line.kit_id is not None}
    return {line.line_id: line.quantity for line in lines if line.not_before or line.kit_id in kits}


def _needed_by(demand: Demand, lines: Sequence[LineDemand]) -> date | None:
    """The earliest day that the lines were promised for; without one, the day that was asked for."""
    promised = [line.promised_date for line in lines if line.promised_date]
    return min(promised) if promised else demand.requested_date


def _trace(
    demand: Demand, attempt: _Attempt, tried: list[list[Any]], verdict: str
) -> dict[str, Any]:
    legs = [{"candidates": leg.candidates, "out": way.out} for _, leg, way in attempt.legs]
    trace: dict[str, Any] = {
        "rule": attempt.rule.name,
        "by": list(attempt.scale.criteria),
        "units": sum([line.quantity for line in demand.lines]),
        "legs": legs,
        "verdict": verdict,
    }
    if tried:
        trace["tried"] = tried
    if attempt.claimed:
        trace["claimed_earlier"] = attempt.claimed
    return trace
