"""The staff pages of inventory, inside ``/admin/`` and ahead of the generated ones."""

from __future__ import annotations

import re

from django.urls import path, register_converter

from inventory.views import product

app_name = "inventory"


class SkuConverter:
    """A SKU as one part of a path.

    What a path cannot hold is written as ``~`` and two hex digits per byte; so is the first letter of
    a SKU that reads like a page of the generated admin.
    """

    regex = r"(?!(?:add|import|export)/)[^/]+"
    _unsafe = re.compile(r"[^A-Za-z0-9._ -]")
    _escaped = re.compile(r"(?:~[0-9A-F]{2})+")
    _reserved = frozenset({"add", "import", "export", ".", ".."})

    def to_python(self, value: str) -> str:
        try:
            return self._escaped.sub(lambda m: bytes.fromhex(m[0].replace("~", "")).decode(), value)
        except UnicodeDecodeError:
            raise ValueError(value) from None

    def to_url(self, value: str) -> str:
        if value in self._reserved:
            return self._escape(value[0]) + value[1:]
        return self._unsafe.sub(lambda m: self._escape(m[0]), value)

    @staticmethod
    def _escape(letter: str) -> str:
        return "".join(f"~{byte:02X}" for byte in letter.encode())


register_converter(SkuConverter, "sku")

urlpatterns = [
    path("inventory/product/", product.product_list, name="product_list"),
    path("inventory/product/<sku:sku>/", product.product_page, name="product_page"),
    path("inventory/product/<sku:sku>/ledger.csv", product.ledger_csv, name="ledger_csv"),
]
