from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from oms.core.addresses import AddressFields
from oms.core.money import AmountField
from oms.core.numbering import NextNumber
from oms.core.querysets import LockingQuerySet
from orders.models.channel import SalesChannel


class PriceList(models.Model):
    """A named price list that customers refer to."""

    code = models.SlugField(_("code"), max_length=32, unique=True)
    name = models.CharField(_("name"), max_length=100)
    currency = models.CharField(_("currency"), max_length=3)

    class Meta:
        verbose_name = _("price list")
        verbose_name_plural = _("price lists")

    def __str__(self) -> str:
        return self.name


class CustomerQuerySet(LockingQuerySet["Customer"]):
    def business(self) -> CustomerQuerySet:
        return self.filter(kind=Customer.Kind.BUSINESS)


class Customer(models.Model):
    """Who buys: a business with terms and a credit limit, or a consumer."""

    class Kind(models.TextChoices):
        BUSINESS = "b2b", _("Business")
        CONSUMER = "b2c", _("Consumer")

    class Settlement(models.TextChoices):
        ON_ACCOUNT = "on_account", _("On account")
        PREPAID = "prepaid", _("Prepaid")

    number = models.CharField(
        _("number"),
        max_length=32,
        unique=True,
        db_default=NextNumber("C", "number_customer"),
        editable=False,
    )
    kind = models.CharField(_("kind"), max_length=3, choices=Kind, db_default=Kind.BUSINESS)
    name = models.CharField(_("name"), max_length=200)
    email = models.EmailField(_("e-mail"), blank=True, db_default="")
    phone = models.CharField(_("phone"), max_length=32, blank=True, db_default="")
    tax_id = models.CharField(_("tax id"), max_length=32, blank=True, db_default="")
    settlement = models.CharField(
        _("settlement"),
        max_length=10,
        choices=Settlement,
        db_default=Settlement.ON_ACCOUNT,
    )
    terms_days = models.PositiveSmallIntegerField(_("payment terms (days)"), db_default=30)
    credit_limit = AmountField(
        _("credit limit"), null=True, blank=True, help_text=_("Empty means no limit.")
    )
    currency = models.CharField(_("currency"), max_length=3, db_default="EUR")
    language = models.CharField(_("language"), max_length=16, db_default="en")
    price_list = models.ForeignKey(
        PriceList, models.SET_NULL, null=True, blank=True, related_name="customers"
    )
    sales_rep = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
    )
    allows_partial_shipment = models.BooleanField(_("ships in parts"), db_default=True)
    allows_backorder = models.BooleanField(_("takes backorders"), db_default=True)
    is_anonymous = models.BooleanField(
        _("stands for unknown buyers"), default=False, db_default=False
    )
    is_active = models.BooleanField(_("active"), default=True, db_default=True)
    created_at = models.DateTimeField(_("created"), db_default=Now(), editable=False)

    objects = CustomerQuerySet.as_manager()

    class Meta:
        verbose_name = _("customer")
        verbose_name_plural = _("customers")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(kind__in=["b2b", "b2c"]), name="customer_kind"
            ),
            models.CheckConstraint(
                condition=models.Q(settlement__in=["on_account", "prepaid"]),
                name="customer_settlement",
            ),
            models.CheckConstraint(
                condition=models.Q(credit_limit=None) | models.Q(credit_limit__gte=0),
                name="customer_credit_limit",
            ),
        ]
        indexes = [models.Index(models.functions.Lower("name"), name="customer_name")]

    def __str__(self) -> str:
        return self.name


class CustomerAddress(AddressFields):
    """An address of a customer, to ship to or to bill to."""

    customer = models.ForeignKey(Customer, models.CASCADE, related_name="addresses")
    title = models.CharField(_("title"), max_length=100, blank=True)
    is_ship_to = models.BooleanField(_("default ship-to"), default=False)
    is_bill_to = models.BooleanField(_("default bill-to"), default=False)

    class Meta:
        verbose_name = _("address")
        verbose_name_plural = _("addresses")
        constraints = [
            models.UniqueConstraint(
                fields=["customer"],
                condition=models.Q(is_ship_to=True),
                name="customer_one_default_ship_to",
            ),
            models.UniqueConstraint(
                fields=["customer"],
                condition=models.Q(is_bill_to=True),
                name="customer_one_default_bill_to",
            ),
        ]

    def __str__(self) -> str:
        return self.title or self.city


class CustomerReference(models.Model):
    """The number under which a channel knows a customer."""

    customer = models.ForeignKey(Customer, models.CASCADE, related_name="references")
    channel = models.ForeignKey(SalesChannel, models.PROTECT, related_name="+")
    external_id = models.CharField(max_length=128)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["channel", "external_id"], name="customer_reference_once"
            )
        ]

    def __str__(self) -> str:
        return self.external_id
