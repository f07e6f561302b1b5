"""Whose shipments a person sees."""

from __future__ import annotations

from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet

from fulfillment.models import PickList, Shipment, ShipmentLine
from fulfillment.models.shipment import ShipmentQuerySet
from inventory.models import WarehouseAccess
from orders.selectors.scope import orders_for


def shipments_for(user: Any) -> ShipmentQuerySet:
    """Every shipment, or those of a person's warehouses, or those of a sales rep's own orders."""
    if user.has_perm("fulfillment.view_all_warehouses"):
        return Shipment.objects.all()
    places = WarehouseAccess.objects.filter(user=user).values("warehouse_id")
    mine = Q(warehouse__in=places)
    if user.has_perm("orders.view_order"):
        lines = ShipmentLine.objects.filter(shipment=OuterRef("pk"))
        if not user.has_perm("orders.view_all_orders"):
            lines = lines.filter(order_line__order__in=orders_for(user))
        mine = mine | Q(Exists(lines))
    return Shipment.objects.filter(mine)


def pick_lists_for(user: Any) -> QuerySet[PickList]:
    """Every pick list, or those of a person's warehouses."""
    if user.has_perm("fulfillment.view_all_warehouses"):
        return PickList.objects.all()
    places = WarehouseAccess.objects.filter(user=user).values("warehouse_id")
    return PickList.objects.filter(warehouse__in=places)
