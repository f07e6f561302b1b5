"""Products, warehouses, bins and lots as tables."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

from django.utils.translation import gettext_lazy as _

from inventory.models import Barcode, Bin, BinContent, Lot, Product, Warehouse
from oms.core import bulk
from oms.core.cells import Text
from oms.core.imports import Change, Column, Problem, Values
from oms.core.model_imports import ModelImporter

_CASE = re.compile(r"^(?P<code>[^\s*]{1,64})(?:\*(?P<units>[1-9]\d{0,6}))?$")


class Barcodes(Text):
    """Codes separated by spaces, ``code*12`` for a case of 12."""

    __slots__ = ()

    def parse(self, text: str) -> str:
        return " ".join(sorted(_barcode_text(*_barcode(part)) for part in text.split()))


def _barcode(text: str) -> tuple[str, int]:
    found = _CASE.match(text)
    if not found:
        raise ValueError(f"{text} is no barcode: write code or code*12.")
    return found["code"], int(found["units"] or 1)


def _barcode_text(code: str, units: int) -> str:
    return code if units == 1 else f"{code}*{units}"


class ProductImporter(ModelImporter):
    """Products by SKU, with their cost and barcodes."""

    name = "products"
    label = _("Products and costs")
    permission = "inventory.change_product"
    explain = _("Known by SKU. Barcodes: separated by spaces, code*12 for a case of 12.")
    model = Product
    key = ("sku",)
    fields = (
        "sku", "name", "unit", "pack_size", "weight_kg", "length_mm", "width_mm", "height_mm",
        "hs_code", "origin_country", "cost", "tax_class", "tracking", "expiry_days_left", "is_kit",
        "backorder_cap", "preorder_date", "ship_group", "is_active",
    )  # fmt: skip
    aliases = {
        "sku": ("item number", "article number", "product code"),
        "name": ("description", "title"),
        "cost": ("unit cost", "cost price"),
        "weight_kg": ("weight",),
    }
    owned = frozenset({"barcodes"})
    extra_columns = (
        Column("barcodes", _("barcodes"), Barcodes(), ("barcode", "ean", "gtin"), False, True),
    )

    def check(self, changes: Sequence[Change]) -> Iterable[Problem]:
        yield from super().check(changes)
        yield from self._check_tracking(changes)
        yield from self._check_barcodes(changes)

    def _check_tracking(self, changes: Sequence[Change]) -> Iterator[Problem]:
        """While units lie in bins their tracking stays: they carry the lots and numbers they have."""
        turned = [
            each
            for each in changes
            if each.before is not None and {"tracking", "is_kit"} & set(each.changed)
        ]
        rows = self._find([each.key for each in turned]) if turned else {}
        stocked = set(
            BinContent.objects.filter(
                product__in=[pk for pk, _values in rows.values()], quantity__gt=0
            ).values_list("product_id", flat=True)
        )
        for each in turned:
            if rows[each.key][0] in stocked:
                sentence = "The product is in stock: its tracking cannot change now."
                yield Problem(each.row_number, "tracking", sentence)

    def _check_barcodes(self, changes: Sequence[Change]) -> Iterator[Problem]:
        codes = {each.row_number: self._codes(each.after) for each in changes}
        every = {code for mine in codes.values() for code in mine}
        known = Barcode.objects.filter(code__in=every).values_list("code", "product__sku")
        owners = {code: sku.lower() for code, sku in known}
        for each in changes:
            for code in codes[each.row_number]:
                owner = owners.setdefault(code, each.key[0])
                if owner != each.key[0]:
                    sentence = f"Barcode {code} belongs to another product."
                    yield Problem(each.row_number, "barcodes", sentence)

    @staticmethod
    def _codes(values: Values) -> dict[str, int]:
        return dict(_barcode(part) for part in values.get("barcodes", "").split())

    def read_extra(self, keys: Sequence[int]) -> dict[int, Values]:
        rows = Barcode.objects.filter(product__in=keys).values_list(
            "product_id", "code", "multiplier"
        )
        texts: dict[int, list[str]] = defaultdict(list)
        for product_id, code, units in rows:
            texts[product_id].append(_barcode_text(code, units))
        return {key: {"barcodes": " ".join(sorted(texts[key]))} for key in keys}

    def write_extra(self, wanted: Mapping[int, Values]) -> None:
        Barcode.objects.filter(product__in=wanted).delete()
        rows = [
            (pk, code, units)
            for pk, values in wanted.items()
            for code, units in self._codes(values).items()
        ]
        bulk.insert(Barcode, ["product_id", "code", "multiplier"], rows)


class WarehouseImporter(ModelImporter):
    """Warehouses by code."""

    name = "warehouses"
    label = _("Warehouses")
    permission = "inventory.change_warehouse"
    explain = _("Known by code.")
    model = Warehouse
    key = ("code",)
    fields = (
        "code", "title", "company", "street", "city", "region", "postcode", "country", "phone",
        "email", "latitude", "longitude", "time_zone", "priority", "daily_capacity", "cut_off",
        "handling_days", "is_active",
    )  # fmt: skip


class BinImporter(ModelImporter):
    """Bins by warehouse and code."""

    name = "bins"
    label = _("Bins")
    permission = "inventory.change_bin"
    explain = _("Known by warehouse and code.")
    model = Bin
    key = ("warehouse", "code")
    fields = ("warehouse", "code", "kind", "walk_order", "is_active")
    lookups = {"warehouse": "code"}

    def check(self, changes: Sequence[Change]) -> Iterable[Problem]:
        """A bin with goods in it keeps its kind: the ledger was booked by it."""
        yield from super().check(changes)
        turned = [each for each in changes if each.before and "kind" in each.changed]
        rows = self._find([each.key for each in turned]) if turned else {}
        filled = set(
            BinContent.objects.filter(
                bin__in=[pk for pk, _values in rows.values()], quantity__gt=0
            ).values_list("bin_id", flat=True)
        )
        for each in turned:
            if rows[each.key][0] in filled:
                sentence = "Goods lie in this bin: empty it before you change what it is."
                yield Problem(each.row_number, "kind", sentence)


class LotImporter(ModelImporter):
    """Lots by product and code, with the last day on which they may be sold."""

    name = "lots"
    label = _("Lots")
    permission = "inventory.change_product"
    explain = _("Known by SKU and code.")
    model = Lot
    key = ("product", "code")
    fields = ("product", "code", "expiry_date")
    lookups = {"product": "sku"}
    aliases = {"product": ("sku",), "code": ("lot", "batch"), "expiry_date": ("best before",)}
