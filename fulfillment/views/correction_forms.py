"""The small forms for corrections on a shipment page, as this person may use them now."""

from __future__ import annotations

from typing import Any

from django.forms import Form
from django.http import HttpRequest
from django.urls import reverse

from fulfillment.forms import MergeForm, MoveForm, RejectForm, ShortForm, SplitForm
from fulfillment.models import Shipment
from fulfillment.selectors.alongside import mergeable_with
from fulfillment.selectors.shipment_page import ShipmentPage
from fulfillment.services.unpicked import UNPICKED_IN


def reject_form(page: ShipmentPage, data: Any = None) -> RejectForm:
    left = [
        (line.pk, line.order_line.product.sku, line.quantity - line.picked)
        for line in page.lines
        if line.quantity > line.picked
    ]
    return RejectForm(left, data, auto_id="reject-%s")


def split_form(page: ShipmentPage, data: Any = None) -> SplitForm:
    lines = [
        (line.pk, line.order_line.product.sku, line.quantity)
        for line in page.lines
        if line.quantity
    ]
    return SplitForm(lines, data, auto_id="split-%s")


def merge_form(request: HttpRequest, shipment: Shipment, data: Any = None) -> MergeForm:
    others = [
        (each.pk, f"{each.number} ({each.units})")
        for each in mergeable_with(request.user, shipment)
    ]
    return MergeForm(others, data, auto_id="merge-%s")


def correction_forms(request: HttpRequest, page: ShipmentPage) -> dict[str, Form]:
    """The corrections that this person may make now, by name."""
    shipment, user = page.shipment, request.user
    offered: dict[str, Form] = {}
    planned = shipment.status == Shipment.Status.PLANNED
    if user.has_perm("fulfillment.reject_line") and shipment.status in UNPICKED_IN:
        form = reject_form(page)
        if len(form.fields) > len(RejectForm.base_fields):
            offered["reject"] = form
    if user.has_perm("fulfillment.override_routing"):
        if planned or shipment.status == Shipment.Status.RELEASED:
            offered["move"] = MoveForm(shipment.warehouse_id, auto_id="move-%s")
        if planned and shipment.units > 1:
            offered["split"] = split_form(page)
        if planned and (together := merge_form(request, shipment)).fields["shipments"].choices:  # type: ignore[attr-defined]
            offered["merge"] = together
    return offered


def short_forms(
    request: HttpRequest, page: ShipmentPage, name: str, form: Form | None
) -> list[dict[str, Any]]:
    """For each pick that is being worked on: where to say that less lies there."""
    floor = {Shipment.Status.RELEASED, Shipment.Status.PICKING}
    if page.shipment.status not in floor or not request.user.has_perm("fulfillment.pick"):
        return []
    return [
        {
            "pick": pick,
            "name": f"short-{pick.pk}",
            "url": reverse("fulfillment:pick_short", args=[page.shipment.number, pick.pk]),
            "form": form
            if form and name == f"short-{pick.pk}"
            else ShortForm(auto_id=f"short-{pick.pk}-%s"),
        }
        for pick in page.open_picks
    ]
