"""Allocations that goods do not cover are taken from those who can wait longest."""

from typing import Any

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
    make_kit,
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


def taken_back(setup: WarehouseSetup, shortages: dict[int, int]) -> dict[int, int]:
    return take_allocations_back(warehouse_id=setup.pk, shortages=shortages, actor=DESK)


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

    assert can_take_back()
    assert taken_back(setup, {mug.pk: 3}) == {mug.pk: 3}
    assert allocated(floor, old, urgent, young) == [2, 1, 2, 0]
    assert taken_back(setup, {mug.pk: 4}) == {mug.pk: 4}
    assert allocated(floor, old, urgent, young) == [1, 0, 0, 0]
    reopened = OutboxEvent.objects.filter(topic="fulfillment.units_reopened")
    assert [row.payload["order_id"] for row in reopened.order_by("pk")][:2] == [old.pk, young.pk]
    assert invariants.violations() == []


def test_picked_units_are_never_taken_back(setup: WarehouseSetup, mug: Product) -> None:
    order, shipment = routed(mug, 3)
    release_shipments(shipment_ids=[shipment.pk], actor=PICKER)
    pick(pick_id=Pick.objects.get().pk, quantity=2, actor=PICKER)

    freed = taken_back(setup, {mug.pk: 5})

    assert freed == {mug.pk: 1}
    assert allocated(order) == [2]
    assert Shipment.objects.get().status == "picked"
    assert invariants.violations() == []


def test_nothing_allocated_nothing_taken(setup: WarehouseSetup, mug: Product) -> None:
    assert taken_back(setup, {mug.pk: 5}) == {mug.pk: 0}
    assert not OutboxEvent.objects.filter(topic="fulfillment.units_reopened").exists()


def test_several_products_are_taken_back_at_once_and_a_set_counts_for_all_its_parts(
    setup: WarehouseSetup, mug: Product
) -> None:
    pot = make_product("POT")
    add_stock(setup, pot, 20)
    kit = make_kit("SET", of=[(mug, 1), (pot, 2)])
    plain = take_order(line_draft(mug, 2), line_draft(pot, 2))
    sets = take_order(line_draft(kit, 3))
    route_orders([plain.pk, sets.pk], actor=DESK)

    assert taken_back(setup, {mug.pk: 2, pot.pk: 5}) == {mug.pk: 2, pot.pk: 5}

    assert allocated(plain, sets) == [4, 0]  # the third set covers what is short of the fifth pot
    assert invariants.violations() == []


def test_documents_are_locked_before_stock_and_stock_in_one_order(
    setup: WarehouseSetup, mug: Product, django_assert_max_num_queries: Any
) -> None:
    pot, pan = make_product("POT"), make_product("PAN")
    for product in (pot, pan):
        add_stock(setup, product, 20)
    orders = [take_order(line_draft(product, 2)) for product in (mug, pot)]
    route_orders([order.pk for order in orders], actor=DESK)

    with django_assert_max_num_queries(100) as seen:
        take_allocations_back(
            warehouse_id=setup.pk,
            shortages={mug.pk: 1, pot.pk: 1},
            booked_next=[pan.pk],
            actor=DESK,
        )

    locks = [q["sql"] for q in seen if "FOR NO KEY UPDATE" in q["sql"]]
    levels = [i for i, sql in enumerate(locks) if "inventory_stocklevel" in sql]
    papers = [
        i
        for i, sql in enumerate(locks)
        if '"fulfillment_shipment"' in sql or '"orders_order"' in sql
    ]
    assert levels
    assert max(papers) < levels[0]
    assert f"{pan.pk}" in locks[levels[0]]
