from datetime import UTC, datetime
from typing import Final

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from inventory.models.product import Product
from inventory.models.warehouse import Warehouse

RESTING: Final = datetime(9000, 1, 1, tzinfo=UTC)
"""The rank of a claim that lets all others go first."""


class Reservation(models.Model):
    """A soft claim on a product, pool level. Earlier ``rank_at`` goes first; carts and quotes expire."""

    class Kind(models.TextChoices):
        ORDER = "order", _("Order")
        BACKORDER = "backorder", _("Backorder")
        QUOTE = "quote", _("Quote")
        CART = "cart", _("Cart")

    product = models.ForeignKey(
        Product, models.PROTECT, related_name="reservations", db_index=False
    )
    warehouse = models.ForeignKey(
        Warehouse, models.PROTECT, null=True, blank=True, related_name="+"
    )
    kind = models.CharField(max_length=9, choices=Kind)
    quantity = models.IntegerField()
    demand_kind = models.CharField(max_length=16)
    demand_id = models.BigIntegerField()
    rank_at = models.DateTimeField(db_default=Now())
    expires_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("reservation")
        verbose_name_plural = _("reservations")
        constraints = [
            models.UniqueConstraint(
                fields=["demand_kind", "demand_id", "kind"], name="reservation_once"
            ),
            models.CheckConstraint(condition=Q(quantity__gt=0), name="reservation_quantity"),
            models.CheckConstraint(
                condition=Q(kind__in=["order", "backorder"])
                | Q(kind__in=["quote", "cart"], expires_at__isnull=False),
                name="reservation_kind",
            ),
        ]
        indexes = [
            models.Index(fields=["product", "rank_at"], name="reservation_product"),
            models.Index(
                fields=["expires_at"],
                condition=Q(expires_at__isnull=False),
                name="reservation_expiry",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.quantity} × {self.product_id}"


class Allocation(models.Model):
    """A hard claim of a demand on one level: Σ equals ``StockLevel.allocated``.

    Inventory does not know orders: ``demand_kind`` and ``demand_id`` name the order line.
    """

    warehouse = models.ForeignKey(Warehouse, models.PROTECT, related_name="+", db_index=False)
    product = models.ForeignKey(Product, models.PROTECT, related_name="allocations", db_index=False)
    quantity = models.IntegerField()
    demand_kind = models.CharField(max_length=16)
    demand_id = models.BigIntegerField()
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name = _("allocation")
        verbose_name_plural = _("allocations")
        constraints = [
            models.UniqueConstraint(
                fields=["demand_kind", "demand_id", "warehouse", "product"],
                name="allocation_once",
            ),
            models.CheckConstraint(condition=Q(quantity__gt=0), name="allocation_quantity"),
        ]
        indexes = [models.Index(fields=["product", "warehouse"], name="allocation_level")]

    def __str__(self) -> str:
        return f"{self.quantity} × {self.product_id} for {self.demand_kind} {self.demand_id}"
