"""What the planner takes and gives: warehouses, demands, stock and plans as plain data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Protocol

from oms.core.distance import Position


@dataclass(frozen=True, slots=True)
class Site:
    """A warehouse as the planner sees it."""

    id: int
    code: str
    priority: int = 100
    position: Position | None = None
    is_active: bool = True


@dataclass(frozen=True, slots=True)
class LineDemand:
    """Open units of one order line. Lines with the same ``kit_id`` ship in whole sets."""

    line_id: int
    product_id: int
    quantity: int
    ship_to_id: int = 0
    kit_id: int | None = None
    per_set: int = 1


@dataclass(frozen=True, slots=True)
class Demand:
    """What one order still needs, and what its customer agrees to."""

    order_id: int
    rank_at: datetime
    lines: Sequence[LineDemand]
    destinations: Mapping[int, Position | None]
    priority: int = 0
    allows_partial_shipment: bool = True
    allows_backorder: bool = True


@dataclass(slots=True)
class Stock:
    """What may be promised: units per product and warehouse, and the claims that others have on it.

    ``backorder_room`` says for products with a cap how many units more may be owed.
    """

    usable: dict[int, dict[int, int]]
    claims: Mapping[int, Sequence[tuple[datetime, int]]] = field(default_factory=dict)
    backorder_room: dict[int, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class PlannedLine:
    line_id: int
    product_id: int
    quantity: int


@dataclass(frozen=True, slots=True)
class PlannedShipment:
    warehouse_id: int
    ship_to_id: int
    distance_km: float | None
    lines: list[PlannedLine]


@dataclass(frozen=True, slots=True)
class Plan:
    """The decision for one order: units per line on shipments, on backorder, and left open."""

    order_id: int
    shipments: list[PlannedShipment]
    backordered: dict[int, int]
    left_open: dict[int, int]
    verdict: str
    trace: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Offer:
    """What a carrier service asks for a shipment, and when it would leave and arrive.

    ``is_in_time``: it arrives by the day it is needed, or no day was named.
    """

    service_id: int
    label: str
    cost: Decimal
    currency: str
    transit_days: int
    ships_on: date
    arrives_on: date
    is_in_time: bool


class Offers(Protocol):
    """What carriers ask from a warehouse to an address; cheap enough to be asked for every pair."""

    def best(
        self,
        site_id: int,
        ship_to_id: int,
        weight_kg: Decimal | float,
        volume_l: float,
        needed_by: date | None,
    ) -> Offer | None: ...
