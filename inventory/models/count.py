from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower, Now
from django.utils.translation import gettext_lazy as _
from django_fsm import FSMField, transition

from inventory.models.product import Lot, Product
from inventory.models.warehouse import Bin, Warehouse
from oms.core.money import AmountField
from oms.core.numbering import NextNumber
from oms.core.querysets import LockingQuerySet


class StockCountQuerySet(LockingQuerySet["StockCount"]):
    pass


class StockCount(models.Model):
    """A list of places to count. A blind count shows what the books say only after counting."""

    class Status(models.TextChoices):
        OPEN = "open", _("Open")
        REVIEW = "review", _("To approve")
        POSTED = "posted", _("Posted")
        CANCELED = "canceled", _("Canceled")

    class Origin(models.TextChoices):
        CYCLE = "cycle", _("Cycle count")
        SHORTAGE = "shortage", _("Short pick")
        REJECTION = "rejection", _("Rejected line")
        DEMAND = "demand", _("On demand")

    number = models.CharField(
        _("number"),
        max_length=32,
        unique=True,
        db_default=NextNumber("CN", "number_stock_count"),
        editable=False,
    )
    warehouse = models.ForeignKey(Warehouse, models.PROTECT, related_name="+")
    status = FSMField(_("status"), protected=True, choices=Status, default=Status.OPEN)
    origin = models.CharField(_("origin"), max_length=9, choices=Origin, default=Origin.DEMAND)
    reason = models.CharField(_("reason"), max_length=200, blank=True, db_default="")
    is_blind = models.BooleanField(_("blind"), default=True, db_default=True)
    due_date = models.DateField(_("due"), null=True, blank=True)
    created_by = models.CharField(_("created by"), max_length=150, blank=True, db_default="")
    created_at = models.DateTimeField(_("created"), db_default=Now())
    closed_at = models.DateTimeField(_("closed"), null=True)

    objects = StockCountQuerySet.as_manager()

    class Meta:
        verbose_name = _("stock count")
        verbose_name_plural = _("stock counts")
        permissions = [("approve_stockcount", _("Can approve counts above the limit"))]
        constraints = [
            models.CheckConstraint(
                condition=Q(status__in=["open", "review", "posted", "canceled"]),
                name="stock_count_status",
            ),
            models.CheckConstraint(
                condition=Q(origin__in=["cycle", "shortage", "rejection", "demand"]),
                name="stock_count_origin",
            ),
        ]
        indexes = [models.Index(fields=["warehouse", "status", "-id"], name="stock_count_open")]

    def __str__(self) -> str:
        return self.number

    @transition(field=status, source=Status.OPEN, target=Status.REVIEW)
    def submit(self) -> None:
        """Everything is counted, and a difference is above the limit."""

    @transition(field=status, source=Status.REVIEW, target=Status.OPEN)
    def recount(self) -> None:
        """The differences are counted once more."""

    @transition(field=status, source=[Status.OPEN, Status.REVIEW], target=Status.POSTED)
    def post(self) -> None:
        """The differences are booked."""

    @transition(field=status, source=[Status.OPEN, Status.REVIEW], target=Status.CANCELED)
    def cancel(self) -> None:
        """Nothing is booked."""


