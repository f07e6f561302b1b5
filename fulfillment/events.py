"""What fulfillment announces."""

from __future__ import annotations

from dataclasses import dataclass

from oms.core.events import Event


@dataclass(frozen=True)
class OrderRouted(Event):
    """The router put units of an order on shipments or on backorder."""

    topic = "fulfillment.order_routed"

    order_id: int

    @property
    def stream(self) -> str:
        return f"order:{self.order_id}"


@dataclass(frozen=True)
class ShipmentEvent(Event):
    """Something about one shipment; the events of a shipment keep their sequence."""

    shipment_id: int

    @property
    def stream(self) -> str:
        return f"shipment:{self.shipment_id}"


@dataclass(frozen=True)
class ShipmentReleased(ShipmentEvent):
    topic = "fulfillment.shipment_released"


@dataclass(frozen=True)
class ShipmentPicked(ShipmentEvent):
    topic = "fulfillment.shipment_picked"


@dataclass(frozen=True)
class ShipmentPacked(ShipmentEvent):
    topic = "fulfillment.shipment_packed"


@dataclass(frozen=True)
class ParcelShipped(ShipmentEvent):
    """The carrier has a parcel."""

    topic = "fulfillment.parcel_shipped"

    parcel_id: int


@dataclass(frozen=True)
class ParcelUnshipped(ShipmentEvent):
    """The hand-over of a parcel was undone."""

    topic = "fulfillment.parcel_unshipped"

    parcel_id: int


@dataclass(frozen=True)
class ShipmentShipped(ShipmentEvent):
    """The last parcel was handed over."""

    topic = "fulfillment.shipment_shipped"


@dataclass(frozen=True)
class ShipmentDelivered(ShipmentEvent):
    topic = "fulfillment.shipment_delivered"


@dataclass(frozen=True)
class ShipmentCanceled(ShipmentEvent):
    topic = "fulfillment.shipment_canceled"


@dataclass(frozen=True)
class ShortageReported(ShipmentEvent):
    """Fewer units lay in a bin than a pick asked for."""

    topic = "fulfillment.shortage_reported"


@dataclass(frozen=True)
class UnitsReopened(Event):
    """Allocated units of an order are open again and want to be routed anew."""

    topic = "fulfillment.units_reopened"

    order_id: int

    @property
    def stream(self) -> str:
        return f"order:{self.order_id}"


@dataclass(frozen=True)
class UnitsRejected(Event):
    """A warehouse sent units of an order back: they are open again and want another warehouse."""

    topic = "fulfillment.units_rejected"

    order_id: int
    warehouse_id: int
    product_ids: list[int]

    @property
    def stream(self) -> str:
        return f"order:{self.order_id}"


@dataclass(frozen=True)
class RestCanceled(Event):
    """An order was not to wait any longer: so many ``units`` of its lines (by id) are canceled."""

    topic = "fulfillment.rest_canceled"

    order_id: int
    units: dict[str, int]

    @property
    def stream(self) -> str:
        return f"order:{self.order_id}"


@dataclass(frozen=True)
class ExclusionLifted(Event):
    """A warehouse may be routed to again, with this product or (None) with all it is kept out of."""

    topic = "fulfillment.exclusion_lifted"

    warehouse_id: int
    product_id: int | None

    @property
    def stream(self) -> str:
        return f"warehouse:{self.warehouse_id}"


@dataclass(frozen=True)
class ShadowAsked(Event):
    """Orders were routed while a rule set runs in the shadow: it is to decide over them too."""

    topic = "fulfillment.shadow_asked"

    batch_id: int

    @property
    def stream(self) -> str:
        return f"shadow:{self.batch_id}"


@dataclass(frozen=True)
class PromiseSlipped(Event):
    """Lines of an order come later than was promised, or nobody knows any more when they come."""

    topic = "fulfillment.promise_slipped"

    order_id: int
    line_ids: list[int]

    @property
    def stream(self) -> str:
        return f"order:{self.order_id}"
