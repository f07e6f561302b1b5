"""What fulfillment puts on pages of the apps below: shipments and routing on the order page, tiles."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, F, Q, Sum, Window
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from fulfillment.models import LinePromise, Parcel, RoutingDecision, Shipment, ShipmentLine
from fulfillment.selectors.fill_preview import fill_preview, filled_since
from fulfillment.selectors.promise_list import risk_count, row_of
from fulfillment.selectors.reasons import reasons_of
from fulfillment.selectors.scope import shipments_for
from fulfillment.selectors.shipment_list import attention_counts
from fulfillment.selectors.waiting import Arriving
from fulfillment.services.route import route_order, route_orders
from inventory.models import Product, PurchaseOrder, Receipt
from inventory.selectors.incoming import incoming
from oms.core.models import Case
from oms.core.workflow import refusal
from orders.models import Order, OrderLine
from orders.ports import OrderAction

_CANCELED = Shipment.Status.CANCELED
_AT_WORK = (Shipment.Status.RELEASED, Shipment.Status.PICKING, Shipment.Status.PICKED)


# --- Shipments on the order page ---------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ShipmentPart:
    """A shipment of the order with its parcels, and how far it is."""

    shipment: Shipment
    parcels: list[Parcel]
    quantity: int
    picked: int
    shipped: int

    @property
    def progress(self) -> str:
        return _("%(picked)d of %(quantity)d picked") % {
            "picked": self.picked,
            "quantity": self.quantity,
        }


def shipments_of(order_id: int) -> list[Shipment]:
    """The shipments with units of an order, the oldest first."""
    lines = ShipmentLine.objects.filter(order_line__order=order_id).values("shipment_id")
    return list(Shipment.objects.filter(pk__in=lines).select_related("warehouse").order_by("pk"))


def order_shipments(request: HttpRequest, order: Order) -> dict[str, Any] | None:
    """The shipments and parcels of an order: three statements."""
    shipments = list(
        shipments_for(request.user)
        .filter(pk__in=[each.pk for each in shipments_of(order.pk)])
        .select_related("warehouse")
        .order_by("pk")
    )
    if not shipments:
        return None
    keys = [each.pk for each in shipments]
    lines = list(ShipmentLine.objects.filter(shipment__in=keys))
    parcels = list(Parcel.objects.filter(shipment__in=keys).order_by("shipment_id", "position"))
    return {"parts": [_part(each, lines, parcels) for each in shipments]}


def _part(shipment: Shipment, lines: list[ShipmentLine], parcels: list[Parcel]) -> ShipmentPart:
    own = [line for line in lines if line.shipment_id == shipment.pk]
    return ShipmentPart(
        shipment,
        [each for each in parcels if each.shipment_id == shipment.pk],
        sum(line.quantity for line in own),
        sum(line.picked for line in own),
        sum(line.shipped for line in own),
    )


def picked_units(line_ids: Sequence[int]) -> dict[int, int]:
    """What is picked of order lines and has not left yet."""
    rows = ShipmentLine.objects.filter(order_line__in=line_ids, picked__gt=F("shipped"))
    held = rows.exclude(shipment__status=_CANCELED).values_list("order_line")
    return dict(held.annotate(units=Sum(F("picked") - F("shipped"))))


# --- When it comes -----------------------------------------------------------------------------


def order_promises(request: HttpRequest, order: Order) -> dict[str, Any] | None:  # noqa: ARG001 - a panel's signature
    """What was promised and what is expected for each line that owes something: one statement."""
    promises = LinePromise.objects.filter(order_line__order=order, is_open=True)
    found = promises.select_related("order_line__product").order_by("order_line__position", "pk")
    rows = [row_of(promise) for promise in found]
    return {"rows": rows, "late": sum(bool(row.late) for row in rows)} if rows else None


def promise_tiles(request: HttpRequest, subject: Any) -> dict[str, Any]:  # noqa: ARG001 - a panel's signature
    """How many lines come later than was promised."""
    count = risk_count(request.user)
    tile = {
        "label": _("Promises at risk"),
        "value": str(count),
        "url": reverse("fulfillment:promise_list"),
        "icon": "clock",
        "tone": "danger" if count else "",
        "sub": _("lines later than promised"),
    }
    return {"tiles": [tile]}


# --- Why this warehouse? -----------------------------------------------------------------------


def routing_panel(request: HttpRequest, order: Order) -> dict[str, Any] | None:  # noqa: ARG001 - a panel's signature
    """The last decision for an order, from its trace; and how many there were."""
    rows = RoutingDecision.objects.filter(order=order).order_by("-id")
    decision = rows.annotate(count=Window(Count("pk"))).first()
    if decision is None:
        return None
    return {
        "number": order.number,
        "count": decision.count,
        "is_by_hand": bool(decision.override_reason),
        "reasons": reasons_of(decision),
        "at": decision.at,
        "actor": decision.actor_label,
    }


# --- Actions on the order page -----------------------------------------------------------------


def order_actions(request: HttpRequest, order: Order) -> list[OrderAction]:
    """Route, release, go to the shipment that is being worked on, and cancel with shipments."""
    user: Any = request.user
    shipments = [each for each in shipments_of(order.pk) if each.status != _CANCELED]
    actions = []
    if user.has_perm("fulfillment.route_order"):
        actions += _route(order)
    if user.has_perm("fulfillment.release_shipment"):
        actions += _release(order, shipments)
    if user.has_perm("fulfillment.view_shipment"):
        actions += _open(shipments)
    if user.has_perm("fulfillment.override_routing"):
        actions += _override(order, shipments)
    if shipments and user.has_perm("orders.cancel_order"):
        url = reverse("fulfillment:order_cancel", args=[order.number])
        actions.append(OrderAction("cancel", _("Cancel order"), url))
    return actions


def _route(order: Order) -> list[OrderAction]:
    is_open = order.status in {Order.Status.PLACED, Order.Status.IN_FULFILLMENT}
    if not is_open or not OrderLine.objects.filter(order=order, open__gt=0).exists():
        return []
    url = reverse("fulfillment:order_route", args=[order.number])
    why_not = refusal(order, "start_fulfillment")
    return [
        OrderAction("route", _("Route"), url, why_not, is_primary=True, weight=10, icon="route")
    ]


def _override(order: Order, shipments: Sequence[Shipment]) -> list[OrderAction]:
    if order.status not in {Order.Status.PLACED, Order.Status.IN_FULFILLMENT}:
        return []
    is_planned = any(each.status == Shipment.Status.PLANNED for each in shipments)
    waits = Q(open__gt=0) | Q(backordered__gt=0)
    if not is_planned and not OrderLine.objects.filter(waits, order=order).exists():
        return []
    url = reverse("fulfillment:order_warehouses", args=[order.number])
    why_not = refusal(order, "start_fulfillment")
    label = _("Choose warehouses")
    return [OrderAction("warehouses", label, url, why_not, weight=40, icon="swap", is_link=True)]


def _release(order: Order, shipments: Sequence[Shipment]) -> list[OrderAction]:
    planned = [each for each in shipments if each.status == Shipment.Status.PLANNED]
    if not planned:
        return []
    label = ngettext("Release shipment", "Release %(n)d shipments", len(planned))
    url = reverse("fulfillment:order_release", args=[order.number])
    why_not = _("A shipping hold keeps it from the floor.") if order.shipping_holds else None
    return [
        OrderAction(
            "release",
            label % {"n": len(planned)} if len(planned) > 1 else label,
            url,
            why_not,
            is_primary=True,
            weight=20,
            icon="play",
        )
    ]


def _open(shipments: Sequence[Shipment]) -> list[OrderAction]:
    at_work = [each for each in shipments if each.status in Shipment.ON_THE_FLOOR]
    if not at_work:
        return []
    first = at_work[0]
    words = {True: _("Go on with %s"), False: _("Hand over %s")}
    label = words[first.status in _AT_WORK] % first.number
    url = reverse("fulfillment:shipment_page", args=[first.number])
    return [
        OrderAction(
            "open_shipment",
            label,
            url,
            is_primary=True,
            weight=30,
            icon="truck",
            is_link=True,
        )
    ]


# --- Who gets what, on the pages of goods that come ----------------------------------------------


def purchase_order_fill(request: HttpRequest, order: PurchaseOrder) -> dict[str, Any] | None:
    """Who gets the goods that an order to a supplier still brings."""
    lines = order.lines.annotate(left=F("quantity") - F("received") - F("canceled"))
    if order.status in {PurchaseOrder.Status.RECEIVED, PurchaseOrder.Status.CANCELED}:
        return None
    left = list(lines.filter(left__gt=0).values_list("product_id", "left"))
    arriving = {(order.warehouse_id, product_id): units for product_id, units in left}
    return _preview(request, {product_id for product_id, _ in left}, arriving) if left else None


def product_fill(request: HttpRequest, product: Product) -> dict[str, Any] | None:
    """Who gets the units of a product that are on their way, or who is next without any."""
    arriving: Counter[tuple[int, int]] = Counter()
    for each in incoming([product.pk]).get(product.pk, []):
        arriving[each.warehouse_id, product.pk] += each.quantity
    return _preview(request, [product.pk], arriving)


def _preview(
    request: HttpRequest, product_ids: Collection[int], arriving: Arriving
) -> dict[str, Any] | None:
    found = fill_preview(request.user, product_ids, arriving)
    return {"preview": found, "arriving": sum(arriving.values())} if found else None


def receipt_fill(request: HttpRequest, receipt: Receipt) -> dict[str, Any] | None:
    """Who got the goods that came with a receipt."""
    if receipt.undone_at is not None:
        return None
    products = set(receipt.lines.values_list("product_id", flat=True))
    rows = filled_since(
        request.user,
        warehouse_id=receipt.warehouse_id,
        product_ids=products,
        at=receipt.received_at,
    )
    return {"rows": rows} if rows else None


# --- Timeline, start page, cases ---------------------------------------------------------------


def related_documents(order_id: int) -> list[tuple[str, int]]:
    """The shipments and parcels whose events stand on an order's timeline."""
    keys = [each.pk for each in shipments_of(order_id)]
    parcels = Parcel.objects.filter(shipment__in=keys).values_list("pk", flat=True)
    return [("shipment", key) for key in keys] + [("parcel", key) for key in parcels]


