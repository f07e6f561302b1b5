"""The days of a warehouse: who counts on them is told when they change."""

from __future__ import annotations

from django.db import transaction

from inventory.events import WarehouseDaysChanged
from oms.core.actors import Actor
from oms.core.events import publish


@transaction.atomic
def announce_days(*, warehouse_id: int, actor: Actor) -> None:  # noqa: ARG001 - every service says who acts
    """Tell that a warehouse's working days, holidays, closures, cut-off or handling days changed."""
    publish(WarehouseDaysChanged(warehouse_id=warehouse_id))
