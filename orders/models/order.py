from __future__ import annotations

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import OpClass
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _
from django_fsm import FSMField, transition

from oms.core.addresses import AddressFields
from oms.core.money import AmountField
from oms.core.numbering import NextNumber
from oms.core.querysets import LockingQuerySet
from oms.core.workflow import Guard
from orders.models.channel import SalesChannel
from orders.models.customer import Customer


class OrderAddress(AddressFields):
    """An address as it stood when the order was taken, with its coordinates where they are known."""

    latitude = models.FloatField(null=True)
    longitude = models.FloatField(null=True)

    class Meta:
        verbose_name = _("order address")
        verbose_name_plural = _("order addresses")

    def __str__(self) -> str:
        return f"{self.postcode} {self.city}".strip()


class OrderQuerySet(LockingQuerySet["Order"]):
    def open(self) -> OrderQuerySet:
        """Placed and not yet completed or canceled."""
        return self.filter(status__in=[Order.Status.PLACED, Order.Status.IN_FULFILLMENT])

    def held(self) -> OrderQuerySet:
        return self.filter(Q(routing_holds__gt=0) | Q(shipping_holds__gt=0))


class Order(models.Model):
    """What a customer asked for. Three statuses: ``status`` is moved by its machine; the other two
    are derived from line counters and payments by ``orders.statuses``.
    """

    class Status(models.TextChoices):
        DRAFT = "draft", _("Draft")
        PLACED = "placed", _("Placed")
        IN_FULFILLMENT = "in_fulfillment", _("In fulfillment")
        COMPLETED = "completed", _("Completed")
        CANCELED = "canceled", _("Canceled")

    class FulfillmentStatus(models.TextChoices):
        UNROUTED = "unrouted", _("Unrouted")
        BACKORDERED = "backordered", _("Backordered")
        ALLOCATED = "allocated", _("Allocated")
        PARTLY_SHIPPED = "partly_shipped", _("Partly shipped")
        SHIPPED = "shipped", _("Shipped")
        CANCELED = "canceled", _("Canceled")

    class PaymentStatus(models.TextChoices):
        UNPAID = "unpaid", _("Unpaid")
        AUTHORIZED = "authorized", _("Authorized")
        PARTLY_PAID = "partly_paid", _("Partly paid")
        PAID = "paid", _("Paid")
        PARTLY_REFUNDED = "partly_refunded", _("Partly refunded")
        REFUNDED = "refunded", _("Refunded")

    number = models.CharField(
        _("number"),
        max_length=32,
        unique=True,
        db_default=NextNumber("SO", "number_order"),
        editable=False,
    )
    channel = models.ForeignKey(SalesChannel, models.PROTECT, related_name="+", db_index=False)
    external_id = models.CharField(_("external id"), max_length=128, blank=True, db_default="")
    customer = models.ForeignKey(Customer, models.PROTECT, related_name="orders", db_index=False)
    status = FSMField(_("status"), protected=True, choices=Status, default=Status.DRAFT)
    fulfillment_status = models.CharField(
        _("fulfillment"),
        max_length=14,
        choices=FulfillmentStatus,
        default=FulfillmentStatus.UNROUTED,
        db_default=FulfillmentStatus.UNROUTED,
    )
    payment_status = models.CharField(
        _("payment"),
        max_length=15,
        choices=PaymentStatus,
        default=PaymentStatus.UNPAID,
        db_default=PaymentStatus.UNPAID,
    )
    routing_holds = models.PositiveSmallIntegerField(default=0, db_default=0)
    shipping_holds = models.PositiveSmallIntegerField(default=0, db_default=0)
    settlement = models.CharField(
        _("settlement"),
        max_length=10,
        choices=Customer.Settlement,
        db_default=Customer.Settlement.ON_ACCOUNT,
    )
    terms_days = models.PositiveSmallIntegerField(_("payment terms (days)"), db_default=30)
    currency = models.CharField(_("currency"), max_length=3)
    prices_include_tax = models.BooleanField(
        _("prices include tax"), default=False, db_default=False
    )
    customer_po_number = models.CharField(
        _("customer PO number"), max_length=64, blank=True, db_default=""
    )
    priority = models.SmallIntegerField(
        _("priority"), default=0, db_default=0, help_text=_("Higher goes first.")
    )
    requested_date = models.DateField(_("requested date"), null=True, blank=True)
    locale = models.CharField(_("language"), max_length=16, db_default="en")
    ship_to = models.ForeignKey(OrderAddress, models.PROTECT, related_name="+", db_index=False)
    bill_to = models.ForeignKey(
        OrderAddress, models.PROTECT, null=True, related_name="+", db_index=False
    )
    lines_amount = AmountField(_("lines"), default=0, db_default=0)
    charges_amount = AmountField(_("charges"), default=0, db_default=0)
    tax_amount = AmountField(_("tax"), default=0, db_default=0)
    total_amount = AmountField(_("total"), default=0, db_default=0)
    units = models.IntegerField(_("units"), default=0, db_default=0)
    line_count = models.IntegerField(_("lines"), default=0, db_default=0)
    sales_rep = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
    )
    note = models.TextField(_("note"), blank=True, db_default="")
    tags = ArrayField(
        models.CharField(max_length=32),
        verbose_name=_("tags"),
        default=list,
        blank=True,
        db_default=[],
    )
    cancel_by_date = models.DateField(
        _("cancel what is open after"), null=True, blank=True, editable=False
    )
    linked_order = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="followers"
    )
    is_history = models.BooleanField(default=False, db_default=False)
    created_at = models.DateTimeField(_("created"), db_default=Now())
    placed_at = models.DateTimeField(_("placed"), null=True)
    completed_at = models.DateTimeField(_("completed"), null=True)
    canceled_at = models.DateTimeField(_("canceled"), null=True)

    objects = OrderQuerySet.as_manager()

    class Meta:
        verbose_name = _("order")
        verbose_name_plural = _("orders")
        permissions = [
            ("place_order", _("Can place orders")),
            ("hold_order", _("Can hold orders and lift holds")),
            ("cancel_order", _("Can cancel orders")),
            ("view_all_orders", _("Can see orders of every customer")),
            ("record_payment", _("Can record payments")),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(
                    status__in=[
                        "draft",
                        "placed",
                        "in_fulfillment",
                        "completed",
                        "canceled",
                    ]
                ),
                name="order_status",
            ),
            models.CheckConstraint(
                condition=Q(
                    fulfillment_status__in=[
                        "unrouted",
                        "backordered",
                        "allocated",
                        "partly_shipped",
                        "shipped",
                        "canceled",
                    ]
                ),
                name="order_fulfillment_status",
            ),
            models.CheckConstraint(
                condition=Q(
                    payment_status__in=[
                        "unpaid",
                        "authorized",
                        "partly_paid",
                        "paid",
                        "partly_refunded",
                        "refunded",
                    ]
                ),
                name="order_payment_status",
            ),
            models.CheckConstraint(
                condition=Q(
                    total_amount=models.F("lines_amount")
                    + models.F("charges_amount")
                    + models.F("tax_amount")
                ),
                name="order_total_adds_up",
            ),
            models.CheckConstraint(
                condition=Q(status__in=["draft", "canceled"]) | Q(placed_at__isnull=False),
                name="order_placed_at",
            ),
        ]
        indexes = [
            models.Index(fields=["-placed_at", "-id"], name="order_newest"),
            models.Index(
                fields=["status", "-id"],
                condition=Q(status__in=["draft", "placed", "in_fulfillment"]),
                name="order_active",
            ),
            models.Index(
                fields=["fulfillment_status", "-id"],
                condition=Q(status__in=["placed", "in_fulfillment"]),
                name="order_open_fulfillment",
            ),
            models.Index(fields=["customer", "-id"], name="order_customer"),
            models.Index(fields=["channel", "-id"], name="order_channel"),
            models.Index(
                fields=["cancel_by_date"],
                condition=Q(status__in=["placed", "in_fulfillment"], cancel_by_date__isnull=False),
                name="order_cancel_by",
            ),
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def is_routable(self) -> bool:
        return self.routing_holds == 0

    @transition(field=status, source=Status.DRAFT, target=Status.PLACED)
    def place(self) -> None:
        """Accept the order. Its lines become open and are covered by reservations."""

    @transition(
        field=status,
        source=[Status.PLACED, Status.IN_FULFILLMENT],
        target=Status.IN_FULFILLMENT,
        conditions=[
            Guard(
                lambda order: order.routing_holds == 0,
                "The order is on hold: lift the hold before it is routed.",
            )
        ],
    )
    def start_fulfillment(self) -> None:
        """Routing has put the first units on shipments or on backorder."""

    @transition(field=status, source=Status.IN_FULFILLMENT, target=Status.COMPLETED)
    def complete(self) -> None:
        """Nothing is open, allocated or backordered any more."""

    @transition(field=status, source=Status.COMPLETED, target=Status.IN_FULFILLMENT)
    def reopen(self) -> None:
        """A shipment was undone: units are owed again."""

    @transition(
        field=status,
        source=[Status.DRAFT, Status.PLACED, Status.IN_FULFILLMENT],
        target=Status.CANCELED,
    )
    def cancel(self) -> None:
        """Every unit is canceled."""


class Hold(models.Model):
    """A named reason that stops an order from being routed or shipped, until it is lifted."""

    class Kind(models.TextChoices):
        ROUTING = "routing", _("Routing")
        SHIPPING = "shipping", _("Shipping")

    class Reason(models.TextChoices):
        CREDIT = "credit", _("Credit")
        APPROVAL = "approval", _("Approval")
        PAYMENT = "payment", _("Payment")
        FRAUD = "fraud", _("Fraud check")
        STOCK = "stock", _("Stock")
        ADDRESS = "address", _("Address")
        CUSTOMS = "customs", _("Customs papers")
        CUSTOMER_WAIT = "customer_wait", _("Customer asked to wait")
        OTHER = "other", _("Other")

    order = models.ForeignKey(Order, models.CASCADE, related_name="holds")
    kind = models.CharField(max_length=8, choices=Kind)
    reason = models.CharField(max_length=16, choices=Reason)
    note = models.TextField(blank=True, db_default="")
    placed_by = models.CharField(max_length=150)
    placed_at = models.DateTimeField(db_default=Now())
    lifted_by = models.CharField(max_length=150, blank=True, db_default="")
    lifted_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("hold")
        verbose_name_plural = _("holds")
        constraints = [
            models.UniqueConstraint(
                fields=["order", "kind", "reason"],
                condition=Q(lifted_at=None),
                name="hold_once_per_reason",
            ),
            models.CheckConstraint(condition=Q(kind__in=["routing", "shipping"]), name="hold_kind"),
        ]

    def __str__(self) -> str:
        return self.get_reason_display()


class SearchTerm(models.Model):
    """An exact or prefix key under which an order is found. Never personal data."""

    class Kind(models.TextChoices):
        NUMBER = "number", _("order number")
        PO_NUMBER = "po", _("customer PO number")
        EXTERNAL_ID = "external", _("external id")
        SKU = "sku", _("SKU")
        SHIPMENT = "shipment", _("shipment number")
        TRACKING = "tracking", _("tracking number")
        INVOICE = "invoice", _("invoice number")

    order = models.ForeignKey(Order, models.CASCADE, related_name="+", db_index=False)
    kind = models.CharField(max_length=8, choices=Kind)
    term = models.CharField(max_length=128)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["order", "kind", "term"], name="search_term_once")
        ]
        indexes = [
            models.Index(
                OpClass(models.functions.Lower("term"), name="text_pattern_ops"),
                name="search_term_prefix",
            )
        ]

    def __str__(self) -> str:
        return self.term
