"""Which units should go from one warehouse to another, so that each has about as many days of cover.

Cover is free stock over the daily demand. A warehouse with less than `LOW_DAYS` of cover is helped up
to what all of them would have together if they shared evenly, at most `FULL_DAYS`; a warehouse gives
only what it has beyond both. The one with the least cover is helped first, by the one with the most.
A move that adds less than `LEAST_GAIN_DAYS` is not worth a truck.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, floor, inf

LOW_DAYS = 10
FULL_DAYS = 30
LEAST_GAIN_DAYS = 3


@dataclass(frozen=True, slots=True)
class SiteStock:
    """One product at one warehouse: free units (what arrives soon included), units sold a day."""

    warehouse_id: int
    free: int
    daily_demand: float

    @property
    def cover_days(self) -> float:
        """How long the stock lasts; endless where nothing is sold."""
        return self.free / self.daily_demand if self.daily_demand > 0 else inf


@dataclass(frozen=True, slots=True)
class Suggestion:
    """Units to move, and the cover of both ends before and after (days)."""

    warehouse_from_id: int
    warehouse_to_id: int
    quantity: int
    from_days: float
    to_days: float
    from_days_after: float
    to_days_after: float


def cover_days(free: int, daily_demand: float) -> int | None:
    """Whole days that the stock lasts; None: endless, nothing is sold."""
    return floor(max(0, free) / daily_demand) if daily_demand > 0 else None


def balance(sites: Sequence[SiteStock], *, pack_size: int = 1) -> list[Suggestion]:
    """The moves for one product, in whole packs; none where nobody is low or nobody has too much."""
    level = _shared_days(sites)
    stock = {site.warehouse_id: site for site in sites}
    moves: list[Suggestion] = []
    for needy in sorted(sites, key=lambda site: (site.cover_days, site.warehouse_id)):
        if needy.cover_days >= LOW_DAYS:
            break
        for giver in sorted(sites, key=lambda site: (-site.cover_days, site.warehouse_id)):
            move = _move(stock[giver.warehouse_id], stock[needy.warehouse_id], level, pack_size)
            if move is not None:
                moves.append(move)
                _apply(stock, move)
    return moves


def _shared_days(sites: Sequence[SiteStock]) -> float:
    demand = sum(site.daily_demand for site in sites)
    shared = sum(max(0, site.free) for site in sites) / demand if demand > 0 else 0.0
    return min(shared, FULL_DAYS)


def _move(giver: SiteStock, needy: SiteStock, level: float, pack_size: int) -> Suggestion | None:
    if giver.warehouse_id == needy.warehouse_id:
        return None
    wanted = ceil(level * needy.daily_demand - 1e-9) - max(0, needy.free)
    spare = giver.free - ceil(level * giver.daily_demand - 1e-9)
    quantity = min(wanted, spare) // pack_size * pack_size
    if quantity <= 0 or quantity < LEAST_GAIN_DAYS * needy.daily_demand:
        return None
    after_from = SiteStock(giver.warehouse_id, giver.free - quantity, giver.daily_demand)
    after_to = SiteStock(needy.warehouse_id, needy.free + quantity, needy.daily_demand)
    return Suggestion(
        giver.warehouse_id, needy.warehouse_id, quantity, giver.cover_days, needy.cover_days,
        after_from.cover_days, after_to.cover_days,
    )  # fmt: skip


def _apply(stock: dict[int, SiteStock], move: Suggestion) -> None:
    for key, units in (
        (move.warehouse_from_id, -move.quantity),
        (move.warehouse_to_id, move.quantity),
    ):
        old = stock[key]
        stock[key] = SiteStock(key, old.free + units, old.daily_demand)
