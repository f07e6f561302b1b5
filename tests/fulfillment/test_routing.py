"""The planner: plain data in, plans out; no database."""

import random
import time
from collections import defaultdict
from collections.abc import Sequence
from datetime import timedelta
from itertools import combinations

import pytest

from fulfillment.routing import Demand, LineDemand, Plan, Site, Stock, plan
from oms.core.distance import Position
from tests.fulfillment.planning import LYON, MADRID, NOW, PARIS, SITES, A, B, order, shipped


def test_the_nearest_warehouse_that_has_everything_ships_it() -> None:
    stock = Stock({A: {1: 9, 2: 9, 3: 9}, B: {1: 9, 2: 9, 3: 9}})

    [decision] = plan([order((A, 3), (B, 2))], stock, SITES)

    assert shipped(decision) == {2: {A: 3, B: 2}}
    assert decision.shipments[0].distance_km == pytest.approx(391.5, abs=0.5)
    assert decision.backordered == {}
    assert decision.left_open == {}


def test_one_far_warehouse_beats_two_near_ones() -> None:
    stock = Stock({A: {2: 9, 3: 9}, B: {1: 9, 3: 9}})

    [decision] = plan([order((A, 1), (B, 1))], stock, SITES)

    assert shipped(decision) == {3: {A: 1, B: 1}}


def test_among_equal_splits_the_shorter_way_wins() -> None:
    stock = Stock({A: {2: 5}, B: {1: 5, 3: 5}})

    [decision] = plan([order((A, 1), (B, 1))], stock, SITES)

    assert shipped(decision) == {2: {A: 1}, 1: {B: 1}}


def test_priority_decides_between_warehouses_at_the_same_place() -> None:
    sites = [Site(1, "ONE", 20, PARIS), Site(2, "TWO", 10, PARIS)]

    [decision] = plan([order((A, 1))], Stock({A: {1: 5, 2: 5}}), sites)

    assert shipped(decision) == {2: {A: 1}}


def test_an_unknown_destination_goes_by_priority() -> None:
    sites = [Site(1, "ONE", 20, PARIS), Site(2, "TWO", 10, PARIS)]

    [decision] = plan([order((A, 1), to=None)], Stock({A: {1: 5, 2: 5}}), sites)

    assert shipped(decision) == {2: {A: 1}}
    assert decision.shipments[0].distance_km is None


def test_an_inactive_warehouse_ships_nothing_and_the_trace_says_so() -> None:
    sites = [Site(2, "LYS", position=LYON.position, is_active=False), MADRID]

    [decision] = plan([order((A, 1))], Stock({A: {2: 5, 3: 5}}), sites)

    assert shipped(decision) == {3: {A: 1}}
    assert decision.trace["legs"][0]["out"] == [["LYS", "inactive"]]


def test_what_is_not_there_is_backordered() -> None:
    [decision] = plan([order((A, 5))], Stock({A: {2: 3}}), SITES)

    assert shipped(decision) == {2: {A: 3}}
    assert decision.backordered == {10: 2}


def test_without_backorders_the_rest_stays_open() -> None:
    [decision] = plan([order((A, 5), allows_backorder=False)], Stock({A: {2: 3}}), SITES)

    assert decision.backordered == {}
    assert decision.left_open == {10: 2}
    assert decision.verdict.endswith("the customer takes no backorders.")


def test_the_backorder_cap_leaves_the_rest_open() -> None:
    stock = Stock({A: {2: 1}}, backorder_room={A: 3})

    first, second = plan([order((A, 3)), order((A, 3), order_id=2, minutes=1)], stock, SITES)

    assert (first.backordered, first.left_open) == ({10: 2}, {})
    assert (second.backordered, second.left_open) == ({20: 1}, {20: 2})


