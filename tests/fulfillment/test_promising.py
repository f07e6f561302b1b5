"""Calendars, cut-offs, transit days, and the date of a line."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from fulfillment.promising import (
    Arrival,
    Calendar,
    Cause,
    Cover,
    Dock,
    Part,
    Trip,
    arrival_date,
    cover,
    due,
    is_past_cut_off,
    latest,
    parts,
    ready_date,
    ship_date,
)

BERLIN, NEW_YORK = ZoneInfo("Europe/Berlin"), ZoneInfo("America/New_York")
WEEK = Calendar(frozenset(range(1, 6)))
MONDAY, FRIDAY = date(2026, 11, 23), date(2026, 11, 27)


def dock(cut_off: time | None = time(14), **facts: object) -> Dock:
    return Dock(**({"zone": BERLIN, "calendar": WEEK, "cut_off": cut_off} | facts))  # type: ignore[arg-type]


def at(day: date, hour: int, minute: int = 0, zone: ZoneInfo = BERLIN) -> datetime:
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=zone)


def test_until_the_cut_off_goods_leave_today_and_after_it_on_the_next_working_day() -> None:
    assert ship_date(at(MONDAY, 14), dock()) == MONDAY
    assert ship_date(at(MONDAY, 14, 1), dock()) == date(2026, 11, 24)
    assert ship_date(at(FRIDAY, 14, 1), dock()) == date(2026, 11, 30)


def test_without_a_cut_off_the_whole_day_counts() -> None:
    assert ship_date(at(MONDAY, 23, 59), dock(None)) == MONDAY


def test_the_cut_off_is_that_of_the_warehouses_clock() -> None:
    evening_in_berlin = at(MONDAY, 19)

    assert ship_date(evening_in_berlin, dock(zone=NEW_YORK)) == MONDAY
    assert ship_date(evening_in_berlin, dock()) == date(2026, 11, 24)


def test_the_hour_that_comes_twice_counts_once() -> None:
    night = date(2026, 10, 25)  # 03:00 is 02:00 again
    every_day = dock(time(2, 15), calendar=Calendar())
    first = datetime(2026, 10, 25, 2, 30, tzinfo=BERLIN, fold=0)
    second = datetime(2026, 10, 25, 2, 10, tzinfo=BERLIN, fold=1)

    assert first.astimezone(UTC) < second.astimezone(UTC)
    assert ship_date(first, every_day) == night + timedelta(days=1)
    assert ship_date(second, every_day) == night + timedelta(days=1)


def test_a_cut_off_in_the_hour_that_is_left_out_is_an_hour_later() -> None:
    spring = date(2026, 3, 29)  # 02:00 is 03:00
    every_day = dock(time(2, 30), calendar=Calendar())

    assert not is_past_cut_off(at(spring, 3, 30), every_day)
    assert is_past_cut_off(at(spring, 3, 31), every_day)


def test_handling_takes_working_days() -> None:
    assert ready_date(at(FRIDAY, 9), dock(handling_days=2)) == date(2026, 12, 1)


def test_closed_days_and_collection_days_are_waited_for() -> None:
    closed = Calendar(WEEK.weekdays, frozenset({MONDAY}))

    assert ship_date(at(MONDAY, 9), dock(calendar=closed)) == date(2026, 11, 24)
    assert ship_date(at(MONDAY, 9), dock(), collection_days=frozenset({4})) == date(2026, 11, 26)


def test_a_pre_order_does_not_leave_before_its_day() -> None:
    assert ship_date(at(MONDAY, 9), dock(), not_before=date(2026, 12, 5)) == date(2026, 12, 7)


def test_a_place_that_opens_no_more_has_no_date() -> None:
    never = Calendar(frozenset())

    assert ship_date(at(MONDAY, 9), dock(calendar=never)) is None
    assert ship_date(at(MONDAY, 9), dock(), collection_days=frozenset({7})) is None
    assert arrival_date(MONDAY, 1, never) is None


@pytest.mark.parametrize(
    ("leaves", "days", "arrives"),
    [
        (MONDAY, 0, MONDAY),
        (MONDAY, 1, date(2026, 11, 24)),
        (FRIDAY, 1, date(2026, 11, 30)),
        (FRIDAY, 0, FRIDAY),
        (date(2026, 11, 28), 1, date(2026, 11, 30)),
    ],
)
def test_transit_runs_over_delivery_days(leaves: date, days: int, arrives: date) -> None:
    assert arrival_date(leaves, days, WEEK) == arrives


def test_a_holiday_at_the_destination_is_no_delivery_day() -> None:
    holiday = Calendar(WEEK.weekdays, frozenset({date(2026, 11, 24)}))

    assert arrival_date(MONDAY, 1, holiday) == date(2026, 11, 25)


# --- Who gets what comes ---------------------------------------------------------------------------

SOON = Arrival(date(2026, 12, 1), 10, 1, "PO-1")
LATER = Arrival(date(2026, 12, 8), 20, 2, "PO-2")


def test_earlier_claims_take_stock_and_then_what_comes_first() -> None:
    found = cover(8, ahead=12, free=5, arrivals=[SOON, LATER])

    assert found == Cover(0, ((SOON, 3), (LATER, 5)), 0)


def test_stock_behind_earlier_claims_is_ours() -> None:
    assert cover(8, ahead=2, free=5, arrivals=[SOON]) == Cover(3, ((SOON, 5),), 0)


def test_what_nothing_covers_is_missing() -> None:
    assert cover(50, ahead=0, free=5, arrivals=[SOON, LATER]) == Cover(
        5, ((SOON, 10), (LATER, 20)), 15
    )


def test_overdue_goods_come_today_at_the_earliest_and_undated_ones_last() -> None:
    undated, overdue = Arrival(None, 5, 1, "PO-0"), Arrival(date(2026, 11, 1), 5, 1, "PO-9")

    found = due([undated, SOON, overdue], MONDAY)

    assert [(each.source, each.on, each.was_due) for each in found] == [
        ("PO-9", MONDAY, date(2026, 11, 1)),
        ("PO-1", date(2026, 12, 1), None),
        ("PO-0", None, None),
    ]


# --- The date of a line ----------------------------------------------------------------------------


def reach(site_id: int, begin: date | None) -> Trip | None:
    """Two days from warehouse 1, one from warehouse 2; 3 is closed for good."""
    ships = WEEK.first_open(begin or MONDAY)
    if ships is None or site_id == 3:
        return None
    return Trip(ships, ships + timedelta(days=3 - site_id), "Parcel")


CODES = {1: "BER", 2: "PAR", 3: "OLD"}


def test_stock_comes_from_the_fastest_warehouse_that_has_it_all() -> None:
    (part,) = parts(Cover(5), sites={1: 9, 2: 4}, codes=CODES, reach=reach)

    assert part == Part(
        Cause.STOCK,
        5,
        date(2026, 11, 25),
        {"warehouse": "BER", "ships": "2026-11-23", "service": "Parcel"},
    )


def test_stock_of_several_warehouses_is_there_with_the_last_part() -> None:
    found = parts(Cover(6), sites={1: 4, 2: 4}, codes=CODES, reach=reach)

    assert [(each.units, each.facts["warehouse"]) for each in found] == [(4, "PAR"), (2, "BER")]
    assert latest(found).expected == date(2026, 11, 25)


def test_arriving_goods_leave_on_the_working_day_after() -> None:
    friday = Arrival(FRIDAY, 10, 2, "PO-7")

    (part,) = parts(Cover(0, ((friday, 4),)), sites={}, codes=CODES, reach=reach)

    assert (part.cause, part.expected) == (Cause.INCOMING, date(2026, 12, 1))
    assert (part.facts["source"], part.facts["in"]) == ("PO-7", "2026-11-27")


def test_a_pre_order_ships_on_its_day_with_or_without_goods() -> None:
    day = date(2026, 12, 14)

    (there,) = parts(Cover(2), sites={1: 2}, codes=CODES, reach=reach, preorder=day)
    (not_yet,) = parts(Cover(0, (), 2), sites={1: 0}, codes=CODES, reach=reach, preorder=day)

    assert (there.cause, there.expected) == (Cause.PREORDER, date(2026, 12, 16))
    assert (not_yet.cause, not_yet.expected) == (Cause.PREORDER, date(2026, 12, 16))


@pytest.mark.parametrize(
    ("covered", "why"),
    [
        (Cover(0, (), 3), "no_supply"),
        (Cover(0, ((Arrival(None, 5, 1, "PO-0"), 3),)), "no_date"),
        (Cover(0, ((Arrival(FRIDAY, 5, 3, "PO-3"), 3),)), "closed"),
    ],
)
def test_there_is_no_date_where_none_is_known(covered: Cover, why: str) -> None:
    (part,) = parts(covered, sites={}, codes=CODES, reach=reach)

    assert (part.cause, part.expected, part.facts["why"]) == (Cause.UNKNOWN, None, why)


def test_a_part_without_a_date_leaves_the_line_without_one() -> None:
    dated, undated = Part(Cause.STOCK, 9, MONDAY), Part(Cause.UNKNOWN, 1, None)

    assert latest([dated, undated]) == undated


# --- Properties ------------------------------------------------------------------------------------

ZONES = st.sampled_from(
    [ZoneInfo(x) for x in ("Europe/Berlin", "America/New_York", "Asia/Kolkata", "Pacific/Apia")]
)
JANUARY, DECEMBER = date(2026, 1, 1), date(2027, 12, 31)
MOMENTS = st.builds(datetime.combine, st.dates(JANUARY, DECEMBER), st.times(), tzinfo=st.just(UTC))
CALENDARS = st.builds(
    Calendar,
    st.frozensets(st.integers(1, 7), min_size=1),
    st.frozensets(st.dates(JANUARY, DECEMBER), max_size=30),
)
DOCKS = st.builds(Dock, ZONES, CALENDARS, st.none() | st.times(), st.integers(0, 5))


@given(MOMENTS, DOCKS)
def test_goods_never_leave_on_a_closed_day_nor_before_the_cut_off_allows(
    now: datetime, place: Dock
) -> None:
    leaves = ship_date(now, place)

    assert leaves is not None
    assert place.calendar.is_open(leaves)
    assert leaves >= now.astimezone(place.zone).date() + timedelta(days=is_past_cut_off(now, place))


@given(MOMENTS, st.timedeltas(timedelta(0), timedelta(days=40)), DOCKS)
def test_who_asks_later_never_gets_it_sooner(now: datetime, later: timedelta, place: Dock) -> None:
    first, second = ship_date(now, place), ship_date(now + later, place)

    assert first is not None
    assert second is not None
    assert first <= second


@given(
    st.dates(date(2026, 1, 1), date(2026, 12, 31)),
    st.integers(0, 10),
    st.integers(0, 10),
    CALENDARS,
)
def test_more_transit_days_never_arrive_sooner_and_always_on_a_delivery_day(
    leaves: date, days: int, more: int, calendar: Calendar
) -> None:
    first, second = (arrival_date(leaves, n, calendar) for n in (days, days + more))

    assert first is not None
    assert second is not None
    assert leaves <= first <= second
    assert calendar.is_open(first)


ARRIVALS = st.lists(
    st.builds(Arrival, st.dates(MONDAY, FRIDAY), st.integers(1, 20), st.just(1)), max_size=6
)


@given(st.lists(st.integers(1, 20), min_size=1, max_size=6), st.integers(0, 30), ARRIVALS)
def test_nothing_is_promised_twice(claims: list[int], free: int, coming: list[Arrival]) -> None:
    coming = due(coming, MONDAY)
    ahead, stock, arrived = 0, 0, dict.fromkeys(range(len(coming)), 0)
    for units in claims:
        found = cover(units, ahead=ahead, free=free, arrivals=coming)
        assert found.from_stock + sum(n for _, n in found.arrivals) + found.missing == units
        stock += found.from_stock
        for arrival, part in found.arrivals:
            arrived[next(i for i, x in enumerate(coming) if x is arrival)] += part
        ahead += units

    assert stock <= free
    assert all(arrived[i] <= coming[i].quantity for i in arrived)
    there = free + sum(each.quantity for each in coming)
    assert stock + sum(arrived.values()) == min(sum(claims), there)


@given(st.integers(0, 20), st.integers(0, 20), st.integers(1, 20), st.integers(0, 10), ARRIVALS)
def test_a_longer_queue_never_brings_the_date_forward(
    ahead: int, more: int, units: int, free: int, coming: list[Arrival]
) -> None:
    assume(more)
    dates = [
        latest(
            parts(
                cover(units, ahead=n, free=free, arrivals=due(coming, MONDAY)),
                sites={1: free},
                codes=CODES,
                reach=reach,
            )
        ).expected
        for n in (ahead, ahead + more)
    ]

    assert (dates[0] or date.max) <= (dates[1] or date.max)
