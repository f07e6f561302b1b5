"""Taking in what another warehouse sent: in parts, with what is damaged and what is lost."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.db import transaction
from django.utils import timezone

from inventory.events import IncomingChanged
from inventory.exceptions import TransferRefused
from inventory.models import Receipt, ReceiptLine, Transfer, TransferLine, TransferPart
from inventory.services.goods import GoodsIssue, transfer_in
from inventory.services.receipts import booking_keys, quarantine_bin
from inventory.services.transfers import DEMAND, lock_transfer
from oms.core.actors import Actor
from oms.core.events import publish
from oms.core.workflow import perform


@dataclass(frozen=True, slots=True, kw_only=True)
class PartArrived:
    """What came of one lot or serial number: ``damaged`` of ``quantity`` units go to quarantine, the
    rest to the bin; ``lost`` units more will never come, and ``difference`` says why.
    """

    part_id: int
    bin_id: int
    quantity: int = 0
    damaged: int = 0
    lost: int = 0
    difference: str = ""


@transaction.atomic
def receive_transfer(
    *, transfer_id: int, arrived: Sequence[PartArrived], actor: Actor, delivery_note: str = ""
) -> Receipt:
    """Book what came of a transfer; with the last unit received or lost it is closed.

    :raises TransferRefused: more came than is on the way, nothing came, or a loss has no reason.
    :raises StockRefusal: a bin is closed or elsewhere; nothing was changed.
    """
    transfer = lock_transfer(transfer_id)
    if transfer.status not in Transfer.ARRIVING:
        raise TransferRefused(f"{transfer} is not on its way: nothing of it can be received.")
    came = [each for each in arrived if each.quantity or each.lost]
    if not came:
        raise TransferRefused("Nothing was entered: say what came, or what is lost.")
    parts = _count(transfer, came)
    receipt = Receipt.objects.create(
        warehouse_id=transfer.warehouse_to_id, transfer=transfer, delivery_note=delivery_note,
        actor_label=actor.label,
    )  # fmt: skip
    receipt = Receipt.objects.get(pk=receipt.pk)
    rows = ReceiptLine.objects.bulk_create(
        _row(receipt, parts[each.part_id], each) for each in came
    )
    _move(transfer, receipt, actor)
    products = sorted({row.product_id for row in rows})
    publish(IncomingChanged(warehouse_id=transfer.warehouse_to_id, product_ids=products))
    issues = _issues(transfer, receipt, rows)
    if issues:
        transfer_in(issues, actor=actor)
    return receipt


def _count(transfer: Transfer, came: Sequence[PartArrived]) -> dict[int, TransferPart]:
    """Raise the counters of the parts and of their lines."""
    found = TransferPart.objects.filter(line__transfer=transfer).select_related("line__product")
    parts = {part.pk: part for part in found}
    lines: dict[int, TransferLine] = {}
    for each in came:
        part = parts.get(each.part_id)
        if part is None:
            raise TransferRefused(f"A line is not one of {transfer}: load the page again.")
        line = lines.setdefault(part.line_id, part.line)
        _check(each, part, line.product.sku)
        part.received += each.quantity
        part.lost += each.lost
        line.received += each.quantity
        line.lost += each.lost
    TransferPart.objects.bulk_update(parts.values(), ["received", "lost"])
    TransferLine.objects.bulk_update(lines.values(), ["received", "lost"])
    return parts


def _check(each: PartArrived, part: TransferPart, sku: str) -> None:
    if min(each.quantity, each.damaged, each.lost) < 0 or each.damaged > each.quantity:
        raise TransferRefused(f"{sku}: {each.damaged} of {each.quantity} units cannot be damaged.")
    if each.quantity + each.lost > part.in_transit:
        raise TransferRefused(
            f"{sku}: {each.quantity + each.lost} were entered, {part.in_transit} are on the way:"
            " receive those, and count what lies there."
        )
    if each.lost and not each.difference.strip():
        raise TransferRefused(f"{sku}: say why {each.lost} will not come.")


def _row(receipt: Receipt, part: TransferPart, each: PartArrived) -> ReceiptLine:
    return ReceiptLine(
        receipt=receipt, transfer_line_id=part.line_id, product_id=part.line.product_id,
        quantity=each.quantity, damaged=each.damaged, not_coming=each.lost, bin_id=each.bin_id,
        lot_id=part.lot_id, serial=part.serial, difference=each.difference[:200],
    )  # fmt: skip


def _move(transfer: Transfer, receipt: Receipt, actor: Actor) -> None:
    lines = TransferLine.objects.filter(transfer=transfer)
    if any(line.in_transit for line in lines):
        perform(transfer, "receive_part", actor=actor, note=receipt.number)
        return
    transfer.closed_at = timezone.now()
    note = receipt.number
    perform(transfer, "receive_rest", actor=actor, note=note, update_fields=["closed_at"])


def _issues(transfer: Transfer, receipt: Receipt, rows: Sequence[ReceiptLine]) -> list[GoodsIssue]:
    bad_bin = quarantine_bin(receipt.warehouse).pk if any(row.damaged for row in rows) else 0
    return [
        GoodsIssue(
            warehouse_id=transfer.warehouse_to_id, product_id=row.product_id, bin_id=bin_id,
            quantity=units, demand_kind=DEMAND, demand_id=row.transfer_line_id or 0,
            document=receipt.number, idem_key=key, lot_id=row.lot_id, serial=row.serial,
        )
        for row in sorted(rows, key=lambda row: (row.product_id, row.pk))
        for (good, bad) in [booking_keys(row)]
        for units, bin_id, key in (
            (row.quantity - row.damaged, row.bin_id, good),
            (row.damaged, bad_bin, bad),
        )
        if units
    ]  # fmt: skip
