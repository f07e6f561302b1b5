"""Locks for the work on shipments, by rank: orders, then shipments; each in key order."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from fulfillment.exceptions import OnHold, Unknown
from fulfillment.models import Parcel, Shipment, ShipmentLine
from inventory.models import Bin
from orders.models import Order


@dataclass(frozen=True, slots=True)
class Work:
    """Locked shipments with the locked orders they serve."""

    shipments: dict[int, Shipment]
    orders: dict[int, Order]
    orders_of: dict[int, list[int]]

    def refuse_held(self) -> None:
        """Raise where an order of these shipments has a shipping hold.

        :raises OnHold: with the numbers of order and shipment.
        """
        for shipment_id, order_ids in self.orders_of.items():
            for order in (self.orders[pk] for pk in order_ids):
                if order.shipping_holds:
                    raise OnHold(
                        f"{order} is on hold: lift the hold before {self.shipments[shipment_id]}"
                        " goes on."
                    )


def lock_work(shipment_ids: Iterable[int]) -> Work:
    """Lock shipments behind their orders.

    :raises Unknown: there is no such shipment.
    """
    keys = sorted(set(shipment_ids))
    pairs = ShipmentLine.objects.filter(shipment__in=keys).values_list(
        "shipment_id", "order_line__order_id"
    )
    orders_of: dict[int, list[int]] = {key: [] for key in keys}
    for shipment_id, order_id in pairs.distinct().order_by("shipment_id", "order_line__order_id"):
        orders_of[shipment_id].append(order_id)
    orders = Order.objects.lock_all(pk for pks in orders_of.values() for pk in pks)
    shipments = lock_shipments(keys)
    return Work(shipments, {order.pk: order for order in orders}, orders_of)


def lock_shipments(shipment_ids: Iterable[int]) -> dict[int, Shipment]:
    """Lock shipments.

    :raises Unknown: there is no such shipment.
    """
    keys = sorted(set(shipment_ids))
    found = {shipment.pk: shipment for shipment in Shipment.objects.lock_all(keys)}
    if missing := [key for key in keys if key not in found]:
        raise Unknown(f"There is no shipment with the key {missing[0]}.")
    return found


def shipments_of_parcels(parcel_ids: Sequence[int]) -> list[int]:
    """The shipments that these parcels belong to, not locked.

    :raises Unknown: there is no such parcel.
    """
    found = dict(Parcel.objects.filter(pk__in=parcel_ids).values_list("pk", "shipment_id"))
    if missing := [pk for pk in parcel_ids if pk not in found]:
        raise Unknown(f"There is no parcel with the key {missing[0]}.")
    return sorted(set(found.values()))


def staging_bins(warehouse_ids: Iterable[int]) -> dict[int, int]:
    """Warehouse → the bin where picked goods wait for the carrier.

    :raises Unknown: a warehouse has none.
    """
    wanted = set(warehouse_ids)
    staging = Bin.objects.filter(
        warehouse__in=wanted, kind=Bin.Kind.STAGING, is_active=True
    ).order_by("-walk_order", "-pk")
    bins = dict(staging.values_list("warehouse_id", "pk"))
    if wanted - bins.keys():
        raise Unknown("The warehouse has no staging bin: add one before goods are picked.")
    return bins


def blocked_bin(warehouse_id: int, kind: Bin.Kind) -> int:
    """The bin of a warehouse for what is missing or damaged.

    :raises Unknown: it has none.
    """
    found = Bin.objects.filter(warehouse=warehouse_id, kind=kind, is_active=True).order_by("pk")
    target = found.values_list("pk", flat=True).first()
    if target is None:
        raise Unknown(
            f"The warehouse has no bin of kind “{str(kind.label).lower()}”: add one first."
        )
    return target
