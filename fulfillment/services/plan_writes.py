"""Carrying plans out: shipments, counters, claims, decisions, events; stock and capacity last."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import chain

from django.utils import timezone

from fulfillment.events import OrderRouted
from fulfillment.plans import Plan
from fulfillment.services.capacity import Day, take_capacity
from fulfillment.services.demand import DEMAND_KIND, Batch, OpenLine
from fulfillment.services.planned_shipments import insert_shipments
from fulfillment.services.situation import Situation
from inventory.services.claims import (
    AllocationRequest,
    ClaimChange,
    allocate,
    change_reservations,
)
from oms.core.actors import Actor
from oms.core.events import publish
from oms.core.failpoints import failpoint
from orders.models import Order
from orders.services.counters import UnitMove, move_units, start_fulfillment
from orders.services.patience import set_cancel_dates
from orders.statuses import Units


@dataclass(frozen=True, slots=True)
class _Change:
    """A plan held against the counters of its order's lines; ``units`` are those it leads to."""

    plan: Plan
    order: Order
    units: Units
    moves: list[UnitMove]
    claims: list[ClaimChange]


def write_plans(
    batch: Batch, plans: Sequence[Plan], situation: Situation, *, actor: Actor
) -> dict[int, list[int]]:
    """Carry out the plans of locked orders; order → its new shipments.

    :raises InsufficientStock: others took the stock; the caller rolls back and plans anew.
    :raises InsufficientCapacity: others took the last places of a day; likewise.
    """
    changes = [_change(batch, plan) for plan in plans]
    changed = [change for change in changes if change.moves]
    failpoint("route.before_write")
    shipments: dict[int, list[int]] = {}
    if changed:
        shipments = insert_shipments(
            batch, [change.plan for change in changed], situation, actor=actor
        )
        _move(changed, actor=actor)
    failpoint("route.before_allocate")
    allocate(_requests(plans), actor=actor)
    counts, bound = _places_taken(plans, situation)
    take_capacity(counts, bound=bound, actor=actor)
    return shipments


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
                warehouse_id=plan.backorder_sites.get(line.line_id)
                if kind == "backorder"
                else None,
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
    set_cancel_dates(_cancel_dates(changed), actor=actor)
    publish(*(OrderRouted(order_id=change.order.pk) for change in changed))
    claims = chain.from_iterable(change.claims for change in changed)
    change_reservations(list(claims), actor=actor)


def _cancel_dates(changed: Iterable[_Change]) -> dict[int, date]:
    """So many days after an order was placed, where its rule lets the rest wait no longer."""
    return {
        change.order.pk: timezone.localdate(change.order.placed_at) + timedelta(days=days)
        for change in changed
        if (days := change.plan.cancel_after_days) is not None and change.order.placed_at
    }


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


def _places_taken(
    plans: Iterable[Plan], situation: Situation
) -> tuple[dict[Day, int], dict[Day, int]]:
    """Shipments by day of the warehouses with a capacity, and how many of them have to fit into it:
    all up to the last one whose rule asks for that.
    """
    counts: Counter[Day] = Counter()
    bound: dict[Day, int] = {}
    for plan in plans:
        for shipment in plan.shipments:
            if day := situation.capacity_date(shipment.warehouse_id):
                key = shipment.warehouse_id, day
                counts[key] += 1
                if shipment.needs_capacity:
                    bound[key] = counts[key]
    return counts, bound
