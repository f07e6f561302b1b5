from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from inventory.models import Product, Warehouse


class SalesChannel(models.Model):
    """Where we sell: the desk, a shop, a marketplace, a file. Connectors to it live in ``channels``."""

    code = models.SlugField(_("code"), max_length=32, unique=True)
    name = models.CharField(_("name"), max_length=100)
    currency = models.CharField(_("currency"), max_length=3)
    prices_include_tax = models.BooleanField(_("prices include tax"), default=False)
    is_active = models.BooleanField(_("active"), default=True, db_default=True)

    class Meta:
        verbose_name = _("sales channel")
        verbose_name_plural = _("sales channels")

    def __str__(self) -> str:
        return self.name


class ChannelShare(models.Model):
    """At most so many percent of the free stock are for a channel; no row means all of it.

    A row for a product goes before one for every product, a row for a warehouse before one for all.
    """

    channel = models.ForeignKey(SalesChannel, models.CASCADE, related_name="shares")
    product = models.ForeignKey(Product, models.CASCADE, null=True, blank=True, related_name="+")
    warehouse = models.ForeignKey(
        Warehouse, models.CASCADE, null=True, blank=True, related_name="+"
    )
    percent = models.PositiveSmallIntegerField(_("share (%)"))

    class Meta:
        verbose_name = _("stock share")
        verbose_name_plural = _("stock shares")
        constraints = [
            models.UniqueConstraint(
                fields=["channel", "product", "warehouse"],
                nulls_distinct=False,
                name="channel_share_once",
            ),
            models.CheckConstraint(condition=Q(percent__lte=100), name="channel_share_percent"),
        ]

    def __str__(self) -> str:
        return f"{self.percent} % for {self.channel}"


class ExternalReference(models.Model):
    """An outside document that was taken in, once and for ever: (channel, external id)."""

    channel = models.ForeignKey(SalesChannel, models.PROTECT, related_name="+")
    external_id = models.CharField(max_length=128)
    order_id = models.BigIntegerField(null=True)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["channel", "external_id"], name="external_id_once")
        ]

    def __str__(self) -> str:
        return self.external_id
