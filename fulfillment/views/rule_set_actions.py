"""What can be done with a rule set: each view is one service call."""

from __future__ import annotations

from collections.abc import Callable

from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from fulfillment.forms import RuleSetForm
from fulfillment.services import rule_sets
from fulfillment.views.rule_set import page_for, page_url, render_page
from oms.core.access import requires
from oms.core.actors import Actor
from oms.core.idempotency import once
from oms.core.views.acting import act


def _run(
    request: HttpRequest,
    rule_set_id: int,
    work: Callable[[], str],
    name: str = "",
    form: Form | None = None,
) -> HttpResponse:
    return act(
        request,
        work,
        back_to=page_url(rule_set_id),
        refuse=lambda sentence: render_page(request, rule_set_id, sentence, name, form),
    )


@requires("fulfillment.activate_ruleset")
@require_POST
@once
def activate(request: HttpRequest, rule_set_id: int) -> HttpResponse:
    rule_set = page_for(rule_set_id).rule_set

    def work() -> str:
        before = rule_sets.activate_rule_set(rule_set_id=rule_set_id, actor=Actor.of(request.user))
        if before is None:
            return _("“%s” decides from now on.") % rule_set
        return _("“%(new)s” decides from now on; “%(old)s” is archived.") % {
            "new": rule_set,
            "old": before,
        }

    return _run(request, rule_set_id, work)


@requires("fulfillment.change_ruleset")
@require_POST
@once
def archive(request: HttpRequest, rule_set_id: int) -> HttpResponse:
    rule_set = page_for(rule_set_id).rule_set

    def work() -> str:
        rule_sets.archive_rule_set(rule_set_id=rule_set_id, actor=Actor.of(request.user))
        return _("Archived “%s”.") % rule_set

    return _run(request, rule_set_id, work)


@requires("fulfillment.change_ruleset")
@require_POST
@once
def restore(request: HttpRequest, rule_set_id: int) -> HttpResponse:
    rule_set = page_for(rule_set_id).rule_set

    def work() -> str:
        rule_sets.restore_rule_set(rule_set_id=rule_set_id, actor=Actor.of(request.user))
        return _("“%s” is a draft again.") % rule_set

    return _run(request, rule_set_id, work)


@requires("fulfillment.change_ruleset")
@require_POST
@once
def copy(request: HttpRequest, rule_set_id: int) -> HttpResponse:
    page_for(rule_set_id)
    made = rule_sets.copy_rule_set(rule_set_id=rule_set_id, actor=Actor.of(request.user))
    return _run(request, made.pk, lambda: _("This copy is a draft: change it as you like."))


@requires("fulfillment.change_ruleset")
@require_POST
@once
def rename(request: HttpRequest, rule_set_id: int) -> HttpResponse:
    page_for(rule_set_id)
    form = RuleSetForm(request.POST, auto_id="rename-%s")
    if not form.is_valid():
        return render_page(request, rule_set_id, name="rename", form=form)

    def work() -> str:
        actor = Actor.of(request.user)
        rule_sets.rename_rule_set(rule_set_id=rule_set_id, **form.cleaned_data, actor=actor)
        return _("Saved name and note.")

    return _run(request, rule_set_id, work, "rename", form)


@requires("fulfillment.change_ruleset")
@require_POST
@once
def start_shadow(request: HttpRequest, rule_set_id: int) -> HttpResponse:
    rule_set = page_for(rule_set_id).rule_set

    def work() -> str:
        rule_sets.start_shadow(rule_set_id=rule_set_id, actor=Actor.of(request.user))
        return _("“%s” decides in the shadow of every order from now on.") % rule_set

    return _run(request, rule_set_id, work)


@requires("fulfillment.change_ruleset")
@require_POST
@once
def end_shadow(request: HttpRequest, rule_set_id: int) -> HttpResponse:
    rule_set = page_for(rule_set_id).rule_set

    def work() -> str:
        rule_sets.end_shadow(rule_set_id=rule_set_id, actor=Actor.of(request.user))
        return _("The shadow of “%s” has ended.") % rule_set

    return _run(request, rule_set_id, work)
