"""Why a warehouse: what each candidate offered, by which criterion it lost, who was no candidate.

A trace is stored with every decision, so it holds facts under short names; ``selectors.reasons`` puts
them into sentences. Candidates: ``site``, ``km``, ``units`` (how many of the wanted ones it has) and, where
the rule looks at them, ``cost`` with ``currency``, ``arrives``, ``depth``, ``priority``,
``reliability``; then ``ships`` (chosen, so many units), or ``lost``: a criterion with the figures of the
best set of warehouses with it and of the chosen set.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from fulfillment.bundles import Goods
from fulfillment.plans import Demand, PlannedShipment
from fulfillment.preference import UNKNOWN_KM, Worth, times
from fulfillment.rules import Criterion, Otherwise, Rule
from fulfillment.splitting import Load, Search

_NO_LOADS: Mapping[int, Load] = {}


def candidates_of(goods: Goods, worth: Worth, found: Search) -> list[dict[str, Any]]:
    """The warehouses that the rule lets ship, the preferred ones first."""
    return [_candidate(goods, worth, found, place) for place in range(len(worth.sites))]


def _candidate(goods: Goods, worth: Worth, found: Search, place: int) -> dict[str, Any]:
    site = worth.sites[place]
    km = worth.kilometers[site.id]
    has: Load = (
        goods.gives(place, goods.wanted)
        if goods.gives
        else tuple(map(min, goods.wanted, goods.rows[place]))
    )
    units = times(has, worth.units)
    said: dict[str, Any] = {
        "site": site.code,
        "km": None if km >= UNKNOWN_KM else km,
        "units": units,
    }
    load = found.loads.get(place)
    _add_facts(said, worth, place, load or has)
    if load:
        said["ships"] = times(load, worth.units)
    elif units:
        said["lost"] = _lost(goods, worth, found, place)
    return said


def _add_facts(said: dict[str, Any], worth: Worth, place: int, load: Load) -> None:
    site, shifts = worth.sites[place], worth.scale.shifts
    if worth.scale.asks_offers and any(load) and (offer := worth.offer(place, load)):
        said["cost"] = f"{worth.cost(place, load):.2f}"
        said["currency"] = offer.currency
        said["arrives"] = offer.arrives_on.isoformat()
    if Criterion.STOCK_DEPTH in shifts:
        said["depth"] = worth.depths[site.id]
    if Criterion.RELIABILITY in shifts:
        said["reliability"] = round(site.reliability * 100, 1)
    said["priority"] = site.priority


def _lost(goods: Goods, worth: Worth, found: Search, place: int) -> list[Any]:
    """["claimed"], ["part"]: it is in no set that ships it all; ["equal"]; or criterion and figures."""
    if found.best is None:
        return ["part" if any(goods.needs) else "claimed"]
    value = found.with_site.get(place)
    if value is None:
        return ["part"]
    criterion = worth.scale.first_difference(value, found.best)
    if criterion is None:
        return ["equal"]
    units = times(goods.needs, worth.units)
    said = [worth.scale.said(criterion, number, units) for number in (value, found.best)]
    return [criterion.value, *said]


def verdict(
    demand: Demand,
    rule: Rule,
    shipments: Sequence[PlannedShipment],
    *,
    could_ship: bool,
    backordered: int,
    left_open: int,
    waiting: int,
) -> str:
    """The decision in a sentence or three. ``waiting`` counts the units of pre-orders."""
    said = []
    if shipments:
        count = len(shipments)
        said.append("Ships from one warehouse." if count == 1 else f"Ships in {count} shipments.")
    elif could_ship:
        said.append("The customer takes no part shipments and not everything is there.")
    else:
        said.append("Nothing can be shipped now.")
    if waiting:
        said.append(f"{waiting} units are pre-orders.")
    if backordered:
        until = ""
        if rule.otherwise is Otherwise.CANCEL_DATE:
            until = f" and are canceled after {rule.cancel_after_days} days"
        said.append(f"{backordered} units are backordered{until}.")
    if left_open:
        said.append(f"{left_open} units stay open: {_why_open(demand, rule)}.")
    return " ".join(said)


def _why_open(demand: Demand, rule: Rule) -> str:
    if rule.otherwise is Otherwise.HOLD:
        return f"the rule “{rule.name}” leaves them to a person"
    if not demand.allows_backorder:
        return "the customer takes no backorders"
    return "the backorder cap is reached"