def test_without_part_shipments_it_is_all_or_nothing() -> None:
    stock = Stock({A: {2: 9}, B: {2: 1}})

    [decision] = plan([order((A, 2), (B, 2), allows_partial_shipment=False)], stock, SITES)

    assert decision.shipments == []
    assert decision.backordered == {10: 2, 11: 2}
    assert stock.usable == {A: {2: 9}, B: {2: 1}}


def test_what_an_order_waits_for_binds_the_orders_behind_it() -> None:
    stock = Stock({A: {2: 2}, B: {2: 0}})
    waiting = order((A, 2), (B, 1), allows_partial_shipment=False)

    _, behind = plan([waiting, order((A, 2), order_id=2, minutes=1)], stock, SITES)

    assert behind.shipments == []
    assert behind.backordered == {20: 2}


def test_earlier_claims_of_others_bind_and_later_ones_do_not() -> None:
    claims = {A: [(NOW - timedelta(hours=1), 4), (NOW + timedelta(hours=1), 4)]}

    [decision] = plan([order((A, 9))], Stock({A: {2: 6, 1: 3}}, claims), SITES)

    assert sum(goods[A] for goods in shipped(decision).values()) == 5
    assert decision.trace["claimed_earlier"] == {str(A): 4}


def test_higher_priority_goes_before_earlier_rank() -> None:
    early, urgent = order((A, 2)), order((A, 2), order_id=2, minutes=5, priority=1)

    first, second = plan([early, urgent], Stock({A: {2: 2}}), SITES)

    assert (first.order_id, shipped(first)) == (2, {2: {A: 2}})
    assert (second.order_id, second.backordered) == (1, {10: 2})


def test_two_lines_of_one_product_share_what_is_there() -> None:
    [decision] = plan([order((A, 3), (A, 3))], Stock({A: {2: 4, 1: 2}}), SITES)

    assert shipped(decision) == {2: {A: 4}, 1: {A: 2}}


def test_lines_with_their_own_address_are_routed_apart() -> None:
    lines = [LineDemand(1, A, 1, ship_to_id=7), LineDemand(2, A, 1, ship_to_id=8)]
    demand = Demand(1, NOW, lines, {7: PARIS, 8: MADRID.position})

    [decision] = plan([demand], Stock({A: {2: 5, 3: 5}}), SITES)

    assert [(s.warehouse_id, s.ship_to_id) for s in decision.shipments] == [(2, 7), (3, 8)]


def kit(sets: int, *parts: tuple[int, int]) -> Demand:
    lines = [LineDemand(i, p, sets * n, kit_id=99, per_set=n) for i, (p, n) in enumerate(parts)]
    return Demand(1, NOW, lines, {0: PARIS})


def test_a_set_of_a_kit_leaves_from_one_warehouse() -> None:
    stock = Stock({A: {2: 9, 1: 1}, B: {2: 3, 1: 8}})

    [decision] = plan([kit(2, (A, 1), (B, 2))], stock, SITES)

    assert shipped(decision) == {2: {A: 1, B: 2}, 1: {A: 1, B: 2}}


def test_components_in_different_warehouses_make_no_set() -> None:
    [decision] = plan([kit(1, (A, 1), (B, 1))], Stock({A: {2: 9}, B: {1: 9}}), SITES)

    assert decision.shipments == []
    assert decision.backordered == {0: 1, 1: 1}


def test_a_kit_and_a_line_share_a_component() -> None:
    demand = kit(1, (A, 1), (B, 1))
    lines = [*demand.lines, LineDemand(7, A, 2)]
    stock = Stock({A: {2: 2, 1: 2}, B: {2: 1}})

    [decision] = plan([Demand(1, NOW, lines, {0: PARIS})], stock, SITES)

    assert shipped(decision) == {2: {A: 2, B: 1}, 1: {A: 1}}


