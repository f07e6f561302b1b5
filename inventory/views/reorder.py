"""Low stock, reorder rules, and suggestions that become draft orders."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from inventory.forms.reorder import RulesForm
from inventory.models import StockLevel
from inventory.selectors import reorder_list as lists
from inventory.selectors.suggestions import suggestions as load_suggestions
from inventory.services.reordering import compute_rules, create_rules, draft_suggestions
from oms.core.access import requires
from oms.core.actors import Actor
from oms.core.exceptions import Refusal
from oms.core.idempotency import once
from oms.core.views.acting import act
from oms.core.views.fragments import render_list


@requires("inventory.view_reorderrule")
def low_stock(request: HttpRequest) -> HttpResponse:
    found, rows = lists.low_stock(request.GET)
    context = {"title": _("Low stock"), "list": found, "rows": rows}
    return render_list(
        request, "inventory/low_stock.html", "inventory/_low_stock_results.html", context
    )


@requires("inventory.view_reorderrule")
def rule_list(request: HttpRequest) -> HttpResponse:
    found, rows = lists.rule_list(request.GET)
    context = {
        "title": _("Reorder rules"),
        "crumbs": [(_("Low stock"), reverse("inventory:low_stock")), (_("Reorder rules"), "")],
        "list": found,
        "rows": rows,
    }
    return render_list(request, "inventory/rule_list.html", "inventory/_rule_results.html", context)


@requires("inventory.change_reorderrule")
@require_POST
@once
def rules_compute(request: HttpRequest) -> HttpResponse:
    """Compute all points now instead of tonight."""

    def work() -> str:
        count = compute_rules(today=timezone.localdate(), actor=Actor.of(request.user))
        return ngettext("Computed %d rule.", "Computed %d rules.", count) % count

    back_to = reverse("inventory:reorderrule_list")
    return act(request, work, back_to=back_to, refuse=lambda _s: redirect(back_to))


@requires("inventory.add_reorderrule")
@once
def rules_new(request: HttpRequest) -> HttpResponse:
    """Rules for many products of a warehouse at once."""
    form = RulesForm(request.POST or None)
    if request.method != "POST" or not form.is_valid():
        return _new_page(request, form)
    warehouse = form.cleaned_data["warehouse"]
    chosen = form.cleaned_data["products"]
    if chosen is None:
        levels = StockLevel.objects.filter(warehouse=warehouse)
        chosen = list(levels.values_list("product_id", flat=True))
    try:
        count = create_rules(
            warehouse_id=warehouse.pk,
            product_ids=chosen,
            terms=form.terms,
            today=timezone.localdate(),
            actor=Actor.of(request.user),
        )
    except Refusal as refused:
        form.add_error(None, str(refused))
        return _new_page(request, form)
    told = ngettext("%d rule made.", "%d rules made.", count) % count
    back_to = reverse("inventory:reorderrule_list")
    return act(request, lambda: told, back_to=back_to, refuse=lambda _s: redirect(back_to))


def _new_page(request: HttpRequest, form: RulesForm) -> HttpResponse:
    rules_url = reverse("inventory:reorderrule_list")
    context = {
        "title": _("New reorder rules"),
        "crumbs": [(_("Reorder rules"), rules_url), (_("New"), "")],
        "form": form,
        "submit_label": _("Make the rules"),
        "cancel_url": rules_url,
    }
    status = 422 if form.errors else 200
    return render(request, "inventory/form_page.html", context, status=status)


@requires("inventory.view_reorderrule")
def suggestions(request: HttpRequest) -> HttpResponse:
    return _suggestions_page(request)


def _suggestions_page(request: HttpRequest, refused: str = "") -> HttpResponse:
    context = {
        "title": _("Reorder suggestions"),
        "crumbs": [(_("Low stock"), reverse("inventory:low_stock")), (_("Suggestions"), "")],
        "found": load_suggestions(warehouse=request.GET.get("warehouse", "")[:16]),
        "refused": refused,
        "sees_prices": request.user.has_perm("inventory.change_purchaseorder"),
    }
    status = 409 if refused else 200
    return render(request, "inventory/suggestions.html", context, status=status)


@requires("inventory.add_purchaseorder")
@require_POST
@once
def draft(request: HttpRequest) -> HttpResponse:
    """One draft for each supplier and warehouse; for one supplier alone where the button says so."""

    def work() -> str:
        drafts = draft_suggestions(
            supplier=request.POST.get("supplier", "")[:32],
            warehouse=request.POST.get("warehouse", "")[:16],
            actor=Actor.of(request.user),
        )
        if not drafts:
            raise Refusal(_("Everything that is low stands on drafts already."))
        named = ", ".join(str(each) for each in drafts[:5]) + ("…" if len(drafts) > 5 else "")
        return ngettext("%(n)d draft: %(named)s", "%(n)d drafts: %(named)s", len(drafts)) % {
            "n": len(drafts),
            "named": named,
        }

    return act(
        request,
        work,
        back_to=reverse("inventory:purchaseorder_list") + "?view=draft",
        refuse=lambda sentence: _suggestions_page(request, sentence),
    )
