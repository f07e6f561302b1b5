"""Goods that move: into, through and out of a warehouse. Each service is one booking: all or nothing.

Every row carries an ``idem_key``: booking it again is refused with `AlreadyBooked`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from django.db import transaction

from inventory.events import StockArrived
from inventory.exceptions import InsufficientStock, ReasonMissing, WrongPlace
from inventory.models import Bin, BinContent, MovementKind
from inventory.services.ledger import StockChange, lock_levels, post
from inventory.services.refusals import name_the_demands
from oms.core.actors import Actor
from oms.core.events import publish

PRODUCTS_PER_EVENT = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class GoodsReceipt:
    """Units that enter a warehouse into a bin."""

    warehouse_id: int
    product_id: int
    bin_id: int
    quantity: int
    idem_key: str
    document: str = ""
    reason: str = ""
    note: str = ""
    lot_id: int | None = None
    serial: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BinMove:
    """Units that go from one bin to another of the same warehouse."""

    warehouse_id: int
    product_id: int
    bin_from_id: int
    bin_to_id: int
    quantity: int
    idem_key: str
    demand_kind: str = ""
    demand_id: int | None = None
    document: str = ""
    reason: str = ""
    note: str = ""
    lot_id: int | None = None
    serial: str | None = None


BinPick = BinMove


@dataclass(frozen=True, slots=True, kw_only=True)
class GoodsIssue:
    """Units that leave a warehouse from a bin for a demand, come back, or arrive at the other end."""

    warehouse_id: int
    product_id: int
    bin_id: int
    quantity: int
    demand_kind: str
    demand_id: int
    document: str
    idem_key: str
    lot_id: int | None = None
    serial: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Adjustment:
    """A correction of what lies in a bin: ``delta`` units more or fewer, and why."""

    warehouse_id: int
    product_id: int
    bin_id: int
    delta: int
    reason: str
    idem_key: str
    note: str = ""
    document: str = ""
    lot_id: int | None = None
    serial: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BinCount:
    """What somebody counted in a bin."""

    warehouse_id: int
    product_id: int
    bin_id: int
    counted: int
    idem_key: str
    reason: str = "count"
    note: str = ""
    lot_id: int | None = None
    serial: str | None = None


def receive(receipts: Sequence[GoodsReceipt], *, actor: Actor) -> None:
    """Take goods in: + on hand, + bin.

    :raises StockRefusal: see `ledger.post`; nothing was changed.
    """
    _post_arrivals([_entry(MovementKind.RECEIVE, each) for each in receipts], actor)


def record_found(receipts: Sequence[GoodsReceipt], *, actor: Actor) -> None:
    """Take in goods that turned up without a delivery.

    :raises ReasonMissing: a row does not say why.
    """
    _need_reasons(receipts)
    _post_arrivals([_entry(MovementKind.FOUND, each) for each in receipts], actor)


def receive_returns(receipts: Sequence[GoodsReceipt], *, actor: Actor) -> None:
    """Take back what a customer sent, into a bin of kind "returns": on hand, but blocked.

    :raises WrongPlace: the bin is not one for returns.
    """
    _need_bins([each.bin_id for each in receipts], _is_returns, "is not a bin for returns")
    post([_entry(MovementKind.RETURN, each) for each in receipts], actor=actor)


def restock(moves: Sequence[BinMove], *, actor: Actor) -> None:
    """Bring inspected goods from a returns or quarantine bin to where their state belongs: back to
    a shelf for sale, or on to another blocked bin (the disposition of a return).

    :raises WrongPlace: the goods do not come from a blocked bin.
    """
    _need_bins([each.bin_from_id for each in moves], _is_blocked, "holds goods for sale already")
    _post_arrivals([_move(MovementKind.MOVE, each) for each in moves], actor)


def move(moves: Sequence[BinMove], *, actor: Actor) -> None:
    """Bring goods from bin to bin: put away, tidy up. Between free and blocked bins see `block`.

    :raises WrongPlace: the bins are not both for sale or both blocked.
    """
    kinds = _kinds([pk for each in moves for pk in (each.bin_from_id, each.bin_to_id)])
    for each in moves:
        if _is_blocked(kinds.get(each.bin_from_id)) != _is_blocked(kinds.get(each.bin_to_id)):
            raise WrongPlace("One bin is blocked and the other is not: block or unblock the goods.")
    post([_move(MovementKind.MOVE, each) for each in moves], actor=actor)


def block(moves: Sequence[BinMove], *, actor: Actor) -> None:
    """Take goods out of sale into a quarantine or missing bin.

    :raises WrongPlace: the target is not a blocked bin.
    :raises InsufficientStock: the units are allocated; ``demands`` says to whom.
    """
    _need_reasons(moves)
    _need_bins([each.bin_to_id for each in moves], _is_blocked, "is not a blocked bin")
    _post_naming_demands([_move(MovementKind.BLOCK, each) for each in moves], actor)


def unblock(moves: Sequence[BinMove], *, actor: Actor) -> None:
    """Give blocked goods back to sale.

    :raises WrongPlace: the goods do not come from a blocked bin, or go to one.
    """
    _need_bins([each.bin_from_id for each in moves], _is_blocked, "is not a blocked bin")
    _need_bins([each.bin_to_id for each in moves], _is_free, "is a blocked bin")
    _post_arrivals([_move(MovementKind.UNBLOCK, each) for each in moves], actor)


def pick(picks: Sequence[BinPick], *, actor: Actor) -> None:
    """Take units from their bins into a tote or staging bin.

    :raises NotInBin: a bin holds fewer.
    """
    post([_move(MovementKind.PICK, each) for each in picks], actor=actor)


def put_back(picks: Sequence[BinPick], *, actor: Actor) -> None:
    """Bring picked units back to a shelf.

    :raises NotInBin: the tote or staging bin holds fewer.
    """
    post([_move(MovementKind.PUT_BACK, each) for each in picks], actor=actor)


def ship(issues: Sequence[GoodsIssue], *, actor: Actor) -> None:
    """Hand goods over: - on hand, - allocated, - bin.

    :raises NotAllocated: a demand holds fewer units than leave for it.
    :raises NotInBin: the bin holds fewer.
    """
    changes = [_issue(MovementKind.SHIP, each, -1, bin_from_id=each.bin_id) for each in issues]
    post(changes, actor=actor)


def unship(issues: Sequence[GoodsIssue], *, actor: Actor) -> None:
    """Take goods back that did not leave after all: the mirror of `ship`.

    :raises StockRefusal: see `ledger.post`; nothing was changed.
    """
    changes = [_issue(MovementKind.UNSHIP, each, 1, bin_to_id=each.bin_id) for each in issues]
    post(changes, actor=actor)


def transfer_out(issues: Sequence[GoodsIssue], *, actor: Actor) -> None:
    """Send allocated goods to another warehouse: - on hand, - allocated, - bin.

    :raises NotAllocated: the transfer line holds fewer units than leave for it.
    :raises NotInBin: the bin holds fewer.
    """
    kind = MovementKind.TRANSFER_OUT
    post([_issue(kind, each, -1, bin_from_id=each.bin_id) for each in issues], actor=actor)


def transfer_back(issues: Sequence[GoodsIssue], *, actor: Actor) -> None:
    """Take goods back that did not leave after all: the mirror of `transfer_out`.

    :raises StockRefusal: see `ledger.post`; nothing was changed.
    """
    kind = MovementKind.TRANSFER_IN
    post([_issue(kind, each, 1, bin_to_id=each.bin_id) for each in issues], actor=actor)


def transfer_in(issues: Sequence[GoodsIssue], *, actor: Actor) -> None:
    """Take in what another warehouse sent: + on hand, + bin.

    :raises StockRefusal: see `ledger.post`; nothing was changed.
    """
    kind = MovementKind.TRANSFER_IN
    changes = [_issue(kind, each, 0, bin_to_id=each.bin_id) for each in issues]
    _post_arrivals(changes, actor)


def adjust(adjustments: Sequence[Adjustment], *, actor: Actor) -> None:
    """Correct what lies in bins by what was seen there.

    :raises StillAllocated: fewer would remain than are allocated; ``demands`` says to whom.
    :raises NotInBin: a bin holds fewer than should go.
    :raises ReasonMissing: a correction does not say why.
    """
    _need_reasons(adjustments)
    changes = [_correction(MovementKind.ADJUST, each) for each in adjustments if each.delta]
    _post_naming_demands(changes, actor)


def write_off(adjustments: Sequence[Adjustment], *, actor: Actor) -> None:
    """Take goods out of the books that are broken, lost or given away (``delta`` below 0).

    :raises StillAllocated: fewer would remain than are allocated; ``demands`` says to whom.
    """
    _need_reasons(adjustments)
    if any(each.delta >= 0 for each in adjustments):
        raise ValueError("A write-off takes units away.")
    changes = [_correction(MovementKind.WRITE_OFF, each) for each in adjustments]
    _post_naming_demands(changes, actor)


@transaction.atomic
def record_counts(counts: Sequence[BinCount], *, actor: Actor) -> list[int]:
    """Set bins to what was counted in them; give back the difference of each count.

    :raises StillAllocated: a count is below what is allocated; ``demands`` says to whom.
    """
    if any(count.counted < 0 for count in counts):
        raise ValueError("Nobody counts fewer than none.")
    lock_levels({count.warehouse_id for count in counts}, {count.product_id for count in counts})
    lying = _contents_of(counts)
    deltas = [
        count.counted - lying.get((count.bin_id, count.product_id, count.lot_id, count.serial), 0)
        for count in counts
    ]
    adjust(
        [
            Adjustment(
                warehouse_id=count.warehouse_id, product_id=count.product_id,
                bin_id=count.bin_id, delta=delta, reason=count.reason, note=count.note,
                idem_key=count.idem_key, lot_id=count.lot_id, serial=count.serial,
            )
            for count, delta in zip(counts, deltas, strict=True)
        ],
        actor=actor,
    )  # fmt: skip
    return deltas


def _contents_of(
    counts: Sequence[BinCount],
) -> dict[tuple[int, int, int | None, str | None], int]:
    rows = BinContent.objects.filter(
        bin__in={count.bin_id for count in counts},
        product__in={count.product_id for count in counts},
    ).values_list("bin", "product", "lot", "serial", "quantity")
    return {(b, product, lot, serial): n for b, product, lot, serial, n in rows}


@transaction.atomic
def _post_arrivals(changes: Sequence[StockChange], actor: Actor) -> None:
    """Book changes and tell of those that make units available: somebody may wait for them."""
    if events := _arrivals(changes):
        publish(*events)
    post(changes, actor=actor)


def _arrivals(changes: Sequence[StockChange]) -> list[StockArrived]:
    arrived: dict[int, set[int]] = defaultdict(set)
    for change in changes:
        if change.bin_to_id is not None and change.kind != MovementKind.BLOCK:
            arrived[change.warehouse_id].add(change.product_id)
    return [
        StockArrived(warehouse_id, keys[start : start + PRODUCTS_PER_EVENT])
        for warehouse_id, products in sorted(arrived.items())
        for keys in [sorted(products)]
        for start in range(0, len(keys), PRODUCTS_PER_EVENT)
    ]


def _post_naming_demands(changes: Sequence[StockChange], actor: Actor) -> None:
    try:
        _post_arrivals(changes, actor)
    except InsufficientStock as error:
        raise name_the_demands(error) from error


def _need_reasons(rows: Sequence[GoodsReceipt] | Sequence[BinMove] | Sequence[Adjustment]) -> None:
    if any(not row.reason.strip() for row in rows):
        raise ReasonMissing("Say why: the ledger keeps a reason with every correction.")


def _kinds(bin_ids: Sequence[int]) -> dict[int, str]:
    return dict(Bin.objects.filter(pk__in=set(bin_ids)).values_list("pk", "kind"))


def _is_blocked(kind: str | None) -> bool:
    return kind in Bin.BLOCKED_KINDS


def _is_free(kind: str | None) -> bool:
    return kind is not None and not _is_blocked(kind)


def _is_returns(kind: str | None) -> bool:
    return kind == Bin.Kind.RETURNS


def _need_bins(bin_ids: Sequence[int], fits: Callable[[str | None], bool], problem: str) -> None:
    kinds = _kinds(bin_ids)
    wrong = sorted({pk for pk in bin_ids if not fits(kinds.get(pk))})
    if wrong:
        codes = Bin.objects.filter(pk__in=wrong).order_by("pk").values_list("code", flat=True)
        named = ", ".join(codes[:3]) or str(wrong[0])
        raise WrongPlace(f"Bin {named} {problem}: choose another bin.")


def _entry(kind: MovementKind, receipt: GoodsReceipt) -> StockChange:
    return StockChange(
        kind=kind, warehouse_id=receipt.warehouse_id, product_id=receipt.product_id,
        quantity=receipt.quantity, bin_to_id=receipt.bin_id, lot_id=receipt.lot_id,
        serial=receipt.serial, document=receipt.document, reason=receipt.reason,
        note=receipt.note, idem_key=receipt.idem_key,
    )  # fmt: skip


def _move(kind: MovementKind, each: BinMove) -> StockChange:
    if each.bin_from_id == each.bin_to_id:
        raise WrongPlace("The goods lie in that bin already: choose another one.")
    return StockChange(
        kind=kind, warehouse_id=each.warehouse_id, product_id=each.product_id,
        quantity=each.quantity, bin_from_id=each.bin_from_id, bin_to_id=each.bin_to_id,
        lot_id=each.lot_id, serial=each.serial, demand_kind=each.demand_kind,
        demand_id=each.demand_id, document=each.document, reason=each.reason, note=each.note,
        idem_key=each.idem_key,
    )  # fmt: skip


def _issue(
    kind: MovementKind,
    issue: GoodsIssue,
    sign: int,
    *,
    bin_from_id: int | None = None,
    bin_to_id: int | None = None,
) -> StockChange:
    return StockChange(
        kind=kind, warehouse_id=issue.warehouse_id, product_id=issue.product_id,
        quantity=issue.quantity, allocated=sign * issue.quantity, bin_from_id=bin_from_id,
        bin_to_id=bin_to_id, lot_id=issue.lot_id, serial=issue.serial,
        demand_kind=issue.demand_kind, demand_id=issue.demand_id, document=issue.document,
        idem_key=issue.idem_key,
    )  # fmt: skip


def _correction(kind: MovementKind, each: Adjustment) -> StockChange:
    return StockChange(
        kind=kind, warehouse_id=each.warehouse_id, product_id=each.product_id,
        quantity=abs(each.delta), bin_from_id=each.bin_id if each.delta < 0 else None,
        bin_to_id=each.bin_id if each.delta > 0 else None, lot_id=each.lot_id,
        serial=each.serial, document=each.document, reason=each.reason, note=each.note,
        idem_key=each.idem_key,
    )  # fmt: skip
