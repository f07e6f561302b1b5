"""The supply of a batch in memory: what is there, what earlier claims bind, how much may be owed."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import accumulate

from fulfillment.plans import PlannedShipment, Site, Stock


@dataclass(frozen=True, slots=True)
class Debt:
    """Units of a line on backorder; at a warehouse, where its level has a cap."""

    line_id: int
    product_id: int
    units: int
    warehouse_id: int | None = None


class Supply:
    """Stock at active sites, from which plans take one after the other."""

    def __init__(self, stock: Stock, sites: Iterable[Site]) -> None:
        self.stock = stock
        self.site_ids = [site.id for site in sites]
        self._there: dict[int, int] = {}
        self._waiting: dict[int, list[tuple[datetime, int]]] = defaultdict(list)
        self._ranks: dict[int, tuple[list[datetime], list[int]]] = {}

    def levels(self, product_id: int, *, keeps_safety: bool = True) -> Mapping[int, int]:
        """Units by warehouse that a plan may use; below 0: none."""
        usable = self.stock.usable.get(product_id, {})
        safety = self.stock.safety.get(product_id)
        if keeps_safety or not safety:
            return usable
        return {site: n + safety.get(site, 0) for site, n in usable.items()}

    def there(self, product_id: int, *, keeps_safety: bool = True) -> int:
        """Units at all sites together."""
        if not keeps_safety:
            return self._sum(self.levels(product_id, keeps_safety=False))
        if product_id not in self._there:
            self._there[product_id] = self._sum(self.levels(product_id))
        return self._there[product_id]

    def _sum(self, levels: Mapping[int, int]) -> int:
        return sum([max(0, levels.get(site, 0)) for site in self.site_ids])

    def claimed_before(self, product_id: int, rank_at: datetime) -> int:
        """Units that others with an earlier rank wait for, in this batch or outside."""
        earlier = 0
        if claims := self.stock.claims.get(product_id):
            if product_id not in self._ranks:
                ranked = sorted(claims)
                sums = list(accumulate((n for _, n in ranked), initial=0))
                self._ranks[product_id] = [at for at, _ in ranked], sums
            ranks, sums = self._ranks[product_id]
            earlier = sums[bisect_left(ranks, rank_at)]
        return earlier + sum([n for at, n in self._waiting[product_id] if at < rank_at])

    def take(self, shipments: Iterable[PlannedShipment]) -> None:
        """Units go on shipments."""
        for shipment in shipments:
            for line in shipment.lines:
                levels = self.stock.usable[line.product_id]
                before = levels[shipment.warehouse_id]
                after = levels[shipment.warehouse_id] = before - line.quantity
                if line.product_id in self._there:
                    self._there[line.product_id] -= max(0, before) - max(0, after)

    def keep_claim(self, product_id: int, rank_at: datetime, units: int) -> None:
        """Units that an order could not get bind those of a later rank."""
        self._waiting[product_id].append((rank_at, units))

    def debts(
        self, wanted: Iterable[tuple[int, int, int]], order: Mapping[int, Sequence[int]]
    ) -> list[Debt]:
        """As much of (line, product, units) as the caps let us owe; nothing is booked yet.

        A product may have a cap, and so may its levels. What is owed is owed by the first warehouse in
        the line's ``order`` that stocks the product: by the next one where its cap is too low, by the
        pool where it has none. A line's units are owed at one place.
        """
        room = dict(self.stock.backorder_room)
        levels = {p: dict(rooms) for p, rooms in self.stock.level_room.items()}
        found = []
        for line_id, product_id, units in wanted:
            may, site = min(units, room.get(product_id, units)), None
            if rooms := levels.get(product_id):
                may, site = self._owing(product_id, rooms, may, order.get(line_id, self.site_ids))
            if may > 0:
                found.append(Debt(line_id, product_id, may, site))
                _less(room, product_id, may)
                _less(levels.get(product_id, {}), site, may)
        return found

    def _owing(
        self, product_id: int, rooms: Mapping[int, int], units: int, order: Sequence[int]
    ) -> tuple[int, int | None]:
        stocked = [site for site in order if site in self.stock.usable.get(product_id, {})]
        for site in stocked:
            if site not in rooms:
                return units, None
            if rooms[site] >= units:
                return units, site
        best = max(stocked, key=lambda site: rooms[site], default=None)
        return (units, None) if best is None else (rooms[best], best)

    def owe(self, debts: Iterable[Debt]) -> None:
        """Book what is owed against the caps."""
        for debt in debts:
            _less(self.stock.backorder_room, debt.product_id, debt.units)
            _less(self.stock.level_room.get(debt.product_id, {}), debt.warehouse_id, debt.units)


def _less(room: dict[int, int], key: int | None, units: int) -> None:
    if key in room:
        room[key] -= units
