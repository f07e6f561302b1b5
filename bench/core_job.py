"""The core job: an order with three lines is taken, placed, routed, allocated and its shipment planned."""

from __future__ import annotations

import random
from typing import Any

from django.db import connection

from bench.clients import run_clients
from bench.figures import Figure
from bench.world import ACTOR, World, make_world
from fulfillment.models import Shipment
from fulfillment.services.route import route_orders
from oms.core.invariants import violations
from orders.services.intake import take_orders

BATCH = 500


def one_at_a_time(quick: bool) -> list[Figure]:
    """Orders per second when each order is committed twice by itself: taken, then routed."""
    world, orders = make_world(), 50 if quick else 600
    take_and_route(world, random.Random(1), 1)
    figures = [Figure("statements for one order", _statements(world), "statements")]
    for processes in (1, 2):
        seconds, _ = run_clients(
            processes, lambda n: [take_and_route(world, random.Random(n), 1) for _ in range(orders)]
        )  # fmt: skip
        rate = processes * orders / seconds
        figures.append(Figure(f"one at a time, {processes} process(es)", rate, "orders/s"))
    _check()
    return figures


def in_batches(quick: bool) -> list[Figure]:
    """Orders per second when 500 at a time are taken, then routed."""
    world, rounds = make_world(), 1 if quick else 6
    take_and_route(world, random.Random(1), BATCH)
    figures = []
    for processes in (1, 2):
        seconds, _ = run_clients(
            processes,
            lambda n: [take_and_route(world, random.Random(n), BATCH) for _ in range(rounds)],
        )
        rate = processes * rounds * BATCH / seconds
        figures.append(Figure(f"batches of {BATCH}, {processes} process(es)", rate, "orders/s"))
    _check()
    return figures


def take_and_route(world: World, rng: random.Random, count: int) -> None:
    taken = take_orders([world.draft(rng) for _ in range(count)], actor=ACTOR)
    route_orders([each.order_id for each in taken], actor=ACTOR)


def _statements(world: World) -> int:
    seen: list[str] = []

    def count(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        seen.append(sql)
        return execute(sql, params, many, context)

    with connection.execute_wrapper(count):
        take_and_route(world, random.Random(2), 1)
    return len(seen)


def _check() -> None:
    assert Shipment.objects.filter(status="planned").exists()
    if found := violations():
        raise RuntimeError(f"The invariants are broken: {found[:3]}")
