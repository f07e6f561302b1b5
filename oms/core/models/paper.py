from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _


class Paper(models.Model):
    """A PDF made from a document. The row is there at once, the file when the worker has drawn it."""

    class State(models.TextChoices):
        QUEUED = "queued", _("Being made")
        READY = "ready", _("Ready")
        FAILED = "failed", _("Failed")

    kind = models.CharField(max_length=32)
    title = models.CharField(max_length=100, blank=True, db_default="")
    document_kind = models.CharField(max_length=32)
    document_id = models.BigIntegerField()
    locale = models.CharField(max_length=12, default="en", db_default="en")
    state = models.CharField(
        max_length=6, choices=State, default=State.QUEUED, db_default=State.QUEUED
    )
    storage_key = models.CharField(max_length=255, blank=True, db_default="")
    sha256 = models.CharField(max_length=64, blank=True, db_default="")
    size = models.PositiveBigIntegerField(default=0, db_default=0)
    pages = models.PositiveIntegerField(default=0, db_default=0)
    attempts = models.PositiveIntegerField(default=0, db_default=0)
    error = models.TextField(blank=True, db_default="")
    requested_by = models.CharField(max_length=150, blank=True, db_default="")
    is_copy = models.BooleanField(default=False, db_default=False)
    copies = models.PositiveIntegerField(default=0, db_default=0)
    created_at = models.DateTimeField(db_default=Now())
    queued_at = models.DateTimeField(db_default=Now())
    ready_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("paper")
        verbose_name_plural = _("papers")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(state__in=["queued", "ready", "failed"]),
                name="paper_state",
            ),
            models.CheckConstraint(
                condition=~models.Q(state="ready")
                | models.Q(
                    storage_key__gt="",
                    sha256__regex=r"^[0-9a-f]{64}$",
                    size__gt=0,
                    pages__gt=0,
                    ready_at__isnull=False,
                ),
                name="paper_ready_has_its_file",
            ),
            models.CheckConstraint(
                condition=~models.Q(state="failed") | models.Q(error__gt=""),
                name="paper_failed_says_why",
            ),
            models.UniqueConstraint(
                fields=["document_kind", "document_id", "kind", "locale", "is_copy"],
                condition=models.Q(state="queued"),
                name="paper_queued_once",
            ),
        ]
        indexes = [
            models.Index(fields=["document_kind", "document_id", "id"], name="paper_document"),
            models.Index(
                fields=["queued_at"],
                condition=models.Q(state="queued"),
                name="paper_queued",
            ),
            models.Index(fields=["id"], condition=models.Q(state="failed"), name="paper_failed"),
        ]

    def __str__(self) -> str:
        return self.title or f"{self.kind} {self.document_kind} {self.document_id}"

    @property
    def is_ready(self) -> bool:
        return self.state == self.State.READY

    @property
    def is_failed(self) -> bool:
        return self.state == self.State.FAILED
