"""What stands on the paper of a count sheet."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _

from inventory.models import StockCount
from oms.core.barcodes import code128_svg


def count_sheet(count_id: int, locale: str) -> tuple[str, Mapping[str, Any]]:  # noqa: ARG001 - a composer's signature
    """Template and context; what the books say is not on it.

    :raises StockCount.DoesNotExist: there is no such count.
    """
    count = StockCount.objects.select_related("warehouse").get(pk=count_id)
    lines = count.lines.filter(counted=None).select_related("bin", "product", "lot")
    return "papers/count_sheet.html", {
        "title": _("Count sheet"),
        "number": count.number,
        "shop_name": settings.COMPANY_NAME,
        "shop_address": count.warehouse.title,
        "barcode": code128_svg(count.number),
        "count": count,
        "lines": list(lines.order_by("bin__walk_order", "bin__code", "product__sku", "pk")),
    }
