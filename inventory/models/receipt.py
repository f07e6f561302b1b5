from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from inventory.models.product import Lot, Product
from inventory.models.purchase import PurchaseOrder, PurchaseOrderLine
from inventory.models.transfer import Transfer, TransferLine
from inventory.models.warehouse import Bin, Warehouse
from oms.core.numbering import NextNumber


class Receipt(models.Model):
    """Goods that came in at one time against a purchase order or a transfer.

    Never changed; a receipt that was booked by mistake is undone as a whole and says so.
    """

    number = models.CharField(
        _("number"),
        max_length=32,
        unique=True,
        db_default=NextNumber("RC", "number_receipt"),
        editable=False,
    )
    warehouse = models.ForeignKey(Warehouse, models.PROTECT, related_name="+")
    purchase_order = models.ForeignKey(
        PurchaseOrder, models.PROTECT, null=True, blank=True, related_name="receipts"
    )
    transfer = models.ForeignKey(
        Transfer, models.PROTECT, null=True, blank=True, related_name="receipts"
    )
    delivery_note = models.CharField(_("delivery note"), max_length=64, blank=True, db_default="")
    actor_label = models.CharField(_("received by"), max_length=150)
    received_at = models.DateTimeField(_("received"), db_default=Now())
    undone_at = models.DateTimeField(_("undone"), null=True)
    undone_by = models.CharField(_("undone by"), max_length=150, blank=True, db_default="")

    class Meta:
        verbose_name = _("receipt")
        verbose_name_plural = _("receipts")
        constraints = [
            models.CheckConstraint(
                condition=Q(purchase_order__isnull=False, transfer__isnull=True)
                | Q(purchase_order__isnull=True, transfer__isnull=False),
                name="receipt_against_one_document",
            )
        ]
        indexes = [models.Index(fields=["warehouse", "-id"], name="receipt_warehouse")]

    def __str__(self) -> str:
        return self.number


class ReceiptLine(models.Model):
    """Units of one product; ``damaged`` of them went to a quarantine bin, the rest to ``bin``.

    ``not_coming`` units were given up with this receipt: the order does not wait for them any more.
    """

    receipt = models.ForeignKey(Receipt, models.CASCADE, related_name="lines")
    purchase_line = models.ForeignKey(
        PurchaseOrderLine, models.PROTECT, null=True, blank=True, related_name="receipt_lines"
    )
    transfer_line = models.ForeignKey(
        TransferLine, models.PROTECT, null=True, blank=True, related_name="receipt_lines"
    )
    product = models.ForeignKey(Product, models.PROTECT, related_name="+")
    quantity = models.IntegerField(_("quantity"))
    damaged = models.IntegerField(_("damaged"), default=0, db_default=0)
    not_coming = models.IntegerField(_("not coming"), default=0, db_default=0)
    bin = models.ForeignKey(Bin, models.PROTECT, related_name="+")
    lot = models.ForeignKey(Lot, models.PROTECT, null=True, blank=True, related_name="+")
    serial = models.CharField(max_length=64, null=True, blank=True)  # noqa: DJ001 - as in the ledger
    difference = models.CharField(_("difference"), max_length=200, blank=True, db_default="")

    class Meta:
        verbose_name = _("receipt line")
        verbose_name_plural = _("receipt lines")
        constraints = [
            models.CheckConstraint(
                condition=Q(quantity__gte=0)
                & Q(damaged__gte=0)
                & Q(damaged__lte=models.F("quantity"))
                & Q(not_coming__gte=0)
                & (Q(quantity__gt=0) | Q(not_coming__gt=0)),
                name="receipt_line_quantities",
            )
        ]

    def __str__(self) -> str:
        return f"{self.quantity} × {self.product_id}"
