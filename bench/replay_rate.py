"""Two rule sets decide the orders of ninety days again: ten warehouses, 5,000 products, three lines each."""

from __future__ import annotations

import random
import time
from datetime import datetime, timedelta
from decimal import Decimal

from django.core.management import call_command
from django.utils import timezone

from bench.figures import Figure
from bench.planner import decide_by_rules
from bench.world import ACTOR, SHIP_TO
from fulfillment.models import ReplayRun
from fulfillment.services.replay import run_replay
from fulfillment.services.routing_rules import RuleDraft
from fulfillment.services.rule_sets import create_rule_set
from inventory.models import Bin, MovementKind, Product, Warehouse
from inventory.services.past_movements import PastMovement, keep_movements
from oms.core.addresses import Address
from oms.core.progress import JobHandle
from orders.models import Customer, SalesChannel
from orders.services.history import PastLine, PastOrder, keep_orders

DAYS, SITES, PRODUCTS, CHUNK = 90, 10, 5_000, 1_000
DELIVERIES = 12


def measure(quick: bool) -> list[Figure]:
    count = 500 if quick else 10_000
    rng, now = random.Random(5), timezone.now()
    products = _products(rng, now - timedelta(days=DAYS), PRODUCTS // 10 if quick else PRODUCTS)
    _orders(rng, products, now, count)
    decide_by_rules()
    drafts = [
        RuleDraft("Small ones whole", value_to=Decimal(60), split="never", otherwise="next_rule"),
        RuleDraft("Cheapest", preference=("promise_met", "landed_cost", "fewest_splits")),
    ]
    tried = create_rule_set(name="Cheapest", rules=drafts, actor=ACTOR)
    run = ReplayRun.objects.create(rule_set=tried, from_at=now - timedelta(days=DAYS), to_at=now)
    began, worked = time.perf_counter(), time.process_time()
    run_replay(JobHandle("JB-1", {"run": run.pk}, ACTOR))
    seconds = time.perf_counter() - began
    worked = time.process_time() - worked
    run = ReplayRun.objects.get(pk=run.pk)
    if run.orders != count or not run.changed:
        raise RuntimeError(f"{run.orders} orders, {run.changed} of them changed")
    note = f"{DAYS} days, both sets; {worked:.0f} s of it in Python; {run.changed:,} orders change"
    return [
        Figure(f"replay of {count:,} orders", seconds, "s", note),
        Figure("replay, orders of either set", 2 * count / seconds, "orders/s"),
    ]


def _products(rng: random.Random, first: datetime, count: int) -> list[int]:
    """Products with stock in some of the warehouses as the window begins, and deliveries in it."""
    call_command("load_places", verbosity=0)
    rows = [Product(sku=f"SKU-{n:05}", name=f"Product {n}", cost=5, weight_kg=1) for n in range(count)]  # fmt: skip
    products = [each.pk for each in Product.objects.bulk_create(rows)]
    movements = []
    for n in range(SITES):
        site = Warehouse.objects.create(
            code=f"W{n:02}", title=f"Place {n}", priority=n + 1, city=f"Place {n}", country="DE",
            latitude=rng.uniform(38, 55), longitude=rng.uniform(-5, 16), cut_off="15:00",
        )  # fmt: skip
        shelf = Bin.objects.create(warehouse=site, code="A-01", kind=Bin.Kind.SHELF)
        stocked = rng.sample(products, count // 2)
        movements += [
            _receipt(site, product, shelf, rng.randint(1, 8), first - timedelta(hours=1))
            for product in stocked
        ]
        for day in range(7, DAYS, DAYS // DELIVERIES):
            at = first + timedelta(days=day)
            movements += [
                _receipt(site, product, shelf, rng.randint(1, 6), at)
                for product in rng.sample(stocked, count // 50)
            ]
    movements.sort(key=lambda each: each.at)
    keep_movements(movements, actor=ACTOR)
    return products


def _receipt(
    site: Warehouse, product: int, shelf: Bin, quantity: int, at: datetime
) -> PastMovement:
    return PastMovement(
        kind=MovementKind.RECEIVE,
        warehouse_id=site.pk,
        product_id=product,
        bin_id=shelf.pk,
        quantity=quantity,
        at=at,
    )


def _orders(rng: random.Random, products: list[int], now: datetime, count: int) -> None:
    channel = SalesChannel.objects.create(code="bench", name="Bench", currency="EUR")
    rows = [Customer(name=f"Company {n}", kind="b2c" if n % 2 else "b2b") for n in range(200)]
    customers = [each.pk for each in Customer.objects.bulk_create(rows)]
    for start in range(0, count, CHUNK):
        orders = [
            _order(rng, n, products, rng.choice(customers), now)
            for n in range(start, min(start + CHUNK, count))
        ]
        keep_orders(orders, channel=channel, actor=ACTOR)


def _order(
    rng: random.Random, number: int, products: list[int], customer: int, now: datetime
) -> PastOrder:
    city, postcode, country = rng.choice(SHIP_TO)
    placed = now - timedelta(minutes=rng.randint(1, DAYS * 24 * 60 - 60))
    price = Decimal("9.90")
    lines = [
        PastLine(place, product, "Product", units, price, price * units)
        for place, product in enumerate(rng.sample(products, 3), start=1)
        for units in [rng.randint(1, 5)]
    ]
    return PastOrder(
        external_id=f"B-{number}",
        customer_id=customer,
        ship_to=Address(name="Goods in", street="Main 1", city=city, postcode=postcode, country=country),
        placed_at=placed,
        lines=lines,
        requested_date=placed.date() + timedelta(days=4) if number % 3 else None,
    )  # fmt: skip
