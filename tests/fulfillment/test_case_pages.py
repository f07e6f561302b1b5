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
