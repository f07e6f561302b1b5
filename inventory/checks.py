"""What a warehouse needs before anybody can work in it; part of ``check --database default``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from zoneinfo import available_timezones

from django.core import checks
from django.db import connection

from inventory.models import Bin, Warehouse

NEEDED = (Bin.Kind.SHELF, Bin.Kind.STAGING, Bin.Kind.RETURNS, Bin.Kind.MISSING)


@checks.register(checks.Tags.database)
def warehouses_can_work(
    *, databases: Sequence[str] | None = None, **_facts: Any
) -> list[checks.CheckMessage]:
    """Every open warehouse has a bin of each kind that the floor uses, and a real time zone."""
    if not databases or "inventory_bin" not in connection.introspection.table_names():
        return []
    found: list[checks.CheckMessage] = []
    kinds: dict[int, set[str]] = {}
    for warehouse_id, kind in Bin.objects.filter(is_active=True).values_list("warehouse", "kind"):
        kinds.setdefault(warehouse_id, set()).add(kind)
    for warehouse in Warehouse.objects.active().order_by("code"):
        missing = [str(kind.label) for kind in NEEDED if kind not in kinds.get(warehouse.pk, ())]
        if missing:
            sentence = f"Warehouse {warehouse.code} has no bin of kind {', '.join(missing)}."
            found.append(checks.Warning(sentence, hint="Add it under Bins.", id="inventory.W001"))
        if warehouse.time_zone not in available_timezones():
            sentence = f"Warehouse {warehouse.code}: {warehouse.time_zone} is no time zone."
            found.append(checks.Warning(sentence, id="inventory.W002"))
    return found
