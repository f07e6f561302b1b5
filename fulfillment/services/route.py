"""Routing: which warehouses ship the open units of orders, in batches, all or nothing per batch."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import chain

from django.db import transaction
from django.utils import timezone

from fulfillment import routing
from fulfillment.exceptions import InsufficientCapacity, OnHold, RoutingRefused
from fulfillment.plans import Plan
from fulfillment.services import shadow
from fulfillment.services.demand import Batch, lock_batch
from fulfillment.services.plan_writes import write_plans
from fulfillment.services.queue import Queue
from fulfillment.services.situation import Situation, load_situation, with_shares
from inventory.exceptions import InsufficientStock
from oms.core import cases
from oms.core.actors import Actor
from oms.core.failpoints import failpoint
from orders.models import Order

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


def route_orders(
    order_ids: Iterable[int], *, actor: Actor, queue: Queue | None = None
) -> list[RoutingOutcome]:
    """Route the open and backordered units of many orders, by priority, then by rank; or as they
    stand in a ``queue``, whose other orders bind by their places in it alone.

    Orders that are held, not placed or have nothing to route are skipped, and the outcome says so.
    When somebody else takes the stock (or a warehouse's capacity) in between, the batch is planned
    again from fresh stock, three times; then the orders go one by one, and one that still loses
    becomes a case.
    """
    keys = sorted(set(order_ids))
    if not keys:
        return []
    if (outcomes := _try(keys, queue, actor=actor)) is not None:
        return outcomes
    if len(keys) > 1:
        one_by_one = (route_orders([key], actor=actor, queue=queue) for key in keys)
        return list(chain.from_iterable(one_by_one))
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


def _try(keys: Sequence[int], queue: Queue | None, *, actor: Actor) -> list[RoutingOutcome] | None:
    for _ in range(TRIES):
        try:
            with transaction.atomic():
                return _route(keys, queue, actor=actor)
        except (InsufficientStock, InsufficientCapacity):
            continue
    return None


def _route(keys: Sequence[int], queue: Queue | None, *, actor: Actor) -> list[RoutingOutcome]:
    batch = lock_batch(keys)
    refused = {key: refusal for key in keys if (refusal := _refusal(batch, key))}
    todo = [key for key in keys if key not in refused]
    outcomes = dict(refused)
    if todo:
        now = timezone.now()
        facts = load_situation(batch.lines_of(todo), now=now)
        today = timezone.localdate(now)
        demands = with_shares(batch.demands(todo, today=today), facts.rules)
        if queue:
            demands = queue.arrange(demands)
            queue.rank_claims(facts.stock)
        seen = shadow.observe(demands, facts, now=now)
        plans = routing.plan(
            demands,
            facts.stock,
            facts.places.sites,
            facts.rules,
            facts.offers,
            in_given_order=queue is not None,
        )
        if seen is not None:
            shadow.keep(seen, plans, actor=actor)
        outcomes |= _write(batch, plans, facts, actor=actor)
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


def _write(
    batch: Batch, plans: Sequence[Plan], facts: Situation, *, actor: Actor
) -> dict[int, RoutingOutcome]:
    _keep_cases(batch, plans, actor=actor)
    shipments = write_plans(batch, plans, facts, actor=actor)
    failpoint("route.after")
    return {plan.order_id: _outcome(batch, plan, shipments) for plan in plans}


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
