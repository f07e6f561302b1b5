"""Suggestions to even out the cover days of the warehouses, turned into drafts."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from inventory.balancing import FULL_DAYS, LOW_DAYS
from inventory.selectors.balance_page import DEMAND_DAYS, Move, suggested_moves
from inventory.services.transfers import WantedMove, draft_moves
from oms.core.access import requires
from oms.core.actors import Actor
from oms.core.exceptions import Refusal
from oms.core.idempotency import once


@requires("inventory.add_transfer")
@once
def suggestions(request: HttpRequest) -> HttpResponse:
    moves = suggested_moves(today=timezone.localdate())
    if request.method != "POST":
        return _page(request, moves)
    try:
        drafts = draft_moves(
            moves=_chosen(request, moves), reason=_("cover days"), actor=Actor.of(request.user)
        )
    except Refusal as refusal:
        return _page(request, moves, str(refusal))
    count = len(drafts)
    told = ngettext("%(n)d draft: %(numbers)s", "%(n)d drafts: %(numbers)s", count)
    numbers = ", ".join(str(each) for each in drafts)
    messages.success(request, told % {"n": count, "numbers": numbers})
    return HttpResponseRedirect(reverse("inventory:transfer_list") + "?view=draft")


def _chosen(request: HttpRequest, moves: list[Move]) -> list[WantedMove]:
    """The ticked moves, with the units that stand in their fields."""
    ticked = set(request.POST.getlist("selected"))
    chosen = []
    for move in moves:
        if move.key in ticked:
            text = request.POST.get(f"units_{move.key}", "").strip()
            if not text.isdecimal():
                raise Refusal(_("%s: type how many units should go.") % move.product.sku)
            s = move.suggestion
            chosen.append(
                WantedMove(s.warehouse_from_id, s.warehouse_to_id, move.product.pk, int(text[:9]))
            )
    return chosen


def _page(request: HttpRequest, moves: list[Move], refused: str = "") -> HttpResponse:
    context = {
        "title": _("Balance cover days"),
        "crumbs": [
            (_("Transfers"), reverse("inventory:transfer_list")),
            (_("Balance cover days"), ""),
        ],
        "moves": moves,
        "low_days": LOW_DAYS,
        "full_days": FULL_DAYS,
        "demand_days": DEMAND_DAYS,
        "refused": refused,
    }
    status = 409 if refused else 200
    return render(request, "inventory/transfer_suggestions.html", context, status=status)
