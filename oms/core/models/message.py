from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from oms.core.models.paper import Paper


class Message(models.Model):
    """One message to one person. ``message_id`` stays the same however often sending is tried."""

    class Medium(models.TextChoices):
        MAIL = "mail", _("Mail")

    class State(models.TextChoices):
        QUEUED = "queued", _("Waiting")
        SENT = "sent", _("Sent")
        FAILED = "failed", _("Failed")
        BOUNCED = "bounced", _("Bounced")

    medium = models.CharField(
        max_length=8, choices=Medium, default=Medium.MAIL, db_default=Medium.MAIL
    )
    to_address = models.CharField(max_length=254)
    subject = models.CharField(max_length=255)
    text = models.TextField()
    html = models.TextField(blank=True, db_default="")
    document_kind = models.CharField(max_length=32, blank=True, db_default="")
    document_id = models.BigIntegerField(null=True, blank=True)
    locale = models.CharField(max_length=12, default="en", db_default="en")
    state = models.CharField(
        max_length=8, choices=State, default=State.QUEUED, db_default=State.QUEUED
    )
    attempts = models.PositiveIntegerField(default=0, db_default=0)
    due_at = models.DateTimeField(db_default=Now())
    lease_until = models.DateTimeField(null=True, blank=True)
    lease_token = models.UUIDField(null=True, blank=True)
    created_at = models.DateTimeField(db_default=Now())
    sent_at = models.DateTimeField(null=True, blank=True)
    error = models.TextField(blank=True, db_default="")
    dedupe_key = models.CharField(max_length=200, unique=True)
    message_id = models.CharField(max_length=255, unique=True)

    class Meta:
        verbose_name = _("message")
        verbose_name_plural = _("messages")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(state__in=["queued", "sent", "failed", "bounced"]),
                name="message_state",
            ),
            models.CheckConstraint(condition=models.Q(medium__in=["mail"]), name="message_medium"),
            models.CheckConstraint(
                condition=~models.Q(state="sent") | models.Q(sent_at__isnull=False),
                name="message_sent_has_a_time",
            ),
            models.CheckConstraint(
                condition=~models.Q(state__in=["failed", "bounced"]) | models.Q(error__gt=""),
                name="message_failed_says_why",
            ),
        ]
        indexes = [
            models.Index(
                fields=["due_at", "id"],
                condition=models.Q(state="queued"),
                name="message_due",
            ),
            models.Index(
                fields=["id"],
                condition=models.Q(state__in=["failed", "bounced"]),
                name="message_undelivered",
            ),
            models.Index(fields=["document_kind", "document_id", "id"], name="message_document"),
            models.Index(fields=["to_address"], name="message_to_address"),
        ]

    def __str__(self) -> str:
        return self.subject


class MessageAttachment(models.Model):
    """A file that goes with a message: a paper, or a small text such as CSV kept here."""

    message = models.ForeignKey(Message, models.CASCADE, related_name="attachments")
    name = models.CharField(max_length=100)
    content_type = models.CharField(max_length=100, db_default="application/pdf")
    paper = models.ForeignKey(Paper, models.PROTECT, null=True, related_name="+")
    text = models.TextField(blank=True, db_default="")

    class Meta:
        verbose_name = _("attachment")
        verbose_name_plural = _("attachments")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(paper__isnull=False, text="")
                | models.Q(paper__isnull=True, text__gt=""),
                name="message_attachment_is_one_thing",
            )
        ]

    def __str__(self) -> str:
        return self.name
