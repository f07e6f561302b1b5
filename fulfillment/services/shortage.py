"""Short picks: fewer units lie in the bin than the pick asks for."""

from __future__ import annotations

from django.db import connection, transaction

from fulfillment.events import ShortageReported, UnitsReopened
from fulfillment.exceptions import PickRefused, Unknown
from fulfillment.models import Pick, Shipment
from fulfillment.services.free import FreedUnits, reopen_units
from fulfillment.services.locks import Work, lock_work
from fulfillment.services.packing import pack_complete
from fulfillment.services.picking import PickRow, Scan, finish_picking, lock_picks, note_picked
from fulfillment.services.release import close_finished_lists
from fulfillment.services.shipping import finish_shipping
from inventory.models import Bin, BinContent
from inventory.services import goods
from oms.core import activity, cases
from oms.core.actors import Actor
from oms.core.events import publish
from oms.core.workflow import perform_all


@transaction.atomic
def report_short(*, pick_id: int, found: int, reason: str, actor: Actor) -> int:
    """Pick the ``found`` units that are left in the bin and take the rest off the shipment.

    The missing units lose their allocation, go to the blocked "missing" bin so that nobody is sent
    for them again, and are routed anew; a case asks for a count. Gives back how many are missing.

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
    lost = _missing_bin(shipment.warehouse_id)
    _take_off(row, found, missing)
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


def _take_off(row: PickRow, found: int, missing: int) -> None:
    with connection.cursor() as cursor:
        if row.picked + found:
            cursor.execute(
                "UPDATE fulfillment_pick SET quantity = quantity - %s WHERE id = %s",
                [missing, row.pick_id],
            )
        else:
            cursor.execute("DELETE FROM fulfillment_pick WHERE id = %s", [row.pick_id])
        cursor.execute(
            "UPDATE fulfillment_shipmentline SET quantity = quantity - %s WHERE id = %s",
            [missing, row.line_id],
        )
        cursor.execute(
            "UPDATE fulfillment_shipment SET units = units - %s WHERE id = %s",
            [missing, row.shipment_id],
        )


def _settle(work: Work, row: PickRow, missing: int, reason: str, *, actor: Actor) -> None:
    """Timeline, case, events, and the shipment's next state."""
    shipment = work.shipments[row.shipment_id]
    activity.record(
        shipment,
        "short",
        actor=actor,
        new=f"{missing} × {row.sku}",
        note=f"{row.bin_code}: {reason}",
    )
    cases.open_case(
        kind="shortage",
        dedupe_key=f"shortage:{row.bin_id}:{row.product_id}",
        sentence=f"{missing} of {row.sku} are missing in {row.bin_code} ({reason}): count the bin.",
        proposed_fix="count_bin",
        document_kind="shipment",
        document_id=shipment.pk,
    )
    publish(ShortageReported(shipment_id=shipment.pk), UnitsReopened(order_id=row.order_id))
    if done := finish_picking({shipment.pk: shipment}, actor=actor):
        # Nothing else will come into a parcel or leave in one: what is there already is all.
        publish(*finish_shipping(pack_complete(done, actor=actor), actor=actor))
    else:
        _cancel_empty(shipment, actor=actor)
    close_finished_lists([row.pick_list_id])


def _cancel_empty(shipment: Shipment, *, actor: Actor) -> None:
    if shipment.status == Shipment.Status.PICKING:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT sum(quantity), now() FROM fulfillment_shipmentline WHERE shipment_id = %s",
                [shipment.pk],
            )
            units, shipment.canceled_at = cursor.fetchone()
        if not units:
            note = "Nothing of it was found."
            fields = ["canceled_at"]
            perform_all([shipment], "cancel", actor=actor, note=note, update_fields=fields)


def _missing_bin(warehouse_id: int) -> int:
    lost = Bin.objects.filter(
        warehouse=warehouse_id, kind=Bin.Kind.MISSING, is_active=True
    ).order_by("pk")
    target = lost.values_list("pk", flat=True).first()
    if target is None:
        raise Unknown("The warehouse has no bin of kind “missing”: add one for short picks.")
    return target


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
