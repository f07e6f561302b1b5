"""The fewest warehouses that together hold what an order needs. Plain data in, plain data out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import combinations

EXACT_UP_TO = 10

Columns = Sequence[Sequence[int]]
Subset = tuple[int, ...]


def fewest(
    columns: Columns,
    needs: Sequence[int],
    *,
    cost: Callable[[Subset], tuple[float, ...]],
    works: Callable[[Subset], bool] | None = None,
) -> Subset | None:
    """Find the cheapest among the smallest sets of sites that cover every need.

    ``columns[i][s]`` is how much of good ``i`` site ``s`` can give, ``needs[i]`` what is wanted.
    Sites come in order of preference. Exact for up to ten useful sites; of more, ten are taken by
    a greedy cover first. ``works`` may turn down a set whose goods compete for the same stock.
    """
    useful = [s for s in range(len(columns[0])) if any(column[s] for column in columns)]
    if len(useful) > EXACT_UP_TO:
        useful = _greedy_cover(columns, needs, useful)
    musts = tuple(s for s in useful if not _covers(columns, needs, [t for t in useful if t != s]))
    others = [s for s in useful if s not in musts]
    for size in range(max(len(musts), _least(columns, needs, useful)), len(useful) + 1):
        found = [
            subset
            for more in combinations(others, size - len(musts))
            if _covers(columns, needs, subset := tuple(sorted(musts + more)))
        ]
        for subset in sorted(found, key=cost):
            if works is None or works(subset):
                return subset
    return None


def _covers(columns: Columns, needs: Sequence[int], sites: Sequence[int]) -> bool:
    for column, need in zip(columns, needs, strict=True):
        if sum([column[s] for s in sites]) < need:
            return False
    return True


def _least(columns: Columns, needs: Sequence[int], useful: Sequence[int]) -> int:
    """No set can be smaller than what the scarcest good alone asks for."""
    least = 1
    for column, need in zip(columns, needs, strict=True):
        got = count = 0
        for amount in sorted((column[s] for s in useful), reverse=True):
            if got >= need:
                break
            got += amount
            count += 1
        least = max(least, count)
    return least


def _greedy_cover(columns: Columns, needs: Sequence[int], useful: list[int]) -> list[int]:
    left = list(needs)
    chosen: list[int] = []
    while any(left):
        best = max(
            (s for s in useful if s not in chosen),
            key=lambda s: (sum(map(min, left, [column[s] for column in columns])), -s),
        )
        chosen.append(best)
        left = [max(0, n - column[best]) for n, column in zip(left, columns, strict=True)]
    for site in useful:
        if len(chosen) >= EXACT_UP_TO:
            break
        if site not in chosen:
            chosen.append(site)
    return sorted(chosen)
