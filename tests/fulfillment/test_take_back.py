"""Allocations that goods do not cover are taken from those who can wait longest."""

import pytest

from fulfillment.models import Pick, Shipment
from fulfillment.services.picking import pick
from fulfillment.services.release import release_shipments
from fulfillment.services.route import route_orders
from inventory.models import Product
from inventory.ports import can_take_back, take_allocations_back
from oms.core import invariants
from oms.core.models import OutboxEvent
from orders.models import Order
from tests.factories import (
    DESK,
    PICKER,
    WarehouseSetup,
    add_stock,
    line_draft,
    lines_of,
    make_product,
    make_warehouse,
    take_order,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def setup() -> WarehouseSetup:
    return make_warehouse("BER")


@pytest.fixture
def mug(setup: WarehouseSetup) -> Product:
    product = make_product("MUG")
    add_stock(setup, product, 20)
    return product


def routed(mug: Product, units: int, **facts: int) -> tuple[Order, Shipment]:
    order = take_order(line_draft(mug, units), **facts)
    [outcome] = route_orders([order.pk], actor=DESK)
    return order, Shipment.objects.get(pk=outcome.shipment_ids[0])


def allocated(*orders: Order) -> list[int]:
    return [sum(line.allocated for line in lines_of(order)) for order in orders]


def test_planned_before_released_low_before_high_young_before_old(
    setup: WarehouseSetup, mug: Product
) -> None:
    floor, on_the_floor = routed(mug, 2)
    release_shipments(shipment_ids=[on_the_floor.pk], actor=PICKER)
    old, _ = routed(mug, 2)
    urgent, _ = routed(mug, 2, priority=5)
    young, _ = routed(mug, 2)
    where = {"warehouse_id": setup.pk, "product_id": mug.pk, "actor": DESK}

    assert can_take_back()
    assert take_allocations_back(units=3, **where) == 3
    assert allocated(floor, old, urgent, young) == [2, 1, 2, 0]
    assert take_allocations_back(units=4, **where) == 4
    assert allocated(floor, old, urgent, young) == [1, 0, 0, 0]
    reopened = OutboxEvent.objects.filter(topic="fulfillment.units_reopened")
    assert [row.payload["order_id"] for row in reopened.order_by("pk")][:2] == [old.pk, young.pk]
    assert invariants.violations() == []


def test_picked_units_are_never_taken_back(setup: WarehouseSetup, mug: Product) -> None:
    order, shipment = routed(mug, 3)
    release_shipments(shipment_ids=[shipment.pk], actor=PICKER)
    pick(pick_id=Pick.objects.get().pk, quantity=2, actor=PICKER)

    freed = take_allocations_back(warehouse_id=setup.pk, product_id=mug.pk, units=5, actor=DESK)

    assert freed == 1
    assert allocated(order) == [2]
    assert Shipment.objects.get().status == "picked"
    assert invariants.violations() == []


def test_nothing_allocated_nothing_taken(setup: WarehouseSetup, mug: Product) -> None:
    assert take_allocations_back(warehouse_id=setup.pk, product_id=mug.pk, units=5, actor=DESK) == 0
    assert not OutboxEvent.objects.filter(topic="fulfillment.units_reopened").exists()
