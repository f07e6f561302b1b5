"""The ABC class of every product, computed each night (the rule: `inventory.abc`)."""

from __future__ import annotations

from datetime import date, timedelta

from django.db import connection, transaction
from django.utils import timezone

from inventory.abc import DAYS, classify
from oms.core.actors import Actor


@transaction.atomic
def refresh_classes(*, today: date, actor: Actor) -> int:  # noqa: ARG001 - every service says who acts
    """Write the class of each product that has another one now; gives back how many changed."""
    zone = timezone.get_current_timezone_name()
    with connection.cursor() as cursor:
        cursor.execute(_SHIPPED_VALUE, [today - timedelta(days=DAYS), zone])
        classes = classify(dict(cursor.fetchall()))
        cursor.execute(_WRITE, [list(classes), list(classes.values())])
        return int(cursor.rowcount)


_SHIPPED_VALUE = """
SELECT product.id, COALESCE(product.cost * shipped.units, 0)
FROM inventory_product product
LEFT JOIN (
  SELECT product_id, -sum(on_hand_delta) AS units FROM inventory_stockmovement
  WHERE kind IN ('ship', 'unship') AND at >= %s::timestamp AT TIME ZONE %s
  GROUP BY product_id) shipped ON shipped.product_id = product.id
WHERE NOT product.is_kit ORDER BY product.id"""

# A kit has no stock of its own, and so no class.
_WRITE = """
UPDATE inventory_product product SET abc_class = new.abc_class
FROM unnest(%s::bigint[], %s::text[]) AS new(id, abc_class)
WHERE product.id = new.id AND product.abc_class <> new.abc_class"""
