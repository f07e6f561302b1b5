"""The product list with what stands in all warehouses together, and finding products by code."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django import forms
from django.db.models import Exists, F, OuterRef, Q, QuerySet, Sum
from django.db.models.functions import Lower
from django.http import QueryDict
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from inventory.availability import available
from inventory.models import Barcode, Product, StockLevel
from inventory.selectors.supply import available_to_promise
from oms.core import listing
from oms.core.links import Link
from oms.core.listing import Filter, Listing, ListPage, Sort, View
from oms.core.search import Hit

MOST = 20
Products = QuerySet[Product]


def _levels(**lookups: Any) -> Exists:
    return Exists(StockLevel.objects.filter(product=OuterRef("pk"), **lookups))


def _out_of_stock(rows: Any) -> Any:
    free = Q(on_hand__gt=F("allocated") + F("blocked"))
    has_free = Exists(StockLevel.objects.filter(free, product=OuterRef("pk")))
    return rows.filter(is_active=True, is_kit=False).exclude(has_free)


def _abc_field() -> forms.Field:
    choices = [("", _("Any")), ("A", "A"), ("B", "B"), ("C", "C")]
    return forms.ChoiceField(label=_("ABC class"), required=False, choices=choices)


PRODUCTS = Listing(
    name="products",
    views=(
        View("all", _("All"), lambda rows: rows),
        View("in_stock", _("In stock"), lambda rows: rows.filter(_levels(on_hand__gt=0))),
        View("out", _("None available"), _out_of_stock),
        View("blocked", _("Blocked units"), lambda rows: rows.filter(_levels(blocked__gt=0))),
        View("inactive", _("Inactive"), lambda rows: rows.filter(is_active=False)),
    ),
    filters=(Filter("abc", _abc_field, lambda rows, value: rows.filter(abc_class=value)),),
    sorts=(
        Sort("sku", _("SKU"), "sku", descending=False),
        Sort("name", _("Name"), "name", descending=False),
    ),
)
HEADS = (
    (_("SKU"), "sku", ""),
    (_("Name"), "name", ""),
    (_("ABC"), "", "opt"),
    (_("On hand"), "", "num"),
    (_("Allocated"), "", "num opt"),
    (_("Blocked"), "", "num opt"),
    (_("Available"), "", "num"),
    (_("To promise"), "", "num opt"),
    (_("State"), "", ""),
)


@dataclass(frozen=True, slots=True)
class ProductRow:
    product: Product
    on_hand: int
    allocated: int
    blocked: int
    to_promise: int

    @property
    def available(self) -> int:
        return available(self.on_hand, self.allocated, self.blocked)

    @property
    def state(self) -> str:
        return "active" if self.product.is_active else "inactive"


def product_list(params: QueryDict) -> tuple[ListPage, list[ProductRow]]:
    """One page of products with their totals: four statements."""
    found = listing.load(PRODUCTS, params, Product.objects.all(), search=narrow, heads=HEADS)
    return found, _rows(found.page.rows)


def _rows(products: Sequence[Product]) -> list[ProductRow]:
    keys = [product.pk for product in products]
    if not keys:
        return []
    sums = (
        StockLevel.objects.filter(product__in=keys)
        .values("product_id")
        .annotate(there=Sum("on_hand"), claimed=Sum("allocated"), held=Sum("blocked"))
    )
    totals = {row["product_id"]: (row["there"], row["claimed"], row["held"]) for row in sums}
    promise = available_to_promise(keys)
    return [
        ProductRow(product, *totals.get(product.pk, (0, 0, 0)), promise[product.pk])
        for product in products
    ]


def narrow(rows: Products, text: str) -> Products:
    """The products whose SKU or name begins with the text, or that carry it as a barcode."""
    folded = text.lower()
    return rows.annotate(folded_sku=Lower("sku"), folded_name=Lower("name")).filter(
        Q(folded_sku__startswith=folded)
        | Q(folded_name__startswith=folded)
        | Q(pk__in=Barcode.objects.filter(code=text).values("product_id"))
    )


def find_products(user: Any, text: str) -> list[Hit]:
    """Products by SKU, barcode or the beginning of their name."""
    if not user.has_perm("inventory.view_product"):
        return []
    codes = dict(Barcode.objects.filter(code=text).values_list("product_id", "code"))
    found = narrow(Product.objects.all(), text).order_by("sku")[:MOST]
    return [_hit(product, text, codes.get(product.pk, "")) for product in found]


def _hit(product: Product, text: str, code: str) -> Hit:
    by_sku = product.sku.lower().startswith(text.lower())
    return Hit(
        url=reverse("inventory:product_page", args=[product.sku]),
        title=product.sku,
        group=gettext("Products"),
        matched=gettext("by barcode %s") % code
        if code
        else gettext("by SKU")
        if by_sku
        else gettext("by name"),
        detail=product.name,
        exact=bool(code) or product.sku.lower() == text.lower(),
    )


def product_links(ids: Sequence[int]) -> dict[int, Link]:
    rows = Product.objects.filter(pk__in=ids).values_list("pk", "sku", "name")
    return {
        key: Link(sku, reverse("inventory:product_page", args=[sku]), name)
        for key, sku, name in rows
    }
