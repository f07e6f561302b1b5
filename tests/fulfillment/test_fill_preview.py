"""Who gets what of goods that are on their way, and who got it once they were there."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from fulfillment.models import RoutingSettings
from fulfillment.selectors.fill_preview import FillPreview, fill_preview, filled_since
from inventory.models import Product, StockLevel, Warehouse
from oms.core.models import User
from tests.factories import (
    WarehouseSetup,
    add_stock,
    line_draft,
    lines_of,
    make_customer,
    make_product,
    make_purchase_order,
    make_supplier,
    make_warehouse,
    take_order,
)
from tests.people import browser_of, make_person
from tests.relay import run_outbox

pytestmark = pytest.mark.django_db


@pytest.fixture
def setup() -> WarehouseSetup:
    return make_warehouse("BER")


@pytest.fixture
def mug() -> Product:
    return make_product("MUG")


@pytest.fixture
def manager() -> User:
    return make_person("manager")


def preview_of(user: User, product: Product, units: int) -> FillPreview | None:
    """What becomes of so many units that come to the first warehouse there is."""
    warehouse = Warehouse.objects.order_by("pk").values_list("pk", flat=True).first() or 0
    return fill_preview(user, [product.pk], {(warehouse, product.pk): units})


def test_what_arrives_fills_up_the_safety_stock_first(
    setup: WarehouseSetup, mug: Product, manager: User
) -> None:
    add_stock(setup, mug, 2)
    StockLevel.objects.filter(product=mug).update(safety_stock=5)
    order = take_order(line_draft(mug, 4))
    run_outbox()

    preview = preview_of(manager, mug, 6)

    assert preview is not None
    assert [(row.gets, row.lacks) for row in preview.rows] == [("3 × MUG", "1 × MUG")]
    add_stock(setup, mug, 6)
    run_outbox()
    assert sum(line.allocated for line in lines_of(order)) == 3


def test_the_preview_is_what_then_happens(
    setup: WarehouseSetup, mug: Product, manager: User
) -> None:
    bowl = make_product("BOWL")
    old = take_order(line_draft(mug, 4), line_draft(bowl, 1))
    urgent = take_order(line_draft(mug, 3), priority=5)
    last = take_order(line_draft(mug, 2))
    run_outbox()

    preview = preview_of(manager, mug, 6)

    assert preview is not None
    assert [(row.number, row.gets, row.lacks) for row in preview.rows] == [
        (urgent.number, "3 × MUG", ""),
        (old.number, "3 × MUG", "1 × BOWL, 1 × MUG"),
        (last.number, "", "2 × MUG"),
    ]
    assert (preview.orders, preview.completed, preview.waiting) == (2, 1, 1)
    assert (preview.units, preview.left) == (6, 0)
    add_stock(setup, mug, 6)
    run_outbox()
    assert [sum(x.allocated for x in lines_of(o)) for o in (urgent, old, last)] == [3, 3, 0]


def test_the_policy_changes_who_gets_the_goods(mug: Product, manager: User) -> None:
    RoutingSettings.objects.create(pk=1, fill_policy="most_completed")
    large, small = take_order(line_draft(mug, 9)), take_order(line_draft(mug, 2))
    run_outbox()

    preview = preview_of(manager, mug, 5)

    assert preview is not None
    assert preview.policy == "Most orders completed"
    assert [(row.number, row.units) for row in preview.rows] == [
        (small.number, 2),
        (large.number, 3),
    ]


def test_nobody_waits_nothing_is_shown(mug: Product, manager: User) -> None:
    assert preview_of(manager, mug, 5) is None


def test_a_pre_order_waits_for_its_day(mug: Product, manager: User) -> None:
    Product.objects.filter(pk=mug.pk).update(preorder_date="2999-01-01")
    take_order(line_draft(mug, 4))
    run_outbox()

    assert preview_of(manager, mug, 5) is None


def test_a_preview_takes_as_many_statements_for_many_orders(mug: Product, manager: User) -> None:
    customer = make_customer()
    assert manager.has_perm("orders.view_all_orders")
    counts = []
    for _ in range(2):
        for _ in range(5):
            take_order(line_draft(mug, 2), customer=customer)
        run_outbox()
        with CaptureQueriesContext(connection) as queries:
            preview_of(manager, mug, 50)
        counts.append(len(queries))

    assert counts[0] == counts[1] <= 8


def test_the_pages_of_goods_that_come_show_who_gets_them(
    setup: WarehouseSetup, mug: Product, manager: User
) -> None:
    order = take_order(line_draft(mug, 4))
    run_outbox()
    purchase = make_purchase_order(make_supplier("ACME", mug), setup, (mug, 10))
    client = browser_of(manager)

    shown = client.get(f"/admin/inventory/purchaseorder/{purchase.number}/").content.decode()
    assert "Who gets the goods" in shown
    assert order.number in shown
    assert "4 × MUG" in shown
    assert "Who gets the goods" in client.get("/admin/inventory/product/MUG/").content.decode()


def test_those_who_had_waited_are_named_after_the_receipt(
    setup: WarehouseSetup, mug: Product, manager: User
) -> None:
    order = take_order(line_draft(mug, 4))
    run_outbox()
    add_stock(setup, mug, 9)
    run_outbox()
    later = take_order(line_draft(mug, 1))
    run_outbox()

    rows = filled_since(manager, warehouse_id=setup.pk, product_ids=[mug.pk], at=later.placed_at)

    assert [(row.number, row.gets) for row in rows] == []
    assert order.placed_at is not None
    since = filled_since(
        manager,
        warehouse_id=setup.pk,
        product_ids=[mug.pk],
        at=order.placed_at + timedelta(microseconds=1),
    )
    assert [(row.number, row.gets, row.units) for row in since] == [(order.number, "4 × MUG", 4)]
