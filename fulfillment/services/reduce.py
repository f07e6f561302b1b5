"""Shipments that get fewer units: their picks and lines become smaller, and they go on or end."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from django.db import connection
from django.utils import timezone

from fulfillment.events import ShipmentCanceled
from fulfillment.models import Shipment
from fulfillment.services.packing import pack_complete
from fulfillment.services.picking import finish_picking
from fulfillment.services.release import close_finished_lists
from fulfillment.services.shipping import finish_shipping
from oms.core.actors import Actor
from oms.core.events import publish
from oms.core.workflow import perform_all


class CutPick(NamedTuple):
    """Units that nobody goes to a bin for any more."""

    pick_id: int
    pick_list_id: int
    line_id: int
    bin_id: int
    lot_id: int | None
    serial: str | None
    units: int


def cut_units(units: Mapping[int, int]) -> list[CutPick]:
    """Take unpicked units off the lines (by id) of locked shipments; the last picks go first.

    The pick lists are left for `settle` to close.
    """
    with connection.cursor() as cursor:
        cursor.execute(_UNPICKED, [sorted(units)])
        picks = [CutPick(*row) for row in cursor.fetchall()]
    left, cuts = dict(units), []
    for pick in reversed(picks):
        if part := min(pick.units, left[pick.line_id]):
            left[pick.line_id] -= part
            cuts.append(pick._replace(units=part))
    cut_picks({cut.pick_id: cut.units for cut in cuts})
    cut_lines(units)
    return cuts


_UNPICKED = """
SELECT id, pick_list_id, shipment_line_id, bin_id, lot_id, serial, quantity - picked
FROM fulfillment_pick WHERE shipment_line_id = ANY(%s) AND quantity > picked
ORDER BY id FOR NO KEY UPDATE"""


def cut_picks(units: Mapping[int, int]) -> None:
    """Make locked picks smaller by so many units; those that would ask for none disappear."""
    if units:
        with connection.cursor() as cursor:
            cursor.execute(_CUT_PICKS, [list(units), list(units.values())])


_CUT_PICKS = """
WITH cut AS (SELECT * FROM unnest(%s::bigint[], %s::int[]) AS t(pick_id, units)),
gone AS (
  DELETE FROM fulfillment_pick pick USING cut
  WHERE pick.id = cut.pick_id AND pick.quantity = cut.units)
UPDATE fulfillment_pick pick SET quantity = pick.quantity - cut.units FROM cut
WHERE pick.id = cut.pick_id AND pick.quantity > cut.units"""


def cut_lines(units: Mapping[int, int]) -> None:
    """Make lines of locked shipments, and the shipments, smaller by so many units."""
    if units:
        with connection.cursor() as cursor:
            cursor.execute(_CUT_LINES, [list(units), list(units.values())])


_CUT_LINES = """
WITH line AS (
  UPDATE fulfillment_shipmentline line SET quantity = line.quantity - cut.units
  FROM unnest(%s::bigint[], %s::int[]) AS cut(line_id, units) WHERE line.id = cut.line_id
  RETURNING line.shipment_id, cut.units),
total AS (SELECT shipment_id, sum(units)::int AS units FROM line GROUP BY shipment_id)
UPDATE fulfillment_shipment shipment SET units = shipment.units - total.units
FROM total WHERE shipment.id = total.shipment_id"""


def settle(
    shipments: Mapping[int, Shipment], list_ids: set[int], *, actor: Actor, note: str
) -> None:
    """Move locked shipments on that lost units: what is left may be picked, packed or shipped
    already, because nothing else will come into a parcel; where nothing is left, they are canceled.
    """
    if done := finish_picking(dict(shipments), actor=actor):
        publish(*finish_shipping(pack_complete(done, actor=actor), actor=actor))
    cancel_empty(shipments, actor=actor, note=note)
    close_finished_lists(list_ids)


def cancel_empty(shipments: Mapping[int, Shipment], *, actor: Actor, note: str) -> None:
    """Cancel those of the locked shipments that have no unit left."""
    with connection.cursor() as cursor:
        cursor.execute(_EMPTY, [sorted(shipments)])
        empty = [shipments[pk] for (pk,) in cursor.fetchall()]
    now = timezone.now()
    for shipment in empty:
        shipment.canceled_at = now
    perform_all(empty, "cancel", actor=actor, note=note, update_fields=["canceled_at"])
    if empty:
        publish(*(ShipmentCanceled(shipment_id=shipment.pk) for shipment in empty))


_EMPTY = """
SELECT shipment.id FROM fulfillment_shipment shipment
JOIN fulfillment_shipmentline line ON line.shipment_id = shipment.id
WHERE shipment.id = ANY(%s) AND shipment.status <> 'canceled'
GROUP BY shipment.id HAVING sum(line.quantity) = 0 ORDER BY shipment.id"""
