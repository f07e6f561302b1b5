"""Which bins a picker goes to, and in which order. Plain data in, plain data out."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Stop:
    """What lies in a bin and is not promised to another picker."""

    bin_id: int
    walk_order: int
    bin_code: str
    product_id: int
    quantity: int
    lot_id: int | None = None
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

    The stops of a product come in the order in which they are to be emptied: the lot that expires
    first before the others, then along the walk. Where no lots are in play, the first bin that holds
    all that is wanted is taken, because one stop is better than two.
    """
    shelves: dict[int, list[Stop]] = defaultdict(list)
    for stop in stops:
        shelves[stop.product_id].append(stop)
    left = {stop: stop.quantity for there in shelves.values() for stop in there}
    picks: list[PlannedPick] = []
    short: list[Want] = []
    for want in wants:
        missing = want.quantity
        for stop in _tour(shelves[want.product_id], left, missing):
            if take := min(missing, left[stop]):
                picks.append(PlannedPick(want.shipment_line_id, stop, take))
                left[stop] -= take
                missing -= take
        if missing:
            short.append(Want(want.shipment_line_id, want.product_id, missing))
    picks.sort(key=lambda pick: _walk(pick.stop))
    return picks, short


def _tour(stops: Sequence[Stop], left: dict[Stop, int], wanted: int) -> Sequence[Stop]:
    if any(stop.lot_id for stop in stops):
        return stops
    return next(([stop] for stop in stops if left[stop] >= wanted), stops)


def _walk(stop: Stop) -> tuple[int, str, str]:
    return (stop.walk_order, stop.bin_code, stop.serial or "")
