from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _


class Activity(models.Model):
    """One entry of a document's timeline. Append-only: a trigger refuses UPDATE and DELETE.

    No foreign key points here or away from here, so that the table can be partitioned by time.
    """

    document_kind = models.CharField(max_length=32)
    document_id = models.BigIntegerField()
    verb = models.CharField(max_length=64)
    old = models.TextField(blank=True, db_default="")
    new = models.TextField(blank=True, db_default="")
    note = models.TextField(blank=True, db_default="")
    user_id = models.BigIntegerField(null=True)
    actor_label = models.CharField(max_length=150)
    surface = models.CharField(max_length=16)
    at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name = _("activity")
        verbose_name_plural = _("activity")
        indexes = [
            models.Index(fields=["document_kind", "document_id", "id"], name="activity_document")
        ]

    def __str__(self) -> str:
        return f"{self.actor_label} {self.verb} {self.document_kind} {self.document_id}"
