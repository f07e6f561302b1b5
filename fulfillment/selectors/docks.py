"""Warehouses as goods leave them: time zones, cut-offs, working days, holidays, closures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.db import connection

from fulfillment.promising import Calendar, Dock, ready_date
from oms.core.calendars import public_holidays


@dataclass(frozen=True, slots=True)
class Gate:
    """A warehouse with its dock. Those that are not active ship nothing."""

    id: int
    code: str
    dock: Dock
    is_active: bool

    def ready(self, now: datetime) -> date | None:
        """The day from when goods that are there now can leave."""
        return ready_date(now, self.dock) if self.is_active else None


def load_gates(now: datetime) -> dict[int, Gate]:
    """All warehouses by key, with their closures from now on; one statement."""
    since = now.date() - timedelta(days=2)
    with connection.cursor() as cursor:
        cursor.execute(_GATES, [since])
        return {row[0]: _gate(since, *row) for row in cursor.fetchall()}


def _gate(  # noqa: PLR0917 - the columns of one row
    since: date,
    pk: int,
    code: str,
    is_active: bool,
    zone: str,
    cut_off: time | None,
    handling_days: int,
    workdays: Sequence[int],
    country: str,
    region: str,
    closures: Sequence[date],
) -> Gate:
    closed = public_holidays(country, region, since=since).union(closures)
    calendar = Calendar(frozenset(workdays), closed)
    return Gate(pk, code, Dock(_clock(zone), calendar, cut_off, handling_days), is_active)


def _clock(name: str) -> ZoneInfo:
    """The system check names warehouses with a bad time zone; routing goes on meanwhile."""
    try:
        return ZoneInfo(name)
    except (ValueError, ZoneInfoNotFoundError):
        return ZoneInfo("UTC")


_GATES = """
SELECT id, code, is_active, time_zone, cut_off, handling_days, workdays, holiday_country,
  holiday_region, ARRAY(SELECT date FROM inventory_warehouseclosure closure
    WHERE closure.warehouse_id = warehouse.id AND closure.date >= %s)
FROM inventory_warehouse warehouse ORDER BY id"""
