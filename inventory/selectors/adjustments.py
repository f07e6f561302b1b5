"""Corrections by hand: the list, one of them, and what one would do before it is booked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Q, QuerySet
from django.http import QueryDict
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from inventory import ports
from inventory.availability import Totals
from inventory.counting import Limits, value_of
from inventory.models import (
    AdjustmentReason,
    Allocation,
    Bin,
    BinContent,
    Product,
    StockAdjustment,
    StockLevel,
)
from inventory.selectors.count_list import warehouse_field
from inventory.selectors.scope import warehouses_for
from oms.core import listing
from oms.core.links import Link
from oms.core.listing import Filter, Listing, ListPage, Sort, View
from oms.core.search import Hit

Adjustments = QuerySet[StockAdjustment]


def adjustments_for(user: Any) -> Adjustments:
    """The corrections in this person's warehouses."""
    return StockAdjustment.objects.filter(warehouse__in=warehouses_for(user))


def _with_status(status: str) -> Any:
    return lambda rows: rows.filter(status=status)


ADJUSTMENTS = Listing(
    name="adjustments",
    views=(
        View("pending", _("To approve"), _with_status(StockAdjustment.Status.PENDING), hot=True),
        View("posted", _("Posted"), _with_status(StockAdjustment.Status.POSTED)),
        View("declined", _("Declined"), _with_status(StockAdjustment.Status.DECLINED)),
        View("all", _("All"), lambda rows: rows),
    ),
    filters=(
        Filter("warehouse", warehouse_field, lambda rows, code: rows.filter(warehouse__code=code)),
    ),
    sorts=(Sort("number", _("Adjustment"), "id"),),
)
HEADS = (
    (_("Adjustment"), "number", ""),
    (_("Product"), "", ""),
    (_("Warehouse"), "", "opt"),
    (_("Bin"), "", "opt"),
    (_("Difference"), "", "num"),
    (_("Reason"), "", "opt"),
    (_("Asked by"), "", "opt"),
    (_("Asked"), "", ""),
    (_("Status"), "", ""),
)
RELATED = ("warehouse", "product", "bin", "lot", "reason", "requested_by")


def adjustment_list(user: Any, params: QueryDict) -> ListPage:
    """One page of corrections: two statements."""
    return listing.load(
        ADJUSTMENTS, params, adjustments_for(user), search=_narrow, heads=HEADS, related=RELATED
    )


def _narrow(rows: Adjustments, text: str) -> Adjustments:
    return rows.filter(
        Q(number__istartswith=text) | Q(product__sku__istartswith=text) | Q(bin__code__iexact=text)
    )


def adjustment_page(user: Any, number: str) -> StockAdjustment:
    """:raises StockAdjustment.DoesNotExist: there is none, or it is not this person's to see."""
    return adjustments_for(user).select_related(*RELATED, "reverses").get(number=number)


@dataclass(frozen=True, slots=True)
class Holder:
    """A demand that holds units at the level."""

    demand: ports.DemandLink
    quantity: int


@dataclass(frozen=True, slots=True)
class Effect:
    """What a correction would do: the level before and after, and who would lose an allocation."""

    delta: int
    in_bin: int
    before: Totals
    after: Totals
    value: Decimal
    wants_approval: bool
    holders: Sequence[Holder]

    @property
    def in_bin_after(self) -> int:
        return self.in_bin + self.delta

    @property
    def short(self) -> int:
        """How many allocated units would not be covered any more."""
        return max(0, -self.after.available)


def effect_of(
    *,
    product: Product,
    place: Bin,
    delta: int,
    reason: AdjustmentReason,
    lot_id: int | None = None,
    serial: str | None = None,
) -> Effect:
    """The effect of ``delta`` units more or fewer in a bin, as things stand now."""
    level = StockLevel.objects.filter(warehouse=place.warehouse_id, product=product).first()
    before = Totals(level.on_hand, level.allocated, level.blocked) if level else Totals(0, 0, 0)
    blocked = delta if place.kind in Bin.BLOCKED_KINDS else 0
    after = Totals(before.on_hand + delta, before.allocated, before.blocked + blocked)
    limits = Limits(reason.limit_units, reason.limit_amount)
    return Effect(
        delta=delta,
        in_bin=units_in(place.pk, product.pk, lot_id, serial),
        before=before,
        after=after,
        value=value_of(delta, product.cost),
        wants_approval=limits.is_exceeded(delta, product.cost),
        holders=_holders(place.warehouse_id, product.pk) if after.available < 0 else [],
    )


def units_in(bin_id: int, product_id: int, lot_id: int | None, serial: str | None) -> int:
    """What lies in a bin by the books."""
    lying = BinContent.objects.filter(bin=bin_id, product=product_id, lot=lot_id, serial=serial)
    return sum(lying.values_list("quantity", flat=True))


def _holders(warehouse_id: int, product_id: int) -> list[Holder]:
    rows = list(
        Allocation.objects.filter(warehouse=warehouse_id, product=product_id).order_by("pk")
    )
    links = ports.resolve_demands([(row.demand_kind, row.demand_id) for row in rows])
    return [Holder(links[row.demand_kind, row.demand_id], row.quantity) for row in rows]


def find_adjustments(user: Any, text: str) -> list[Hit]:
    """A correction by its whole number."""
    if not user.has_perm("inventory.view_stockadjustment"):
        return []
    found = adjustments_for(user).filter(number=text.upper()).select_related("product")
    return [
        Hit(
            url=reverse("inventory:stockadjustment_page", args=[each.number]),
            title=each.number,
            group=gettext("Adjustments"),
            matched=gettext("by number"),
            detail=each.product.sku,
            exact=True,
        )
        for each in found
    ]


def adjustment_links(ids: Sequence[int]) -> dict[int, Link]:
    rows = StockAdjustment.objects.filter(pk__in=ids).values_list("pk", "number", "product__sku")
    return {
        key: Link(number, reverse("inventory:stockadjustment_page", args=[number]), sku)
        for key, number, sku in rows
    }
