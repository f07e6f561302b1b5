"""When to order again and how much: functions of plain numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, sqrt
from statistics import NormalDist, fmean, stdev

FEWEST_DAYS = 14
_A_HAIR = 1e-9


@dataclass(frozen=True, slots=True)
class Day:
    """What left on a day, and whether anything could have left: was a unit available at any moment?"""

    shipped: int
    was_available: bool = True


@dataclass(frozen=True, slots=True)
class Computed:
    """A reorder point and target in base units, and the demand a day that they rest on."""

    daily_demand: float
    point: int
    target: int


def demand_days(days: Sequence[Day]) -> list[int]:
    """The demand of the days that count. A day on which nothing was available says nothing about
    demand and is left out, unless goods left on it: they had been sold before.
    """
    return [max(0, day.shipped) for day in days if day.was_available or day.shipped > 0]


def reorder_point(
    daily_demand: Sequence[int], *, lead_time_days: int, service_percent: float
) -> int:
    """Demand over the lead time + safety stock, rounded up.

    Safety stock = z x sigma x sqrt(lead time), where z is the normal quantile of the service level
    (the share of order cycles without a stock-out) and sigma the standard deviation of the daily
    demand, taken as independent from day to day. Source: Silver, Pyke, Thomas, "Inventory and
    Production Management in Supply Chains", 4th edition, section 6.7 (continuous review, cycle
    service level).
    """
    z = NormalDist().inv_cdf(float(service_percent) / 100)
    sigma = stdev(daily_demand) if len(daily_demand) > 1 else 0.0
    cushion = z * sigma * sqrt(lead_time_days)
    return max(0, ceil(fmean(daily_demand) * lead_time_days + cushion - _A_HAIR))


def compute(
    days: Sequence[Day], *, lead_time_days: int, service_percent: float, cover_days: int
) -> Computed | None:
    """The point and, ``cover_days`` of demand above it, the target; None for fewer than
    `FEWEST_DAYS` days that count: too little to compute from.
    """
    demand = demand_days(days)
    if len(demand) < FEWEST_DAYS:
        return None
    mean = fmean(demand)
    point = reorder_point(demand, lead_time_days=lead_time_days, service_percent=service_percent)
    return Computed(mean, point, point + ceil(mean * cover_days - _A_HAIR))


def is_low(position: int, point: int) -> bool:
    """Whether it is time to order: what may be promised and what arrives fell to the point."""
    return position <= point


def purchasable(wanted: int, *, min_quantity: int, pack_quantity: int) -> int:
    """The smallest quantity of at least ``wanted`` that a supplier sells: his minimum, whole packs."""
    least = max(wanted, min_quantity)
    return -(-least // pack_quantity) * pack_quantity


def suggested_quantity(
    *, position: int, point: int, target: int, min_quantity: int = 1, pack_quantity: int = 1
) -> int:
    """How much to order now: up to the target where the position is low, else 0.

    The position counts what is on draft orders too, so that nothing is suggested twice.
    """
    wanted = target - position
    if not is_low(position, point) or wanted <= 0:
        return 0
    return purchasable(wanted, min_quantity=min_quantity, pack_quantity=pack_quantity)


def cover_days(position: int, daily_demand: float | None) -> int | None:
    """For how many whole days the position lasts at this demand; None: the demand is not known or 0."""
    if not daily_demand:
        return None
    return max(0, int(position / float(daily_demand)))
