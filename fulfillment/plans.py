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
    """A warehouse as the planner sees it.

    ``capacity_left`` counts shipments on its next working day (None: no limit), ``ships_on``;
    ``reliability`` is the share of lines that it did not reject; the costs of handling are for each
    line picked and each carton packed, in the company's currency.
    """

    id: int
    code: str
    priority: int = 100
    position: Position | None = None
    is_active: bool = True
    capacity_left: int | None = None
    is_past_cut_off: bool = False
    ships_on: date | None = None
    reliability: float = 1.0
    excluded_until: datetime | None = None
    excluded_products: Mapping[int, datetime] = field(default_factory=dict)
    pick_cost: Decimal = Decimal(0)
    carton_cost: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True)
class LineDemand:
    """Open units of one order line. Lines with the same ``kit_id`` ship in whole sets.

    Weight, volume and the longest side
    are those of one unit. ``not_before`` is the day before which a pre-order is
    not allocated; lines with the same ``group`` stay together where a rule asks for it.
    """

    line_id: int
    product_id: int
    quantity: int
    ship_to_id: int = 0
    kit_id: int | None = None
    per_set: int = 1
    weight_kg: float = 0.0
    volume_l: float = 0.0
    length_mm: int = 0
    promised_date: date | None = None
    not_before: date | None = None
    group: str = ""


@dataclass(frozen=True, slots=True)
class Shares:
    """How many percent of the free stock are for a channel, by (product, warehouse); None: for all."""

    percent: Mapping[tuple[int | None, int | None], int] = field(default_factory=dict)

    def of(self, product_id: int, warehouse_id: int) -> int:
        """A row for the product goes before one for every product, then one for the warehouse."""
        for key in (
            (product_id, warehouse_id),
            (product_id, None),
            (None, warehouse_id),
            (None, None),
        ):
            if (found := self.percent.get(key)) is not None:
                return found
        return 100


ALL_OF_IT = Shares()


@dataclass(frozen=True, slots=True)
class Demand:
    """What one order still needs, what its customer agrees to, and what rules look at.

    ``value`` is in the company's currency, ``profile`` is b2b or b2c, ``countries`` are those it
    ships to.
    """

    order_id: int
    rank_at: datetime
    lines: Sequence[LineDemand]
    destinations: Mapping[int, Position | None]
    priority: int = 0
    allows_partial_shipment: bool = True
    allows_backorder: bool = True
    channel_id: int = 0
    profile: str = ""
    countries: frozenset[str] = frozenset()
    value: Decimal = Decimal(0)
    tags: frozenset[str] = frozenset()
    requested_date: date | None = None
    shares: Shares = ALL_OF_IT


@dataclass(slots=True)
class Stock:
    """What may be promised, and the claims that others have on it.

    ``usable`` is by product and warehouse what is available above the safety stock (below 0: part of
    that is gone), ``safety`` the safety stock. ``backorder_room`` says for products with a cap how
    many units more may be owed, ``level_room`` the same for levels with a cap of their own.
    """

    usable: dict[int, dict[int, int]]
    claims: Mapping[int, Sequence[tuple[datetime, int]]] = field(default_factory=dict)
    backorder_room: dict[int, int] = field(default_factory=dict)
    safety: Mapping[int, Mapping[int, int]] = field(default_factory=dict)
    level_room: dict[int, dict[int, int]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class PlannedLine:
    line_id: int
    product_id: int
    quantity: int


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
        length_mm: int = 0,
    ) -> Offer | None: ...


@dataclass(frozen=True, slots=True)
class PlannedShipment:
    """``needs_capacity``: its rule allows no more shipments than the warehouse's capacity."""

    warehouse_id: int
    ship_to_id: int
    distance_km: float | None
    lines: list[PlannedLine]
    offer: Offer | None = None
    needs_capacity: bool = False


@dataclass(frozen=True, slots=True)
class Plan:
    """The decision for one order: units per line on shipments, on backorder, and left open.

    ``rule_id`` 0 is the house's own rule. ``backorder_sites`` names for lines the warehouse that owes
    them, where its level has a cap; ``is_held``: the rule wants a person to see what is left open;
    ``cancel_after_days``: what is backordered is canceled then.
    """

    order_id: int
    shipments: list[PlannedShipment]
    backordered: dict[int, int]
    left_open: dict[int, int]
    verdict: str
    trace: dict[str, Any]
    rule_id: int = 0
    rule_name: str = ""
    backorder_sites: dict[int, int] = field(default_factory=dict)
    is_held: bool = False
    cancel_after_days: int | None = None
