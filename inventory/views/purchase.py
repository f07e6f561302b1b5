"""The purchase order list, a new order, and the page of an order with its small forms."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from inventory.forms.purchase import (
    ExpectedForm,
    HeadForm,
    LinesForm,
    NewPurchaseOrderForm,
    ReasonForm,
)
from inventory.models import PurchaseOrder
from inventory.selectors import purchase_list as lists
from inventory.selectors.purchase_page import PurchasePage
from inventory.selectors.purchase_page import purchase_page as load_page
from inventory.services.purchasing import create_purchase_order
from oms.core.access import requires
from oms.core.actors import Actor
from oms.core.exceptions import Refusal
from oms.core.idempotency import once
from oms.core.panels import load_panels
from oms.core.views.acting import act, missing
from oms.core.views.fragments import render_list
from oms.core.workflow import refusal


@requires("inventory.view_purchaseorder")
def purchase_list(request: HttpRequest) -> HttpResponse:
    found, rows = lists.purchase_list(request.user, request.GET)
    context = {"title": _("Purchase orders"), "list": found, "rows": rows}
    return render_list(
        request, "inventory/purchase_list.html", "inventory/_purchase_results.html", context
    )


@requires("inventory.add_purchaseorder")
@once
def purchase_new(request: HttpRequest) -> HttpResponse:
    """Begin a draft; its lines are entered on its page."""
    form = NewPurchaseOrderForm(request.POST or None)
    if request.method != "POST" or not form.is_valid():
        return _new_page(request, form)
    made: list[PurchaseOrder] = []

    def work() -> str:
        drafted = create_purchase_order(
            supplier_id=form.cleaned_data["supplier"].pk,
            warehouse_id=form.cleaned_data["warehouse"].pk,
            expected_date=form.cleaned_data["expected_date"],
            note=form.cleaned_data["note"],
            actor=Actor.of(request.user),
        )
        made.append(PurchaseOrder.objects.get(pk=drafted.order.pk))
        return _("Draft %s begun: add what you want to buy.") % made[0]

    def refuse(sentence: str) -> HttpResponse:
        form.add_error(None, sentence)
        return _new_page(request, form)

    try:
        sentence = work()
    except Refusal as refused:
        return refuse(str(refused))
    back_to = reverse("inventory:purchaseorder_page", args=[made[0].number])
    return act(request, lambda: sentence, back_to=back_to, refuse=refuse)


def _new_page(request: HttpRequest, form: NewPurchaseOrderForm) -> HttpResponse:
    context = {
        "title": _("New purchase order"),
        "crumbs": [(_("Purchase orders"), reverse("inventory:purchaseorder_list")), (_("New"), "")],
        "form": form,
        "submit_label": _("Begin the draft"),
        "cancel_url": reverse("inventory:purchaseorder_list"),
    }
    status = 422 if form.errors else 200
    return render(request, "inventory/form_page.html", context, status=status)


@requires("inventory.view_purchaseorder")
def purchase_page(request: HttpRequest, number: str) -> HttpResponse:
    return render_page(request, number)


def page_for(request: HttpRequest, number: str) -> PurchasePage:
    """The order, or the answer that there is none."""
    try:
        return load_page(request.user, number)
    except PurchaseOrder.DoesNotExist:
        raise missing(_("There is no purchase order %s.") % number) from None


def render_page(
    request: HttpRequest,
    number: str,
    refused: str = "",
    name: str = "",
    form: forms.Form | None = None,
) -> HttpResponse:
    """The page of an order; after a refusal with its sentence and nothing that was typed lost."""
    page = page_for(request, number)
    given = forms_for(request, page)
    if form is not None and name in given:
        given[name]["form"] = form
    context = {
        "title": number,
        "crumbs": [(_("Purchase orders"), reverse("inventory:purchaseorder_list")), (number, "")],
        "page": page,
        "order": page.order,
        "forms": given,
        "can": _can(request, page),
        "open_form": name if name != "lines" else "",
        "refused": refused,
        "sees_prices": request.user.has_perm("inventory.change_purchaseorder"),
        "panels": load_panels("purchase_order", request, page.order),
    }
    status = 409 if refused else 422 if form else 200
    return render(request, "inventory/purchase_page.html", context, status=status)


def forms_for(request: HttpRequest, page: PurchasePage) -> dict[str, dict[str, Any]]:
    """The forms that the state of the order and the person's permissions allow."""
    if not request.user.has_perm("inventory.change_purchaseorder"):
        return {}
    order, lines = page.order, [row.line for row in page.lines]
    offered: dict[str, forms.Form] = {}
    if page.is_draft:
        offered["lines"] = LinesForm(lines)
    if page.is_draft or page.is_arriving:
        kept = {"supplier_reference": order.supplier_reference, "note": order.note}
        offered["head"] = HeadForm(initial=kept, auto_id="head-%s")
        dates = {"expected_date": order.expected_date}
        offered["expect"] = ExpectedForm(page.outstanding, initial=dates, auto_id="expect-%s")
    if refusal(order, "cancel") is None:
        offered["cancel"] = ReasonForm(auto_id="cancel-%s")
    if page.is_arriving and page.outstanding:
        offered["cancel_rest"] = ReasonForm(auto_id="cancel-rest-%s")
    return {
        name: {"url": reverse(f"inventory:purchaseorder_{name}", args=[order.number]), "form": form}
        for name, form in offered.items()
    }


def _can(request: HttpRequest, page: PurchasePage) -> dict[str, bool]:
    """The buttons: send a draft that has lines, receive what is on its way."""
    user: Any = request.user
    may_send = page.is_draft and bool(page.lines)
    return {
        "send": may_send and user.has_perm("inventory.send_purchaseorder"),
        "receive": page.is_arriving and user.has_perm("inventory.receive"),
    }
