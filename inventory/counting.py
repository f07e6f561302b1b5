"""Counting: how often, and from which difference on somebody else looks again.

Class A is what most of the value that leaves is made of (see `inventory.abc`); it is counted most
often, because an error there costs most. Thirty, ninety and 180 days are the customary cycle of one
month, one quarter and one half-year; what has no class yet is counted like class C.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

CYCLE_DAYS = {"A": 30, "B": 90, "C": 180}


@dataclass(frozen=True, slots=True)
class Limits:
    """The largest difference of one line that is booked without a second look; None: any."""

    units: int | None = None
    amount: Decimal | None = None

    def is_exceeded(self, delta: int, unit_cost: Decimal | None) -> bool:
        """Whether so many units more or fewer, at this cost, are too much for one pair of eyes."""
        units = abs(delta)
        if self.units is not None and units > self.units:
            return True
        return self.amount is not None and value_of(units, unit_cost) > self.amount


NO_TOLERANCE = Limits(0, Decimal(0))


def value_of(units: int, unit_cost: Decimal | None) -> Decimal:
    """What units are worth at cost; a product without a cost is worth nothing in the books."""
    return units * (unit_cost or Decimal(0))


def due_date(abc_class: str, last_counted: date | None) -> date | None:
    """The day on which a product of this class is to be counted again; None: it never was, so now."""
    if last_counted is None:
        return None
    return last_counted + timedelta(days=CYCLE_DAYS.get(abc_class, CYCLE_DAYS["C"]))


def is_due(abc_class: str, last_counted: date | None, today: date) -> bool:
    day = due_date(abc_class, last_counted)
    return day is None or day <= today
