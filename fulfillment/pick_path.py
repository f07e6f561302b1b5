"""Which bins a picker goes to, and in which order. Plain data in, plain data out."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class Stop:
    """What lies in a bin and is not promised to another picker."""

    bin_id: int
    walk_order: int
    bin_code: str
    product_id: int
    quantity: int
    lot_id: int | None = None
    expiry_date: date | None = None
    serial: str | None = None


@dataclass(frozen=True, slots=True)
class Want:
    """Units that a shipment line still needs."""

    shipment_line_id: int
    product_id: int
    quantity: int


@dataclass(frozen=True, slots=True)
class PlannedPick:
    shipment_line_id: int
    stop: Stop
    quantity: int


def plan_picks(
    wants: Iterable[Want], stops: Iterable[Stop]
) -> tuple[list[PlannedPick], list[Want]]:
    """Choose bins for every want, in walking order; also what no bin has.

    A product goes first by its lots' expiry date (what expires first leaves first), then along the
    walk. A bin that holds all that is wanted is not passed by for an earlier one that does not: among
    units without expiry date one stop is better than two.
    """
    shelves: dict[int, list[Stop]] = defaultdict(list)
    for stop in sorted(stops, key=_preference):
        shelves[stop.product_id].append(stop)
    left = {stop: stop.quantity for there in shelves.values() for stop in there}
    picks: list[PlannedPick] = []
    short: list[Want] = []
    for want in wants:
        missing = want.quantity
        for stop in _tour(shelves[want.product_id], left, missing):
            take = min(missing, left[stop])
            if not take:
                continue
            picks.append(PlannedPick(want.shipment_line_id, stop, take))
            left[stop] -= take
            missing -= take
            if not missing:
                break
        if missing:
            short.append(Want(want.shipment_line_id, want.product_id, missing))
    picks.sort(key=lambda pick: _walk(pick.stop))
    return picks, short


def _tour(stops: Sequence[Stop], left: dict[Stop, int], wanted: int) -> Sequence[Stop]:
    if any(stop.expiry_date for stop in stops):
        return stops
    for stop in stops:
        if left[stop] >= wanted:
            return [stop]
    return stops


def _preference(stop: Stop) -> tuple[date, int, str, str]:
    return (stop.expiry_date or date.max, *_walk(stop))


def _walk(stop: Stop) -> tuple[int, str, str]:
    return (stop.walk_order, stop.bin_code, stop.serial or "")
