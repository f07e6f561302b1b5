"""What a rejection does to the goods: out of sale into a blocked bin, and a count asked for."""

from __future__ import annotations

import contextlib
from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

from django.db import connection

from fulfillment.models import RejectionReason, Shipment
from fulfillment.services.locks import blocked_bin
from fulfillment.services.reduce import CutPick
from inventory.exceptions import NothingToCount
from inventory.models import Bin, StockCount, StockLevel
from inventory.services import goods
from inventory.services.counts import open_count
from oms.core.actors import Actor

_TARGETS = {
    RejectionReason.Effect.SET_TO_ZERO: Bin.Kind.MISSING,
    RejectionReason.Effect.MISMATCH: Bin.Kind.MISSING,
    RejectionReason.Effect.DAMAGED: Bin.Kind.QUARANTINE,
}


class Overtaken(Exception):
    """Others were allocated the goods since they were looked for."""


class _Lying(NamedTuple):
    product_id: int
    bin_id: int
    lot_id: int | None
    serial: str | None
    quantity: int
    promised: int
    """Units that pick lists still take from there."""


def take_out_of_sale(
    shipment: Shipment,
    units: Mapping[int, int],
    cuts: Sequence[tuple[CutPick, int]],
    reason: RejectionReason,
    *,
    key: int,
    actor: Actor,
) -> None:
    """Block the rejected ``units`` (by product), as the reason says; call it after their allocations
    were given back, which locks the levels. Where the books see fewer, a count was quicker.

    :raises Overtaken: nothing should be left, but somebody was allocated units meanwhile.
    """
    effect = RejectionReason.Effect(reason.effect)
    if effect not in _TARGETS:
        return
    products = sorted(units)
    lying = _lying(shipment.warehouse_id, products)
    if effect == RejectionReason.Effect.SET_TO_ZERO:
        _refuse_overtaken(shipment.warehouse_id, products)
        left = _available(shipment.warehouse_id, products)
    else:
        left = dict(units)
        lying = _likely_first(lying, cuts)
    target = blocked_bin(shipment.warehouse_id, _TARGETS[effect])
    moves = []
    for place in lying:
        is_zero = effect == RejectionReason.Effect.SET_TO_ZERO
        free = place.quantity if is_zero else place.quantity - place.promised
        if (part := min(left[place.product_id], free)) > 0:
            left[place.product_id] -= part
            moves.append(_move(shipment, place, part, target, reason, key))
    if moves:
        goods.block(moves, actor=actor)


def _likely_first(lying: Sequence[_Lying], cuts: Sequence[tuple[CutPick, int]]) -> list[_Lying]:
    """The bins that the pick list named come before all others."""
    named = {(product_id, cut.bin_id, cut.lot_id, cut.serial) for cut, product_id in cuts}
    return sorted(lying, key=lambda x: x[:4] not in named)


def _move(
    shipment: Shipment, place: _Lying, units: int, target: int, reason: RejectionReason, key: int
) -> goods.BinMove:
    return goods.BinMove(
        warehouse_id=shipment.warehouse_id,
        product_id=place.product_id,
        bin_from_id=place.bin_id,
        bin_to_id=target,
        quantity=units,
        idem_key=f"reject:{key}:{place.product_id}:{place.bin_id}:{place.lot_id}:{place.serial}",
        document=shipment.number,
        reason=reason.title[:64],
        lot_id=place.lot_id,
        serial=place.serial,
    )


def _available(warehouse_id: int, products: list[int]) -> dict[int, int]:
    levels = StockLevel.objects.filter(warehouse=warehouse_id, product__in=products)
    return {
        level.product_id: level.on_hand - level.allocated - level.blocked
        for level in levels.order_by("product")
    }


def _lying(warehouse_id: int, products: list[int]) -> list[_Lying]:
    with connection.cursor() as cursor:
        cursor.execute(_LYING, {"warehouse": warehouse_id, "products": products})
        return [_Lying(*row) for row in cursor.fetchall()]


_LYING = """
WITH promised AS (
  SELECT pick.bin_id, wanted.product_id, pick.lot_id, pick.serial,
    sum(pick.quantity - pick.picked)::int AS units
  FROM fulfillment_shipment shipment
  JOIN fulfillment_shipmentline line ON line.shipment_id = shipment.id
  JOIN fulfillment_pick pick ON pick.shipment_line_id = line.id
  JOIN orders_orderline wanted ON wanted.id = line.order_line_id
  WHERE shipment.warehouse_id = %(warehouse)s AND shipment.status IN ('released', 'picking')
    AND wanted.product_id = ANY(%(products)s) AND pick.quantity > pick.picked
  GROUP BY pick.bin_id, wanted.product_id, pick.lot_id, pick.serial)
SELECT content.product_id, bin.id, content.lot_id, content.serial, content.quantity,
  COALESCE(promised.units, 0)
FROM inventory_bincontent content
JOIN inventory_bin bin ON bin.id = content.bin_id
LEFT JOIN promised ON promised.bin_id = bin.id AND promised.product_id = content.product_id
  AND promised.lot_id IS NOT DISTINCT FROM content.lot_id
  AND promised.serial IS NOT DISTINCT FROM content.serial
WHERE bin.warehouse_id = %(warehouse)s AND content.product_id = ANY(%(products)s)
  AND bin.kind IN ('shelf', 'receiving') AND content.quantity > 0
ORDER BY content.product_id, bin.kind = 'receiving', bin.walk_order, content.id"""


def _refuse_overtaken(warehouse_id: int, products: list[int]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(_STILL_WANTED, [warehouse_id, products])
        if cursor.fetchone():
            raise Overtaken


_STILL_WANTED = """
SELECT line.id FROM fulfillment_shipment shipment
JOIN fulfillment_shipmentline line ON line.shipment_id = shipment.id
JOIN orders_orderline wanted ON wanted.id = line.order_line_id
WHERE shipment.warehouse_id = %s AND wanted.product_id = ANY(%s)
  AND shipment.status IN ('planned', 'released', 'picking') AND line.quantity > line.picked LIMIT 1"""


def ask_for_count(
    shipment: Shipment, product_ids: Collection[int], reason: RejectionReason, *, actor: Actor
) -> None:
    """Have somebody look how many there are; where the books see none, there is nothing to look at."""
    with contextlib.suppress(NothingToCount):
        open_count(
            warehouse_id=shipment.warehouse_id,
            origin=StockCount.Origin.REJECTION,
            reason=f"{shipment}: {reason.title}",
            product_ids=sorted(product_ids),
            actor=actor,
        )
