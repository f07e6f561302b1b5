"""The stock ledger: the only writer of levels, movements, bin contents and allocations.

``post`` is one statement that does all or nothing and says why not, so it needs no savepoint: a
refusal leaves the caller's transaction as it was.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import Any

from django.db import IntegrityError, OperationalError, connection, transaction

from inventory.exceptions import AlreadyBooked, StockBusy
from inventory.models import MovementKind, StockLevel
from inventory.services.ledger_statement import (
    CLAIM_COLUMNS,
    CREATE_LEVELS,
    GOODS_COLUMNS,
    call,
)
from inventory.services.refusals import Reason, refusal_for
from oms.core.actors import Actor


@dataclass(frozen=True, slots=True, kw_only=True)
class StockChange:
    """One row for the ledger. The bins say what it does to on hand and blocked:
    no ``bin_from_id`` means that goods enter the warehouse, no ``bin_to_id`` that they leave it.
    ``allocated`` is what it adds to the allocation of its demand (negative: takes away).
    """

    kind: MovementKind
    warehouse_id: int
    product_id: int
    quantity: int
    idem_key: str | None = None
    allocated: int = 0
    bin_from_id: int | None = None
    bin_to_id: int | None = None
    lot_id: int | None = None
    serial: str | None = None
    demand_kind: str = ""
    demand_id: int | None = None
    document: str = ""
    reason: str = ""
    note: str = ""


_LOCK_TIMEOUT = "55P03"
_CLAIMS = call("inventory_post_claims", CLAIM_COLUMNS)
_GOODS = call("inventory_post_goods", GOODS_COLUMNS)


def post(changes: Sequence[StockChange], *, actor: Actor) -> None:
    """Book changes in their order: all of them, or none.

    :raises InsufficientStock: a level would have less than nothing available.
    :raises NotInBin: a bin does not hold what should leave it.
    :raises NotAllocated: a demand does not hold the allocation that should be given back.
    :raises AlreadyBooked: an ``idem_key`` is in the ledger already.
    :raises WrongPlace: a bin is closed or belongs to another warehouse.
    :raises WrongGoods: a lot or serial number is missing or wrong, or the product is a kit.
    :raises StockBusy: a level stayed locked for longer than the lock time-out.
    """
    if not changes:
        return
    _check(changes)
    reasons = _run(changes, actor)
    new_levels = sorted({(r.warehouse_id, r.product_id) for r in reasons if r.what == "new_level"})
    if new_levels and len(new_levels) == len(reasons):
        _create_levels(new_levels)
        reasons = _run(changes, actor)
    if reasons:
        raise refusal_for([reason for reason in reasons if reason.what != "new_level"])


def _check(changes: Sequence[StockChange]) -> None:
    if any(change.quantity <= 0 for change in changes):
        raise ValueError("A movement handles at least one unit.")
    keys = [change.idem_key for change in changes if change.idem_key is not None]
    if len(keys) != len(set(keys)):
        raise AlreadyBooked("The same movement stands twice in one booking.")


def _run(changes: Sequence[StockChange], actor: Actor) -> list[Reason]:
    goods = any(c.bin_from_id is not None or c.bin_to_id is not None for c in changes)
    columns = GOODS_COLUMNS if goods else CLAIM_COLUMNS
    params: dict[str, Any] = {name: list(map(attrgetter(name), changes)) for name in columns}
    params |= {"actor_id": actor.user_id, "actor_name": actor.label}
    with transaction.atomic(savepoint=False), connection.cursor() as cursor:
        try:
            cursor.execute(_GOODS if goods else _CLAIMS, params)
        except (IntegrityError, OperationalError) as error:
            _translate(error)
            raise
        rows = cursor.fetchall()
        booked, moved, to_move = rows[0][:3]
        reasons = [Reason(*row[3:]) for row in rows if row[3] is not None]
        if not reasons and (booked, moved) != (len(changes), to_move):
            raise RuntimeError("The ledger and its levels would part; nothing was booked.")
    return reasons


def _translate(error: Exception) -> None:
    """What only the database can know: two callers with one key, or with one level, at one moment."""
    diagnosis = getattr(error.__cause__, "diag", None)
    if getattr(diagnosis, "constraint_name", "") == "movement_booked_once":
        raise AlreadyBooked("This movement is being booked by somebody else.") from error
    if getattr(diagnosis, "sqlstate", "") == _LOCK_TIMEOUT:
        raise StockBusy("Somebody else is booking the same goods: try again.") from error


def _create_levels(levels: Sequence[tuple[int, int]]) -> None:
    warehouses, products = zip(*levels, strict=True)
    with connection.cursor() as cursor:
        cursor.execute(CREATE_LEVELS, [list(warehouses), list(products)])


def lock_levels(warehouse_ids: Collection[int], product_ids: Collection[int]) -> list[StockLevel]:
    """Hold levels in key order, so that nothing moves between reading what lies there and booking."""
    levels = StockLevel.objects.filter(warehouse__in=warehouse_ids, product__in=product_ids)
    ordered = levels.order_by("warehouse", "product")
    return list(ordered.select_for_update(of=("self",), no_key=True))


def rebuild_levels() -> int:
    """Set every level to the sums of its movements; give back how many were wrong.

    Writers wait while it runs.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("LOCK TABLE inventory_stocklevel IN SHARE ROW EXCLUSIVE MODE")
        cursor.execute(_REBUILD)
        return int(cursor.rowcount)


_REBUILD = """
WITH ledger AS (
  SELECT warehouse_id, product_id, sum(on_hand_delta) AS on_hand,
    sum(allocated_delta) AS allocated, sum(blocked_delta) AS blocked
  FROM inventory_stockmovement GROUP BY warehouse_id, product_id),
truth AS (
  SELECT warehouse_id, product_id, COALESCE(ledger.on_hand, 0) AS on_hand,
    COALESCE(ledger.allocated, 0) AS allocated, COALESCE(ledger.blocked, 0) AS blocked
  FROM inventory_stocklevel FULL JOIN ledger USING (warehouse_id, product_id))
INSERT INTO inventory_stocklevel AS level (warehouse_id, product_id, on_hand, allocated, blocked)
SELECT * FROM truth
ON CONFLICT ON CONSTRAINT level_once DO UPDATE SET on_hand = EXCLUDED.on_hand,
  allocated = EXCLUDED.allocated, blocked = EXCLUDED.blocked
WHERE (level.on_hand, level.allocated, level.blocked)
  <> (EXCLUDED.on_hand, EXCLUDED.allocated, EXCLUDED.blocked)"""
