"""Receipts, filling, routing, rejecting, moving and picking side by side: no deadlock, no unit twice."""

from __future__ import annotations

import itertools
from contextlib import suppress
from dataclasses import dataclass

import pytest
from django.db.models import F, Sum

from fulfillment.models import Pick, Rejection, RejectionReason, Shipment
from fulfillment.services.fill import fill_waiting_orders
from fulfillment.services.moves import merge_shipments, move_shipment, split_shipment
from fulfillment.services.picking import pick
from fulfillment.services.rejections import RejectedUnits, reject_lines
from fulfillment.services.release import release_shipments
from fulfillment.services.route import route_orders
from fulfillment.services.shortage import report_short
from inventory.models import Allocation, StockLevel
from oms.core.exceptions import Refusal
from oms.core.invariants import violations
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
    make_reason,
    make_warehouse,
    order_draft,
)
from tests.relay import run_outbox

pytestmark = pytest.mark.django_db(transaction=True)


def placed(count: int, *, units: int) -> tuple[list[int], list[WarehouseSetup]]:
    """Orders of two lines for one customer, and two warehouses with so many of each product."""
    setups = [make_warehouse(latitude=50.0 + i) for i in range(2)]
    products = [make_product() for _ in range(2)]
    for setup, product in itertools.product(setups, products):
        add_stock(setup, product, units)
    customer = make_customer()
    drafts = [
        order_draft(*(line_draft(product, 2) for product in products), customer=customer)
        for _ in range(count)
    ]
    return [taken.order_id for taken in take_orders(drafts, actor=DESK)], setups


def some_planned(n: int) -> Shipment:
    """Some planned shipment, another one for each number.

    :raises Refusal: there is none.
    """
    waiting = Shipment.objects.filter(status="planned").order_by("pk")
    keys = list(waiting.values_list("pk", flat=True))
    if not keys:
        raise Refusal("Nothing is planned.")
    return Shipment.objects.get(pk=keys[n % len(keys)])


def reject_a_line(shipment: Shipment, reason: RejectionReason) -> None:
    line = shipment.lines.filter(quantity__gt=0)[0]
    reject_lines(
        shipment_id=shipment.pk,
        lines=[RejectedUnits(line.pk, line.quantity)],
        reason_id=reason.pk,
        note="",
        actor=PICKER,
    )


def test_rejecting_to_zero_beside_routers_leaves_no_unit_allocated_that_is_gone() -> None:
    orders, _ = placed(24, units=30)
    route_orders(orders[:8], actor=DESK)
    reason = make_reason("gone", effect="set_to_zero")

    def work(n: int) -> None:
        if n % 2:
            route_orders(orders[8 + n :: 4], actor=DESK)
            return
        for i in range(4):
            with suppress(Refusal):
                reject_a_line(some_planned(n + i), reason)

    crowd(4, work)
    run_outbox()

    assert not StockLevel.objects.filter(on_hand__lt=F("allocated") + F("blocked")).exists()
    assert violations() == []


def test_moves_there_and_back_at_once_never_deadlock() -> None:
    orders, setups = placed(12, units=40)
    route_orders(orders, actor=DESK)
    keys = list(Shipment.objects.values_list("pk", flat=True))

    def work(n: int) -> int:
        done = 0
        for i, key in enumerate(keys * 2):
            with suppress(Refusal):
                target = setups[(n + i) % 2].pk
                move_shipment(shipment_id=key, warehouse_id=target, reason="x", actor=DESK)
                done += 1
        return done

    assert sum(crowd(4, work)) > 0

    assert Allocation.objects.aggregate(n=Sum("quantity"))["n"] == 48
    assert violations() == []


@dataclass
class House:
    """What many people do to one house at a time; ``n`` says which shipment or order is theirs."""

    orders: list[int]
    setups: list[WarehouseSetup]
    reasons: list[RejectionReason]

    def receive(self, n: int) -> None:
        levels = StockLevel.objects.select_related("product").order_by("product_id", "pk")
        for level in levels.filter(warehouse=self.setups[n % 2].pk):
            add_stock(self.setups[n % 2], level.product, 2, bin_code=f"A-0{1 + n % 2}")
        products = levels.values_list("product_id", flat=True)
        fill_waiting_orders(product_ids=set(products), actor=DESK)

    def route(self, n: int) -> None:
        route_orders(self.orders[10 + n % 5 :: 5], actor=DESK)

    def reject(self, n: int) -> None:
        shipment = some_planned(n)
        for line in shipment.lines.filter(quantity__gt=0):
            reject_lines(
                shipment_id=shipment.pk,
                lines=[RejectedUnits(line.pk, 1)],
                reason_id=self.reasons[n % 4].pk,
                note="",
                actor=PICKER,
            )

    def shuffle(self, n: int) -> None:
        shipment = some_planned(n)
        line = shipment.lines.filter(quantity__gt=1).first()
        if line and n % 2:
            split_shipment(shipment_id=shipment.pk, quantities={line.pk: 1}, actor=DESK)
        if n % 3 == 0:
            others = [shipment.pk, some_planned(n + 1).pk]
            merge_shipments(shipment_ids=others, actor=DESK)
        target = next(x for x in self.setups if x.pk != shipment.warehouse_id)
        move_shipment(shipment_id=shipment.pk, warehouse_id=target.pk, reason="x", actor=DESK)

    def work_on_the_floor(self, n: int) -> None:
        shipment = some_planned(n)
        release_shipments(shipment_ids=[shipment.pk], actor=PICKER)
        for task in Pick.objects.filter(shipment_line__shipment=shipment):
            pick(pick_id=task.pk, quantity=1, actor=PICKER)
            if task.quantity > 1:
                report_short(pick_id=task.pk, found=0, reason="gone", actor=PICKER)


def test_everything_at_once_keeps_the_books_right() -> None:
    orders, setups = placed(30, units=25)
    route_orders(orders[:10], actor=DESK)
    effects = ("set_to_zero", "mismatch", "damaged", "nothing")
    reasons = [make_reason(effect, effect=effect, opens_count=True) for effect in effects]
    house = House(orders, setups, reasons)
    steps = [house.receive, house.route, house.reject, house.shuffle, house.work_on_the_floor]

    def work(n: int) -> None:
        for i in range(6):
            with suppress(Refusal):
                steps[n](n + i)

    crowd(len(steps), work)
    assert violations() == []
    run_outbox()

    assert Rejection.objects.exists()
    assert not StockLevel.objects.filter(on_hand__lt=F("allocated") + F("blocked")).exists()
    assert violations() == []
