"""Background jobs: how far they are, the button that stops them, what they could not do."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.cache import patch_vary_headers
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from oms.core.access import staff
from oms.core.actors import Actor
from oms.core.exceptions import Refusal
from oms.core.idempotency import once
from oms.core.job_pages import JobView, job_list, job_view, may_cancel, visible_jobs
from oms.core.models import Job
from oms.core.progress import cancel_job
from oms.core.sheets import csv_answer


@require_GET
@staff
def jobs(request: HttpRequest) -> HttpResponse:
    """One's own background jobs; whoever is in charge sees everybody's."""
    found = job_list(request.user, request.GET)
    return render(request, "core/job_list.html", {"title": _("Background jobs"), "list": found})


@require_GET
@staff
def job_page(request: HttpRequest, number: str) -> HttpResponse:
    """One job; asked by its own progress box, only that box. Once it ends the page loads anew."""
    job = _job(request, number)
    is_box = "HX-Request" in request.headers
    shown = job_view(request.user, job, reload=not is_box or "reload" in request.GET)
    answer = _box(request, shown) if is_box else _page(request, shown)
    patch_vary_headers(answer, ["HX-Request"])
    return answer


def _box(request: HttpRequest, shown: JobView) -> HttpResponse:
    if shown.job.is_unfinished:
        return render(request, "core/_job_bar.html", {"view": shown})
    if shown.reload:
        return HttpResponse(headers={"HX-Refresh": "true"})
    answer = render(request, "core/_job_progress.html", {"view": shown})
    answer.headers["HX-Retarget"] = f"#job-{shown.job.number}"
    answer.headers["HX-Reswap"] = "outerHTML"
    return answer


def _page(request: HttpRequest, shown: JobView, refused: str = "") -> HttpResponse:
    context = {"title": shown.job.title, "view": shown, "job": shown.job, "refused": refused}
    return render(request, "core/job_page.html", context, status=409 if refused else 200)


@require_POST
@staff
@once
def cancel(request: HttpRequest, number: str) -> HttpResponse:
    """Stop a job."""
    job = _job(request, number)
    if job.is_unfinished and not may_cancel(request.user, job):
        raise PermissionDenied("core.change_job")
    try:
        stopped = cancel_job(job_id=job.pk, actor=Actor.of(request.user))
    except Refusal as refusal:
        return _page(request, job_view(request.user, job), str(refusal))
    if stopped.is_unfinished:
        messages.success(request, _("It stops as soon as it can."))
    else:
        messages.success(request, _("%s was stopped before it began.") % job)
    return redirect("admin:job_page", number)


@require_GET
@staff
def failures(request: HttpRequest, number: str) -> HttpResponseBase:
    """What a job could not do, as a file."""
    job = _job(request, number)
    rows = [(each["place"], each["sentence"]) for each in job.failures]
    return csv_answer(f"{job.number}-failures", [_("Where"), _("What is wrong")], rows)


def _job(request: HttpRequest, number: str) -> Job:
    return get_object_or_404(visible_jobs(request.user), number=number)
