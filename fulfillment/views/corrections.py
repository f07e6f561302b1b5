"""What people correct on a shipment: reject, report short, move, split, merge; one service call each."""

from __future__ import annotations

from collections.abc import Callable

from django.contrib import messages
from django.forms import Form
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from fulfillment.forms import MoveForm, ShortForm
from fulfillment.models import Shipment
from fulfillment.selectors.scope import shipments_for
from fulfillment.services.moves import merge_shipments, move_shipment, split_shipment
from fulfillment.services.rejections import RejectedUnits, reject_lines
from fulfillment.services.shortage import report_short
from fulfillment.views.correction_forms import merge_form, reject_form, split_form
from fulfillment.views.shipment import page_for, render_page
from oms.core.access import requires
from oms.core.actors import Actor
from oms.core.exceptions import Refusal
from oms.core.idempotency import once
from oms.core.views.acting import missing


def _submit(
    request: HttpRequest, number: str, name: str, form: Form, work: Callable[[], tuple[str, str]]
) -> HttpResponse:
    """Run the work of a valid form; it gives back what was done, and where that is undone."""
    if not form.is_valid():
        return render_page(request, number, "", name, form)
    try:
        told, undo = work()
    except Refusal as refusal:
        return render_page(request, number, str(refusal), name, form)
    messages.success(request, told, extra_tags=f"undo:{undo}" if undo else "")
    return HttpResponseRedirect(reverse("fulfillment:shipment_page", args=[number]))


@requires("fulfillment.reject_line")
@require_POST
@once
def reject(request: HttpRequest, number: str) -> HttpResponse:
    page = page_for(request, number)
    form = reject_form(page, request.POST)

    def work() -> tuple[str, str]:
        outcome = reject_lines(
            shipment_id=page.shipment.pk,
            lines=[RejectedUnits(key, units) for key, units in form.quantities.items()],
            reason_id=form.cleaned_data["reason"].pk,
            note=form.cleaned_data["note"],
            actor=Actor.of(request.user),
        )
        told = (
            ngettext(
                "Rejected %d unit: it is routed to another warehouse.",
                "Rejected %d units: they are routed to another warehouse.",
                outcome.units,
            )
            % outcome.units
        )
        if outcome.taken_along:
            told += " " + _("So are those of %s.") % ", ".join(outcome.taken_along)
        return told, ""

    return _submit(request, number, "reject", form, work)


@requires("fulfillment.pick")
@require_POST
@once
def short(request: HttpRequest, number: str, pick_id: str) -> HttpResponse:
    page = page_for(request, number)
    if int(pick_id) not in {pick.pk for pick in page.open_picks}:
        raise missing(_("There is no such pick (any more)."))
    name = f"short-{pick_id}"
    form = ShortForm(request.POST, auto_id=f"{name}-%s")

    def work() -> tuple[str, str]:
        lacking = report_short(
            pick_id=int(pick_id),
            found=form.cleaned_data["found"],
            reason=form.cleaned_data["reason"] or "short pick",
            actor=Actor.of(request.user),
        )
        told = ngettext(
            "%d unit is missing: it is routed anew, and a count is opened.",
            "%d units are missing: they are routed anew, and a count is opened.",
            lacking,
        )
        return told % lacking, ""

    return _submit(request, number, name, form, work)


@requires("fulfillment.override_routing")
@require_POST
@once
def move(request: HttpRequest, number: str) -> HttpResponse:
    shipment = page_for(request, number).shipment
    form = MoveForm(shipment.warehouse_id, request.POST, auto_id="move-%s")

    def work() -> tuple[str, str]:
        target = form.cleaned_data["warehouse"]
        move_shipment(
            shipment_id=shipment.pk,
            warehouse_id=target.pk,
            reason=form.cleaned_data["reason"],
            actor=Actor.of(request.user),
        )
        undo = reverse("fulfillment:shipment_move_back", args=[number, shipment.warehouse_id])
        return _("%(number)s ships from %(code)s now.") % {"number": number, "code": target}, undo

    return _submit(request, number, "move", form, work)


@requires("fulfillment.override_routing")
@require_POST
@once
def move_back(request: HttpRequest, number: str, warehouse_id: str) -> HttpResponse:
    """Undo a move."""
    shipment = page_for(request, number).shipment

    def work() -> tuple[str, str]:
        move_shipment(
            shipment_id=shipment.pk,
            warehouse_id=int(warehouse_id),
            reason=_("Moved back"),
            actor=Actor.of(request.user),
        )
        return _("%s is back where it was.") % number, ""

    return _submit(request, number, "", Form({}), work)


@requires("fulfillment.override_routing")
@require_POST
@once
def split(request: HttpRequest, number: str) -> HttpResponse:
    page = page_for(request, number)
    form = split_form(page, request.POST)

    def work() -> tuple[str, str]:
        new = split_shipment(
            shipment_id=page.shipment.pk,
            quantities=form.quantities,
            actor=Actor.of(request.user),
        )
        undo = reverse("fulfillment:shipment_merge_back", args=[number, new])
        made = Shipment.objects.values_list("number", flat=True).get(pk=new)
        return _("Split off %s.") % made, undo

    return _submit(request, number, "split", form, work)


@requires("fulfillment.override_routing")
@require_POST
@once
def merge_back(request: HttpRequest, number: str, other_id: str) -> HttpResponse:
    """Undo a split."""
    shipment = page_for(request, number).shipment
    if not shipments_for(request.user).filter(pk=int(other_id)).exists():
        raise missing(_("There is no such shipment."))

    def work() -> tuple[str, str]:
        merge_shipments(shipment_ids=[shipment.pk, int(other_id)], actor=Actor.of(request.user))
        return _("%s is whole again.") % number, ""

    return _submit(request, number, "", Form({}), work)


@requires("fulfillment.override_routing")
@require_POST
@once
def merge(request: HttpRequest, number: str) -> HttpResponse:
    shipment = page_for(request, number).shipment
    form = merge_form(request, shipment, request.POST)

    def work() -> tuple[str, str]:
        others = form.cleaned_data["shipments"]
        kept = merge_shipments(shipment_ids=[shipment.pk, *others], actor=Actor.of(request.user))
        number_kept = Shipment.objects.values_list("number", flat=True).get(pk=kept)
        return _("All of it leaves as %s.") % number_kept, ""

    return _submit(request, number, "merge", form, work)
