from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from inventory.models.product import Lot, Product
from inventory.models.warehouse import Bin, Warehouse


class StockLevel(models.Model):
    """The running totals of a product in a warehouse. Only the ledger statement writes them."""

    warehouse = models.ForeignKey(Warehouse, models.PROTECT, related_name="levels")
    product = models.ForeignKey(Product, models.PROTECT, related_name="levels")
    on_hand = models.IntegerField(_("on hand"), default=0, db_default=0)
    allocated = models.IntegerField(_("allocated"), default=0, db_default=0)
    blocked = models.IntegerField(_("blocked"), default=0, db_default=0)
    safety_stock = models.PositiveIntegerField(_("safety stock"), default=0, db_default=0)
    backorder_cap = models.PositiveIntegerField(
        _("backorder cap"),
        null=True,
        blank=True,
        help_text=_(
            "How many units may be owed from this warehouse at once; empty means no limit."
        ),
    )

    class Meta:
        verbose_name = _("stock level")
        verbose_name_plural = _("stock levels")
        permissions = [
            ("receive", _("Can receive goods")),
            ("adjust", _("Can adjust stock")),
            ("approve_adjustment", _("Can approve adjustments above the limit")),
            ("move", _("Can move goods between bins")),
        ]
        constraints = [
            models.UniqueConstraint(fields=["warehouse", "product"], name="level_once"),
            models.CheckConstraint(
                condition=Q(allocated__gte=0)
                & Q(blocked__gte=0)
                & Q(on_hand__gte=F("allocated") + F("blocked")),
                name="level_covers_allocated_and_blocked",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.product} at {self.warehouse}"


class MovementKind(models.TextChoices):
    """What happened; the rows of the movement table in ``docs/architecture.md``."""

    RECEIVE = "receive", _("Receive")
    FOUND = "found", _("Found")
    RETURN = "return", _("Return")
    ALLOCATE = "allocate", _("Allocate")
    DEALLOCATE = "deallocate", _("Deallocate")
    PICK = "pick", _("Pick")
    PUT_BACK = "put_back", _("Put back")
    SHIP = "ship", _("Ship")
    UNSHIP = "unship", _("Unship")
    ADJUST = "adjust", _("Adjust")
    WRITE_OFF = "write_off", _("Write off")
    MOVE = "move", _("Move")
    BLOCK = "block", _("Block")
    UNBLOCK = "unblock", _("Unblock")
    TRANSFER_OUT = "transfer_out", _("Transfer out")
    TRANSFER_IN = "transfer_in", _("Transfer in")


class StockMovement(models.Model):
    """One row of the stock ledger: what moved, and the level's totals after it.

    Append-only: a trigger refuses UPDATE and DELETE. ``quantity`` is what was handled (> 0); the
    deltas say what it did to the level. ``bin_from`` or ``bin_to`` is empty where goods enter or
    leave the warehouse, both are for claims. Claims need no ``idem_key``: the counters of the demand
    guard them. It is the most written table, so it has no index that no screen reads.
    """

    warehouse = models.ForeignKey(Warehouse, models.PROTECT, related_name="+", db_index=False)
    product = models.ForeignKey(Product, models.PROTECT, related_name="movements", db_index=False)
    kind = models.CharField(_("movement"), max_length=12, choices=MovementKind)
    quantity = models.IntegerField(_("quantity"))
    on_hand_delta = models.IntegerField(default=0, db_default=0)
    allocated_delta = models.IntegerField(default=0, db_default=0)
    blocked_delta = models.IntegerField(default=0, db_default=0)
    on_hand_after = models.IntegerField()
    allocated_after = models.IntegerField()
    blocked_after = models.IntegerField()
    bin_from = models.ForeignKey(Bin, models.PROTECT, null=True, related_name="+", db_index=False)
    bin_to = models.ForeignKey(Bin, models.PROTECT, null=True, related_name="+", db_index=False)
    lot = models.ForeignKey(Lot, models.PROTECT, null=True, related_name="+", db_index=False)
    serial = models.CharField(max_length=64, null=True)  # noqa: DJ001 - unique where given
    demand_kind = models.CharField(max_length=16, blank=True, db_default="")
    demand_id = models.BigIntegerField(null=True)
    document = models.CharField(_("document"), max_length=64, blank=True, db_default="")
    reason = models.CharField(_("reason"), max_length=64, blank=True, db_default="")
    note = models.TextField(_("note"), blank=True, db_default="")
    user_id = models.BigIntegerField(null=True)
    actor_label = models.CharField(max_length=150)
    idem_key = models.CharField(max_length=100, null=True)  # noqa: DJ001 - unique where given
    at = models.DateTimeField(_("time"), db_default=Now())

    class Meta:
        verbose_name = _("stock movement")
        verbose_name_plural = _("stock movements")
        constraints = [
            models.UniqueConstraint(fields=["idem_key"], name="movement_booked_once"),
            models.CheckConstraint(condition=Q(kind__in=MovementKind.values), name="movement_kind"),
            models.CheckConstraint(condition=Q(quantity__gt=0), name="movement_quantity"),
            models.CheckConstraint(
                condition=Q(allocated_after__gte=0)
                & Q(blocked_after__gte=0)
                & Q(on_hand_after__gte=F("allocated_after") + F("blocked_after")),
                name="movement_balance",
            ),
        ]
        indexes = [
            models.Index(fields=["product", "-id"], name="movement_product"),
            models.Index(fields=["warehouse", "product", "id"], name="movement_level"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.quantity} × {self.product_id}"


class AdjustmentRecord(models.Model):
    """A stock correction of the time before this system: kept for reports, moves nothing."""

    class Kind(models.TextChoices):
        FOUND = "found", _("Found")
        WRITE_OFF = "write_off", _("Write off")

    product = models.ForeignKey(Product, models.PROTECT, related_name="+")
    kind = models.CharField(max_length=12, choices=Kind)
    quantity = models.IntegerField()
    reason = models.CharField(max_length=200)
    source = models.CharField(max_length=100, unique=True)
    at = models.DateTimeField()

    class Meta:
        verbose_name = _("past adjustment")
        verbose_name_plural = _("past adjustments")
        constraints = [
            models.CheckConstraint(condition=Q(quantity__gt=0), name="past_adjustment_quantity")
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.quantity} × {self.product_id}"
