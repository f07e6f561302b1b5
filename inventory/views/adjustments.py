"""Corrections by hand: asked for with their effect shown first, approved, declined, undone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from inventory import ports
from inventory.exceptions import StillAllocated
from inventory.forms.adjustments import AdjustForm
from inventory.forms.counts import NoteForm
from inventory.models import AdjustmentReason, Bin, Lot, Product, StockAdjustment
from inventory.selectors import adjustments as lists
from inventory.selectors.codes import bin_by_code, lot_by_code, product_by_code
from inventory.selectors.history import history_of
from inventory.selectors.scope import warehouses_for
from inventory.services import adjustments as services
from oms.core.access import requires
from oms.core.actors import Actor
from oms.core.exceptions import Refusal
from oms.core.idempotency import once
from oms.core.views.acting import missing
from oms.core.views.fragments import render_list


@requires("inventory.view_stockadjustment")
def adjustment_list(request: HttpRequest) -> HttpResponse:
    found = lists.adjustment_list(request.user, request.GET)
    context = {"title": _("Adjustments"), "list": found, "rows": found.page.rows}
    return render_list(
        request, "inventory/adjustment_list.html", "inventory/_adjustment_results.html", context
    )


@dataclass(frozen=True, slots=True)
class Asked:
    """A valid form as what it names."""

    product: Product
    place: Bin
    lot: Lot | None
    serial: str | None
    delta: int
    reason: AdjustmentReason
    note: str

    @classmethod
    def by(cls, form: AdjustForm) -> Asked:
        """:raises Unknown: something that was typed names nothing."""
        typed = form.cleaned_data
        product, factor = product_by_code(typed["product"])
        place = bin_by_code(typed["warehouse"].pk, typed["bin"])
        lot, serial = lot_by_code(product, typed["lot"]), typed["serial"] or None
        units = typed["units"] * factor
        lies = lists.units_in(place.pk, product.pk, lot.pk if lot else None, serial)
        delta = {"fewer": -units, "more": units, "new": units - lies}[typed["mode"]]
        return cls(product, place, lot, serial, delta, typed["reason"], typed["note"])

    @property
    def lot_id(self) -> int | None:
        return self.lot.pk if self.lot else None


@requires("inventory.adjust")
@once
def adjust(request: HttpRequest) -> HttpResponse:
    """The form; "Show the effect" reads, "Book it" books."""
    warehouses = warehouses_for(request.user).active()
    if request.method != "POST":
        form = AdjustForm(warehouses, initial={name: request.GET[name] for name in request.GET})
        return _form_page(request, form)
    form = AdjustForm(warehouses, request.POST)
    if not form.is_valid():
        return _form_page(request, form)
    try:
        asked = Asked.by(form)
        if "book" not in request.POST:
            return _form_page(request, form, asked)
        done = _book(request, asked)
    except StillAllocated as refusal:
        form.add_error(None, str(refusal))
        return _form_page(request, form, asked)
    except Refusal as refusal:
        form.add_error(None, str(refusal))
        return _form_page(request, form)
    told = (
        _("%s is booked.") if done.status == done.Status.POSTED else _("%s waits for an approval.")
    )
    undo = reverse("inventory:stockadjustment_undo", args=[done.number])
    tags = f"undo:{undo}" if done.status == done.Status.POSTED else ""
    messages.success(request, told % done, extra_tags=tags)
    return HttpResponseRedirect(reverse("inventory:stockadjustment_page", args=[done.number]))


def _book(request: HttpRequest, asked: Asked) -> StockAdjustment:
    return services.request_adjustment(
        warehouse_id=asked.place.warehouse_id,
        product_id=asked.product.pk,
        bin_id=asked.place.pk,
        delta=asked.delta,
        reason_code=asked.reason.code,
        note=asked.note,
        lot_id=asked.lot_id,
        serial=asked.serial,
        take_back="take_back" in request.POST,
        actor=Actor.of(request.user),
    )


def _form_page(request: HttpRequest, form: AdjustForm, asked: Asked | None = None) -> HttpResponse:
    list_url = reverse("inventory:stockadjustment_list")
    effect = None
    if asked is not None:
        effect = lists.effect_of(
            product=asked.product, place=asked.place, delta=asked.delta, reason=asked.reason,
            lot_id=asked.lot_id, serial=asked.serial,
        )  # fmt: skip
    context = {
        "title": _("Adjust stock"),
        "form": form,
        "crumbs": [(_("Adjustments"), list_url), (_("Adjust stock"), "")],
        "effect": effect,
        "asked": asked,
        "may_take_back": ports.can_take_back(),
        "company_currency": settings.COMPANY_CURRENCY,
        "cancel_url": list_url,
    }
    status = 422 if form.errors else 200
    return render(request, "inventory/adjust.html", context, status=status)


@requires("inventory.view_stockadjustment")
def adjustment_page(request: HttpRequest, number: str) -> HttpResponse:
    return _page(request, number)


def _page(request: HttpRequest, number: str, refused: Exception | None = None) -> HttpResponse:
    adjustment = _find(request, number)
    asker = adjustment.requested_by
    effect = None
    if adjustment.status == StockAdjustment.Status.PENDING:
        effect = lists.effect_of(
            product=adjustment.product, place=adjustment.bin, delta=adjustment.delta,
            reason=adjustment.reason, lot_id=adjustment.lot_id, serial=adjustment.serial,
        )  # fmt: skip
    context = {
        "title": number,
        "crumbs": [(_("Adjustments"), reverse("inventory:stockadjustment_list")), (number, "")],
        "adjustment": adjustment,
        "asker": (asker.get_full_name() or str(asker)) if asker else "",
        "is_own": asker is not None and asker.pk == request.user.pk,
        "is_undone": adjustment.reversals.exclude(status=StockAdjustment.Status.DECLINED).exists(),
        "effect": effect,
        "refused": str(refused or ""),
        "may_take_back": isinstance(refused, StillAllocated) and ports.can_take_back(),
        "decline": NoteForm(auto_id="decline-%s"),
        "company_currency": settings.COMPANY_CURRENCY,
        "timeline": history_of([("stockadjustment", adjustment.pk)]),
    }
    return render(
        request, "inventory/adjustment_page.html", context, status=409 if refused else 200
    )


def _find(request: HttpRequest, number: str) -> StockAdjustment:
    try:
        return lists.adjustment_page(request.user, number)
    except StockAdjustment.DoesNotExist:
        raise missing(_("There is no adjustment %s.") % number) from None


def _run(
    request: HttpRequest, number: str, work: Callable[[StockAdjustment], StockAdjustment], told: str
) -> HttpResponse:
    try:
        done = work(_find(request, number))
    except Refusal as refusal:
        return _page(request, number, refusal)
    messages.success(request, told)
    return HttpResponseRedirect(reverse("inventory:stockadjustment_page", args=[done.number]))


@requires("inventory.approve_adjustment")
@require_POST
@once
def approve(request: HttpRequest, number: str) -> HttpResponse:
    def work(adjustment: StockAdjustment) -> StockAdjustment:
        return services.approve_adjustment(
            adjustment_id=adjustment.pk,
            take_back="take_back" in request.POST,
            actor=Actor.of(request.user),
        )

    return _run(request, number, work, _("%s is booked.") % number)


@requires("inventory.approve_adjustment")
@require_POST
@once
def decline(request: HttpRequest, number: str) -> HttpResponse:
    def work(adjustment: StockAdjustment) -> StockAdjustment:
        note = request.POST.get("note", "")[:200]
        return services.decline_adjustment(
            adjustment_id=adjustment.pk, note=note, actor=Actor.of(request.user)
        )

    return _run(request, number, work, _("%s is declined; nothing was booked.") % number)


@requires("inventory.adjust")
@require_POST
def undo(request: HttpRequest, number: str) -> HttpResponse:
    """Book the mirror; a second click finds it booked and is refused."""

    def work(adjustment: StockAdjustment) -> StockAdjustment:
        return services.reverse_adjustment(
            adjustment_id=adjustment.pk, actor=Actor.of(request.user)
        )

    return _run(request, number, work, _("%s is undone by this mirror.") % number)
