"""Finishing counts: book the differences, or have them approved first."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from django.db import transaction
from django.utils import timezone

from inventory import ports
from inventory.exceptions import CountRefused
from inventory.models import Bin, BinContent, CountLine, StockCount, StockLevel
from inventory.selectors.count_limits import REASON, count_limits
from inventory.services import goods
from inventory.services.counts import ask_again, lock_count
from inventory.services.goods import Adjustment, BinMove
from inventory.services.ledger import lock_levels
from oms.core import activity, cases
from oms.core.actors import Actor
from oms.core.workflow import perform

LOOKS_FOR_MISSING = (StockCount.Origin.SHORTAGE, StockCount.Origin.REJECTION)
CASE = "count_review"


@transaction.atomic
def finish_count(*, count_id: int, actor: Actor, take_back: bool = False) -> StockCount:
    """Book the differences of a count; where one is above the limit, ask for an approval instead.

    What turned up is given back out of the "missing" bin first. A count after a short pick or a
    rejection also writes off what stays missing. ``take_back`` lets the allocations go that the
    counted units do not cover any more.

    :raises CountRefused: not everything is counted, or the count is not open.
    :raises StillAllocated: fewer remain than are allocated; nothing was changed.
    """
    count = lock_count(count_id)
    if count.status != StockCount.Status.OPEN:
        raise CountRefused(f"{count} is {count.get_status_display().lower()} already.")
    _refuse_unfinished(count)
    _write_off_missing(count, actor)
    lines = _lines(count)
    if lines_above_limit(lines):
        perform(count, "submit", actor=actor)
        _open_case(count, lines)
    else:
        _post(count, lines, take_back=take_back, actor=actor)
    return count


@transaction.atomic
def approve_count(*, count_id: int, actor: Actor, take_back: bool = False) -> StockCount:
    """Book the differences of a count that are above the limit.

    :raises CountRefused: nobody waits for it, or nobody but the approver saw a difference.
    :raises StillAllocated: fewer remain than are allocated; nothing was changed.
    """
    count = _lock_in_review(count_id)
    lines = _lines(count)
    for line in lines_above_limit(lines):
        if {line.user_id, line.first_user_id} - {None} == {actor.user_id}:
            raise CountRefused(
                "You alone have seen these differences: somebody else approves them."
            )
    _post(count, lines, take_back=take_back, actor=actor)
    return count


@transaction.atomic
def recount(*, count_id: int, actor: Actor, note: str = "") -> StockCount:
    """Send a count back to the floor: the differences above the limit are counted once more.

    :raises CountRefused: the count does not wait for an approval.
    """
    count = _lock_in_review(count_id)
    lines = _lines(count)
    for line in lines_above_limit(lines):
        if line.bin.kind == Bin.Kind.MISSING:
            line.delete()
        else:
            ask_again(line)
    perform(count, "recount", actor=actor, note=note)
    _close_case(count, actor)
    return count


@transaction.atomic
def cancel_count(*, count_id: int, actor: Actor, note: str = "") -> StockCount:
    """Stop a count; nothing is booked.

    :raises TransitionRefused: it is posted or canceled already.
    """
    count = lock_count(count_id)
    count.closed_at = timezone.now()
    perform(count, "cancel", actor=actor, note=note, update_fields=["closed_at"])
    _close_case(count, actor)
    return count


def lines_above_limit(lines: Sequence[CountLine]) -> list[CountLine]:
    """The counted lines whose difference wants an approval."""
    limits = count_limits()
    return [
        line
        for line in lines
        if line.counted is not None and limits.is_exceeded(delta_of(line), line.product.cost)
    ]


def delta_of(line: CountLine) -> int:
    """Counted - expected; 0 while nobody has counted."""
    return 0 if line.counted is None else line.counted - (line.expected or 0)


def _lock_in_review(count_id: int) -> StockCount:
    count = lock_count(count_id)
    if count.status != StockCount.Status.REVIEW:
        raise CountRefused(f"{count} does not wait for an approval.")
    return count


def _lines(count: StockCount) -> list[CountLine]:
    return list(count.lines.select_related("product", "bin").order_by("pk"))


def _refuse_unfinished(count: StockCount) -> None:
    left = count.lines.filter(counted=None).count()
    if left:
        places = "place is" if left == 1 else "places are"
        raise CountRefused(f"{left} {places} not counted yet: count them, or cancel the count.")
    if not count.lines.exists():
        raise CountRefused(f"{count} has no places: add what lies there, or cancel the count.")


def _write_off_missing(count: StockCount, actor: Actor) -> None:
    """What stays missing after the places were counted becomes a line of its own, counted as none."""
    if count.origin not in LOOKS_FOR_MISSING:
        return
    count.lines.filter(bin__kind=Bin.Kind.MISSING).delete()
    surplus: dict[tuple[int, int | None, str | None], int] = defaultdict(int)
    products = set()
    for line in _lines(count):
        products.add(line.product_id)
        surplus[line.product_id, line.lot_id, line.serial] += max(0, delta_of(line))
    for content in _missing(count.warehouse_id, products):
        key = (content.product_id, content.lot_id, content.serial)
        back = min(surplus[key], content.quantity)
        surplus[key] -= back
        if content.quantity > back:
            CountLine.objects.create(
                stock_count=count, bin_id=content.bin_id, product_id=content.product_id,
                lot_id=content.lot_id, serial=content.serial, expected=content.quantity - back,
                counted=0, counted_by=actor.label, user_id=actor.user_id,
                counted_at=timezone.now(),
            )  # fmt: skip


def _missing(warehouse_id: int, products: set[int]) -> list[BinContent]:
    rows = BinContent.objects.filter(
        bin__warehouse=warehouse_id, bin__kind=Bin.Kind.MISSING, bin__is_active=True,
        product__in=products, quantity__gt=0,
    )  # fmt: skip
    return list(rows.order_by("bin", "product", "pk"))


def _post(count: StockCount, lines: Sequence[CountLine], *, take_back: bool, actor: Actor) -> None:
    """Move, and act on stock last; the ledger announces what becomes available."""
    changed = [line for line in lines if delta_of(line)]
    count.closed_at = timezone.now()
    perform(count, "post", actor=actor, update_fields=["closed_at"])
    _close_case(count, actor)
    if take_back:
        _take_back(count, changed, actor)
    lock_levels([count.warehouse_id], {line.product_id for line in changed})
    moves, corrections = _bookings(count, changed)
    if moves:
        goods.unblock(moves, actor=actor)
    goods.adjust(corrections, actor=actor)


def _take_back(count: StockCount, changed: Sequence[CountLine], actor: Actor) -> None:
    """Have the allocations freed that the counted units will not cover."""
    change: dict[int, int] = defaultdict(int)
    for line in changed:
        if line.bin.kind not in Bin.BLOCKED_KINDS:
            change[line.product_id] += delta_of(line)
    levels = StockLevel.objects.filter(warehouse=count.warehouse_id, product__in=change)
    free = {x.product_id: x.on_hand - x.allocated - x.blocked for x in levels.order_by("product")}
    short = {pk: -(units + change[pk]) for pk, units in free.items() if units + change[pk] < 0}
    freed = ports.take_allocations_back(
        warehouse_id=count.warehouse_id,
        shortages=short,
        booked_next={line.product_id for line in changed},
        actor=actor,
    )
    entries = [
        activity.Entry("stockcount", count.pk, "deallocated", new=f"{units} of {short[pk]}")
        for pk, units in freed.items()
    ]
    activity.record_all(entries, actor=actor)


def _bookings(
    count: StockCount, changed: Sequence[CountLine]
) -> tuple[list[BinMove], list[Adjustment]]:
    """Units that turned up come out of the "missing" bin as far as they were missing."""
    pool = _missing(count.warehouse_id, {x.product_id for x in changed if delta_of(x) > 0})
    left = {content.pk: content.quantity for content in pool}
    moves: list[BinMove] = []
    corrections: list[Adjustment] = []
    for line in changed:
        rest = delta_of(line)
        for content in pool if line.bin.kind not in Bin.BLOCKED_KINDS else ():
            back = min(rest, left[content.pk]) if _is_same(content, line) else 0
            if back > 0:
                moves.append(_give_back(count, line, content.bin_id, back))
                left[content.pk] -= back
                rest -= back
        if rest:
            corrections.append(_correction(count, line, rest))
    return moves, corrections


def _is_same(content: BinContent, line: CountLine) -> bool:
    goods_there = (content.product_id, content.lot_id, content.serial)
    return goods_there == (line.product_id, line.lot_id, line.serial)


def _give_back(count: StockCount, line: CountLine, missing_bin: int, units: int) -> BinMove:
    return BinMove(
        warehouse_id=count.warehouse_id, product_id=line.product_id, bin_from_id=missing_bin,
        bin_to_id=line.bin_id, quantity=units, lot_id=line.lot_id, serial=line.serial,
        document=count.number, reason=REASON, idem_key=f"count:{line.pk}:back:{missing_bin}",
    )  # fmt: skip


def _correction(count: StockCount, line: CountLine, delta: int) -> Adjustment:
    return Adjustment(
        warehouse_id=count.warehouse_id, product_id=line.product_id, bin_id=line.bin_id,
        delta=delta, lot_id=line.lot_id, serial=line.serial, document=count.number,
        reason=REASON, note=count.reason, idem_key=f"count:{line.pk}",
    )  # fmt: skip


def _open_case(count: StockCount, lines: Sequence[CountLine]) -> None:
    above = lines_above_limit(lines)
    shown = ", ".join(
        f"{delta_of(line):+} {line.product.sku} in {line.bin.code}" for line in above[:3]
    )
    more = f" and {len(above) - 3} more" if len(above) > 3 else ""
    cases.open_case(
        kind=CASE,
        dedupe_key=f"{CASE}:{count.pk}",
        sentence=f"{count} found {shown}{more}: approve the differences, or have them counted again.",
        document_kind="stockcount",
        document_id=count.pk,
    )


def _close_case(count: StockCount, actor: Actor) -> None:
    cases.close_case(f"{CASE}:{count.pk}", actor=actor)
