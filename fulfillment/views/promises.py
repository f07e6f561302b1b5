"""The list of promises at risk."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from fulfillment.selectors import promise_list as lists
from oms.core.access import requires
from oms.core.views.fragments import render_list


@requires("fulfillment.view_linepromise")
def promise_list(request: HttpRequest) -> HttpResponse:
    found, rows = lists.promise_list(request.user, request.GET)
    context = {"title": _("Promises"), "list": found, "rows": rows}
    return render_list(
        request, "fulfillment/promise_list.html", "fulfillment/_promise_results.html", context
    )
