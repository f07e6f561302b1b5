from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _
from django_fsm import FSMField, transition

from oms.core.numbering import NextNumber
from oms.core.querysets import LockingQuerySet


class JobQuerySet(LockingQuerySet["Job"]):
    def unfinished(self) -> JobQuerySet:
        return self.filter(status__in=Job.UNFINISHED)


class Job(models.Model):
    """Work that takes longer than a page may: somebody started it and watches how far it is."""

    class Status(models.TextChoices):
        QUEUED = "queued", _("Queued")
        RUNNING = "running", _("Running")
        DONE = "done", _("Done")
        FAILED = "failed", _("Failed")
        CANCELED = "canceled", _("Canceled")

    UNFINISHED = (Status.QUEUED, Status.RUNNING)

    number = models.CharField(
        _("number"),
        max_length=32,
        unique=True,
        db_default=NextNumber("JB", "number_job"),
        editable=False,
    )
    kind = models.CharField(_("kind"), max_length=48)
    title = models.CharField(_("title"), max_length=200)
    params = models.JSONField(default=dict)
    queue = models.CharField(max_length=16, default="reports", db_default="reports")
    status = FSMField(_("status"), protected=True, choices=Status, default=Status.QUEUED)
    done = models.PositiveIntegerField(_("done"), default=0, db_default=0)
    total = models.PositiveIntegerField(_("of"), default=0, db_default=0)
    result = models.JSONField(default=dict)
    failures = models.JSONField(default=list)
    error = models.TextField(blank=True, db_default="")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+"
    )
    actor_label = models.CharField(_("started by"), max_length=150)
    surface = models.CharField(max_length=16)
    cancel_asked_at = models.DateTimeField(null=True, blank=True)
    heartbeat_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(_("created"), db_default=Now())
    started_at = models.DateTimeField(_("started"), null=True, blank=True)
    finished_at = models.DateTimeField(_("finished"), null=True, blank=True)

    objects = JobQuerySet.as_manager()

    class Meta:
        verbose_name = _("background job")
        verbose_name_plural = _("background jobs")
        constraints = [
            models.CheckConstraint(
                condition=Q(status__in=["queued", "running", "done", "failed", "canceled"]),
                name="job_status",
            ),
            models.CheckConstraint(
                condition=~Q(status="running") | Q(heartbeat_at__isnull=False),
                name="job_running_has_a_heartbeat",
            ),
            models.CheckConstraint(
                condition=~Q(status="failed") | Q(error__gt=""), name="job_failed_says_why"
            ),
        ]
        indexes = [
            models.Index(fields=["user", "-id"], name="job_of_user"),
            models.Index(fields=["kind", "-id"], name="job_by_kind"),
            models.Index(
                fields=["created_at"],
                condition=Q(status__in=["queued", "running"]),
                name="job_unfinished",
            ),
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def is_unfinished(self) -> bool:
        return self.status in self.UNFINISHED

    @property
    def is_being_canceled(self) -> bool:
        return self.is_unfinished and self.cancel_asked_at is not None

    @transition(field=status, source=Status.QUEUED, target=Status.RUNNING)
    def start(self) -> None:
        """A worker has taken it."""
        self.started_at = self.heartbeat_at = Now()

    @transition(field=status, source=Status.RUNNING, target=Status.DONE)
    def finish(self) -> None:
        """Its work is done."""
        self.finished_at = Now()

    @transition(field=status, source=UNFINISHED, target=Status.FAILED)
    def fail(self) -> None:
        """It ended without its result; ``error`` says why."""
        self.finished_at = Now()

    @transition(field=status, source=UNFINISHED, target=Status.CANCELED)
    def cancel(self) -> None:
        """A person stopped it; what it had not committed is undone."""
        self.finished_at = Now()
