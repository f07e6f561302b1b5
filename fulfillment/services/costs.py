"""What handling costs us, recorded where it happens; reports add it up."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from oms.core import bulk
from oms.core.models import CostEvent

CURRENCY = "EUR"
RATES = {CostEvent.Kind.PICK.value: Decimal("0.12"), CostEvent.Kind.CARTON.value: Decimal("0.35")}


@dataclass(frozen=True, slots=True)
class Cost:
    """``count`` steps of a kind (picks, cartons) for a document of an order."""

    kind: str
    document_kind: str
    document_id: int
    order_id: int | None
    count: int = 1


def record_costs(costs: Iterable[Cost]) -> None:
    """Write cost events at the house's rates, with one statement."""
    bulk.insert(
        CostEvent,
        ["kind", "document_kind", "document_id", "order_id", "amount", "currency"],
        [
            (cost.kind, cost.document_kind, cost.document_id, cost.order_id, amount, CURRENCY)
            for cost in costs
            for amount in [RATES[cost.kind] * cost.count]
        ],
    )
