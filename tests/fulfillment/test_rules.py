"""Rules decide: for which orders, from which warehouses, and in which preference."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from fulfillment.plans import Demand, LineDemand, Shares, Stock
from fulfillment.routing import plan
from fulfillment.rules import (
    LAST_RULE,
    Criterion,
    OrderFilter,
    Rule,
    SiteFilter,
)
from tests.fulfillment.planning import (
    ANY,
    BERLIN,
    LYON,
    MADRID,
    NOW,
    PARIS,
    SITES,
    TODAY,
    A,
    B,
    Tariff,
    decide,
    lost,
    order,
    out,
    rules,
    shipped,
)

# --- Which orders ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("admits", "why"),
    [
        (OrderFilter(channels=frozenset({1, 2})), ""),
        (OrderFilter(channels=frozenset({3})), "channel"),
        (OrderFilter(profile="b2b"), ""),
        (OrderFilter(profile="b2c"), "profile"),
        (OrderFilter(countries=frozenset({"DE", "FR", "ES"})), ""),
        (OrderFilter(countries=frozenset({"DE"})), "country"),
        (OrderFilter(value_from=Decimal(100), value_to=Decimal("100.01")), ""),
        (OrderFilter(value_from=Decimal("100.01")), "value_from"),
        (OrderFilter(value_to=Decimal(100)), "value_to"),
        (OrderFilter(priority_from=1), ""),
        (OrderFilter(priority_from=2), "priority"),
        (OrderFilter(tags=frozenset({"fragile", "vip"})), ""),
        (OrderFilter(tags=frozenset({"fragile"})), "tags"),
        (OrderFilter(profile="b2b", tags=frozenset({"fragile"})), "tags"),
    ],
)
def test_a_rule_is_for_orders_that_meet_all_its_conditions(admits: OrderFilter, why: str) -> None:
    demand = order(
        (A, 1),
        channel_id=2,
        profile="b2b",
        countries=frozenset({"DE", "FR"}),
        value=Decimal(100),
        priority=1,
        tags=frozenset({"vip"}),
    )

    assert admits.mismatch(demand) == why


def test_the_first_rule_that_matches_decides_and_the_trace_names_those_before() -> None:
    consumers = Rule(1, "Consumers", OrderFilter(profile="b2c"))
    madrid = Rule(2, "From Madrid", sites=SiteFilter(allowed=frozenset({3})))

    decision = decide(
        order((A, 1), profile="b2b"), Stock({A: {2: 5, 3: 5}}), consumers, madrid, ANY
    )

    assert shipped(decision) == {3: {A: 1}}
    assert (decision.rule_id, decision.rule_name) == (2, "From Madrid")
    assert decision.trace["rule"] == "From Madrid"
    assert decision.trace["tried"] == [["Consumers", "profile"]]


def test_an_order_that_no_rule_is_for_goes_by_the_rule_of_the_house() -> None:
    decision = decide(order((A, 1)), Stock({A: {2: 5}}), Rule(1, "x", OrderFilter(profile="b2c")))

    assert (decision.rule_id, shipped(decision)) == (LAST_RULE.id, {2: {A: 1}})


# --- Which warehouses --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("admits", "change", "reason"),
    [
        (SiteFilter(allowed=frozenset({1, 3})), {}, ["LYS", "not_allowed"]),
        (SiteFilter(excluded=frozenset({2})), {}, ["LYS", "ruled_out"]),
        (SiteFilter(needs_cut_off=True), {"is_past_cut_off": True}, ["LYS", "cut_off"]),
        (SiteFilter(needs_capacity=True), {"capacity_left": 0}, ["LYS", "capacity"]),
        (SiteFilter(min_reliability=0.9), {"reliability": 0.85}, ["LYS", "reliability", 85.0]),
        (
            SiteFilter(),
            {"excluded_until": NOW + timedelta(hours=4)},
            ["LYS", "excluded", "2026-03-02T13:00+00:00"],
        ),
    ],
)
def test_a_warehouse_that_the_rule_does_not_admit_is_no_candidate(
    admits: SiteFilter, change: dict[str, Any], reason: list[Any]
) -> None:
    sites = [BERLIN, replace(LYON, **change), MADRID]
    stock = Stock({A: {1: 5, 2: 5, 3: 5}})

    decision = decide(order((A, 1)), stock, replace(ANY, sites=admits), sites=sites)

    assert shipped(decision) == {1: {A: 1}}
    assert reason in out(decision)


def test_a_rule_without_these_conditions_looks_at_none_of_them() -> None:
    late = replace(LYON, is_past_cut_off=True, capacity_left=0, reliability=0.1)

    decision = decide(order((A, 1)), Stock({A: {1: 5, 2: 5}}), ANY, sites=[BERLIN, late])

    assert shipped(decision) == {2: {A: 1}}


def test_warehouses_beyond_the_maximum_distance_are_no_candidates() -> None:
    near = replace(ANY, sites=SiteFilter(max_distance_km=400))

    decision = decide(order((A, 1)), Stock({A: {1: 5, 3: 5}}), near)

    assert decision.backordered == {10: 1}
    assert sorted(out(decision)) == [["BER", "too_far", 877], ["MAD", "too_far", 1053]]


def test_a_place_that_is_not_known_is_too_far_for_any_maximum() -> None:
    near = replace(ANY, sites=SiteFilter(max_distance_km=40_000))

    decision = decide(order((A, 1), to=None), Stock({A: {2: 5}}), near)

    assert decision.shipments == []
    assert ["LYS", "too_far", None] in out(decision)


def test_a_product_that_is_kept_out_of_a_warehouse_comes_from_another() -> None:
    lyon = replace(LYON, excluded_products={A: NOW + timedelta(hours=4)})
    stock = Stock({A: {1: 5, 2: 5}, B: {1: 5, 2: 5}})

    first, second = plan([order((A, 1)), order((B, 1), order_id=2)], stock, [BERLIN, lyon])

    assert (shipped(first), shipped(second)) == ({1: {A: 1}}, {2: {B: 1}})


def test_capacity_is_used_up_as_the_batch_is_planned() -> None:
    lyon = replace(LYON, capacity_left=2)
    today = replace(ANY, sites=SiteFilter(needs_capacity=True))
    demands = [order((A, 1), order_id=n, minutes=n) for n in (1, 2, 3)]

    plans = plan(demands, Stock({A: {1: 9, 2: 9}}), [BERLIN, lyon], rules(today))

    assert [shipped(each) for each in plans] == [{2: {A: 1}}, {2: {A: 1}}, {1: {A: 1}}]


def test_an_order_to_two_addresses_takes_capacity_for_both() -> None:
    lyon = replace(LYON, capacity_left=1)
    lines = [LineDemand(1, A, 1, ship_to_id=7), LineDemand(2, A, 1, ship_to_id=8)]
    demand = Demand(1, NOW, lines, {7: PARIS, 8: PARIS})
    today = replace(ANY, sites=SiteFilter(needs_capacity=True))

    decision = decide(demand, Stock({A: {1: 9, 2: 9}}), today, sites=[BERLIN, lyon])

    assert [(s.warehouse_id, s.ship_to_id) for s in decision.shipments] == [(2, 7), (1, 8)]


def test_safety_stock_is_kept_unless_the_rule_gives_it_away() -> None:
    def stock() -> Stock:
        return Stock({A: {2: -1}}, safety={A: {2: 4}})

    gives = replace(ANY, sites=SiteFilter(keeps_safety_stock=False))

    assert decide(order((A, 5)), stock(), ANY).backordered == {10: 5}
    assert shipped(decide(order((A, 5)), stock(), gives)) == {2: {A: 3}}


def test_safety_stock_that_was_given_away_is_gone_for_the_next() -> None:
    urgent = Rule(
        1, "x", OrderFilter(tags=frozenset({"vip"})), SiteFilter(keeps_safety_stock=False)
    )
    stock = Stock({A: {2: 2}}, safety={A: {2: 4}})
    vip, other = order((A, 3), tags=frozenset({"vip"})), order((A, 2), order_id=2, minutes=1)

    first, second = plan([vip, other], stock, SITES, rules(urgent))

    assert (shipped(first), second.backordered) == ({2: {A: 3}}, {20: 2})


def test_a_channel_takes_no_more_than_its_share() -> None:
    shares = Shares({(None, None): 50, (A, 2): 20})
    keeps = replace(ANY, sites=SiteFilter(keeps_share=True))

    decision = decide(order((A, 9), shares=shares), Stock({A: {1: 9, 2: 10}}), keeps)

    assert shipped(decision) == {2: {A: 2}, 1: {A: 4}}
    assert decision.backordered == {10: 3}


# --- In which preference -----------------------------------------------------------------------


def by(*criteria: Criterion) -> Rule:
    return replace(ANY, preference=criteria)


def test_the_cheapest_warehouse_wins_with_its_offer_on_the_shipment() -> None:
    tariff = Tariff(lambda site, weight: {1: 4, 2: 6, 3: 5}[site] + weight)
    demand = order((A, 2), line={"weight_kg": 1.5})

    decision = decide(
        demand, Stock({A: {1: 5, 2: 5, 3: 5}}), by(Criterion.LANDED_COST), offers=tariff
    )

    [shipment] = decision.shipments
    assert (shipment.warehouse_id, shipment.offer and shipment.offer.cost) == (1, Decimal("7.0"))
    assert lost(decision) == {
        "LYS": ["landed_cost", "9.00", "7.00"],
        "MAD": ["landed_cost", "8.00", "7.00"],
    }


def test_handling_counts_in_the_landed_cost() -> None:
    tariff = Tariff(lambda site, _: {1: 4, 2: 5, 3: 9}[site])
    dear = replace(BERLIN, pick_cost=Decimal("0.60"), carton_cost=Decimal("0.30"))
    stock = Stock({A: {1: 5, 2: 5}, B: {1: 5, 2: 5}})

    decision = decide(
        order((A, 1), (B, 1)), stock, by(Criterion.LANDED_COST), sites=[dear, LYON], offers=tariff
    )

    assert shipped(decision) == {2: {A: 1, B: 1}}
    assert lost(decision) == {"BER": ["landed_cost", "5.50", "5.00"]}


def test_cost_before_shipments_takes_two_cheap_ones_instead_of_a_dear_one() -> None:
    tariff = Tariff(lambda site, _: {1: 2, 2: 2, 3: 9}[site])
    demand, cheap = order((A, 1), (B, 1)), by(Criterion.LANDED_COST, Criterion.FEWEST_SPLITS)

    def stock() -> Stock:
        return Stock({A: {1: 5, 3: 5}, B: {2: 5, 3: 5}})

    assert shipped(decide(demand, stock(), cheap, offers=tariff)) == {1: {A: 1}, 2: {B: 1}}
    few = by(Criterion.FEWEST_SPLITS, Criterion.LANDED_COST)
    assert shipped(decide(demand, stock(), few, offers=tariff)) == {3: {A: 1, B: 1}}


def test_a_tie_is_decided_by_the_next_criterion_alone() -> None:
    tariff = Tariff(lambda site, _: {1: 5, 2: 5, 3: 4.99}[site])
    demand, stock = order((A, 1)), Stock({A: {1: 5, 2: 5}})

    decision = decide(demand, stock, by(Criterion.LANDED_COST, Criterion.DISTANCE), offers=tariff)

    assert shipped(decision) == {2: {A: 1}}
    assert lost(decision) == {"BER": ["distance", 877, 391]}


def test_a_promise_that_is_met_goes_before_a_lower_cost() -> None:
    tariff = Tariff(lambda site, _: site, days=lambda site: {1: 9, 2: 2, 3: 1}[site])
    demand = order((A, 1), requested_date=TODAY + timedelta(days=3))
    meets = by(Criterion.PROMISE_MET, Criterion.LANDED_COST)

    decision = decide(demand, Stock({A: {1: 5, 2: 5, 3: 5}}), meets, offers=tariff)

    assert shipped(decision) == {2: {A: 1}}
    assert lost(decision)["BER"] == ["promise_met", 1, 0]
    assert lost(decision)["MAD"] == ["landed_cost", "3.00", "2.00"]


def test_priority_depth_and_reliability_decide_where_the_rule_says_so() -> None:
    sites = [
        replace(BERLIN, priority=1),
        replace(MADRID, reliability=0.99),
        replace(LYON, reliability=0.9),
    ]

    def chosen(criterion: Criterion) -> int:
        stock = Stock({A: {1: 5, 2: 80, 3: 5}})
        sure = [replace(site, reliability=min(site.reliability, 0.999)) for site in sites]
        return next(iter(shipped(decide(order((A, 1)), stock, by(criterion), sites=sure))))

    assert chosen(Criterion.WAREHOUSE_PRIORITY) == 1
    assert chosen(Criterion.STOCK_DEPTH) == 2
    assert chosen(Criterion.RELIABILITY) == 1
    assert chosen(Criterion.DISTANCE) == 2


def test_without_any_offer_the_cost_ties_and_the_next_criterion_decides() -> None:
    decision = decide(order((A, 1)), Stock({A: {1: 5, 2: 5}}), by(Criterion.LANDED_COST))

    assert shipped(decision) == {2: {A: 1}}
    assert decision.shipments[0].offer is None
