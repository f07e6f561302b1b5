"""Whose warehouses a person works in."""

from __future__ import annotations

from typing import Any

from inventory.models import Warehouse, WarehouseAccess
from inventory.models.warehouse import WarehouseQuerySet

EVERYWHERE = "fulfillment.view_all_warehouses"


def warehouses_for(user: Any) -> WarehouseQuerySet:
    """Every warehouse, or those that a person was given."""
    if user.has_perm(EVERYWHERE):
        return Warehouse.objects.all()
    places = WarehouseAccess.objects.filter(user=user).values("warehouse_id")
    return Warehouse.objects.filter(pk__in=places)
