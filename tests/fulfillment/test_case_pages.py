"""The exceptions page: a case, the fix that it proposes, and what became of it."""

import pytest
from django.contrib.messages import get_messages
from django.http import HttpResponse
from django.test import Client

from fulfillment.models import Shipment
from fulfillment.services.route import route_orders
from oms.core.idempotency import FIELD, new_key
from oms.core.models import Case
from orders.models import Order
from tests.factories import (
    DESK,
    add_stock,
    line_draft,
    make_customer,
    make_product,
    make_warehouse,
    take_order,
)
from tests.people import browser_of, make_person

pytestmark = pytest.mark.django_db


def press_fix(client: Client, case: Case) -> HttpResponse:
    return client.post(f"/admin/exceptions/{case.pk}/fix/", {FIELD: new_key()}, follow=True)


def levels(answer: HttpResponse) -> list[str]:
    return [message.level_tag for message in get_messages(answer.wsgi_request)]


@pytest.fixture
def stuck() -> Order:
    """An order that wants everything at once from a warehouse that has nothing."""
    customer = make_customer(allows_backorder=False, allows_partial_shipment=False)
    order = take_order(line_draft(make_product("RCK-1"), 5), customer=customer)
    route_orders([order.pk], actor=DESK)
    assert Case.objects.get(closed_at=None).document_id == order.pk
    return order


def test_a_fix_that_does_not_help_says_so_and_the_case_stays(stuck: Order) -> None:
    client = browser_of(make_person("manager"))

    answer = press_fix(client, Case.objects.get())

    assert levels(answer) == ["warning"]
    assert Case.objects.get().closed_at is None
    assert not Shipment.objects.exists()


def test_a_fix_that_helps_closes_the_case(stuck: Order) -> None:
    add_stock(make_warehouse("BER"), stuck.lines.get().product, 5)
    client = browser_of(make_person("manager"))

    answer = press_fix(client, Case.objects.get())

    assert levels(answer) == ["success"]
    assert Case.objects.get().closed_at is not None
    assert Shipment.objects.count() == 1


def test_all_orders_that_are_stuck_are_routed_at_once() -> None:
    customer = make_customer(allows_backorder=False)
    setup = make_warehouse("BER")
    first, second = make_product("RCK-1"), make_product("RCK-2")
    orders = [take_order(line_draft(x, 5), customer=customer) for x in (first, second)]
    route_orders([order.pk for order in orders], actor=DESK)
    assert Case.objects.filter(closed_at=None).count() == 2
    add_stock(setup, first, 5)
    client = browser_of(make_person("manager"))
    shown = client.get("/admin/exceptions/").content.decode()
    assert "All: Route again" in shown
    assert f"/admin/orders/order/{orders[0].number}/warehouses/" in shown

    fields = {FIELD: new_key(), "kind": "routing", "fix": "route_order"}
    answer = client.post("/admin/exceptions/fix-all/", fields, follow=True)

    assert "1 of 2 orders got units." in answer.content.decode()
    assert Case.objects.get(closed_at=None).document_id == orders[1].pk


def test_what_is_solved_one_by_one_is_not_done_at_once(stuck: Order) -> None:
    client = browser_of(make_person("manager"))
    fields = {FIELD: new_key(), "kind": "routing", "fix": "count_bin"}

    assert client.post("/admin/exceptions/fix-all/", fields).status_code == 409
    assert Case.objects.get().closed_at is None
