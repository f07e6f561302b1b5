"""The purchase order list: its views, filters and sorts, whose orders a person sees, finding them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django import forms
from django.db.models import Q, QuerySet
from django.http import QueryDict
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from inventory.models import (
    PurchaseOrder,
    PurchaseOrderLine,
    Receipt,
    Supplier,
    Warehouse,
    WarehouseAccess,
)
from oms.core import listing
from oms.core.links import Link
from oms.core.listing import Filter, Listing, ListPage, Sort, View
from oms.core.money import line_amount
from oms.core.search import Hit

MOST = 20
Orders = QuerySet[PurchaseOrder]
Status = PurchaseOrder.Status


def purchase_orders_for(user: Any) -> Orders:
    """Every order, or for people who only receive goods those to their own warehouses."""
    buys = user.has_perm("inventory.change_purchaseorder")
    if user.has_perm("inventory.receive") and not buys:
        places = WarehouseAccess.objects.filter(user=user).values("warehouse_id")
        return PurchaseOrder.objects.filter(warehouse__in=places)
    return PurchaseOrder.objects.all()


def _with_status(*statuses: str) -> Any:
    return lambda rows: rows.filter(status__in=statuses)


def _late(rows: Any) -> Any:
    today = timezone.localdate()
    return rows.filter(status__in=PurchaseOrder.ARRIVING, expected_date__lt=today)


VIEWS = (
    View("all", _("All"), lambda rows: rows),
    View("draft", _("Drafts"), _with_status(Status.DRAFT)),
    View("arriving", _("On the way"), _with_status(*PurchaseOrder.ARRIVING)),
    View("late", _("Late"), _late, hot=True),
    View("received", _("Received"), _with_status(Status.RECEIVED)),
    View("canceled", _("Canceled"), _with_status(Status.CANCELED)),
)


def _choice(label: Any, rows: QuerySet[Any], order: str) -> forms.Field:
    known = rows.order_by(order).values_list("code", "title")
    return forms.ChoiceField(label=label, required=False, choices=lambda: [("", _("Any")), *known])


PURCHASE_ORDERS = Listing(
    name="purchase_orders",
    views=VIEWS,
    filters=(
        Filter(
            "supplier",
            lambda: _choice(_("Supplier"), Supplier.objects.all(), "code"),
            lambda rows, code: rows.filter(supplier__code=code),
        ),
        Filter(
            "warehouse",
            lambda: _choice(_("Warehouse"), Warehouse.objects.all(), "priority"),
            lambda rows, code: rows.filter(warehouse__code=code),
        ),
    ),
    sorts=(
        Sort("number", _("Order"), "id"),
        Sort("expected", _("Expected"), "expected_date", descending=False),
    ),
)
HEADS = (
    (_("Order"), "number", ""),
    (_("Supplier"), "", ""),
    (_("Warehouse"), "", "opt"),
    (_("Lines"), "", "num opt"),
    (_("Received"), "", "opt"),
    (_("Amount"), "", "num"),
    (_("Expected"), "expected", ""),
    (_("Status"), "", ""),
)


@dataclass(frozen=True, slots=True)
class PurchaseRow:
    """An order of the list; ``amount`` in its currency."""

    order: PurchaseOrder
    lines: int
    quantity: int
    received: int
    amount: Decimal

    @property
    def is_late(self) -> bool:
        expected = self.order.expected_date
        arriving = self.order.status in PurchaseOrder.ARRIVING
        return bool(arriving and expected and expected < timezone.localdate())

    @property
    def text(self) -> str:
        return f"{self.received * 100 // self.quantity}%" if self.quantity else "–"


def purchase_list(user: Any, params: QueryDict) -> tuple[ListPage, list[PurchaseRow]]:
    """One page of the orders that this person sees: three statements."""
    found = listing.load(
        PURCHASE_ORDERS,
        params,
        purchase_orders_for(user),
        search=_narrow,
        heads=HEADS,
        related=("supplier", "warehouse"),
    )
    return found, _rows(found.page.rows)


def _rows(orders: Sequence[PurchaseOrder]) -> list[PurchaseRow]:
    lines = PurchaseOrderLine.objects.filter(purchase_order__in=[each.pk for each in orders])
    of_order: dict[int, list[tuple[int, int, Decimal]]] = {}
    columns = ("purchase_order", "quantity", "received", "price")
    for key, quantity, received, price in lines.order_by("pk").values_list(*columns):
        of_order.setdefault(key, []).append((quantity, received, price))
    return [_row(order, of_order.get(order.pk, [])) for order in orders]


def _row(order: PurchaseOrder, lines: Sequence[tuple[int, int, Decimal]]) -> PurchaseRow:
    amounts = (line_amount(price, units, order.currency) for units, _came, price in lines)
    return PurchaseRow(
        order=order,
        lines=len(lines),
        quantity=sum(units for units, _came, _price in lines),
        received=sum(came for _units, came, _price in lines),
        amount=sum(amounts, Decimal(0)),
    )


def _narrow(rows: Orders, text: str) -> Orders:
    """The orders whose number, reference or supplier begins with the text, or with that product."""
    lines = PurchaseOrderLine.objects.filter(Q(product__sku__iexact=text) | Q(part_number=text))
    return rows.filter(
        Q(number__istartswith=text)
        | Q(supplier_reference__istartswith=text)
        | Q(supplier__code__istartswith=text)
        | Q(supplier__title__istartswith=text)
        | Q(pk__in=lines.values("purchase_order_id"))
    )


def find_purchase_orders(user: Any, text: str) -> list[Hit]:
    """An order by its whole number, by the supplier's reference or by the number of a receipt."""
    if not user.has_perm("inventory.view_purchaseorder"):
        return []
    receipts = Receipt.objects.filter(number=text.upper()).values("purchase_order_id")
    named = Q(number=text.upper()) | Q(pk__in=receipts) | Q(supplier_reference=text)
    found = purchase_orders_for(user).filter(named).select_related("supplier")[:MOST]
    return [
        Hit(
            url=reverse("inventory:purchaseorder_page", args=[each.number]),
            title=each.number,
            group=gettext("Purchase orders"),
            matched=gettext("by number")
            if each.number == text.upper()
            else gettext("by reference or receipt %s") % text,
            detail=each.supplier.title,
            exact=True,
        )
        for each in found
    ]


def purchase_order_links(ids: Sequence[int]) -> dict[int, Link]:
    rows = PurchaseOrder.objects.filter(pk__in=ids).values_list("pk", "number", "supplier__title")
    return {
        key: Link(number, reverse("inventory:purchaseorder_page", args=[number]), title)
        for key, number, title in rows
    }
