"""Goods from one of our warehouses to another: drafted, approved, sent, taken back."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from django.db import transaction
from django.utils import timezone

from inventory import ports
from inventory.events import IncomingChanged
from inventory.exceptions import TransferRefused
from inventory.models import (
    MovementKind,
    Product,
    StockMovement,
    Transfer,
    TransferLine,
    TransferPart,
    Warehouse,
)
from inventory.selectors.bins import BinStock, bins_to_pick
from inventory.services.claims import AllocationRequest, allocate, deallocate
from inventory.services.goods import GoodsIssue, transfer_back, transfer_out
from oms.core import activity
from oms.core.actors import Actor
from oms.core.events import publish
from oms.core.workflow import perform

DEMAND = "transfer_line"


@transaction.atomic
def draft_transfer(
    *,
    warehouse_from_id: int,
    warehouse_to_id: int,
    quantities: Mapping[int, int],
    actor: Actor,
    reason: str = "",
    expected_date: date | None = None,
) -> Transfer:
    """Write down which units (by product) should go where; nothing is claimed yet.

    :raises TransferRefused: it goes nowhere, a warehouse is closed, or a product cannot be sent.
    """
    if warehouse_from_id == warehouse_to_id:
        raise TransferRefused("A transfer goes to another warehouse: choose two different ones.")
    ends = {warehouse_from_id, warehouse_to_id}
    if Warehouse.objects.active().filter(pk__in=ends).count() != len(ends):
        raise TransferRefused("One of the warehouses is closed: choose two that are open.")
    made = Transfer.objects.create(
        warehouse_from_id=warehouse_from_id,
        warehouse_to_id=warehouse_to_id,
        reason=reason[:200],
        expected_date=expected_date,
        created_by=actor.label,
    )
    transfer = Transfer.objects.get(pk=made.pk)
    _write_lines(transfer, quantities)
    activity.record(transfer, "drafted", actor=actor, note=reason)
    return transfer


@dataclass(frozen=True, slots=True)
class WantedMove:
    """Units of a product that should go from one warehouse to another."""

    warehouse_from_id: int
    warehouse_to_id: int
    product_id: int
    quantity: int


@transaction.atomic
def draft_moves(*, moves: Sequence[WantedMove], actor: Actor, reason: str) -> list[Transfer]:
    """Write drafts for these moves, one for each pair of warehouses.

    :raises TransferRefused: nothing was chosen, or a product cannot be sent; nothing was changed.
    """
    if not moves:
        raise TransferRefused("Nothing was chosen: tick at least one line.")
    by_pair: dict[tuple[int, int], dict[int, int]] = defaultdict(dict)
    for move in moves:
        by_pair[move.warehouse_from_id, move.warehouse_to_id][move.product_id] = move.quantity
    return [
        draft_transfer(
            warehouse_from_id=start, warehouse_to_id=end, quantities=quantities, reason=reason,
            actor=actor,
        )
        for (start, end), quantities in sorted(by_pair.items())
    ]  # fmt: skip


@transaction.atomic
def change_lines(*, transfer_id: int, quantities: Mapping[int, int], actor: Actor) -> Transfer:
    """Set which units a draft sends; products that are not named go off it.

    :raises TransferRefused: it is no draft any more, or a product cannot be sent.
    """
    transfer = lock_transfer(transfer_id)
    if transfer.status != Transfer.Status.DRAFT:
        raise TransferRefused(f"{transfer} is approved already: reopen it before you change it.")
    transfer.lines.all().delete()
    _write_lines(transfer, quantities)
    activity.record(transfer, "changed", actor=actor)
    return transfer


@transaction.atomic
def approve_transfer(*, transfer_id: int, actor: Actor) -> Transfer:
    """Allocate the units in the warehouse that sends.

    :raises InsufficientStock: it has fewer available; the sentence says of what. Nothing was changed.
    :raises TransitionRefused: it is no draft.
    """
    transfer = lock_transfer(transfer_id)
    transfer.approved_at = timezone.now()
    perform(transfer, "approve", actor=actor, update_fields=["approved_at"])
    allocate(_claims(transfer), actor=actor)
    return transfer


@transaction.atomic
def reopen_transfer(*, transfer_id: int, actor: Actor) -> Transfer:
    """Make an approved transfer a draft again: its allocations are given back.

    :raises TransitionRefused: it is not approved, or has left.
    """
    transfer = lock_transfer(transfer_id)
    transfer.approved_at = None
    perform(transfer, "reopen", actor=actor, update_fields=["approved_at"])
    deallocate(_claims(transfer), actor=actor, reason="transfer reopened")
    return transfer


@transaction.atomic
def cancel_transfer(*, transfer_id: int, actor: Actor, note: str = "") -> Transfer:
    """Give a transfer up that has not left.

    :raises TransitionRefused: it has left already.
    """
    transfer = lock_transfer(transfer_id)
    held = transfer.status == Transfer.Status.APPROVED
    transfer.closed_at = timezone.now()
    perform(transfer, "cancel", actor=actor, note=note, update_fields=["closed_at"])
    if held:
        deallocate(_claims(transfer), actor=actor, reason="transfer canceled")
    return transfer


@transaction.atomic
def send_transfer(*, transfer_id: int, actor: Actor, expected_date: date | None = None) -> Transfer:
    """Book the units out of the bins that a picker would take them from, the lot that expires first
    before the others. Until they are received they are on the way, in no bin and no level.

    :raises TransferRefused: the open shelves do not hold what is allocated.
    :raises TransitionRefused: it is not approved.
    """
    transfer = lock_transfer(transfer_id)
    transfer.sent_at = timezone.now()
    transfer.expected_date = expected_date or transfer.expected_date
    perform(transfer, "send", actor=actor, update_fields=["sent_at", "expected_date"])
    Warehouse.objects.only("pk").lock(transfer.warehouse_from_id)
    lines = list(transfer.lines.select_related("product").order_by("product_id"))
    chosen = _choose_bins(transfer, lines)
    for line in lines:
        line.sent = line.quantity
    TransferLine.objects.bulk_update(lines, ["sent"])
    issues = _issues(transfer, chosen)
    _announce(transfer, lines)
    transfer_out(issues, actor=actor)
    return transfer


@transaction.atomic
def take_back_transfer(*, transfer_id: int, actor: Actor) -> Transfer:
    """The truck did not leave after all: every unit goes back into the bin that it came from.

    :raises TransitionRefused: it is not on the way, or something of it was received.
    """
    transfer = lock_transfer(transfer_id)
    transfer.sent_at = None
    perform(transfer, "take_back", actor=actor, update_fields=["sent_at"])
    lines = list(transfer.lines.order_by("product_id"))
    parts = list(TransferPart.objects.filter(line__in=lines))
    booked = StockMovement.objects.filter(
        warehouse=transfer.warehouse_from_id, product__in=[line.product_id for line in lines],
        kind=MovementKind.TRANSFER_OUT, document=transfer.number,
    ).order_by("product_id", "pk")  # fmt: skip
    current = {f"transfer:{part.pk}:" for part in parts}
    back = [
        GoodsIssue(
            warehouse_id=each.warehouse_id, product_id=each.product_id,
            bin_id=each.bin_from_id or 0, quantity=each.quantity, demand_kind=DEMAND,
            demand_id=each.demand_id or 0, document=transfer.number,
            idem_key=f"back:{each.idem_key}", lot_id=each.lot_id, serial=each.serial,
        )
        for each in booked
        if any((each.idem_key or "").startswith(key) for key in current)
    ]  # fmt: skip
    TransferPart.objects.filter(line__in=lines).delete()
    transfer.lines.update(sent=0)
    _announce(transfer, lines)
    transfer_back(back, actor=actor)
    return transfer


def lock_transfer(transfer_id: int) -> Transfer:
    """The transfer, locked.

    :raises TransferRefused: there is no such transfer.
    """
    try:
        return Transfer.objects.lock(transfer_id)
    except Transfer.DoesNotExist:
        raise TransferRefused("There is no such transfer (any more).") from None


def _write_lines(transfer: Transfer, quantities: Mapping[int, int]) -> None:
    products = Product.objects.in_bulk(list(quantities))
    for product_id, units in quantities.items():
        product = products.get(product_id)
        if product is None or product.is_kit:
            sku = product.sku if product else "An unknown product"
            raise TransferRefused(f"{sku} has no stock of its own: send its components.")
        if units <= 0:
            raise TransferRefused(f"{product.sku}: say how many units should go, at least 1.")
    TransferLine.objects.bulk_create(
        TransferLine(transfer=transfer, product_id=product_id, quantity=units)
        for product_id, units in sorted(quantities.items())
    )


def _claims(transfer: Transfer) -> list[AllocationRequest]:
    lines = list(transfer.lines.order_by("product_id"))
    if not lines:
        raise TransferRefused(f"{transfer} has no lines: say what should go.")
    return [
        AllocationRequest(
            warehouse_id=transfer.warehouse_from_id, product_id=line.product_id,
            quantity=line.quantity, demand_kind=DEMAND, demand_id=line.pk,
        )
        for line in lines
    ]  # fmt: skip


def _choose_bins(
    transfer: Transfer, lines: list[TransferLine]
) -> list[tuple[TransferLine, BinStock, int]]:
    """Where the units of each line are taken from; what pick lists still take is left to them."""
    here, products = transfer.warehouse_from_id, [line.product_id for line in lines]
    promised = ports.promised_contents([here], products)
    lying = bins_to_pick([here], products)
    chosen = []
    for line in lines:
        missing = line.quantity
        for stock in lying.get((here, line.product_id), []):
            key = (stock.bin_id, line.product_id, stock.lot_id, stock.serial)
            units = min(missing, max(0, stock.quantity - promised.get(key, 0)))
            if units:
                chosen.append((line, stock, units))
                missing -= units
        if missing:
            raise TransferRefused(
                f"The open shelves of {transfer.warehouse_from} lack {missing} of"
                f" {line.product.sku}: put goods away, or count the bins, before it is sent."
            )
    return chosen


def _issues(
    transfer: Transfer, chosen: list[tuple[TransferLine, BinStock, int]]
) -> list[GoodsIssue]:
    """Keep which lots and numbers leave, and make the bookings."""
    units: dict[tuple[int, int | None, str | None], int] = defaultdict(int)
    for line, stock, quantity in chosen:
        units[line.pk, stock.lot_id, stock.serial] += quantity
    made = TransferPart.objects.bulk_create(
        TransferPart(line_id=line_id, lot_id=lot_id, serial=serial, sent=sent)
        for (line_id, lot_id, serial), sent in units.items()
    )
    parts = {(part.line_id, part.lot_id, part.serial): part.pk for part in made}
    return [
        GoodsIssue(
            warehouse_id=transfer.warehouse_from_id, product_id=line.product_id,
            bin_id=stock.bin_id, quantity=quantity, demand_kind=DEMAND, demand_id=line.pk,
            document=transfer.number, lot_id=stock.lot_id, serial=stock.serial,
            idem_key=f"transfer:{parts[line.pk, stock.lot_id, stock.serial]}:{stock.bin_id}",
        )
        for line, stock, quantity in chosen
    ]  # fmt: skip


def _announce(transfer: Transfer, lines: list[TransferLine]) -> None:
    products = sorted({line.product_id for line in lines})
    publish(IncomingChanged(warehouse_id=transfer.warehouse_to_id, product_ids=products))
