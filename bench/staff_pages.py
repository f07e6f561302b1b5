"""Order list and order page with 100,000 orders; availability of one product."""

from __future__ import annotations

import random
import time
from collections.abc import Callable

from django.db import connection, reset_queries
from django.test import Client
from django.test.utils import CaptureQueriesContext, override_settings

from bench.clients import run_clients
from bench.core_job import BATCH, _take_and_route
from bench.figures import Figure, percentile
from bench.world import make_world
from inventory.selectors.supply import available_to_promise
from oms.core.models import User
from orders.models import Order

ORDERS = 100_000


def measure(quick: bool) -> list[Figure]:
    world, orders = make_world(), 2_000 if quick else ORDERS
    share = orders // 2 // BATCH
    seconds, _ = run_clients(
        2, lambda n: [_take_and_route(world, random.Random(n), BATCH) for _ in range(share)]
    )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    note = f"{orders:,} orders"
    figures = [Figure("filling the database, 2 processes", orders / seconds, "orders/s", note)]
    client = Client()
    client.force_login(User.objects.create_superuser("bench"))
    number = Order.objects.order_by("-id").values_list("number", flat=True)[orders // 2]
    for name, url in [
        ("order list", "/admin/orders/order/"),
        ("order list, one view", "/admin/orders/order/?view=backorder"),
        ("order page", f"/admin/orders/order/{number}/"),
        ("search by prefix", f"/admin/search/?q={number[:-1]}"),
    ]:
        figures += _page(client, name, url, note)
    rng = random.Random(3)
    times = _times(lambda: available_to_promise([rng.choice(world.product_ids)]), 300)
    figures.append(Figure("available to promise, p95", percentile(times, 0.95), "ms", note))
    return figures


@override_settings(ALLOWED_HOSTS=["testserver"], SECURE_SSL_REDIRECT=False)
def _page(client: Client, name: str, url: str, note: str) -> list[Figure]:
    answer = client.get(url, follow=True)
    if answer.status_code != 200:
        raise RuntimeError(f"{url} answers {answer.status_code}")
    with CaptureQueriesContext(connection) as queries:
        client.get(url)
    statements = len(queries)
    reset_queries()
    times = _times(lambda: client.get(url), 60)
    return [
        Figure(f"{name}, p50", percentile(times, 0.5), "ms", note),
        Figure(f"{name}, p95", percentile(times, 0.95), "ms", f"{statements} statements"),
    ]


def _times(work: Callable[[], object], rounds: int) -> list[float]:
    times = []
    for _ in range(rounds):
        began = time.perf_counter()
        work()
        times.append((time.perf_counter() - began) * 1_000)
    return times
