"""The list of counts, and finding them by number."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django import forms
from django.db.models import Count, Q, QuerySet
from django.http import QueryDict
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from inventory.models import CountLine, StockCount, Warehouse
from inventory.selectors.scope import warehouses_for
from oms.core import listing
from oms.core.links import Link
from oms.core.listing import Filter, Listing, ListPage, Sort, View
from oms.core.search import Hit

Counts = QuerySet[StockCount]


def counts_for(user: Any) -> Counts:
    """The counts of this person's warehouses."""
    return StockCount.objects.filter(warehouse__in=warehouses_for(user))


def _with_status(*statuses: str) -> Any:
    return lambda rows: rows.filter(status__in=statuses)


def warehouse_field() -> forms.Field:
    """The question "which warehouse?" of a filter form."""
    warehouses = Warehouse.objects.order_by("priority", "code").values_list("code", "title")
    return forms.ChoiceField(
        label=_("Warehouse"), required=False, choices=lambda: [("", _("Any")), *warehouses]
    )


def _origin_field() -> forms.Field:
    choices = [("", _("Any")), *StockCount.Origin.choices]
    return forms.ChoiceField(label=_("Cause"), required=False, choices=choices)


COUNTS = Listing(
    name="counts",
    views=(
        View("open", _("To count"), _with_status(StockCount.Status.OPEN)),
        View("review", _("To approve"), _with_status(StockCount.Status.REVIEW), hot=True),
        View("posted", _("Posted"), _with_status(StockCount.Status.POSTED)),
        View("canceled", _("Canceled"), _with_status(StockCount.Status.CANCELED)),
        View("all", _("All"), lambda rows: rows),
    ),
    filters=(
        Filter("warehouse", warehouse_field, lambda rows, code: rows.filter(warehouse__code=code)),
        Filter("origin", _origin_field, lambda rows, origin: rows.filter(origin=origin)),
    ),
    sorts=(Sort("number", _("Count"), "id"), Sort("due", _("Due"), "due_date", descending=False)),
)
HEADS = (
    (_("Count"), "number", ""),
    (_("Warehouse"), "", ""),
    (_("Cause"), "", "opt"),
    (_("Reason"), "", "opt"),
    (_("Counted"), "", "num"),
    (_("Due"), "due", "opt"),
    (_("Created"), "", ""),
    (_("Status"), "", ""),
)


@dataclass(frozen=True, slots=True)
class CountRow:
    count: StockCount
    places: int
    counted: int


def count_list(user: Any, params: QueryDict) -> tuple[ListPage, list[CountRow]]:
    """One page of counts with how far they are: three statements."""
    found = listing.load(
        COUNTS, params, counts_for(user), search=_narrow, heads=HEADS, related=("warehouse",)
    )
    keys = [count.pk for count in found.page.rows]
    sums = (
        CountLine.objects.filter(stock_count__in=keys)
        .values_list("stock_count_id")
        .annotate(places=Count("pk"), done=Count("pk", filter=Q(counted__isnull=False)))
    )
    progress = {key: (places, done) for key, places, done in sums}
    return found, [CountRow(each, *progress.get(each.pk, (0, 0))) for each in found.page.rows]


def _narrow(rows: Counts, text: str) -> Counts:
    lines = CountLine.objects.filter(
        Q(product__sku__iexact=text) | Q(bin__code__iexact=text)
    ).values("stock_count_id")
    return rows.filter(Q(number__istartswith=text) | Q(pk__in=lines))


def find_counts(user: Any, text: str) -> list[Hit]:
    """A count by its whole number."""
    if not user.has_perm("inventory.view_stockcount"):
        return []
    found = counts_for(user).filter(number=text.upper()).select_related("warehouse")
    return [
        Hit(
            url=reverse("inventory:stockcount_page", args=[each.number]),
            title=each.number,
            group=gettext("Counts"),
            matched=gettext("by number"),
            detail=each.warehouse.code,
            exact=True,
        )
        for each in found
    ]


def count_links(ids: Sequence[int]) -> dict[int, Link]:
    rows = StockCount.objects.filter(pk__in=ids).values_list("pk", "number", "warehouse__code")
    return {
        key: Link(number, reverse("inventory:stockcount_page", args=[number]), code)
        for key, number, code in rows
    }
