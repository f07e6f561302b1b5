"""The rows of a decision: shipments with their lines and carrier services, and why it fell so."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db import connection
from psycopg2.extras import Json

from fulfillment.models import Shipment
from fulfillment.plans import Plan, PlannedShipment
from fulfillment.services.demand import Batch
from fulfillment.services.situation import Situation
from oms.core.actors import Actor
from orders.models import Order

# Shipments, their lines and the decisions in one statement; a shipment's lines find it by its place.
_INSERT = """
WITH shipment AS (
  INSERT INTO fulfillment_shipment
    (status, warehouse_id, customer_id, ship_to_id, priority, locale, distance_km, units, service_id,
     freight_amount, freight_currency, ships_on, arrives_on, capacity_date)
  SELECT %s, warehouse_id, customer_id, ship_to_id, priority, locale, distance_km, units, service_id,
    freight_amount, freight_currency, ships_on, arrives_on, capacity_date
  FROM unnest(%s::bigint[], %s::bigint[], %s::bigint[], %s::smallint[], %s::text[], %s::float[],
    %s::int[], %s::bigint[], %s::numeric[], %s::text[], %s::date[], %s::date[], %s::date[])
    WITH ORDINALITY
    AS t(warehouse_id, customer_id, ship_to_id, priority, locale, distance_km, units, service_id,
      freight_amount, freight_currency, ships_on, arrives_on, capacity_date, n)
  ORDER BY n RETURNING id),
numbered AS (SELECT id, row_number() OVER (ORDER BY id) AS n FROM shipment),
line AS (
  INSERT INTO fulfillment_shipmentline (shipment_id, order_line_id, quantity)
  SELECT numbered.id, t.order_line_id, t.quantity
  FROM unnest(%s::int[], %s::bigint[], %s::int[]) AS t(n, order_line_id, quantity)
  JOIN numbered USING (n) ORDER BY numbered.id, t.order_line_id),
decision AS (
  INSERT INTO fulfillment_routingdecision
    (order_id, plan, trace, rule_name, rule_set_id, actor_label)
  SELECT t.order_id, t.plan, t.trace, t.rule_name, %s, %s
  FROM unnest(%s::bigint[], %s::jsonb[], %s::jsonb[], %s::text[])
    AS t(order_id, plan, trace, rule_name))
SELECT id FROM numbered ORDER BY n"""


def insert_shipments(
    batch: Batch, plans: Sequence[Plan], situation: Situation, *, actor: Actor
) -> dict[int, list[int]]:
    """Insert what was decided for these orders, with the decisions; order → its new shipments."""
    planned = [(plan.order_id, shipment) for plan in plans for shipment in plan.shipments]
    heads = [_head(batch.orders[order_id], shipment, situation) for order_id, shipment in planned]
    lines = [
        (n, line.line_id, line.quantity)
        for n, (_, shipment) in enumerate(planned, start=1)
        for line in shipment.lines
    ]
    decisions = [
        (plan.order_id, Json(as_json(plan)), Json(plan.trace), plan.rule_name) for plan in plans
    ]
    status = Shipment._meta.get_field("status").get_default()
    params = [status, *_arrays(heads, 13), *_arrays(lines, 3)]
    params += [situation.rules.id, actor.label, *_arrays(decisions, 4)]
    with connection.cursor() as cursor:
        cursor.execute(_INSERT, params)
        ids = [pk for (pk,) in cursor.fetchall()]
    found: dict[int, list[int]] = {}
    for (order_id, _), pk in zip(planned, ids, strict=True):
        found.setdefault(order_id, []).append(pk)
    return found


def _head(order: Order, shipment: PlannedShipment, situation: Situation) -> tuple[Any, ...]:
    offer = shipment.offer
    return (
        shipment.warehouse_id,
        order.customer_id,
        shipment.ship_to_id,
        order.priority,
        order.locale,
        shipment.distance_km,
        sum([line.quantity for line in shipment.lines]),
        offer and offer.service_id,
        offer and offer.cost,
        offer.currency if offer else "",
        offer.ships_on if offer else situation.places.ready.get(shipment.warehouse_id),
        offer and offer.arrives_on,
        situation.capacity_date(shipment.warehouse_id),
    )


def _arrays(rows: Sequence[tuple[Any, ...]], width: int) -> list[list[Any]]:
    return [[row[i] for row in rows] for i in range(width)]


def as_json(plan: Plan) -> dict[str, Any]:
    """A plan as decisions keep it."""
    return {
        "shipments": [_shipment_as_json(shipment) for shipment in plan.shipments],
        "backordered": plan.backordered,
        "left_open": plan.left_open,
    }


def _shipment_as_json(shipment: PlannedShipment) -> dict[str, Any]:
    said: dict[str, Any] = {
        "warehouse_id": shipment.warehouse_id,
        "ship_to_id": shipment.ship_to_id,
        "distance_km": shipment.distance_km,
        "lines": {line.line_id: line.quantity for line in shipment.lines},
    }
    if offer := shipment.offer:
        said["service"] = offer.label
        said["cost"], said["currency"] = str(offer.cost), offer.currency
        said["arrives_on"] = offer.arrives_on.isoformat()
        said["is_in_time"] = offer.is_in_time
    return said
