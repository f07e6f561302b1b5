from __future__ import annotations

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from inventory.availability import Totals, available, available_to_promise

LEVELS = st.lists(
    st.builds(
        Totals,
        on_hand=st.integers(0, 100),
        allocated=st.integers(0, 40),
        blocked=st.integers(0, 40),
        safety_stock=st.integers(0, 30),
    )
)


def test_available_is_on_hand_less_allocated_and_blocked() -> None:
    assert available(47, 5, 2) == 40


def test_safety_stock_is_kept_at_each_warehouse_by_itself() -> None:
    levels = [Totals(10, 0, 0, 4), Totals(3, 0, 0, 8)]

    assert available_to_promise(levels) == 6


def test_others_claims_count_down_and_what_arrives_counts_up() -> None:
    assert available_to_promise([Totals(10, 2, 1)], reserved_before=9, incoming=5) == 3


def test_more_accepted_than_there_is_shows_below_zero() -> None:
    assert available_to_promise([], reserved_before=4) == -4


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(LEVELS, st.integers(0, 50), st.integers(0, 50))
def test_a_claim_never_makes_more_available(
    levels: list[Totals], reserved: int, incoming: int
) -> None:
    without = available_to_promise(levels, incoming=incoming)

    assert available_to_promise(levels, reserved_before=reserved, incoming=incoming) == (
        without - reserved
    )
    assert without >= incoming
