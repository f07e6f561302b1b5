"""Past orders decided again, as two rule sets would have: plain data in, outcomes and sums out.

Both sets begin with the same stock. Orders come one after the other as they were placed; what came in
or went out otherwise comes at its time, and first serves the orders that wait. Each set takes from
stock of its own, so that what it decides for one order is what the next one finds.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from itertools import groupby
from typing import Protocol

from fulfillment import routing
from fulfillment.outcomes import Outcome, Sums, left_by, outcome_of
from fulfillment.plans import Demand, LineDemand, Offers, Plan, Site, Stock
from fulfillment.rules import RuleSet


@dataclass(frozen=True, slots=True)
class Change:
    """Units that came to a warehouse (above 0) or left it other than for the orders of the replay."""

    at: datetime
    product_id: int
    warehouse_id: int
    units: int


@dataclass(frozen=True, slots=True)
class Moment:
    """What the planner sees besides orders and stock: warehouses as of then, and carriers' offers."""

    sites: Sequence[Site]
    offers: Offers | None = None


class Clock(Protocol):
    def at(self, now: datetime) -> Moment: ...


@dataclass(frozen=True, slots=True)
class Opening:
    """Stock as the window begins: units above the safety stock by product and warehouse, and caps.

    ``caps`` limits the units owed by product, ``level_caps`` by product and warehouse.
    """

    usable: Mapping[int, Mapping[int, int]]
    safety: Mapping[int, Mapping[int, int]] = field(default_factory=dict)
    caps: Mapping[int, int] = field(default_factory=dict)
    level_caps: Mapping[int, Mapping[int, int]] = field(default_factory=dict)


@dataclass(slots=True)
class _Waiting:
    """An order with units that no shipment has yet."""

    demand: Demand
    outcome: Outcome
    until: date | None = None

    @property
    def products(self) -> set[int]:
        return {line.product_id for line in self.demand.lines}


class World:
    """The house under one rule set: its stock, the orders that wait, what it sent."""

    def __init__(self, rules: RuleSet, opening: Opening, clock: Clock) -> None:
        self._rules = rules
        self._clock = clock
        self._usable = {product: dict(levels) for product, levels in opening.usable.items()}
        self._safety = opening.safety
        self._room = dict(opening.caps)
        self._level_room = {product: dict(caps) for product, caps in opening.level_caps.items()}
        self._waiting: dict[int, _Waiting] = {}
        self._wanted: dict[int, dict[int, tuple[datetime, int]]] = defaultdict(dict)
        self._planned: dict[tuple[int, date | None], int] = defaultdict(int)
        self._owed: dict[int, dict[int, tuple[int, int, int | None]]] = {}

    def place(self, demand: Demand) -> Iterator[Outcome]:
        """Decide over an order; gives back its outcome, unless it waits for something."""
        return self._decide([demand], demand.rank_at)

    def change(self, changes: Iterable[Change], now: datetime) -> Iterator[Outcome]:
        """Let units come and go; gives back the outcomes of orders that wait no longer."""
        came: set[int] = set()
        for each in changes:
            levels = self._usable.setdefault(each.product_id, {})
            levels[each.warehouse_id] = levels.get(each.warehouse_id, 0) + each.units
            if each.units > 0 and self._wanted.get(each.product_id):
                came.add(each.product_id)
        if came:
            orders = {order for product in came for order in self._wanted[product]}
            yield from self._decide([self._waiting[key].demand for key in sorted(orders)], now)

    def expire(self, today: date) -> Iterator[Outcome]:
        """Give up what a rule keeps on backorder no longer."""
        over = [key for key, x in self._waiting.items() if x.until and x.until < today]
        for key in over:
            each = self._drop(key)
            each.outcome.canceled = each.outcome.missing
            each.outcome.missing = 0
            yield each.outcome

    def finish(self) -> Iterator[Outcome]:
        """The outcomes of the orders that still wait as the window ends."""
        for key in list(self._waiting):
            yield self._drop(key).outcome

    def _decide(self, demands: Sequence[Demand], now: datetime) -> Iterator[Outcome]:
        before = {
            d.order_id: self._drop(d.order_id) for d in demands if d.order_id in self._waiting
        }
        moment = self._moment(now)
        stock = self._stock({line.product_id for d in demands for line in d.lines})
        plans = routing.plan(demands, stock, moment.sites, self._rules, moment.offers)
        self._keep_room(stock)
        by_key = {demand.order_id: demand for demand in demands}
        sites = {site.id: site for site in moment.sites}
        for plan in plans:
            outcome = outcome_of(by_key[plan.order_id], plan, sites)
            for each in outcome.sent:
                self._planned[each.warehouse_id, sites[each.warehouse_id].ships_on] += 1
            if known := before.get(plan.order_id):
                outcome = known.outcome.then(outcome)
            if outcome.missing and not plan.is_held:
                until = known.until if known else _until(plan, now)
                rest = _rest(by_key[plan.order_id], left_by(by_key[plan.order_id], plan))
                self._wait(_Waiting(rest, outcome, until), plan)
            else:
                yield outcome

    def _moment(self, now: datetime) -> Moment:
        moment = self._clock.at(now)
        if all(site.capacity_left is None for site in moment.sites):
            return moment
        sites = [
            site
            if site.capacity_left is None
            else replace(
                site,
                capacity_left=site.capacity_left - self._planned[site.id, site.ships_on],
            )
            for site in moment.sites
        ]
        return Moment(sites, moment.offers)

    def _stock(self, products: Iterable[int]) -> Stock:
        keys = list(products)
        return Stock(
            usable={p: self._usable.setdefault(p, {}) for p in keys},
            claims={p: list(claims.values()) for p in keys if (claims := self._wanted.get(p))},
            backorder_room={p: self._room[p] for p in keys if p in self._room},
            safety={p: levels for p in keys if (levels := self._safety.get(p))},
            level_room={p: self._level_room[p] for p in keys if p in self._level_room},
        )

    def _keep_room(self, stock: Stock) -> None:
        self._room |= stock.backorder_room

    def _wait(self, waiting: _Waiting, plan: Plan) -> None:
        key = waiting.demand.order_id
        self._waiting[key] = waiting
        units: dict[int, int] = defaultdict(int)
        for line in waiting.demand.lines:
            units[line.product_id] += line.quantity
        for product, n in units.items():
            self._wanted[product][key] = waiting.demand.rank_at, n
        product_of = {line.line_id: line.product_id for line in waiting.demand.lines}
        self._owed[key] = {
            line: (product_of[line], n, plan.backorder_sites.get(line))
            for line, n in plan.backordered.items()
        }

    def _drop(self, key: int) -> _Waiting:
        """Take an order off the waiting list, with its claims and what it is owed."""
        waiting = self._waiting.pop(key)
        for product in waiting.products:
            self._wanted[product].pop(key, None)
        for product, n, site in self._owed.pop(key).values():
            if product in self._room:
                self._room[product] += n
            if site is not None and site in self._level_room.get(product, {}):
                self._level_room[product][site] += n
        return waiting


