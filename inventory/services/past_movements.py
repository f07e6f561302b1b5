"""Stock movements of the time before this system: the door through which a ledger begins full."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import connection, transaction

from inventory.exceptions import StockRefusal
from inventory.models import MovementKind
from inventory.services.ledger_statement import PAST_CONTENTS, PAST_LEVELS, PAST_MOVEMENTS
from oms.core.actors import Actor


@dataclass(frozen=True, slots=True, kw_only=True)
class PastMovement:
    """Units that entered a bin (``quantity`` above 0) or left it (below 0), at some time."""

    kind: MovementKind
    warehouse_id: int
    product_id: int
    bin_id: int
    quantity: int
    at: datetime
    lot_id: int | None = None
    document: str = ""


@transaction.atomic
def keep_movements(movements: Sequence[PastMovement], *, actor: Actor) -> None:
    """Begin the ledger of products with what moved before, in the order in which they are given.

    Levels, bins and balances follow from the movements, as if each had been booked in its time.

    :raises StockRefusal: the ledger of one of the products has begun already.
    """
    if not movements:
        return
    levels = sorted({(each.warehouse_id, each.product_id) for each in movements})
    with connection.cursor() as cursor:
        cursor.execute(PAST_LEVELS, [*map(list, zip(*levels, strict=True))])
        if cursor.rowcount != len(levels):
            raise StockRefusal("The ledger of a product has begun already: book on from today.")
        params = {
            "kind": [each.kind.value for each in movements],
            **{
                name: [getattr(each, name) for each in movements]
                for name in ("warehouse_id", "product_id", "bin_id", "quantity", "at", "lot_id")
            },
            "document": [each.document for each in movements],
            "actor_id": actor.user_id,
            "actor_name": actor.label,
        }
        cursor.execute(PAST_MOVEMENTS, params)
        cursor.execute(PAST_CONTENTS, params)
