"""From the ledger's reasons to the exception whose sentence an operator can act on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from inventory import ports
from inventory.exceptions import (
    AllocatedTo,
    AlreadyBooked,
    InsufficientStock,
    NotAllocated,
    NotInBin,
    Shortfall,
    StillAllocated,
    StockRefusal,
    WrongGoods,
    WrongPlace,
)
from inventory.models import Allocation, Bin, Product, Warehouse


@dataclass(frozen=True, slots=True)
class Reason:
    """One row of the ledger statement's answer."""

    what: str
    warehouse_id: int
    product_id: int
    bin_id: int | None
    serial: str | None
    demand_kind: str | None
    demand_id: int | None
    wanted: int
    available: int


class _Names:
    """SKUs and codes for the sentences: one query per table, on the path of refusal alone."""

    def __init__(self, reasons: Sequence[Reason]) -> None:
        products = {reason.product_id for reason in reasons}
        warehouses = {reason.warehouse_id for reason in reasons}
        bins = {reason.bin_id for reason in reasons if reason.bin_id}
        self._skus = dict(Product.objects.filter(pk__in=products).values_list("pk", "sku"))
        self._codes = dict(Warehouse.objects.filter(pk__in=warehouses).values_list("pk", "code"))
        self._bins = dict(Bin.objects.filter(pk__in=bins).values_list("pk", "code")) if bins else {}

    def sku(self, reason: Reason) -> str:
        return self._skus.get(reason.product_id, f"Product {reason.product_id}")

    def warehouse(self, reason: Reason) -> str:
        return self._codes.get(reason.warehouse_id, f"warehouse {reason.warehouse_id}")

    def bin(self, reason: Reason) -> str:
        code = self._bins.get(reason.bin_id or 0)
        return f"bin {code}" if code else f"the bin with key {reason.bin_id}"


_ORDER = ("booked", "claim", "bin", "level")
_GOODS_SENTENCES = {
    "product": "There is no {sku}: it cannot be stocked.",
    "kit": "{sku} is a kit: stock its components instead.",
    "lot_of_other": "The lot is not one of {sku}: choose one of its own lots.",
    "lot_missing": "{sku} is tracked by lot: say which lot the units are of.",
    "untracked": "{sku} is not tracked that way: leave the lot or serial number empty.",
    "serial_missing": "{sku} is tracked by serial number: scan the number of each unit.",
    "serial_is_one": "{sku} is tracked by serial number: a number stands for one unit, not {wanted}.",
    "serial_twice": "Serial number {serial} of {sku} is in stock already: scan the unit again.",
}
_PLACE_SENTENCES = {
    "source": "{bin} is not in {warehouse}: choose a bin of that warehouse.",
    "target": "{bin} is not in {warehouse}: choose a bin of that warehouse.",
    "closed": "{bin} in {warehouse} is closed: choose another bin.",
}
_SHOWN = 3


def refusal_for(reasons: Sequence[Reason]) -> StockRefusal:
    """The exception for these reasons; the gravest kind of reason gives its class and words."""
    whats = {reason.what for reason in reasons}
    what = next((w for w in _ORDER if w in whats), "")
    what = next((w for w in (*_GOODS_SENTENCES, *_PLACE_SENTENCES) if w in whats), what)
    what = "booked" if "booked" in whats else what
    chosen = [reason for reason in reasons if reason.what == what]
    names = _Names(chosen)
    if what in _GOODS_SENTENCES:
        return WrongGoods(_join(_GOODS_SENTENCES[what], chosen, names))
    if what in _PLACE_SENTENCES:
        return WrongPlace(_join(_PLACE_SENTENCES[what], chosen, names))
    if what == "booked":
        return AlreadyBooked(_join("{sku}: movement {serial} was booked before.", chosen, names))
    if what == "claim":
        return _not_allocated(chosen, names)
    if what == "bin":
        sentence = (
            "{bin} in {warehouse} holds {available} of {sku}{numbered}, {wanted} were asked for."
        )
        return NotInBin(_join(sentence, chosen, names))
    sentence = "{warehouse} has {available} of {sku} available, {wanted} were asked for."
    return InsufficientStock(_join(sentence, chosen, names), _shortfalls(chosen))


def _shortfalls(reasons: Sequence[Reason]) -> list[Shortfall]:
    return [
        Shortfall(r.warehouse_id, r.product_id, int(r.wanted), int(r.available)) for r in reasons
    ]


def _not_allocated(reasons: Sequence[Reason], names: _Names) -> NotAllocated:
    pairs = [(r.demand_kind or "", r.demand_id or 0) for r in reasons]
    links = ports.resolve_demands(pairs)
    parts = [
        f"{links[pair].label} has {r.available} of {names.sku(r)} allocated at"
        f" {names.warehouse(r)}, {r.wanted} were asked for."
        for pair, r in zip(pairs[:_SHOWN], reasons, strict=False)
    ]
    return NotAllocated(_and_more(parts, len(reasons)))


def _join(sentence: str, reasons: Sequence[Reason], names: _Names) -> str:
    parts = [
        sentence.format(
            sku=names.sku(reason),
            warehouse=names.warehouse(reason),
            bin=names.bin(reason),
            serial=reason.serial,
            numbered=f" with serial number {reason.serial}" if reason.serial else "",
            wanted=reason.wanted,
            available=reason.available,
        )
        for reason in reasons[:_SHOWN]
    ]
    return _and_more([part[0].upper() + part[1:] for part in parts], len(reasons))


def _and_more(parts: list[str], count: int) -> str:
    rest = f" And {count - _SHOWN} more." if count > _SHOWN else ""
    return " ".join(parts) + rest


def name_the_demands(error: InsufficientStock) -> InsufficientStock:
    """The same refusal with the demands that hold the units, where allocations are in the way."""
    found: list[AllocatedTo] = []
    for short in error.shortfalls:
        rows = Allocation.objects.filter(
            warehouse_id=short.warehouse_id, product_id=short.product_id
        ).order_by("pk")
        demands = [(row.demand_kind, row.demand_id, row.quantity) for row in rows]
        links = ports.resolve_demands([(kind, pk) for kind, pk, _ in demands])
        found += [
            AllocatedTo(short.warehouse_id, short.product_id, kind, pk, n, links[kind, pk].label)
            for kind, pk, n in demands
        ]
    if not found:
        return error
    shown = ", ".join(f"{each.quantity} for {each.label}" for each in found[:_SHOWN])
    more = f" and {len(found) - _SHOWN} more" if len(found) > _SHOWN else ""
    sentence = f"{error} Allocated: {shown}{more}. Take the allocations back first."
    return StillAllocated(sentence, error.shortfalls, found)