@dataclass(slots=True)
class Replay:
    """Two rule sets over the same orders; ``active`` and ``tried`` are the sums as they grow."""

    worlds: tuple[World, World]
    today: date
    active: Sums = field(default_factory=Sums)
    tried: Sums = field(default_factory=Sums)
    _half: tuple[dict[int, Outcome], dict[int, Outcome]] = field(default_factory=lambda: ({}, {}))

    def run(
        self, demands: Iterable[Demand], changes: Iterable[Change]
    ) -> Iterator[tuple[Outcome, Outcome]]:
        """Take both streams, each in the order of time; gives back every order once, when it is done.

        What comes at the very moment of an order comes before it.
        """
        coming = _Stream(changes)
        day: date | None = None
        for demand in demands:
            yield from self._let_come(coming.until(demand.rank_at))
            if day is not None and demand.rank_at.date() > day:
                yield from self._both(lambda world, now=demand.rank_at: world.expire(now.date()))
            day = demand.rank_at.date()
            yield from self._both(lambda world, this=demand: world.place(this))
        yield from self._let_come(coming.until(None))
        yield from self._both(World.finish)

    def _let_come(self, groups: Iterable[list[Change]]) -> Iterator[tuple[Outcome, Outcome]]:
        for group in groups:
            now = group[0].at
            yield from self._both(lambda world, group=group, now=now: world.change(group, now))

    def _both(self, work: Callable[..., Iterable[Outcome]]) -> Iterator[tuple[Outcome, Outcome]]:
        mine, theirs = self._half
        done = [{each.order_id: each for each in work(world)} for world in self.worlds]
        mine |= done[0]
        theirs |= done[1]
        for key in [key for key in done[0] | done[1] if key in mine and key in theirs]:
            pair = mine.pop(key), theirs.pop(key)
            self.active.add(pair[0], self.today)
            self.tried.add(pair[1], self.today)
            yield pair


class _Stream:
    """Changes in groups of one moment, up to a moment."""

    def __init__(self, changes: Iterable[Change]) -> None:
        self._groups = (list(group) for _, group in groupby(changes, key=lambda each: each.at))
        self._next = next(self._groups, None)

    def until(self, now: datetime | None) -> Iterator[list[Change]]:
        while self._next is not None and (now is None or self._next[0].at <= now):
            group, self._next = self._next, next(self._groups, None)
            yield group


def _rest(demand: Demand, left: Mapping[int, int]) -> Demand:
    lines: list[LineDemand] = [
        replace(line, quantity=left[line.line_id]) for line in demand.lines if line.line_id in left
    ]
    return replace(demand, lines=lines)


def _until(plan: Plan, now: datetime) -> date | None:
    days = plan.cancel_after_days
    return None if days is None else now.date() + timedelta(days=days)
