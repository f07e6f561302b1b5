"""Keeping the reliability of warehouses up to date."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta

from django.db import connection, transaction
from django.utils import timezone

from fulfillment.reliability import WINDOW_DAYS, reliability
from oms.core.actors import Actor


@transaction.atomic
def score_sites(
    *,
    warehouse_ids: Collection[int] | None = None,
    now: datetime | None = None,
    actor: Actor,  # noqa: ARG001 - every service says who acts
) -> None:
    """Compute the scores of these warehouses (None: of all) from the last 90 days."""
    since = (now or timezone.now()) - timedelta(days=WINDOW_DAYS)
    every, wanted = warehouse_ids is None, sorted(set(warehouse_ids or ()))
    with connection.cursor() as cursor:
        cursor.execute(_LINES, {"since": since, "every": every, "wanted": wanted})
        rows = [(pk, lines, bad, reliability(lines, bad)) for pk, lines, bad in cursor.fetchall()]
        cursor.execute(_KEEP, [list(column) for column in zip(*rows, strict=True)] or [[]] * 4)


# A rejected line may have lost all its units, so it counts among the lines by its rejection.
_LINES = """
WITH given AS (
  SELECT shipment.warehouse_id, line.shipment_id, line.order_line_id
  FROM fulfillment_shipment shipment
  JOIN fulfillment_shipmentline line ON line.shipment_id = shipment.id
  WHERE shipment.created_at >= %(since)s AND shipment.status <> 'canceled' AND line.quantity > 0
    AND (%(every)s OR shipment.warehouse_id = ANY(%(wanted)s))),
rejected AS (
  SELECT DISTINCT rejection.warehouse_id, rejection.shipment_id, rejection.order_line_id
  FROM fulfillment_rejection rejection
  JOIN fulfillment_rejectionreason reason ON reason.id = rejection.reason_id
  WHERE rejection.at >= %(since)s AND reason.lowers_reliability
    AND (%(every)s OR rejection.warehouse_id = ANY(%(wanted)s))),
line AS (SELECT * FROM given UNION SELECT * FROM rejected)
SELECT warehouse.id, (SELECT count(*) FROM line WHERE warehouse_id = warehouse.id),
  (SELECT count(*) FROM rejected WHERE warehouse_id = warehouse.id)
FROM inventory_warehouse warehouse
WHERE %(every)s OR warehouse.id = ANY(%(wanted)s) ORDER BY warehouse.id"""

_KEEP = """
INSERT INTO fulfillment_sitescore AS known (warehouse_id, lines, rejected, score)
SELECT * FROM unnest(%s::bigint[], %s::int[], %s::int[], %s::numeric[])
ON CONFLICT (warehouse_id) DO UPDATE SET lines = EXCLUDED.lines, rejected = EXCLUDED.rejected,
  score = EXCLUDED.score, computed_at = statement_timestamp()"""
