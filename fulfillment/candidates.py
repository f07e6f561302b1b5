"""Which warehouses a rule lets ship to a destination, how far they are, and why others are none."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from fulfillment.plans import PlannedShipment, Site
from fulfillment.rules import Rule
from oms.core.distance import Position, great_circle_km


@dataclass(slots=True)
class Way:
    """The candidates from one destination; ``out`` is who is none: code, reason, detail."""

    sites: list[Site] = field(default_factory=list)
    kilometers: list[float] = field(default_factory=list)
    out: list[list[Any]] = field(default_factory=list)


class Candidates:
    """All warehouses, and how many shipments each may still take today."""

    def __init__(self, sites: Sequence[Site]) -> None:
        self.sites = sites
        self.capacity = {s.id: s.capacity_left for s in sites if s.capacity_left is not None}
        self._ways: dict[tuple[int, Position | None], Way] = {}

    def way(
        self, rule: Rule, destination: Position | None, planned: Sequence[PlannedShipment]
    ) -> Way:
        """The candidates of a rule; ``planned`` are the order's shipments so far."""
        key = (id(rule), destination)
        if (way := self._ways.get(key)) is None:
            way = self._ways[key] = self._find(rule, destination)
        if rule.sites.needs_capacity and self.capacity:
            return self._with_capacity(way, Counter(x.warehouse_id for x in planned))
        return way

    def _find(self, rule: Rule, destination: Position | None) -> Way:
        way = Way()
        for site in self.sites:
            km = _distance(destination, site.position)
            if why := rule.sites.refusal(site, km):
                way.out.append(_out(site, why, km))
            else:
                way.sites.append(site)
                way.kilometers.append(km)
        return way

    def _with_capacity(self, way: Way, planned: Counter[int]) -> Way:
        found = Way(out=list(way.out))
        for site, km in zip(way.sites, way.kilometers, strict=True):
            if self.capacity.get(site.id, math.inf) > planned[site.id]:
                found.sites.append(site)
                found.kilometers.append(km)
            else:
                found.out.append([site.code, "capacity"])
        return found

    def use(self, shipments: Iterable[PlannedShipment]) -> None:
        """Each shipment takes one of its warehouse's day."""
        for shipment in shipments:
            if shipment.warehouse_id in self.capacity:
                self.capacity[shipment.warehouse_id] -= 1


def _distance(a: Position | None, b: Position | None) -> float:
    return math.inf if a is None or b is None else great_circle_km(a, b)


def _out(site: Site, why: str, km: float) -> list[Any]:
    details = {
        "excluded": site.excluded_until and site.excluded_until.isoformat(timespec="minutes"),
        "reliability": round(site.reliability * 100, 1),
        "too_far": None if math.isinf(km) else round(km),
    }
    return [site.code, why, details[why]] if why in details else [site.code, why]
