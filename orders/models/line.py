from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from inventory.models import Product
from oms.core.money import AmountField, PriceField
from oms.core.querysets import LockingQuerySet
from orders.models.order import Order, OrderAddress


class OrderLineQuerySet(LockingQuerySet["OrderLine"]):
    pass


class OrderLine(models.Model):
    """So many base units of one product, and where each of them stands.

    ordered = open + allocated + backordered + shipped + canceled, always (a CHECK holds it); on a
    draft every unit is open. A kit's own line carries ``sets``, price and tax but no counters; its
    component lines (``parent``) carry the counters and a price share fixed at placing.
    """

    class Kind(models.TextChoices):
        PRODUCT = "product", _("Product")
        KIT = "kit", _("Kit")
        COMPONENT = "component", _("Component")

    order = models.ForeignKey(Order, models.CASCADE, related_name="lines", db_index=False)
    position = models.PositiveIntegerField(_("position"))
    kind = models.CharField(
        max_length=9, choices=Kind, default=Kind.PRODUCT, db_default=Kind.PRODUCT
    )
    parent = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="components", db_index=False
    )
    product = models.ForeignKey(Product, models.PROTECT, related_name="+", db_index=False)
    description = models.CharField(_("description"), max_length=200)
    sets = models.IntegerField(_("sets"), null=True, blank=True)
    ordered = models.IntegerField(_("ordered"))
    open = models.IntegerField(_("open"), default=0, db_default=0)
    allocated = models.IntegerField(_("allocated"), default=0, db_default=0)
    backordered = models.IntegerField(_("backordered"), default=0, db_default=0)
    shipped = models.IntegerField(_("shipped"), default=0, db_default=0)
    canceled = models.IntegerField(_("canceled"), default=0, db_default=0)
    returned = models.IntegerField(_("returned"), default=0, db_default=0)
    unit_price = PriceField(_("unit price"))
    price_source = models.CharField(
        _("price source"), max_length=16, default="manual", db_default="manual"
    )
    discount_amount = AmountField(_("discount"), default=0, db_default=0)
    net_amount = AmountField(_("net"))
    tax_rate = models.DecimalField(
        _("tax rate (%)"), max_digits=6, decimal_places=3, default=0, db_default=0
    )
    tax_amount = AmountField(_("tax"), default=0, db_default=0)
    ship_to = models.ForeignKey(
        OrderAddress, models.PROTECT, null=True, blank=True, related_name="+", db_index=False
    )
    requested_date = models.DateField(_("requested date"), null=True, blank=True)
    external_id = models.CharField(max_length=128, blank=True, db_default="")

    objects = OrderLineQuerySet.as_manager()

    class Meta:
        verbose_name = _("order line")
        verbose_name_plural = _("order lines")
        constraints = [
            models.UniqueConstraint(fields=["order", "position"], name="line_position_once"),
            models.CheckConstraint(
                condition=Q(
                    ordered=F("open")
                    + F("allocated")
                    + F("backordered")
                    + F("shipped")
                    + F("canceled")
                ),
                name="line_counters_add_up",
            ),
            models.CheckConstraint(
                condition=Q(open__gte=0)
                & Q(allocated__gte=0)
                & Q(backordered__gte=0)
                & Q(shipped__gte=0)
                & Q(canceled__gte=0)
                & Q(returned__gte=0),
                name="line_counters_not_negative",
            ),
            models.CheckConstraint(
                condition=Q(returned__lte=F("shipped")),
                name="line_returned_was_shipped",
            ),
            models.CheckConstraint(
                condition=Q(kind="kit", ordered=0, sets__gt=0, parent=None)
                | Q(kind="component", ordered__gt=0, sets=None, parent__isnull=False)
                | Q(kind="product", ordered__gt=0, sets=None, parent=None),
                name="line_kind",
            ),
            models.CheckConstraint(
                condition=Q(discount_amount__gte=0) & Q(unit_price__gte=0),
                name="line_price",
            ),
        ]
        indexes = [models.Index(fields=["product", "-id"], name="line_product")]

    def __str__(self) -> str:
        return f"{self.order_id}/{self.position}"


class Charge(models.Model):
    """An amount of an order that is not a product: carriage, discount, what a channel adds."""

    class Kind(models.TextChoices):
        CARRIAGE = "carriage", _("Carriage")
        DISCOUNT = "discount", _("Discount")
        MANUAL = "manual", _("Manual")
        SAMPLES = "samples", _("Samples")
        FEE = "fee", _("Fee")
        VOUCHER = "voucher", _("Voucher")
        CHANNEL_DIFFERENCE = "difference", _("Channel difference")

    order = models.ForeignKey(Order, models.CASCADE, related_name="charges")
    kind = models.CharField(_("kind"), max_length=10, choices=Kind)
    description = models.CharField(_("description"), max_length=200, blank=True, db_default="")
    net_amount = AmountField(_("net"))
    tax_rate = models.DecimalField(
        _("tax rate (%)"), max_digits=6, decimal_places=3, default=0, db_default=0
    )
    tax_amount = AmountField(_("tax"), default=0, db_default=0)

    class Meta:
        verbose_name = _("charge")
        verbose_name_plural = _("charges")

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.net_amount}"
