"""The search over sets of warehouses, against trying every set."""

from __future__ import annotations

import random
from itertools import combinations

import pytest

from fulfillment.splitting import Load, alone, cheapest, ten_of


def in_turn(needs: Load, rows: list[Load], chosen: tuple[int, ...]) -> dict[int, Load] | None:
    """What each of the chosen gives, the first all it can; None: together they do not have it all."""
    left, loads = needs, {}
    for site in chosen:
        given = tuple(min(n, m) for n, m in zip(left, rows[site], strict=True))
        if any(given):
            loads[site] = given
        left = tuple(n - m for n, m in zip(left, given, strict=True))
    return None if any(left) else loads


def by_brute_force(
    needs: Load, rows: list[Load], prices: dict[tuple[int, Load], int]
) -> tuple[int | None, dict[int, int]]:
    """The lowest price of all sets, and of those with each site."""
    best: int | None = None
    with_site: dict[int, int] = {}
    for size in range(1, len(rows) + 1):
        for chosen in combinations(range(len(rows)), size):
            if (loads := in_turn(needs, rows, chosen)) is None:
                continue
            price = sum(price_of(prices, site, load) for site, load in loads.items())
            best = price if best is None else min(best, price)
            for site in loads:
                with_site[site] = min(price, with_site.get(site, price))
    return best, with_site


def price_of(prices: dict[tuple[int, Load], int], site: int, load: Load) -> int:
    """Any price at all: the search assumes nothing about it, not even that more costs more."""
    return prices.setdefault((site, load), random.Random(f"{site}{load}").randint(1, 99))


def flat(_site: int, _load: Load) -> int:
    """Each shipment costs the same."""
    return 1


@pytest.mark.parametrize("seed", range(200))
def test_no_set_of_warehouses_is_better_than_the_one_found(seed: int) -> None:
    rng = random.Random(seed)
    width = rng.randint(1, 4)
    rows = [
        tuple(rng.choice([0, 0, 1, 2, 5]) for _ in range(width)) for _ in range(rng.randint(1, 8))
    ]
    needs = tuple(min(rng.randint(0, 6), sum(row[good] for row in rows)) for good in range(width))
    prices: dict[tuple[int, Load], int] = {}

    found = cheapest(needs, rows, lambda site, load: price_of(prices, site, load))

    if not any(needs):
        assert (found.best, found.loads) == (None, {})
        return
    best, with_site = by_brute_force(needs, rows, prices)
    assert (found.best, found.with_site) == (best, with_site)
    assert sum(price_of(prices, site, load) for site, load in found.loads.items()) == best
    assert in_turn(needs, rows, tuple(found.loads)) == found.loads


def test_of_sets_that_are_equal_the_first_in_order_is_taken() -> None:
    found = cheapest((1,), [(0,), (1,), (1,)], flat)

    assert (found.loads, found.with_site) == ({1: (1,)}, {1: 1, 2: 1})


def test_what_all_sites_together_lack_has_no_set() -> None:
    found = cheapest((3,), [(1,), (1,)], flat)

    assert (found.best, found.loads, found.with_site) == (None, {}, {})


def test_alone_the_cheapest_that_has_everything_gives_it() -> None:
    rows = [(9, 0), (2, 2), (2, 3)]

    found = alone((2, 2), rows, lambda site, _: [1, 7, 6][site])

    assert (found.best, found.loads, found.with_site) == (6, {2: (2, 2)}, {1: 7, 2: 6})


def test_of_many_warehouses_ten_are_searched_that_have_it_all() -> None:
    rows = [(1, 0)] * 12 + [(0, 1)]

    assert ten_of((1, 1), rows) == [0, 1, 2, 3, 4, 5, 6, 7, 8, 12]
    assert ten_of((1, 1), rows[3:]) == list(range(10))
