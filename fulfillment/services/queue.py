"""A queue of waiting orders that a policy has put in its own order, for the time of one filling."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from fulfillment.plans import Demand, Stock


@dataclass(frozen=True, slots=True)
class Queue:
    """The ranks that waiting orders have among themselves, by order and by the rank they had."""

    by_order: Mapping[int, datetime]
    by_rank: Mapping[datetime, datetime]

    def arrange(self, demands: Sequence[Demand]) -> list[Demand]:
        """The demands with their places in the queue, first come first."""
        placed = [
            replace(each, rank_at=self.by_order.get(each.order_id, each.rank_at))
            for each in demands
        ]
        return sorted(placed, key=lambda each: (each.rank_at, each.order_id))

    def rank_claims(self, stock: Stock) -> None:
        """Give the claims of others in the queue their places, so that only those in front bind."""
        stock.claims = {
            product_id: [(self.by_rank.get(at, at), units) for at, units in claims]
            for product_id, claims in stock.claims.items()
        }
