"""The shipment page as plain data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from fulfillment.models import Parcel, Pick, Shipment, ShipmentLine
from fulfillment.selectors.scope import shipments_for
from oms.core.addresses import format_lines
from oms.core.models import Paper
from orders.models import Hold, Order
from orders.selectors.order_page import papers_of
from orders.selectors.timeline import Timeline, timeline_of

RELATED = ("warehouse", "customer", "ship_to", "service__carrier")


@dataclass(frozen=True, slots=True)
class ParcelRow:
    parcel: Parcel
    units: int
    contents: str


@dataclass(frozen=True, slots=True)
class Sums:
    quantity: int
    picked: int
    packed: int
    shipped: int


@dataclass(frozen=True, slots=True)
class ShipmentPage:
    shipment: Shipment
    sentence: str
    lines: list[ShipmentLine]
    sums: Sums
    picks: list[Pick]
    parcels: list[ParcelRow]
    papers: list[Paper]
    orders: list[Order]
    holds: list[Hold]
    ship_to: list[str]
    timeline: Timeline

    @property
    def is_held(self) -> bool:
        """Canceling it would not have its units routed again."""
        return any(order.routing_holds for order in self.orders)

    @property
    def to_pack(self) -> int:
        return self.sums.picked - self.sums.packed

    @property
    def open_picks(self) -> list[Pick]:
        return [pick for pick in self.picks if pick.picked < pick.quantity]

    @property
    def parcels_to_ship(self) -> list[Parcel]:
        return [row.parcel for row in self.parcels if row.parcel.status == Parcel.Status.CLOSED]

    @property
    def parcels_on_the_way(self) -> list[Parcel]:
        return [row.parcel for row in self.parcels if row.parcel.status == Parcel.Status.SHIPPED]


def shipment_page(user: Any, number: str) -> ShipmentPage:
    """What the page of a shipment shows, with a constant number of statements.

    :raises Shipment.DoesNotExist: there is none, or it is not this person's to see.
    """
    shipment = shipments_for(user).select_related(*RELATED).get(number=number)
    lines = list(
        shipment.lines.select_related("order_line__product", "order_line__order").order_by(
            "order_line__order_id", "order_line__position"
        )
    )
    picks = list(
        Pick.objects.filter(shipment_line__shipment=shipment)
        .select_related("bin", "lot", "pick_list", "shipment_line__order_line__product")
        .order_by("pick_list_id", "position", "pk")
    )
    orders = list({line.order_line.order_id: line.order_line.order for line in lines}.values())
    parcels = _parcels(shipment)
    documents = [("shipment", shipment.pk), *(("parcel", row.parcel.pk) for row in parcels)]
    lists = sorted({("picklist", pick.pick_list_id) for pick in picks})
    sums = _sums(lines)
    return ShipmentPage(
        shipment=shipment,
        sentence=sentence_of(shipment, sums),
        lines=lines,
        sums=sums,
        picks=picks,
        parcels=parcels,
        papers=papers_of([*documents, *lists]),
        orders=orders,
        holds=_holds(orders),
        ship_to=format_lines(
            shipment.ship_to.to_address(), from_country=shipment.warehouse.country
        ),
        timeline=timeline_of(documents),
    )


def _sums(lines: list[ShipmentLine]) -> Sums:
    return Sums(*(sum(getattr(line, name) for line in lines) for name in Sums.__slots__))


def _parcels(shipment: Shipment) -> list[ParcelRow]:
    parcels = shipment.parcels.prefetch_related("lines__shipment_line__order_line__product")
    rows = []
    for parcel in parcels.order_by("position"):
        lines = sorted(parcel.lines.all(), key=lambda line: line.pk)
        contents = ", ".join(
            f"{line.quantity} × {line.shipment_line.order_line.product.sku}" for line in lines
        )
        rows.append(ParcelRow(parcel, sum(line.quantity for line in lines), contents))
    return rows


def _holds(orders: list[Order]) -> list[Hold]:
    if not any(order.shipping_holds for order in orders):
        return []
    found = Hold.objects.filter(
        order__in=[order.pk for order in orders], kind=Hold.Kind.SHIPPING, lifted_at=None
    )
    return list(found.select_related("order").order_by("placed_at", "pk"))


def sentence_of(shipment: Shipment, sums: Sums) -> str:
    """The state of the shipment as one sentence."""
    units = ngettext("%d unit", "%d units", sums.quantity) % sums.quantity
    place = shipment.warehouse.code
    sentences = {
        Shipment.Status.PLANNED: _(
            "%(units)s are allocated at %(place)s; nobody works on them yet."
        ),
        Shipment.Status.RELEASED: _("%(units)s wait to be picked at %(place)s."),
        Shipment.Status.PICKING: _("%(picked)d of %(units)s are picked at %(place)s."),
        Shipment.Status.PICKED: _("%(picked)d picked units wait at %(place)s to be packed."),
        Shipment.Status.PACKED: _("%(packed)d packed units wait at %(place)s for the carrier."),
        Shipment.Status.SHIPPED: _("%(shipped)d units left %(place)s."),
        Shipment.Status.DELIVERED: _("%(shipped)d units from %(place)s were delivered."),
        Shipment.Status.CANCELED: _("Canceled: nothing leaves %(place)s for it."),
    }
    values = {
        "units": units,
        "place": place,
        "picked": sums.picked,
        "packed": sums.packed,
        "shipped": sums.shipped,
    }
    return str(sentences[Shipment.Status(shipment.status)] % values)
