"""Routing: which warehouses ship the open units of orders, in batches, all or nothing per batch."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Any

from django.db import connection, transaction
from psycopg2.extras import Json

from fulfillment import routing
from fulfillment.events import OrderRouted
from fulfillment.exceptions import OnHold, RoutingRefused
from fulfillment.models import Shipment
from fulfillment.plans import Plan
from fulfillment.services.demand import (
    DEMAND_KIND,
    Batch,
    OpenLine,
    load_sites,
    load_stock,
    lock_batch,
)
from inventory.exceptions import InsufficientStock
from inventory.services.claims import (
    AllocationRequest,
    ClaimChange,
    allocate,
    change_reservations,
)
from oms.core import cases
from oms.core.actors import Actor
from oms.core.events import publish
from oms.core.failpoints import failpoint
from orders.models import Order
from orders.services.counters import UnitMove, move_units, start_fulfillment
from orders.statuses import Units

TRIES = 3


@dataclass(frozen=True, slots=True)
class RoutingOutcome:
    """What became of one order. ``refusal`` says why it was not routed at all."""

    order_id: int
    number: str = ""
    verdict: str = ""
    shipment_ids: list[int] = field(default_factory=list)
    allocated: int = 0
    backordered: int = 0
    left_open: int = 0
    refusal: str = ""
    is_held: bool = False

    @property
    def is_routed(self) -> bool:
        """Units were put on shipments or on backorder."""
        return not self.refusal and bool(self.allocated or self.backordered)


def route_order(*, order_id: int, actor: Actor) -> RoutingOutcome:
    """Route the open units of one order.

    :raises OnHold: a hold stops routing.
    :raises RoutingRefused: the order is not placed, or nothing is open; nothing was changed.
    """
    [outcome] = route_orders([order_id], actor=actor)
    if outcome.refusal:
        raise (OnHold if outcome.is_held else RoutingRefused)(outcome.refusal)
    return outcome


def route_orders(order_ids: Iterable[int], *, actor: Actor) -> list[RoutingOutcome]:
    """Route the open and backordered units of many orders, by priority, then by rank.

    Orders that are held, not placed or have nothing to route are skipped, and the outcome says so.
    When somebody else takes the stock in between, the batch is planned again from fresh stock, three
    times; then the orders go one by one, and one that still loses becomes a case.
    """
    keys = sorted(set(order_ids))
    if not keys:
        return []
    if (outcomes := _try(keys, actor=actor)) is not None:
        return outcomes
    if len(keys) > 1:
        return list(chain.from_iterable(route_orders([key], actor=actor) for key in keys))
    sentence = "Others took the stock each time this order was routed. Route it again."
    cases.open_case(
        kind="routing",
        dedupe_key=f"route:{keys[0]}",
        sentence=sentence,
        proposed_fix="route_order",
        document_kind="order",
        document_id=keys[0],
    )
    return [RoutingOutcome(keys[0], refusal=sentence)]


def _try(keys: Sequence[int], *, actor: Actor) -> list[RoutingOutcome] | None:
    for _ in range(TRIES):
        try:
            with transaction.atomic():
                return _route(keys, actor=actor)
        except InsufficientStock:
            continue
    return None


def _route(keys: Sequence[int], *, actor: Actor) -> list[RoutingOutcome]:
    batch = lock_batch(keys)
    refused = {key: refusal for key in keys if (refusal := _refusal(batch, key))}
    todo = [key for key in keys if key not in refused]
    outcomes = dict(refused)
    if todo:
        stock = load_stock(batch.lines_of(todo))
        plans = routing.plan(batch.demands(todo), stock, load_sites())
        outcomes |= _write(batch, plans, actor=actor)
    return [outcomes[key] for key in keys]


def _refusal(batch: Batch, key: int) -> RoutingOutcome | None:
    order = batch.orders.get(key)
    if order is None:
        return RoutingOutcome(key, refusal="There is no such order.")
    if order.status not in {Order.Status.PLACED, Order.Status.IN_FULFILLMENT}:
        word = order.get_status_display().lower()
        return RoutingOutcome(key, order.number, refusal=f"{order} is {word}: it is not routed.")
    if not order.is_routable:
        sentence = f"{order} is on hold: lift the hold before it is routed."
        return RoutingOutcome(key, order.number, refusal=sentence, is_held=True)
    if not batch.lines.get(key):
        return RoutingOutcome(key, order.number, refusal=f"{order} has no open units to route.")
    return None


@dataclass(frozen=True, slots=True)
class _Change:
    """A plan held against the counters of its order's lines; ``units`` are those it leads to."""

    plan: Plan
    order: Order
    units: Units
    moves: list[UnitMove]
    claims: list[ClaimChange]


