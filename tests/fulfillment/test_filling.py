"""Who gets what has come, by each policy; no database."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fulfillment.filling import FillPolicy, Share, Waiting, Want, fill

MUG, BOWL = 1, 2
START = datetime(2026, 11, 1, tzinfo=UTC)


def rank(n: int) -> datetime:
    return START + timedelta(hours=n)


def order(n: int, mugs: int = 0, bowls: int = 0, **facts: object) -> Waiting:
    wants = [Want(((p, 1),), units) for p, units in ((MUG, mugs), (BOWL, bowls)) if units]
    return Waiting(n, rank(n), wants, **facts)  # type: ignore[arg-type]


def got(shares: list[Share]) -> dict[int, dict[int, int]]:
    return {share.order_id: dict(share.units) for share in shares if share.units}


def test_priority_goes_before_age_and_age_decides_among_equals() -> None:
    waiting = [order(1, 4), order(2, 4), order(3, 4, priority=5)]

    shares = fill(waiting, {MUG: 6}, FillPolicy.PRIORITY)

    assert [share.order_id for share in shares] == [3, 1, 2]
    assert got(shares) == {3: {MUG: 4}, 1: {MUG: 2}}
    assert [share.is_completed for share in shares] == [True, False, False]


def test_the_oldest_promise_goes_first_and_orders_without_one_last() -> None:
    waiting = [
        order(1, 4, priority=9),
        order(2, 4, promised_date=date(2026, 12, 2)),
        order(3, 4, promised_date=date(2026, 12, 1)),
    ]

    shares = fill(waiting, {MUG: 9}, FillPolicy.OLDEST_PROMISE)

    assert [share.order_id for share in shares] == [3, 2, 1]
    assert got(shares) == {3: {MUG: 4}, 2: {MUG: 4}, 1: {MUG: 1}}


def test_most_completed_serves_small_orders_before_a_large_old_one() -> None:
    waiting = [order(1, 10), order(2, 3), order(3, 2)]

    shares = fill(waiting, {MUG: 6}, FillPolicy.MOST_COMPLETED)

    assert got(shares) == {3: {MUG: 2}, 2: {MUG: 3}, 1: {MUG: 1}}


def test_an_order_that_misses_something_else_is_not_one_that_is_completed() -> None:
    waiting = [order(1, 2, bowls=1), order(2, 5)]

    shares = fill(waiting, {MUG: 5, BOWL: 0}, FillPolicy.MOST_COMPLETED)

    assert [share.order_id for share in shares] == [2, 1]
    assert got(shares) == {2: {MUG: 5}}


def test_claims_of_others_keep_their_rank() -> None:
    waiting = [order(1, 4), order(3, 4, priority=5)]
    held = {MUG: [(rank(2), 3)]}

    shares = fill(waiting, {MUG: 8}, FillPolicy.PRIORITY, held)

    assert [(share.order_id, share.rank_at) for share in shares] == [(3, rank(1)), (1, rank(3))]
    assert got(shares) == {3: {MUG: 4}, 1: {MUG: 1}}


def test_what_those_in_front_could_not_get_binds_those_behind() -> None:
    waiting = [order(1, 4, bowls=1, takes_parts=False), order(2, 2)]

    shares = fill(waiting, {MUG: 5}, FillPolicy.PRIORITY)

    assert got(shares) == {2: {MUG: 1}}


def test_kits_are_served_in_whole_sets() -> None:
    kit = Waiting(1, rank(1), [Want(((MUG, 1), (BOWL, 2)), 3)])

    [share] = fill([kit], {MUG: 3, BOWL: 5}, FillPolicy.PRIORITY)

    assert share.units == {MUG: 2, BOWL: 4}
    assert share.missing == {MUG: 1, BOWL: 2}


orders = st.lists(
    st.tuples(
        st.integers(0, 6),
        st.integers(0, 6),
        st.integers(-2, 2),
        st.none() | st.integers(1, 20),
        st.booleans(),
    ).filter(lambda x: x[0] or x[1]),
    max_size=8,
)


def waiting_of(raw: list[tuple[int, int, int, int | None, bool]]) -> list[Waiting]:
    return [
        order(
            n,
            mugs,
            bowls,
            priority=priority,
            promised_date=date(2026, 12, day) if day else None,
            takes_parts=parts,
        )
        for n, (mugs, bowls, priority, day, parts) in enumerate(raw, start=1)
    ]


@given(orders, st.integers(0, 20), st.integers(0, 20), st.sampled_from(FillPolicy))
def test_nobody_gets_what_is_not_there_or_more_than_they_need(
    raw: list[tuple[int, int, int, int | None, bool]], mugs: int, bowls: int, policy: FillPolicy
) -> None:
    waiting = waiting_of(raw)

    shares = fill(waiting, {MUG: mugs, BOWL: bowls}, policy)

    assert sorted(share.order_id for share in shares) == [each.order_id for each in waiting]
    for product_id, there in ((MUG, mugs), (BOWL, bowls)):
        assert sum(share.units.get(product_id, 0) for share in shares) <= there
    needs = {each.order_id: each.needs for each in waiting}
    for share in shares:
        total = {p: share.units.get(p, 0) + share.missing.get(p, 0) for p in needs[share.order_id]}
        assert total == needs[share.order_id]
    takes = {each.order_id: each.takes_parts for each in waiting}
    assert all(takes[x.order_id] or x.is_completed or not x.units for x in shares)


@given(orders, st.integers(0, 20), st.sampled_from(FillPolicy))
def test_who_stands_in_front_never_goes_without_for_somebody_behind(
    raw: list[tuple[int, int, int, int | None, bool]], mugs: int, policy: FillPolicy
) -> None:
    shares = fill(waiting_of(raw), {MUG: mugs}, policy)

    short = False
    for share in shares:
        assert not (short and share.units.get(MUG)) or mugs == 0 or _room(shares, share, mugs)
        short = short or MUG in share.missing


def _room(shares: list[Share], share: Share, mugs: int) -> bool:
    """Enough was there for all that those in front asked for."""
    before = shares[: shares.index(share)]
    asked = sum(x.units.get(MUG, 0) + x.missing.get(MUG, 0) for x in before)
    return asked + share.units[MUG] <= mugs


@given(st.lists(st.integers(1, 9), max_size=10), st.integers(0, 30))
def test_of_one_product_no_policy_completes_more_orders(sizes: list[int], mugs: int) -> None:
    waiting = [order(n, size) for n, size in enumerate(sizes, start=1)]

    done = {
        policy: sum(share.is_completed for share in fill(waiting, {MUG: mugs}, policy))
        for policy in FillPolicy
    }

    most, left = 0, mugs
    for size in sorted(sizes):
        if size <= left:
            most, left = most + 1, left - size
    assert done[FillPolicy.MOST_COMPLETED] == most == max(done.values())


@pytest.mark.parametrize("policy", FillPolicy)
def test_nobody_waits_and_nobody_gets_anything(policy: FillPolicy) -> None:
    assert fill([], {MUG: 5}, policy) == []
