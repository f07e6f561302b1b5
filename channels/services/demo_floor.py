"""The floor of the demo's day: shipments on every step from planned to delivered."""

from __future__ import annotations

from collections.abc import Sequence

from channels.services.demo_company import Company


def work_the_floor(order_ids: Sequence[int], company: Company) -> None:
    """Bring the shipments of these orders along, the first ones farthest."""
