"""Rule sets that are tried: replays of the past, and the shadow beside what is decided now."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from fulfillment.forms import ReplayForm
from fulfillment.models import ReplayRun
from fulfillment.selectors.replay_page import figure_rows, replay_changes
from fulfillment.selectors.shadow_page import shadow_page
from fulfillment.services.replay import start_replay
from fulfillment.views.rule_set import crumbs, page_for, render_page
from oms.core.access import requires
from oms.core.actors import Actor
from oms.core.exceptions import Refusal
from oms.core.idempotency import once
from oms.core.job_pages import job_view
from oms.core.models import Job
from oms.core.views.acting import missing
from oms.core.views.fragments import render_list


@requires("fulfillment.change_ruleset")
@require_POST
@once
def replay_start(request: HttpRequest, rule_set_id: int) -> HttpResponse:
    page_for(rule_set_id)
    form = ReplayForm(request.POST, auto_id="replay-%s")
    if not form.is_valid():
        return render_page(request, rule_set_id, name="replay", form=form)
    try:
        run = start_replay(
            rule_set_id=rule_set_id,
            days=form.cleaned_data["days"],
            actor=Actor.of(request.user),
        )
    except Refusal as refusal:
        return render_page(request, rule_set_id, str(refusal))
    return HttpResponseRedirect(reverse("fulfillment:replay_page", args=[rule_set_id, run.pk]))


@requires("fulfillment.view_ruleset")
def replay_page(request: HttpRequest, rule_set_id: int, run_id: int) -> HttpResponse:
    """How far it is; once it is done, both sides and the orders that change."""
    runs = ReplayRun.objects.filter(pk=run_id, rule_set=rule_set_id).select_related("rule_set")
    if (run := runs.first()) is None:
        raise missing(_("There is no such replay."))
    context: dict[str, Any] = {
        "title": _("Replay"),
        "crumbs": crumbs(_("Replay"), rule_set=run.rule_set),
        "run": run,
        "rule_set": run.rule_set,
    }
    if run.finished_at is None:
        job = Job.objects.filter(pk=run.job_id or 0).first()
        context |= {"job": job, "view": job_view(request.user, job, reload=True) if job else None}
        return render(request, "fulfillment/replay_page.html", context)
    page, changes = replay_changes(run, request.user, request.GET)
    context |= {"list": page, "changes": changes, "rows": figure_rows(run.figures)}
    return render_list(
        request, "fulfillment/replay_page.html", "fulfillment/_replay_changes.html", context
    )


@requires("fulfillment.view_ruleset")
def shadow_results(request: HttpRequest, rule_set_id: int) -> HttpResponse:
    """What the set would have done with the orders that were routed while it ran in the shadow."""
    rule_set = page_for(rule_set_id).rule_set
    page = shadow_page(rule_set, request.user, request.GET)
    context = {
        "title": _("In the shadow"),
        "crumbs": crumbs(_("In the shadow"), rule_set=rule_set),
        "rule_set": rule_set,
        "page": page,
        "list": page.page,
        "changes": page.changes,
        "rows": page.figures,
    }
    return render_list(
        request, "fulfillment/shadow_page.html", "fulfillment/_replay_changes.html", context
    )
