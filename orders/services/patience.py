"""Until when what an order still needs may wait."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from datetime import date

from oms.core.actors import Actor
from orders.models import Order


def set_cancel_dates(dates: Mapping[int, date], *, actor: Actor) -> None:  # noqa: ARG001 - every service says who acts
    """Say of locked orders after which day their open and backordered units are canceled.

    An order that has such a day keeps it. One statement for each day.
    """
    by_day: dict[date, list[int]] = defaultdict(list)
    for order_id, day in dates.items():
        by_day[day].append(order_id)
    for day, keys in sorted(by_day.items()):
        Order.objects.filter(pk__in=keys, cancel_by_date=None).update(cancel_by_date=day)
