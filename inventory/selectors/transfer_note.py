"""What stands on the paper that travels with a transfer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _

from inventory.models import Transfer, TransferPart
from oms.core.barcodes import code128_svg


def transfer_note(transfer_id: int, locale: str) -> tuple[str, Mapping[str, Any]]:  # noqa: ARG001 - a composer's signature
    """Template and context: what left, by lot and serial number; before that, what is to go.

    :raises Transfer.DoesNotExist: there is no such transfer.
    """
    transfer = Transfer.objects.select_related("warehouse_from", "warehouse_to").get(pk=transfer_id)
    parts = TransferPart.objects.filter(line__transfer=transfer)
    sent = [
        (part.line.product, part.lot, part.serial, part.sent)
        for part in parts.select_related("line__product", "lot").order_by(
            "line__product__sku", "lot__expiry_date", "serial", "pk"
        )
    ]
    lines = transfer.lines.select_related("product").order_by("product__sku")
    planned = [(line.product, None, None, line.quantity) for line in lines]
    rows = sent or planned
    return "papers/transfer_note.html", {
        "title": _("Transfer note"),
        "number": transfer.number,
        "shop_name": settings.COMPANY_NAME,
        "shop_address": transfer.warehouse_from.title,
        "barcode": code128_svg(transfer.number),
        "transfer": transfer,
        "rows": rows,
        "units": sum(row[3] for row in rows),
    }
