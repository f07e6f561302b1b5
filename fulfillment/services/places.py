"""Places of a warehouse's day for shipments that people put there: found first, taken last."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import date, timedelta

from django.utils import timezone
from django.utils.formats import date_format

from fulfillment.exceptions import MoveRefused
from fulfillment.models import SiteDay
from fulfillment.selectors.docks import load_gates
from fulfillment.services.capacity import Day, take_capacity
from inventory.models import Warehouse
from oms.core.actors import Actor

Place = tuple[int, date | None]
"""A warehouse and the day whose capacity a shipment takes; None: the warehouse counts none."""


def find_days(wanted: Mapping[int, int]) -> dict[int, date | None]:
    """The day on which each warehouse (by id) has room for so many more shipments: the one on which
    goods can leave from now on, or else its next working day; None where there is no limit.

    Nothing is taken yet.

    :raises MoveRefused: both days are full.
    """
    sites = {site.pk: site for site in Warehouse.objects.filter(pk__in=wanted)}
    found: dict[int, date | None] = dict.fromkeys(wanted)
    limited = {pk: site for pk, site in sites.items() if site.daily_capacity is not None}
    if not limited:
        return found
    now = timezone.now()
    gates = load_gates(now)
    for pk, site in sorted(limited.items()):
        if first := gates[pk].ready(now):
            later = gates[pk].dock.calendar.first_open(first + timedelta(days=1))
            found[pk] = _with_room(site, wanted[pk], [first, *([later] if later else [])])
    return found


def _with_room(site: Warehouse, more: int, days: list[date]) -> date:
    limit = site.daily_capacity or 0
    rows = SiteDay.objects.filter(warehouse=site, date__in=days)
    planned = dict(rows.values_list("date", "planned"))
    for day in days:
        if planned.get(day, 0) + more <= limit:
            return day
    full = " and ".join(
        f"{planned.get(day, 0)} of {limit} shipments are planned for {date_format(day)}"
        for day in days
    )
    raise MoveRefused(f"{site} has no room: {full}. Choose another warehouse, or raise its limit.")


def change_places(taken: Iterable[Place], back: Iterable[Place] = (), *, actor: Actor) -> None:
    """Take places by hand and give others back, in one order of days; the last step of a transaction.

    :raises InsufficientCapacity: others took the last ones meanwhile; nothing was changed.
    """
    bound: Counter[Day] = Counter((site, day) for site, day in taken if day)
    counts = Counter(bound)
    counts.subtract((site, day) for site, day in back if day)
    changed = {key: units for key, units in counts.items() if units}
    take_capacity(
        changed, bound={key: units for key, units in changed.items() if units > 0}, actor=actor
    )
