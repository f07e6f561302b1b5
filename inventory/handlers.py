"""Reactions to events of stock: each is one service call for the whole list."""

from __future__ import annotations

from collections.abc import Sequence

from inventory.events import IncomingChanged, StockArrived
from inventory.services.alerts import watch_stock
from oms.core.actors import SYSTEM


def look_at_levels(events: Sequence[StockArrived | IncomingChanged]) -> None:
    """Arm the alerts again of which there is enough now, and warn of what does not come after all."""
    products = {product_id for event in events for product_id in event.product_ids}
    watch_stock(product_ids=products, actor=SYSTEM)
