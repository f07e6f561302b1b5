"""Why this warehouse? Every decision about an order, in full."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from fulfillment.selectors.decision import decisions_of
from oms.core.access import requires
from oms.core.views.acting import missing
from orders.models import Order
from orders.selectors.scope import orders_for


@requires("fulfillment.view_shipment")
def order_routing(request: HttpRequest, number: str) -> HttpResponse:
    try:
        order = orders_for(request.user).get(number=number)
    except Order.DoesNotExist:
        raise missing(_("There is no order %s.") % number) from None
    context = {
        "title": _("Why this warehouse?"),
        "crumbs": [
            (_("Orders"), reverse("orders:order_list")),
            (number, reverse("orders:order_page", args=[number])),
            (_("Why this warehouse?"), ""),
        ],
        "order": order,
        "decisions": decisions_of(order.pk),
    }
    return render(request, "fulfillment/order_routing.html", context)