def _write(batch: Batch, plans: Sequence[Plan], *, actor: Actor) -> dict[int, RoutingOutcome]:
    changes = [_change(batch, plan) for plan in plans]
    changed = [change for change in changes if change.moves]
    failpoint("route.before_write")
    shipments: dict[int, list[int]] = {}
    if changed:
        shipments = _insert(batch, [change.plan for change in changed], actor=actor)
        _move(changed, actor=actor)
    _keep_cases(batch, plans, actor=actor)
    failpoint("route.before_allocate")
    allocate(_requests(plans), actor=actor)
    failpoint("route.after")
    return {plan.order_id: _outcome(batch, plan, shipments) for plan in plans}


def _change(batch: Batch, plan: Plan) -> _Change:
    order = batch.orders[plan.order_id]
    ships: dict[int, int] = {}
    for shipment in plan.shipments:
        for planned in shipment.lines:
            ships[planned.line_id] = ships.get(planned.line_id, 0) + planned.quantity
    moves: list[UnitMove] = []
    claims: list[ClaimChange] = []
    for line in batch.lines[order.pk]:
        owed = plan.backordered.get(line.line_id, 0)
        moves += _moves(line, ships.get(line.line_id, 0), owed)
        deltas = {"order": plan.left_open.get(line.line_id, 0) - line.open}
        deltas["backorder"] = owed - line.backordered
        claims += [
            ClaimChange(
                demand_kind=DEMAND_KIND,
                demand_id=line.line_id,
                delta=delta,
                kind=kind,
                product_id=line.product_id,
                rank_at=order.placed_at,
            )
            for kind, delta in deltas.items()
            if delta
        ]
    units = batch.units[order.pk]
    units = units._replace(
        open=sum(plan.left_open.values()),
        allocated=units.allocated + sum(ships.values()),
        backordered=sum(plan.backordered.values()),
    )
    return _Change(plan, order, units, moves, claims)


def _moves(line: OpenLine, ships: int, owed: int) -> list[UnitMove]:
    """Open units go first; the rest of what ships comes from backorder."""
    from_open = min(ships, line.open)
    more = owed - (line.backordered - (ships - from_open))
    steps = [
        ("open", "allocated", from_open),
        ("backordered", "allocated", ships - from_open),
        ("open", "backordered", more),
        ("backordered", "open", -more),
    ]
    return [UnitMove(line.line_id, a, b, units) for a, b, units in steps if units > 0]


def _move(changed: Sequence[_Change], *, actor: Actor) -> None:
    start_fulfillment({change.order: change.units for change in changed}, actor=actor)
    move_units(list(chain.from_iterable(change.moves for change in changed)), actor=actor)
    publish(*(OrderRouted(order_id=change.order.pk) for change in changed))
    claims = chain.from_iterable(change.claims for change in changed)
    change_reservations(list(claims), actor=actor)


def _requests(plans: Iterable[Plan]) -> list[AllocationRequest]:
    return [
        AllocationRequest(
            warehouse_id=shipment.warehouse_id,
            product_id=line.product_id,
            quantity=line.quantity,
            demand_kind=DEMAND_KIND,
            demand_id=line.line_id,
        )
        for plan in plans
        for shipment in plan.shipments
        for line in shipment.lines
    ]


