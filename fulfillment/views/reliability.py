"""Warehouses that send lines back: their scores, who is left out, and how backorders are filled."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from fulfillment.forms import RoutingSettingsForm
from fulfillment.selectors.reliability_page import reliability_page
from fulfillment.selectors.waiting import routing_settings
from fulfillment.services.rejections import lift_exclusion
from fulfillment.services.routing_settings import change_routing_settings
from oms.core.access import requires
from oms.core.actors import Actor
from oms.core.idempotency import once
from oms.core.views.acting import act

PAGE = "fulfillment:reliability"


@requires("fulfillment.view_rejection")
def reliability(request: HttpRequest) -> HttpResponse:
    return _page(request)


def _page(
    request: HttpRequest, refused: str = "", form: RoutingSettingsForm | None = None
) -> HttpResponse:
    may_change = request.user.has_perm("fulfillment.change_routingsettings")
    context = {
        "title": _("Reliability"),
        "page": reliability_page(now=timezone.now()),
        "settings": routing_settings(),
        "form": (form or _form()) if may_change else None,
        "settings_url": reverse("fulfillment:routing_settings"),
        "reasons_url": reverse("admin:fulfillment_rejectionreason_changelist"),
        "open_form": "filling" if form else "",
        "refused": refused,
    }
    status = 409 if refused else 422 if form else 200
    return render(request, "fulfillment/reliability.html", context, status=status)


def _form() -> RoutingSettingsForm:
    return RoutingSettingsForm(instance=routing_settings(), auto_id="filling-%s")


@requires("fulfillment.change_routingsettings")
@require_POST
@once
def change_settings(request: HttpRequest) -> HttpResponse:
    form = RoutingSettingsForm(request.POST, instance=routing_settings(), auto_id="filling-%s")
    if not form.is_valid():
        return _page(request, form=form)
    change_routing_settings(**form.cleaned_data, actor=Actor.of(request.user))
    messages.success(request, _("Backorders are filled that way from now on."))
    return redirect(PAGE)


@requires("fulfillment.override_routing")
@require_POST
@once
def lift(request: HttpRequest, exclusion_id: int) -> HttpResponse:
    """Let a warehouse be routed to again."""

    def work() -> str:
        lift_exclusion(exclusion_id=exclusion_id, actor=Actor.of(request.user))
        return _("The warehouse is routed to again.")

    return act(
        request, work, back_to=reverse(PAGE), refuse=lambda sentence: _page(request, sentence)
    )
