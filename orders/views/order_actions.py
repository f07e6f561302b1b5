"""What can be done with an order on its page: each view is one service call."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from oms.core.access import requires
from oms.core.actors import Actor
from oms.core.exceptions import Refusal
from oms.core.idempotency import FIELD, once
from oms.core.money import round_amount
from oms.core.views.acting import act, missing
from orders.forms import CancelForm, CancelUnitsForm, HoldForm, PaymentForm, TagForm
from orders.models import Hold, Order
from orders.selectors.order_page import OrderPage
from orders.services.cancel import cancel_lines
from orders.services.cancel import cancel_order as cancel
from orders.services.holds import hold_order, lift_hold
from orders.services.intake import place_orders
from orders.services.payments import record_payment
from orders.services.tags import tag_order
from orders.views.order import Refused, page_for, render_page


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
        back_to=reverse("orders:order_page", args=[number]),
        refuse=lambda sentence: render_page(request, number, Refused(sentence, name, form)),
    )


def _submit(
    request: HttpRequest, number: str, name: str, form: Form, work: Callable[[], str]
) -> HttpResponse:
    """Run the work of a valid form; an invalid one comes back with its errors and its values."""
    if not form.is_valid():
        return render_page(request, number, Refused(name=name, form=form))
    return _run(request, number, work, name, form)


@requires("orders.place_order")
@require_POST
@once
def place(request: HttpRequest, number: str) -> HttpResponse:
    order = page_for(request, number).order

    def work() -> str:
        place_orders([order.pk], actor=Actor.of(request.user))
        return _("Placed %s.") % number

    return _run(request, number, work)


@requires("orders.hold_order")
@require_POST
@once
def hold(request: HttpRequest, number: str) -> HttpResponse:
    order = page_for(request, number).order
    form = HoldForm(request.POST, auto_id="hold-%s")

    def work() -> str:
        hold_order(order_id=order.pk, **form.cleaned_data, actor=Actor.of(request.user))
        return _("%s is on hold.") % number

    return _submit(request, number, "hold", form, work)


@requires("orders.hold_order")
@require_POST
@once
def lift(request: HttpRequest, number: str, hold_id: int) -> HttpResponse:
    order = page_for(request, number).order
    if not Hold.objects.filter(pk=hold_id, order=order).exists():
        raise missing(_("There is no such hold."))

    def work() -> str:
        lift_hold(hold_id=hold_id, actor=Actor.of(request.user))
        return _("The hold on %s is lifted.") % number

    return _run(request, number, work)


@requires("orders.change_order")
@require_POST
@once
def tag(request: HttpRequest, number: str) -> HttpResponse:
    order = page_for(request, number).order
    form = TagForm(request.POST, auto_id="tags-%s")

    def work() -> str:
        actor = Actor.of(request.user)
        tags = tag_order(order_id=order.pk, tags=form.cleaned_data["tags"], actor=actor)
        return _("Tagged %s.") % ", ".join(tags) if tags else _("The tags are gone.")

    return _submit(request, number, "tags", form, work)


@requires("orders.cancel_order")
@require_POST
@once
def cancel_order(request: HttpRequest, number: str) -> HttpResponse:
    order = page_for(request, number).order
    form = CancelForm(request.POST, auto_id="cancel-%s")

    def work() -> str:
        reason = form.cleaned_data["reason"]
        cancel(order_id=order.pk, reason=reason, actor=Actor.of(request.user))
        return _("Canceled %s.") % number

    return _submit(request, number, "cancel", form, work)


@requires("orders.cancel_order")
@require_POST
@once
def cancel_units(request: HttpRequest, number: str) -> HttpResponse:
    page = page_for(request, number)
    form = CancelUnitsForm(page.cancelable, request.POST, auto_id="units-%s")
    return _submit(
        request, number, "units", form, partial(_cancel_units, request, page.order, form)
    )


def _cancel_units(request: HttpRequest, order: Order, form: CancelUnitsForm) -> str:
    units = sum(form.quantities.values())
    cancel_lines(
        order_id=order.pk,
        quantities=form.quantities,
        reason=form.cleaned_data["reason"],
        actor=Actor.of(request.user),
    )
    return ngettext("Canceled %d unit.", "Canceled %d units.", units) % units


@requires("orders.record_payment")
@require_POST
@once
def pay(request: HttpRequest, number: str) -> HttpResponse:
    page = page_for(request, number)
    form = PaymentForm(request.POST, auto_id="payment-%s")
    return _submit(request, number, "payment", form, partial(_pay, request, page, form))


def _pay(request: HttpRequest, page: OrderPage, form: PaymentForm) -> str:
    amount, currency = form.cleaned_data["amount"], page.order.currency
    if round_amount(amount, currency) != amount:
        raise Refusal(
            _("%(amount)s is too fine for %(currency)s.") % {"amount": amount, "currency": currency}
        )
    record_payment(
        order_id=page.order.pk,
        method=form.cleaned_data["method"],
        amount=amount,
        reference=form.cleaned_data["reference"],
        idem_key=f"form:{request.POST[FIELD]}",
        actor=Actor.of(request.user),
    )
    return _("Recorded the payment.")
