"""What can be done with a shipment at a desk without a scanner: each view is one service call."""

from __future__ import annotations

from collections.abc import Callable

from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from fulfillment.forms import CancelForm, PackForm
from fulfillment.services.cancel import cancel_shipment
from fulfillment.services.packing import pack_parcel
from fulfillment.services.picking import Scan, pick_all
from fulfillment.services.release import release_shipments, unrelease_shipments
from fulfillment.services.shipping import deliver_parcels, ship_parcels, unship_parcel
from fulfillment.views.shipment import page_for, render_page
from oms.core.access import requires
from oms.core.actors import Actor
from oms.core.exceptions import Refusal
from oms.core.idempotency import once
from oms.core.views.acting import act


def _run(
    request: HttpRequest,
    number: str,
    work: Callable[[], str],
    name: str = "",
    form: Form | None = None,
) -> HttpResponse:
    return act(
        request,
        work,
        back_to=reverse("fulfillment:shipment_page", args=[number]),
        refuse=lambda sentence: render_page(request, number, sentence, name, form),
    )


@requires("fulfillment.release_shipment")
@require_POST
@once
def release(request: HttpRequest, number: str) -> HttpResponse:
    shipment = page_for(request, number).shipment

    def work() -> str:
        release_shipments(shipment_ids=[shipment.pk], actor=Actor.of(request.user))
        return _("Released %s to the floor.") % number

    return _run(request, number, work)


@requires("fulfillment.release_shipment")
@require_POST
@once
def unrelease(request: HttpRequest, number: str) -> HttpResponse:
    shipment = page_for(request, number).shipment

    def work() -> str:
        unrelease_shipments(shipment_ids=[shipment.pk], actor=Actor.of(request.user))
        return _("Took %s back from the floor.") % number

    return _run(request, number, work)


@requires("fulfillment.pick")
@require_POST
@once
def pick(request: HttpRequest, number: str) -> HttpResponse:
    """Book everything that is still to pick, as walked with the printed list."""
    page = page_for(request, number)

    def work() -> str:
        scans = [Scan(each.pk, each.quantity - each.picked) for each in page.open_picks]
        if not scans:
            raise Refusal(_("Nothing of %s is left to pick.") % number)
        pick_all(scans=scans, actor=Actor.of(request.user))
        units = sum(scan.quantity for scan in scans)
        return ngettext("Picked %d unit.", "Picked %d units.", units) % units

    return _run(request, number, work)


@requires("fulfillment.pack")
@require_POST
@once
def pack(request: HttpRequest, number: str) -> HttpResponse:
    """Put what is picked and in no parcel yet into one parcel."""
    page = page_for(request, number)
    form = PackForm(request.POST, auto_id="pack-%s")
    if not form.is_valid():
        return render_page(request, number, "", "pack", form)

    def work() -> str:
        free = {line.pk: line.picked - line.packed for line in page.lines}
        pack_parcel(
            shipment_id=page.shipment.pk,
            contents={key: units for key, units in free.items() if units},
            weight_kg=form.cleaned_data["weight_kg"],
            actor=Actor.of(request.user),
        )
        return _("Packed %s.") % number

    return _run(request, number, work, "pack", form)


@requires("fulfillment.ship")
@require_POST
@once
def ship(request: HttpRequest, number: str) -> HttpResponse:
    """Hand every closed parcel to the carrier."""
    page = page_for(request, number)

    def work() -> str:
        keys = [parcel.pk for parcel in page.parcels_to_ship]
        if not keys:
            raise Refusal(_("No parcel of %s is ready for the carrier.") % number)
        ship_parcels(parcel_ids=keys, actor=Actor.of(request.user))
        return ngettext("Handed over %d parcel.", "Handed over %d parcels.", len(keys)) % len(keys)

    return _run(request, number, work)


@requires("fulfillment.unship")
@require_POST
@once
def unship(request: HttpRequest, number: str) -> HttpResponse:
    """Undo the hand-over of every parcel that is on its way."""
    page = page_for(request, number)

    def work() -> str:
        parcels = page.parcels_on_the_way
        if not parcels:
            raise Refusal(_("No parcel of %s is on its way.") % number)
        for parcel in parcels:
            unship_parcel(parcel_id=parcel.pk, actor=Actor.of(request.user))
        return _("The hand-over of %s is undone.") % number

    return _run(request, number, work)


@requires("fulfillment.ship")
@require_POST
@once
def deliver(request: HttpRequest, number: str) -> HttpResponse:
    page = page_for(request, number)

    def work() -> str:
        keys = [parcel.pk for parcel in page.parcels_on_the_way]
        if not keys:
            raise Refusal(_("No parcel of %s is on its way.") % number)
        deliver_parcels(parcel_ids=keys, actor=Actor.of(request.user))
        return _("%s is delivered.") % number

    return _run(request, number, work)


@requires("fulfillment.route_order")
@require_POST
@once
def cancel(request: HttpRequest, number: str) -> HttpResponse:
    page = page_for(request, number)
    form = CancelForm(request.POST, auto_id="cancel-%s")
    if not form.is_valid():
        return render_page(request, number, "", "cancel", form)

    def work() -> str:
        cancel_shipment(
            shipment_id=page.shipment.pk,
            reason=form.cleaned_data["reason"],
            actor=Actor.of(request.user),
        )
        return _("Canceled %s; its units are open again.") % number

    return _run(request, number, work, "cancel", form)
