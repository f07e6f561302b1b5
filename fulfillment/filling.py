"""Who gets what has come: waiting orders, free units and a policy in, shares out.

Three policies, each an order of the queue; the queue is then served from the front, and every order
takes all it can use:

- *oldest promise*: the earliest promised day first, orders without one last; then the older claim.
- *priority*: the highest priority first, then the older claim.
- *most completed*: orders that what is there completes, the one that needs the fewest units first,
  then the higher priority and the older claim; after them the others as by priority. For one
  product this completes as many orders as can be; for several it is a good guess, because the best
  answer would take too long to find.

Within the queue the policy decides alone. Claims of others (held orders, quotes, carts) keep their
rank: the waiting orders share their own ranks among themselves, the first of the queue gets the
oldest of them, and whoever outside the queue claimed before that rank is served before it. What an
order in front could not get binds those behind it, as it does in the planner. A kit is served in
whole sets, and an order that takes no part shipments gets all or nothing.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from itertools import accumulate
from typing import Any

Claims = Mapping[int, Sequence[tuple[datetime, int]]]
"""By product: the rank and units of those who are not in the queue."""


class FillPolicy(StrEnum):
    OLDEST_PROMISE = "oldest_promise"
    PRIORITY = "priority"
    MOST_COMPLETED = "most_completed"


@dataclass(frozen=True, slots=True)
class Want:
    """Sets that an order waits for, with (product, units per set); a plain line is a set of one."""

    parts: tuple[tuple[int, int], ...]
    sets: int


@dataclass(frozen=True, slots=True)
class Waiting:
    """An order that waits, with everything that it still needs."""

    order_id: int
    rank_at: datetime
    wants: Sequence[Want]
    priority: int = 0
    promised_date: date | None = None
    takes_parts: bool = True

    @property
    def needs(self) -> dict[int, int]:
        """Units by product."""
        needs: dict[int, int] = defaultdict(int)
        for want in self.wants:
            for product_id, per_set in want.parts:
                needs[product_id] += per_set * want.sets
        return dict(needs)


@dataclass(frozen=True, slots=True)
class Share:
    """What an order gets and what it goes on waiting for, by product; ``rank_at`` is its place."""

    order_id: int
    rank_at: datetime
    units: Mapping[int, int]
    missing: Mapping[int, int]

    @property
    def is_completed(self) -> bool:
        return not self.missing


def fill(
    waiting: Iterable[Waiting],
    free: Mapping[int, int],
    policy: FillPolicy,
    claims: Claims | None = None,
) -> list[Share]:
    """Share the free units (by product) out; the shares stand in the order of the queue."""
    everybody = list(waiting)
    slots = sorted(each.rank_at for each in everybody)
    pool = _Pool(dict(free), _Outsiders(claims or {}))
    if policy is FillPolicy.MOST_COMPLETED:
        queue = _most_completed(everybody, slots, dict(free), pool.outsiders)
    else:
        by_promise = policy is FillPolicy.OLDEST_PROMISE
        queue = sorted(everybody, key=_by_promise if by_promise else _by_priority)
    return [pool.serve(each, slot) for each, slot in zip(queue, slots, strict=True)]


def _by_promise(x: Waiting) -> tuple[Any, ...]:
    return x.promised_date or date.max, x.rank_at, x.order_id


def _by_priority(x: Waiting) -> tuple[Any, ...]:
    return -x.priority, x.rank_at, x.order_id


def _most_completed(
    everybody: list[Waiting], slots: list[datetime], left: dict[int, int], outsiders: _Outsiders
) -> list[Waiting]:
    """One pass is enough: what is left only shrinks, so who could not be completed never can."""
    first: list[Waiting] = []
    others: list[Waiting] = []
    for each in sorted(everybody, key=lambda x: (sum(x.needs.values()), *_by_priority(x))):
        needs, slot = each.needs, slots[len(first)]
        if all(left.get(p, 0) - outsiders.before(p, slot) >= n for p, n in needs.items()):
            first.append(each)
            for product_id, units in needs.items():
                left[product_id] -= units
        else:
            others.append(each)
    return first + sorted(others, key=_by_priority)


class _Outsiders:
    """Claims of those who are not in the queue, summed up by rank."""

    def __init__(self, claims: Claims) -> None:
        self._ranks: dict[int, list[datetime]] = {}
        self._sums: dict[int, list[int]] = {}
        for product_id, of_product in claims.items():
            ranked = sorted(of_product)
            self._ranks[product_id] = [at for at, _ in ranked]
            self._sums[product_id] = list(accumulate((n for _, n in ranked), initial=0))

    def before(self, product_id: int, rank_at: datetime) -> int:
        if product_id not in self._ranks:
            return 0
        return self._sums[product_id][bisect_left(self._ranks[product_id], rank_at)]


@dataclass(slots=True)
class _Pool:
    """What is left while the queue is served."""

    free: dict[int, int]
    outsiders: _Outsiders
    owed: dict[int, int] = field(default_factory=lambda: defaultdict(int))
    """What those in front could not get."""

    def serve(self, order: Waiting, slot: datetime) -> Share:
        needs = order.needs
        room = {
            p: max(0, self.free.get(p, 0) - self.owed[p] - self.outsiders.before(p, slot))
            for p in needs
        }
        units = _take(order.wants, room)
        if units != needs and not order.takes_parts:
            units = {}
        missing = {p: n - units.get(p, 0) for p, n in needs.items() if n > units.get(p, 0)}
        for product_id, got in units.items():
            self.free[product_id] -= got
        for product_id, lacking in missing.items():
            self.owed[product_id] += lacking
        return Share(order.order_id, slot, units, missing)


def _take(wants: Sequence[Want], room: dict[int, int]) -> dict[int, int]:
    """Kits first, because they are harder to serve; takes from ``room``."""
    units: dict[int, int] = defaultdict(int)
    for want in sorted(wants, key=lambda x: -len(x.parts)):
        sets = min(want.sets, *(room[p] // per_set for p, per_set in want.parts))
        for product_id, per_set in want.parts if sets > 0 else ():
            room[product_id] -= sets * per_set
            units[product_id] += sets * per_set
    return dict(units)
