"""What stands on a packing slip: a page for each parcel of a shipment."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from django.conf import settings
from django.db import connection
from django.utils.translation import gettext as _

from fulfillment.models import Parcel, ParcelLine, Shipment
from oms.core.addresses import format_lines
from oms.core.barcodes import code128_svg
from orders.models import Order


class _Line(NamedTuple):
    order_line_id: int
    order_id: int
    sku: str
    description: str
    wanted: int
    backordered: int
    shipment_line_id: int | None
    on_shipment: int
    sent_before: int


@dataclass(frozen=True, slots=True)
class SlipRow:
    """A line of the order: what is in this parcel, and where the rest is."""

    sku: str
    description: str
    ordered: int
    here: int
    to_follow: int
    note: str


@dataclass(frozen=True, slots=True)
class SlipPage:
    """One parcel. ``position`` and ``count`` are 0 while nothing is packed."""

    position: int
    count: int
    tracking_number: str
    rows: Sequence[SlipRow]

    @property
    def ordered(self) -> int:
        return sum(row.ordered for row in self.rows)

    @property
    def here(self) -> int:
        return sum(row.here for row in self.rows)

    @property
    def to_follow(self) -> int:
        return sum(row.to_follow for row in self.rows)


def packing_slip(shipment_id: int, locale: str) -> tuple[str, Mapping[str, Any]]:  # noqa: ARG001 - a composer's signature
    """Template and context; the caller has switched to the locale.

    :raises Shipment.DoesNotExist: there is no such shipment.
    """
    shipment = Shipment.objects.select_related("warehouse", "ship_to", "customer").get(
        pk=shipment_id
    )
    lines = _lines(shipment)
    orders = list(Order.objects.filter(pk__in={line.order_id for line in lines}).order_by("pk"))
    origin = shipment.warehouse.to_address()
    return "papers/packing_slip.html", {
        "title": _("Packing slip"),
        "number": shipment.number,
        "shop_name": settings.COMPANY_NAME,
        "shop_address": ", ".join(format_lines(origin, from_country=origin.country)),
        "barcode": code128_svg(shipment.number),
        "order_barcodes": [(order, code128_svg(order.number, height_mm=10)) for order in orders],
        "shipment": shipment,
        "orders": orders,
        "address_lines": format_lines(
            shipment.ship_to.to_address(), from_country=shipment.warehouse.country
        ),
        "pages": _pages(shipment, lines),
    }


_LINES = """
SELECT wanted.id, wanted.order_id, product.sku, wanted.description,
  wanted.ordered - wanted.canceled, wanted.backordered, line.id, COALESCE(line.quantity, 0),
  COALESCE((
    SELECT sum(other.shipped) FROM fulfillment_shipmentline other
    JOIN fulfillment_shipment earlier ON earlier.id = other.shipment_id
    WHERE other.order_line_id = wanted.id AND other.shipment_id <> %(shipment)s
      AND earlier.shipped_at < COALESCE(%(packed_at)s, now())), 0)::int
FROM orders_orderline wanted
JOIN inventory_product product ON product.id = wanted.product_id
LEFT JOIN fulfillment_shipmentline line
  ON line.order_line_id = wanted.id AND line.shipment_id = %(shipment)s
WHERE wanted.kind <> 'kit' AND wanted.ordered > wanted.canceled AND wanted.order_id IN (
  SELECT served.order_id FROM fulfillment_shipmentline part
  JOIN orders_orderline served ON served.id = part.order_line_id
  WHERE part.shipment_id = %(shipment)s)
ORDER BY wanted.order_id, wanted.position"""


def _lines(shipment: Shipment) -> list[_Line]:
    with connection.cursor() as cursor:
        cursor.execute(_LINES, {"shipment": shipment.pk, "packed_at": shipment.packed_at})
        return [_Line(*row) for row in cursor.fetchall()]


def _pages(shipment: Shipment, lines: Sequence[_Line]) -> list[SlipPage]:
    parcels = list(
        Parcel.objects.filter(shipment=shipment)
        .exclude(status=Parcel.Status.VOID)
        .order_by("position")
    )
    contents: dict[int, dict[int, int]] = defaultdict(dict)
    packed = ParcelLine.objects.filter(parcel__in=parcels)
    for parcel_id, line_id, quantity in packed.values_list("parcel", "shipment_line", "quantity"):
        contents[parcel_id][line_id] = quantity
    if not parcels:
        whole = {line.shipment_line_id: line.on_shipment for line in lines if line.shipment_line_id}
        return [SlipPage(0, 0, "", _rows(lines, [whole], 0))]
    boxes = [contents[parcel.pk] for parcel in parcels]
    return [
        SlipPage(n + 1, len(parcels), parcel.tracking_number, _rows(lines, boxes, n))
        for n, parcel in enumerate(parcels)
    ]


def _rows(lines: Sequence[_Line], boxes: Sequence[Mapping[int, int]], n: int) -> list[SlipRow]:
    """What is in box ``n`` comes first; lines that come otherwise stand behind."""
    rows = []
    for line in lines:
        units = [box.get(line.shipment_line_id or 0, 0) for box in boxes]
        before = line.sent_before + sum(units[:n])
        to_follow = max(0, line.wanted - before - units[n])
        note = _note(line, units, n)
        rows.append(SlipRow(line.sku, line.description, line.wanted, units[n], to_follow, note))
    return sorted(rows, key=lambda row: not row.here)


def _note(line: _Line, units: Sequence[int], n: int) -> str:
    said = []
    if line.sent_before:
        said.append(_("%(count)d sent before") % {"count": line.sent_before})
    for place, count in enumerate(units):
        if count and place != n:
            facts = {"count": count, "parcel": place + 1, "of": len(units)}
            said.append(_("%(count)d in parcel %(parcel)d of %(of)d") % facts)
    if line.backordered:
        said.append(_("%(count)d on backorder") % {"count": line.backordered})
    return ", ".join(said)
