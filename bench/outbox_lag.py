"""From an order's commit to its planned shipment through the outbox, Redis and a real Celery worker."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time

from django.db import connection

from bench.figures import Figure, percentile
from bench.world import ACTOR, make_world
from fulfillment.models import Shipment
from orders.services.intake import take_orders

PER_SECOND = 20
LAGS = """
SELECT extract(epoch FROM min(s.created_at) - o.placed_at) * 1000
FROM orders_order o JOIN orders_orderline l ON l.order_id = o.id
JOIN fulfillment_shipmentline sl ON sl.order_line_id = l.id
JOIN fulfillment_shipment s ON s.id = sl.shipment_id GROUP BY o.id
"""


def measure(quick: bool) -> list[Figure]:
    world, orders = make_world(), 20 if quick else 300
    rng = random.Random(4)
    with subprocess.Popen(_worker(), env=_environment(), stderr=subprocess.DEVNULL) as worker:
        try:
            time.sleep(5)
            for _ in range(orders):
                take_orders([world.draft(rng)], actor=ACTOR)
                time.sleep(1 / PER_SECOND)
            _wait_for(orders)
        finally:
            worker.terminate()
    with connection.cursor() as cursor:
        cursor.execute(LAGS)
        lags = [float(row[0]) for row in cursor.fetchall()]
    note = f"{PER_SECOND} orders/s, one worker"
    return [
        Figure("placed to planned, p50", percentile(lags, 0.5), "ms", note),
        Figure("placed to planned, p95", percentile(lags, 0.95), "ms", note),
    ]


def _wait_for(orders: int) -> None:
    deadline = time.monotonic() + 60
    while Shipment.objects.count() < orders:
        if time.monotonic() > deadline:
            raise RuntimeError(f"Only {Shipment.objects.count()} of {orders} were planned.")
        time.sleep(0.2)


def _worker() -> list[str]:
    options = ["--concurrency=1", "--loglevel=warning", "--queues=orders,celery"]
    return [sys.executable, "-m", "celery", "-A", "oms", "worker", *options]


def _environment() -> dict[str, str]:
    """The worker's environment: this process's servers, and the database of the measurements."""
    return {**os.environ, "OMS_PROCESS": "worker", "DATABASE_NAME": "oms_bench"}
