"""The part of an order that goes to one address: which warehouses give what under a rule, and why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from fulfillment import splitting
from fulfillment.bundles import Goods, bundles_of, goods_of
from fulfillment.explaining import candidates_of
from fulfillment.plans import LineDemand, Offers, PlannedShipment, Site
from fulfillment.preference import UNKNOWN_KM, Scale, Worth
from fulfillment.rules import Criterion, Rule, SplitPolicy


@dataclass(frozen=True, slots=True)
class Task:
    """Lines to one address, the rule that they go by, and the warehouses that it lets ship them.

    ``kilometers`` and the columns of ``free`` (product → units) are in the order of ``sites``;
    ``room`` is what earlier claims leave of each product.
    """

    ship_to_id: int
    lines: Sequence[LineDemand]
    rule: Rule
    scale: Scale
    may_split: bool
    sites: Sequence[Site]
    kilometers: Sequence[float]
    free: Mapping[int, Sequence[int]]
    room: Mapping[int, int]
    needed_by: date | None = None
    offers: Offers | None = None


@dataclass(frozen=True, slots=True)
class Leg:
    """How the lines to one address are shipped, the warehouses by preference, and what was weighed."""

    shipments: list[PlannedShipment]
    order: list[int]
    candidates: list[dict[str, Any]]


def plan_leg(task: Task) -> Leg:
    """Choose the warehouses that are best by the rule's preference among those that ship the most."""
    bundles = bundles_of(task.lines, groups_together=task.rule.split is SplitPolicy.GROUPS_TOGETHER)
    km = {
        site.id: min(UNKNOWN_KM, round(way)) if way < UNKNOWN_KM else UNKNOWN_KM
        for site, way in zip(task.sites, task.kilometers, strict=True)
    }
    worth = Worth(
        task.scale,
        list(task.sites),
        km,
        {site.id: sum([x[i] for x in task.free.values()]) for i, site in enumerate(task.sites)},
        task.ship_to_id,
        task.needed_by,
        task.offers,
        units=tuple([bundle.units for bundle in bundles]),
        weights=tuple([bundle.weight_kg for bundle in bundles]),
        volumes=tuple([bundle.volume_l for bundle in bundles]),
        lengths=tuple([bundle.length_mm for bundle in bundles]),
        picks=tuple([len(bundle.parts) for bundle in bundles]),
    )
    worth.sort(tuple([bundle.sets for bundle in bundles]))
    place = {site.id: i for i, site in enumerate(task.sites)}
    order = [place[site.id] for site in worth.sites]
    free = {product_id: [column[i] for i in order] for product_id, column in task.free.items()}
    goods = goods_of(bundles, free, task.room, len(order))
    found = _search(goods, worth, may_split=task.may_split)
    exact = dict(zip([site.id for site in task.sites], task.kilometers, strict=True))
    shipments = []
    for i, load in found.loads.items():
        site = worth.sites[i]
        way = exact[site.id]
        shipments.append(
            PlannedShipment(
                site.id,
                task.ship_to_id,
                round(way, 1) if way < UNKNOWN_KM else None,
                goods.planned(load),
                worth.offer(i, load),
                task.rule.sites.needs_capacity,
            )
        )
    candidates = candidates_of(goods, worth, found)
    return Leg(shipments, [site.id for site in worth.sites], candidates)


def _search(goods: Goods, worth: Worth, *, may_split: bool) -> splitting.Search:
    if not any(goods.needs):
        return splitting.Search()
    if not may_split and goods.needs != goods.wanted:
        return splitting.Search()
    if not may_split or worth.scale.criteria[0] is Criterion.FEWEST_SPLITS:
        found = splitting.alone(goods.needs, goods.rows, worth.price, goods.gives)
        if found.best is not None or not may_split:
            return found  # one shipment goes before any set of two
    places = splitting.ten_of(goods.needs, goods.rows)
    found = _among(places, goods, worth)
    if found.best is None:  # ten that share out badly what bundles compete for
        found = _among(range(len(goods.rows)), goods, worth)
    return found


def _among(places: Sequence[int], goods: Goods, worth: Worth) -> splitting.Search:
    few = goods.only(places)
    found = splitting.cheapest(
        few.needs, few.rows, lambda i, load: worth.price(places[i], load), few.gives
    )
    found.loads = {places[i]: load for i, load in found.loads.items()}
    found.with_site = {places[i]: value for i, value in found.with_site.items()}
    return found