# Shipments, their lines and the decisions in one statement; a shipment's lines find it by its place.
_INSERT = """
WITH shipment AS (
  INSERT INTO fulfillment_shipment
    (status, warehouse_id, customer_id, ship_to_id, priority, locale, distance_km, units)
  SELECT %s, warehouse_id, customer_id, ship_to_id, priority, locale, distance_km, units
  FROM unnest(%s::bigint[], %s::bigint[], %s::bigint[], %s::smallint[], %s::text[], %s::float[],
    %s::int[]) WITH ORDINALITY
    AS t(warehouse_id, customer_id, ship_to_id, priority, locale, distance_km, units, n)
  ORDER BY n RETURNING id),
numbered AS (SELECT id, row_number() OVER (ORDER BY id) AS n FROM shipment),
line AS (
  INSERT INTO fulfillment_shipmentline (shipment_id, order_line_id, quantity)
  SELECT numbered.id, t.order_line_id, t.quantity
  FROM unnest(%s::int[], %s::bigint[], %s::int[]) AS t(n, order_line_id, quantity)
  JOIN numbered USING (n) ORDER BY numbered.id, t.order_line_id),
decision AS (
  INSERT INTO fulfillment_routingdecision (order_id, plan, trace, actor_label)
  SELECT t.order_id, t.plan, t.trace, %s
  FROM unnest(%s::bigint[], %s::jsonb[], %s::jsonb[]) AS t(order_id, plan, trace))
SELECT id FROM numbered ORDER BY n"""


def _insert(batch: Batch, plans: Sequence[Plan], *, actor: Actor) -> dict[int, list[int]]:
    """Order → its new shipments."""
    planned = [(plan.order_id, shipment) for plan in plans for shipment in plan.shipments]
    heads = [
        (
            shipment.warehouse_id,
            batch.orders[order_id].customer_id,
            shipment.ship_to_id,
            batch.orders[order_id].priority,
            batch.orders[order_id].locale,
            shipment.distance_km,
            sum(line.quantity for line in shipment.lines),
        )
        for order_id, shipment in planned
    ]
    lines = [
        (n, line.line_id, line.quantity)
        for n, (_, shipment) in enumerate(planned, start=1)
        for line in shipment.lines
    ]
    decisions = [(plan.order_id, Json(_as_json(plan)), Json(plan.trace)) for plan in plans]
    status = Shipment._meta.get_field("status").get_default()
    params = [status, *_arrays(heads, 7), *_arrays(lines, 3), actor.label, *_arrays(decisions, 3)]
    with connection.cursor() as cursor:
        cursor.execute(_INSERT, params)
        ids = [pk for (pk,) in cursor.fetchall()]
    found: dict[int, list[int]] = {}
    for (order_id, _), pk in zip(planned, ids, strict=True):
        found.setdefault(order_id, []).append(pk)
    return found


def _arrays(rows: Sequence[tuple[Any, ...]], width: int) -> list[list[Any]]:
    return [[row[i] for row in rows] for i in range(width)]


def _as_json(plan: Plan) -> dict[str, Any]:
    return {
        "shipments": [
            {
                "warehouse_id": shipment.warehouse_id,
                "ship_to_id": shipment.ship_to_id,
                "distance_km": shipment.distance_km,
                "lines": {line.line_id: line.quantity for line in shipment.lines},
            }
            for shipment in plan.shipments
        ],
        "backordered": plan.backordered,
        "left_open": plan.left_open,
    }


def _keep_cases(batch: Batch, plans: Sequence[Plan], *, actor: Actor) -> None:
    """Units that policy or the backorder cap refuse are a case until they are routed."""
    for plan in plans:
        order = batch.orders[plan.order_id]
        key = f"route:{order.pk}"
        if plan.left_open:
            cases.open_case(
                kind="routing",
                dedupe_key=key,
                sentence=f"{order}: {plan.verdict}",
                proposed_fix="route_order",
                document_kind="order",
                document_id=order.pk,
            )
        elif any(line.has_case for line in batch.lines[order.pk]):
            cases.close_case(key, actor=actor)


def _outcome(batch: Batch, plan: Plan, shipments: dict[int, list[int]]) -> RoutingOutcome:
    return RoutingOutcome(
        order_id=plan.order_id,
        number=batch.orders[plan.order_id].number,
        verdict=plan.verdict,
        shipment_ids=shipments.get(plan.order_id, []),
        allocated=sum(line.quantity for s in plan.shipments for line in s.lines),
        backordered=sum(plan.backordered.values()),
        left_open=sum(plan.left_open.values()),
    )
