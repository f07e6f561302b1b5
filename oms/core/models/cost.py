from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from oms.core.money import AmountField


class CostEvent(models.Model):
    """What a step of an order's way cost us (label, carton, pick, return, payment fee)."""

    class Kind(models.TextChoices):
        PICK = "pick", _("Pick")
        CARTON = "carton", _("Carton")
        LABEL = "label", _("Label")
        RETURN = "return", _("Return")
        PAYMENT_FEE = "payment_fee", _("Payment fee")

    kind = models.CharField(max_length=16, choices=Kind)
    document_kind = models.CharField(max_length=32)
    document_id = models.BigIntegerField()
    order_id = models.BigIntegerField(null=True)
    amount = AmountField()
    currency = models.CharField(max_length=3)
    at = models.DateTimeField(db_default=Now())

    class Meta:
        indexes = [
            models.Index(fields=["order_id"], name="cost_order"),
            models.Index(fields=["document_kind", "document_id"], name="cost_document"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.amount} {self.currency}"
