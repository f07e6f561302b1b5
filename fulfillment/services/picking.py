"""Picking: what was scanned goes from its bin to staging, exactly that and no more."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple
from uuid import uuid4

from django.db import connection, transaction
from django.utils import timezone

from fulfillment.events import ShipmentPicked
from fulfillment.exceptions import PickRefused, Unknown
from fulfillment.models import Pick, Shipment
from fulfillment.services.costs import Cost, record_costs
from fulfillment.services.locks import lock_shipments, staging_bins
from fulfillment.services.release import close_finished_lists
from inventory.services import goods
from oms.core.actors import Actor
from oms.core.events import publish
from oms.core.workflow import perform_all


@dataclass(frozen=True, slots=True)
class Scan:
    """So many units of a pick that lie in the picker's hands now."""

    pick_id: int
    quantity: int


class PickRow(NamedTuple):
    """A locked pick with where it leads."""

    pick_id: int
    pick_list_id: int
    shipment_id: int
    line_id: int
    order_id: int
    order_line_id: int
    product_id: int
    sku: str
    bin_id: int
    bin_code: str
    lot_id: int | None
    serial: str | None
    quantity: int
    picked: int
    free: int
    """Units of the line that are picked and in no parcel."""


def pick(*, pick_id: int, quantity: int, actor: Actor) -> None:
    """Take units of a pick from its bin.

    :raises PickRefused: more than the pick asks for; nothing was changed.
    :raises NotInBin: the bin holds fewer: report it short.
    """
    pick_all(scans=[Scan(pick_id, quantity)], actor=actor)


@transaction.atomic
def pick_all(*, scans: Sequence[Scan], actor: Actor) -> None:
    """Take units of many picks; a shipment is picked with its last unit.

    :raises PickRefused: a pick asks for less, or its shipment is not being picked.
    :raises NotInBin: a bin holds fewer; nothing was changed.
    """
    goods.pick(note_picked(scans=scans, actor=actor), actor=actor)


def note_picked(*, scans: Sequence[Scan], actor: Actor) -> list[goods.BinPick]:
    """All of picking but the ledger, which comes last: gives back what is to be booked there.

    :raises PickRefused: a pick asks for less, or its shipment is not being picked.
    """
    shipments, rows = lock_picks(scan.pick_id for scan in scans)
    wanted = _sums(scans)
    for pick_id, quantity in wanted.items():
        _refuse_wrong(rows[pick_id], shipments[rows[pick_id].shipment_id], quantity)
    start = [x for x in shipments.values() if x.status == Shipment.Status.RELEASED]
    perform_all(start, "start_picking", actor=actor)
    _add(rows, wanted, actor)
    finish_picking(shipments, actor=actor)
    close_finished_lists(rows[pick_id].pick_list_id for pick_id in wanted)
    record_costs(
        Cost("pick", "pick_list", rows[pk].pick_list_id, rows[pk].order_id) for pk in wanted
    )
    return _moves(rows, wanted, shipments)


@transaction.atomic
def put_back(*, pick_id: int, quantity: int, actor: Actor) -> None:
    """Bring picked units back to the bin they came from.

    :raises PickRefused: fewer were picked, or they lie in a parcel; nothing was changed.
    """
    shipments, rows = lock_picks([pick_id])
    row = rows[pick_id]
    shipment = shipments[row.shipment_id]
    if quantity <= 0 or quantity > min(row.picked, row.free):
        raise PickRefused(
            f"{shipment}: {quantity} of {row.sku} cannot be put back, {min(row.picked, row.free)} are"
            " picked and in no parcel."
        )
    if shipment.status == Shipment.Status.PICKED:
        perform_all([shipment], "resume_picking", actor=actor)
    _add(rows, {pick_id: -quantity}, actor)
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE fulfillment_picklist SET finished_at = NULL WHERE id = %s", [row.pick_list_id]
        )
    goods.put_back(_moves(rows, {pick_id: quantity}, shipments, back=True), actor=actor)


def lock_picks(pick_ids: Iterable[int]) -> tuple[dict[int, Shipment], dict[int, PickRow]]:
    """The shipments of picks, then the picks, locked in key order.

    :raises Unknown: there is no such pick.
    """
    keys = sorted(set(pick_ids))
    found = Pick.objects.filter(pk__in=keys).values_list("shipment_line__shipment_id", flat=True)
    shipments = lock_shipments(found)
    with connection.cursor() as cursor:
        cursor.execute(_ROWS, [keys])
        rows = {row[0]: PickRow(*row) for row in cursor.fetchall()}
    if missing := [key for key in keys if key not in rows]:
        raise Unknown(f"There is no pick with the key {missing[0]} (any more).")
    return shipments, rows


