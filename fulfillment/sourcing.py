"""The part of an order that goes to one address: which warehouses give what, and why."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from fulfillment import splitting
from fulfillment.plans import LineDemand, PlannedLine, PlannedShipment, Site

Way = Sequence[tuple[float, Site]]
Subset = tuple[int, ...]

_UNKNOWN_KM = 1e9


@dataclass(frozen=True, slots=True)
class _Bundle:
    """Sets that leave from one warehouse each; a plain line is a set of one unit."""

    parts: tuple[LineDemand, ...]
    sets: int

    @property
    def units(self) -> int:
        return sum(part.per_set for part in self.parts)

    @property
    def is_plain(self) -> bool:
        return len(self.parts) == 1 and self.parts[0].per_set == 1


@dataclass(frozen=True, slots=True)
class _Goods:
    """What the search for the fewest sites looks at: one column per plain product, one per kit."""

    columns: list[list[int]] = field(default_factory=list)
    needs: list[int] = field(default_factory=list)
    units: list[int] = field(default_factory=list)

    def add(self, column: list[int], need: int, units: int) -> None:
        self.columns.append(column)
        self.needs.append(need)
        self.units.append(units)

    def all_at(self, s: int) -> bool:
        return all(column[s] >= need for column, need in zip(self.columns, self.needs, strict=True))

    def kilometers(self, subset: tuple[int, ...], way: Way) -> float:
        """Units times distance when the nearest of the sites give all they can."""
        far = 0.0
        for column, need, weight in zip(self.columns, self.needs, self.units, strict=True):
            left = need
            for s in subset:
                if part := min(left, column[s]):
                    far += part * weight * min(way[s][0], _UNKNOWN_KM)
                    left -= part
        return round(far, 6)


@dataclass(frozen=True, slots=True)
class Leg:
    """The part of an order that goes to one address, and how it is shipped."""

    shipments: list[PlannedShipment]
    candidates: list[dict[str, Any]]
    verdict: str


def plan_leg(
    ship_to_id: int,
    lines: list[LineDemand],
    way: Way,
    usable: Mapping[int, Mapping[int, int]],
    room: dict[int, int],
    taken: dict[tuple[int, int], int],
) -> Leg:
    bundles, compete = _bundles(lines)
    free = {
        p: [usable.get(p, {}).get(site.id, 0) - taken.get((p, site.id), 0) for _, site in way]
        for p in {line.product_id for line in lines}
    }
    limits = _limits(bundles, free, room, range(len(way)))
    goods = _goods(bundles, limits, free, len(way))
    works = partial(_works, bundles, limits, free) if compete else None
    chosen = _choose(goods, way, works)
    ships: dict[int, PlannedShipment] = {}
    if chosen:
        for s, put in _fill(bundles, limits, free, chosen).items():
            km, site = way[s]
            known = None if math.isinf(km) else round(km, 1)
            ships[s] = PlannedShipment(site.id, ship_to_id, known, _planned(put))
            for planned in put:
                taken[planned.product_id, site.id] += planned.quantity
                room[planned.product_id] -= planned.quantity
    return _explain(lines, goods, way, chosen, ships, free)


def _bundles(lines: list[LineDemand]) -> tuple[list[_Bundle], bool]:
    """Kits first (they are harder to serve), then lines; also says if kits share stock with others."""
    kits: dict[int, list[LineDemand]] = {}
    bundles: list[_Bundle] = []
    plain: list[_Bundle] = []
    for line in lines:
        if line.kit_id is None:
            plain.append(_Bundle((line,), line.quantity))
        else:
            kits.setdefault(line.kit_id, []).append(line)
    for parts in kits.values():
        sets = min(part.quantity // part.per_set for part in parts)
        if sets:
            bundles.append(_Bundle(tuple(parts), sets))
        plain += [
            _Bundle((_single(part, rest),), rest)
            for part in parts
            if (rest := part.quantity - sets * part.per_set)
        ]
    compete = False
    if bundles:
        seen = [part.product_id for bundle in bundles for part in bundle.parts]
        others = {bundle.parts[0].product_id for bundle in plain}
        compete = len(seen) != len(set(seen)) or not others.isdisjoint(seen)
    return bundles + plain, compete


def _single(part: LineDemand, quantity: int) -> LineDemand:
    return LineDemand(part.line_id, part.product_id, quantity, part.ship_to_id)


def _limits(
    bundles: list[_Bundle],
    free: dict[int, list[int]],
    room: Mapping[int, int],
    sites: Iterable[int],
) -> list[int]:
    """How many sets of each bundle can be had at all: earlier claims and the sites bind."""
    left = dict(room)
    limits = []
    for bundle in bundles:
        sets = min(bundle.sets, *(left[x.product_id] // x.per_set for x in bundle.parts))
        limits.append(sets)
        for part in bundle.parts:
            left[part.product_id] -= sets * part.per_set
    if all(bundle.is_plain for bundle in bundles):
        return limits
    got = _filled(bundles, limits, free, sites)
    return [got[i] for i in range(len(bundles))]


def _goods(
    bundles: list[_Bundle], limits: list[int], free: dict[int, list[int]], width: int
) -> _Goods:
    goods = _Goods()
    plain: dict[int, int] = {}
    for bundle, limit in zip(bundles, limits, strict=True):
        product_id = bundle.parts[0].product_id
        if not limit:
            continue
        if not bundle.is_plain:
            can = [_sets_at(bundle, free, s) for s in range(width)]
            goods.add(can, limit, bundle.units)
        elif product_id in plain:
            goods.needs[plain[product_id]] += limit
        else:
            plain[product_id] = len(goods.needs)
            goods.add(free[product_id], limit, 1)
    return goods


def _sets_at(bundle: _Bundle, free: dict[int, list[int]], s: int) -> int:
    return min(free[part.product_id][s] // part.per_set for part in bundle.parts)


def _choose(goods: _Goods, way: Way, works: Callable[[Subset], bool] | None) -> Subset | None:
    if not goods.needs:
        return None
    for s in range(len(way)):
        if goods.all_at(s) and (works is None or works((s,))):
            return (s,)

    def cost(subset: Subset) -> tuple[float, ...]:
        priorities = sum(way[s][1].priority for s in subset)
        return (goods.kilometers(subset, way), priorities, *subset)

    return splitting.fewest(goods.columns, goods.needs, cost=cost, works=works)


def _works(
    bundles: list[_Bundle], limits: list[int], free: dict[int, list[int]], subset: Subset
) -> bool:
    return _filled(bundles, limits, free, subset) == dict(enumerate(limits))


def _filled(
    bundles: list[_Bundle], limits: list[int], free: dict[int, list[int]], sites: Iterable[int]
) -> dict[int, int]:
    got = dict.fromkeys(range(len(bundles)), 0)
    for _, i, sets in _takes(bundles, limits, free, sites):
        got[i] += sets
    return got


def _fill(
    bundles: list[_Bundle], limits: list[int], free: dict[int, list[int]], sites: Iterable[int]
) -> dict[int, list[PlannedLine]]:
    """Site → what it ships, the nearest giving all it can."""
    put: dict[int, list[PlannedLine]] = {}
    for s, i, sets in _takes(bundles, limits, free, sites):
        for part in bundles[i].parts:
            line = PlannedLine(part.line_id, part.product_id, sets * part.per_set)
            put.setdefault(s, []).append(line)
    return put


def _takes(
    bundles: list[_Bundle], limits: list[int], free: dict[int, list[int]], sites: Iterable[int]
) -> Iterable[tuple[int, int, int]]:
    used: dict[tuple[int, int], int] = defaultdict(int)
    wanted = list(limits)
    for s in sites:
        for i, bundle in enumerate(bundles):
            if not wanted[i]:
                continue
            can = min(
                (free[x.product_id][s] - used[x.product_id, s]) // x.per_set for x in bundle.parts
            )
            if (sets := min(wanted[i], can)) > 0:
                wanted[i] -= sets
                for part in bundle.parts:
                    used[part.product_id, s] += sets * part.per_set
                yield s, i, sets


def _planned(put: list[PlannedLine]) -> list[PlannedLine]:
    """One entry per line (a kit's rest can put a line there twice)."""
    merged: dict[int, PlannedLine] = {}
    for line in put:
        seen = merged.get(line.line_id)
        units = line.quantity + (seen.quantity if seen else 0)
        merged[line.line_id] = PlannedLine(line.line_id, line.product_id, units)
    return list(merged.values())


def _explain(
    lines: list[LineDemand],
    goods: _Goods,
    way: Way,
    chosen: Subset | None,
    ships: Mapping[int, PlannedShipment],
    free: dict[int, list[int]],
) -> Leg:
    asked = sum(line.quantity for line in lines)
    candidates = []
    for s, (km, site) in enumerate(way):
        covers = _coverage(lines, free, s)
        has = sum(covers.values())
        full = bool(goods.needs) and goods.all_at(s)
        candidates.append(
            {
                "warehouse": site.code,
                "km": None if math.isinf(km) else round(km, 1),
                "units": has,
                "covers": covers,
                "verdict": _say(s, has, asked, full=full, chosen=chosen, ships=ships),
            }
        )
    verdict = (
        "No warehouse can ship anything."
        if not chosen
        else f"{way[chosen[0]][1].code} is the nearest that ships all it can get."
        if len(chosen) == 1
        else f"No single warehouse has it all: {len(chosen)} are the fewest that do."
    )
    return Leg(list(ships.values()), candidates, verdict)


def _coverage(lines: list[LineDemand], free: dict[int, list[int]], s: int) -> dict[str, int]:
    left: dict[int, int] = {}
    covers: dict[str, int] = {}
    for line in lines:
        there = left.get(line.product_id, free[line.product_id][s])
        part = min(line.quantity, there)
        if part > 0:
            covers[str(line.line_id)] = part
            left[line.product_id] = there - part
    return covers


def _say(
    s: int,
    has: int,
    asked: int,
    *,
    full: bool,
    chosen: Subset | None,
    ships: Mapping[int, PlannedShipment],
) -> str:
    if s in ships:
        part = sum(line.quantity for line in ships[s].lines)
        return f"Chosen: ships {part} of {asked} units."
    if not has:
        return "Has nothing of this."
    if not chosen:
        return f"Has {has} of {asked} units, but they are claimed by earlier orders."
    if full:
        return "Could ship the same, but is farther away."
    if len(chosen) == 1:
        return f"Has only {has} of {asked} units."
    return f"Has {has} of {asked} units; not needed, or the way is longer."
