"""Who gets what from where, when a person decides: sets stay whole."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Placed:
    """The units of an order line by place (a warehouse, a shipment, or what stays without one)."""

    kit_id: int | None
    per_set: int
    units: Mapping[int, int]


def torn_kits(parts: Iterable[Placed]) -> list[int]:
    """The kits of which a set that could stay whole would come from two places.

    What is left over of a component because others of its kind are missing may go anywhere.
    """
    kits: dict[int, list[Placed]] = defaultdict(list)
    for part in parts:
        if part.kit_id is not None:
            kits[part.kit_id].append(part)
    return sorted(kit_id for kit_id, of_kit in kits.items() if _is_torn(of_kit))


def _is_torn(parts: list[Placed]) -> bool:
    places = {place for part in parts for place in part.units}
    whole = sum(min(part.units.get(place, 0) // part.per_set for part in parts) for place in places)
    return whole < min(sum(part.units.values()) // part.per_set for part in parts)
