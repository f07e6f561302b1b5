"""What may be sold and what may be promised: the one formula behind every screen and connector."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Totals:
    """The running totals of one level."""

    on_hand: int
    allocated: int
    blocked: int
    safety_stock: int = 0

    @property
    def available(self) -> int:
        """On hand, neither allocated nor blocked."""
        return available(self.on_hand, self.allocated, self.blocked)

    @property
    def free(self) -> int:
        """What the pool may promise of it: available above the safety stock, never below 0."""
        return max(0, self.available - self.safety_stock)


def available(on_hand: int, allocated: int, blocked: int) -> int:
    """On hand - allocated - blocked."""
    return on_hand - allocated - blocked


def available_to_promise(
    levels: Iterable[Totals], *, reserved_before: int = 0, incoming: int = 0
) -> int:
    """Σ over warehouses max(0, available - safety stock) - others' reservations that come first
    + what arrives until the date. Below 0 more was accepted than there is.
    """
    return sum(level.free for level in levels) - reserved_before + incoming


def available_to_channel(shares: Iterable[tuple[int, int]], *, to_promise: int) -> int:
    """Σ over warehouses share of (free + incoming), rounded down; never more than anybody may be promised.

    ``shares`` are units and the channel's percentage of them at each warehouse.
    """
    return max(0, min(to_promise, sum(units * percent // 100 for units, percent in shares)))
