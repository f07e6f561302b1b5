"""Warehouses as the planner sees them now: capacity, cut-off, exclusions, reliability; who decides."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db import connection

from fulfillment.plans import Site
from fulfillment.promising import is_past_cut_off
from fulfillment.selectors.docks import Gate, load_gates
from oms.core.distance import Position


@dataclass(frozen=True, slots=True)
class SiteBook:
    """All warehouses, the days from when their goods can leave, and those days where they are limited.

    ``deciding`` is the active rule set: its key, and since when it is active; ``shadow_id`` the key of
    the one that runs in the shadow.
    """

    sites: list[Site]
    gates: Mapping[int, Gate]
    ready: Mapping[int, date | None]
    limited: Mapping[int, date | None]
    deciding: tuple[int, datetime] | None
    shadow_id: int | None = None


def load_sites(
    now: datetime, *, pick_cost: Decimal = Decimal(0), carton_cost: Decimal = Decimal(0)
) -> SiteBook:
    """All warehouses in two statements; those that are not active show in the trace only."""
    gates = load_gates(now)
    ready = {pk: gate.ready(now) for pk, gate in gates.items()}
    with connection.cursor() as cursor:
        cursor.execute(_SITES, [now, list(ready), list(ready.values())])
        rows = cursor.fetchall()
    sites = []
    for pk, code, priority, latitude, longitude, is_active, left, score, excluded, *_ in rows:
        products = {int(p): _moment(until) for p, until in excluded if p is not None}
        whole = [_moment(until) for p, until in excluded if p is None]
        is_known = latitude is not None and longitude is not None
        sites.append(
            Site(
                id=pk,
                code=code,
                priority=priority,
                position=Position(latitude, longitude) if is_known else None,
                is_active=is_active,
                capacity_left=left,
                is_past_cut_off=_is_late(now, gates[pk]),
                ships_on=ready[pk],
                reliability=1.0 if score is None else float(score) / 100,
                excluded_until=max(whole, default=None),
                excluded_products=products,
                pick_cost=pick_cost,
                carton_cost=carton_cost,
            )
        )
    deciding = [(row[-3], row[-2]) for row in rows[:1] if row[-3]]
    shadows = [row[-1] for row in rows[:1]]
    limited = {site.id: site.ships_on for site in sites if site.capacity_left is not None}
    return SiteBook(sites, gates, ready, limited, deciding[0] if deciding else None, *shadows)


def _moment(text: Any) -> datetime:
    return datetime.fromisoformat(text)


def _is_late(now: datetime, gate: Gate) -> bool:
    """Work on what is asked for now begins on another day."""
    today = now.astimezone(gate.dock.zone).date()
    return not gate.dock.calendar.is_open(today) or is_past_cut_off(now, gate.dock)


# Capacity is that of the day on which goods planned now would leave.
_SITES = """
SELECT warehouse.id, warehouse.code, warehouse.priority, warehouse.latitude, warehouse.longitude,
  warehouse.is_active,
  warehouse.daily_capacity - COALESCE((SELECT planned FROM fulfillment_siteday day
    WHERE day.warehouse_id = warehouse.id AND day.date = ready.day), 0),
  (SELECT score FROM fulfillment_sitescore score WHERE score.warehouse_id = warehouse.id),
  (SELECT COALESCE(json_agg(json_build_array(product_id, until_at)), '[]') FROM (
     SELECT product_id, max(until_at) AS until_at FROM fulfillment_siteexclusion
     WHERE warehouse_id = warehouse.id AND until_at > %s GROUP BY product_id) exclusion),
  active.id, active.activated_at, shadow.id
FROM inventory_warehouse warehouse
LEFT JOIN unnest(%s::bigint[], %s::date[]) AS ready(id, day) ON ready.id = warehouse.id
LEFT JOIN fulfillment_ruleset active ON active.status = 'active'
LEFT JOIN fulfillment_ruleset shadow ON shadow.is_shadow
ORDER BY warehouse.id"""
