"""Routers, cancellations and pickers side by side: nothing is allocated twice, nothing is lost."""

from __future__ import annotations

import pytest
from django.db.models import Sum

from fulfillment.exceptions import CancelRefused, PickRefused
from fulfillment.models import Parcel, Pick, Shipment, ShipmentLine
from fulfillment.services.cancel import cancel_order
from fulfillment.services.day import Until, run_day
from fulfillment.services.picking import pick
from fulfillment.services.release import release_shipments
from fulfillment.services.route import route_orders
from fulfillment.services.shipping import ship_parcels
from inventory.models import Allocation, StockLevel, StockMovement
from oms.core.exceptions import Refusal
from oms.core.invariants import violations
from orders.models import Order, OrderLine
from orders.services.intake import take_orders
from tests.concurrency.crowd import crowd
from tests.factories import (
    DESK,
    PICKER,
    add_stock,
    line_draft,
    make_customer,
    make_product,
    make_warehouse,
    order_draft,
)

pytestmark = pytest.mark.django_db(transaction=True)


def placed(count: int, *, units: int, warehouses: int = 2, per_order: int = 2) -> list[int]:
    """Orders of two lines that compete for ``units`` of each of two products."""
    setups = [make_warehouse(latitude=50.0 + i) for i in range(warehouses)]
    products = [make_product() for _ in range(2)]
    for setup in setups:
        for product in products:
            add_stock(setup, product, units)
    customer = make_customer()
    drafts = [
        order_draft(*(line_draft(product, per_order) for product in products), customer=customer)
        for _ in range(count)
    ]
    return [taken.order_id for taken in take_orders(drafts, actor=DESK)]


def test_routers_side_by_side_never_allocate_a_unit_twice() -> None:
    orders = placed(64, units=40)

    crowd(4, lambda n: route_orders(orders[n::4], actor=DESK))

    assert Allocation.objects.aggregate(Sum("quantity"))["quantity__sum"] == 160
    assert all(level.allocated == level.on_hand for level in StockLevel.objects.all())
    backordered = OrderLine.objects.aggregate(Sum("backordered"))["backordered__sum"]
    assert backordered == 64 * 2 * 2 - 160
    assert violations() == []


def test_two_routers_on_the_same_orders_route_each_once() -> None:
    orders = placed(20, units=100)

    crowd(4, lambda _: route_orders(orders, actor=DESK))

    assert Shipment.objects.count() == 20
    assert Allocation.objects.aggregate(Sum("quantity"))["quantity__sum"] == 80
    assert violations() == []


def test_routing_and_canceling_at_once_leave_one_of_the_two() -> None:
    orders = placed(16, units=100)

    def work(n: int) -> None:
        if n % 2:
            route_orders(orders, actor=DESK)
            return
        for order_id in orders[n // 2 :: 2]:
            try:
                cancel_order(order_id=order_id, reason="no longer wanted", actor=DESK)
            except Refusal:
                continue

    crowd(4, work)

    canceled = Order.objects.filter(status="canceled")
    assert canceled.count() == 16
    assert not Allocation.objects.exists()
    assert set(Shipment.objects.values_list("status", flat=True)) <= {"canceled"}
    assert violations() == []


def test_two_people_on_one_pick_take_no_unit_twice() -> None:
    orders = placed(1, units=50, per_order=10)
    route_orders(orders, actor=DESK)
    release_shipments(shipment_ids=[Shipment.objects.get().pk], actor=PICKER)
    target = Pick.objects.order_by("pk")[0]

    def scan(_: int) -> int:
        taken = 0
        for _ in range(10):
            try:
                pick(pick_id=target.pk, quantity=1, actor=PICKER)
            except PickRefused:
                break
            taken += 1
        return taken

    assert sum(crowd(4, scan)) == 10

    assert Pick.objects.get(pk=target.pk).picked == 10
    assert StockMovement.objects.filter(kind="pick").count() == 10
    assert violations() == []


def test_one_parcel_is_handed_over_once() -> None:
    orders = placed(4, units=50)
    route_orders(orders, actor=DESK)
    run_day(orders=4, actor=PICKER, until=Until.PACKED)
    parcels = list(Parcel.objects.values_list("pk", flat=True))

    def hand_over(_: int) -> int:
        done = 0
        for parcel in parcels:
            try:
                ship_parcels(parcel_ids=[parcel], actor=PICKER)
            except Refusal:
                continue
            done += 1
        return done

    assert sum(crowd(4, hand_over)) == len(parcels)

    assert ShipmentLine.objects.aggregate(Sum("shipped"))["shipped__sum"] == 16
    assert set(Order.objects.values_list("status", flat=True)) == {"completed"}
    assert violations() == []


def test_canceling_and_shipping_at_once_leave_one_of_the_two() -> None:
    orders = placed(8, units=50)
    route_orders(orders, actor=DESK)
    run_day(orders=8, actor=PICKER, until=Until.PICKED)

    def work(n: int) -> None:
        if n % 2:
            run_day(orders=8, actor=PICKER)
            return
        for order_id in orders:
            try:
                cancel_order(order_id=order_id, reason="", actor=DESK)
            except CancelRefused:
                continue

    crowd(2, work)

    assert set(Order.objects.values_list("status", flat=True)) <= {"completed", "canceled"}
    assert violations() == []
