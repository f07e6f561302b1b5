"""Low stock and out of stock: told once per crossing, armed again above it."""

from __future__ import annotations

import threading

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from inventory.models import NoticeRecipient, Product, ReorderRule, StockOut
from inventory.services.alerts import Watched, watch_stock
from inventory.services.claims import AllocationRequest, Claim, allocate, deallocate, reserve_all
from oms.core.actors import SYSTEM
from oms.core.models import Case, OutboxEvent
from tests.factories import (
    DESK,
    WarehouseSetup,
    add_stock,
    make_product,
    make_purchase_order,
    make_supplier,
    make_warehouse,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def setup() -> WarehouseSetup:
    return make_warehouse("BER", priority=1)


@pytest.fixture
def lamp(setup: WarehouseSetup) -> Product:
    lamp = make_product("LAMP")
    add_stock(setup, lamp, 20)
    return lamp


def watch_at(setup: WarehouseSetup, product: Product, point: int = 10) -> ReorderRule:
    return ReorderRule.objects.create(
        product=product, warehouse=setup.warehouse, point=point, target=50
    )


def look() -> Watched:
    return watch_stock(actor=SYSTEM)


def promise_away(setup: WarehouseSetup, product: Product, units: int, demand_id: int = 1) -> None:
    request = AllocationRequest(
        warehouse_id=setup.pk,
        product_id=product.pk,
        quantity=units,
        demand_kind="order_line",
        demand_id=demand_id,
    )
    allocate([request], actor=DESK)


def give_back(setup: WarehouseSetup, product: Product, units: int, demand_id: int = 1) -> None:
    request = AllocationRequest(
        warehouse_id=setup.pk,
        product_id=product.pk,
        quantity=units,
        demand_kind="order_line",
        demand_id=demand_id,
    )
    deallocate([request], actor=DESK)


def told(topic: str = "low_stock_reached") -> int:
    return OutboxEvent.objects.filter(topic=f"inventory.{topic}").count()


def open_cases() -> list[str]:
    return list(Case.objects.filter(closed_at=None).values_list("sentence", flat=True))


def test_a_rule_fires_once_and_is_armed_again_above_its_point(
    setup: WarehouseSetup, lamp: Product
) -> None:
    rule = watch_at(setup, lamp)
    assert look() == Watched()

    promise_away(setup, lamp, 10)
    assert look() == Watched(low=1)
    assert look() == Watched()
    rule.refresh_from_db()
    assert rule.low_since is not None
    assert told() == 1
    assert open_cases() == ["LAMP at BER: 10 to promise with all that arrives, reorder point 10."]

    give_back(setup, lamp, 1)
    assert look() == Watched(recovered=1)
    rule.refresh_from_db()
    assert rule.low_since is None
    assert open_cases() == []

    promise_away(setup, lamp, 3, demand_id=2)
    assert look() == Watched(low=1)
    assert told() == 2


def test_what_arrives_counts_and_what_stands_on_a_draft_does_not(
    setup: WarehouseSetup, lamp: Product
) -> None:
    watch_at(setup, lamp, point=25)
    supplier = make_supplier("BRIGHT", lamp)
    make_purchase_order(supplier, setup, (lamp, 30), sent=False)
    assert look() == Watched(low=1)

    make_purchase_order(supplier, setup, (lamp, 6))
    assert look() == Watched(recovered=1)


def test_claims_on_no_warehouse_count_at_the_first_one_that_orders_again(
    setup: WarehouseSetup, lamp: Product
) -> None:
    second = make_warehouse("PAR", priority=2)
    add_stock(second, lamp, 20)
    first_rule, second_rule = watch_at(setup, lamp), watch_at(second, lamp)
    claim = Claim(product_id=lamp.pk, quantity=15, demand_kind="order_line", demand_id=7)
    reserve_all([claim], actor=DESK)

    assert look() == Watched(low=1)

    first_rule.refresh_from_db()
    second_rule.refresh_from_db()
    assert (first_rule.low_since is None, second_rule.low_since is None) == (False, True)


def test_a_rule_that_is_switched_off_is_not_low_any_more(
    setup: WarehouseSetup, lamp: Product
) -> None:
    rule = watch_at(setup, lamp, point=40)
    assert look() == Watched(low=1)

    ReorderRule.objects.filter(pk=rule.pk).update(is_active=False)

    assert look() == Watched(recovered=1)
    assert open_cases() == []


def test_a_look_at_some_products_leaves_the_others_alone(
    setup: WarehouseSetup, lamp: Product
) -> None:
    bulb = make_product("BULB")
    add_stock(setup, bulb, 1)
    watch_at(setup, lamp, point=40)
    watch_at(setup, bulb, point=40)

    assert watch_stock(actor=SYSTEM, product_ids=[bulb.pk]) == Watched(low=1)
    assert look() == Watched(low=1)


def test_a_stock_out_is_told_once_and_ends_when_a_unit_is_there(
    setup: WarehouseSetup, lamp: Product
) -> None:
    NoticeRecipient.objects.create(product=lamp, audience="vendor", email="v@vendor.example")
    promise_away(setup, lamp, 20)

    assert look() == Watched(out=1)
    assert look() == Watched()
    assert told("stock_ran_out") == 1
    assert open_cases() == ["LAMP is out of stock: no warehouse has a unit available."]

    add_stock(setup, lamp, 1)
    assert look() == Watched(back=1)
    assert open_cases() == []
    ended = StockOut.objects.get()
    assert ended.until is not None
    assert ended.until > ended.since

    promise_away(setup, lamp, 1, demand_id=2)
    assert look() == Watched(out=1)


def test_a_product_that_nobody_asked_about_is_nobodys_alert(
    setup: WarehouseSetup, lamp: Product
) -> None:
    promise_away(setup, lamp, 20)

    assert look() == Watched()
    assert not StockOut.objects.exists()


def test_stock_at_another_warehouse_is_no_stock_out(setup: WarehouseSetup, lamp: Product) -> None:
    NoticeRecipient.objects.create(audience="supplier", email="s@supplier.example")
    add_stock(make_warehouse("PAR"), lamp, 1)
    promise_away(setup, lamp, 20)

    assert look() == Watched()


def test_the_number_of_statements_does_not_grow_with_the_rules(setup: WarehouseSetup) -> None:
    def fall(count: int) -> int:
        for _ in range(count):
            product = make_product()
            add_stock(setup, product, 1)
            promise_away(setup, product, 1)
            watch_at(setup, product)
        with CaptureQueriesContext(connection) as captured:
            assert look() == Watched(low=count, out=count)
        return len(captured)

    assert fall(2) == fall(9)


@pytest.mark.django_db(transaction=True)
def test_two_who_look_at_the_same_time_tell_once(setup: WarehouseSetup, lamp: Product) -> None:
    products = [lamp, *(make_product() for _ in range(20))]
    for product in products:
        watch_at(setup, product, point=30)
    for product in products[1:]:
        add_stock(setup, product, 1)
        promise_away(setup, product, 1)
    start = threading.Barrier(4)
    seen: list[Watched] = []

    def run() -> None:
        try:
            start.wait(10)
            seen.append(look())
        finally:
            connection.close()

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)

    assert len(seen) == 4
    assert (sum(each.low for each in seen), sum(each.out for each in seen)) == (21, 20)
    assert (told(), told("stock_ran_out")) == (21, 20)
    assert Case.objects.filter(closed_at=None).count() == 41
