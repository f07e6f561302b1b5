"""What orders puts on pages of the apps below: tiles, orders behind stock, names of its documents."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db.models import F
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

from inventory.ports import DemandLink
from oms.core.actors import Actor
from oms.core.links import Link
from oms.core.listing import Column
from oms.core.models import Case
from orders.models import Customer, Invoice, Order, OrderLine
from orders.selectors.order_list import HEADS, attention_counts, order_rows
from orders.selectors.scope import orders_for
from orders.services.compensation import compensate_claims

NEWEST = 8


def start_tiles(request: HttpRequest, subject: Any) -> dict[str, Any]:  # noqa: ARG001 - a panel's signature
    """Numbers of orders that need somebody; each is a link to the view behind it."""
    counts = attention_counts(request.user)
    tiles = [
        ("to_route", _("To route"), "route", "info", _("open units, no hold")),
        ("held", _("On hold"), "lock", "warning", _("wait for a decision")),
        ("backorder", _("Backorder"), "clock", "warning", _("wait for stock")),
    ]
    url = reverse("orders:order_list")
    return {
        "tiles": [
            {
                "label": label,
                "value": str(counts[name]),
                "url": f"{url}?view={name}",
                "icon": icon,
                "tone": tone if counts[name] else "",
                "sub": sub,
            }
            for name, label, icon, tone, sub in tiles
        ]
    }


def newest_orders(request: HttpRequest, subject: Any) -> dict[str, Any] | None:  # noqa: ARG001 - a panel's signature
    """What came in last."""
    newest = orders_for(request.user).select_related("channel", "customer").order_by("-id")
    rows = order_rows(newest[:NEWEST])
    columns = [Column(label, css=css) for label, _sort, css in HEADS]
    return {"rows": rows, "columns": columns} if rows else None


def order_links(ids: Sequence[int]) -> dict[int, Link]:
    rows = Order.objects.filter(pk__in=ids).values_list("pk", "number", "customer__name")
    return {
        key: Link(number, reverse("orders:order_page", args=[number]), name)
        for key, number, name in rows
    }


def order_line_links(ids: Sequence[int]) -> dict[int, Link]:
    rows = OrderLine.objects.filter(pk__in=ids).values_list(
        "pk", "order__number", "order__customer__name"
    )
    return {
        key: Link(number, reverse("orders:order_page", args=[number]), name)
        for key, number, name in rows
    }


def demand_links(ids: Sequence[int], /) -> dict[int, DemandLink]:
    """Which orders the claims on stock are for."""
    return {
        key: DemandLink(f"{link.label} {link.detail}", link.url)
        for key, link in order_line_links(ids).items()
    }


def customer_links(ids: Sequence[int]) -> dict[int, Link]:
    rows = Customer.objects.filter(pk__in=ids).values_list("pk", "number", "name")
    return {
        key: Link(name, reverse("orders:customer_page", args=[number]), number)
        for key, number, name in rows
    }


def invoice_links(ids: Sequence[int]) -> dict[int, Link]:
    rows = Invoice.objects.filter(pk__in=ids).annotate(of=F("order__number"))
    return {
        row.pk: Link(row.number, reverse("orders:order_page", args=[row.of]), row.of)
        for row in rows
    }


def compensate_claims_case(*, case: Case, actor: Actor) -> str:
    """The fix of a finding about claims: make them what their order line counts."""
    compensate_claims(line_id=case.document_id or 0, actor=actor)
    return _("The claims on stock fit the order line again.")
