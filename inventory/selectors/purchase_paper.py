"""A purchase order as the supplier gets it: on paper and as rows for his own system."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _

from inventory.models import PurchaseOrder, PurchaseOrderLine
from oms.core.addresses import format_lines
from oms.core.barcodes import code128_svg
from oms.core.money import line_amount
from oms.core.sheets import csv_lines

COLUMNS = (
    "purchase_order", "position", "part_number", "sku", "name", "quantity", "unit", "price",
    "currency", "expected_date", "ship_to",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class PaperLine:
    line: PurchaseOrderLine
    amount: Decimal


def purchase_order_paper(order_id: int, locale: str) -> tuple[str, Mapping[str, Any]]:  # noqa: ARG001 - a composer's signature
    """Template and context; the caller has switched to the locale.

    :raises PurchaseOrder.DoesNotExist: there is no such order.
    """
    order = PurchaseOrder.objects.select_related("supplier", "warehouse").get(pk=order_id)
    lines = [
        PaperLine(line, line_amount(line.price, line.quantity, order.currency))
        for line in _lines(order)
    ]
    return "papers/purchase_order.html", {
        "title": _("Purchase order"),
        "number": order.number,
        "shop_name": settings.COMPANY_NAME,
        "shop_address": settings.COMPANY_ADDRESS,
        "barcode": code128_svg(order.number),
        "order": order,
        "lines": lines,
        "total": sum((each.amount for each in lines), Decimal(0)),
        "supplier_lines": format_lines(order.supplier.to_address(), from_country=""),
        "ship_to_lines": format_lines(order.warehouse.to_address(), from_country=""),
    }


def purchase_order_csv(order: PurchaseOrder) -> str:
    """The lines as CSV with a fixed head in English, whatever the supplier's language."""
    rows = (
        [
            order.number, line.position, line.part_number, line.product.sku, line.product.name,
            line.quantity, line.product.unit, f"{line.price:f}", order.currency,
            (line.expected_date or order.expected_date or ""), order.warehouse.code,
        ]
        for line in _lines(order)
    )  # fmt: skip
    return "".join(csv_lines(COLUMNS, rows))


def _lines(order: PurchaseOrder) -> list[PurchaseOrderLine]:
    return list(order.lines.select_related("product").order_by("position"))
