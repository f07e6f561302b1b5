"""Messages that orders sends to customers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.translation import gettext as _

from oms.core import cases
from oms.core.actors import SYSTEM
from oms.core.messages import MessageRefused, queue_message
from orders.events import OrderPlaced
from orders.models import Charge, Order, OrderLine


@dataclass(frozen=True, slots=True)
class _Confirmation:
    order: Order
    lines: Sequence[OrderLine]
    charges: Sequence[Charge]


def confirm_orders(events: Sequence[OrderPlaced]) -> None:
    """Send the confirmation of each placed order, once, in the order's language.

    Not for history, canceled orders or customers without a mail address.
    """
    keys = {event.order_id for event in events}
    orders = Order.objects.filter(pk__in=keys, is_history=False).exclude(
        status__in=[Order.Status.DRAFT, Order.Status.CANCELED]
    )
    lines, charges = _by_order(OrderLine, keys), _by_order(Charge, keys)
    for order in orders.select_related("customer", "ship_to", "bill_to").order_by("pk"):
        if address := _mail_address(order):
            _confirm(
                _Confirmation(order, lines.get(order.pk, []), charges.get(order.pk, [])), address
            )


def _by_order(model: type[Any], keys: set[int]) -> dict[int, list[Any]]:
    found: dict[int, list[Any]] = {}
    for row in model.objects.filter(order__in=keys).order_by("pk"):
        found.setdefault(row.order_id, []).append(row)
    return found


def _mail_address(order: Order) -> str:
    own = [order.bill_to.email if order.bill_to else "", order.ship_to.email, order.customer.email]
    return next(filter(None, own), "")


def _confirm(confirmation: _Confirmation, address: str) -> None:
    order = confirmation.order
    with translation.override(order.locale):
        subject = _("Order confirmation %s") % order.number
        context = {
            "subject": subject,
            "order": order,
            "lines": [line for line in confirmation.lines if line.kind != OrderLine.Kind.COMPONENT],
            "charges": confirmation.charges,
            "shop_name": settings.COMPANY_NAME,
            "ship_to": order.ship_to.to_address(),
        }
        text = render_to_string("email/order_confirmation.txt", context)
        html = render_to_string("email/order_confirmation.html", context)
    key = f"order_confirmation:{order.pk}"
    try:
        queue_message(
            dedupe_key=key,
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
            kind="no_confirmation",
            dedupe_key=key,
            sentence=f"{order}: the confirmation cannot be sent, the mail address is not valid.",
            document_kind="order",
            document_id=order.pk,
        )
