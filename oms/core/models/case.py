from django.conf import settings
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _


class Case(models.Model):
    """Something stuck that wants a person. One open case per cause (``dedupe_key``)."""

    kind = models.CharField(max_length=32)
    dedupe_key = models.CharField(max_length=200)
    sentence = models.TextField()
    proposed_fix = models.CharField(max_length=64, blank=True, db_default="")
    document_kind = models.CharField(max_length=32, blank=True, db_default="")
    document_id = models.BigIntegerField(null=True)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
    )
    times = models.PositiveIntegerField(default=1, db_default=1)
    opened_at = models.DateTimeField(db_default=Now())
    last_seen_at = models.DateTimeField(db_default=Now())
    closed_at = models.DateTimeField(null=True, blank=True)
    closed_by = models.CharField(max_length=150, blank=True, db_default="")

    class Meta:
        verbose_name = _("case")
        verbose_name_plural = _("cases")
        constraints = [
            models.UniqueConstraint(
                fields=["dedupe_key"],
                condition=models.Q(closed_at=None),
                name="case_one_open_per_cause",
            )
        ]
        indexes = [
            models.Index(
                fields=["kind", "opened_at"],
                condition=models.Q(closed_at=None),
                name="case_open_by_kind",
            ),
            models.Index(fields=["document_kind", "document_id"], name="case_document"),
        ]

    def __str__(self) -> str:
        return self.sentence
