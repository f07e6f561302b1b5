"""Units on shipments that nobody has picked: found, locked and taken off again."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from django.db import connection

from fulfillment.models import Shipment
from fulfillment.services.free import FreedUnits
from fulfillment.services.locks import Work
from fulfillment.services.reduce import CutPick, cut_units, settle
from oms.core import activity
from oms.core.actors import Actor

UNPICKED_IN = (Shipment.Status.PLANNED, Shipment.Status.RELEASED, Shipment.Status.PICKING)


class UnpickedLine(NamedTuple):
    """A locked line of a locked shipment."""

    line_id: int
    shipment_id: int
    order_id: int
    order_line_id: int
    kit_id: int | None
    per_set: int
    product_id: int
    sku: str
    quantity: int
    picked: int

    @property
    def left(self) -> int:
        return self.quantity - self.picked


@dataclass(frozen=True, slots=True)
class Taken:
    """What was taken off: the picks that became smaller, and what the order lines lose."""

    cuts: list[tuple[CutPick, int]]
    """With the product of each."""
    freed: list[FreedUnits]


def lock_lines(shipment_ids: Sequence[int]) -> dict[int, UnpickedLine]:
    """The lines of locked shipments by id, locked behind their order lines."""
    with connection.cursor() as cursor:
        cursor.execute(_LINES, [sorted(shipment_ids)])
        return {row[0]: UnpickedLine(*row) for row in cursor.fetchall()}


_LINES = """
SELECT line.id, line.shipment_id, wanted.order_id, wanted.id, wanted.parent_id,
  COALESCE(wanted.ordered / kit.sets, 1), wanted.product_id, product.sku, line.quantity, line.picked
FROM fulfillment_shipmentline line
JOIN orders_orderline wanted ON wanted.id = line.order_line_id
JOIN inventory_product product ON product.id = wanted.product_id
LEFT JOIN orders_orderline kit ON kit.id = wanted.parent_id
WHERE line.shipment_id = ANY(%s)
ORDER BY wanted.id, line.id FOR NO KEY UPDATE OF wanted, line"""


def with_their_kits(units: Mapping[int, int], lines: Mapping[int, UnpickedLine]) -> dict[int, int]:
    """Add the unpicked other parts of the sets that these units (by line) belong to: a set ships
    from one place.
    """
    sets: dict[tuple[int, int], int] = {}
    for line in (lines[key] for key in units):
        if line.kit_id is not None:
            key = (line.shipment_id, line.kit_id)
            sets[key] = max(sets.get(key, 0), -(-units[line.line_id] // line.per_set))
    grown = dict(units)
    for line in lines.values():
        count = sets.get((line.shipment_id, line.kit_id or 0), 0)
        if taken := min(line.left, max(units.get(line.line_id, 0), count * line.per_set)):
            grown[line.line_id] = taken
    return grown


def take_off(
    work: Work,
    lines: Mapping[int, UnpickedLine],
    units: Mapping[int, int],
    *,
    verb: str,
    why: str,
    actor: Actor,
    origin: Shipment | None = None,
) -> Taken:
    """Take unpicked units (by line) off locked shipments, all but the books: those come last, with
    `free.reopen_units` of what was freed. Timelines name the ``origin`` where it is another shipment.
    """
    cuts = cut_units(units)
    touched = {pk: work.shipments[pk] for pk in sorted({lines[key].shipment_id for key in units})}
    lists = {cut.pick_list_id for cut in cuts}
    settle(touched, lists, actor=actor, note=why)
    _tell(touched, lines, units, verb, why, origin, actor=actor)
    return Taken([(cut, lines[cut.line_id].product_id) for cut in cuts], _freed(work, lines, units))


def _freed(
    work: Work, lines: Mapping[int, UnpickedLine], units: Mapping[int, int]
) -> list[FreedUnits]:
    """One entry for an order line at a warehouse, though two shipments may carry parts of it."""
    total: dict[tuple[int, int], int] = defaultdict(int)
    source: dict[int, UnpickedLine] = {}
    for key, quantity in units.items():
        line = lines[key]
        source[line.order_line_id] = line
        total[line.order_line_id, work.shipments[line.shipment_id].warehouse_id] += quantity
    return [
        FreedUnits(
            warehouse_id=warehouse_id,
            product_id=source[key].product_id,
            order_id=source[key].order_id,
            order_line_id=key,
            quantity=quantity,
        )
        for (key, warehouse_id), quantity in sorted(total.items())
    ]


def _tell(
    touched: Mapping[int, Shipment],
    lines: Mapping[int, UnpickedLine],
    units: Mapping[int, int],
    verb: str,
    why: str,
    origin: Shipment | None,
    *,
    actor: Actor,
) -> None:
    lost: dict[int, list[str]] = defaultdict(list)
    for key, quantity in units.items():
        lost[lines[key].shipment_id].append(f"{quantity} × {lines[key].sku}")
    elsewhere = f"{origin}: {why}" if origin else why
    entries = [
        activity.Entry(
            "shipment",
            pk,
            verb,
            new=", ".join(lost[pk]),
            note=why if origin and pk == origin.pk else elsewhere,
        )
        for pk in touched
    ]
    activity.record_all(entries, actor=actor)
