from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _
from django_fsm import FSMField, transition

from inventory.models.product import Lot, Product
from inventory.models.warehouse import Warehouse
from oms.core.numbering import NextNumber
from oms.core.querysets import LockingQuerySet


class TransferQuerySet(LockingQuerySet["Transfer"]):
    def arriving(self) -> TransferQuerySet:
        """On the way, and not everything is there."""
        return self.filter(status__in=Transfer.ARRIVING)


class Transfer(models.Model):
    """Goods that go from one of our warehouses to another, in two phases: sent, then received."""

    class Status(models.TextChoices):
        DRAFT = "draft", _("Draft")
        APPROVED = "approved", _("Approved")
        IN_TRANSIT = "in_transit", _("In transit")
        PARTLY_RECEIVED = "partly_received", _("Partly received")
        RECEIVED = "received", _("Received")
        CANCELED = "canceled", _("Canceled")

    ARRIVING = (Status.IN_TRANSIT, Status.PARTLY_RECEIVED)

    number = models.CharField(
        _("number"),
        max_length=32,
        unique=True,
        db_default=NextNumber("TR", "number_transfer"),
        editable=False,
    )
    warehouse_from = models.ForeignKey(
        Warehouse, models.PROTECT, related_name="+", verbose_name=_("from")
    )
    warehouse_to = models.ForeignKey(
        Warehouse, models.PROTECT, related_name="+", verbose_name=_("to")
    )
    status = FSMField(_("status"), protected=True, choices=Status, default=Status.DRAFT)
    reason = models.CharField(_("reason"), max_length=200, blank=True, db_default="")
    expected_date = models.DateField(_("expected"), null=True, blank=True)
    created_by = models.CharField(_("created by"), max_length=150, blank=True, db_default="")
    created_at = models.DateTimeField(_("created"), db_default=Now())
    approved_at = models.DateTimeField(_("approved"), null=True)
    sent_at = models.DateTimeField(_("sent"), null=True)
    closed_at = models.DateTimeField(_("closed"), null=True)

    objects = TransferQuerySet.as_manager()

    class Meta:
        verbose_name = _("transfer")
        verbose_name_plural = _("transfers")
        permissions = [("approve_transfer", _("Can approve transfers"))]
        constraints = [
            models.CheckConstraint(
                condition=Q(
                    status__in=[
                        "draft",
                        "approved",
                        "in_transit",
                        "partly_received",
                        "received",
                        "canceled",
                    ]
                ),
                name="transfer_status",
            ),
            models.CheckConstraint(
                condition=~Q(warehouse_from=F("warehouse_to")), name="transfer_goes_somewhere"
            ),
        ]
        indexes = [models.Index(fields=["status", "-id"], name="transfer_by_status")]

    def __str__(self) -> str:
        return self.number

    @transition(field=status, source=Status.DRAFT, target=Status.APPROVED)
    def approve(self) -> None:
        """Its units are allocated in the warehouse that sends."""

    @transition(field=status, source=Status.APPROVED, target=Status.DRAFT)
    def reopen(self) -> None:
        """Its allocations are given back while nothing has left."""

    @transition(field=status, source=Status.APPROVED, target=Status.IN_TRANSIT)
    def send(self) -> None:
        """The goods left: they are in no bin and no level until they arrive."""

    @transition(field=status, source=Status.IN_TRANSIT, target=Status.APPROVED)
    def take_back(self) -> None:
        """The truck did not leave after all."""

    @transition(field=status, source=ARRIVING, target=Status.PARTLY_RECEIVED)
    def receive_part(self) -> None:
        """Some of it arrived."""

    @transition(field=status, source=ARRIVING, target=Status.RECEIVED)
    def receive_rest(self) -> None:
        """All of it arrived, or is written off as lost."""

    @transition(field=status, source=[Status.DRAFT, Status.APPROVED], target=Status.CANCELED)
    def cancel(self) -> None:
        """It does not go."""


class TransferLine(models.Model):
    """``sent`` - ``received`` - ``lost`` base units of the product are on the way."""

    transfer = models.ForeignKey(Transfer, models.CASCADE, related_name="lines")
    product = models.ForeignKey(Product, models.PROTECT, related_name="+")
    quantity = models.IntegerField(_("quantity"))
    sent = models.IntegerField(_("sent"), default=0, db_default=0)
    received = models.IntegerField(_("received"), default=0, db_default=0)
    lost = models.IntegerField(_("lost"), default=0, db_default=0)

    class Meta:
        verbose_name = _("transfer line")
        verbose_name_plural = _("transfer lines")
        constraints = [
            models.UniqueConstraint(fields=["transfer", "product"], name="transfer_line_once"),
            models.CheckConstraint(
                condition=Q(quantity__gt=0)
                & Q(sent__gte=0)
                & Q(sent__lte=F("quantity"))
                & Q(received__gte=0)
                & Q(lost__gte=0)
                & Q(sent__gte=F("received") + F("lost")),
                name="transfer_line_quantities",
            ),
        ]
        indexes = [models.Index(fields=["product", "transfer"], name="transfer_line_product")]

    def __str__(self) -> str:
        return f"{self.quantity} × {self.product_id}"

    @property
    def in_transit(self) -> int:
        return self.sent - self.received - self.lost


class TransferPart(models.Model):
    """The units of a line that left with one lot or serial number: the same ones must arrive."""

    line = models.ForeignKey(TransferLine, models.CASCADE, related_name="parts")
    lot = models.ForeignKey(Lot, models.PROTECT, null=True, blank=True, related_name="+")
    serial = models.CharField(max_length=64, null=True, blank=True)  # noqa: DJ001 - as in the ledger
    sent = models.IntegerField(_("sent"))
    received = models.IntegerField(_("received"), default=0, db_default=0)
    lost = models.IntegerField(_("lost"), default=0, db_default=0)

    class Meta:
        verbose_name = _("part of a transfer line")
        verbose_name_plural = _("parts of transfer lines")
        constraints = [
            models.UniqueConstraint(
                fields=["line", "lot", "serial"], nulls_distinct=False, name="transfer_part_once"
            ),
            models.CheckConstraint(
                condition=Q(received__gte=0)
                & Q(lost__gte=0)
                & Q(sent__gte=F("received") + F("lost")),
                name="transfer_part_quantities",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.sent} of line {self.line_id}"

    @property
    def in_transit(self) -> int:
        return self.sent - self.received - self.lost
