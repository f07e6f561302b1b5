"""What stands on the paper of a pick list."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _

from fulfillment.models import Pick, PickList, Shipment
from oms.core.barcodes import code128_svg


def pick_list_paper(pick_list_id: int, locale: str) -> tuple[str, Mapping[str, Any]]:  # noqa: ARG001 - a composer's signature
    """Template and context; the caller has switched to the locale.

    :raises PickList.DoesNotExist: there is no such pick list.
    """
    pick_list = PickList.objects.select_related("warehouse").get(pk=pick_list_id)
    picks = list(
        Pick.objects.filter(pick_list=pick_list)
        .exclude(shipment_line__shipment__status=Shipment.Status.CANCELED)
        .select_related(
            "bin", "lot", "shipment_line__shipment", "shipment_line__order_line__product"
        )
        .order_by("position")
    )
    return "papers/pick_list.html", {
        "title": _("Pick list"),
        "number": pick_list.number,
        "shop_name": settings.COMPANY_NAME,
        "shop_address": pick_list.warehouse.title,
        "barcode": code128_svg(pick_list.number),
        "pick_list": pick_list,
        "picks": picks,
        "units": sum(pick.quantity for pick in picks),
        "shipments": len({pick.shipment_line.shipment_id for pick in picks}),
    }
