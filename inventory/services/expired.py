"""Lots that may not be sold any more: out of sale each night, by the rule of `inventory.expiry`."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from django.db import connection, transaction

from inventory import ports
from inventory.expiry import SELLABLE
from inventory.models import Allocation, Bin, Product, Warehouse
from inventory.services import goods
from inventory.services.goods import BinMove
from inventory.services.ledger import lock_levels
from oms.core import cases
from oms.core.actors import Actor

REASON = "expired"


@dataclass(frozen=True, slots=True)
class _Content:
    """What lies in a bin of a lot that may not be sold any more."""

    warehouse_id: int
    product_id: int
    bin_id: int
    lot_id: int
    lot: str
    serial: str | None
    quantity: int


def clear_expired(*, today: date, actor: Actor) -> int:
    """Move what expired and nobody holds to quarantine; gives back how many units. A case tells of
    it; what is allocated stays, and its case names the demands that have to be served anew.
    """
    found: dict[tuple[int, int], list[_Content]] = defaultdict(list)
    for content in _expired(today):
        found[content.warehouse_id, content.product_id].append(content)
    return sum(
        _clear(warehouse_id, product_id, contents, today, actor)
        for (warehouse_id, product_id), contents in sorted(found.items())
    )


@transaction.atomic
def _clear(
    warehouse_id: int, product_id: int, contents: Sequence[_Content], today: date, actor: Actor
) -> int:
    warehouse = Warehouse.objects.only("pk", "code").lock(warehouse_id)
    [level] = lock_levels([warehouse_id], [product_id])
    free = level.on_hand - level.allocated - level.blocked
    quarantine = (
        Bin.objects.filter(warehouse=warehouse_id, kind=Bin.Kind.QUARANTINE, is_active=True)
        .order_by("walk_order", "code")
        .first()
    )
    promised = ports.promised_contents([warehouse_id], [product_id])
    moves, left = [], 0
    for each in contents:
        key = (each.bin_id, product_id, each.lot_id, each.serial)
        units = min(free, max(0, each.quantity - promised.get(key, 0))) if quarantine else 0
        left += each.quantity - units
        if units and quarantine:
            free -= units
            moves.append(_move(each, quarantine.pk, units, today))
    _tell(warehouse, product_id, contents, sum(move.quantity for move in moves), left, actor)
    if moves:
        goods.block(moves, actor=actor)
    return sum(move.quantity for move in moves)


def _move(content: _Content, quarantine_id: int, units: int, today: date) -> BinMove:
    return BinMove(
        warehouse_id=content.warehouse_id, product_id=content.product_id,
        bin_from_id=content.bin_id, bin_to_id=quarantine_id, quantity=units, reason=REASON,
        note=content.lot, lot_id=content.lot_id, serial=content.serial,
        idem_key=f"expired:{today}:{content.bin_id}:{content.lot_id}:{content.quantity}:"
        f"{content.serial or ''}"[:100],
    )  # fmt: skip


def _tell(
    warehouse: Warehouse,
    product_id: int,
    contents: Sequence[_Content],
    moved: int,
    left: int,
    actor: Actor,
) -> None:
    sku = Product.objects.values_list("sku", flat=True).get(pk=product_id)
    lots = ", ".join(sorted({each.lot for each in contents}))
    of = f"{sku} at {warehouse.code}, lot {lots}"
    if moved:
        sentence = f"{of}: {moved} expired units are in quarantine now: scrap or return them."
        _open(f"expired:{warehouse.pk}:{product_id}", "expired", sentence, product_id)
    held = f"expired_allocated:{warehouse.pk}:{product_id}"
    if left:
        sentence = f"{of}: {left} expired units are still promised to {_holders(warehouse.pk, product_id)}: take the allocations back."
        _open(held, "expired", sentence, product_id)
    else:
        cases.close_case(held, actor=actor)


def _open(key: str, kind: str, sentence: str, product_id: int) -> None:
    cases.open_case(
        kind=kind,
        dedupe_key=key,
        sentence=sentence,
        document_kind="product",
        document_id=product_id,
    )


def _holders(warehouse_id: int, product_id: int) -> str:
    """Who holds units at the level, by name."""
    rows = Allocation.objects.filter(warehouse=warehouse_id, product=product_id).order_by("pk")
    demands = list(rows.values_list("demand_kind", "demand_id"))
    links = ports.resolve_demands(demands)
    names = list(dict.fromkeys(links[pair].label for pair in demands))
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return ", ".join(names[:3]) + more if names else "pick lists"


def _expired(today: date) -> list[_Content]:
    with connection.cursor() as cursor:
        cursor.execute(_EXPIRED, {"today": today})
        return [_Content(*row) for row in cursor.fetchall()]


_EXPIRED = f"""
SELECT bin.warehouse_id, content.product_id, bin.id, lot.id, lot.code, content.serial,
  content.quantity
FROM inventory_bincontent content
JOIN inventory_bin bin ON bin.id = content.bin_id AND bin.kind IN ('shelf', 'receiving')
JOIN inventory_product product ON product.id = content.product_id
JOIN inventory_lot lot ON lot.id = content.lot_id
WHERE content.quantity > 0 AND NOT {SELLABLE}
ORDER BY bin.warehouse_id, content.product_id, lot.expiry_date, content.id"""  # noqa: S608 - our own text
