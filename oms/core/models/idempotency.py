from django.db import models
from django.db.models.functions import Now


class FormKey(models.Model):
    """A form that was posted once: its key, and where its answer led."""

    scope = models.CharField(max_length=100)
    key = models.CharField(max_length=64)
    location = models.CharField(max_length=500, blank=True, db_default="")
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [models.UniqueConstraint(fields=["scope", "key"], name="formkey_once")]
        indexes = [models.Index(fields=["created_at"], name="formkey_age")]

    def __str__(self) -> str:
        return f"{self.scope} {self.key}"
