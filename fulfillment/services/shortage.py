"""Short picks: fewer units lie in the bin than the pick asks for."""

from __future__ import annotations

from django.db import transaction

from fulfillment.events import ShortageReported, UnitsReopened
from fulfillment.exceptions import PickRefused, Unknown
from fulfillment.models import Pick, Shipment
from fulfillment.services.free import FreedUnits, reopen_units
from fulfillment.services.locks import Work, blocked_bin, lock_work
from fulfillment.services.picking import PickRow, Scan, lock_picks, note_picked
from fulfillment.services.reduce import cut_lines, cut_picks, settle
from inventory.models import Bin, BinContent, StockCount
from inventory.services import goods
from inventory.services.counts import CountPlace, open_count
from oms.core import activity
from oms.core.actors import Actor
from oms.core.events import publish
from oms.core.workflow import perform_all


@transaction.atomic
def report_short(*, pick_id: int, found: int, reason: str, actor: Actor) -> int:
    """Pick the ``found`` units that are left in the bin and take the rest off the shipment.

    The missing units lose their allocation, go to the blocked "missing" bin so that nobody is sent
    for them again, and are routed anew; a count of the bin is opened. Gives back how many are missing.

    :raises PickRefused: as many are found as are asked for, or nothing is picked there now.
    :raises Unknown: there is no such pick, or the warehouse has no bin for what is missing.
    """
    shipment_id = _shipment_of(pick_id)
    work = lock_work([shipment_id])
    shipment = work.shipments[shipment_id]
    _, rows = lock_picks([pick_id])
    row = rows[pick_id]
    missing = row.quantity - row.picked - found
    if found < 0 or missing <= 0:
        raise PickRefused(
            f"{row.sku} from {row.bin_code}: {row.quantity - row.picked} are left to pick;"
            " fewer than that make a short pick."
        )
    picks: list[goods.BinPick] = []
    if found:
        picks = note_picked(scans=[Scan(pick_id, found)], actor=actor)
        shipment = work.shipments[shipment_id] = Shipment.objects.get(pk=shipment_id)
    elif shipment.status == Shipment.Status.RELEASED:
        perform_all([shipment], "start_picking", actor=actor)
    elif shipment.status != Shipment.Status.PICKING:
        raise PickRefused(f"{shipment} is not being picked: nothing can be short there.")
    lost = blocked_bin(shipment.warehouse_id, Bin.Kind.MISSING)
    cut_picks({row.pick_id: missing})
    cut_lines({row.line_id: missing})
    _settle(work, row, missing, reason, actor=actor)
    reopen_units([_freed(work, row, missing)], orders=work.orders, actor=actor, reason=reason)
    goods.pick(picks, actor=actor)
    _block(work, row, missing, lost, reason, actor=actor)
    return missing


def _shipment_of(pick_id: int) -> int:
    found = Pick.objects.filter(pk=pick_id).values_list("shipment_line__shipment_id", flat=True)
    for shipment_id in found:
        return shipment_id
    raise Unknown(f"There is no pick with the key {pick_id} (any more).")


def _settle(work: Work, row: PickRow, missing: int, reason: str, *, actor: Actor) -> None:
    """Timeline, count, events, and the shipment's next state."""
    shipment = work.shipments[row.shipment_id]
    activity.record(
        shipment,
        "short",
        actor=actor,
        new=f"{missing} × {row.sku}",
        note=f"{row.bin_code}: {reason}",
    )
    open_count(
        warehouse_id=shipment.warehouse_id,
        origin=StockCount.Origin.SHORTAGE,
        reason=f"{shipment}: {reason}" if reason else str(shipment),
        places=[
            CountPlace(
                bin_id=row.bin_id,
                product_id=row.product_id,
                lot_id=row.lot_id,
                serial=row.serial,
            )
        ],
        actor=actor,
    )
    publish(ShortageReported(shipment_id=shipment.pk), UnitsReopened(order_id=row.order_id))
    note = "Nothing of it was found."
    settle({shipment.pk: shipment}, {row.pick_list_id}, actor=actor, note=note)


def _freed(work: Work, row: PickRow, missing: int) -> FreedUnits:
    return FreedUnits(
        warehouse_id=work.shipments[row.shipment_id].warehouse_id,
        product_id=row.product_id,
        order_id=row.order_id,
        order_line_id=row.order_line_id,
        quantity=missing,
    )


def _block(
    work: Work, row: PickRow, missing: int, target: int, reason: str, *, actor: Actor
) -> None:
    """Take what the books still see in the bin out of sale; a count may have found less before."""
    shipment = work.shipments[row.shipment_id]
    lying = BinContent.objects.filter(
        bin=row.bin_id, product=row.product_id, lot=row.lot_id, serial=row.serial
    )
    units = min(missing, sum(lying.values_list("quantity", flat=True)))
    if units:
        move = goods.BinMove(
            warehouse_id=shipment.warehouse_id,
            product_id=row.product_id,
            bin_from_id=row.bin_id,
            bin_to_id=target,
            quantity=units,
            idem_key=f"short:{row.pick_id}:{row.quantity}:{row.picked}",
            document=shipment.number,
            reason=(reason or "short pick")[:64],
            lot_id=row.lot_id,
            serial=row.serial,
        )
        goods.block([move], actor=actor)
