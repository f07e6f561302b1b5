"""Messages that fulfillment sends to customers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.conf import settings
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.translation import gettext as _

from fulfillment.events import ParcelShipped, RestCanceled
from fulfillment.models import Parcel, ParcelLine, Shipment
from oms.core import cases
from oms.core.actors import SYSTEM
from oms.core.addresses import format_lines
from oms.core.messages import MessageRefused, queue_message
from orders.models import Order, OrderLine


@dataclass(frozen=True, slots=True)
class _Notice:
    parcel: Parcel
    lines: Sequence[ParcelLine]
    order: Order

    @property
    def shipment(self) -> Shipment:
        return self.parcel.shipment


def tell_parcels_shipped(events: Sequence[ParcelShipped]) -> None:
    """Mail the customer of each parcel that has left (and was not taken back meanwhile)."""
    keys = {event.parcel_id for event in events}
    gone = (Parcel.Status.SHIPPED, Parcel.Status.DELIVERED)
    parcels = Parcel.objects.filter(pk__in=keys, status__in=gone).select_related(
        "shipment__ship_to", "shipment__customer", "shipment__warehouse"
    )
    lines: dict[int, list[ParcelLine]] = {}
    contents = ParcelLine.objects.filter(parcel__in=keys).select_related(
        "shipment_line__order_line__order__ship_to",
        "shipment_line__order_line__order__bill_to",
        "shipment_line__order_line__product",
    )
    for line in contents.order_by("shipment_line__order_line_id"):
        lines.setdefault(line.parcel_id, []).append(line)
    for parcel in parcels.order_by("pk"):
        of_parcel = lines[parcel.pk]
        _tell(_Notice(parcel, of_parcel, of_parcel[0].shipment_line.order_line.order))


def _mail_address(notice: _Notice) -> str:
    order = notice.order
    known = [order.bill_to.email if order.bill_to else "", order.ship_to.email]
    return next(filter(None, [*known, notice.shipment.customer.email]), "")


def _tell(notice: _Notice) -> None:
    address = _mail_address(notice)
    if not address:
        return
    parcel, shipment = notice.parcel, notice.shipment
    key = f"parcel_shipped:{parcel.pk}:{parcel.times_undone}"
    with translation.override(shipment.locale):
        subject = _("Order %s is on its way") % notice.order.number
        context = {
            "subject": subject,
            "order": notice.order,
            "shipment": shipment,
            "parcel": parcel,
            "lines": notice.lines,
            "shop_name": settings.COMPANY_NAME,
            "address_lines": format_lines(
                shipment.ship_to.to_address(), from_country=shipment.warehouse.country
            ),
        }
        text = render_to_string("email/parcel_shipped.txt", context)
        html = render_to_string("email/parcel_shipped.html", context)
    try:
        queue_message(
            dedupe_key=key,
            to_address=address,
            subject=subject,
            text=text,
            html=html,
            actor=SYSTEM,
            document_kind="shipment",
            document_id=shipment.pk,
            locale=shipment.locale[:12],
        )
    except MessageRefused:
        cases.open_case(
            kind="no_shipping_notice",
            dedupe_key=key,
            sentence=f"{shipment}: the customer cannot be told, the mail address is not valid.",
            document_kind="shipment",
            document_id=shipment.pk,
        )


def tell_rests_canceled(events: Sequence[RestCanceled]) -> None:
    """Mail the customer of each order what of it will not come any more."""
    orders = Order.objects.filter(pk__in={event.order_id for event in events})
    found = {order.pk: order for order in orders.select_related("customer", "ship_to", "bill_to")}
    wanted = {int(key) for event in events for key in event.units}
    lines = OrderLine.objects.in_bulk(wanted)
    for event in events:
        rest = [(lines[int(key)], units) for key, units in event.units.items()]
        _tell_rest(found[event.order_id], rest)


def _tell_rest(order: Order, rest: Sequence[tuple[OrderLine, int]]) -> None:
    known = [order.bill_to.email if order.bill_to else "", order.ship_to.email]
    address = next(filter(None, [*known, order.customer.email]), "")
    if not address:
        return
    key = f"rest_canceled:{order.pk}:{'-'.join(f'{line.pk}.{line.canceled}' for line, _ in rest)}"
    with translation.override(order.locale):
        subject = _("Order %s: canceled items") % order.number
        context = {
            "subject": subject,
            "order": order,
            "rest": rest,
            "shop_name": settings.COMPANY_NAME,
        }
        text = render_to_string("email/rest_canceled.txt", context)
        html = render_to_string("email/rest_canceled.html", context)
    try:
        queue_message(
            dedupe_key=key[:200],
            to_address=address,
            subject=subject,
            text=text,
            html=html,
            actor=SYSTEM,
            document_kind="order",
            document_id=order.pk,
            locale=order.locale[:12],
        )
    except MessageRefused:
        cases.open_case(
            kind="no_cancel_notice",
            dedupe_key=key[:200],
            sentence=f"{order}: the customer cannot be told of canceled items, the mail address is not"
            " valid.",
            document_kind="order",
            document_id=order.pk,
        )
