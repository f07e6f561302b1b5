"""What a person sees who routes by hand: for each line and warehouse what is there, and what is planned."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q

from fulfillment.models import Shipment, ShipmentLine, SiteExclusion
from inventory.models import StockLevel, Warehouse
from inventory.selectors.incoming import Incoming, incoming
from orders.models import Order, OrderLine


@dataclass(frozen=True, slots=True)
class GridCell:
    """A line at a warehouse; ``planned`` units of it are on planned shipments from there."""

    line_id: int
    warehouse_id: int
    code: str
    planned: int
    on_hand: int
    allocated: int
    available: int
    incoming: int
    incoming_on: Incoming | None

    @property
    def name(self) -> str:
        return f"units_{self.line_id}_{self.warehouse_id}"

    @property
    def most(self) -> int:
        """What could ship from there: what is free, and what this line holds already."""
        return max(0, self.available) + self.planned


@dataclass(frozen=True, slots=True)
class GridLine:
    """``movable`` units that no warehouse works on yet; a kit's parts ship in sets of ``per_set``."""

    line: OrderLine
    movable: int
    per_set: int | None
    cells: list[GridCell]


@dataclass(frozen=True, slots=True)
class Grid:
    """Warehouses that have, get or ship something of the order; ``idle`` names the others."""

    order: Order
    sites: list[Warehouse]
    lines: list[GridLine]
    idle: list[str]
    exclusions: list[SiteExclusion]

    @property
    def cells(self) -> list[GridCell]:
        return [cell for line in self.lines for cell in line.cells]


def override_grid(order: Order, *, now: datetime) -> Grid:
    """The grid of an order's units that can still be routed; seven statements."""
    every = list(
        OrderLine.objects.filter(order=order).select_related("product").order_by("position")
    )
    planned = _planned(order)
    per_line: dict[int, int] = defaultdict(int)
    for (line_id, _), units in planned.items():
        per_line[line_id] += units
    lines = [x for x in every if x.open + x.backordered + per_line[x.pk] and x.kind != "kit"]
    products = {line.product_id for line in lines}
    levels = {
        (level.warehouse_id, level.product_id): level
        for level in StockLevel.objects.filter(product__in=products)
    }
    coming: dict[tuple[int, int], list[Incoming]] = defaultdict(list)
    for each in (x for of_product in incoming(products).values() for x in of_product):
        coming[each.warehouse_id, each.product_id].append(each)
    ships = {site for _, site in planned}
    sites: list[Warehouse] = []
    idle: list[Warehouse] = []
    for site in Warehouse.objects.active().order_by("priority", "code"):
        keys = [(site.pk, product_id) for product_id in products]
        has = any(levels[key].on_hand for key in keys if key in levels)
        (sites if has or site.pk in ships or any(map(coming.get, keys)) else idle).append(site)
    sets = {line.pk: line.sets for line in every if line.sets}
    return Grid(
        order,
        sites,
        [
            GridLine(
                line,
                line.open + line.backordered + per_line[line.pk],
                line.ordered // sets[line.parent_id] if line.parent_id else None,
                [
                    _cell(
                        line,
                        site,
                        planned.get((line.pk, site.pk), 0),
                        levels.get((site.pk, line.product_id)),
                        coming[site.pk, line.product_id],
                    )
                    for site in sites
                ],
            )
            for line in lines
        ],
        [site.code for site in idle],
        _exclusions(products, now),
    )


def _planned(order: Order) -> dict[tuple[int, int], int]:
    rows = ShipmentLine.objects.filter(
        order_line__order=order, shipment__status=Shipment.Status.PLANNED, quantity__gt=0
    )
    units: dict[tuple[int, int], int] = defaultdict(int)
    for line_id, site, quantity in rows.values_list(
        "order_line_id", "shipment__warehouse_id", "quantity"
    ):
        units[line_id, site] += quantity
    return dict(units)


def _exclusions(products: set[int], now: datetime) -> list[SiteExclusion]:
    found = SiteExclusion.objects.filter(
        Q(product=None) | Q(product__in=products), until_at__gt=now
    )
    return list(found.select_related("warehouse", "product").order_by("warehouse__code", "pk"))


def _cell(
    line: OrderLine,
    site: Warehouse,
    planned: int,
    level: StockLevel | None,
    coming: list[Incoming],
) -> GridCell:
    return GridCell(
        line_id=line.pk,
        warehouse_id=site.pk,
        code=site.code,
        planned=planned,
        on_hand=level.on_hand if level else 0,
        allocated=level.allocated if level else 0,
        available=level.on_hand - level.allocated - level.blocked if level else 0,
        incoming=sum(each.quantity for each in coming),
        incoming_on=coming[0] if coming else None,
    )
