"""What orders announces."""

from __future__ import annotations

from dataclasses import dataclass

from oms.core.events import Event


@dataclass(frozen=True)
class OrderEvent(Event):
    """Something about one order; the events of an order keep their sequence."""

    order_id: int

    @property
    def stream(self) -> str:
        return f"order:{self.order_id}"


@dataclass(frozen=True)
class OrderPlaced(OrderEvent):
    topic = "orders.order_placed"


@dataclass(frozen=True)
class OrderHeld(OrderEvent):
    topic = "orders.order_held"

    hold_id: int


@dataclass(frozen=True)
class OrderReleasedForRouting(OrderEvent):
    """The last routing hold was lifted."""

    topic = "orders.order_released_for_routing"


@dataclass(frozen=True)
class OrderReleasedForShipping(OrderEvent):
    """The last shipping hold was lifted."""

    topic = "orders.order_released_for_shipping"


@dataclass(frozen=True)
class OrderLinesCanceled(OrderEvent):
    """Some units were canceled and others are left."""

    topic = "orders.order_lines_canceled"


@dataclass(frozen=True)
class OrderCanceled(OrderEvent):
    topic = "orders.order_canceled"


@dataclass(frozen=True)
class OrderCompleted(OrderEvent):
    topic = "orders.order_completed"


@dataclass(frozen=True)
class OrderReopened(OrderEvent):
    """A shipment of a completed order was undone."""

    topic = "orders.order_reopened"


@dataclass(frozen=True)
class PaymentRecorded(OrderEvent):
    topic = "orders.payment_recorded"

    payment_id: int


@dataclass(frozen=True)
class InvoiceIssued(OrderEvent):
    """An invoice or a credit note was issued."""

    topic = "orders.invoice_issued"

    invoice_id: int
