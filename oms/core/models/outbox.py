from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _


class OutboxEvent(models.Model):
    """A fact that was committed with the change it tells of. The relay fans it out once."""

    topic = models.CharField(max_length=64)
    stream = models.CharField(max_length=64)
    payload = models.JSONField()
    created_at = models.DateTimeField(db_default=Now())
    fanned_out_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(
                fields=["id"],
                condition=models.Q(fanned_out_at=None),
                name="outbox_to_fan_out",
            ),
            models.Index(fields=["created_at"], name="outbox_age"),
        ]

    def __str__(self) -> str:
        return f"{self.topic} {self.stream}"


class Delivery(models.Model):
    """One event on its way to one subscriber; ``attempts`` is raised when it is claimed."""

    class State(models.TextChoices):
        PENDING = "pending", _("Pending")
        DONE = "done", _("Done")
        PARKED = "parked", _("Parked")

    event = models.ForeignKey(OutboxEvent, models.CASCADE, related_name="deliveries")
    subscriber = models.CharField(max_length=100)
    stream = models.CharField(max_length=64)
    state = models.CharField(
        max_length=8, choices=State, default=State.PENDING, db_default=State.PENDING
    )
    attempts = models.PositiveIntegerField(default=0, db_default=0)
    due_at = models.DateTimeField(db_default=Now())
    lease_until = models.DateTimeField(null=True)
    lease_token = models.UUIDField(null=True)
    last_error = models.TextField(blank=True, db_default="")
    created_at = models.DateTimeField(db_default=Now())
    done_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("delivery")
        verbose_name_plural = _("deliveries")
        permissions = [("retry_delivery", _("Can retry parked deliveries"))]
        constraints = [
            models.UniqueConstraint(fields=["event", "subscriber"], name="delivery_once"),
            models.CheckConstraint(
                condition=models.Q(state__in=["pending", "done", "parked"]),
                name="delivery_state",
            ),
        ]
        indexes = [
            models.Index(
                fields=["subscriber", "stream", "id"],
                condition=models.Q(state="pending"),
                name="delivery_pending",
            ),
            models.Index(
                fields=["subscriber", "due_at"],
                condition=models.Q(state="pending"),
                name="delivery_due",
            ),
            models.Index(
                fields=["id"],
                condition=models.Q(state="parked"),
                name="delivery_parked",
            ),
            models.Index(fields=["done_at"], name="delivery_age"),
        ]

    def __str__(self) -> str:
        return f"{self.subscriber} {self.event_id}"
