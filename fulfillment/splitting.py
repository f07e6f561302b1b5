"""Which warehouses together hold what is needed, at the lowest price. Plain data in, plain data out.

Sites are walked in order of preference; each either stays out or gives all it can of what the ones
before it left. What is left is all that matters to those behind, so sets that leave the same are one
state, and the cheapest way to each is kept: exact over all sets of sites, without building them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from operator import add, le, sub

EXACT_UP_TO = 10

Load = tuple[int, ...]
"""Units of each good, in the order of the goods."""

Gives = Callable[[int, Load], Load]
Price = Callable[[int, Load], int]

_Step = tuple[
    Load, Load, Load | None, int
]  # what was left, what a site gives, what stays, its price


@dataclass(slots=True)
class Search:
    """The best set: its price and what each of its sites gives; and for every site the price of the
    best set that it belongs to. ``best`` None: no set covers the needs, or
    there are none.
    """

    best: int | None = None
    loads: dict[int, Load] = field(default_factory=dict)
    with_site: dict[int, int] = field(default_factory=dict)


def cheapest(needs: Load, rows: Sequence[Load], price: Price, gives: Gives | None = None) -> Search:
    """Find the set of sites that covers ``needs`` at the lowest price; of equals the first in order.

    ``rows[s]`` is how much of each good site ``s`` can give, the preferred sites first. The price of a
    set is the sum of its shipments' prices. ``gives`` says what a site gives of what is left, where
    goods compete for the same stock (then ``rows`` are bounds). The work grows with the number of
    different rests: at most 2 to the number of sites, so no more than ten should be asked.
    """
    if gives is None:

        def gives(site: int, left: Load) -> Load:
            return tuple(map(min, left, rows[site]))

    layers: list[dict[Load, int]] = [{needs: 0} if any(needs) else {}]
    steps: list[list[_Step]] = []
    for site, after in enumerate(_still_to_come(rows, len(needs))):
        ahead: dict[Load, int] = {}
        taken: list[_Step] = []
        for left, spent in layers[-1].items():
            if all(map(le, left, after)):
                ahead[left] = min(ahead.get(left, spent), spent)
            given = gives(site, left)
            if given == left:
                taken.append((left, given, None, price(site, given)))
            elif any(given) and all(map(le, rest := tuple(map(sub, left, given)), after)):
                cost = price(site, given)
                taken.append((left, given, rest, cost))
                ahead[rest] = min(ahead.get(rest, spent + cost), spent + cost)
        layers.append(ahead)
        steps.append(taken)
    return _read(needs, layers, steps)


def _still_to_come(rows: Sequence[Load], width: int) -> list[Load]:
    """What the sites behind each one have together."""
    sums = [(0,) * width]
    for row in reversed(rows[1:]):
        sums.append(tuple(map(add, sums[-1], row)))
    return sums[::-1]


def _read(
    needs: Load,
    layers: list[dict[Load, int]],
    steps: list[list[_Step]],
) -> Search:
    """Walk back: what it costs from each state to the end, and through which site at least."""
    found = Search()
    choices: list[dict[Load, Load]] = [{} for _ in steps]
    ends: dict[Load, int] = {}
    for site in reversed(range(len(steps))):
        now = {left: ends[left] for left in layers[site] if left in ends}
        for left, given, rest, cost in steps[site]:
            end = 0 if rest is None else ends.get(rest)
            if end is None:
                continue
            total = cost + end
            if left not in now or total <= now[left]:
                now[left] = total
                choices[site][left] = given
            whole = layers[site][left] + total
            found.with_site[site] = min(whole, found.with_site.get(site, whole))
        ends = now
    found.best = ends.get(needs)
    left = needs
    for site, choice in enumerate(choices):
        if found.best is not None and left in choice:
            found.loads[site] = choice[left]
            left = tuple(map(sub, left, choice[left]))
    return found


def alone(needs: Load, rows: Sequence[Load], price: Price, gives: Gives | None = None) -> Search:
    """The same where one site has to give it all."""
    found = Search()
    for site, row in enumerate(rows):
        if all(map(le, needs, row)) and (gives is None or gives(site, needs) == needs):
            value = found.with_site[site] = price(site, needs)
            if found.best is None or value < found.best:
                found.best, found.loads = value, {site: needs}
    return found


def ten_of(needs: Load, rows: Sequence[Load]) -> list[int]:
    """The sites to search among: all, or of many a greedy cover filled up with the first to ten.

    A cover of more than ten is all there is: then nothing is left to choose.
    """
    useful = [site for site, row in enumerate(rows) if any(map(min, needs, row))]
    if len(useful) <= EXACT_UP_TO:
        return useful
    left, chosen = needs, list[int]()
    while any(left):
        best = max(
            (site for site in useful if site not in chosen),
            key=lambda site: (sum(map(min, left, rows[site])), -site),
        )
        chosen.append(best)
        left = tuple(max(0, n - m) for n, m in zip(left, rows[best], strict=True))
    others = [site for site in useful if site not in chosen]
    return sorted(chosen + others[: max(0, EXACT_UP_TO - len(chosen))])
