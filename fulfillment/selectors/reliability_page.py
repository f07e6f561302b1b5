"""How reliable warehouses are, which are left out of routing now, and what they rejected lately."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from fulfillment.models import Rejection, SiteExclusion, SiteScore
from inventory.models import Warehouse

NEWEST = 50


@dataclass(frozen=True, slots=True)
class SiteRow:
    """An active warehouse; without a score it was given nothing yet."""

    warehouse: Warehouse
    score: SiteScore | None


@dataclass(frozen=True, slots=True)
class ReliabilityPage:
    sites: list[SiteRow]
    exclusions: list[SiteExclusion]
    rejections: list[Rejection]


def reliability_page(*, now: datetime) -> ReliabilityPage:
    """Four statements; the least reliable warehouse first."""
    scores = {score.warehouse_id: score for score in SiteScore.objects.all()}
    rows = [SiteRow(x, scores.get(x.pk)) for x in Warehouse.objects.active().order_by("code")]
    rows.sort(key=lambda row: row.score.score if row.score else 100)
    exclusions = SiteExclusion.objects.filter(until_at__gt=now)
    rejections = Rejection.objects.select_related(
        "shipment", "warehouse", "product", "reason", "order_line__order"
    )
    return ReliabilityPage(
        rows,
        list(exclusions.select_related("warehouse", "product").order_by("until_at", "pk")),
        list(rejections.order_by("-pk")[:NEWEST]),
    )
