from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from oms.core.money import AmountField
from oms.core.querysets import LockingQuerySet
from orders.models.order import Order


class PaymentQuerySet(LockingQuerySet["Payment"]):
    pass


class Payment(models.Model):
    """Money for an order: what was authorized, captured, is being refunded and was refunded."""

    class Method(models.TextChoices):
        BANK_TRANSFER = "bank_transfer", _("Bank transfer")
        CARD = "card", _("Card")
        CASH = "cash", _("Cash")
        CHANNEL = "channel", _("Paid to the channel")

    order = models.ForeignKey(Order, models.PROTECT, related_name="payments")
    method = models.CharField(_("method"), max_length=16, choices=Method)
    currency = models.CharField(_("currency"), max_length=3)
    authorized = AmountField(_("authorized"), default=0, db_default=0)
    captured = AmountField(_("captured"), default=0, db_default=0)
    refund_pending = AmountField(_("refund pending"), default=0, db_default=0)
    refunded = AmountField(_("refunded"), default=0, db_default=0)
    reference = models.CharField(_("reference"), max_length=128, blank=True, db_default="")
    idem_key = models.CharField(max_length=100, unique=True)
    created_at = models.DateTimeField(db_default=Now())

    objects = PaymentQuerySet.as_manager()

    class Meta:
        verbose_name = _("payment")
        verbose_name_plural = _("payments")
        constraints = [
            models.CheckConstraint(
                condition=Q(authorized__gte=0)
                & Q(captured__gte=0)
                & Q(refund_pending__gte=0)
                & Q(refunded__gte=0),
                name="payment_not_negative",
            ),
            models.CheckConstraint(
                condition=Q(captured__gte=F("refund_pending") + F("refunded")),
                name="payment_refunds_within_captured",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.captured} {self.currency}"
