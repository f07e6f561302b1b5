"""Goods in: the form of what came, and the page of a receipt."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from inventory.forms.receiving import ReceiveForm, Waiting
from inventory.models import Receipt
from inventory.selectors.purchase_page import (
    PurchasePage,
    put_away_bins,
    put_away_proposals,
)
from inventory.selectors.purchase_page import receipt_page as load_receipt
from inventory.services.receiving import receive_purchase, undo_receipt
from inventory.views.purchase import page_for
from oms.core.access import requires
from oms.core.actors import Actor
from oms.core.exceptions import Refusal
from oms.core.idempotency import once
from oms.core.panels import load_panels
from oms.core.views.acting import act, missing


@requires("inventory.receive")
@once
def receive(request: HttpRequest, number: str) -> HttpResponse:
    """What is outstanding stands in the form already: change what differs, save.

    A line that somebody else completed meanwhile stays in the form that was posted, so that nothing
    that was entered is dropped in silence.
    """
    page = page_for(request, number)
    form = _form(page, request)
    if request.method != "POST":
        return _receive_page(request, page, form)
    if not form.is_valid():
        return _receive_page(request, page, form, status=422)
    try:
        receipt = receive_purchase(
            order_id=page.order.pk,
            lines=form.arrived,
            delivery_note=form.cleaned_data["delivery_note"],
            actor=Actor.of(request.user),
        )
    except Refusal as refused:
        return _receive_page(request, page, form, str(refused), status=409)
    booked = Receipt.objects.get(pk=receipt.pk)
    units = sum(each.quantity for each in form.arrived)
    told = ngettext("%d unit booked in.", "%d units booked in.", units) % units
    back_to = reverse("inventory:receipt_page", args=[booked.number])
    return act(request, lambda: told, back_to=back_to, refuse=lambda _s: HttpResponse(status=409))


def _form(page: PurchasePage, request: HttpRequest) -> ReceiveForm:
    bins = put_away_bins(page.order.warehouse_id)
    lines = [
        row.line
        for row in page.lines
        if row.line.outstanding or f"line-{row.line.pk}-quantity" in request.POST
    ]
    proposals = put_away_proposals(bins, [line.product_id for line in lines])
    waiting = [
        Waiting(
            line_id=line.pk,
            product=line.product,
            outstanding=line.outstanding,
            bin_id=proposals[line.product_id],
            part_number=line.part_number,
            expected=line.expected_date or page.order.expected_date,
        )
        for line in lines
    ]
    return ReceiveForm(waiting, bins, request.POST if request.method == "POST" else None)


def _receive_page(
    request: HttpRequest,
    page: PurchasePage,
    form: ReceiveForm,
    refused: str = "",
    status: int = 200,
) -> HttpResponse:
    number = page.order.number
    order_url = reverse("inventory:purchaseorder_page", args=[number])
    context = {
        "title": _("Receive %s") % number,
        "crumbs": [
            (_("Purchase orders"), reverse("inventory:purchaseorder_list")),
            (number, order_url),
            (_("Receive"), ""),
        ],
        "page": page,
        "form": form,
        "refused": refused,
        "cancel_url": order_url,
        "panels": load_panels("purchase_order", request, page.order),
    }
    return render(request, "inventory/receive_page.html", context, status=status)


@requires("inventory.view_purchaseorder")
def receipt_page(request: HttpRequest, number: str) -> HttpResponse:
    return _receipt_page(request, number)


def _receipt_page(request: HttpRequest, number: str, refused: str = "") -> HttpResponse:
    try:
        page = load_receipt(request.user, number)
    except Receipt.DoesNotExist:
        raise missing(_("There is no receipt %s.") % number) from None
    order = page.receipt.purchase_order
    context = {
        "title": number,
        "crumbs": [
            (_("Purchase orders"), reverse("inventory:purchaseorder_list")),
            (str(order), reverse("inventory:purchaseorder_page", args=[str(order)])),
            (number, ""),
        ],
        "page": page,
        "receipt": page.receipt,
        "order": order,
        "refused": refused,
        "panels": load_panels("receipt", request, page.receipt),
    }
    status = 409 if refused else 200
    return render(request, "inventory/receipt_page.html", context, status=status)


@requires("inventory.receive")
@require_POST
@once
def undo(request: HttpRequest, number: str) -> HttpResponse:
    """Take the receipt back while its goods lie where it put them."""
    try:
        page = load_receipt(request.user, number)
    except Receipt.DoesNotExist:
        raise missing(_("There is no receipt %s.") % number) from None

    def work() -> str:
        undo_receipt(receipt_id=page.receipt.pk, actor=Actor.of(request.user))
        return _("%s is undone: its goods are out of stock again.") % number

    return act(
        request,
        work,
        back_to=reverse("inventory:receipt_page", args=[number]),
        refuse=lambda sentence: _receipt_page(request, number, sentence),
    )
