from __future__ import annotations

from zoneinfo import available_timezones

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from inventory.models.product import Lot, Product
from oms.core.addresses import AddressFields
from oms.core.calendars import has_holidays
from oms.core.querysets import LockingQuerySet


def monday_to_friday() -> list[int]:
    return [1, 2, 3, 4, 5]


def known_time_zone(name: str) -> None:
    """Refuse a time zone that no clock knows: cut-offs are read in it."""
    if name not in available_timezones():
        raise ValidationError(
            _("“%(name)s” is no time zone: write one like Europe/Berlin."), params={"name": name}
        )


class WarehouseQuerySet(LockingQuerySet["Warehouse"]):
    def active(self) -> WarehouseQuerySet:
        return self.filter(is_active=True)


class Warehouse(AddressFields):
    """A place that ships. ``priority`` 1 goes first; ``cut_off`` is local time in ``time_zone``."""

    code = models.CharField(_("code"), max_length=16)
    title = models.CharField(_("title"), max_length=100)
    latitude = models.FloatField(_("latitude"), null=True, blank=True)
    longitude = models.FloatField(_("longitude"), null=True, blank=True)
    time_zone = models.CharField(
        _("time zone"),
        max_length=64,
        default="UTC",
        db_default="UTC",
        validators=[known_time_zone],
    )
    priority = models.PositiveSmallIntegerField(_("priority"), default=100, db_default=100)
    daily_capacity = models.PositiveIntegerField(
        _("shipments a day"),
        null=True,
        blank=True,
        help_text=_("Empty means no limit."),
    )
    cut_off = models.TimeField(_("cut-off"), null=True, blank=True)
    workdays = ArrayField(
        models.PositiveSmallIntegerField(validators=[MinValueValidator(1), MaxValueValidator(7)]),
        verbose_name=_("working days"),
        default=monday_to_friday,
        db_default=[1, 2, 3, 4, 5],
        help_text=_("1 is Monday, 7 is Sunday."),
    )
    holiday_country = models.CharField(
        _("holidays of country"), max_length=2, blank=True, default="", db_default=""
    )
    holiday_region = models.CharField(
        _("holidays of region"), max_length=8, blank=True, default="", db_default=""
    )
    handling_days = models.PositiveSmallIntegerField(
        _("handling (working days)"), default=0, db_default=0
    )
    is_active = models.BooleanField(_("active"), default=True, db_default=True)

    objects = WarehouseQuerySet.as_manager()

    class Meta:
        verbose_name = _("warehouse")
        verbose_name_plural = _("warehouses")
        constraints = [
            models.UniqueConstraint(Lower("code"), name="warehouse_code_unique"),
            models.CheckConstraint(
                condition=models.Q(workdays__contained_by=[1, 2, 3, 4, 5, 6, 7])
                & models.Q(workdays__len__gte=1),
                name="warehouse_workdays",
            ),
        ]

    def __str__(self) -> str:
        return self.code

    def clean(self) -> None:
        super().clean()
        region = str(self.holiday_region)
        if region and not self.holiday_country:
            raise ValidationError({"holiday_country": _("Name the country of the region.")})
        if self.holiday_country and not has_holidays(self.holiday_country, region):
            name = "holiday_region" if has_holidays(self.holiday_country) else "holiday_country"
            raise ValidationError(
                {name: _("No holidays are known for it: write codes like DE and BY.")}
            )


class WarehouseClosure(models.Model):
    """A day on which a warehouse ships nothing although its calendar would let it."""

    warehouse = models.ForeignKey(Warehouse, models.CASCADE, related_name="closures")
    date = models.DateField(_("date"))
    title = models.CharField(_("title"), max_length=100, blank=True, db_default="")

    class Meta:
        verbose_name = _("closure")
        verbose_name_plural = _("closures")
        constraints = [
            models.UniqueConstraint(fields=["warehouse", "date"], name="warehouse_closure_once")
        ]

    def __str__(self) -> str:
        return f"{self.warehouse} {self.date}"


