"""The shipment list: its views, filters and sorts, and finding shipments by number."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django import forms
from django.db.models import Exists, Max, Min, OuterRef, Q, QuerySet, Sum
from django.db.models.functions import Lower
from django.http import QueryDict
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from fulfillment.models import Parcel, Shipment, ShipmentLine
from fulfillment.selectors.scope import shipments_for
from inventory.models import Warehouse
from oms.core import listing
from oms.core.links import Link
from oms.core.listing import Filter, Listing, ListPage, Sort, View
from oms.core.search import Hit

MOST = 20
Shipments = QuerySet[Shipment]


def _with_status(*statuses: str) -> Any:
    return lambda rows: rows.filter(status__in=statuses)


VIEWS = (
    View("all", _("All"), lambda rows: rows),
    View("planned", _("To release"), _with_status(Shipment.Status.PLANNED)),
    View("to_pick", _("To pick"), _with_status(Shipment.Status.RELEASED, Shipment.Status.PICKING)),
    View("to_pack", _("To pack"), _with_status(Shipment.Status.PICKED)),
    View("to_ship", _("To hand over"), _with_status(Shipment.Status.PACKED)),
    View("shipped", _("On the way"), _with_status(Shipment.Status.SHIPPED)),
    View("delivered", _("Delivered"), _with_status(Shipment.Status.DELIVERED)),
    View("canceled", _("Canceled"), _with_status(Shipment.Status.CANCELED)),
)


def _warehouse_field() -> forms.Field:
    warehouses = Warehouse.objects.order_by("priority", "code").values_list("code", "title")
    return forms.ChoiceField(
        label=_("Warehouse"), required=False, choices=lambda: [("", _("Any")), *warehouses]
    )


WAREHOUSE = Filter(
    "warehouse", _warehouse_field, lambda rows, code: rows.filter(warehouse__code=code)
)


def _orders_from(rows: QuerySet[Any], code: str) -> QuerySet[Any]:
    lines = ShipmentLine.objects.filter(
        order_line__order=OuterRef("pk"), shipment__warehouse__code=code
    ).exclude(shipment__status=Shipment.Status.CANCELED)
    return rows.filter(Exists(lines))


ORDERS_OF_WAREHOUSE = Filter("warehouse", _warehouse_field, _orders_from)

SHIPMENTS = Listing(
    name="shipments",
    views=VIEWS,
    filters=(WAREHOUSE,),
    sorts=(
        Sort("number", _("Shipment"), "id"),
        Sort("units", _("Units"), "units"),
        Sort("shipped", _("Shipped"), "shipped_at"),
    ),
)
HEADS = (
    (_("Shipment"), "number", ""),
    (_("Customer"), "", ""),
    (_("Order"), "", "opt"),
    (_("Warehouse"), "", "opt"),
    (_("To"), "", "opt"),
    (_("Units"), "units", "num"),
    (_("Picked"), "", "opt"),
    (_("Parcels"), "", "num opt"),
    (_("Planned"), "", ""),
    (_("Status"), "", ""),
)


@dataclass(frozen=True, slots=True)
class Progress:
    quantity: int = 0
    picked: int = 0
    packed: int = 0
    order_number: str = ""
    more_orders: bool = False
    parcels: int = 0

    @property
    def unpacked(self) -> int:
        return self.picked - self.packed

    @property
    def text(self) -> str:
        return f"{self.picked * 100 // self.quantity}%" if self.quantity else "–"

    @property
    def sentence(self) -> str:
        values = {"picked": self.picked, "quantity": self.quantity}
        return gettext("%(picked)d of %(quantity)d units picked") % values


@dataclass(frozen=True, slots=True)
class ShipmentRow:
    shipment: Shipment
    progress: Progress

    @property
    def town(self) -> str:
        to = self.shipment.ship_to
        return " ".join(part for part in (to.country or to.country_label, to.city) if part)


def shipment_list(user: Any, params: QueryDict) -> tuple[ListPage, list[ShipmentRow]]:
    """One page of the shipments that this person sees: four statements."""
    found = listing.load(
        SHIPMENTS,
        params,
        shipments_for(user),
        search=_narrow,
        heads=HEADS,
        related=("warehouse", "customer", "ship_to"),
    )
    rows: list[Shipment] = found.page.rows
    progress = progress_of([shipment.pk for shipment in rows])
    return found, [ShipmentRow(each, progress.get(each.pk, Progress())) for each in rows]


def progress_of(keys: Sequence[int]) -> dict[int, Progress]:
    """How far each shipment is, and for which order: two statements."""
    if not keys:
        return {}
    parcels = dict(
        Parcel.objects.filter(shipment__in=keys)
        .exclude(status=Parcel.Status.VOID)
        .values_list("shipment_id")
        .annotate(n=Max("position"))
    )
    sums = (
        ShipmentLine.objects.filter(shipment__in=keys)
        .values("shipment_id")
        .annotate(
            asked=Sum("quantity"),
            taken=Sum("picked"),
            boxed=Sum("packed"),
            first=Min("order_line__order__number"),
            last=Max("order_line__order__number"),
        )
    )
    return {
        row["shipment_id"]: Progress(
            row["asked"],
            row["taken"],
            row["boxed"],
            row["first"],
            row["first"] != row["last"],
            parcels.get(row["shipment_id"], 0),
        )
        for row in sums
    }


def _narrow(rows: Shipments, text: str) -> Shipments:
    """The shipments whose number, order number, tracking number or customer begins with the text."""
    folded = text.lower()
    tracked = Parcel.objects.filter(tracking_number__istartswith=text).values("shipment_id")
    ordered = ShipmentLine.objects.filter(order_line__order__number__istartswith=text)
    return rows.annotate(folded=Lower("customer__name")).filter(
        Q(number__istartswith=text)
        | Q(folded__startswith=folded)
        | Q(pk__in=tracked)
        | Q(pk__in=ordered.values("shipment_id"))
    )


def find_shipments(user: Any, text: str) -> list[Hit]:
    """A shipment by its whole number or by a parcel's tracking number."""
    if not user.has_perm("fulfillment.view_shipment"):
        return []
    tracked = Parcel.objects.filter(tracking_number=text).exclude(tracking_number="")
    named = Q(number=text.upper()) | Q(pk__in=tracked.values("shipment_id"))
    found = shipments_for(user).filter(named).select_related("customer")[:MOST]
    return [
        Hit(
            url=reverse("fulfillment:shipment_page", args=[each.number]),
            title=each.number,
            group=gettext("Shipments"),
            matched=gettext("by shipment number")
            if each.number == text.upper()
            else gettext("by tracking number %s") % text,
            detail=each.customer.name,
            exact=True,
        )
        for each in found
    ]


def shipment_links(ids: Sequence[int]) -> dict[int, Link]:
    rows = Shipment.objects.filter(pk__in=ids).values_list("pk", "number", "customer__name")
    return {
        key: Link(number, reverse("fulfillment:shipment_page", args=[number]), name)
        for key, number, name in rows
    }


def parcel_links(ids: Sequence[int]) -> dict[int, Link]:
    rows = Parcel.objects.filter(pk__in=ids).values_list("pk", "shipment__number", "position")
    return {
        key: Link(
            gettext("parcel %(n)d of %(number)s") % {"n": position, "number": number},
            reverse("fulfillment:shipment_page", args=[number]),
        )
        for key, number, position in rows
    }


def attention_counts(user: Any) -> dict[str, listing.Count]:
    """The numbers of the start page: they equal the views behind them."""
    mine = shipments_for(user)
    shown = {"planned", "to_pick", "to_pack", "to_ship"}
    return listing.capped_counts(
        {view.name: view.narrow(mine) for view in VIEWS if view.name in shown}
    )
