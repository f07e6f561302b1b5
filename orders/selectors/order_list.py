"""The order list: its views, filters and sorts, and its rows."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django import forms
from django.db.models import Exists, F, OuterRef, QuerySet, Sum
from django.http import QueryDict
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from oms.core import listing
from oms.core.listing import Filter, Listing, ListPage, Sort, View
from orders.models import Hold, Order, OrderLine, SalesChannel
from orders.selectors import search
from orders.selectors.scope import orders_for

Orders = QuerySet[Order]


def _lines_with(**counters: int) -> Exists:
    return Exists(OrderLine.objects.filter(order=OuterRef("pk"), **counters))


def to_route(rows: Any) -> Any:
    """Open orders with open units that no hold keeps from being routed."""
    return rows.open().filter(_lines_with(open__gt=0), routing_holds=0)


def _with_status(status: str) -> Any:
    return lambda rows: rows.filter(status=status)


VIEWS = (
    View("all", _("All"), lambda rows: rows),
    View("draft", _("Drafts"), _with_status(Order.Status.DRAFT)),
    View(
        "held",
        _("Held"),
        lambda rows: rows.held().exclude(
            status__in=[Order.Status.COMPLETED, Order.Status.CANCELED]
        ),
    ),
    View("to_route", _("To route"), to_route),
    View("in_fulfillment", _("In fulfillment"), _with_status(Order.Status.IN_FULFILLMENT)),
    View(
        "backorder", _("Backorder"), lambda rows: rows.open().filter(_lines_with(backordered__gt=0))
    ),
    View(
        "shipped",
        _("Shipped"),
        lambda rows: rows.filter(fulfillment_status=Order.FulfillmentStatus.SHIPPED),
    ),
    View("completed", _("Completed"), _with_status(Order.Status.COMPLETED)),
    View("canceled", _("Canceled"), _with_status(Order.Status.CANCELED)),
)


def _channel_field() -> forms.Field:
    channels = SalesChannel.objects.order_by("name").values_list("code", "name")
    return forms.ChoiceField(
        label=_("Channel"), required=False, choices=lambda: [("", _("Any")), *channels]
    )


def _status_field() -> forms.Field:
    return forms.MultipleChoiceField(
        label=_("Status"),
        required=False,
        choices=Order.Status.choices,
        widget=forms.CheckboxSelectMultiple,
    )


def _reason_field() -> forms.Field:
    return forms.ChoiceField(
        label=_("Hold reason"), required=False, choices=[("", _("Any")), *Hold.Reason.choices]
    )


def _date_field(label: Any) -> forms.Field:
    return forms.DateField(
        label=label, required=False, widget=forms.DateInput(attrs={"type": "date"})
    )


def _day_start(day: dt.date) -> dt.datetime:
    return dt.datetime.combine(day, dt.time(), tzinfo=dt.UTC)


def _of_customer(rows: Orders, text: str) -> Orders:
    return rows.filter(customer__in=search.customers_like(text).values("pk"))


def _with_hold(rows: Orders, reason: str) -> Orders:
    active = Hold.objects.filter(order=OuterRef("pk"), lifted_at=None, reason=reason)
    return rows.filter(Exists(active))


FILTERS = (
    Filter("channel", _channel_field, lambda rows, code: rows.filter(channel__code=code)),
    Filter("status", _status_field, lambda rows, values: rows.filter(status__in=values)),
    Filter("hold", _reason_field, _with_hold),
    Filter(
        "customer",
        lambda: forms.CharField(label=_("Customer"), required=False, max_length=100, min_length=2),
        _of_customer,
    ),
    Filter(
        "tag",
        lambda: forms.CharField(label=_("Tag"), required=False, max_length=32),
        lambda rows, tag: rows.filter(tags__contains=[tag.strip().lower()]),
    ),
    Filter(
        "placed_from",
        lambda: _date_field(_("Placed from")),
        lambda rows, day: rows.filter(placed_at__gte=_day_start(day)),
    ),
    Filter(
        "placed_to",
        lambda: _date_field(_("Placed to")),
        lambda rows, day: rows.filter(placed_at__lt=_day_start(day) + dt.timedelta(days=1)),
    ),
)

ORDERS = Listing(
    name="orders",
    views=VIEWS,
    filters=FILTERS,
    sorts=(
        Sort("number", _("Order"), "id"),
        Sort("placed", _("Placed"), "placed_at"),
        Sort("total", _("Total"), "total_amount"),
    ),
)
HEADS = (
    (_("Order"), "number", ""),
    (_("Customer"), "", ""),
    (_("PO number"), "", "opt"),
    (_("Channel"), "", "opt"),
    (_("Lines / units"), "", "num opt"),
    (_("Total"), "total", "num"),
    (_("Payment"), "", "opt"),
    (_("Allocated"), "", "opt"),
    (_("Placed"), "placed", ""),
    (_("Status"), "", ""),
)


@dataclass(frozen=True, slots=True)
class Coverage:
    """Of the units that are wanted (ordered − canceled): how many left, are allocated, are owed."""

    wanted: int = 0
    shipped: int = 0
    allocated: int = 0
    backordered: int = 0

    @property
    def covered(self) -> int:
        return self.shipped + self.allocated

    @property
    def percent_text(self) -> str:
        return f"{self.covered * 100 // self.wanted}%" if self.wanted else "–"

    @property
    def sentence(self) -> str:
        values = {"covered": self.covered, "wanted": self.wanted, "owed": self.backordered}
        text = gettext("%(covered)d of %(wanted)d units allocated or shipped") % values
        return f"{text}, {gettext('%(owed)d backordered') % values}" if self.backordered else text


@dataclass(frozen=True, slots=True)
class OrderRow:
    order: Order
    hold: str
    coverage: Coverage
    matched: str

    @property
    def payment(self) -> str:
        return settlement_or_payment(self.order)


def settlement_or_payment(order: Order) -> str:
    """Unpaid says little of an order on account: then the settlement is the word to show."""
    waits = order.payment_status == Order.PaymentStatus.UNPAID
    return order.settlement if waits and order.settlement == "on_account" else order.payment_status


def order_list(user: Any, params: QueryDict) -> tuple[ListPage, list[OrderRow]]:
    """One page of the orders that this person sees, with at most five statements."""
    found = listing.load(
        ORDERS,
        params,
        orders_for(user),
        search=search.narrow_orders,
        heads=HEADS,
        related=("channel", "customer"),
    )
    return found, order_rows(found.page.rows, found.state.q)


def order_rows(orders: Iterable[Order], text: str = "") -> list[OrderRow]:
    """The rows for some orders: two statements, one more where a text was searched."""
    shown = list(orders)
    keys = [order.pk for order in shown]
    holds = active_holds([order for order in shown if order.routing_holds or order.shipping_holds])
    coverage = coverage_of(keys)
    matched = search.reasons_found(keys, text) if text and keys else {}
    by_customer = _("by customer") if text else ""
    return [
        OrderRow(
            order,
            holds.get(order.pk, ""),
            coverage.get(order.pk, Coverage()),
            str(matched.get(order.pk, by_customer)),
        )
        for order in shown
    ]


def active_holds(orders: list[Order]) -> dict[int, str]:
    """The reason of an order's first hold."""
    if not orders:
        return {}
    holds = Hold.objects.filter(order__in=[order.pk for order in orders], lifted_at=None)
    labels = dict(Hold.Reason.choices)
    rows = holds.order_by("-placed_at", "-pk").values_list("order_id", "reason")
    return {
        order_id: gettext("Held: %s") % str(labels[reason]).lower() for order_id, reason in rows
    }


def coverage_of(order_ids: list[int]) -> dict[int, Coverage]:
    """How far each order is covered."""
    if not order_ids:
        return {}
    sums = (
        OrderLine.objects.filter(order__in=order_ids)
        .values("order_id")
        .annotate(
            wanted=Sum(F("ordered") - F("canceled")),
            gone=Sum("shipped"),
            claimed=Sum("allocated"),
            owed=Sum("backordered"),
        )
    )
    return {
        row["order_id"]: Coverage(row["wanted"], row["gone"], row["claimed"], row["owed"])
        for row in sums
    }


def attention_counts(user: Any) -> dict[str, listing.Count]:
    """The numbers of the start page: they equal the views behind them."""
    mine = orders_for(user)
    shown = {"held", "to_route", "backorder"}
    return listing.capped_counts(
        {view.name: view.narrow(mine) for view in VIEWS if view.name in shown}
    )
