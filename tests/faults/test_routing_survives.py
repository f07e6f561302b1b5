"""Workers killed in the middle of routing, brokers flushed or gone: nothing lost, nothing twice."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys

import pytest
from django.db import connection

from fulfillment.models import Shipment
from oms.core.invariants import violations
from oms.core.models import Delivery
from orders.models import Order
from tests.factories import stocked_world, take_some_orders
from tests.faults.conftest import ROOT, Floor

ORDERS = 12


def all_routed() -> bool:
    return not Order.objects.filter(status="placed").exists()


def assert_each_order_was_routed_once(count: int) -> None:
    assert Order.objects.filter(status="in_fulfillment").count() == count
    assert Shipment.objects.count() == count
    assert not Delivery.objects.exclude(state="done").filter(attempts__gt=9).exists()
    assert violations() == []


def test_placed_orders_are_routed_by_a_worker(floor: Floor) -> None:
    stocked_world()
    floor.start_worker()

    take_some_orders(ORDERS)

    floor.wait_until(all_routed)
    assert_each_order_was_routed_once(ORDERS)


@pytest.mark.parametrize("point", ["route.before_write", "route.before_allocate", "route.after"])
def test_a_worker_killed_in_the_middle_of_routing_loses_nothing(floor: Floor, point: str) -> None:
    stocked_world()
    take_some_orders(ORDERS)
    victim = floor.start_worker(failpoint=point)
    floor.sweep()
    victim.wait(timeout=60)
    assert victim.returncode == -signal.SIGKILL
    assert not Shipment.objects.exists()
    assert violations() == []

    floor.end_leases()
    floor.start_worker()
    floor.sweep()
    floor.wait_until(lambda: (floor.end_leases(), floor.sweep(), all_routed())[-1])

    assert_each_order_was_routed_once(ORDERS)


def test_a_flushed_broker_loses_nothing(floor: Floor) -> None:
    stocked_world()
    take_some_orders(ORDERS)
    floor.flush_broker()
    floor.start_worker()

    floor.sweep()

    floor.wait_until(all_routed)
    assert_each_order_was_routed_once(ORDERS)


def test_orders_are_taken_while_the_broker_is_down(floor: Floor) -> None:
    stocked_world()
    program = "from tests.factories import take_some_orders; take_some_orders(3)"
    script = f"import django; django.setup(); {program}"
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "oms.settings",
        "REDIS_URL": "redis://127.0.0.1:1/0",
        "DATABASE_NAME": str(connection.settings_dict["NAME"]),
    }

    subprocess.run([sys.executable, "-c", script], cwd=ROOT, env=environment, check=True)

    assert Order.objects.filter(status="placed").count() == 3
    floor.start_worker()
    floor.sweep()
    floor.wait_until(all_routed)
    assert_each_order_was_routed_once(3)


@pytest.mark.slow
def test_a_campaign_of_killed_workers_loses_nothing_and_does_nothing_twice(floor: Floor) -> None:
    """Two workers, one of them killed again and again while orders pour in."""
    stocked_world()
    rng = random.Random(7)
    taken = 0
    for _ in range(25):
        victim = floor.start_worker()
        for _ in range(4):
            take_some_orders(5)
            taken += 5
            floor.sweep()
        try:
            victim.wait(timeout=rng.uniform(2.0, 4.0))
        except subprocess.TimeoutExpired:
            victim.kill()
            victim.wait()
        floor.end_leases()
    floor.start_worker()
    floor.wait_until(lambda: (floor.end_leases(), floor.sweep(), all_routed())[-1], seconds=120)

    assert_each_order_was_routed_once(taken)
