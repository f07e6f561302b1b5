from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _
from django_fsm import FSMField, transition

from fulfillment.models.shipment import Shipment, ShipmentLine
from oms.core.querysets import LockingQuerySet


class ParcelQuerySet(LockingQuerySet["Parcel"]):
    pass


class Parcel(models.Model):
    """One physical box with one label. The ledger books its contents out at hand-over."""

    class Status(models.TextChoices):
        OPEN = "open", _("Open")
        CLOSED = "closed", _("Packed")
        SHIPPED = "shipped", _("Shipped")
        DELIVERED = "delivered", _("Delivered")
        VOID = "void", _("Void")

    shipment = models.ForeignKey(Shipment, models.CASCADE, related_name="parcels")
    position = models.PositiveSmallIntegerField(_("position"))
    status = FSMField(
        _("status"),
        protected=True,
        choices=Status,
        default=Status.OPEN,
    )
    weight_kg = models.DecimalField(
        _("weight (kg)"), max_digits=10, decimal_places=3, null=True, blank=True
    )
    length_mm = models.PositiveIntegerField(_("length (mm)"), null=True, blank=True)
    width_mm = models.PositiveIntegerField(_("width (mm)"), null=True, blank=True)
    height_mm = models.PositiveIntegerField(_("height (mm)"), null=True, blank=True)
    carrier = models.CharField(_("carrier"), max_length=32, blank=True, db_default="")
    service = models.CharField(_("service"), max_length=64, blank=True, db_default="")
    tracking_number = models.CharField(
        _("tracking number"), max_length=64, blank=True, db_default=""
    )
    times_undone = models.PositiveSmallIntegerField(
        default=0, db_default=0, help_text="How often its hand-over was undone."
    )
    created_at = models.DateTimeField(db_default=Now())
    shipped_at = models.DateTimeField(_("shipped"), null=True)
    delivered_at = models.DateTimeField(_("delivered"), null=True)

    objects = ParcelQuerySet.as_manager()

    class Meta:
        verbose_name = _("parcel")
        verbose_name_plural = _("parcels")
        constraints = [
            models.UniqueConstraint(fields=["shipment", "position"], name="parcel_position_once"),
            models.UniqueConstraint(
                fields=["carrier", "tracking_number"],
                condition=~Q(tracking_number=""),
                name="parcel_tracking_once",
            ),
            models.CheckConstraint(
                condition=Q(status__in=["open", "closed", "shipped", "delivered", "void"]),
                name="parcel_status",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.shipment} {self.position}"

    @transition(field=status, source=Status.OPEN, target=Status.CLOSED)
    def close(self) -> None:
        """Nothing more goes in."""

    @transition(field=status, source=Status.CLOSED, target=Status.OPEN)
    def reopen(self) -> None:
        """Take the tape off, before hand-over."""

    @transition(field=status, source=Status.CLOSED, target=Status.SHIPPED)
    def hand_over(self) -> None:
        """The carrier has it."""

    @transition(field=status, source=Status.SHIPPED, target=Status.CLOSED)
    def take_back(self) -> None:
        """The hand-over was undone."""

    @transition(field=status, source=Status.SHIPPED, target=Status.DELIVERED)
    def deliver(self) -> None:
        """The carrier delivered it."""

    @transition(field=status, source=[Status.OPEN, Status.CLOSED], target=Status.VOID)
    def void(self) -> None:
        """The box was emptied."""


class ParcelLine(models.Model):
    """Units of one shipment line in a parcel."""

    parcel = models.ForeignKey(Parcel, models.CASCADE, related_name="lines")
    shipment_line = models.ForeignKey(ShipmentLine, models.CASCADE, related_name="parcel_lines")
    quantity = models.IntegerField(_("quantity"))

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["parcel", "shipment_line"], name="parcel_line_once"),
            models.CheckConstraint(condition=Q(quantity__gt=0), name="parcel_line_quantity"),
        ]

    def __str__(self) -> str:
        return f"{self.quantity} in {self.parcel_id}"