def fewest_by_brute_force(stock: dict[int, dict[int, int]], want: dict[int, int]) -> int:
    sites = sorted({site for levels in stock.values() for site in levels})
    reach = {p: min(q, sum(stock[p].values())) for p, q in want.items()}
    for size in range(len(sites) + 1):
        for chosen in combinations(sites, size):
            if all(sum(stock[p].get(s, 0) for s in chosen) >= q for p, q in reach.items()):
                return size
    raise AssertionError("All sites together must reach it.")


@pytest.mark.parametrize("seed", range(200))
def test_splits_equal_the_minimum_found_by_brute_force(seed: int) -> None:
    rng = random.Random(seed)
    sites = [Site(i, f"W{i}", 1, spot(rng)) for i in range(1, rng.randint(2, 8))]
    products = list(range(1, rng.randint(2, 6)))
    levels = {p: {s.id: rng.choice([0, 0, 1, 2, 5]) for s in sites} for p in products}
    want = {p: rng.randint(1, 8) for p in products}
    before = {p: dict(there) for p, there in levels.items()}

    [decision] = plan([order(*want.items(), to=spot(rng))], Stock(levels), sites)

    assert len(decision.shipments) == fewest_by_brute_force(before, want)
    check_totals([decision], {1: want}, before)


@pytest.mark.parametrize("seed", range(40))
def test_a_batch_never_takes_more_than_there_is_and_loses_no_unit(seed: int) -> None:
    rng = random.Random(seed)
    sites = [Site(i, f"W{i}", 1, spot(rng)) for i in range(1, 5)]
    levels = {p: {s.id: rng.randint(0, 9) for s in sites} for p in range(1, 6)}
    before = {p: dict(there) for p, there in levels.items()}
    wants = {
        o: {p: rng.randint(1, 6) for p in rng.sample(range(1, 6), rng.randint(1, 3))}
        for o in range(1, 13)
    }
    demands = [
        order(
            *want.items(),
            order_id=o,
            to=spot(rng),
            minutes=rng.randint(0, 3),
            allows_partial_shipment=rng.random() < 0.7,
            allows_backorder=rng.random() < 0.7,
        )
        for o, want in wants.items()
    ]

    check_totals(plan(demands, Stock(levels), sites), wants, before)


def spot(rng: random.Random) -> Position:
    return Position(rng.uniform(35, 60), rng.uniform(-5, 25))


def check_totals(
    plans: Sequence[Plan], wants: dict[int, dict[int, int]], levels: dict[int, dict[int, int]]
) -> None:
    used: dict[tuple[int, int], int] = defaultdict(int)
    for decision in plans:
        sent = sum(line.quantity for s in decision.shipments for line in s.lines)
        waiting = sum(decision.backordered.values()) + sum(decision.left_open.values())
        assert sent + waiting == sum(wants[decision.order_id].values())
        for warehouse, goods in shipped(decision).items():
            for product, units in goods.items():
                used[product, warehouse] += units
    for (product, warehouse), units in used.items():
        assert units <= levels[product][warehouse]


def test_more_than_ten_warehouses_are_cut_down_to_a_good_ten() -> None:
    sites = [Site(i, f"W{i}", 1, PARIS) for i in range(1, 31)]
    stock = Stock({p: {p: 1} for p in range(1, 13)})

    [decision] = plan([order(*((p, 1) for p in range(1, 13)))], stock, sites)

    assert len(decision.shipments) == 12


def test_a_thousand_orders_are_planned_within_seconds() -> None:
    rng = random.Random(7)
    sites = [Site(i, f"W{i}", 1, spot(rng)) for i in range(1, 11)]
    stock = Stock({p: {s.id: rng.randint(0, 40) for s in sites} for p in range(1_000)})
    demands = [
        order(*((rng.randrange(1_000), rng.randint(1, 8)) for _ in range(3)), order_id=o)
        for o in range(1_000)
    ]

    start = time.process_time()
    plans = plan(demands, stock, sites)

    assert len(plans) == 1_000
    assert time.process_time() - start < 5
