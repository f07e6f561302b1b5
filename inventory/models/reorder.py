from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from inventory.models.product import Product
from inventory.models.warehouse import Warehouse
from oms.core.querysets import LockingQuerySet


class ReorderRuleQuerySet(LockingQuerySet["ReorderRule"]):
    def active(self) -> ReorderRuleQuerySet:
        return self.filter(is_active=True)

    def low(self) -> ReorderRuleQuerySet:
        """Stock fell to the point and is not back above it."""
        return self.filter(low_since__isnull=False)


class ReorderRule(models.Model):
    """When a product is ordered again at a warehouse, and up to what; base units.

    With the method "computed" a nightly job writes ``point`` and ``target`` from the demand over the
    lead time. ``low_since`` is the moment stock fell to the point; it is emptied when stock is back
    above it, so that one crossing gives one alert.
    """

    class Method(models.TextChoices):
        HAND = "hand", _("By hand")
        COMPUTED = "computed", _("Computed")

    product = models.ForeignKey(Product, models.CASCADE, related_name="reorder_rules")
    warehouse = models.ForeignKey(Warehouse, models.CASCADE, related_name="+")
    method = models.CharField(
        _("method"), max_length=8, choices=Method, default=Method.HAND, db_default=Method.HAND
    )
    point = models.PositiveIntegerField(_("reorder point"), default=0, db_default=0)
    target = models.PositiveIntegerField(_("target"), default=0, db_default=0)
    service_percent = models.DecimalField(
        _("service level (%)"), max_digits=4, decimal_places=1, default=95, db_default=95
    )
    cover_days = models.PositiveSmallIntegerField(_("order for (days)"), default=30, db_default=30)
    daily_demand = models.DecimalField(
        _("demand a day"), max_digits=12, decimal_places=3, null=True, blank=True, editable=False
    )
    computed_at = models.DateTimeField(_("computed"), null=True, blank=True, editable=False)
    low_since = models.DateTimeField(_("low since"), null=True, blank=True, editable=False)
    is_active = models.BooleanField(_("active"), default=True, db_default=True)

    objects = ReorderRuleQuerySet.as_manager()

    class Meta:
        verbose_name = _("reorder rule")
        verbose_name_plural = _("reorder rules")
        constraints = [
            models.UniqueConstraint(fields=["product", "warehouse"], name="reorder_rule_once"),
            models.CheckConstraint(
                condition=Q(target__gte=F("point")),
                name="reorder_target_above_point",
                violation_error_message=_("The target lies at or above the reorder point."),
            ),
            models.CheckConstraint(
                condition=Q(service_percent__gte=50) & Q(service_percent__lt=100),
                name="reorder_service_percent",
            ),
            models.CheckConstraint(
                condition=Q(method__in=["hand", "computed"]), name="reorder_method"
            ),
        ]
        indexes = [
            models.Index(
                fields=["low_since"],
                condition=Q(low_since__isnull=False),
                name="reorder_rule_low",
            )
        ]

    def __str__(self) -> str:
        return f"{self.product} at {self.warehouse}"


class NoticeRecipient(models.Model):
    """Who is told by mail that a product is low or out of stock; without a product: of every one."""

    class Audience(models.TextChoices):
        VENDOR = "vendor", _("Vendor")
        SUPPLIER = "supplier", _("Supplier")
        PRODUCTION = "production", _("Production team")
        BUYER = "buyer", _("Buyer")

    class Occasion(models.TextChoices):
        LOW = "low", _("Low stock")
        OUT = "out", _("Out of stock")

    product = models.ForeignKey(
        Product, models.CASCADE, null=True, blank=True, related_name="notice_recipients"
    )
    audience = models.CharField(_("audience"), max_length=10, choices=Audience)
    occasion = models.CharField(
        _("told of"), max_length=3, choices=Occasion, default=Occasion.OUT, db_default="out"
    )
    email = models.EmailField(_("e-mail"))
    language = models.CharField(_("language"), max_length=16, default="en", db_default="en")
    is_active = models.BooleanField(_("active"), default=True, db_default=True)

    class Meta:
        verbose_name = _("notice recipient")
        verbose_name_plural = _("notice recipients")
        constraints = [
            models.UniqueConstraint(
                fields=["product", "occasion", "email"],
                nulls_distinct=False,
                name="notice_recipient_once",
            ),
            models.CheckConstraint(
                condition=Q(audience__in=["vendor", "supplier", "production", "buyer"])
                & Q(occasion__in=["low", "out"]),
                name="notice_recipient_kind",
            ),
        ]

    def __str__(self) -> str:
        return self.email


class StockOut(models.Model):
    """A time in which no warehouse had a unit of a product available; one open row per product."""

    product = models.ForeignKey(Product, models.CASCADE, related_name="stock_outs")
    since = models.DateTimeField(_("since"), db_default=Now())
    until = models.DateTimeField(_("until"), null=True)

    class Meta:
        verbose_name = _("stock-out")
        verbose_name_plural = _("stock-outs")
        constraints = [
            models.UniqueConstraint(
                fields=["product"], condition=Q(until=None), name="stock_out_open_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.product_id} since {self.since:%Y-%m-%d}"
