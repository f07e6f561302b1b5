"""Reorder points, targets and quantities: the rules alone."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inventory.reordering import (
    Day,
    compute,
    cover_days,
    demand_days,
    is_low,
    purchasable,
    reorder_point,
    suggested_quantity,
)


def test_steady_demand_needs_no_safety_stock() -> None:
    assert reorder_point([4] * 30, lead_time_days=7, service_percent=95) == 28


def test_safety_stock_is_z_times_sigma_times_the_root_of_the_lead_time() -> None:
    # mean 10, sample deviation 5.0855, z(97.5%) 1.95996: 90 + 1.95996 x 5.0855 x 3 = 119.9
    demand = [5, 15] * 15

    assert reorder_point(demand, lead_time_days=9, service_percent=97.5) == 120


def test_half_the_cycles_are_served_without_a_cushion() -> None:
    assert reorder_point([5, 15] * 15, lead_time_days=9, service_percent=50) == 90


def test_days_without_stock_do_not_count_unless_goods_left_on_them() -> None:
    days = [Day(3), Day(0), Day(0, was_available=False), Day(2, was_available=False)]

    assert demand_days(days) == [3, 0, 2]


def test_a_stock_out_does_not_make_demand_look_smaller() -> None:
    always = compute([Day(6)] * 60, lead_time_days=10, service_percent=95, cover_days=30)
    away = [Day(6)] * 30 + [Day(0, was_available=False)] * 30
    half = compute(away, lead_time_days=10, service_percent=95, cover_days=30)

    assert always is not None
    assert always == half
    assert (always.daily_demand, always.point, always.target) == (6.0, 60, 240)


def test_a_young_product_is_not_computed() -> None:
    known = [Day(1)] * 13 + [Day(0, was_available=False)] * 70

    assert compute(known, lead_time_days=5, service_percent=95, cover_days=30) is None
    assert compute([*known, Day(1)], lead_time_days=5, service_percent=95, cover_days=30)


def test_what_came_back_on_a_day_is_no_negative_demand() -> None:
    assert demand_days([Day(-2), Day(5)]) == [0, 5]


@pytest.mark.parametrize(("position", "low"), [(11, False), (10, True), (9, True), (-3, True)])
def test_a_position_at_the_point_is_low(position: int, low: bool) -> None:
    assert is_low(position, 10) is low


@pytest.mark.parametrize(
    ("wanted", "minimum", "pack", "bought"),
    [(1, 1, 1, 1), (7, 1, 6, 12), (12, 1, 6, 12), (3, 10, 1, 10), (3, 10, 6, 12), (13, 10, 6, 18)],
)
def test_quantities_are_rounded_up_to_the_minimum_and_to_whole_packs(
    wanted: int, minimum: int, pack: int, bought: int
) -> None:
    assert purchasable(wanted, min_quantity=minimum, pack_quantity=pack) == bought


def test_a_low_product_is_ordered_up_to_its_target() -> None:
    assert suggested_quantity(position=4, point=10, target=40) == 36
    assert suggested_quantity(position=-6, point=10, target=40) == 46
    assert suggested_quantity(position=4, point=10, target=40, pack_quantity=25) == 50


def test_nothing_is_suggested_above_the_point() -> None:
    assert suggested_quantity(position=11, point=10, target=40) == 0


@given(
    position=st.integers(-500, 500),
    point=st.integers(0, 300),
    above=st.integers(0, 300),
    minimum=st.integers(1, 60),
    pack=st.integers(1, 60),
)
def test_a_suggestion_reaches_the_target_and_ends_the_shortage_with_the_least_excess(
    position: int, point: int, above: int, minimum: int, pack: int
) -> None:
    target = point + above
    quantity = suggested_quantity(
        position=position, point=point, target=target, min_quantity=minimum, pack_quantity=pack
    )

    if position > point or position >= target:
        assert quantity == 0
    else:
        assert quantity % pack == 0
        assert quantity >= minimum
        assert position + quantity >= target
        assert quantity - pack < max(target - position, minimum)


def test_cover_is_the_whole_days_that_the_stock_lasts() -> None:
    assert cover_days(25, 10) == 2
    assert cover_days(-5, 10) == 0
    assert cover_days(25, None) is None
    assert cover_days(25, 0) is None
