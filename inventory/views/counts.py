"""Counts: the list, a new one, its page and what can be done there."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.forms import Form
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from inventory import ports
from inventory.exceptions import StillAllocated
from inventory.forms.counts import CountedForm, CountForm, NoteForm
from inventory.models import Product, StockCount
from inventory.selectors import count_list as lists
from inventory.selectors.codes import bin_by_code, lot_by_code, product_by_code
from inventory.selectors.count_page import CountPage
from inventory.selectors.count_page import count_page as load_page
from inventory.selectors.scope import warehouses_for
from inventory.services import count_posting
from inventory.services.counts import CountPlace, open_count, record_line, record_lines
from oms.core.access import requires
from oms.core.actors import Actor
from oms.core.exceptions import Refusal
from oms.core.idempotency import once
from oms.core.views.acting import act, missing
from oms.core.views.fragments import render_list


@requires("inventory.view_stockcount")
def count_list(request: HttpRequest) -> HttpResponse:
    found, rows = lists.count_list(request.user, request.GET)
    context = {"title": _("Counts"), "list": found, "rows": rows}
    return render_list(
        request, "inventory/count_list.html", "inventory/_count_results.html", context
    )


@requires("inventory.add_stockcount")
@once
def add_count(request: HttpRequest) -> HttpResponse:
    """Ask for a count on demand."""
    warehouses = warehouses_for(request.user).active()
    if request.method != "POST":
        known = {name: request.GET[name] for name in ("bins", "products") if name in request.GET}
        first = warehouses.filter(code=request.GET.get("warehouse", "")).first()
        return _form_page(request, CountForm(warehouses, initial={"warehouse": first} | known))
    form = CountForm(warehouses, request.POST)
    if not form.is_valid():
        return _form_page(request, form)
    try:
        count = _open(request, form.cleaned_data)
    except Refusal as refusal:
        form.add_error(None, str(refusal))
        return _form_page(request, form)
    messages.success(request, _("%s is to be counted.") % count)
    return HttpResponseRedirect(reverse("inventory:stockcount_page", args=[count.number]))


def _open(request: HttpRequest, asked: dict[str, Any]) -> StockCount:
    warehouse = asked["warehouse"]
    skus = [each.strip() for each in asked["products"].split(",") if each.strip()]
    return open_count(
        warehouse_id=warehouse.pk,
        origin=StockCount.Origin.DEMAND,
        reason=asked["reason"],
        bin_ids=[bin_by_code(warehouse.pk, code).pk for code in asked["bins"].split()],
        product_ids=[product_by_code(sku)[0].pk for sku in skus],
        is_blind=asked["is_blind"],
        actor=Actor.of(request.user),
    )


def _form_page(request: HttpRequest, form: CountForm) -> HttpResponse:
    list_url = reverse("inventory:stockcount_list")
    context = {
        "title": _("New count"),
        "form": form,
        "crumbs": [(_("Counts"), list_url), (_("New count"), "")],
        "submit_label": _("Open the count"),
        "cancel_url": list_url,
    }
    status = 422 if form.errors else 200
    return render(request, "inventory/stock_form.html", context, status=status)


@requires("inventory.view_stockcount")
def count_page(request: HttpRequest, number: str) -> HttpResponse:
    return render_page(request, number)


def render_page(
    request: HttpRequest,
    number: str,
    refused: Exception | str = "",
    name: str = "",
    form: Form | None = None,
) -> HttpResponse:
    """The page of a count; after a refusal with its sentence and nothing that was typed lost."""
    page = page_for(request, number)
    context = {
        "title": number,
        "crumbs": [(_("Counts"), reverse("inventory:stockcount_list")), (number, "")],
        "page": page,
        "count": page.count,
        "scan": form if form and name == "scan" else CountedForm(initial=_last_place(request)),
        "typed": request.POST if refused else {},
        "recount": form if form and name == "recount" else NoteForm(auto_id="recount-%s"),
        "open_form": name,
        "refused": str(refused),
        "may_take_back": isinstance(refused, StillAllocated) and ports.can_take_back(),
        "company_currency": settings.COMPANY_CURRENCY,
        "may_see_value": request.user.has_perm("inventory.approve_stockcount"),
    }
    status = 409 if refused else 422 if form else 200
    return render(request, "inventory/count_page.html", context, status=status)


def _last_place(request: HttpRequest) -> dict[str, str]:
    return {"bin": request.GET.get("bin", "")[:32]}


def page_for(request: HttpRequest, number: str) -> CountPage:
    """The count, or the answer that there is none."""
    try:
        return load_page(request.user, number)
    except StockCount.DoesNotExist:
        raise missing(_("There is no count %s.") % number) from None


@requires("inventory.change_stockcount")
@require_POST
@once
def record(request: HttpRequest, number: str) -> HttpResponse:
    """Keep the numbers that were typed beside the places of the list."""
    page = page_for(request, number)

    def work() -> str:
        counted = {
            row.line.pk: _number(request.POST[f"line_{row.line.pk}"])
            for row in page.rows
            if request.POST.get(f"line_{row.line.pk}", "").strip()
        }
        lines = record_lines(count_id=page.count.pk, counted=counted, actor=Actor.of(request.user))
        again = sum(line.counted is None for line in lines)
        if again:
            told = ngettext("%d place is to be counted once more by somebody else.", "%d places are to be counted once more by somebody else.", again)  # fmt: skip
            return told % again
        return ngettext("%d place is counted.", "%d places are counted.", len(lines)) % len(lines)

    return _run(request, number, work)


def _number(text: str) -> int:
    if not text.strip().isdecimal():
        raise Refusal(_("%s is no number of units: type 0 or more.") % text)
    return int(text.strip()[:9])


@requires("inventory.change_stockcount")
@require_POST
@once
def scan(request: HttpRequest, number: str) -> HttpResponse:
    """Keep what was counted at one place, also where nobody expected the product."""
    page = page_for(request, number)
    form = CountedForm(request.POST)
    if not form.is_valid():
        return render_page(request, number, "", "scan", form)
    typed = form.cleaned_data

    def work() -> str:
        product, units = product_by_code(typed["product"])
        line = record_line(
            count_id=page.count.pk,
            place=_place(page, product, typed),
            counted=typed["counted"] * units,
            actor=Actor.of(request.user),
        )
        facts = {"sku": product.sku, "bin": typed["bin"], "n": typed["counted"] * units}
        if line.counted is None:
            return _("%(sku)s in %(bin)s is to be counted once more by somebody else.") % facts
        return _("%(n)d of %(sku)s counted in %(bin)s.") % facts

    back = reverse("inventory:stockcount_page", args=[number])
    return act(
        request,
        work,
        back_to=f"{back}?bin={typed['bin']}#scan",
        refuse=lambda sentence: render_page(request, number, sentence, "scan", form),
    )


def _place(page: CountPage, product: Product, typed: dict[str, Any]) -> CountPlace:
    lot = lot_by_code(product, typed["lot"])
    return CountPlace(
        bin_id=bin_by_code(page.count.warehouse_id, typed["bin"]).pk,
        product_id=product.pk,
        lot_id=lot.pk if lot else None,
        serial=typed["serial"] or None,
    )


def _run(request: HttpRequest, number: str, work: Callable[[], str]) -> HttpResponse:
    back = reverse("inventory:stockcount_page", args=[number])
    try:
        sentence = work()
    except Refusal as refusal:
        return render_page(request, number, refusal)
    messages.success(request, sentence)
    return HttpResponseRedirect(back)


@requires("inventory.change_stockcount")
@require_POST
@once
def finish(request: HttpRequest, number: str) -> HttpResponse:
    page = page_for(request, number)

    def work() -> str:
        count = count_posting.finish_count(
            count_id=page.count.pk,
            actor=Actor.of(request.user),
            take_back="take_back" in request.POST,
        )
        if count.status == StockCount.Status.REVIEW:
            return _("%s waits for an approval: a difference is above the limit.") % number
        return _("%s is posted.") % number

    return _run(request, number, work)


@requires("inventory.approve_stockcount")
@require_POST
@once
def approve(request: HttpRequest, number: str) -> HttpResponse:
    page = page_for(request, number)

    def work() -> str:
        count_posting.approve_count(
            count_id=page.count.pk,
            actor=Actor.of(request.user),
            take_back="take_back" in request.POST,
        )
        return _("The differences of %s are posted.") % number

    return _run(request, number, work)


@requires("inventory.approve_stockcount")
@require_POST
@once
def recount(request: HttpRequest, number: str) -> HttpResponse:
    page, note = page_for(request, number), request.POST.get("note", "")[:200]

    def work() -> str:
        count_posting.recount(count_id=page.count.pk, actor=Actor.of(request.user), note=note)
        return _("The differences of %s are counted once more.") % number

    return _run(request, number, work)


@requires("inventory.change_stockcount")
@require_POST
@once
def cancel(request: HttpRequest, number: str) -> HttpResponse:
    page = page_for(request, number)

    def work() -> str:
        count_posting.cancel_count(count_id=page.count.pk, actor=Actor.of(request.user))
        return _("%s is canceled; nothing was booked.") % number

    return _run(request, number, work)
