"""What arrives of a product, and how fast it leaves: by warehouse."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from django.db.models import Min, Sum
from django.utils import timezone

from inventory.models import MovementKind, StockMovement, Transfer, TransferLine
from inventory.selectors.incoming import incoming

DEMAND_DAYS = 90


@dataclass(frozen=True, slots=True)
class Outlook:
    """Units ordered from suppliers and units on the way from our own warehouses, with the first day on
    which some of them are expected; ``daily_demand`` is the mean of the last `DEMAND_DAYS` days.
    """

    incoming: int = 0
    incoming_on: date | None = None
    in_transit: int = 0
    transit_on: date | None = None
    daily_demand: float = 0.0


def outlook_of(product_id: int) -> dict[int, Outlook]:
    """By warehouse; three statements."""
    transit = _in_transit(product_id)
    demand = _daily_demand(product_id)
    ordered: dict[int, int] = defaultdict(int)
    first: dict[int, date] = {}
    for each in incoming([product_id]).get(product_id, []):
        ordered[each.warehouse_id] += each.quantity
        if each.on and each.source not in transit.numbers:
            first.setdefault(each.warehouse_id, each.on)
    found: dict[int, Outlook] = defaultdict(Outlook)
    for warehouse_id in ordered.keys() | transit.units.keys() | demand.keys():
        on_the_way = transit.units.get(warehouse_id, 0)
        found[warehouse_id] = Outlook(
            incoming=max(0, ordered[warehouse_id] - on_the_way),
            incoming_on=first.get(warehouse_id),
            in_transit=on_the_way,
            transit_on=transit.first.get(warehouse_id),
            daily_demand=demand.get(warehouse_id, 0.0),
        )
    return found


def total_outlook(outlooks: Iterable[Outlook]) -> Outlook:
    """All warehouses together; the dates stay with each."""
    each = list(outlooks)
    return Outlook(
        incoming=sum(one.incoming for one in each),
        in_transit=sum(one.in_transit for one in each),
        daily_demand=sum(one.daily_demand for one in each),
    )


@dataclass(frozen=True, slots=True)
class _Transit:
    units: dict[int, int]
    first: dict[int, date]
    numbers: set[str]


def _in_transit(product_id: int) -> _Transit:
    lines = TransferLine.objects.filter(
        product=product_id, transfer__status__in=Transfer.ARRIVING
    ).values_list("transfer__warehouse_to", "transfer__number")
    rows = lines.annotate(
        way=Sum("sent") - Sum("received") - Sum("lost"), on=Min("transfer__expected_date")
    )
    units: dict[int, int] = defaultdict(int)
    first: dict[int, date] = {}
    numbers = set()
    for warehouse_id, number, way, on in rows:
        units[warehouse_id] += way
        numbers.add(number)
        if on is not None:
            first[warehouse_id] = min(on, first.get(warehouse_id, on))
    return _Transit(units, first, numbers)


def _daily_demand(product_id: int) -> dict[int, float]:
    since = timezone.now() - timedelta(days=DEMAND_DAYS)
    kinds = [MovementKind.SHIP, MovementKind.UNSHIP]
    moved = StockMovement.objects.filter(product=product_id, kind__in=kinds, at__gte=since)
    sums = moved.values_list("warehouse_id").annotate(units=-Sum("on_hand_delta"))
    return {warehouse_id: max(0, units) / DEMAND_DAYS for warehouse_id, units in sums}
