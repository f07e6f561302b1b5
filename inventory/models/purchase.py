from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _
from django_fsm import FSMField, transition

from inventory.models.product import Product
from inventory.models.supplier import Supplier
from inventory.models.warehouse import Warehouse
from oms.core.money import PriceField
from oms.core.numbering import NextNumber
from oms.core.querysets import LockingQuerySet


class PurchaseOrderQuerySet(LockingQuerySet["PurchaseOrder"]):
    def arriving(self) -> PurchaseOrderQuerySet:
        """Sent, and not everything is here."""
        return self.filter(status__in=PurchaseOrder.ARRIVING)


class PurchaseOrder(models.Model):
    """What we order from a supplier for one warehouse."""

    class Status(models.TextChoices):
        DRAFT = "draft", _("Draft")
        SENT = "sent", _("Sent")
        PARTLY_RECEIVED = "partly_received", _("Partly received")
        RECEIVED = "received", _("Received")
        CANCELED = "canceled", _("Canceled")

    class Origin(models.TextChoices):
        HAND = "hand", _("Entered by hand")
        SUGGESTION = "suggestion", _("Reorder suggestion")

    ARRIVING = (Status.SENT, Status.PARTLY_RECEIVED)

    number = models.CharField(
        _("number"),
        max_length=32,
        unique=True,
        db_default=NextNumber("PO", "number_purchase_order"),
        editable=False,
    )
    supplier = models.ForeignKey(Supplier, models.PROTECT, related_name="purchase_orders")
    warehouse = models.ForeignKey(Warehouse, models.PROTECT, related_name="+")
    status = FSMField(_("status"), protected=True, choices=Status, default=Status.DRAFT)
    origin = models.CharField(
        _("origin"), max_length=10, choices=Origin, default=Origin.HAND, db_default=Origin.HAND
    )
    currency = models.CharField(_("currency"), max_length=3)
    expected_date = models.DateField(_("expected"), null=True, blank=True)
    supplier_reference = models.CharField(
        _("supplier's reference"), max_length=64, blank=True, db_default=""
    )
    note = models.TextField(_("note"), blank=True, db_default="")
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+"
    )
    created_at = models.DateTimeField(_("created"), db_default=Now())
    sent_at = models.DateTimeField(_("sent"), null=True)
    closed_at = models.DateTimeField(_("closed"), null=True)

    objects = PurchaseOrderQuerySet.as_manager()

    class Meta:
        verbose_name = _("purchase order")
        verbose_name_plural = _("purchase orders")
        permissions = [("send_purchaseorder", _("Can send purchase orders to suppliers"))]
        constraints = [
            models.CheckConstraint(
                condition=Q(
                    status__in=["draft", "sent", "partly_received", "received", "canceled"]
                ),
                name="purchase_order_status",
            )
        ]
        indexes = [
            models.Index(fields=["status", "-id"], name="purchase_order_by_status"),
            models.Index(fields=["supplier", "-id"], name="purchase_order_supplier"),
        ]

    def __str__(self) -> str:
        return self.number

    @transition(field=status, source=Status.DRAFT, target=Status.SENT)
    def send(self) -> None:
        """The supplier gets it; its lines count as arriving."""

    @transition(
        field=status,
        source=[Status.SENT, Status.PARTLY_RECEIVED],
        target=Status.PARTLY_RECEIVED,
    )
    def receive_part(self) -> None:
        """Some of it is here."""

    @transition(field=status, source=[Status.SENT, Status.PARTLY_RECEIVED], target=Status.RECEIVED)
    def receive_rest(self) -> None:
        """All of it is here, or what is not will not come any more."""

    @transition(
        field=status,
        source=[Status.PARTLY_RECEIVED, Status.RECEIVED],
        target=Status.PARTLY_RECEIVED,
    )
    def take_back_part(self) -> None:
        """A receipt was undone; something of another one is still here."""

    @transition(field=status, source=[Status.PARTLY_RECEIVED, Status.RECEIVED], target=Status.SENT)
    def take_back_all(self) -> None:
        """The only receipt was undone: nothing is here."""

    @transition(field=status, source=[Status.DRAFT, Status.SENT], target=Status.CANCELED)
    def cancel(self) -> None:
        """Nothing of it will come."""


class PurchaseOrderLine(models.Model):
    """Base units of one product. ``quantity`` - ``received`` - ``canceled`` still arrive, if above 0."""

    purchase_order = models.ForeignKey(PurchaseOrder, models.CASCADE, related_name="lines")
    position = models.PositiveIntegerField(_("position"))
    product = models.ForeignKey(Product, models.PROTECT, related_name="+")
    part_number = models.CharField(_("part number"), max_length=64, blank=True, db_default="")
    quantity = models.IntegerField(_("quantity"))
    received = models.IntegerField(_("received"), default=0, db_default=0)
    canceled = models.IntegerField(_("not coming"), default=0, db_default=0)
    price = PriceField(_("price"), default=0, db_default=0)
    expected_date = models.DateField(
        _("expected"), null=True, blank=True, help_text=_("Empty means that of the order.")
    )

    class Meta:
        verbose_name = _("purchase order line")
        verbose_name_plural = _("purchase order lines")
        constraints = [
            models.UniqueConstraint(
                fields=["purchase_order", "position"], name="purchase_line_position_once"
            ),
            models.UniqueConstraint(
                fields=["purchase_order", "product"], name="purchase_line_product_once"
            ),
            models.CheckConstraint(
                condition=Q(quantity__gt=0)
                & Q(received__gte=0)
                & Q(canceled__gte=0)
                & Q(canceled__lte=F("quantity"))
                & Q(price__gte=0),
                name="purchase_line_quantities",
            ),
        ]
        indexes = [models.Index(fields=["product", "purchase_order"], name="purchase_line_product")]

    def __str__(self) -> str:
        return f"{self.quantity} × {self.product_id}"

    @property
    def outstanding(self) -> int:
        """Units that still arrive, never below 0."""
        return max(0, self.quantity - self.received - self.canceled)
