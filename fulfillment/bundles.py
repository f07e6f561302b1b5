"""What leaves together: single units of a line, sets of a kit, groups that a rule keeps in one piece."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from fulfillment.plans import LineDemand, PlannedLine
from fulfillment.splitting import Gives, Load

Free = Mapping[int, Sequence[int]]
"""Product → free units by site."""


@dataclass(frozen=True, slots=True)
class Bundle:
    """``sets`` equal sets, each of which leaves one warehouse whole: (line, its units in a set).

    ``takes`` says the same by product.
    """

    parts: tuple[tuple[LineDemand, int], ...]
    takes: tuple[tuple[int, int], ...]
    sets: int

    @property
    def units(self) -> int:
        return sum(per_set for _, per_set in self.parts)

    @property
    def weight_kg(self) -> float:
        return sum(line.weight_kg * per_set for line, per_set in self.parts)

    @property
    def volume_l(self) -> float:
        return sum(line.volume_l * per_set for line, per_set in self.parts)

    @property
    def length_mm(self) -> int:
        return max(line.length_mm for line, _ in self.parts)

    def row(self, free: Free, width: int) -> Sequence[int]:
        """How many sets each site has."""
        if len(self.takes) == 1:
            product_id, per_set = self.takes[0]
            units = free[product_id]
            return units if per_set == 1 else [n // per_set for n in units]
        return [min(free[p][site] // n for p, n in self.takes) for site in range(width)]


def _single(line: LineDemand, quantity: int) -> Bundle:
    return Bundle(((line, 1),), ((line.product_id, 1),), quantity)


def _sets(parts: Iterable[tuple[LineDemand, int]], sets: int) -> Bundle:
    parts = tuple(parts)
    takes: dict[int, int] = {}
    for line, per_set in parts:
        takes[line.product_id] = takes.get(line.product_id, 0) + per_set
    return Bundle(parts, tuple(takes.items()), sets)


def bundles_of(lines: Iterable[LineDemand], *, groups_together: bool = False) -> list[Bundle]:
    """Groups and kits first (they are harder to serve), then the units of single lines.

    Where groups stay together, a kit is a group too: all its sets leave from one warehouse.
    """
    grouped: dict[object, list[LineDemand]] = {}
    single: list[Bundle] = []
    for line in lines:
        key = (groups_together and line.group) or line.kit_id
        if key is None:
            single.append(_single(line, line.quantity))
        else:
            grouped.setdefault(key, []).append(line)
    bundles: list[Bundle] = []
    for members in grouped.values():
        if groups_together:
            bundles.append(_sets(((line, line.quantity) for line in members), 1))
            continue
        sets = min(line.quantity // line.per_set for line in members)
        if sets:
            bundles.append(_sets(((line, line.per_set) for line in members), sets))
        single += [
            _single(line, rest) for line in members if (rest := line.quantity - sets * line.per_set)
        ]
    return bundles + single


@dataclass(slots=True)
class Goods:
    """The bundles of an address as the search sees them: what is wanted, what each site can give.

    ``gives`` is set where bundles share a product, so that what one takes the other lacks.
    """

    bundles: list[Bundle]
    wanted: Load
    needs: Load
    rows: list[Load]
    gives: Gives | None = None

    def only(self, sites: Sequence[int]) -> Goods:
        """The same with these sites alone, counted anew."""
        gives = self.gives
        return Goods(
            self.bundles,
            self.wanted,
            self.needs,
            [self.rows[site] for site in sites],
            gives and (lambda site, left: gives(sites[site], left)),
        )

    def planned(self, load: Load) -> list[PlannedLine]:
        """One entry per line (the rest of a kit can put a line there twice)."""
        found: dict[int, PlannedLine] = {}
        for bundle, sets in zip(self.bundles, load, strict=True):
            for line, per_set in bundle.parts if sets else ():
                before = found.get(line.line_id)
                units = sets * per_set + (before.quantity if before else 0)
                found[line.line_id] = (
                    replace(before, quantity=units)
                    if before
                    else PlannedLine(line.line_id, line.product_id, units)
                )
        return list(found.values())


def goods_of(bundles: list[Bundle], free: Free, room: Mapping[int, int], width: int) -> Goods:
    """Cut down to what can be had at all: the sites bind, and so do earlier claims (``room``)."""
    limits = _within(bundles, room)
    columns = [bundle.row(free, width) for bundle in bundles]
    rows: list[Load] = list(zip(*columns, strict=True)) if columns else [()] * width
    wanted = tuple(bundle.sets for bundle in bundles)
    if not _compete(bundles):
        needs = tuple(min(n, sum(column)) for n, column in zip(limits, columns, strict=True))
        return Goods(bundles, wanted, needs, rows)

    def gives(site: int, left: Load) -> Load:
        used: dict[int, int] = {}
        given = []
        for bundle, sets in zip(bundles, left, strict=True):
            there = [(free[p][site] - used.get(p, 0)) // n for p, n in bundle.takes]
            given.append(min(sets, *there))
            for product_id, n in bundle.takes:
                used[product_id] = used.get(product_id, 0) + given[-1] * n
        return tuple(given)

    left = limits
    for site in range(width):
        left = tuple(n - m for n, m in zip(left, gives(site, left), strict=True))
    needs = tuple(n - m for n, m in zip(limits, left, strict=True))
    return Goods(bundles, wanted, needs, rows, gives)


def _within(bundles: Sequence[Bundle], room: Mapping[int, int]) -> Load:
    """How many sets of each bundle earlier claims leave."""
    left = dict(room)
    limits = []
    for bundle in bundles:
        sets = min(bundle.sets, *(left[product_id] // n for product_id, n in bundle.takes))
        for product_id, n in bundle.takes:
            left[product_id] -= sets * n
        limits.append(sets)
    return tuple(limits)


def _compete(bundles: Sequence[Bundle]) -> bool:
    products = [product_id for bundle in bundles for product_id, _ in bundle.takes]
    return len(products) != len(set(products))
