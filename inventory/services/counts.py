"""Asking for counts, and recording what people count.

A count books differences, not totals: what the books said is read at the moment of counting, under
the lock of the level, so picks before and after it make no difference.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from django.db import transaction
from django.utils import timezone

from inventory.exceptions import CountRefused, NothingToCount, WrongGoods, WrongPlace
from inventory.models import (
    Bin,
    BinContent,
    CountLine,
    Lot,
    Product,
    StockCount,
    Warehouse,
)
from inventory.selectors.count_limits import count_limits
from inventory.services.ledger import lock_levels
from oms.core import activity, bulk
from oms.core.actors import Actor

COUNTED_KINDS = (Bin.Kind.SHELF, Bin.Kind.RECEIVING, Bin.Kind.QUARANTINE, Bin.Kind.RETURNS)
UNFINISHED = (StockCount.Status.OPEN, StockCount.Status.REVIEW)
_Key = tuple[int, int, int | None, str | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class CountPlace:
    """One product (lot, serial number) in one bin; it may be that nothing lies there."""

    bin_id: int
    product_id: int
    lot_id: int | None = None
    serial: str | None = None

    @property
    def key(self) -> _Key:
        return self.bin_id, self.product_id, self.lot_id, self.serial


@transaction.atomic
def open_count(
    *,
    warehouse_id: int,
    origin: str,
    reason: str,
    actor: Actor,
    places: Sequence[CountPlace] = (),
    bin_ids: Collection[int] = (),
    product_ids: Collection[int] = (),
    is_blind: bool = True,
    due_date: date | None = None,
) -> StockCount:
    """Ask for a count of these places, of what lies in these bins and wherever these products lie.

    A place stands on one open count: what is on a list already is not asked for twice, and what is
    asked for with the same cause joins the list that is open. Call it before stock is booked: the
    warehouse is locked ahead of its levels.

    :raises NothingToCount: no place was named, or nothing lies there.
    :raises WrongPlace: a bin belongs to another warehouse.
    """
    Warehouse.objects.only("pk").lock(warehouse_id)
    wanted = _places(warehouse_id, places, bin_ids, product_ids)
    asked = _asked_for(warehouse_id)
    fresh = [place for place in wanted if place.key not in asked]
    if not fresh:
        return StockCount.objects.get(pk=asked[wanted[0].key])
    count = _joinable(warehouse_id, origin, reason)
    verb = "extended" if count else "opened"
    if count is None:
        made = StockCount.objects.create(
            warehouse_id=warehouse_id, origin=origin, reason=reason[:200], is_blind=is_blind,
            due_date=due_date, created_by=actor.label,
        )  # fmt: skip
        count = StockCount.objects.get(pk=made.pk)
    columns = ["stock_count", "bin", "product", "lot", "serial"]
    bulk.insert(CountLine, columns, [(count.pk, *place.key) for place in fresh])
    activity.record(count, verb, actor=actor, new=str(len(fresh)), note=reason)
    return count


def _places(
    warehouse_id: int,
    places: Sequence[CountPlace],
    bin_ids: Collection[int],
    product_ids: Collection[int],
) -> list[CountPlace]:
    named = {*bin_ids, *(place.bin_id for place in places)}
    here = Bin.objects.filter(warehouse=warehouse_id, pk__in=named)
    if here.count() != len(named):
        raise WrongPlace("A bin belongs to another warehouse: open a count for each warehouse.")
    found = {place.key: place for place in places}
    lying = BinContent.objects.filter(bin__warehouse=warehouse_id, quantity__gt=0)
    rows = lying.filter(bin__in=bin_ids) | lying.filter(
        product__in=product_ids, bin__kind__in=COUNTED_KINDS
    )
    ordered = rows.order_by("bin__walk_order", "bin__code", "product__sku", "pk")
    for key in ordered.values_list("bin", "product", "lot", "serial"):
        found.setdefault(key, _place(key))
    if not found:
        raise NothingToCount(
            "Nothing lies there by the books: name the bin that should be counted."
        )
    return list(found.values())


def _place(key: _Key) -> CountPlace:
    bin_id, product_id, lot_id, serial = key
    return CountPlace(bin_id=bin_id, product_id=product_id, lot_id=lot_id, serial=serial)


def _asked_for(warehouse_id: int) -> dict[_Key, int]:
    """The places on unfinished counts, and the count of each."""
    lines = CountLine.objects.filter(
        stock_count__warehouse=warehouse_id, stock_count__status__in=UNFINISHED
    )
    rows = lines.values_list("bin", "product", "lot", "serial", "stock_count")
    return {(b, p, lot, serial): count for b, p, lot, serial, count in rows}


def _joinable(warehouse_id: int, origin: str, reason: str) -> StockCount | None:
    """The open list of the same cause. One that somebody is just finishing is left alone: whoever
    asks may hold orders, and the finishing one may wait for them.
    """
    same = StockCount.objects.filter(
        warehouse=warehouse_id, origin=origin, reason=reason[:200], status=StockCount.Status.OPEN
    )
    free = same.order_by("pk").select_for_update(of=("self",), no_key=True, skip_locked=True)
    return free.first()


@transaction.atomic
def record_line(*, count_id: int, place: CountPlace, counted: int, actor: Actor) -> CountLine:
    """Keep what somebody counted at a place; a product that nobody expected there gets its line.

    A difference above the limit asks for a second count by somebody else.

    :raises CountRefused: the count is not open, the number cannot be, or the first counter counts again.
    :raises WrongGoods: the lot or serial number does not fit the product.
    :raises WrongPlace: the bin is closed or of another warehouse.
    """
    count = lock_count(count_id)
    if count.status != StockCount.Status.OPEN:
        raise CountRefused(
            f"{count} is {count.get_status_display().lower()}: nothing is counted now."
        )
    line = _line_for(count, place, counted)
    if line.first_counted is not None and _is_first_counter(line, actor):
        raise CountRefused(
            "The difference is large, so somebody else counts this place the second time."
        )
    lock_levels([count.warehouse_id], [place.product_id])
    expected = _books(place)
    line.counted, line.expected, line.counted_at = counted, expected, timezone.now()
    line.counted_by, line.user_id = actor.label, actor.user_id
    too_much = count_limits().is_exceeded(counted - expected, line.product.cost)
    if too_much and line.first_counted is None:
        _ask_again(line)
    line.save()
    return line


@transaction.atomic
def record_lines(*, count_id: int, counted: Mapping[int, int], actor: Actor) -> list[CountLine]:
    """Keep what was counted at several places of the list, by line.

    :raises CountRefused: a line is not one of the count; see `record_line`. Nothing was changed.
    """
    lines = {line.pk: line for line in CountLine.objects.filter(stock_count=count_id)}
    if not counted:
        raise CountRefused("Nothing was typed: say how many units lie there.")
    if not counted.keys() <= lines.keys():
        raise CountRefused("A place is not on this count any more: load the page again.")
    # Each line locks its level: in the order in which everybody locks levels.
    return [
        record_line(
            count_id=count_id, place=_place_of(lines[key]), counted=counted[key], actor=actor
        )
        for key in sorted(counted, key=lambda key: lines[key].product_id)
    ]


def _place_of(line: CountLine) -> CountPlace:
    return _place((line.bin_id, line.product_id, line.lot_id, line.serial))


def lock_count(count_id: int) -> StockCount:
    """The count, locked.

    :raises CountRefused: there is no such count.
    """
    try:
        return StockCount.objects.lock(count_id)
    except StockCount.DoesNotExist:
        raise CountRefused("There is no such count (any more).") from None


def ask_again(line: CountLine) -> None:
    """Have somebody else count the place once more; the number so far is kept as the first count."""
    _ask_again(line)
    line.save()


def _ask_again(line: CountLine) -> None:
    line.first_counted, line.first_counted_by = line.counted, line.counted_by
    line.first_user_id, line.needs_second = line.user_id, True
    line.counted = line.expected = line.counted_at = line.user_id = None
    line.counted_by = ""


def _is_first_counter(line: CountLine, actor: Actor) -> bool:
    if line.first_user_id is not None:
        return line.first_user_id == actor.user_id
    return line.first_counted_by == actor.label


def _line_for(count: StockCount, place: CountPlace, counted: int) -> CountLine:
    bin_id, product_id, lot_id, serial = place.key
    lines = CountLine.objects.filter(bin=bin_id, product=product_id, lot=lot_id, serial=serial)
    line = lines.filter(stock_count=count).select_related("product").first()
    product = line.product if line else Product.objects.filter(pk=product_id).first()
    if product is None:
        raise WrongGoods("There is no such product: it cannot be counted.")
    _check_number(product, counted)
    if line:
        return line
    check_goods(product, lot_id, serial)
    here = Bin.objects.filter(pk=bin_id, warehouse=count.warehouse_id)
    if not here.exists():
        raise WrongPlace("The bin belongs to another warehouse: count there on a list of its own.")
    if lines.filter(stock_count__status__in=UNFINISHED).exists():
        raise CountRefused(
            f"{product.sku} in that bin stands on another open count: count it there."
        )
    return CountLine(
        stock_count=count, bin_id=bin_id, product=product, lot_id=lot_id, serial=serial
    )


def _check_number(product: Product, counted: int) -> None:
    if counted < 0:
        raise CountRefused("Nobody counts fewer than none: type 0 or more.")
    if product.tracking == Product.Tracking.SERIAL and counted > 1:
        raise CountRefused(f"A serial number of {product.sku} stands for one unit: count 0 or 1.")


def check_goods(product: Product, lot_id: int | None, serial: str | None) -> None:
    """Whether units of the product can carry this lot and serial number.

    :raises WrongGoods: one is missing, or does not belong there; or the product is a kit.
    """
    if product.is_kit:
        raise WrongGoods(f"{product.sku} is a kit: it is its components that lie there.")
    by_lot, by_serial = product.tracking == "lot", product.tracking == "serial"
    if by_lot and lot_id is None:
        raise WrongGoods(f"{product.sku}: say which lot lies there.")
    if by_serial and not serial:
        raise WrongGoods(f"{product.sku}: scan the serial number of each unit.")
    if (serial and not by_serial) or (lot_id and not (by_lot or by_serial)):
        raise WrongGoods(f"{product.sku} is not tracked that way: leave lot and number empty.")
    if lot_id and not Lot.objects.filter(pk=lot_id, product=product).exists():
        raise WrongGoods(f"The lot is not one of {product.sku}: choose one of its own lots.")


def _books(place: CountPlace) -> int:
    bin_id, product_id, lot_id, serial = place.key
    lying = BinContent.objects.filter(bin=bin_id, product=product_id, lot=lot_id, serial=serial)
    return sum(lying.values_list("quantity", flat=True))
