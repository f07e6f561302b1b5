"""Sixteen clients order one product until more is ordered than there is: exactly the stock is sold."""

from __future__ import annotations

import random

from django.db.models import Sum

from bench.clients import run_clients
from bench.figures import Figure
from bench.world import ACTOR, make_world
from fulfillment.services.route import route_orders
from inventory.models import Allocation, StockLevel
from oms.core.invariants import violations
from orders.services.intake import take_orders

CLIENTS = 16


def measure(quick: bool) -> list[Figure]:
    stock, each = (20, 5) if quick else (300, 70)
    world = make_world(products=1, stock=stock)

    def client(number: int) -> None:
        rng = random.Random(number)
        for _ in range(each):
            draft = world.draft(rng, lines=1)
            (taken,) = take_orders([draft], actor=ACTOR)
            route_orders([taken.order_id], actor=ACTOR)

    seconds, _ = run_clients(CLIENTS, client)
    sold = Allocation.objects.aggregate(sum=Sum("quantity"))["sum"]
    there = StockLevel.objects.aggregate(sum=Sum("on_hand"))["sum"]
    if sold != there or violations():
        raise RuntimeError(f"Sold {sold} of {there}; broken: {violations()[:3]}")
    rate = CLIENTS * each / seconds
    return [
        Figure("one hot product, 16 clients", rate, "orders/s", f"{sold} of {there} units sold"),
    ]
