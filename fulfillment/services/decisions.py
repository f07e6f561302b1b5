"""Decisions of people about where an order ships from, kept beside those of the router."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from fulfillment.models import RoutingDecision
from inventory.models import Warehouse
from oms.core import bulk
from oms.core.actors import Actor
from oms.core.distance import Position, great_circle_km
from orders.models import OrderAddress


@dataclass(frozen=True, slots=True)
class ByHand:
    """What a person gave to warehouses: units by order line, for each (warehouse, address)."""

    order_id: int
    shipments: Mapping[tuple[int, int], Mapping[int, int]]
    before: Mapping[int, int]
    """Units by warehouse that were on shipments before."""
    backordered: Mapping[int, int] = field(default_factory=dict)
    left_open: Mapping[int, int] = field(default_factory=dict)


def record_decisions(decisions: Sequence[ByHand], *, reason: str, actor: Actor) -> None:
    """Keep what was decided, by whom and why; the trace shows what each warehouse had before."""
    codes = dict(Warehouse.objects.values_list("pk", "code"))
    bulk.insert(
        RoutingDecision,
        ["order", "plan", "trace", "override_reason", "actor_label"],
        [
            (x.order_id, _plan(x), _trace(x, codes, reason, actor), reason[:200], actor.label)
            for x in decisions
        ],
    )


def _plan(decision: ByHand) -> dict[str, Any]:
    return {
        "shipments": [
            {
                "warehouse_id": warehouse_id,
                "ship_to_id": ship_to_id,
                "distance_km": None,
                "lines": {str(line): units for line, units in lines.items()},
            }
            for (warehouse_id, ship_to_id), lines in decision.shipments.items()
        ],
        "backordered": {str(line): units for line, units in decision.backordered.items()},
        "left_open": {str(line): units for line, units in decision.left_open.items()},
    }


def _trace(decision: ByHand, codes: Mapping[int, str], reason: str, actor: Actor) -> dict[str, Any]:
    now: dict[int, int] = {}
    for (warehouse_id, _), lines in decision.shipments.items():
        now[warehouse_id] = now.get(warehouse_id, 0) + sum(lines.values())
    total = sum(now.values())
    before = {codes[pk]: units for pk, units in sorted(decision.before.items()) if units}
    was = ", ".join(f"{code} {units}" for code, units in before.items()) or "nothing"
    return {
        "units": total,
        "rule": "By hand",
        "legs": [
            {
                "candidates": [
                    {"site": codes[pk], "units": units, "ships": units, "km": None}
                    for pk, units in now.items()
                ],
                "out": [],
            }
        ],
        "verdict": f"{actor.label} overruled the router: {reason}. Before: {was}.",
        "overridden_by": actor.label,
        "before": before,
    }


def distance_km(warehouse: Warehouse, address: OrderAddress) -> float | None:
    """The great circle from a warehouse to an address, where both places are known."""
    ends = [
        Position(place.latitude, place.longitude)
        for place in (warehouse, address)
        if place.latitude is not None and place.longitude is not None
    ]
    return round(great_circle_km(*ends), 1) if len(ends) == 2 else None
