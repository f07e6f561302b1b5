"""Events on their way to their subscribers: what is parked, and the button that tries it again."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from oms.core import outbox, selectors
from oms.core.access import requires
from oms.core.actors import Actor
from oms.core.exceptions import Refusal
from oms.core.idempotency import once

PAGE = "admin:deliveries"


@requires("core.view_delivery")
def delivery_list(request: HttpRequest) -> HttpResponse:
    return _page(request)


def _page(request: HttpRequest, refused: str = "") -> HttpResponse:
    found, rows = selectors.delivery_list(request.GET)
    context = {"title": _("Deliveries"), "list": found, "rows": rows, "refused": refused}
    return render(request, "core/delivery_list.html", context, status=409 if refused else 200)


@requires("core.retry_delivery")
@require_POST
@once
def retry(request: HttpRequest, delivery_id: int) -> HttpResponse:
    """Give a parked delivery new attempts."""
    try:
        outbox.retry_parked(delivery_id=delivery_id, actor=Actor.of(request.user))
    except Refusal as refusal:
        return _page(request, str(refusal))
    messages.success(request, _("The delivery is tried again."))
    return redirect(PAGE)
