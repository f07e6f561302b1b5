from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from fulfillment.models.shipment import ShipmentLine
from inventory.models import Bin, Lot, Warehouse
from oms.core.numbering import NextNumber
from oms.core.querysets import LockingQuerySet


class PickListQuerySet(LockingQuerySet["PickList"]):
    pass


class PickList(models.Model):
    """One picker's work, in walking order."""

    number = models.CharField(
        _("number"),
        max_length=32,
        unique=True,
        db_default=NextNumber("PL", "number_pick_list"),
        editable=False,
    )
    warehouse = models.ForeignKey(Warehouse, models.PROTECT, related_name="+")
    created_at = models.DateTimeField(_("released"), db_default=Now())
    finished_at = models.DateTimeField(_("finished"), null=True)
    canceled_at = models.DateTimeField(_("canceled"), null=True)

    objects = PickListQuerySet.as_manager()

    class Meta:
        verbose_name = _("pick list")
        verbose_name_plural = _("pick lists")

    def __str__(self) -> str:
        return self.number


class PickQuerySet(LockingQuerySet["Pick"]):
    pass


class Pick(models.Model):
    """Take ``quantity`` units from one bin for one shipment line; ``picked`` of them were taken."""

    pick_list = models.ForeignKey(PickList, models.CASCADE, related_name="picks")
    shipment_line = models.ForeignKey(ShipmentLine, models.CASCADE, related_name="picks")
    bin = models.ForeignKey(Bin, models.PROTECT, related_name="+")
    lot = models.ForeignKey(Lot, models.PROTECT, null=True, related_name="+")
    serial = models.CharField(max_length=64, null=True)  # noqa: DJ001 - as in the bin it is in
    quantity = models.IntegerField(_("quantity"))
    picked = models.IntegerField(_("picked"), default=0, db_default=0)
    position = models.PositiveIntegerField(_("position"))
    picked_by = models.CharField(max_length=150, blank=True, db_default="")
    picked_at = models.DateTimeField(null=True)

    objects = PickQuerySet.as_manager()

    class Meta:
        verbose_name = _("pick")
        verbose_name_plural = _("picks")
        constraints = [
            models.CheckConstraint(
                condition=Q(quantity__gt=0) & Q(picked__gte=0) & Q(picked__lte=F("quantity")),
                name="pick_quantities",
            )
        ]

    def __str__(self) -> str:
        return f"{self.quantity} from {self.bin_id}"
