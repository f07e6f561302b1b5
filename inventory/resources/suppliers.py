"""Suppliers and their prices as tables."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from django.utils.translation import gettext_lazy as _

from inventory.models import Supplier, SupplierProduct
from oms.core.imports import Change, Problem
from oms.core.model_imports import ModelImporter


class SupplierImporter(ModelImporter):
    """Suppliers by code."""

    name = "suppliers"
    label = _("Suppliers")
    permission = "inventory.change_supplier"
    explain = _("Known by code.")
    model = Supplier
    key = ("code",)
    fields = (
        "code", "title", "email", "phone", "name", "company", "street", "city", "region",
        "postcode", "country", "currency", "language", "lead_time_days", "min_order_amount",
        "over_receipt_percent", "is_active",
    )  # fmt: skip
    aliases = {"code": ("supplier", "vendor"), "title": ("supplier name",), "name": ("contact",)}


class SupplierPriceImporter(ModelImporter):
    """What suppliers ask for a product, by supplier and SKU."""

    name = "supplier_prices"
    label = _("Supplier prices")
    permission = "inventory.change_supplierproduct"
    explain = _(
        "Known by supplier and SKU; quantities in base units, price in the supplier’s currency."
    )
    model = SupplierProduct
    key = ("supplier", "product")
    fields = (
        "supplier", "product", "part_number", "price", "min_quantity", "pack_quantity",
        "lead_time_days", "is_preferred", "is_active",
    )  # fmt: skip
    lookups = {"supplier": "code", "product": "sku"}
    aliases = {
        "product": ("sku", "item number"),
        "supplier": ("vendor",),
        "part_number": ("supplier sku", "vendor part number"),
        "min_quantity": ("moq",),
        "pack_quantity": ("pack size",),
    }

    def check(self, changes: Sequence[Change]) -> Iterable[Problem]:
        """One supplier is preferred for a product, in the file and in the books together."""
        yield from super().check(changes)
        skus = {each.key[1] for each in changes if each.after.get("is_preferred") == "yes"}
        if not skus:
            return
        products = self._targets("product", skus)
        rows = SupplierProduct.objects.filter(
            product__in=products.values(), is_preferred=True
        ).values_list("product__sku", "supplier__code")
        preferred = {sku.lower(): code.lower() for sku, code in rows}
        for each in changes:
            supplier, sku = each.key
            if (
                each.after.get("is_preferred") == "yes"
                and preferred.setdefault(sku, supplier) != supplier
            ):
                sentence = f"Supplier {preferred[sku]} is preferred for {sku} already."
                yield Problem(each.row_number, "is_preferred", sentence)
