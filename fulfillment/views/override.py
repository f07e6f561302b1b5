"""Routing an order by hand."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from fulfillment.forms import OverrideForm
from fulfillment.selectors.override_grid import Grid, override_grid
from fulfillment.services.overrides import Assignment, override_route
from oms.core.access import requires
from oms.core.actors import Actor
from oms.core.exceptions import Refusal
from oms.core.idempotency import once
from oms.core.views.acting import missing
from orders.models import Order
from orders.selectors.scope import orders_for


@requires("fulfillment.override_routing")
@once
def choose_warehouses(request: HttpRequest, number: str) -> HttpResponse:
    """Say which warehouse ships what."""
    try:
        order = orders_for(request.user).get(number=number)
    except Order.DoesNotExist:
        raise missing(_("There is no order %s.") % number) from None
    grid = override_grid(order, now=timezone.now())
    if request.method != "POST":
        return _page(request, grid, OverrideForm(grid.cells))
    form = OverrideForm(grid.cells, request.POST)
    if not form.is_valid():
        return _page(request, grid, form, status=422)
    try:
        changed = override_route(
            order_id=order.pk,
            assignments=[Assignment(*spot) for spot in form.assignments],
            reason=form.cleaned_data["reason"],
            actor=Actor.of(request.user),
        )
    except Refusal as refusal:
        return _page(request, grid, form, str(refusal), status=409)
    told = ngettext("%d shipment as you decided.", "%d shipments as you decided.", len(changed))
    messages.success(request, told % len(changed))
    return redirect("orders:order_page", number)


def _page(
    request: HttpRequest, grid: Grid, form: OverrideForm, refused: str = "", status: int = 200
) -> HttpResponse:
    number = grid.order.number
    here = reverse("orders:order_page", args=[number])
    context = {
        "title": _("Choose warehouses for %s") % number,
        "crumbs": [
            (_("Orders"), reverse("orders:order_list")),
            (number, here),
            (_("Warehouses"), ""),
        ],
        "grid": grid,
        "form": form,
        "rows": [(row, [(cell, form[cell.name]) for cell in row.cells]) for row in grid.lines],
        "refused": refused,
        "cancel_url": here,
    }
    return render(request, "fulfillment/override_page.html", context, status=status)
