from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _
from django_fsm import FSMField

from inventory.models import Product
from oms.core.money import AmountField
from oms.core.numbering import NextNumber
from orders.models import Customer, Order, OrderLine, SalesChannel


class Return(models.Model):
    """Goods that come back (RMA). A return from before this system enters settled."""

    class Status(models.TextChoices):
        REQUESTED = "requested", _("Requested")
        SETTLED = "settled", _("Settled")

    number = models.CharField(
        _("number"),
        max_length=32,
        unique=True,
        db_default=NextNumber("RMA", "number_return"),
        editable=False,
    )
    channel = models.ForeignKey(SalesChannel, models.PROTECT, related_name="+")
    external_id = models.CharField(max_length=128, blank=True, db_default="")
    customer = models.ForeignKey(Customer, models.PROTECT, null=True, related_name="+")
    status = FSMField(_("status"), protected=True, choices=Status, default=Status.REQUESTED)
    credited_amount = AmountField(_("credited"), default=0, db_default=0)
    currency = models.CharField(_("currency"), max_length=3)
    is_history = models.BooleanField(default=False, db_default=False)
    created_at = models.DateTimeField(_("created"), db_default=Now())
    settled_at = models.DateTimeField(_("settled"), null=True)

    class Meta:
        verbose_name = _("return")
        verbose_name_plural = _("returns")
        constraints = [
            models.CheckConstraint(
                condition=Q(status__in=["requested", "settled"]), name="return_status"
            ),
            models.UniqueConstraint(
                fields=["channel", "external_id"],
                condition=~Q(external_id=""),
                name="return_external_id_once",
            ),
        ]

    def __str__(self) -> str:
        return self.number


class ReturnLine(models.Model):
    """Units of one product that came back. Without ``order_line`` the sale is not known."""

    customer_return = models.ForeignKey(Return, models.CASCADE, related_name="lines")
    order = models.ForeignKey(Order, models.PROTECT, null=True, related_name="+")
    order_line = models.ForeignKey(OrderLine, models.PROTECT, null=True, related_name="+")
    product = models.ForeignKey(Product, models.PROTECT, related_name="+")
    quantity = models.IntegerField(_("quantity"))
    amount = AmountField(_("amount"))
    ordinal = models.PositiveIntegerField(default=0, db_default=0)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(quantity__gt=0), name="return_line_quantity")
        ]
        indexes = [models.Index(fields=["order_line"], name="return_line_order_line")]

    def __str__(self) -> str:
        return f"{self.quantity} × {self.product_id}"
