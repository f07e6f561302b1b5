"""What fulfillment does with an order from the order page: route, release, cancel with shipments."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from fulfillment.models import Shipment
from fulfillment.panels import shipments_of
from fulfillment.services.cancel import cancel_order
from fulfillment.services.release import release_shipments
from fulfillment.services.route import route_order
from oms.core.access import requires
from oms.core.actors import Actor
from oms.core.exceptions import Refusal
from oms.core.idempotency import once
from oms.core.views.acting import act
from orders.forms import CancelForm
from orders.views.order import Refused, page_for, render_page


def _run(
    request: HttpRequest, number: str, work: Callable[[], str], form: CancelForm | None = None
) -> HttpResponse:
    name = "cancel" if form else ""
    return act(
        request,
        work,
        back_to=reverse("orders:order_page", args=[number]),
        refuse=lambda sentence: render_page(request, number, Refused(sentence, name, form)),
    )


@requires("fulfillment.route_order")
@require_POST
@once
def route(request: HttpRequest, number: str) -> HttpResponse:
    order = page_for(request, number).order

    def work() -> str:
        outcome = route_order(order_id=order.pk, actor=Actor.of(request.user))
        return outcome.verdict or _("Routed %s.") % number

    return _run(request, number, work)


@requires("fulfillment.release_shipment")
@require_POST
@once
def release(request: HttpRequest, number: str) -> HttpResponse:
    order = page_for(request, number).order

    def work() -> str:
        shipments = shipments_of(order.pk)
        planned = [each.pk for each in shipments if each.status == Shipment.Status.PLANNED]
        if not planned:
            raise Refusal(_("No shipment of %s is waiting to be released.") % number)
        release_shipments(shipment_ids=planned, actor=Actor.of(request.user))
        return ngettext("Released %d shipment.", "Released %d shipments.", len(planned)) % len(
            planned
        )

    return _run(request, number, work)


@requires("orders.cancel_order")
@require_POST
@once
def cancel(request: HttpRequest, number: str) -> HttpResponse:
    """Cancel the order with its shipments, as long as none of them is packed."""
    order = page_for(request, number).order
    form = CancelForm(request.POST, auto_id="cancel-%s")
    if not form.is_valid():
        return render_page(request, number, Refused(name="cancel", form=form))

    def work() -> str:
        reason = form.cleaned_data["reason"]
        cancel_order(order_id=order.pk, reason=reason, actor=Actor.of(request.user))
        return _("Canceled %s.") % number

    return _run(request, number, work, form)
