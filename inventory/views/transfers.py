"""Transfers: the list, a new one, its page and what can be done there."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.forms import Form
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from inventory.forms.counts import NoteForm
from inventory.forms.transfers import LinesForm, SendForm, TransferForm
from inventory.models import Transfer
from inventory.selectors import transfers as lists
from inventory.selectors.codes import product_by_code
from inventory.selectors.scope import warehouses_for
from inventory.selectors.transfers import TransferPage
from inventory.services import transfers as services
from oms.core.access import requires
from oms.core.actors import Actor
from oms.core.exceptions import Refusal
from oms.core.idempotency import once
from oms.core.views.acting import missing
from oms.core.views.fragments import render_list

Work = Callable[[Transfer, Actor], object]


@requires("inventory.view_transfer")
def transfer_list(request: HttpRequest) -> HttpResponse:
    found, rows = lists.transfer_list(request.user, request.GET)
    context = {"title": _("Transfers"), "list": found, "rows": rows}
    return render_list(
        request, "inventory/transfer_list.html", "inventory/_transfer_results.html", context
    )


@requires("inventory.add_transfer")
@once
def add_transfer(request: HttpRequest) -> HttpResponse:
    if request.method != "POST":
        known = {"warehouse_from": request.GET.get("from", "")}
        if product := request.GET.get("product", ""):
            known["lines"] = f"{product} "
        return _form_page(request, TransferForm(initial=known))
    form = TransferForm(request.POST)
    if not form.is_valid():
        return _form_page(request, form)
    typed = form.cleaned_data
    try:
        transfer = services.draft_transfer(
            warehouse_from_id=typed["warehouse_from"].pk,
            warehouse_to_id=typed["warehouse_to"].pk,
            quantities=_quantities(typed["lines"]),
            reason=typed["reason"],
            expected_date=typed["expected_date"],
            actor=Actor.of(request.user),
        )
    except Refusal as refusal:
        form.add_error(None, str(refusal))
        return _form_page(request, form)
    messages.success(request, _("%s is a draft now.") % transfer)
    return HttpResponseRedirect(reverse("inventory:transfer_page", args=[transfer.number]))


def _quantities(lines: Sequence[tuple[str, int]]) -> dict[int, int]:
    """Units by product; lines of the same product add up."""
    wanted: dict[int, int] = {}
    for code, units in lines:
        product, factor = product_by_code(code)
        wanted[product.pk] = wanted.get(product.pk, 0) + units * factor
    return wanted


def _form_page(request: HttpRequest, form: TransferForm) -> HttpResponse:
    list_url = reverse("inventory:transfer_list")
    context = {
        "title": _("New transfer"),
        "form": form,
        "crumbs": [(_("Transfers"), list_url), (_("New transfer"), "")],
        "submit_label": _("Save the draft"),
        "cancel_url": list_url,
    }
    status = 422 if form.errors else 200
    return render(request, "inventory/stock_form.html", context, status=status)


@requires("inventory.view_transfer")
def transfer_page(request: HttpRequest, number: str) -> HttpResponse:
    return render_page(request, number)


def render_page(
    request: HttpRequest, number: str, refused: str = "", name: str = "", form: Form | None = None
) -> HttpResponse:
    """The page of a transfer; after a refusal with its sentence and nothing that was typed lost."""
    page = page_for(request, number)
    typed = "\n".join(f"{row.line.product.sku} {row.line.quantity}" for row in page.rows)
    day = page.transfer.expected_date
    own = set(warehouses_for(request.user).values_list("pk", flat=True))
    context = {
        "title": number,
        "crumbs": [(_("Transfers"), reverse("inventory:transfer_list")), (number, "")],
        "page": page,
        "transfer": page.transfer,
        "sends_here": page.transfer.warehouse_from_id in own,
        "receives_here": page.transfer.warehouse_to_id in own,
        "lines_form": form if form and name == "lines" else LinesForm(initial={"lines": typed}),
        "send_form": SendForm(initial={"expected_date": day}, auto_id="send-%s"),
        "cancel_form": NoteForm(auto_id="cancel-%s"),
        "open_form": name,
        "refused": refused,
    }
    status = 409 if refused else 422 if form else 200
    return render(request, "inventory/transfer_page.html", context, status=status)


def page_for(request: HttpRequest, number: str) -> TransferPage:
    """The transfer, or the answer that there is none."""
    try:
        return lists.transfer_page(request.user, number)
    except Transfer.DoesNotExist:
        raise missing(_("There is no transfer %s.") % number) from None


def need_place(request: HttpRequest, warehouse_id: int) -> None:
    """Goods are sent and received by the people of the warehouse where they lie.

    :raises PermissionDenied: the person works elsewhere.
    """
    if not warehouses_for(request.user).filter(pk=warehouse_id).exists():
        raise PermissionDenied


def run(request: HttpRequest, number: str, work: Work, told: str) -> HttpResponse:
    """One service call for a transfer, then back to its page."""
    transfer = page_for(request, number).transfer
    try:
        work(transfer, Actor.of(request.user))
    except Refusal as refusal:
        return render_page(request, number, str(refusal))
    messages.success(request, told)
    return HttpResponseRedirect(reverse("inventory:transfer_page", args=[number]))


@requires("inventory.add_transfer")
@require_POST
@once
def change_lines(request: HttpRequest, number: str) -> HttpResponse:
    form = LinesForm(request.POST)
    if not form.is_valid():
        return render_page(request, number, "", "lines", form)

    def work(transfer: Transfer, actor: Actor) -> object:
        wanted = _quantities(form.cleaned_data["lines"])
        return services.change_lines(transfer_id=transfer.pk, quantities=wanted, actor=actor)

    return run(request, number, work, _("The lines of %s are changed.") % number)


@requires("inventory.approve_transfer")
@require_POST
@once
def approve(request: HttpRequest, number: str) -> HttpResponse:
    def work(transfer: Transfer, actor: Actor) -> object:
        return services.approve_transfer(transfer_id=transfer.pk, actor=actor)

    return run(request, number, work, _("%s is approved; its units are allocated.") % number)


@requires("inventory.approve_transfer")
@require_POST
@once
def reopen(request: HttpRequest, number: str) -> HttpResponse:
    def work(transfer: Transfer, actor: Actor) -> object:
        return services.reopen_transfer(transfer_id=transfer.pk, actor=actor)

    return run(request, number, work, _("%s is a draft again.") % number)


@requires("inventory.approve_transfer")
@require_POST
@once
def cancel(request: HttpRequest, number: str) -> HttpResponse:
    note = request.POST.get("note", "")[:200]

    def work(transfer: Transfer, actor: Actor) -> object:
        return services.cancel_transfer(transfer_id=transfer.pk, actor=actor, note=note)

    return run(request, number, work, _("%s is canceled.") % number)


@requires("inventory.change_transfer")
@require_POST
@once
def send(request: HttpRequest, number: str) -> HttpResponse:
    need_place(request, page_for(request, number).transfer.warehouse_from_id)
    form = SendForm(request.POST)
    day = form.cleaned_data["expected_date"] if form.is_valid() else None

    def work(transfer: Transfer, actor: Actor) -> object:
        return services.send_transfer(transfer_id=transfer.pk, expected_date=day, actor=actor)

    return run(request, number, work, _("%s is on the way.") % number)


@requires("inventory.change_transfer")
@require_POST
@once
def take_back(request: HttpRequest, number: str) -> HttpResponse:
    need_place(request, page_for(request, number).transfer.warehouse_from_id)

    def work(transfer: Transfer, actor: Actor) -> object:
        return services.take_back_transfer(transfer_id=transfer.pk, actor=actor)

    return run(request, number, work, _("%s is back in its bins.") % number)
