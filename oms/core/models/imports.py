from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _
from django_fsm import FSMField, transition

from oms.core.models.job import Job
from oms.core.numbering import NextNumber
from oms.core.querysets import LockingQuerySet


class ImportBatchQuerySet(LockingQuerySet["ImportBatch"]):
    pass


class ImportBatch(models.Model):
    """A file that somebody wants to take in: shown first, then imported, and undone while untouched.

    ``columns`` are the columns of the file as given: ``[header, name]``, the name empty where nobody
    knows the header.
    """

    class Status(models.TextChoices):
        UPLOADED = "uploaded", _("Uploaded")
        CHECKED = "checked", _("Checked")
        IMPORTED = "imported", _("Imported")
        UNDONE = "undone", _("Undone")
        DISCARDED = "discarded", _("Discarded")

    number = models.CharField(
        _("number"),
        max_length=32,
        unique=True,
        db_default=NextNumber("IM", "number_import"),
        editable=False,
    )
    kind = models.CharField(_("kind"), max_length=32)
    file_name = models.CharField(_("file"), max_length=200)
    columns = models.JSONField(default=list)
    row_count = models.PositiveIntegerField(_("rows"), default=0, db_default=0)
    status = FSMField(_("status"), protected=True, choices=Status, default=Status.UPLOADED)
    job = models.ForeignKey(Job, models.SET_NULL, null=True, blank=True, related_name="+")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+"
    )
    actor_label = models.CharField(_("by"), max_length=150)
    created_at = models.DateTimeField(_("uploaded"), db_default=Now())
    imported_at = models.DateTimeField(_("imported"), null=True, blank=True)
    undone_at = models.DateTimeField(_("undone"), null=True, blank=True)

    objects = ImportBatchQuerySet.as_manager()

    class Meta:
        verbose_name = _("import")
        verbose_name_plural = _("imports")
        constraints = [
            models.CheckConstraint(
                condition=Q(status__in=["uploaded", "checked", "imported", "undone", "discarded"]),
                name="import_status",
            )
        ]
        indexes = [models.Index(fields=["kind", "-id"], name="import_by_kind")]

    def __str__(self) -> str:
        return self.number

    @transition(field=status, source=Status.UPLOADED, target=Status.CHECKED)
    def check_rows(self) -> None:
        """Every row is known to be new, changed, unchanged or wrong."""

    @transition(field=status, source=Status.CHECKED, target=Status.IMPORTED)
    def take_in(self) -> None:
        """The good rows are in the books."""
        self.imported_at = Now()

    @transition(field=status, source=Status.IMPORTED, target=Status.UNDONE)
    def undo(self) -> None:
        """Everything is as it was before."""
        self.undone_at = Now()

    @transition(field=status, source=[Status.UPLOADED, Status.CHECKED], target=Status.DISCARDED)
    def discard(self) -> None:
        """Nobody wants it."""


class ImportRow(models.Model):
    """One row of a file: what it says, what that means, and the state before and after it.

    ``given`` holds the cells by header; ``before`` and ``after`` are texts by column, ``before`` is
    empty for what is new. ``problems`` are pairs of column and sentence.
    """

    class Outcome(models.TextChoices):
        PENDING = "pending", _("Not checked yet")
        NEW = "new", _("New")
        CHANGED = "changed", _("Changed")
        UNCHANGED = "unchanged", _("Unchanged")
        ERROR = "error", _("Error")

    WANTED = (Outcome.NEW, Outcome.CHANGED)

    batch = models.ForeignKey(ImportBatch, models.CASCADE, related_name="rows", db_index=False)
    row_number = models.PositiveIntegerField(_("row"))
    given = models.JSONField(default=dict)
    key = models.CharField(max_length=255, blank=True, default="", db_default="")
    outcome = models.CharField(
        max_length=9, choices=Outcome, default=Outcome.PENDING, db_default=Outcome.PENDING
    )
    before = models.JSONField(null=True)
    after = models.JSONField(null=True)
    problems = models.JSONField(default=list)

    class Meta:
        verbose_name = _("imported row")
        verbose_name_plural = _("imported rows")
        constraints = [
            models.UniqueConstraint(fields=["batch", "row_number"], name="import_row_once"),
            models.CheckConstraint(
                condition=Q(outcome__in=["pending", "new", "changed", "unchanged", "error"]),
                name="import_row_outcome",
            ),
        ]
        indexes = [models.Index(fields=["batch", "outcome", "id"], name="import_row_outcomes")]

    def __str__(self) -> str:
        return f"row {self.row_number}"

    @property
    def changes(self) -> list[tuple[str, Any, Any]]:
        """Column, old and new text of what the row changes."""
        before, after = self.before or {}, self.after or {}
        return [
            (name, before.get(name, ""), value)
            for name, value in after.items()
            if before.get(name, "") != value
        ]
