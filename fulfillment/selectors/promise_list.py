"""Promises at risk: order lines that come later than their customers were told."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django import forms
from django.db.models import F, Q, QuerySet
from django.db.models.functions import Lower
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from fulfillment.models import LinePromise
from fulfillment.selectors.promise_words import lateness, reason
from inventory.models import Warehouse
from oms.core import listing
from oms.core.listing import Filter, Listing, ListPage, Sort, View
from orders.selectors.scope import orders_for

Promises = QuerySet[LinePromise]

_AT_RISK = Q(promised_date__isnull=False) & (
    Q(expected_date=None) | Q(expected_date__gt=F("promised_date"))
)

VIEWS = (
    View("risk", _("At risk"), lambda rows: rows.filter(_AT_RISK), hot=True),
    View("undated", _("Never dated"), lambda rows: rows.filter(promised_date=None)),
    View("in_time", _("In time"), lambda rows: rows.filter(expected_date__lte=F("promised_date"))),
    View("all", _("All open"), lambda rows: rows),
)


def _warehouse_field() -> forms.Field:
    warehouses = Warehouse.objects.order_by("priority", "code").values_list("code", "title")
    return forms.ChoiceField(
        label=_("Warehouse"), required=False, choices=lambda: [("", _("Any")), *warehouses]
    )


def _late_field() -> forms.Field:
    return forms.ChoiceField(
        label=_("How late"),
        required=False,
        choices=[
            ("", _("Any")),
            ("2", _("2 days or more")),
            ("7", _("A week or more")),
            ("30", _("A month or more")),
            ("none", _("No date any more")),
        ],
    )


def _customer_field() -> forms.Field:
    return forms.CharField(label=_("Customer"), required=False, max_length=100)


def _by_lateness(rows: Promises, value: str) -> Promises:
    if value == "none":
        return rows.filter(promised_date__isnull=False, expected_date=None)
    return rows.filter(expected_date__gte=F("promised_date") + timedelta(days=int(value)))


def _by_customer(rows: Promises, text: str) -> Promises:
    customer = "order_line__order__customer"
    return rows.filter(
        Q(**{f"{customer}__number__iexact": text}) | Q(**{f"{customer}__name__istartswith": text})
    )


PROMISES = Listing(
    name="promises",
    views=VIEWS,
    filters=(
        Filter("late", _late_field, _by_lateness),
        Filter(
            "warehouse",
            _warehouse_field,
            lambda rows, code: rows.filter(facts__contains={"warehouse": code}),
        ),
        Filter("customer", _customer_field, _by_customer),
    ),
    sorts=(
        Sort("promised", _("Promised"), "promised_date", descending=False),
        Sort("expected", _("Expected"), "expected_date"),
    ),
)
HEADS = (
    (_("Order"), "", ""),
    (_("Product"), "", ""),
    (_("Customer"), "", "opt"),
    (_("Promised"), "promised", ""),
    (_("Expected"), "expected", ""),
    (_("Late"), "", ""),
    (_("Why"), "", ""),
)
RELATED = ("order_line__order__customer", "order_line__product")


@dataclass(frozen=True, slots=True)
class PromiseRow:
    """A line as the list shows it; ``late`` is empty when it is in time."""

    promise: LinePromise
    late: str
    why: str

    @property
    def order(self) -> Any:
        return self.promise.order_line.order


def promise_list(user: Any, params: QueryDict) -> tuple[ListPage, list[PromiseRow]]:
    """One page of the open promises of orders that this person sees: two statements."""
    rows = LinePromise.objects.filter(is_open=True)
    if not user.has_perm("orders.view_all_orders"):
        rows = rows.filter(order_line__order__in=orders_for(user))
    found = listing.load(PROMISES, params, rows, search=_narrow, heads=HEADS, related=RELATED)
    return found, [row_of(each) for each in found.page.rows]


def row_of(promise: LinePromise) -> PromiseRow:
    return PromiseRow(promise, lateness(promise), reason(promise))


def _narrow(rows: Promises, text: str) -> Promises:
    """By order number, SKU or the beginning of the customer's name."""
    folded = text.lower()
    line = "order_line__"
    return rows.annotate(
        folded_name=Lower(f"{line}order__customer__name"), folded_sku=Lower(f"{line}product__sku")
    ).filter(
        Q(**{f"{line}order__number__istartswith": text})
        | Q(folded_sku__startswith=folded)
        | Q(folded_name__startswith=folded)
    )


def risk_count(user: Any) -> int:
    """How many promises are at risk, as far as anybody counts."""
    rows = LinePromise.objects.filter(_AT_RISK, is_open=True)
    if not user.has_perm("orders.view_all_orders"):
        rows = rows.filter(order_line__order__in=orders_for(user))
    return int(listing.capped_counts({"risk": rows})["risk"])
