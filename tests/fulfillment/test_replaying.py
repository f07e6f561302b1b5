"""Two rule sets over the same past, by hand: what each sends, from where, and in what they differ."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from fulfillment.outcomes import Outcome
from fulfillment.plans import Demand, LineDemand, Offer, Site
from fulfillment.replaying import Change, Moment, Opening, Replay, World
from fulfillment.rules import (
    Criterion,
    Otherwise,
    Rule,
    RuleSet,
    SiteFilter,
    SplitPolicy,
)
from oms.core.distance import Position

MONDAY = datetime(2026, 3, 2, 9, tzinfo=UTC)
HUB, FAR = 1, 2
BERLIN, PARIS = Position(52.52, 13.40), Position(48.86, 2.35)
SITES = [Site(HUB, "HUB", 1, BERLIN, ships_on=MONDAY.date()), Site(FAR, "FAR", 2, PARIS)]
NEAREST = RuleSet(1, "Nearest", ())
ONLY_FAR = RuleSet(2, "Far", (Rule(9, "Far", sites=SiteFilter(allowed=frozenset({FAR}))),))


@dataclass(frozen=True)
class Prices:
    """Five a shipment from the hub, three from afar, where it takes four days."""

    today: date

    def best(self, site_id: int, *_goods: Any) -> Offer:
        needed_by: date | None = _goods[3]
        days = 1 if site_id == HUB else 4
        arrives = self.today + timedelta(days=days)
        cost = Decimal("5.00") if site_id == HUB else Decimal("3.00")
        in_time = needed_by is None or arrives <= needed_by
        return Offer(site_id, "Parcel", cost, "EUR", days, self.today, arrives, in_time)


@dataclass(frozen=True)
class Always:
    sites: Sequence[Site]
    priced: bool = True

    def at(self, now: datetime) -> Moment:
        sites = [replace(site, ships_on=now.date()) for site in self.sites]
        return Moment(sites, Prices(now.date()) if self.priced else None)


def order(key: int, units: int, *, days: int = 0, product: int = 7, **facts: Any) -> Demand:
    """An order for Berlin, placed so many days after Monday at nine."""
    lines = [LineDemand(key * 10, product, units, 1)]
    return Demand(key, MONDAY + timedelta(days=days, minutes=key), lines, {1: BERLIN}, **facts)


def came(units: int, *, days: int, site: int = HUB, product: int = 7) -> Change:
    return Change(MONDAY + timedelta(days=days), product, site, units)


def replay(
    orders: Sequence[Demand],
    changes: Sequence[Change] = (),
    *,
    stock: Mapping[int, Mapping[int, int]],
    sets: tuple[RuleSet, RuleSet] = (NEAREST, ONLY_FAR),
    sites: Sequence[Site] = SITES,
    **opening: Any,
) -> tuple[Replay, dict[int, tuple[Outcome, Outcome]]]:
    clock = Always(sites)
    first, second = (World(rules, Opening(stock, **opening), clock) for rules in sets)
    run = Replay((first, second), MONDAY.date() + timedelta(days=30))
    pairs = {pair[0].order_id: pair for pair in run.run(orders, changes)}
    return run, pairs


def sent(outcome: Outcome) -> list[tuple[int, int]]:
    return [(each.warehouse_id, each.units) for each in outcome.sent]


def test_each_set_takes_from_stock_of_its_own() -> None:
    run, pairs = replay([order(1, 6), order(2, 6)], stock={7: {HUB: 6, FAR: 12}})

    assert [sent(x) for x in pairs[1]] == [[(HUB, 6)], [(FAR, 6)]]
    assert [sent(x) for x in pairs[2]] == [[(FAR, 6)], [(FAR, 6)]]
    assert pairs[1][0].differences(pairs[1][1], run.today) == ["warehouse", "cost"]
    assert pairs[2][0].differences(pairs[2][1], run.today) == []
    assert (run.active.orders, run.active.shipments, run.active.splits) == (2, 2, 0)
    assert (run.active.cost, run.tried.cost) == (Decimal("8.00"), Decimal("6.00"))
    assert round(run.active.km) == 877
    assert round(run.tried.km) == 1754


def test_goods_that_come_first_serve_the_orders_that_wait() -> None:
    orders = [order(1, 5), order(2, 5, days=2)]

    run, pairs = replay(orders, [came(6, days=1)], stock={7: {HUB: 2}}, sets=(NEAREST, NEAREST))

    first, second = pairs[1][0], pairs[2][0]
    assert sent(first) == [(HUB, 2), (HUB, 3)]
    assert [each.arrives_on for each in first.sent] == [date(2026, 3, 3), date(2026, 3, 4)]
    assert (first.owed, first.missing, first.is_split) == (3, 0, True)
    assert (sent(second), second.owed, second.missing) == ([(HUB, 3)], 2, 2)
    assert (run.active.owed, run.active.missing, run.active.splits) == (5, 2, 1)


def test_what_went_out_otherwise_is_not_there_for_orders() -> None:
    _, pairs = replay(
        [order(1, 5, days=2)], [came(-4, days=1)], stock={7: {HUB: 5}}, sets=(NEAREST, NEAREST)
    )

    assert sent(pairs[1][0]) == [(HUB, 1)]
    assert pairs[1][0].missing == 4


def test_an_order_is_late_when_it_arrives_or_stays_missing_after_its_day() -> None:
    by_thursday: dict[str, Any] = {"requested_date": date(2026, 3, 5)}
    orders = [order(1, 1, **by_thursday), order(2, 9, product=8, **by_thursday), order(3, 1)]

    run, pairs = replay(orders, stock={7: {HUB: 9, FAR: 9}, 8: {}})

    assert [x.is_late(run.today) for x in pairs[1]] == [False, True]
    assert [x.is_late(run.today) for x in pairs[2]] == [True, True]
    assert pairs[1][0].differences(pairs[1][1], run.today) == ["warehouse", "late", "cost"]
    assert (run.active.dated, run.active.late, run.tried.late) == (2, 1, 2)


def test_later_orders_take_nothing_from_those_that_wait() -> None:
    careful = {"allows_partial_shipment": False}

    _, pairs = replay(
        [order(1, 5, **careful), order(2, 3, days=1)],
        [came(2, days=2)],
        stock={7: {HUB: 4}},
        sets=(NEAREST, NEAREST),
    )

    assert sent(pairs[1][0]) == [(HUB, 5)]
    assert sent(pairs[2][0]) == [(HUB, 1)]
    assert pairs[2][0].missing == 2


def test_a_held_order_waits_for_a_person_and_an_old_backorder_is_given_up() -> None:
    hold = RuleSet(3, "Hold", (Rule(1, "Hold", otherwise=Otherwise.HOLD),))
    rule = Rule(1, "Brief", otherwise=Otherwise.CANCEL_DATE, cancel_after_days=3)
    brief = RuleSet(4, "Brief", (rule,))

    run, pairs = replay(
        [order(1, 5), order(2, 1, days=5, product=8)],
        [came(9, days=6)],
        stock={7: {HUB: 2}, 8: {HUB: 1}},
        sets=(hold, brief),
    )

    held, given_up = pairs[1]
    assert (held.is_held, sent(held), held.missing) == (True, [(HUB, 2)], 3)
    assert (given_up.canceled, given_up.missing, sent(given_up)) == (3, 0, [(HUB, 2)])
    assert (run.active.held, run.tried.held, run.tried.canceled) == (1, 0, 3)


def test_no_warehouse_gets_more_shipments_a_day_than_its_rule_lets_it_have() -> None:
    small = [replace(SITES[0], capacity_left=1), SITES[1]]
    rule = Rule(1, "Room", sites=SiteFilter(needs_capacity=True))

    _, pairs = replay(
        [order(1, 1), order(2, 1), order(3, 1, days=1)],
        stock={7: {HUB: 9, FAR: 9}},
        sets=(RuleSet(5, "Room", (rule,)), NEAREST),
        sites=small,
    )

    assert [sent(pairs[key][0]) for key in (1, 2, 3)] == [[(HUB, 1)], [(FAR, 1)], [(HUB, 1)]]
    assert [sent(pairs[key][1]) for key in (1, 2, 3)] == [[(HUB, 1)], [(HUB, 1)], [(HUB, 1)]]


def test_caps_bind_what_may_be_owed_until_it_is_paid() -> None:
    run, pairs = replay(
        [order(1, 4), order(2, 4), order(3, 4, days=2)],
        [came(8, days=1)],
        stock={7: {}},
        sets=(NEAREST, NEAREST),
        caps={7: 5},
    )

    assert [sent(pairs[key][0]) for key in (1, 2, 3)] == [[(HUB, 4)], [(HUB, 4)], []]
    assert run.active.missing == 4


def test_the_same_past_gives_the_same_figures() -> None:
    orders = [order(n, n % 5 + 1, days=n % 9, product=n % 3) for n in range(60)]
    orders.sort(key=lambda each: each.rank_at)
    changes = [came(n % 7, days=n, product=n % 3) for n in range(9)]
    split = Rule(1, "One", preference=(Criterion.LANDED_COST,), split=SplitPolicy.NEVER)
    facts: dict[str, Any] = {
        "stock": {p: {HUB: 20, FAR: 20} for p in range(3)},
        "sets": (NEAREST, RuleSet(6, "One", (split,))),
    }

    (one, first), (other, second) = (replay(orders, changes, **facts) for _ in range(2))

    assert (one.active, one.tried, first) == (other.active, other.tried, second)
    assert one.active.orders == one.tried.orders == 60
