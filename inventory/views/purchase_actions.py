"""What can be done with a purchase order from its page: each view is one service call."""

from __future__ import annotations

from collections.abc import Callable

from django import forms
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from inventory.forms.purchase import ExpectedForm, HeadForm, LinesForm, ReasonForm
from inventory.services import purchase_progress as progress
from inventory.services.purchasing import change_head, change_lines
from inventory.views.purchase import page_for, render_page
from oms.core.access import requires
from oms.core.actors import Actor
from oms.core.idempotency import once
from oms.core.views import documents
from oms.core.views.acting import act


def _run(
    request: HttpRequest,
    number: str,
    work: Callable[[], str],
    name: str = "",
    form: forms.Form | None = None,
) -> HttpResponse:
    if form is not None and not form.is_valid():
        return render_page(request, number, "", name, form)
    return act(
        request,
        work,
        back_to=reverse("inventory:purchaseorder_page", args=[number]),
        refuse=lambda sentence: render_page(request, number, sentence, name, form),
    )


@requires("inventory.change_purchaseorder")
@require_POST
@once
def lines(request: HttpRequest, number: str) -> HttpResponse:
    page = page_for(request, number)
    form = LinesForm([row.line for row in page.lines], request.POST)

    def work() -> str:
        wanted = form.wanted
        if not wanted:
            return _("Nothing was changed.")
        actor = Actor.of(request.user)
        drafted = change_lines(order_id=page.order.pk, lines=wanted, actor=actor)
        return " ".join([_("Lines saved."), *drafted.sentences])

    return _run(request, number, work, "lines", form)


@requires("inventory.change_purchaseorder")
@require_POST
@once
def head(request: HttpRequest, number: str) -> HttpResponse:
    order = page_for(request, number).order
    form = HeadForm(request.POST, auto_id="head-%s")

    def work() -> str:
        change_head(order_id=order.pk, actor=Actor.of(request.user), **form.cleaned_data)
        return _("Saved.")

    return _run(request, number, work, "head", form)


@requires("inventory.send_purchaseorder")
@require_POST
@once
def send(request: HttpRequest, number: str) -> HttpResponse:
    """Order by e-mail, with the order as PDF and CSV."""
    order = page_for(request, number).order

    def work() -> str:
        progress.send_purchase_order(order_id=order.pk, actor=Actor.of(request.user))
        return _("%(order)s goes to %(address)s.") % {
            "order": number,
            "address": order.supplier.email,
        }

    return _run(request, number, work)


@requires("inventory.send_purchaseorder")
@require_POST
@once
def send_by_hand(request: HttpRequest, number: str) -> HttpResponse:
    """The supplier has been told in another way."""
    order = page_for(request, number).order

    def work() -> str:
        progress.send_purchase_order(order_id=order.pk, actor=Actor.of(request.user), by_hand=True)
        return _("%s counts as sent.") % number

    return _run(request, number, work)


@requires("inventory.change_purchaseorder")
@require_POST
@once
def expect(request: HttpRequest, number: str) -> HttpResponse:
    page = page_for(request, number)
    form = ExpectedForm(page.outstanding, request.POST, auto_id="expect-%s")

    def work() -> str:
        progress.change_expected_date(
            order_id=page.order.pk,
            expected_date=form.cleaned_data["expected_date"],
            line_ids=form.line_ids,
            note=form.cleaned_data["note"],
            actor=Actor.of(request.user),
        )
        return str(_("Expected on %s; promises follow.") % form.cleaned_data["expected_date"])

    return _run(request, number, work, "expect", form)


@requires("inventory.change_purchaseorder")
@require_POST
@once
def cancel(request: HttpRequest, number: str) -> HttpResponse:
    order = page_for(request, number).order
    form = ReasonForm(request.POST, auto_id="cancel-%s")

    def work() -> str:
        reason = form.cleaned_data["reason"]
        progress.cancel_purchase_order(
            order_id=order.pk, reason=reason, actor=Actor.of(request.user)
        )
        return _("Canceled %s.") % number

    return _run(request, number, work, "cancel", form)


@requires("inventory.change_purchaseorder")
@require_POST
@once
def cancel_rest(request: HttpRequest, number: str) -> HttpResponse:
    """Expect no more than has come."""
    order = page_for(request, number).order
    form = ReasonForm(request.POST, auto_id="cancel-rest-%s")

    def work() -> str:
        reason = form.cleaned_data["reason"]
        progress.cancel_rest(order_id=order.pk, reason=reason, actor=Actor.of(request.user))
        return _("No more of %s is expected.") % number

    return _run(request, number, work, "cancel_rest", form)


@requires("inventory.view_purchaseorder")
def paper(request: HttpRequest, number: str, paper_id: str) -> HttpResponse:
    found = documents.one_of(page_for(request, number).papers, paper_id)
    return documents.download(request, found)


@requires("inventory.change_purchaseorder")
@require_POST
@once
def print_again(request: HttpRequest, number: str, paper_id: str) -> HttpResponse:
    found = documents.one_of(page_for(request, number).papers, paper_id)
    return _run(request, number, lambda: documents.print_again(found, actor=Actor.of(request.user)))
