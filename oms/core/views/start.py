"""The start page: what needs a person now, as numbers that lead to the rows behind them."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _

from oms.core.access import staff
from oms.core.panels import load_panels


@staff
def start(request: HttpRequest) -> HttpResponse:
    panels = load_panels("start", request, None)
    return render(
        request,
        "core/start.html",
        {
            "title": _("Start"),
            "now": timezone.now(),
            "tiles": [tile for panel in panels for tile in panel.context.get("tiles", [])],
            "panels": [panel for panel in panels if panel.place != "tiles"],
        },
    )
