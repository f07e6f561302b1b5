"""When goods leave and when they are there: calendars, cut-offs, transit days, the date of a line.

Dates are whole days at the place where something happens: a ship date in the warehouse's time zone, an
arrival date at the customer's. None always means that no date is known.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

HORIZON_DAYS = 730
"""How far ahead an open day is looked for; a place that opens no more has none."""

EVERY_DAY = frozenset(range(1, 8))


@dataclass(frozen=True, slots=True)
class Calendar:
    """Days on which somebody works: ISO weekdays (1 is Monday) less holidays and closures."""

    weekdays: frozenset[int] = EVERY_DAY
    closed: frozenset[date] = frozenset()

    def is_open(self, day: date) -> bool:
        return day.isoweekday() in self.weekdays and day not in self.closed

    def first_open(self, day: date) -> date | None:
        """The day itself, or the next that is open."""
        for ahead in range(HORIZON_DAYS):
            if self.is_open(found := day + timedelta(days=ahead)):
                return found
        return None

    def after(self, day: date, count: int) -> date | None:
        """The ``count``-th open day after a day; 0: the first from that day on."""
        found = self.first_open(day)
        if count and found == day:
            found = self.first_open(day + timedelta(days=1))
        for _ in range(count - 1):
            found = found and self.first_open(found + timedelta(days=1))
        return found

    def on(self, weekdays: frozenset[int]) -> Calendar:
        """The days of both: where a warehouse works and a carrier collects."""
        return Calendar(self.weekdays & weekdays, self.closed)


@dataclass(frozen=True, slots=True)
class Dock:
    """A warehouse as its goods leave it: time zone, calendar, last order of the day, days of work.

    What is asked for by ``cut_off`` (local time; None: all day) is begun that day; it is ready
    ``handling_days`` working days later.
    """

    zone: ZoneInfo
    calendar: Calendar
    cut_off: time | None = None
    handling_days: int = 0


def is_past_cut_off(now: datetime, dock: Dock) -> bool:
    """Whether what is asked for now is begun on the next working day.

    Instants are compared, not clocks: on the night when an hour comes twice, its first counts.
    """
    if dock.cut_off is None:
        return False
    today = now.astimezone(dock.zone).date()
    return now > datetime.combine(today, dock.cut_off, dock.zone).astimezone(UTC)


def ready_date(now: datetime, dock: Dock, *, not_before: date | None = None) -> date | None:
    """The working day on which goods that are there now can leave; work begins ``not_before`` a day."""
    today = now.astimezone(dock.zone).date()
    begin = today + timedelta(days=is_past_cut_off(now, dock))
    begin = max(begin, not_before) if not_before else begin
    first = dock.calendar.first_open(begin)
    return first and dock.calendar.after(first, dock.handling_days)


def ship_date(
    now: datetime,
    dock: Dock,
    *,
    collection_days: frozenset[int] = EVERY_DAY,
    not_before: date | None = None,
) -> date | None:
    """The first day from when they are ready on which the carrier collects and somebody is there."""
    ready = ready_date(now, dock, not_before=not_before)
    return ready and dock.calendar.on(collection_days).first_open(ready)


def arrival_date(ships_on: date, transit_days: int, delivery: Calendar) -> date | None:
    """So many delivery days after collection; 0 is the same day, if anything is delivered then."""
    return delivery.after(ships_on, transit_days)


# --- Who gets what comes ---------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Arrival:
    """Units of one product on their way to a warehouse; ``source`` is the document's number.

    ``was_due`` is the day on which they should have come, where that has passed.
    """

    on: date | None
    quantity: int
    warehouse_id: int
    source: str = ""
    was_due: date | None = None


@dataclass(frozen=True, slots=True)
class Cover:
    """From where the units of a demand come, behind all who claimed before."""

    from_stock: int
    arrivals: tuple[tuple[Arrival, int], ...] = ()
    missing: int = 0


def due(arrivals: Iterable[Arrival], today: date) -> list[Arrival]:
    """In the order in which they come: what is late comes today at the earliest, no date comes last."""
    found = [
        Arrival(today, each.quantity, each.warehouse_id, each.source, was_due=each.on)
        if each.on and each.on < today
        else each
        for each in arrivals
    ]
    return sorted(found, key=lambda each: (each.on or date.max, each.source))


def cover(units: int, *, ahead: int, free: int, arrivals: Sequence[Arrival]) -> Cover:
    """First come, first served: ``ahead`` units go to earlier claims, from stock and then as goods come."""
    from_stock = min(units, max(0, free - ahead))
    ahead = max(0, ahead - free)
    units -= from_stock
    taken: list[tuple[Arrival, int]] = []
    for arrival in arrivals:
        if not units:
            break
        left = arrival.quantity - min(ahead, arrival.quantity)
        ahead -= arrival.quantity - left
        if part := min(units, left):
            taken.append((arrival, part))
            units -= part
    return Cover(from_stock, tuple(taken), units)


# --- The date of a line ----------------------------------------------------------------------------


class Cause(StrEnum):
    """Where the date of a line comes from; the words of ``LinePromise.Cause``."""

    STOCK = "stock"
    SHIPMENT = "shipment"
    INCOMING = "incoming"
    PREORDER = "preorder"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Part:
    """Units of a line that are expected on one day, and why then."""

    cause: Cause
    units: int
    expected: date | None
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Trip:
    """From a warehouse to the customer; without a service nobody knows the day of arrival."""

    ships_on: date
    arrives_on: date | None = None
    service: str = ""

    @property
    def end(self) -> date:
        return self.arrives_on or self.ships_on


Reach = Callable[[int, date | None], Trip | None]
"""The trip from a warehouse when work begins on a day at the earliest; None: it never ships."""


def parts(
    covered: Cover,
    *,
    sites: Mapping[int, int],
    codes: Mapping[int, str],
    reach: Reach,
    preorder: date | None = None,
) -> list[Part]:
    """The units of a line by where they come from.

    ``sites`` are the free units by warehouse, ``preorder`` the day before which nothing ships.
    What nothing covers comes with the pre-order, or nobody knows when.
    """
    found = _from_stock(covered.from_stock, sites, codes, reach, preorder)
    for arrival, units in covered.arrivals:
        found.append(_from_arrival(arrival, units, codes, reach, preorder))
    if covered.missing:
        found.append(_missing(covered.missing, sites, codes, reach, preorder))
    return found


def latest(found: Sequence[Part]) -> Part:
    """A line is there when its last part is; a part without a date leaves the line without one."""
    return max(found, key=lambda part: (part.expected or date.max, part.units))


def _from_stock(
    units: int,
    sites: Mapping[int, int],
    codes: Mapping[int, str],
    reach: Reach,
    preorder: date | None,
) -> list[Part]:
    """From the warehouses that are fastest; as many of them as it takes."""
    if not units:
        return []
    cause = Cause.PREORDER if preorder else Cause.STOCK
    trips = [(trip, pk) for pk, free in sites.items() if free > 0 and (trip := reach(pk, preorder))]
    whole = [each for each in trips if sites[each[1]] >= units] or trips
    left, found = units, []
    for trip, pk in sorted(whole, key=lambda each: (each[0].end, each[1])):
        if part := min(left, sites[pk]):
            found.append(Part(cause, part, trip.end, _facts(trip, codes.get(pk, ""), preorder)))
            left -= part
    if left:
        found.append(Part(Cause.UNKNOWN, left, None, {"why": "closed"}))
    return found


def _from_arrival(
    arrival: Arrival, units: int, codes: Mapping[int, str], reach: Reach, preorder: date | None
) -> Part:
    """What arrives on a day can leave from the next working day on."""
    facts: dict[str, Any] = {"source": arrival.source}
    if arrival.was_due:
        facts["was_due"] = arrival.was_due.isoformat()
    if arrival.on is None:
        return Part(Cause.UNKNOWN, units, None, {"why": "no_date"} | facts)
    begin = max(arrival.on + timedelta(days=1), preorder or date.min)
    trip = reach(arrival.warehouse_id, begin)
    if trip is None:
        return Part(Cause.UNKNOWN, units, None, {"why": "closed"} | facts)
    facts |= {"in": arrival.on.isoformat()} | _facts(trip, codes.get(arrival.warehouse_id, ""))
    return Part(Cause.INCOMING, units, trip.end, facts)


def _missing(
    units: int,
    sites: Mapping[int, int],
    codes: Mapping[int, str],
    reach: Reach,
    preorder: date | None,
) -> Part:
    if preorder is None:
        return Part(Cause.UNKNOWN, units, None, {"why": "no_supply"})
    trips = [(trip.end, pk, trip) for pk in sites or codes if (trip := reach(pk, preorder))]
    if not trips:
        return Part(Cause.UNKNOWN, units, None, {"why": "closed"})
    end, pk, trip = min(trips, key=lambda each: each[:2])
    return Part(Cause.PREORDER, units, end, _facts(trip, codes.get(pk, ""), preorder))


def _facts(trip: Trip, warehouse: str, preorder: date | None = None) -> dict[str, Any]:
    facts: dict[str, Any] = {"warehouse": warehouse, "ships": trip.ships_on.isoformat()}
    if trip.service:
        facts["service"] = trip.service
    if trip.arrives_on is None:
        facts["leaves_only"] = True
    if preorder:
        facts["preorder"] = preorder.isoformat()
    return facts


def wait_for_each_other(
    lines: Mapping[int, Part], groups: Iterable[Iterable[int]]
) -> dict[int, Part]:
    """Lines of a group come together: all with the latest of them, and ``waits_for`` says which.

    Where its own units come from stays with each line.
    """
    found = dict(lines)
    for group in groups:
        own = [pk for pk in group if pk in found]
        if len(own) < 2:
            continue
        last = max(own, key=lambda pk: found[pk].expected or date.max)
        end = found[last].expected
        for pk in own:
            if found[pk].expected != end:
                facts = {**found[pk].facts, "waits_for": last}
                found[pk] = replace(found[pk], expected=end, facts=facts)
    return found
