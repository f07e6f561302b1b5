"""What a rule does with an order: how it is split, what becomes of the rest, and why."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from fulfillment.plans import Demand, LineDemand, Site, Stock
from fulfillment.routing import plan
from fulfillment.rules import (
    Otherwise,
    Rule,
    SiteFilter,
    SplitPolicy,
)
from tests.fulfillment.planning import (
    ANY,
    BERLIN,
    LYON,
    NOW,
    PARIS,
    TODAY,
    A,
    B,
    decide,
    lost,
    order,
    shipped,
)

# --- How it is split ---------------------------------------------------------------------------


def spread() -> Stock:
    return Stock({A: {1: 5}, B: {2: 5}})


def test_never_split_means_one_warehouse_or_none() -> None:
    never = replace(ANY, split=SplitPolicy.NEVER)

    assert decide(order((A, 1), (B, 1)), spread(), never).backordered == {10: 1, 11: 1}
    both = Stock({A: {1: 5, 3: 1}, B: {2: 5, 3: 1}})
    assert shipped(decide(order((A, 1), (B, 1)), both, never)) == {3: {A: 1, B: 1}}


@pytest.mark.parametrize(("value", "shipments"), [("100.00", 0), ("100.01", 2)])
def test_orders_are_split_only_above_the_value(value: str, shipments: int) -> None:
    dear = replace(ANY, split=SplitPolicy.ABOVE_VALUE, split_above=Decimal(100))

    decision = decide(order((A, 1), (B, 1), value=Decimal(value)), spread(), dear)

    assert len(decision.shipments) == shipments


def test_lines_of_one_group_leave_together() -> None:
    together = replace(ANY, split=SplitPolicy.GROUPS_TOGETHER)
    lines = [
        LineDemand(1, A, 2, group="set"),
        LineDemand(2, B, 1, group="set"),
        LineDemand(3, 103, 1),
    ]
    stock = Stock({A: {1: 2, 2: 9}, B: {1: 1}, 103: {2: 5}})

    decision = decide(Demand(1, NOW, lines, {0: PARIS}), stock, together)

    assert shipped(decision) == {1: {A: 2, B: 1}, 2: {103: 1}}


def test_a_group_that_no_warehouse_has_whole_waits_whole() -> None:
    together = replace(ANY, split=SplitPolicy.GROUPS_TOGETHER)
    lines = [LineDemand(1, A, 2, group="set"), LineDemand(2, A, 2, group="set")]

    decision = decide(Demand(1, NOW, lines, {0: PARIS}), Stock({A: {1: 3, 2: 3}}), together)

    assert (decision.shipments, decision.backordered) == ([], {1: 2, 2: 2})


def test_where_groups_stay_together_all_sets_of_a_kit_do() -> None:
    lines = [LineDemand(1, A, 2, kit_id=9), LineDemand(2, B, 2, kit_id=9)]
    stock = {A: {1: 2, 2: 1}, B: {1: 2, 2: 1}}
    demand = Demand(1, NOW, lines, {0: PARIS})

    together = decide(demand, Stock(stock), replace(ANY, split=SplitPolicy.GROUPS_TOGETHER))

    assert shipped(together) == {1: {A: 2, B: 2}}


# --- What else ---------------------------------------------------------------------------------


def test_what_does_not_fit_goes_to_the_next_rule_whole() -> None:
    near = Rule(1, "Near", sites=SiteFilter(max_distance_km=500), otherwise=Otherwise.NEXT_RULE)
    stock = Stock({A: {2: 2, 1: 2}})

    decision = decide(order((A, 3)), stock, near, ANY)

    assert shipped(decision) == {2: {A: 2}, 1: {A: 1}}
    assert decision.trace["tried"] == [["Near", "fit", 1]]
    assert stock.usable == {A: {2: 0, 1: 1}}


def test_the_rule_of_the_house_takes_what_the_last_rule_hands_on() -> None:
    decision = decide(
        order((A, 3)), Stock({A: {2: 2}}), replace(ANY, otherwise=Otherwise.NEXT_RULE)
    )

    assert (decision.rule_id, decision.backordered) == (0, {10: 1})


def test_what_is_held_stays_open_for_a_person() -> None:
    decision = decide(order((A, 3)), Stock({A: {2: 2}}), replace(ANY, otherwise=Otherwise.HOLD))

    assert (decision.left_open, decision.backordered, decision.is_held) == ({10: 1}, {}, True)
    assert decision.verdict.endswith("1 units stay open: the rule “Any” leaves them to a person.")


def test_a_backorder_with_a_cancel_date_says_after_how_many_days() -> None:
    rule = replace(ANY, otherwise=Otherwise.CANCEL_DATE, cancel_after_days=14)

    decision = decide(order((A, 3)), Stock({A: {2: 2}}), rule)

    assert (decision.backordered, decision.cancel_after_days) == ({10: 1}, 14)
    assert decide(order((A, 1)), Stock({A: {2: 2}}), rule).cancel_after_days is None


def test_a_pre_order_waits_for_its_day_whoever_takes_no_backorders() -> None:
    later = TODAY + timedelta(days=30)
    lines = [LineDemand(1, A, 2, not_before=later), LineDemand(2, B, 1)]
    demand = Demand(1, NOW, lines, {0: PARIS}, allows_backorder=False)

    decision = decide(demand, Stock({A: {2: 9}, B: {2: 9}}), replace(ANY, otherwise=Otherwise.HOLD))

    assert shipped(decision) == {2: {B: 1}}
    assert (decision.backordered, decision.left_open) == ({1: 2}, {})


def test_a_kit_waits_for_the_component_that_is_a_pre_order() -> None:
    later = TODAY + timedelta(days=30)
    lines = [LineDemand(1, A, 1, kit_id=9, not_before=later), LineDemand(2, B, 1, kit_id=9)]

    decision = decide(Demand(1, NOW, lines, {0: PARIS}), Stock({A: {2: 9}, B: {2: 9}}), ANY)

    assert (decision.shipments, decision.backordered) == ([], {1: 1, 2: 1})


def test_a_level_with_a_cap_owes_no_more_and_the_next_warehouse_owes_the_rest() -> None:
    stock = Stock({A: {1: 0, 2: 0}}, level_room={A: {1: 9, 2: 3}})
    demands = [order((A, 2), order_id=n, minutes=n) for n in (1, 2, 3)]

    plans = plan(demands, stock, [BERLIN, LYON])

    assert [each.backorder_sites for each in plans] == [{10: 2}, {20: 1}, {30: 1}]
    assert stock.level_room == {A: {1: 5, 2: 1}}


def test_levels_that_may_owe_nothing_more_leave_the_rest_open() -> None:
    stock = Stock({A: {2: 0}}, level_room={A: {2: 3}})

    decision = decide(order((A, 5)), stock, ANY)

    assert (decision.backordered, decision.left_open) == ({10: 3}, {10: 2})
    assert decision.backorder_sites == {10: 2}


def test_where_the_first_warehouse_has_no_cap_the_pool_owes() -> None:
    stock = Stock({A: {1: 0, 2: 0}}, level_room={A: {1: 3}})

    decision = decide(order((A, 5)), stock, ANY)

    assert (decision.backordered, decision.backorder_sites) == ({10: 5}, {})


# --- Why ---------------------------------------------------------------------------------------


def test_the_trace_says_by_what_each_candidate_lost() -> None:
    decision = decide(order((A, 3)), Stock({A: {1: 9, 2: 3, 3: 1}}), ANY)

    assert decision.trace == {
        "rule": "Any",
        "by": ["fewest_splits", "distance", "warehouse_priority"],
        "units": 3,
        "legs": [
            {
                "candidates": [
                    {"site": "LYS", "km": 391, "units": 3, "priority": 100, "ships": 3},
                    {"site": "BER", "km": 877, "units": 3, "priority": 100, "lost": ["distance", 877, 391]},
                    {"site": "MAD", "km": 1053, "units": 1, "priority": 100, "lost": ["part"]},
                ],
                "out": [],
            }
        ],
        "verdict": "Ships from one warehouse.",
    }  # fmt: skip


def test_a_warehouse_that_would_make_a_split_longer_lost_on_the_way() -> None:
    stock = Stock({A: {2: 5}, B: {1: 5, 3: 5}})

    decision = decide(order((A, 1), (B, 1)), stock, ANY)

    assert lost(decision) == {"MAD": ["distance", 722, 634]}


def test_stock_that_others_claimed_first_is_said_to_be() -> None:
    stock = Stock({A: {2: 3}}, {A: [(NOW - timedelta(hours=1), 3)]})

    decision = decide(order((A, 1)), stock, ANY)

    assert lost(decision) == {"LYS": ["claimed"]}
    assert decision.trace["claimed_earlier"] == {str(A): 3}


def test_sites_are_told_apart_by_what_the_rule_looks_at() -> None:
    sites = [Site(1, "ONE", 10, PARIS), Site(2, "TWO", 10, PARIS)]

    decision = decide(order((A, 1)), Stock({A: {1: 5, 2: 5}}), ANY, sites=sites)

    assert (shipped(decision), lost(decision)) == ({1: {A: 1}}, {"TWO": ["equal"]})
