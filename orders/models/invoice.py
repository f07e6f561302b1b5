from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from oms.core.money import AmountField, PriceField
from orders.models.channel import SalesChannel
from orders.models.customer import Customer
from orders.models.line import Charge, OrderLine
from orders.models.order import Order


class Invoice(models.Model):
    """What is owed for an order, or (credit note) what is owed less. Numbers have no gaps.

    Issued when goods leave for customers on account, at payment for prepaid ones. ``cause`` makes
    it once: ``shipment:<id>``, ``payment:<id>`` ...; amounts of a credit note are positive too.
    """

    class Kind(models.TextChoices):
        INVOICE = "invoice", _("Invoice")
        CREDIT_NOTE = "credit_note", _("Credit note")

    number = models.CharField(_("number"), max_length=32, unique=True)
    kind = models.CharField(_("kind"), max_length=11, choices=Kind)
    order = models.ForeignKey(Order, models.PROTECT, related_name="invoices")
    refers_to = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="credit_notes"
    )
    cause = models.CharField(max_length=64, unique=True)
    currency = models.CharField(_("currency"), max_length=3)
    net_amount = AmountField(_("net"))
    tax_amount = AmountField(_("tax"))
    total_amount = AmountField(_("total"))
    issued_at = models.DateTimeField(_("issued"), db_default=Now())
    due_date = models.DateField(_("due date"), null=True, blank=True)

    class Meta:
        verbose_name = _("invoice")
        verbose_name_plural = _("invoices")
        constraints = [
            models.CheckConstraint(
                condition=Q(total_amount=F("net_amount") + F("tax_amount")),
                name="invoice_total_adds_up",
            ),
            models.CheckConstraint(
                condition=Q(kind="invoice", refers_to=None)
                | Q(kind="credit_note", refers_to__isnull=False),
                name="invoice_kind",
            ),
        ]
        indexes = [models.Index(fields=["order"], name="invoice_order")]

    def __str__(self) -> str:
        return self.number


class InvoiceLine(models.Model):
    """A part of an order line, or a charge, on an invoice."""

    invoice = models.ForeignKey(Invoice, models.CASCADE, related_name="lines")
    order_line = models.ForeignKey(OrderLine, models.PROTECT, null=True, related_name="+")
    charge = models.ForeignKey(Charge, models.PROTECT, null=True, related_name="+")
    description = models.CharField(max_length=200)
    quantity = models.IntegerField(default=1)
    unit_price = PriceField()
    net_amount = AmountField()
    tax_rate = models.DecimalField(max_digits=6, decimal_places=3, default=0)
    tax_amount = AmountField(default=0)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(order_line__isnull=False, charge=None)
                | Q(order_line=None, charge__isnull=False),
                name="invoice_line_has_one_source",
            )
        ]

    def __str__(self) -> str:
        return self.description


class AccountEntry(models.Model):
    """An entry of the company's books that is no order: bad debt, credit without an order."""

    class Kind(models.TextChoices):
        BAD_DEBT = "bad_debt", _("Bad debt")
        CREDIT = "credit", _("Credit without order")
        CHARGE = "charge", _("Charge without order")

    kind = models.CharField(_("kind"), max_length=8, choices=Kind)
    channel = models.ForeignKey(SalesChannel, models.PROTECT, related_name="+")
    external_id = models.CharField(max_length=128)
    customer = models.ForeignKey(Customer, models.PROTECT, null=True, related_name="+")
    description = models.CharField(_("description"), max_length=200, blank=True)
    amount = AmountField(_("amount"))
    currency = models.CharField(_("currency"), max_length=3)
    at = models.DateTimeField(_("time"))

    class Meta:
        verbose_name = _("account entry")
        verbose_name_plural = _("account entries")
        constraints = [
            models.UniqueConstraint(fields=["channel", "external_id"], name="account_entry_once")
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.amount} {self.currency}"
