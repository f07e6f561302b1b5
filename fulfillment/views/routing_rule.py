"""The rules of a draft: the form of one, and the buttons beside it."""

from __future__ import annotations

from collections.abc import Callable

from django.contrib import messages
from django.core import signing
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from fulfillment.forms import RuleForm
from fulfillment.models import RoutingRule, RuleSet
from fulfillment.models.rules import usual_preference
from fulfillment.services import routing_rules as services
from fulfillment.services.routing_rules import RuleDraft
from fulfillment.views.rule_set import crumbs, page_url, render_page
from oms.core.access import requires
from oms.core.actors import Actor
from oms.core.exceptions import Refusal
from oms.core.idempotency import once
from oms.core.views.acting import act, missing

UNDO = "fulfillment.removed_rule"
UNDO_S = 24 * 60 * 60


@requires("fulfillment.change_ruleset")
@once
def rule_add(request: HttpRequest, rule_set_id: int) -> HttpResponse:
    rule_set = _rule_set(rule_set_id)
    form = RuleForm(request.POST or None, preference=usual_preference())

    def work(draft: RuleDraft) -> str:
        services.add_rule(rule_set_id=rule_set_id, draft=draft, actor=Actor.of(request.user))
        return _("Added “%s” as the last rule.") % draft.name

    return _form_page(request, rule_set, form, _("New rule"), work)


@requires("fulfillment.change_ruleset")
@once
def rule_page(request: HttpRequest, rule_set_id: int, rule_id: int) -> HttpResponse:
    rule_set, rule = _rule_set(rule_set_id), _rule(rule_set_id, rule_id)
    name = rule.name  # the form writes into the rule that it is given
    form = RuleForm(request.POST or None, instance=rule, preference=rule.preference)

    def work(draft: RuleDraft) -> str:
        services.change_rule(rule_id=rule_id, draft=draft, actor=Actor.of(request.user))
        return _("Changed “%s”.") % draft.name

    return _form_page(request, rule_set, form, name, work)


def _form_page(
    request: HttpRequest,
    rule_set: RuleSet,
    form: RuleForm,
    title: str,
    work: Callable[[RuleDraft], str],
) -> HttpResponse:
    refused = ""
    if request.method == "POST" and form.is_valid():
        try:
            messages.success(request, work(_draft(form)))
            return HttpResponseRedirect(page_url(rule_set))
        except Refusal as refusal:
            refused = str(refusal)
    context = {
        "title": title,
        "crumbs": crumbs(title, rule_set=rule_set),
        "rule_set": rule_set,
        "form": form,
        "refused": refused,
        "cancel_url": page_url(rule_set),
    }
    status = 409 if refused else 422 if form.errors else 200
    return render(request, "fulfillment/rule_form.html", context, status=status)


def _draft(form: RuleForm) -> RuleDraft:
    values = {name: form.cleaned_data[name] for name in RuleForm.Meta.fields}
    keys = {name: tuple(each.pk for each in values[name]) for name in RuleDraft.RELATED}
    return RuleDraft(**(values | keys), preference=form.preference)


@requires("fulfillment.change_ruleset")
@require_POST
@once
def rule_up(request: HttpRequest, rule_set_id: int, rule_id: int) -> HttpResponse:
    return _move(request, rule_set_id, rule_id, -1)


@requires("fulfillment.change_ruleset")
@require_POST
@once
def rule_down(request: HttpRequest, rule_set_id: int, rule_id: int) -> HttpResponse:
    return _move(request, rule_set_id, rule_id, 1)


def _move(request: HttpRequest, rule_set_id: int, rule_id: int, by: int) -> HttpResponse:
    """Move a rule; its button keeps the focus, so that it can be pressed again."""
    rule = _rule(rule_set_id, rule_id)

    def work() -> str:
        place = services.move_rule(rule_id=rule_id, by=by, actor=Actor.of(request.user))
        return _("“%(rule)s” is rule %(place)d now.") % {"rule": rule, "place": place}

    return _run(request, rule_set_id, work, f"#rule-{rule_id}-{'up' if by < 0 else 'down'}")


@requires("fulfillment.change_ruleset")
@require_POST
@once
def rule_switch(request: HttpRequest, rule_set_id: int, rule_id: int) -> HttpResponse:
    """Switch a rule on or off: to the other of what the page showed."""
    rule = _rule(rule_set_id, rule_id)
    turn_on = request.POST.get("turn") == "on"

    def work() -> str:
        services.enable_rule(rule_id=rule_id, is_enabled=turn_on, actor=Actor.of(request.user))
        return (_("“%s” is on.") if turn_on else _("“%s” is off: no order comes to it.")) % rule

    return _run(request, rule_set_id, work, f"#rule-{rule_id}-switch")


@requires("fulfillment.change_ruleset")
@require_POST
@once
def rule_remove(request: HttpRequest, rule_set_id: int, rule_id: int) -> HttpResponse:
    rule = _rule(rule_set_id, rule_id)
    try:
        draft, place = services.remove_rule(rule_id=rule_id, actor=Actor.of(request.user))
    except Refusal as refusal:
        return render_page(request, rule_set_id, str(refusal))
    undo = reverse(
        "fulfillment:rule_restore", args=[rule_set_id, _packed(draft, place, rule_set_id)]
    )
    messages.success(request, _("Removed “%s”.") % rule, extra_tags=f"undo:{undo}")
    return HttpResponseRedirect(page_url(rule_set_id))


@requires("fulfillment.change_ruleset")
@require_POST
@once
def rule_restore(request: HttpRequest, rule_set_id: int, removed: str) -> HttpResponse:
    """Put a rule that was removed back to its place; what it said travels, signed, in the URL."""
    _rule_set(rule_set_id)
    try:
        facts, place = signing.loads(removed, salt=f"{UNDO}.{rule_set_id}", max_age=UNDO_S)
    except signing.BadSignature:
        raise missing(_("This rule can no longer be put back.")) from None

    def work() -> str:
        draft, actor = RuleDraft.from_json(facts), Actor.of(request.user)
        services.add_rule(rule_set_id=rule_set_id, draft=draft, position=place, actor=actor)
        return _("“%s” is back.") % draft.name

    return _run(request, rule_set_id, work)


def _packed(draft: RuleDraft, place: int, rule_set_id: int) -> str:
    return signing.dumps([draft.to_json(), place], salt=f"{UNDO}.{rule_set_id}", compress=True)


def _run(
    request: HttpRequest, rule_set_id: int, work: Callable[[], str], anchor: str = ""
) -> HttpResponse:
    return act(
        request,
        work,
        back_to=page_url(rule_set_id) + anchor,
        refuse=lambda sentence: render_page(request, rule_set_id, sentence),
    )


def _rule_set(rule_set_id: int) -> RuleSet:
    try:
        return RuleSet.objects.get(pk=rule_set_id)
    except RuleSet.DoesNotExist:
        raise missing(_("There is no such rule set.")) from None


def _rule(rule_set_id: int, rule_id: int) -> RoutingRule:
    found = RoutingRule.objects.filter(pk=rule_id, rule_set=rule_set_id).first()
    if found is None:
        raise missing(_("There is no such rule (any more)."))
    return found
