"""The shipments that could leave together with one."""

from __future__ import annotations

from typing import Any

from fulfillment.models import Shipment
from fulfillment.selectors.scope import shipments_for

MOST = 20


def mergeable_with(user: Any, shipment: Shipment) -> list[Shipment]:
    """Planned shipments of the same customer, warehouse, address and service, the oldest first."""
    same = shipments_for(user).filter(
        status=Shipment.Status.PLANNED,
        customer=shipment.customer_id,
        warehouse=shipment.warehouse_id,
        service=shipment.service_id,
    )
    rows = same.exclude(pk=shipment.pk).select_related("ship_to").order_by("pk")[:MOST]
    address = shipment.ship_to.to_address()
    return [each for each in rows if each.ship_to.to_address() == address]
