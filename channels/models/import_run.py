from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from orders.models import SalesChannel


class ImportRun(models.Model):
    """The import of one file, over as many starts as it took. ``position`` is the resume point."""

    class Mode(models.TextChoices):
        HISTORY = "history", _("History")
        LIVE = "live", _("Live")

    channel = models.ForeignKey(SalesChannel, models.PROTECT, related_name="+")
    file_name = models.CharField(_("file"), max_length=255)
    file_sha256 = models.CharField(max_length=64)
    mapping = models.CharField(_("mapping"), max_length=64)
    mode = models.CharField(_("mode"), max_length=8, choices=Mode)
    position = models.PositiveIntegerField(
        _("rows done"), default=0, db_default=0, help_text=_("Rows that are committed.")
    )
    counts = models.JSONField(default=dict, db_default={}, encoder=DjangoJSONEncoder)
    rejected = models.PositiveIntegerField(_("rejected rows"), default=0, db_default=0)
    actor_label = models.CharField(_("by"), max_length=150)
    started_at = models.DateTimeField(_("started"), db_default=Now())
    finished_at = models.DateTimeField(_("finished"), null=True)

    class Meta:
        verbose_name = _("import")
        verbose_name_plural = _("imports")
        constraints = [
            models.UniqueConstraint(
                fields=["channel", "file_sha256", "mode"], name="import_run_per_file"
            ),
            models.CheckConstraint(
                condition=models.Q(mode__in=["history", "live"]), name="import_run_mode"
            ),
        ]

    def __str__(self) -> str:
        return self.file_name


class ImportedDocument(models.Model):
    """An invoice of a file that was imported, once and for ever: (channel, external id).

    With the ordinal of a row in it, this is the identity of a row. ``digest`` tells the same invoice
    in another file from one that carries the same number and says something else.
    """

    channel = models.ForeignKey(SalesChannel, models.PROTECT, related_name="+")
    external_id = models.CharField(max_length=128)
    digest = models.CharField(max_length=32)
    run = models.ForeignKey(ImportRun, models.CASCADE, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["channel", "external_id"], name="imported_document_once"
            )
        ]

    def __str__(self) -> str:
        return self.external_id