class WarehouseAccess(models.Model):
    """The warehouses whose work a person sees. Nobody listed, nothing seen, unless a manager."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    warehouse = models.ForeignKey(Warehouse, models.CASCADE, related_name="access")

    class Meta:
        verbose_name = _("warehouse access")
        verbose_name_plural = _("warehouse access")
        constraints = [
            models.UniqueConstraint(fields=["user", "warehouse"], name="warehouse_access_once")
        ]

    def __str__(self) -> str:
        return f"{self.user} {self.warehouse}"


class Bin(models.Model):
    """A place inside a warehouse. Its kind says whether what lies there is blocked from sale."""

    class Kind(models.TextChoices):
        SHELF = "shelf", _("Shelf")
        RECEIVING = "receiving", _("Receiving")
        TOTE = "tote", _("Tote")
        STAGING = "staging", _("Staging")
        QUARANTINE = "quarantine", _("Quarantine")
        RETURNS = "returns", _("Returns")
        MISSING = "missing", _("Missing")

    BLOCKED_KINDS = (Kind.QUARANTINE, Kind.RETURNS, Kind.MISSING)

    warehouse = models.ForeignKey(Warehouse, models.PROTECT, related_name="bins")
    code = models.CharField(_("code"), max_length=32)
    kind = models.CharField(_("kind"), max_length=12, choices=Kind, default=Kind.SHELF)
    walk_order = models.PositiveIntegerField(_("walking order"), default=0, db_default=0)
    is_active = models.BooleanField(_("active"), default=True, db_default=True)

    class Meta:
        verbose_name = _("bin")
        verbose_name_plural = _("bins")
        constraints = [
            models.UniqueConstraint("warehouse", Lower("code"), name="bin_code_per_warehouse"),
            models.CheckConstraint(
                condition=models.Q(
                    kind__in=[
                        "shelf",
                        "receiving",
                        "tote",
                        "staging",
                        "quarantine",
                        "returns",
                        "missing",
                    ]
                ),
                name="bin_kind",
            ),
        ]

    def __str__(self) -> str:
        return self.code

    def clean(self) -> None:
        """A bin with goods in it keeps its warehouse and its kind: the ledger was booked by them."""
        before = Bin.objects.filter(pk=self.pk, contents__quantity__gt=0).first()
        if before and (before.kind, before.warehouse_id) != (self.kind, self.warehouse_id):
            raise ValidationError(
                _("Goods lie in this bin: empty it before you change what it is.")
            )


class BinContent(models.Model):
    """How many units of a product (of one lot, or the one with a serial number) lie in a bin."""

    bin = models.ForeignKey(Bin, models.PROTECT, related_name="contents")
    product = models.ForeignKey(Product, models.PROTECT, related_name="bin_contents")
    lot = models.ForeignKey(Lot, models.PROTECT, null=True, blank=True, related_name="+")
    serial = models.CharField(  # noqa: DJ001 - unique where given
        _("serial number"), max_length=64, null=True, blank=True
    )
    quantity = models.IntegerField(_("quantity"))

    class Meta:
        verbose_name = _("bin content")
        verbose_name_plural = _("bin contents")
        constraints = [
            models.UniqueConstraint(
                fields=["bin", "product", "lot", "serial"],
                nulls_distinct=False,
                name="bin_content_once",
            ),
            models.UniqueConstraint(
                fields=["product", "serial"],
                condition=models.Q(serial__isnull=False, quantity__gt=0),
                name="bin_content_serial_once",
            ),
            models.CheckConstraint(
                condition=models.Q(quantity__gte=0), name="bin_content_quantity"
            ),
            models.CheckConstraint(
                condition=models.Q(serial=None) | models.Q(quantity__lte=1),
                name="bin_content_serial_is_one",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.quantity} in {self.bin}"
