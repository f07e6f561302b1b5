"""Taking a transfer in: a row for each lot and serial number that is on the way."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from inventory.models import TransferPart
from inventory.selectors.codes import bin_by_code
from inventory.selectors.transfers import TransferPage, target_bins
from inventory.services.transfer_receiving import PartArrived, receive_transfer
from inventory.views.transfers import need_place, page_for
from oms.core.access import requires
from oms.core.actors import Actor
from oms.core.exceptions import Refusal
from oms.core.idempotency import once


@requires("inventory.receive")
@once
def receive(request: HttpRequest, number: str) -> HttpResponse:
    page = page_for(request, number)
    need_place(request, page.transfer.warehouse_to_id)
    if request.method != "POST":
        return _page(request, page)
    try:
        receipt = receive_transfer(
            transfer_id=page.transfer.pk,
            arrived=[_arrived(request, page, part) for part in page.parts_on_the_way],
            delivery_note=request.POST.get("delivery_note", "")[:64],
            actor=Actor.of(request.user),
        )
    except Refusal as refusal:
        return _page(request, page, str(refusal))
    messages.success(request, _("%s is booked.") % receipt)
    return HttpResponseRedirect(reverse("inventory:transfer_page", args=[number]))


def _arrived(request: HttpRequest, page: TransferPage, part: TransferPart) -> PartArrived:
    def units(name: str) -> int:
        text = request.POST.get(f"{name}_{part.pk}", "").strip() or "0"
        if not text.isdecimal():
            raise Refusal(_("%s is no number of units: type 0 or more.") % text)
        return int(text[:9])

    code = request.POST.get(f"bin_{part.pk}", "")
    return PartArrived(
        part_id=part.pk,
        bin_id=bin_by_code(page.transfer.warehouse_to_id, code).pk,
        quantity=units("came"),
        damaged=units("damaged"),
        lost=units("lost"),
        difference=request.POST.get(f"why_{part.pk}", "")[:200],
    )


def _page(request: HttpRequest, page: TransferPage, refused: str = "") -> HttpResponse:
    number = page.transfer.number
    page_url = reverse("inventory:transfer_page", args=[number])
    first = target_bins(page.transfer.warehouse_to_id).first()
    names = ("came", "damaged", "lost", "why", "bin")
    rows = [
        (part, {name: request.POST.get(f"{name}_{part.pk}", "") for name in names})
        for part in page.parts_on_the_way
    ]
    context = {
        "title": _("Receive %s") % number,
        "crumbs": [
            (_("Transfers"), reverse("inventory:transfer_list")),
            (number, page_url),
            (_("Receive"), ""),
        ],
        "page": page,
        "transfer": page.transfer,
        "rows": rows,
        "bin_code": first.code if first else "",
        "refused": refused,
        "page_url": page_url,
    }
    status = 409 if refused else 200
    return render(request, "inventory/transfer_receive.html", context, status=status)
