"""The order list and the order page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from oms.core.access import requires
from oms.core.panels import load_panels
from oms.core.views.acting import missing
from oms.core.views.fragments import render_list
from oms.core.workflow import refusal
from orders.forms import CancelForm, CancelUnitsForm, HoldForm, PaymentForm, TagForm
from orders.models import Order
from orders.ports import OrderAction, order_actions
from orders.selectors import order_list as lists
from orders.selectors.order_page import OrderPage
from orders.selectors.order_page import order_page as load_page


@requires("orders.view_order")
def order_list(request: HttpRequest) -> HttpResponse:
    found, rows = lists.order_list(request.user, request.GET)
    context = {"title": _("Orders"), "list": found, "rows": rows}
    return render_list(request, "orders/order_list.html", "orders/_order_results.html", context)


@requires("orders.view_order")
def order_page(request: HttpRequest, number: str) -> HttpResponse:
    return render_page(request, number)


@dataclass(frozen=True, slots=True)
class Refused:
    """Why the page is shown again: a sentence, and the form with what was typed into it."""

    sentence: str = ""
    name: str = ""
    form: Form | None = None

    @property
    def status(self) -> int:
        return 409 if self.sentence else 422 if self.form else 200


def render_page(request: HttpRequest, number: str, refused: Refused = Refused()) -> HttpResponse:
    """The order page; after a refusal with its sentence and nothing that was typed lost."""
    page = page_for(request, number)
    above = order_actions(request, page.order)
    actions = actions_for(request, page, above)
    panels = load_panels("order", request, page.order)
    context = {
        "title": page.order.number,
        "crumbs": [(_("Orders"), reverse("orders:order_list")), (page.order.number, "")],
        "page": page,
        "order": page.order,
        "primary": next((each for each in actions if each.is_primary), None),
        "actions": [each for each in actions if not each.is_primary],
        "forms": forms_for(request, page, refused, above),
        "open_form": refused.name,
        "refused": refused.sentence,
        "panels": [each for each in panels if each.place == "main"],
        "facts": [each for each in panels if each.place == "aside"],
    }
    return render(request, "orders/order_page.html", context, status=refused.status)


def page_for(request: HttpRequest, number: str) -> OrderPage:
    """The order, or the answer that there is none."""
    try:
        return load_page(request.user, number, show=request.GET.get("show", "all"))
    except Order.DoesNotExist:
        raise missing(_("There is no order %s.") % number) from None


def actions_for(
    request: HttpRequest, page: OrderPage, above: Sequence[OrderAction]
) -> list[OrderAction]:
    """The buttons of orders and of the apps above; just one of them is the primary one."""
    order, user = page.order, request.user
    found = []
    if user.has_perm("orders.place_order") and refusal(order, "place") is None:
        url = reverse("orders:order_place", args=[order.number])
        found.append(
            OrderAction("place", _("Place order"), url, is_primary=True, weight=0, icon="check")
        )
    found += [each for each in above if each.name != "cancel"]
    seen_primary = False
    actions = []
    for each in found:
        usable = each.is_primary and not each.reason and not seen_primary
        seen_primary = seen_primary or usable
        actions.append(replace(each, is_primary=usable))
    return actions


def forms_for(
    request: HttpRequest, page: OrderPage, refused: Refused, above: Sequence[OrderAction]
) -> dict[str, Any]:
    """The forms behind the secondary buttons: those that this person may use and that can work."""
    order, user = page.order, request.user
    number = order.number
    offered: dict[str, tuple[str, Form]] = {}
    finished = refusal(order, "cancel") is not None
    if user.has_perm("orders.hold_order") and not finished:
        offered["hold"] = (reverse("orders:order_hold", args=[number]), HoldForm(auto_id="hold-%s"))
    if user.has_perm("orders.change_order"):
        tags = TagForm(auto_id="tags-%s", initial={"tags": ", ".join(order.tags)})
        offered["tags"] = (reverse("orders:order_tags", args=[number]), tags)
    if user.has_perm("orders.record_payment") and page.money.owed:
        form = PaymentForm(auto_id="payment-%s", initial={"amount": page.money.owed})
        offered["payment"] = (reverse("orders:order_pay", args=[number]), form)
    if user.has_perm("orders.cancel_order") and not finished:
        url = cancel_url(order, above)
        offered["cancel"] = (url, CancelForm(auto_id="cancel-%s"))
        if page.cancelable and not page.is_draft:
            units = CancelUnitsForm(page.cancelable, auto_id="units-%s")
            offered["units"] = (reverse("orders:order_cancel_units", args=[number]), units)
    return {
        name: {"url": url, "form": refused.form if refused.form and refused.name == name else form}
        for name, (url, form) in offered.items()
    }


def cancel_url(order: Order, above: Sequence[OrderAction]) -> str:
    """Where canceling goes: an app above takes over what it knows more about (shipments)."""
    taken = [each for each in above if each.name == "cancel"]
    return taken[0].url if taken else reverse("orders:order_cancel", args=[order.number])
