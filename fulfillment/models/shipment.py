from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _
from django_fsm import FSMField, transition

from fulfillment.models.carrier import CarrierService
from inventory.models import Warehouse
from oms.core.money import AmountField
from oms.core.numbering import NextNumber
from oms.core.querysets import LockingQuerySet
from orders.models import Customer, OrderAddress, OrderLine


class ShipmentQuerySet(LockingQuerySet["Shipment"]):
    pass


class Shipment(models.Model):
    """Goods leaving one warehouse for one address. The orders hang on its lines."""

    class Status(models.TextChoices):
        PLANNED = "planned", _("Planned")
        RELEASED = "released", _("Released")
        PICKING = "picking", _("Picking")
        PICKED = "picked", _("Picked")
        PACKED = "packed", _("Packed")
        SHIPPED = "shipped", _("Shipped")
        DELIVERED = "delivered", _("Delivered")
        CANCELED = "canceled", _("Canceled")

    ON_THE_FLOOR = (Status.RELEASED, Status.PICKING, Status.PICKED, Status.PACKED)

    number = models.CharField(
        _("number"),
        max_length=32,
        unique=True,
        db_default=NextNumber("SH", "number_shipment"),
        editable=False,
    )
    warehouse = models.ForeignKey(Warehouse, models.PROTECT, related_name="+")
    customer = models.ForeignKey(Customer, models.PROTECT, related_name="+")
    ship_to = models.ForeignKey(OrderAddress, models.PROTECT, related_name="+")
    status = FSMField(
        _("status"),
        protected=True,
        choices=Status,
        default=Status.PLANNED,
    )
    priority = models.SmallIntegerField(_("priority"), default=0, db_default=0)
    locale = models.CharField(_("language"), max_length=16, db_default="en")
    distance_km = models.FloatField(_("distance (km)"), null=True)
    units = models.IntegerField(_("units"), default=0, db_default=0)
    service = models.ForeignKey(
        CarrierService, models.PROTECT, null=True, blank=True, related_name="+"
    )
    freight_amount = AmountField(_("freight estimate"), null=True, blank=True)
    freight_currency = models.CharField(max_length=3, blank=True, db_default="")
    ships_on = models.DateField(_("leaves on"), null=True, blank=True)
    arrives_on = models.DateField(_("arrives on"), null=True, blank=True)
    capacity_date = models.DateField(null=True, editable=False)
    created_at = models.DateTimeField(_("planned"), db_default=Now())
    released_at = models.DateTimeField(_("released"), null=True)
    picked_at = models.DateTimeField(_("picked"), null=True)
    packed_at = models.DateTimeField(_("packed"), null=True)
    shipped_at = models.DateTimeField(_("shipped"), null=True)
    delivered_at = models.DateTimeField(_("delivered"), null=True)
    canceled_at = models.DateTimeField(_("canceled"), null=True)

    objects = ShipmentQuerySet.as_manager()

    class Meta:
        verbose_name = _("shipment")
        verbose_name_plural = _("shipments")
        permissions = [
            ("route_order", _("Can route orders")),
            ("release_shipment", _("Can release shipments to the floor")),
            ("pick", _("Can pick")),
            ("pack", _("Can pack")),
            ("ship", _("Can ship parcels")),
            ("unship", _("Can undo a hand-over")),
            ("override_routing", _("Can override routing, move, split and merge shipments")),
            ("view_all_warehouses", _("Can see the work of every warehouse")),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(
                    status__in=[
                        "planned",
                        "released",
                        "picking",
                        "picked",
                        "packed",
                        "shipped",
                        "delivered",
                        "canceled",
                    ]
                ),
                name="shipment_status",
            )
        ]
        indexes = [
            models.Index(
                fields=["warehouse", "status", "-priority", "id"],
                condition=Q(status__in=["planned", "released", "picking", "picked", "packed"]),
                name="shipment_open",
            ),
            models.Index(fields=["status", "-id"], name="shipment_by_status"),
        ]

    def __str__(self) -> str:
        return self.number

    @transition(field=status, source=Status.PLANNED, target=Status.RELEASED)
    def release(self) -> None:
        """Give the shipment to the floor: picks exist."""

    @transition(field=status, source=Status.RELEASED, target=Status.PLANNED)
    def unrelease(self) -> None:
        """Take it back while nothing was picked."""

    @transition(field=status, source=[Status.RELEASED, Status.PICKING], target=Status.PICKING)
    def start_picking(self) -> None:
        """The first unit was picked."""

    @transition(field=status, source=Status.PICKING, target=Status.PICKED)
    def finish_picking(self) -> None:
        """Every unit is picked or was taken off as short."""

    @transition(field=status, source=Status.PICKED, target=Status.PICKING)
    def resume_picking(self) -> None:
        """Picked units went back to their bin."""

    @transition(field=status, source=Status.PICKED, target=Status.PACKED)
    def pack(self) -> None:
        """Every unit lies in a closed parcel."""

    @transition(field=status, source=Status.PACKED, target=Status.PICKED)
    def unpack(self) -> None:
        """A parcel was opened again."""

    @transition(field=status, source=Status.PACKED, target=Status.SHIPPED)
    def ship(self) -> None:
        """The last parcel was handed over."""

    @transition(field=status, source=Status.SHIPPED, target=Status.PACKED)
    def unship(self) -> None:
        """A hand-over was undone."""

    @transition(field=status, source=Status.SHIPPED, target=Status.DELIVERED)
    def deliver(self) -> None:
        """The carrier delivered the last parcel."""

    @transition(
        field=status,
        source=[Status.PLANNED, Status.RELEASED, Status.PICKING, Status.PICKED],
        target=Status.CANCELED,
    )
    def cancel(self) -> None:
        """Its units go back to open or are canceled with the order."""


class ShipmentLine(models.Model):
    """Units of one order line on a shipment. ``quantity`` ≥ picked ≥ packed ≥ shipped."""

    shipment = models.ForeignKey(Shipment, models.CASCADE, related_name="lines")
    order_line = models.ForeignKey(OrderLine, models.PROTECT, related_name="+")
    quantity = models.IntegerField(_("quantity"))
    picked = models.IntegerField(_("picked"), default=0, db_default=0)
    packed = models.IntegerField(_("packed"), default=0, db_default=0)
    shipped = models.IntegerField(_("shipped"), default=0, db_default=0)

    class Meta:
        verbose_name = _("shipment line")
        verbose_name_plural = _("shipment lines")
        constraints = [
            models.UniqueConstraint(fields=["shipment", "order_line"], name="shipment_line_once"),
            models.CheckConstraint(
                condition=Q(shipped__gte=0)
                & Q(packed__gte=F("shipped"))
                & Q(picked__gte=F("packed"))
                & Q(quantity__gte=F("picked"))
                & Q(quantity__gte=0),
                name="shipment_line_quantities",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.quantity} of line {self.order_line_id}"
