"""Two lists of reorder rules: all of them with their numbers, and those that are low."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django import forms
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from inventory.models import Product, ReorderRule, StockOut, Supplier, SupplierProduct, Warehouse
from inventory.reordering import cover_days
from inventory.selectors.positions import Position
from inventory.selectors.suggestions import Suggestion, suggestions_by_rule
from oms.core import listing
from oms.core.listing import Filter, Listing, ListPage, Sort, View

Rules = QuerySet[ReorderRule]
RELATED = ("product", "warehouse")


def _codes(label: Any, rows: QuerySet[Any]) -> forms.Field:
    known = rows.order_by("code").values_list("code", "title")
    return forms.ChoiceField(label=label, required=False, choices=lambda: [("", _("Any")), *known])


def _of_supplier(rows: Any, code: str) -> Any:
    sold = SupplierProduct.objects.filter(supplier__code=code, is_active=True)
    return rows.filter(product__in=sold.values("product_id"))


def _out(rows: Any) -> Any:
    return rows.filter(Exists(StockOut.objects.filter(product=OuterRef("product"), until=None)))


WAREHOUSE = Filter(
    "warehouse",
    lambda: _codes(_("Warehouse"), Warehouse.objects.all()),
    lambda rows, code: rows.filter(warehouse__code=code),
)
SUPPLIER = Filter("supplier", lambda: _codes(_("Supplier"), Supplier.objects.all()), _of_supplier)
ABC = Filter(
    "abc",
    lambda: forms.ChoiceField(
        label=_("ABC class"),
        required=False,
        choices=[("", _("Any")), *zip("ABC", "ABC", strict=True)],
    ),
    lambda rows, letter: rows.filter(product__abc_class=letter),
)

LOW = Listing(
    name="low_stock",
    views=(
        View("low", _("Low"), lambda rows: rows.low(), hot=True),
        View("out", _("Out of stock"), _out, hot=True),
        View("watched", _("All watched"), lambda rows: rows),
    ),
    filters=(WAREHOUSE, SUPPLIER, ABC),
    sorts=(Sort("since", _("Low since"), "low_since"),),
)
LOW_HEADS = (
    (_("Product"), "", ""),
    (_("Warehouse"), "", ""),
    (_("To promise"), "", "num"),
    (_("Incoming"), "", "num"),
    (_("Reorder point"), "", "num opt"),
    (_("Cover"), "", "num"),
    (_("Suggested"), "", "num"),
    (_("Supplier"), "", "opt"),
    (_("Low since"), "since", "opt"),
)

RULES = Listing(
    name="reorder_rules",
    views=(
        View("all", _("All"), lambda rows: rows),
        View("computed", _("Computed"), lambda rows: rows.filter(method="computed")),
        View("hand", _("By hand"), lambda rows: rows.filter(method="hand")),
        View("waiting", _("Not computed yet"), lambda rows: rows.filter(
            method="computed", computed_at=None)),
        View("inactive", _("Inactive"), lambda rows: rows.filter(is_active=False)),
    ),
    filters=(WAREHOUSE, SUPPLIER, ABC),
    sorts=(
        Sort("rule", _("Product"), "id"),
        Sort("point", _("Reorder point"), "point"),
        Sort("target", _("Target"), "target"),
        Sort("demand", _("Demand a day"), "daily_demand"),
    ),
)  # fmt: skip
RULE_HEADS = (
    (_("Product"), "rule", ""),
    (_("Warehouse"), "", ""),
    (_("Method"), "", "opt"),
    (_("Demand a day"), "demand", "num opt"),
    (_("Reorder point"), "point", "num"),
    (_("Target"), "target", "num"),
    (_("Service level"), "", "num opt"),
    (_("Position"), "", "num"),
    (_("State"), "", ""),
)


@dataclass(frozen=True, slots=True)
class RuleRow:
    """A rule with where it stands and what is suggested; without them while it is switched off."""

    rule: ReorderRule
    suggestion: Suggestion | None

    @property
    def position(self) -> Position | None:
        return self.suggestion.position if self.suggestion else None

    @property
    def cover_days(self) -> int | None:
        if self.position is None or self.rule.daily_demand is None:
            return None
        return cover_days(self.position.position, float(self.rule.daily_demand))

    @property
    def state(self) -> str:
        """``inactive``, ``low`` or ``enough``."""
        if not self.rule.is_active:
            return "inactive"
        return "low" if self.rule.low_since else "enough"


def low_stock(params: QueryDict) -> tuple[ListPage, list[RuleRow]]:
    """One page of the rules that are low, or whose product is out of stock: six statements."""
    rows = ReorderRule.objects.active().filter(product__is_active=True)
    return _page(LOW, params, rows, LOW_HEADS)


def rule_list(params: QueryDict) -> tuple[ListPage, list[RuleRow]]:
    """One page of all rules: six statements."""
    return _page(RULES, params, ReorderRule.objects.all(), RULE_HEADS)


def low_stock_count() -> listing.Count:
    """How many rules are low; the number of the view behind it."""
    rows = ReorderRule.objects.active().filter(product__is_active=True)
    return listing.capped_counts({"low": rows.low()})["low"]


def _page(
    which: Listing, params: QueryDict, rows: Rules, heads: Sequence[tuple[Any, str, str]]
) -> tuple[ListPage, list[RuleRow]]:
    found = listing.load(which, params, rows, search=_narrow, heads=heads, related=RELATED)
    shown: list[ReorderRule] = found.page.rows
    known = suggestions_by_rule({rule.product_id for rule in shown})
    return found, [RuleRow(rule, known.get(rule.pk)) for rule in shown]


def _narrow(rows: Rules, text: str) -> Rules:
    """The rules of products whose SKU or name begins with the text."""
    named = Product.objects.filter(Q(sku__istartswith=text) | Q(name__istartswith=text))
    return rows.filter(product__in=named.values("pk"))