_ROWS = """
SELECT pick.id, pick.pick_list_id, line.shipment_id, line.id, wanted.order_id, wanted.id,
  wanted.product_id, product.sku, pick.bin_id, bin.code, pick.lot_id, pick.serial, pick.quantity,
  pick.picked, line.picked - line.packed
FROM fulfillment_pick pick
JOIN fulfillment_shipmentline line ON line.id = pick.shipment_line_id
JOIN orders_orderline wanted ON wanted.id = line.order_line_id
JOIN inventory_product product ON product.id = wanted.product_id
JOIN inventory_bin bin ON bin.id = pick.bin_id
WHERE pick.id = ANY(%s)
ORDER BY pick.id FOR NO KEY UPDATE OF pick"""


def _sums(scans: Sequence[Scan]) -> dict[int, int]:
    wanted: dict[int, int] = {}
    for scan in scans:
        if scan.quantity <= 0:
            raise PickRefused("Pick at least one unit, or report the pick short.")
        wanted[scan.pick_id] = wanted.get(scan.pick_id, 0) + scan.quantity
    return wanted


def _refuse_wrong(row: PickRow, shipment: Shipment, quantity: int) -> None:
    if shipment.status not in {Shipment.Status.RELEASED, Shipment.Status.PICKING}:
        word = shipment.get_status_display().lower()
        raise PickRefused(f"{shipment} is {word}: nothing is picked for it now.")
    left = row.quantity - row.picked
    if quantity > left:
        raise PickRefused(
            f"{row.sku} from {row.bin_code}: {quantity} is more than the {left} left to pick."
        )


_ADD = """
WITH scan AS (SELECT * FROM unnest(%s::bigint[], %s::bigint[], %s::int[])
  AS t(pick_id, line_id, units)),
picked AS (
  UPDATE fulfillment_pick pick SET picked = pick.picked + scan.units, picked_by = %s,
    picked_at = now()
  FROM scan WHERE pick.id = scan.pick_id)
UPDATE fulfillment_shipmentline line SET picked = line.picked + total.units
FROM (SELECT line_id, sum(units)::int AS units FROM scan GROUP BY line_id) total
WHERE line.id = total.line_id"""


def _add(rows: dict[int, PickRow], wanted: dict[int, int], actor: Actor) -> None:
    lines = [rows[pick_id].line_id for pick_id in wanted]
    with connection.cursor() as cursor:
        cursor.execute(_ADD, [list(wanted), lines, list(wanted.values()), actor.label])


def finish_picking(shipments: dict[int, Shipment], *, actor: Actor) -> list[Shipment]:
    """Move those of the locked shipments on that have nothing left to pick."""
    with connection.cursor() as cursor:
        cursor.execute(_COMPLETE, [sorted(shipments)])
        done = [shipments[pk] for (pk,) in cursor.fetchall()]
    done = [shipment for shipment in done if shipment.status == Shipment.Status.PICKING]
    now = timezone.now()
    for shipment in done:
        shipment.picked_at = now
    perform_all(done, "finish_picking", actor=actor, update_fields=["picked_at"])
    if done:
        publish(*(ShipmentPicked(shipment_id=shipment.pk) for shipment in done))
    return done


_COMPLETE = """
SELECT shipment_id FROM fulfillment_shipmentline WHERE shipment_id = ANY(%s)
GROUP BY shipment_id HAVING sum(quantity - picked) = 0 AND sum(quantity) > 0
ORDER BY shipment_id"""


def _moves(
    rows: dict[int, PickRow],
    wanted: dict[int, int],
    shipments: dict[int, Shipment],
    *,
    back: bool = False,
) -> list[goods.BinPick]:
    staging = staging_bins(shipment.warehouse_id for shipment in shipments.values())
    word, moves = "putback" if back else "pick", []
    for pick_id, quantity in wanted.items():
        row = rows[pick_id]
        shipment = shipments[row.shipment_id]
        way = [row.bin_id, staging[shipment.warehouse_id]]
        source, target = reversed(way) if back else way
        moves.append(
            goods.BinPick(
                warehouse_id=shipment.warehouse_id,
                product_id=row.product_id,
                bin_from_id=source,
                bin_to_id=target,
                quantity=quantity,
                idem_key=f"{word}:{pick_id}:{uuid4().hex}",
                demand_kind="order_line",
                demand_id=row.order_line_id,
                document=shipment.number,
                lot_id=row.lot_id,
                serial=row.serial,
            )
        )
    return moves
