"""The rule sets, and the page of one with its rules as sentences."""

from __future__ import annotations

from typing import Any

from django.forms import Form
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from fulfillment.forms import NewRuleSetForm, ReplayForm, RuleSetForm
from fulfillment.models import RuleSet
from fulfillment.selectors import rule_set_page as pages
from fulfillment.selectors.rule_set_page import RuleSetPage
from fulfillment.services.rule_sets import USUAL, copy_rule_set, create_rule_set
from oms.core.access import requires
from oms.core.actors import Actor
from oms.core.idempotency import once
from oms.core.views.acting import missing
from oms.core.views.fragments import render_list


@requires("fulfillment.view_ruleset")
def rule_set_list(request: HttpRequest) -> HttpResponse:
    context = {"title": _("Routing rules"), "list": pages.rule_set_list(request.GET)}
    return render_list(
        request, "fulfillment/ruleset_list.html", "fulfillment/_ruleset_results.html", context
    )


@requires("fulfillment.change_ruleset")
@once
def rule_set_add(request: HttpRequest) -> HttpResponse:
    form = NewRuleSetForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        return HttpResponseRedirect(page_url(_create(form, Actor.of(request.user))))
    context = {
        "title": _("New rule set"),
        "crumbs": crumbs(_("New")),
        "form": form,
        "submit_label": _("Begin"),
        "cancel_url": reverse("fulfillment:ruleset_list"),
    }
    return render(
        request, "fulfillment/ruleset_form.html", context, status=422 if form.errors else 200
    )


def _create(form: Form, actor: Actor) -> RuleSet:
    name, note, start = (form.cleaned_data[key] for key in ("name", "note", "start"))
    if start in {NewRuleSetForm.EMPTY, NewRuleSetForm.USUAL}:
        rules = USUAL if start == NewRuleSetForm.USUAL else ()
        return create_rule_set(name=name, note=note, rules=rules, actor=actor)
    return copy_rule_set(rule_set_id=int(start), name=name, note=note, actor=actor)


@requires("fulfillment.view_ruleset")
def rule_set_page(request: HttpRequest, rule_set_id: int) -> HttpResponse:
    return render_page(request, rule_set_id)


def render_page(
    request: HttpRequest,
    rule_set_id: int,
    refused: str = "",
    name: str = "",
    form: Form | None = None,
) -> HttpResponse:
    """The page of a rule set; after a refusal with its sentence and nothing that was typed lost."""
    page = page_for(rule_set_id)
    context = {
        "title": page.rule_set.name,
        "crumbs": crumbs(page.rule_set.name),
        "page": page,
        "rule_set": page.rule_set,
        "forms": _forms(request, page, name, form),
        "open_form": name if form else "",
        "refused": refused,
    }
    status = 409 if refused else 422 if form else 200
    return render(request, "fulfillment/ruleset_page.html", context, status=status)


def page_for(rule_set_id: int) -> RuleSetPage:
    """The rule set, or the answer that there is none."""
    try:
        return pages.rule_set_page(rule_set_id)
    except RuleSet.DoesNotExist:
        raise missing(_("There is no such rule set.")) from None


def page_url(rule_set: RuleSet | int) -> str:
    key = rule_set if isinstance(rule_set, int) else rule_set.pk
    return reverse("fulfillment:ruleset_page", args=[key])


def crumbs(*labels: str, rule_set: RuleSet | None = None) -> list[tuple[str, str]]:
    """The way to a page of rule sets."""
    way = [(_("Routing rules"), reverse("fulfillment:ruleset_list"))]
    if rule_set is not None:
        way.append((rule_set.name, page_url(rule_set)))
    return way + [(label, "") for label in labels]


def _forms(request: HttpRequest, page: RuleSetPage, name: str, form: Form | None) -> dict[str, Any]:
    """The small forms that this person may use now."""
    if not request.user.has_perm("fulfillment.change_ruleset"):
        return {}
    known = {"name": page.rule_set.name, "note": page.rule_set.note}
    offered: dict[str, Form] = {"rename": RuleSetForm(initial=known, auto_id="rename-%s")}
    if page.enabled and page.rule_set.status != RuleSet.Status.ACTIVE:
        offered["replay"] = ReplayForm(auto_id="replay-%s")
    return {
        each: {
            "url": reverse(f"fulfillment:ruleset_{each}", args=[page.rule_set.pk]),
            "form": form if form and each == name else fresh,
        }
        for each, fresh in offered.items()
    }
