"""What a planner looked at and what came of it, as JSON and back: so that others can decide it again."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import astuple, dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from fulfillment.outcomes import Outcome, Sent
from fulfillment.plans import Demand, LineDemand, Site, Stock
from oms.core.distance import Position

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Recorded:
    """Orders, stock and warehouses at a moment. Stock shares and offers are looked up again."""

    now: datetime
    demands: list[Demand]
    stock: Stock
    sites: list[Site]


def to_json(demands: Iterable[Demand], stock: Stock, sites: Iterable[Site], now: datetime) -> Json:
    """A copy: what the planner takes from the stock afterwards does not change it."""
    return {
        "now": now.isoformat(),
        "demands": [_demand(each) for each in demands],
        "stock": {
            "usable": _levels(stock.usable),
            "claims": {
                p: [[at.isoformat(), n] for at, n in claims] for p, claims in stock.claims.items()
            },
            "room": dict(stock.backorder_room),
            "safety": _levels(stock.safety),
            "level_room": _levels(stock.level_room),
        },
        "sites": [_site(each) for each in sites],
    }


def from_json(facts: Mapping[str, Any]) -> Recorded:
    """What `to_json` made, after it was stored."""
    stock = facts["stock"]
    return Recorded(
        datetime.fromisoformat(facts["now"]),
        [_demand_from(each) for each in facts["demands"]],
        Stock(
            usable=_levels_from(stock["usable"]),
            claims={
                int(p): [(datetime.fromisoformat(at), n) for at, n in claims]
                for p, claims in stock["claims"].items()
            },
            backorder_room={int(p): n for p, n in stock["room"].items()},
            safety=_levels_from(stock["safety"]),
            level_room=_levels_from(stock["level_room"]),
        ),
        [_site_from(each) for each in facts["sites"]],
    )


def _levels(levels: Mapping[int, Mapping[int, int]]) -> Json:
    return {str(p): {str(w): n for w, n in by_site.items()} for p, by_site in levels.items()}


def _levels_from(levels: Mapping[str, Mapping[str, int]]) -> dict[int, dict[int, int]]:
    return {int(p): {int(w): n for w, n in by_site.items()} for p, by_site in levels.items()}


def _demand(demand: Demand) -> Json:
    return {
        "order": demand.order_id,
        "rank": demand.rank_at.isoformat(),
        "lines": [[_plain(value) for value in astuple(line)] for line in demand.lines],
        "to": {str(pk): _place(position) for pk, position in demand.destinations.items()},
        "priority": demand.priority,
        "partial": demand.allows_partial_shipment,
        "backorder": demand.allows_backorder,
        "channel": demand.channel_id,
        "profile": demand.profile,
        "countries": sorted(demand.countries),
        "value": str(demand.value),
        "tags": sorted(demand.tags),
        "requested": _plain(demand.requested_date),
    }


def _demand_from(facts: Mapping[str, Any]) -> Demand:
    return Demand(
        order_id=facts["order"],
        rank_at=datetime.fromisoformat(facts["rank"]),
        lines=[_line_from(values) for values in facts["lines"]],
        destinations={int(pk): _place_from(place) for pk, place in facts["to"].items()},
        priority=facts["priority"],
        allows_partial_shipment=facts["partial"],
        allows_backorder=facts["backorder"],
        channel_id=facts["channel"],
        profile=facts["profile"],
        countries=frozenset(facts["countries"]),
        value=Decimal(facts["value"]),
        tags=frozenset(facts["tags"]),
        requested_date=_day(facts["requested"]),
    )


_DAYS = ("promised_date", "not_before")
_OF_LINE = tuple(LineDemand.__dataclass_fields__)


def _line_from(values: Sequence[Any]) -> LineDemand:
    facts = dict(zip(_OF_LINE, values, strict=True))
    return LineDemand(**(facts | {name: _day(facts[name]) for name in _DAYS}))


def _site(site: Site) -> Json:
    return {
        "id": site.id,
        "code": site.code,
        "priority": site.priority,
        "position": _place(site.position),
        "is_active": site.is_active,
        "capacity_left": site.capacity_left,
        "is_past_cut_off": site.is_past_cut_off,
        "ships_on": _plain(site.ships_on),
        "reliability": site.reliability,
        "excluded_until": _plain(site.excluded_until),
        "excluded_products": {str(p): _plain(at) for p, at in site.excluded_products.items()},
        "pick_cost": str(site.pick_cost),
        "carton_cost": str(site.carton_cost),
    }


def _site_from(facts: Mapping[str, Any]) -> Site:
    until = facts["excluded_until"]
    products = facts["excluded_products"]
    return Site(
        **{
            **facts,
            "position": _place_from(facts["position"]),
            "ships_on": _day(facts["ships_on"]),
            "excluded_until": until and datetime.fromisoformat(until),
            "excluded_products": {int(p): datetime.fromisoformat(at) for p, at in products.items()},
            "pick_cost": Decimal(facts["pick_cost"]),
            "carton_cost": Decimal(facts["carton_cost"]),
        }
    )


def outcome_to_json(outcome: Outcome) -> list[Any]:
    """An outcome, so that it can be compared with another one later."""
    sent = [[_plain(value) for value in astuple(each)] for each in outcome.sent]
    return [
        outcome.order_id,
        outcome.addresses,
        _plain(outcome.needed_by),
        outcome.rule,
        sent,
        outcome.owed,
        outcome.missing,
        outcome.is_held,
    ]


def outcome_from_json(values: Sequence[Any]) -> Outcome:
    """What `outcome_to_json` made."""
    order_id, addresses, needed, rule, sent, owed, missing, is_held = values
    return Outcome(
        order_id,
        addresses,
        _day(needed),
        rule,
        [
            Sent(
                site,
                km,
                units,
                None if cost is None else Decimal(cost),
                _day(arrives),
                tuple((line, n) for line, n in lines),
            )
            for site, km, units, cost, arrives, lines in sent
        ],
        owed,
        missing,
        is_held=is_held,
    )


def _plain(value: Any) -> Any:
    if isinstance(value, date):
        return value.isoformat()
    return str(value) if isinstance(value, Decimal) else value


def _day(text: str | None) -> date | None:
    return None if text is None else date.fromisoformat(text)


def _place(position: Position | None) -> list[float] | None:
    return None if position is None else [position.latitude, position.longitude]


def _place_from(values: Sequence[float] | None) -> Position | None:
    return None if values is None else Position(values[0], values[1])
