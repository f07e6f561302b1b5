"""Routing by hand on its page: the grid, what is typed into it, and what is refused."""

import pytest
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from fulfillment.models import RoutingDecision, Shipment
from fulfillment.selectors.override_grid import override_grid
from fulfillment.services.route import route_orders
from inventory.models import Product
from oms.core import invariants
from oms.core.idempotency import FIELD, new_key
from orders.models import Order
from tests.factories import (
    DESK,
    WarehouseSetup,
    add_stock,
    line_draft,
    make_product,
    make_purchase_order,
    make_supplier,
    make_warehouse,
    take_order,
)
from tests.people import browser_of, make_person

pytestmark = pytest.mark.django_db


@pytest.fixture
def near() -> WarehouseSetup:
    return make_warehouse("BER")


@pytest.fixture
def far() -> WarehouseSetup:
    return make_warehouse("PAR", priority=200)


@pytest.fixture
def mug(near: WarehouseSetup, far: WarehouseSetup) -> Product:
    product = make_product("MUG")
    add_stock(near, product, 5)
    add_stock(far, product, 3)
    return product


@pytest.fixture
def manager() -> Client:
    return browser_of(make_person("manager"))


def routed(mug: Product, units: int) -> Order:
    order = take_order(line_draft(mug, units))
    route_orders([order.pk], actor=DESK)
    return order


def url(order: Order) -> str:
    return f"/admin/orders/order/{order.number}/warehouses/"


def send(client: Client, order: Order, reason: str, **units: int) -> HttpResponse:
    line = order.lines.get()
    fields = {
        f"units_{line.pk}_{pk}": n for pk, n in ((int(key[1:]), n) for key, n in units.items())
    }
    return client.post(url(order), {FIELD: new_key(), "reason": reason, **fields}, follow=True)


def test_the_grid_says_what_is_where(
    near: WarehouseSetup, far: WarehouseSetup, mug: Product
) -> None:
    make_warehouse("OLD")
    make_purchase_order(make_supplier("ACME", mug), far, (mug, 7))
    order = routed(mug, 4)

    grid = override_grid(order, now=timezone.now())

    [line] = grid.lines
    assert (line.movable, line.per_set) == (4, None)
    found = [
        (c.code, c.planned, c.on_hand, c.allocated, c.available, c.incoming) for c in line.cells
    ]
    assert found == [("BER", 4, 5, 4, 1, 0), ("PAR", 0, 3, 0, 3, 7)]
    assert [cell.most for cell in line.cells] == [5, 3]
    assert grid.idle == ["OLD"]


def test_a_manager_overrules_the_router(
    manager: Client, near: WarehouseSetup, far: WarehouseSetup, mug: Product
) -> None:
    order = routed(mug, 4)
    assert url(order) in manager.get(f"/admin/orders/order/{order.number}/").content.decode()
    assert 'value="4"' in manager.get(url(order)).content.decode()

    answer = send(manager, order, "customer asked", **{f"w{near.pk}": 1, f"w{far.pk}": 3})

    assert "2 shipments as you decided." in answer.content.decode()
    assert sorted(Shipment.objects.values_list("warehouse__code", "units")) == [
        ("BER", 1),
        ("PAR", 3),
    ]
    assert RoutingDecision.objects.order_by("-pk")[0].override_reason == "customer asked"
    assert "overruled the router: customer asked" in answer.content.decode()
    assert invariants.violations() == []


def test_what_is_not_there_comes_back_with_what_was_typed(
    manager: Client, far: WarehouseSetup, mug: Product
) -> None:
    order = routed(mug, 4)

    answer = send(manager, order, "customer asked", **{f"w{far.pk}": 4})

    assert answer.status_code == 409
    assert "PAR lacks 1 of MUG" in answer.content.decode()
    assert 'value="customer asked"' in answer.content.decode()
    assert send(manager, order, "", **{f"w{far.pk}": 3}).status_code == 422
    assert Shipment.objects.get().warehouse.code == "BER"


def test_the_page_takes_as_many_statements_for_many_lines(
    near: WarehouseSetup, mug: Product
) -> None:
    counts = []
    for lines in (1, 6):
        products = [make_product() for _ in range(lines)]
        for product in products:
            add_stock(near, product, 5)
        order = take_order(*(line_draft(product, 2) for product in products))
        route_orders([order.pk], actor=DESK)
        with CaptureQueriesContext(connection) as queries:
            override_grid(order, now=timezone.now())
        counts.append(len(queries))

    assert counts[0] == counts[1] <= 7


def test_a_clerk_does_not_see_it(near: WarehouseSetup, mug: Product) -> None:
    order = routed(mug, 4)
    clerk = browser_of(make_person("warehouse", at=near.warehouse))

    assert clerk.get(url(order)).status_code == 403
