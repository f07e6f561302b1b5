from __future__ import annotations

from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from inventory.models import Warehouse
from oms.core.money import AmountField


def monday_to_friday() -> list[int]:
    return [1, 2, 3, 4, 5]


def _weekdays(title: Any) -> ArrayField[list[int], list[int]]:
    return ArrayField(
        models.PositiveSmallIntegerField(validators=[MinValueValidator(1), MaxValueValidator(7)]),
        verbose_name=title,
        default=monday_to_friday,
        db_default=[1, 2, 3, 4, 5],
        help_text=_("1 is Monday, 7 is Sunday."),
    )


class Carrier(models.Model):
    """Who moves parcels."""

    code = models.SlugField(_("code"), max_length=32)
    title = models.CharField(_("title"), max_length=100)
    is_active = models.BooleanField(_("active"), default=True, db_default=True)

    class Meta:
        verbose_name = _("carrier")
        verbose_name_plural = _("carriers")
        constraints = [models.UniqueConstraint(Lower("code"), name="carrier_code_unique")]

    def __str__(self) -> str:
        return self.title


class CarrierService(models.Model):
    """A promise that a carrier sells, with its rate table.

    The weight that is charged is the larger of the real one and volume (cm³) / ``volume_divisor``
    (cm³ per kg; empty: the real one always). ``fuel_percent`` is added to rate and surcharges.
    """

    carrier = models.ForeignKey(Carrier, models.CASCADE, related_name="services")
    code = models.SlugField(_("code"), max_length=32)
    title = models.CharField(_("title"), max_length=100)
    currency = models.CharField(_("currency"), max_length=3, default="EUR", db_default="EUR")
    fuel_percent = models.DecimalField(
        _("fuel (%)"), max_digits=5, decimal_places=2, default=0, db_default=0
    )
    volume_divisor = models.PositiveIntegerField(
        _("volume divisor (cm³ per kg)"), null=True, blank=True
    )
    max_weight_kg = models.DecimalField(
        _("maximum weight (kg)"), max_digits=10, decimal_places=3, null=True, blank=True
    )
    collection_days = _weekdays(_("collects on"))
    delivery_days = _weekdays(_("delivers on"))
    warehouses = models.ManyToManyField(
        Warehouse,
        related_name="+",
        blank=True,
        verbose_name=_("only from"),
        help_text=_("None chosen: from every warehouse."),
    )
    is_active = models.BooleanField(_("active"), default=True, db_default=True)

    class Meta:
        verbose_name = _("carrier service")
        verbose_name_plural = _("carrier services")
        constraints = [
            models.UniqueConstraint("carrier", Lower("code"), name="carrier_service_code_unique"),
            models.CheckConstraint(
                condition=Q(fuel_percent__gte=0)
                & (Q(volume_divisor=None) | Q(volume_divisor__gt=0))
                & (Q(max_weight_kg=None) | Q(max_weight_kg__gt=0)),
                name="carrier_service_figures",
            ),
            models.CheckConstraint(
                condition=Q(collection_days__contained_by=[1, 2, 3, 4, 5, 6, 7])
                & Q(collection_days__len__gte=1)
                & Q(delivery_days__contained_by=[1, 2, 3, 4, 5, 6, 7])
                & Q(delivery_days__len__gte=1),
                name="carrier_service_days",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.carrier} {self.title}"


class RateZone(models.Model):
    """Where a service goes: a country and the beginning of its postcodes; the longest match counts.

    Without an origin it serves every warehouse; one with an origin goes before one without.
    ``transit_days`` are the service's delivery days from collection to delivery.
    """

    service = models.ForeignKey(CarrierService, models.CASCADE, related_name="zones")
    title = models.CharField(_("zone"), max_length=64)
    origin = models.ForeignKey(
        Warehouse, models.CASCADE, null=True, blank=True, related_name="+", verbose_name=_("from")
    )
    country = models.CharField(_("country"), max_length=2)
    postcode_prefix = models.CharField(
        _("postcode begins with"), max_length=12, blank=True, default="", db_default=""
    )
    transit_days = models.PositiveSmallIntegerField(_("transit (days)"), default=1, db_default=1)

    class Meta:
        verbose_name = _("rate zone")
        verbose_name_plural = _("rate zones")
        constraints = [
            models.UniqueConstraint(
                fields=["service", "origin", "country", "postcode_prefix"],
                nulls_distinct=False,
                name="rate_zone_once",
            )
        ]

    def __str__(self) -> str:
        return f"{self.title} ({self.country} {self.postcode_prefix})".replace(" )", ")")


class RateStep(models.Model):
    """What a parcel of up to so many kg (and liters, where given) costs in a zone."""

    zone = models.ForeignKey(RateZone, models.CASCADE, related_name="steps")
    up_to_kg = models.DecimalField(_("up to (kg)"), max_digits=10, decimal_places=3)
    up_to_liters = models.DecimalField(
        _("up to (liters)"), max_digits=10, decimal_places=3, null=True, blank=True
    )
    amount = AmountField(_("amount"))

    class Meta:
        verbose_name = _("rate step")
        verbose_name_plural = _("rate steps")
        constraints = [
            models.UniqueConstraint(
                fields=["zone", "up_to_kg", "up_to_liters"],
                nulls_distinct=False,
                name="rate_step_once",
            ),
            models.CheckConstraint(
                condition=Q(up_to_kg__gt=0)
                & (Q(up_to_liters=None) | Q(up_to_liters__gt=0))
                & Q(amount__gte=0),
                name="rate_step_figures",
            ),
        ]

    def __str__(self) -> str:
        return f"≤ {self.up_to_kg} kg: {self.amount}"


class Surcharge(models.Model):
    """What a service asks on top, where every condition that is given holds."""

    service = models.ForeignKey(CarrierService, models.CASCADE, related_name="surcharges")
    title = models.CharField(_("title"), max_length=64)
    amount = AmountField(_("amount"), default=0, db_default=0)
    percent = models.DecimalField(
        _("percent of the rate"), max_digits=5, decimal_places=2, default=0, db_default=0
    )
    country = models.CharField(_("country"), max_length=2, blank=True, default="", db_default="")
    postcode_prefix = models.CharField(
        _("postcode begins with"), max_length=12, blank=True, default="", db_default=""
    )
    over_kg = models.DecimalField(
        _("over (kg)"), max_digits=10, decimal_places=3, null=True, blank=True
    )
    over_length_mm = models.PositiveIntegerField(_("longer than (mm)"), null=True, blank=True)

    class Meta:
        verbose_name = _("surcharge")
        verbose_name_plural = _("surcharges")
        constraints = [
            models.CheckConstraint(
                condition=Q(amount__gte=0) & Q(percent__gte=0), name="surcharge_figures"
            )
        ]

    def __str__(self) -> str:
        return self.title


class RateVersion(models.Model):
    """Another value after every change of the tables above (triggers write it): a process that keeps
    rate tables sees by it that they are stale.
    """

    value = models.UUIDField()

    class Meta:
        verbose_name = _("version of the rates")
        verbose_name_plural = _("version of the rates")
        constraints = [models.CheckConstraint(condition=Q(pk=1), name="rate_version_once")]

    def __str__(self) -> str:
        return str(self.value)
