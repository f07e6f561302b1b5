"""Stock corrections of the time before this system: kept for reports, they move nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from inventory.models import AdjustmentRecord
from oms.core import bulk


@dataclass(frozen=True, slots=True)
class PastAdjustment:
    """Units found or written off. ``source`` names the outside row, once and for ever."""

    product_id: int
    kind: str
    quantity: int
    reason: str
    source: str
    at: datetime


@transaction.atomic
def keep_adjustments(adjustments: Sequence[PastAdjustment]) -> None:
    """Keep past corrections; the database refuses a source that it has."""
    bulk.copy(
        AdjustmentRecord,
        ["product", "kind", "quantity", "reason", "source", "at"],
        [(a.product_id, a.kind, a.quantity, a.reason, a.source, a.at) for a in adjustments],
    )