def start_tiles(request: HttpRequest, subject: Any) -> dict[str, Any]:  # noqa: ARG001 - a panel's signature
    """The work of the floor; each number is a link to the view behind it."""
    counts = attention_counts(request.user)
    url = reverse("fulfillment:shipment_list")
    tiles = [
        ("planned", _("To release"), "play", _("allocated, not on the floor")),
        ("to_pick", _("To pick"), "scan", _("released")),
        ("to_pack", _("To pack"), "box", _("picked")),
        ("to_ship", _("To hand over"), "truck", _("packed")),
    ]
    return {
        "tiles": [
            {
                "label": label,
                "value": str(counts[name]),
                "url": f"{url}?view={name}",
                "icon": icon,
                "tone": "info" if counts[name] else "",
                "sub": sub,
            }
            for name, label, icon, sub in tiles
        ]
    }


@dataclass(frozen=True, slots=True)
class WarehouseWork:
    """The shipments of a warehouse by what they wait for, and how many left today."""

    code: str
    title: str
    planned: int
    to_pick: int
    to_pack: int
    to_ship: int
    shipped_today: int


def warehouse_work(request: HttpRequest, subject: Any) -> dict[str, Any] | None:  # noqa: ARG001 - a panel's signature
    """The work of each warehouse that this person sees: one statement."""
    today = timezone.localtime().replace(hour=0, minute=0, second=0, microsecond=0)
    status = Shipment.Status
    open_or_today = Q(status__in=[status.PLANNED, *Shipment.ON_THE_FLOOR])
    gone_today = Q(shipped_at__gte=today)
    rows = (
        shipments_for(request.user)
        .filter(open_or_today | gone_today)
        .values("warehouse__code", "warehouse__title")
        .annotate(
            planned=Count("pk", filter=Q(status=status.PLANNED)),
            to_pick=Count("pk", filter=Q(status__in=[status.RELEASED, status.PICKING])),
            to_pack=Count("pk", filter=Q(status=status.PICKED)),
            to_ship=Count("pk", filter=Q(status=status.PACKED)),
            shipped_today=Count("pk", filter=gone_today),
        )
        .order_by("warehouse__priority", "warehouse__code")
    )
    work = [WarehouseWork(*row) for row in rows.values_list(
        "warehouse__code", "warehouse__title", "planned", "to_pick", "to_pack", "to_ship", "shipped_today"
    )]  # fmt: skip
    return {"rows": work} if work else None


def route_case(*, case: Case, actor: Any) -> str:
    """The fix of a routing case: try again from today's stock."""
    outcome = route_order(order_id=case.document_id or 0, actor=actor)
    return outcome.verdict or _("%s was routed.") % outcome.number


def route_cases(*, cases: Sequence[Case], actor: Any) -> str:
    """The fix of many routing cases at once."""
    outcomes = route_orders({case.document_id or 0 for case in cases}, actor=actor)
    done = sum(bool(outcome.allocated) for outcome in outcomes)
    said = _("%(done)d of %(all)d orders got units.")
    return said % {"done": done, "all": len(outcomes)}


def warehouse_choices(order_ids: Sequence[int]) -> dict[int, str]:
    """Where the warehouses of orders are chosen by hand."""
    numbers = Order.objects.filter(pk__in=order_ids).values_list("pk", "number")
    return {pk: reverse("fulfillment:order_warehouses", args=[number]) for pk, number in numbers}
