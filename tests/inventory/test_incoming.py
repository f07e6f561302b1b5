"""Goods on their way count from the day on which they are expected."""

from datetime import date

import pytest
from pytest_django import DjangoAssertNumQueries

from inventory.models import PurchaseOrderLine, TransferLine
from inventory.selectors.incoming import incoming
from inventory.selectors.supply import available_to_promise
from tests.factories import add_stock, make_product, make_warehouse
from tests.inventory.arrivals import goods_in_transit, order_goods

pytestmark = pytest.mark.django_db
SOON, LATER = date(2026, 12, 1), date(2026, 12, 15)


def test_purchase_orders_and_transfers_come_in_the_order_of_their_days(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    north, south, lamp = make_warehouse("N"), make_warehouse("S"), make_product()
    late = order_goods(north.warehouse, lamp, 40, LATER)
    undated = order_goods(north.warehouse, lamp, 7, None)
    moved = goods_in_transit(south.warehouse, north.warehouse, lamp, 5, SOON)
    other = make_product()

    with django_assert_num_queries(1):
        found = incoming([lamp.pk, other.pk])[lamp.pk]

    assert [(each.source, each.quantity, each.on, each.warehouse_id) for each in found] == [
        (moved.number, 5, SOON, north.pk),
        (late.number, 40, LATER, north.pk),
        (undated.number, 7, None, north.pk),
    ]
    assert [each.source for each in incoming([lamp.pk], SOON)[lamp.pk]] == [moved.number]


def test_a_line_has_its_own_day_and_counts_for_what_is_still_to_come() -> None:
    north, lamp = make_warehouse("N"), make_product()
    order_goods(north.warehouse, lamp, 40, SOON)
    PurchaseOrderLine.objects.update(expected_date=LATER, received=15, canceled=5)

    (line,) = incoming([lamp.pk])[lamp.pk]

    assert (line.quantity, line.on) == (20, LATER)


def test_what_came_is_lost_or_goes_to_a_closed_warehouse_does_not_arrive() -> None:
    north, closed, lamp = make_warehouse("N"), make_warehouse("C", is_active=False), make_product()
    goods_in_transit(closed.warehouse, north.warehouse, lamp, 5, SOON)
    TransferLine.objects.update(received=3, lost=2)
    order_goods(closed.warehouse, lamp, 9, SOON)

    assert incoming([lamp.pk]) == {}


def test_a_draft_order_promises_nothing() -> None:
    north, lamp = make_warehouse("N"), make_product()
    order = order_goods(north.warehouse, lamp, 40, SOON)
    draft = type(order).objects.create(
        supplier=order.supplier, warehouse=north.warehouse, currency="EUR", expected_date=SOON
    )
    PurchaseOrderLine.objects.create(purchase_order=draft, position=1, product=lamp, quantity=99)

    assert [each.quantity for each in incoming([lamp.pk])[lamp.pk]] == [40]


def test_available_to_promise_counts_what_arrives_until_the_day(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    north, lamp, other = make_warehouse("N"), make_product(), make_product()
    add_stock(north, lamp, 3)
    order_goods(north.warehouse, lamp, 40, SOON)
    goods_in_transit(make_warehouse("S").warehouse, north.warehouse, lamp, 5, LATER)

    with django_assert_num_queries(1):
        today = available_to_promise([lamp.pk, other.pk])

    assert today == {lamp.pk: 3, other.pk: 0}
    assert available_to_promise([lamp.pk], at=date(2026, 11, 30)) == {lamp.pk: 3}
    assert available_to_promise([lamp.pk], at=SOON) == {lamp.pk: 43}
    assert available_to_promise([lamp.pk], at=LATER) == {lamp.pk: 48}
