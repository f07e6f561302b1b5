from __future__ import annotations

from math import inf

from hypothesis import given
from hypothesis import strategies as st

from inventory.balancing import FULL_DAYS, LOW_DAYS, SiteStock, balance, cover_days

HAM, BER, MUC = 1, 2, 3


def test_the_warehouse_with_three_days_gets_from_the_one_with_ninety() -> None:
    [move] = balance([SiteStock(HAM, 6, 2.0), SiteStock(BER, 180, 2.0)])

    assert (move.warehouse_from_id, move.warehouse_to_id, move.quantity) == (BER, HAM, 54)
    assert (move.from_days, move.to_days) == (90.0, 3.0)
    assert (move.from_days_after, move.to_days_after) == (63.0, 30.0)


def test_scarce_stock_is_shared_evenly() -> None:
    [move] = balance([SiteStock(HAM, 0, 1.0), SiteStock(BER, 20, 1.0)])

    assert (move.quantity, move.from_days_after, move.to_days_after) == (10, 10.0, 10.0)


def test_where_nothing_is_sold_all_of_it_may_go() -> None:
    [move] = balance([SiteStock(HAM, 0, 1.0), SiteStock(BER, 12, 0.0)])

    assert (move.quantity, move.from_days) == (12, inf)


def test_only_whole_packs_travel() -> None:
    [move] = balance([SiteStock(HAM, 6, 2.0), SiteStock(BER, 180, 2.0)], pack_size=20)

    assert move.quantity == 40
    assert balance([SiteStock(HAM, 0, 1.0), SiteStock(BER, 12, 0.0)], pack_size=20) == []


def test_nobody_is_helped_who_has_enough_and_nobody_gives_who_has_not() -> None:
    assert balance([SiteStock(HAM, 10, 1.0), SiteStock(BER, 500, 1.0)]) == []
    assert balance([SiteStock(HAM, 2, 1.0), SiteStock(BER, 2, 1.0)]) == []
    assert balance([SiteStock(HAM, 0, 0.0), SiteStock(BER, 500, 1.0)]) == []
    assert balance([]) == []


def test_a_move_that_adds_hardly_a_day_is_not_worth_a_truck() -> None:
    assert balance([SiteStock(HAM, 90, 10.0), SiteStock(BER, 140, 10.0)]) == []


def test_several_givers_help_until_the_need_is_met() -> None:
    moves = balance([SiteStock(HAM, 0, 2.0), SiteStock(BER, 70, 1.0), SiteStock(MUC, 60, 1.0)])

    assert [(m.warehouse_from_id, m.quantity) for m in moves] == [(BER, 40), (MUC, 20)]


def test_cover_in_whole_days() -> None:
    assert cover_days(7, 2.0) == 3
    assert cover_days(-1, 2.0) == 0
    assert cover_days(7, 0.0) is None


@given(
    st.lists(
        st.tuples(st.integers(-5, 500), st.floats(0, 20, allow_nan=False)), min_size=1, max_size=6
    ),
    st.integers(1, 12),
)
def test_no_move_makes_a_giver_poor_or_a_receiver_rich(
    facts: list[tuple[int, float]], pack: int
) -> None:
    sites = [SiteStock(i, free, demand) for i, (free, demand) in enumerate(facts)]
    left = {site.warehouse_id: site.free for site in sites}
    demand = {site.warehouse_id: site.daily_demand for site in sites}

    for move in balance(sites, pack_size=pack):
        left[move.warehouse_from_id] -= move.quantity
        left[move.warehouse_to_id] += move.quantity
        assert move.quantity > 0
        assert move.quantity % pack == 0
        assert move.to_days < LOW_DAYS or move.to_days_after <= FULL_DAYS + 1
        assert left[move.warehouse_from_id] >= 0
        assert left[move.warehouse_to_id] <= FULL_DAYS * demand[move.warehouse_to_id] + 1
