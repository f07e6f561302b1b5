"""How many shipments a warehouse can do on a day: taken as orders are routed, given back when canceled.

Only warehouses with a daily capacity are counted; the others have no row that routers could queue at.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from datetime import date

from django.db import connection, transaction

from fulfillment.exceptions import InsufficientCapacity
from fulfillment.models import Shipment
from oms.core.actors import Actor

Day = tuple[int, date]
"""A warehouse and a date."""


def take_capacity(
    counts: Mapping[Day, int],
    *,
    bound: Mapping[Day, int],
    actor: Actor,  # noqa: ARG001 - every service says who acts
) -> None:
    """Count so many more shipments on these days (fewer, where below 0); the very last step of a
    transaction.

    ``bound``: so many of them must fit into the capacity, as their rule asks.

    :raises InsufficientCapacity: they do not fit any more; the caller's transaction is to be rolled back.
    """
    days = sorted(counts)
    if not days:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            _TAKE,
            [
                [site for site, _ in days],
                [day for _, day in days],
                [counts[day] for day in days],
                [bound.get(day, 0) for day in days],
            ],
        )
        taken = cursor.rowcount
    if taken < len(days):
        raise InsufficientCapacity("The warehouse has no capacity left on that day.")


# The row of the day is locked by the conflict, so its count is the latest when it is compared.
_TAKE = """
WITH wanted AS MATERIALIZED (
  SELECT * FROM unnest(%s::bigint[], %s::date[], %s::int[], %s::int[])
    AS t(warehouse_id, date, units, bound))
INSERT INTO fulfillment_siteday AS day (warehouse_id, date, planned)
SELECT warehouse_id, date, greatest(0, units) FROM wanted ORDER BY warehouse_id, date
ON CONFLICT (warehouse_id, date) DO UPDATE SET planned = greatest(0, day.planned + (
  SELECT units FROM wanted WHERE wanted.warehouse_id = day.warehouse_id AND wanted.date = day.date))
WHERE EXISTS (
  SELECT FROM wanted JOIN inventory_warehouse warehouse ON warehouse.id = wanted.warehouse_id
  WHERE wanted.warehouse_id = day.warehouse_id AND wanted.date = day.date
    AND (wanted.bound = 0 OR day.planned + wanted.bound <= warehouse.daily_capacity))"""


@transaction.atomic
def give_back_capacity(*, shipment_ids: Collection[int], actor: Actor) -> None:
    """Let others have the places of canceled shipments; each is given back once."""
    canceled = Shipment.objects.filter(
        status=Shipment.Status.CANCELED, capacity_date__isnull=False
    ).lock_all(shipment_ids)
    Shipment.objects.filter(pk__in=[each.pk for each in canceled]).update(capacity_date=None)
    free_places([(each.warehouse_id, each.capacity_date) for each in canceled], actor=actor)


def free_places(
    places: Iterable[tuple[int, date | None]],
    *,
    actor: Actor,  # noqa: ARG001 - every service says who acts
) -> None:
    """One shipment fewer for each (warehouse, date); without a date none was counted."""
    days = Counter(place for place in places if place[1])
    if not days:
        return
    keys = sorted(days)
    with connection.cursor() as cursor:
        cursor.execute(
            _GIVE_BACK,
            [[site for site, _ in keys], [day for _, day in keys], [days[key] for key in keys]],
        )


_GIVE_BACK = """
WITH back AS MATERIALIZED (
  SELECT day.id, t.units FROM unnest(%s::bigint[], %s::date[], %s::int[])
    AS t(warehouse_id, date, units) JOIN fulfillment_siteday day USING (warehouse_id, date)
  ORDER BY day.warehouse_id, day.date FOR NO KEY UPDATE OF day)
UPDATE fulfillment_siteday day SET planned = greatest(0, day.planned - back.units)
FROM back WHERE day.id = back.id"""
