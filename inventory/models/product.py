from __future__ import annotations

from django.core.exceptions import ValidationError
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models.functions import Lower, Now
from django.utils.translation import gettext_lazy as _

from oms.core.money import PriceField
from oms.core.querysets import LockingQuerySet


class ProductQuerySet(LockingQuerySet["Product"]):
    def active(self) -> ProductQuerySet:
        return self.filter(is_active=True)


class Product(models.Model):
    """What we stock. ``sku`` is unique regardless of case; quantities count in the base unit."""

    class Tracking(models.TextChoices):
        NONE = "none", _("None")
        LOT = "lot", _("Lot")
        SERIAL = "serial", _("Serial number")

    sku = models.CharField(_("SKU"), max_length=64)
    name = models.CharField(_("name"), max_length=200)
    unit = models.CharField(_("base unit"), max_length=16, default="piece", db_default="piece")
    pack_size = models.PositiveIntegerField(
        _("pack size"), default=1, db_default=1, validators=[MinValueValidator(1)]
    )
    weight_kg = models.DecimalField(
        _("weight (kg)"), max_digits=10, decimal_places=3, null=True, blank=True
    )
    length_mm = models.PositiveIntegerField(_("length (mm)"), null=True, blank=True)
    width_mm = models.PositiveIntegerField(_("width (mm)"), null=True, blank=True)
    height_mm = models.PositiveIntegerField(_("height (mm)"), null=True, blank=True)
    hs_code = models.CharField(_("HS code"), max_length=12, blank=True, db_default="")
    origin_country = models.CharField(
        _("country of origin"), max_length=2, blank=True, db_default=""
    )
    cost = PriceField(_("cost"), null=True, blank=True)
    tax_class = models.CharField(
        _("tax class"), max_length=16, default="standard", db_default="standard"
    )
    tracking = models.CharField(
        _("tracking"),
        max_length=8,
        choices=Tracking,
        default=Tracking.NONE,
        db_default=Tracking.NONE,
    )
    expiry_days_left = models.PositiveSmallIntegerField(
        _("days left at least"),
        default=0,
        db_default=0,
        help_text=_("A lot is sold only while so many days remain until it expires."),
    )
    is_kit = models.BooleanField(_("kit"), default=False, db_default=False)
    backorder_cap = models.PositiveIntegerField(
        _("backorder cap"),
        null=True,
        blank=True,
        help_text=_("How many units may be owed at once; empty means no limit."),
    )
    preorder_date = models.DateField(
        _("pre-order until"),
        null=True,
        blank=True,
        help_text=_("Orders are taken at once; nothing ships before this day."),
    )
    ship_group = models.CharField(
        _("ships with group"),
        max_length=32,
        blank=True,
        default="",
        db_default="",
        help_text=_(
            "Products of one group leave one warehouse together, where a routing rule keeps groups"
            " together."
        ),
    )
    abc_class = models.CharField(
        _("ABC class"), max_length=1, blank=True, default="", db_default="", editable=False
    )
    is_active = models.BooleanField(_("active"), default=True, db_default=True)
    created_at = models.DateTimeField(_("created"), db_default=Now(), editable=False)

    objects = ProductQuerySet.as_manager()

    class Meta:
        verbose_name = _("product")
        verbose_name_plural = _("products")
        constraints = [
            models.UniqueConstraint(
                Lower("sku"),
                name="product_sku_unique",
                violation_error_message=_("There is a product with this SKU already."),
            ),
            models.CheckConstraint(condition=models.Q(pack_size__gte=1), name="product_pack_size"),
            models.CheckConstraint(
                condition=models.Q(tracking__in=["none", "lot", "serial"]),
                name="product_tracking",
            ),
            models.CheckConstraint(
                condition=models.Q(abc_class__in=["", "A", "B", "C"]), name="product_abc_class"
            ),
        ]

    def __str__(self) -> str:
        return self.sku

    def clean(self) -> None:
        """While units lie in bins their tracking stays: they carry the lots and numbers they have."""
        stocked = Product.objects.filter(pk=self.pk, bin_contents__quantity__gt=0).first()
        if stocked and (stocked.tracking, stocked.is_kit) != (self.tracking, self.is_kit):
            raise ValidationError(_("The product is in stock: its tracking cannot change now."))


class Barcode(models.Model):
    """A code on the product or on a case of it; ``multiplier`` says how many base units it means."""

    product = models.ForeignKey(Product, models.CASCADE, related_name="barcodes")
    code = models.CharField(_("code"), max_length=64, unique=True)
    multiplier = models.PositiveIntegerField(
        _("units"), default=1, db_default=1, validators=[MinValueValidator(1)]
    )

    class Meta:
        verbose_name = _("barcode")
        verbose_name_plural = _("barcodes")
        constraints = [
            models.CheckConstraint(condition=models.Q(multiplier__gte=1), name="barcode_multiplier")
        ]

    def __str__(self) -> str:
        return self.code


class KitComponent(models.Model):
    """``quantity`` base units of ``component`` go into one set of ``kit``."""

    kit = models.ForeignKey(Product, models.CASCADE, related_name="components")
    component = models.ForeignKey(Product, models.PROTECT, related_name="kits")
    quantity = models.PositiveIntegerField(_("quantity"), validators=[MinValueValidator(1)])

    class Meta:
        verbose_name = _("kit component")
        verbose_name_plural = _("kit components")
        constraints = [
            models.UniqueConstraint(fields=["kit", "component"], name="kit_component_once"),
            models.CheckConstraint(condition=models.Q(quantity__gte=1), name="kit_quantity"),
            models.CheckConstraint(
                condition=~models.Q(kit=models.F("component")), name="kit_not_in_itself"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.quantity} × {self.component}"


class Lot(models.Model):
    """A batch of a product, with the last day on which it may be sold."""

    product = models.ForeignKey(Product, models.PROTECT, related_name="lots")
    code = models.CharField(_("code"), max_length=64)
    expiry_date = models.DateField(_("expiry date"), null=True, blank=True)

    class Meta:
        verbose_name = _("lot")
        verbose_name_plural = _("lots")
        constraints = [
            models.UniqueConstraint(fields=["product", "code"], name="lot_code_per_product")
        ]

    def __str__(self) -> str:
        return self.code
