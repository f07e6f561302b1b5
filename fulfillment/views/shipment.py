"""The shipment list and the shipment page."""

from __future__ import annotations

from typing import Any

from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from fulfillment.forms import CancelForm, PackForm
from fulfillment.models import Shipment
from fulfillment.selectors import shipment_list as lists
from fulfillment.selectors.shipment_page import ShipmentPage
from fulfillment.selectors.shipment_page import shipment_page as load_page
from fulfillment.views.correction_forms import correction_forms, short_forms
from oms.core.access import requires
from oms.core.views.acting import missing
from oms.core.views.fragments import render_list
from oms.core.workflow import refusal
from orders.ports import OrderAction


@requires("fulfillment.view_shipment")
def shipment_list(request: HttpRequest) -> HttpResponse:
    found, rows = lists.shipment_list(request.user, request.GET)
    context = {"title": _("Shipments"), "list": found, "rows": rows}
    return render_list(
        request, "fulfillment/shipment_list.html", "fulfillment/_shipment_results.html", context
    )


@requires("fulfillment.view_shipment")
def shipment_page(request: HttpRequest, number: str) -> HttpResponse:
    return render_page(request, number)


def render_page(
    request: HttpRequest, number: str, refused: str = "", name: str = "", form: Form | None = None
) -> HttpResponse:
    """The shipment page; after a refusal with its sentence and nothing that was typed lost."""
    page = page_for(request, number)
    actions = actions_for(request, page)
    status = 409 if refused else 422 if form else 200
    context = {
        "title": number,
        "crumbs": [(_("Shipments"), reverse("fulfillment:shipment_list")), (number, "")],
        "page": page,
        "shipment": page.shipment,
        "primary": next((each for each in actions if each.is_primary), None),
        "actions": [each for each in actions if not each.is_primary],
        "forms": forms_for(request, page, name, form),
        "shorts": short_forms(request, page, name, form),
        "open_form": name,
        "refused": refused,
    }
    return render(request, "fulfillment/shipment_page.html", context, status=status)


def page_for(request: HttpRequest, number: str) -> ShipmentPage:
    """The shipment, or the answer that there is none."""
    try:
        return load_page(request.user, number)
    except Shipment.DoesNotExist:
        raise missing(_("There is no shipment %s.") % number) from None


def actions_for(request: HttpRequest, page: ShipmentPage) -> list[OrderAction]:
    """The buttons that the machine and the person's permissions allow; the first is the primary one."""
    return [each for each in _offers(request, page) if each]


def _offers(request: HttpRequest, page: ShipmentPage) -> list[OrderAction | None]:
    shipment, user = page.shipment, request.user
    held = _("A shipping hold keeps it from the floor.") if page.holds else None

    def offer(
        name: str, label: str, permission: str, *, when: bool, icon: str, primary: bool = True
    ) -> OrderAction | None:
        if not when or not user.has_perm(permission):
            return None
        url = reverse(f"fulfillment:shipment_{name}", args=[shipment.number])
        return OrderAction(
            name, label, url, held if primary else None, primary and not held, icon=icon
        )

    def can(transition: str) -> bool:
        return refusal(shipment, transition) is None

    return [
        offer("release", _("Release"), "fulfillment.release_shipment", when=can("release"), icon="play"),
        offer("pick", _("Pick all"), "fulfillment.pick", when=bool(page.open_picks) and can("start_picking"), icon="scan"),
        offer("ship", _("Hand over"), "fulfillment.ship", when=can("ship"), icon="truck"),
        offer("deliver", _("Mark delivered"), "fulfillment.ship", when=can("deliver"), icon="check"),
        offer("unrelease", _("Take back"), "fulfillment.release_shipment", when=can("unrelease"), icon="undo", primary=False),
        offer("unship", _("Undo hand-over"), "fulfillment.unship", when=can("unship"), icon="undo", primary=False),
    ]  # fmt: skip


def forms_for(
    request: HttpRequest, page: ShipmentPage, name: str, form: Form | None
) -> dict[str, Any]:
    """The small forms that this person may use now."""
    shipment, user = page.shipment, request.user
    offered = correction_forms(request, page)
    if refusal(shipment, "pack") is None and user.has_perm("fulfillment.pack"):
        offered["pack"] = PackForm(auto_id="pack-%s")
    if refusal(shipment, "cancel") is None and user.has_perm("fulfillment.route_order"):
        offered["cancel"] = CancelForm(auto_id="cancel-%s")
    return {
        each: {
            "url": reverse(f"fulfillment:shipment_{each}", args=[shipment.number]),
            "form": form if form and each == name else fresh,
        }
        for each, fresh in offered.items()
    }
