"""Routers, receipts, fills, rejections and cancellations side by side: capacities hold, nothing deadlocks."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from itertools import count

import pytest
from django.db import connection, transaction
from django.db.models import Sum

from fulfillment.exceptions import InsufficientCapacity
from fulfillment.models import RejectionReason, Shipment, ShipmentLine, SiteDay
from fulfillment.services import plan_writes
from fulfillment.services.cancel import cancel_order
from fulfillment.services.capacity import Day
from fulfillment.services.fill import fill_waiting_orders
from fulfillment.services.moves import move_shipment
from fulfillment.services.rejections import RejectedUnits, reject_lines
from fulfillment.services.route import route_orders
from fulfillment.services.routing_rules import RuleDraft
from fulfillment.services.rule_sets import activate_rule_set, create_rule_set
from inventory.models import Allocation, StockLevel
from inventory.services.goods import GoodsReceipt, receive
from oms.core.actors import Actor
from oms.core.exceptions import Refusal
from oms.core.invariants import violations
from oms.core.models import Activity
from orders.models import OrderLine
from orders.services.intake import take_orders
from tests.concurrency.crowd import crowd
from tests.factories import (
    DESK,
    PICKER,
    WarehouseSetup,
    add_stock,
    line_draft,
    make_customer,
    make_product,
    make_warehouse,
    order_draft,
)
from tests.relay import run_outbox

pytestmark = pytest.mark.django_db(transaction=True)


def decide_by(rule: RuleDraft) -> None:
    rule_set = create_rule_set(name="Live", rules=[rule], actor=DESK)
    activate_rule_set(rule_set_id=rule_set.pk, actor=DESK)


def placed(count: int, setups: list[WarehouseSetup], *, units: int) -> list[int]:
    """Orders of one unit of each of two products, of which every warehouse has so many."""
    products = [make_product() for _ in range(2)]
    for setup in setups:
        for product in products:
            add_stock(setup, product, units)
    customer = make_customer()
    drafts = [
        order_draft(*(line_draft(product, 1) for product in products), customer=customer)
        for _ in range(count)
    ]
    return [taken.order_id for taken in take_orders(drafts, actor=DESK)]


def test_routers_side_by_side_never_exceed_a_capacity() -> None:
    setups = [make_warehouse(daily_capacity=10, latitude=50.0 + n) for n in range(2)]
    orders = placed(48, setups, units=100)
    decide_by(RuleDraft("Capacity", needs_capacity=True))

    crowd(4, lambda n: [route_orders(orders[i : i + 3], actor=DESK) for i in range(n * 12, n * 12 + 12, 3)])  # fmt: skip

    assert list(SiteDay.objects.values_list("planned", flat=True)) == [10, 10]
    assert Shipment.objects.count() == 20
    assert Allocation.objects.aggregate(Sum("quantity"))["quantity__sum"] == 40
    assert OrderLine.objects.aggregate(Sum("backordered"))["backordered__sum"] == 56
    assert violations() == []


def test_moves_there_and_back_beside_routers_never_exceed_a_capacity() -> None:
    setups = [make_warehouse(daily_capacity=6, latitude=50.0 + n) for n in range(2)]
    orders = placed(24, setups, units=100)
    decide_by(RuleDraft("Capacity", needs_capacity=True))
    route_orders(orders[:8], actor=DESK)
    keys = list(Shipment.objects.values_list("pk", flat=True))

    def work(n: int) -> None:
        if n == 0:
            route_orders(orders[8:], actor=DESK)
            return
        for turn, key in enumerate(keys * 2):
            with suppress(Refusal):
                target = setups[(n + turn) % 2].pk
                move_shipment(shipment_id=key, warehouse_id=target, reason="x", actor=DESK)

    crowd(4, work)

    assert Activity.objects.filter(verb="moved").exists()
    assert not SiteDay.objects.filter(planned__gt=6).exists()
    assert violations() == []


def bring_goods(setups: list[WarehouseSetup], products: list[int], keys: Iterator[int]) -> None:
    """Two more units of every product everywhere, a warehouse at a time."""
    for setup in setups:
        goods = [
            GoodsReceipt(
                warehouse_id=setup.pk,
                product_id=product,
                bin_id=setup.bins["A-01"].pk,
                quantity=2,
                idem_key=f"crowd:{next(keys)}",
            )
            for product in products
        ]
        with transaction.atomic():
            receive(goods, actor=PICKER)


def reject_one(reason: RejectionReason) -> None:
    """A warehouse sends a whole line back."""
    if line := ShipmentLine.objects.filter(shipment__status="planned", quantity__gt=0).first():
        reject_lines(
            shipment_id=line.shipment_id,
            lines=[RejectedUnits(line.pk, line.quantity)],
            reason_id=reason.pk,
            note="",
            actor=PICKER,
        )


def test_receipts_fills_routers_rejections_and_cancellations_do_not_deadlock() -> None:
    setups = [make_warehouse(daily_capacity=30, latitude=50.0 + n) for n in range(2)]
    orders = placed(40, setups, units=8)
    decide_by(RuleDraft("Capacity", needs_capacity=True))
    reason = RejectionReason.objects.create(code="busy", title="Too busy", effect="nothing")
    products = list(StockLevel.objects.values_list("product_id", flat=True).distinct())
    keys = count()
    steps: list[Callable[[int], object]] = [
        lambda turn: bring_goods(setups, products, keys),  # noqa: ARG005
        lambda turn: route_orders(orders[turn::2], actor=DESK),
        lambda turn: fill_waiting_orders(actor=DESK),  # noqa: ARG005
        lambda turn: reject_one(reason),  # noqa: ARG005
        lambda turn: route_orders(orders[turn::3], actor=DESK),
        lambda turn: cancel_order(order_id=orders[turn], reason="", actor=DESK),
    ]

    def work(n: int) -> None:
        for turn in range(4):
            with suppress(Refusal):
                steps[n](turn)

    crowd(6, work)
    run_outbox()

    assert violations() == []
    assert Allocation.objects.exists()


def test_the_same_crowd_exceeds_the_capacity_without_the_guard(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The control: the day is read first and written then, instead of in one conditional statement."""
    [setup] = setups = [make_warehouse(daily_capacity=10)]
    orders = [
        placed(12, setups, units=100) for _ in range(4)
    ]  # of other products: no level is shared
    decide_by(RuleDraft("Capacity", needs_capacity=True))

    def read_then_write(
        counts: Mapping[Day, int], *, bound: Mapping[Day, int], actor: Actor
    ) -> None:
        for (site, day), units in counts.items():
            with connection.cursor() as cursor:
                cursor.execute(_READ, [site, day])
                if cursor.fetchone()[0] + bound[site, day] > 10:
                    raise InsufficientCapacity("Full.")
                cursor.execute(_WRITE, [site, day, units])

    monkeypatch.setattr(plan_writes, "take_capacity", read_then_write)
    crowd(4, lambda n: [route_orders(orders[n][i : i + 6], actor=DESK) for i in (0, 6)])

    assert SiteDay.objects.get(warehouse=setup.pk).planned > 10


_READ = """
SELECT COALESCE((SELECT planned FROM fulfillment_siteday
  WHERE warehouse_id = %s AND date = %s), 0), pg_sleep(0.1)"""

_WRITE = """
INSERT INTO fulfillment_siteday AS day (warehouse_id, date, planned) VALUES (%s, %s, %s)
ON CONFLICT (warehouse_id, date) DO UPDATE SET planned = day.planned + EXCLUDED.planned"""
