from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from fulfillment.models.rules import RejectionReason
from fulfillment.models.shipment import Shipment
from inventory.models import Product, Warehouse
from orders.models import OrderLine


class Rejection(models.Model):
    """A warehouse sent units of a shipment line back. Append-only."""

    shipment = models.ForeignKey(Shipment, models.PROTECT, related_name="rejections")
    warehouse = models.ForeignKey(Warehouse, models.PROTECT, related_name="+")
    order_line = models.ForeignKey(OrderLine, models.PROTECT, related_name="+")
    product = models.ForeignKey(Product, models.PROTECT, related_name="+")
    quantity = models.IntegerField(_("quantity"))
    reason = models.ForeignKey(RejectionReason, models.PROTECT, related_name="+")
    note = models.TextField(_("note"), blank=True, db_default="")
    actor_label = models.CharField(max_length=150)
    at = models.DateTimeField(_("time"), db_default=Now())

    class Meta:
        verbose_name = _("rejection")
        verbose_name_plural = _("rejections")
        permissions = [("reject_line", _("Can reject shipment lines"))]
        constraints = [
            models.CheckConstraint(condition=Q(quantity__gt=0), name="rejection_quantity")
        ]
        indexes = [models.Index(fields=["warehouse", "-at"], name="rejection_warehouse")]

    def __str__(self) -> str:
        return f"{self.quantity} × {self.product_id} at {self.warehouse_id}"


class SiteExclusion(models.Model):
    """Until then nothing (of the product) is routed to the warehouse."""

    warehouse = models.ForeignKey(Warehouse, models.CASCADE, related_name="+")
    product = models.ForeignKey(Product, models.CASCADE, null=True, blank=True, related_name="+")
    until_at = models.DateTimeField(_("until"))
    reason = models.CharField(_("reason"), max_length=200)
    rejection = models.ForeignKey(
        Rejection, models.SET_NULL, null=True, blank=True, related_name="exclusions"
    )
    actor_label = models.CharField(max_length=150)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name = _("excluded warehouse")
        verbose_name_plural = _("excluded warehouses")
        indexes = [models.Index(fields=["until_at"], name="site_exclusion_until")]

    def __str__(self) -> str:
        return f"{self.warehouse_id} until {self.until_at}"


class SiteScore(models.Model):
    """How reliable a warehouse is: the share of its lines of the last 90 days that it did not reject."""

    warehouse = models.OneToOneField(Warehouse, models.CASCADE, related_name="+")
    lines = models.IntegerField(_("lines"), default=0, db_default=0)
    rejected = models.IntegerField(_("rejected"), default=0, db_default=0)
    score = models.DecimalField(
        _("reliability (%)"), max_digits=4, decimal_places=1, default=100, db_default=100
    )
    computed_at = models.DateTimeField(_("computed"), db_default=Now())

    class Meta:
        verbose_name = _("reliability of a warehouse")
        verbose_name_plural = _("reliability of warehouses")
        constraints = [
            models.CheckConstraint(
                condition=Q(score__gte=0) & Q(score__lte=100), name="site_score_range"
            )
        ]

    def __str__(self) -> str:
        return f"{self.warehouse_id}: {self.score}"


class SiteDay(models.Model):
    """How many shipments are planned to leave a warehouse on a day; never above its capacity then."""

    warehouse = models.ForeignKey(Warehouse, models.CASCADE, related_name="+")
    date = models.DateField(_("date"))
    planned = models.IntegerField(_("planned"), default=0, db_default=0)

    class Meta:
        verbose_name = _("day of a warehouse")
        verbose_name_plural = _("days of warehouses")
        constraints = [
            models.UniqueConstraint(fields=["warehouse", "date"], name="site_day_once"),
            models.CheckConstraint(condition=Q(planned__gte=0), name="site_day_planned"),
        ]

    def __str__(self) -> str:
        return f"{self.warehouse_id} {self.date}: {self.planned}"


class LinePromise(models.Model):
    """What the customer of an order line was told first, and when it comes by all we know now.

    ``cause`` and ``facts`` say where the date comes from (stock, a purchase order, a pre-order).
    """

    class Cause(models.TextChoices):
        STOCK = "stock", _("In stock")
        SHIPMENT = "shipment", _("On a shipment")
        INCOMING = "incoming", _("Arriving goods")
        PREORDER = "preorder", _("Pre-order")
        UNKNOWN = "unknown", _("No date known")

    order_line = models.OneToOneField(OrderLine, models.CASCADE, related_name="+")
    promised_date = models.DateField(_("promised"), null=True)
    expected_date = models.DateField(_("expected"), null=True)
    cause = models.CharField(_("cause"), max_length=8, choices=Cause)
    facts = models.JSONField(default=dict)
    is_open = models.BooleanField(default=True, db_default=True)
    promised_at = models.DateTimeField(null=True)
    computed_at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name = _("promise")
        verbose_name_plural = _("promises")
        constraints = [
            models.CheckConstraint(
                condition=Q(cause__in=["stock", "shipment", "incoming", "preorder", "unknown"]),
                name="line_promise_cause",
            )
        ]
        indexes = [
            models.Index(
                fields=["promised_date", "id"],
                condition=Q(is_open=True)
                & (Q(expected_date__isnull=True) | Q(expected_date__gt=F("promised_date"))),
                name="line_promise_at_risk",
            )
        ]

    def __str__(self) -> str:
        return f"{self.order_line_id}: {self.expected_date}"
