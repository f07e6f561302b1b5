from __future__ import annotations

from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from inventory.models.product import Product
from oms.core.addresses import AddressFields
from oms.core.money import AmountField, PriceField
from oms.core.querysets import LockingQuerySet


class SupplierQuerySet(LockingQuerySet["Supplier"]):
    def active(self) -> SupplierQuerySet:
        return self.filter(is_active=True)


class Supplier(AddressFields):
    """Who we buy from. ``lead_time_days`` are calendar days from sending the order to the goods."""

    code = models.CharField(_("code"), max_length=32)
    title = models.CharField(_("title"), max_length=200)
    email = models.EmailField(_("e-mail for orders"), blank=True, db_default="")
    currency = models.CharField(_("currency"), max_length=3, default="EUR", db_default="EUR")
    language = models.CharField(_("language"), max_length=16, default="en", db_default="en")
    lead_time_days = models.PositiveSmallIntegerField(
        _("lead time (days)"), default=14, db_default=14
    )
    min_order_amount = AmountField(_("minimum order value"), default=0, db_default=0)
    over_receipt_percent = models.PositiveSmallIntegerField(
        _("accepts over-delivery (%)"), default=0, db_default=0
    )
    is_active = models.BooleanField(_("active"), default=True, db_default=True)

    objects = SupplierQuerySet.as_manager()

    class Meta:
        verbose_name = _("supplier")
        verbose_name_plural = _("suppliers")
        constraints = [
            models.UniqueConstraint(
                Lower("code"),
                name="supplier_code_unique",
                violation_error_message=_("There is a supplier with this code already."),
            ),
            models.CheckConstraint(condition=Q(min_order_amount__gte=0), name="supplier_min_order"),
            models.CheckConstraint(
                condition=Q(over_receipt_percent__lte=100), name="supplier_over_receipt"
            ),
        ]

    def __str__(self) -> str:
        return self.code


class SupplierProduct(models.Model):
    """A product as a supplier sells it: his number, price in his currency, quantities in base units."""

    supplier = models.ForeignKey(Supplier, models.CASCADE, related_name="products")
    product = models.ForeignKey(Product, models.CASCADE, related_name="suppliers")
    part_number = models.CharField(_("part number"), max_length=64, blank=True, db_default="")
    price = PriceField(_("price"), default=0, db_default=0)
    min_quantity = models.PositiveIntegerField(
        _("minimum quantity"), default=1, db_default=1, validators=[MinValueValidator(1)]
    )
    pack_quantity = models.PositiveIntegerField(
        _("pack quantity"), default=1, db_default=1, validators=[MinValueValidator(1)]
    )
    lead_time_days = models.PositiveSmallIntegerField(
        _("lead time (days)"),
        null=True,
        blank=True,
        help_text=_("Empty means the supplier's."),
    )
    is_preferred = models.BooleanField(_("preferred"), default=False, db_default=False)
    is_active = models.BooleanField(_("active"), default=True, db_default=True)

    class Meta:
        verbose_name = _("supplier's product")
        verbose_name_plural = _("suppliers' products")
        constraints = [
            models.UniqueConstraint(fields=["supplier", "product"], name="supplier_product_once"),
            models.UniqueConstraint(
                fields=["product"],
                condition=Q(is_preferred=True),
                name="one_preferred_supplier",
                violation_error_message=_("Another supplier is preferred for this product."),
            ),
            models.CheckConstraint(
                condition=Q(min_quantity__gte=1) & Q(pack_quantity__gte=1) & Q(price__gte=0),
                name="supplier_product_quantities",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.product} from {self.supplier}"