class CountLine(models.Model):
    """One product (lot, serial number) in one bin.

    ``expected`` is what the books said at the moment of the count, so that what moves before the
    count or after it makes no difference.
    """

    stock_count = models.ForeignKey(StockCount, models.CASCADE, related_name="lines")
    bin = models.ForeignKey(Bin, models.PROTECT, related_name="+")
    product = models.ForeignKey(Product, models.PROTECT, related_name="+")
    lot = models.ForeignKey(Lot, models.PROTECT, null=True, blank=True, related_name="+")
    serial = models.CharField(max_length=64, null=True, blank=True)  # noqa: DJ001 - as in the bin
    expected = models.IntegerField(_("expected"), null=True, blank=True)
    counted = models.IntegerField(_("counted"), null=True, blank=True)
    counted_by = models.CharField(_("counted by"), max_length=150, blank=True, db_default="")
    counted_at = models.DateTimeField(_("counted at"), null=True, blank=True)
    first_counted = models.IntegerField(_("first count"), null=True, blank=True)
    first_counted_by = models.CharField(max_length=150, blank=True, db_default="")
    first_user_id = models.BigIntegerField(null=True, blank=True)
    user_id = models.BigIntegerField(null=True, blank=True)
    needs_second = models.BooleanField(default=False, db_default=False)

    class Meta:
        verbose_name = _("count line")
        verbose_name_plural = _("count lines")
        constraints = [
            models.UniqueConstraint(
                fields=["stock_count", "bin", "product", "lot", "serial"],
                nulls_distinct=False,
                name="count_line_once",
            ),
            models.CheckConstraint(
                condition=Q(counted=None)
                | (Q(counted__gte=0) & Q(expected__isnull=False) & Q(counted_at__isnull=False)),
                name="count_line_counted",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.product_id} in {self.bin_id}"


class AdjustmentReason(models.Model):
    """Why stock is corrected by hand. Above a limit somebody else has to approve.

    The row with the code "count" holds the limits of counts.
    """

    code = models.SlugField(_("code"), max_length=32)
    title = models.CharField(_("title"), max_length=100)
    limit_amount = AmountField(
        _("free up to (value at cost)"),
        null=True,
        blank=True,
        help_text=_("Empty means that no value needs an approval."),
    )
    limit_units = models.PositiveIntegerField(
        _("free up to (units)"),
        null=True,
        blank=True,
        help_text=_("Empty means that no number of units needs an approval."),
    )
    is_active = models.BooleanField(_("active"), default=True, db_default=True)

    class Meta:
        verbose_name = _("adjustment reason")
        verbose_name_plural = _("adjustment reasons")
        constraints = [
            models.UniqueConstraint(Lower("code"), name="adjustment_reason_unique"),
            models.CheckConstraint(
                condition=Q(limit_amount=None) | Q(limit_amount__gte=0),
                name="adjustment_reason_limit",
            ),
        ]

    def __str__(self) -> str:
        return self.title


class StockAdjustmentQuerySet(LockingQuerySet["StockAdjustment"]):
    pass


class StockAdjustment(models.Model):
    """A correction that somebody asked for: booked at once, or after an approval."""

    class Status(models.TextChoices):
        PENDING = "pending", _("To approve")
        POSTED = "posted", _("Posted")
        DECLINED = "declined", _("Declined")

    number = models.CharField(
        _("number"),
        max_length=32,
        unique=True,
        db_default=NextNumber("AD", "number_adjustment"),
        editable=False,
    )
    warehouse = models.ForeignKey(Warehouse, models.PROTECT, related_name="+")
    product = models.ForeignKey(Product, models.PROTECT, related_name="+")
    bin = models.ForeignKey(Bin, models.PROTECT, related_name="+")
    lot = models.ForeignKey(Lot, models.PROTECT, null=True, blank=True, related_name="+")
    serial = models.CharField(max_length=64, null=True, blank=True)  # noqa: DJ001 - as in the bin
    delta = models.IntegerField(_("difference"))
    reason = models.ForeignKey(AdjustmentReason, models.PROTECT, related_name="+")
    note = models.TextField(_("note"), blank=True, db_default="")
    amount = AmountField(_("value at cost"), default=0, db_default=0)
    status = FSMField(_("status"), protected=True, choices=Status, default=Status.PENDING)
    requested_by = models.ForeignKey("core.User", models.PROTECT, null=True, related_name="+")
    requested_at = models.DateTimeField(_("requested"), db_default=Now())
    decided_by = models.CharField(_("decided by"), max_length=150, blank=True, db_default="")
    reverses = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="reversals"
    )
    decided_at = models.DateTimeField(_("decided"), null=True)

    objects = StockAdjustmentQuerySet.as_manager()

    class Meta:
        verbose_name = _("stock adjustment")
        verbose_name_plural = _("stock adjustments")
        constraints = [
            models.CheckConstraint(
                condition=Q(status__in=["pending", "posted", "declined"]),
                name="stock_adjustment_status",
            ),
            models.CheckConstraint(condition=~Q(delta=0), name="stock_adjustment_delta"),
            models.UniqueConstraint(
                fields=["reverses"],
                condition=~Q(status="declined"),
                name="stock_adjustment_reversed_once",
            ),
        ]
        indexes = [models.Index(fields=["status", "-id"], name="stock_adjustment_by_status")]

    def __str__(self) -> str:
        return self.number

    @transition(field=status, source=Status.PENDING, target=Status.POSTED)
    def post(self) -> None:
        """The ledger has it."""

    @transition(field=status, source=Status.PENDING, target=Status.DECLINED)
    def decline(self) -> None:
        """It is not booked."""
