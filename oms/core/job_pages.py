"""What the pages of background jobs show: one's own, and those of others where a role allows it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Q, QuerySet
from django.http import QueryDict
from django.urls import reverse
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from oms.core import listing
from oms.core.links import Link
from oms.core.listing import Listing, ListPage, Sort, View
from oms.core.models import Job
from oms.core.progress import job_kinds

JOBS = Listing(
    name="jobs",
    views=(
        View("all", gettext_lazy("All"), lambda rows: rows),
        View("unfinished", gettext_lazy("Unfinished"), lambda rows: rows.unfinished()),
        View(
            "failed",
            gettext_lazy("Failed"),
            lambda rows: rows.filter(status=Job.Status.FAILED),
            hot=True,
        ),
    ),
    sorts=(Sort("newest", gettext_lazy("Created"), "id"),),
)
JOB_HEADS = (
    (gettext_lazy("Number"), "", ""),
    (gettext_lazy("Job"), "", ""),
    (gettext_lazy("Started by"), "", ""),
    (gettext_lazy("Created"), "newest", ""),
    (gettext_lazy("Done"), "", "num"),
    (gettext_lazy("Status"), "", ""),
)


def visible_jobs(user: Any) -> QuerySet[Job]:
    """A person's own jobs, those of the kinds that they may see, or all."""
    if user.has_perm("core.view_job"):
        return Job.objects.all()
    kinds = [kind.name for kind in job_kinds() if user.has_perm(kind.permission)]
    return Job.objects.filter(Q(user_id=user.pk) | Q(kind__in=kinds))


def job_list(user: Any, params: QueryDict) -> ListPage:
    """The jobs that a person may see, the newest first."""
    return listing.load(JOBS, params, visible_jobs(user), heads=JOB_HEADS)


def may_cancel(user: Any, job: Job) -> bool:
    """Whether a person may stop this job: the one who started it, or somebody in charge."""
    return job.is_unfinished and (job.user_id == user.pk or user.has_perm("core.change_job"))


@dataclass(frozen=True, slots=True)
class JobView:
    """A job as its progress box shows it; ``reload`` loads the whole page anew when it ends."""

    job: Job
    can_cancel: bool
    reload: bool = False

    @property
    def hint(self) -> str:
        """What it is doing, in words."""
        if self.job.is_being_canceled:
            return _("It stops as soon as it can.")
        if self.job.status == Job.Status.QUEUED:
            return _("It waits for a worker. You may leave this page; the job goes on.")
        return _("You may leave this page; the job goes on.")

    @property
    def amount(self) -> str:
        """``1,200 of 10,000``, or nothing before the first sign."""
        if not self.job.total:
            return ""
        done, total = (
            number_format(each, force_grouping=True) for each in (self.job.done, self.job.total)
        )
        return _("%(done)s of %(total)s") % {"done": done, "total": total}

    @property
    def sentence(self) -> str:
        """How it ended."""
        if self.job.status == Job.Status.CANCELED:
            return _("It was stopped.")
        return str(self.job.error or self.job.result.get("sentence") or _("Done."))

    @property
    def tone(self) -> str:
        return {"failed": "danger", "canceled": "warning"}.get(self.job.status, "success")


def job_view(user: Any, job: Job, *, reload: bool = False) -> JobView:
    """A job for ``core/_job_progress.html``, on any page."""
    return JobView(job, may_cancel(user, job), reload)


def job_links(keys: Sequence[int]) -> dict[int, Link]:
    """The pages of jobs, for cases."""
    return {
        job.pk: Link(job.number, reverse("admin:job_page", args=[job.number]), job.title)
        for job in Job.objects.filter(pk__in=keys)
    }
