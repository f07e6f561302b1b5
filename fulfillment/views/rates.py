"""Carriers and their rates on one page, with a calculator to try them."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _

from fulfillment.forms import TryRatesForm
from fulfillment.rating import load, place
from fulfillment.selectors.try_rates import Trial, services_with_rates, try_rates
from oms.core.access import requires


@requires("fulfillment.view_carrierservice")
def rates(request: HttpRequest) -> HttpResponse:
    asked = "weight_kg" in request.GET
    form = TryRatesForm(request.GET if asked else None, auto_id="try-%s")
    trial = _answer(form) if asked and form.is_valid() else None
    context = {
        "title": _("Carriers"),
        "form": form,
        "trial": trial,
        "needed_by": trial and form.cleaned_data["needed_by"],
        "services": services_with_rates(),
    }
    return render(request, "fulfillment/rates.html", context, status=422 if form.errors else 200)


def _answer(form: TryRatesForm) -> Trial:
    asked = form.cleaned_data
    return try_rates(
        warehouse_id=asked["warehouse"].pk,
        there=place(asked["country"], asked["postcode"]),
        cargo=load(asked["weight_kg"], asked["liters"] or 0, asked["length_mm"] or 0),
        needed_by=asked["needed_by"],
        now=timezone.now(),
    )
