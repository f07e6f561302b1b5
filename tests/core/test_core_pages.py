"""Start page, search, deliveries: the kernel's own pages, filled by the apps."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.test import Client

from inventory.models import Barcode
from oms.core.models import Delivery, OutboxEvent, User
from orders.models import Customer
from tests.factories import make_draft_order, make_product, take_order
from tests.people import browser_of, key_on, make_person

pytestmark = pytest.mark.django_db


@pytest.fixture
def manager() -> Client:
    return browser_of(make_person("manager"))


def test_the_numbers_of_the_start_page_equal_the_views_behind_them(manager: Client) -> None:
    take_order()
    take_order()

    page = manager.get("/admin/").content.decode()

    assert 'href="/admin/orders/order/?view=to_route"' in page
    assert (
        manager.get("/admin/orders/order/?view=to_route").content.decode().count('class="key"') == 2
    )
    tile = page[page.index('view=to_route"') :]
    assert "<b>2</b>" in tile[: tile.index("</a>")]


def test_somebody_without_rights_gets_an_empty_start_page() -> None:
    page = browser_of(make_person()).get("/admin/").content.decode()

    assert "Your role has no pages yet." in page


def test_an_exact_number_opens_its_page(manager: Client) -> None:
    order = take_order(customer_po_number="PO-4711")
    product = make_product("KNF-1")
    Barcode.objects.create(product=product, code="4006381333931")
    number = Customer.objects.get(pk=order.customer_id).number

    def target(text: str) -> str:
        return str(manager.get("/admin/search/", {"q": text})["Location"])

    assert target(order.number.lower()) == f"/admin/orders/order/{order.number}/"
    assert target("PO-4711") == f"/admin/orders/order/{order.number}/"
    assert target("knf-1") == "/admin/inventory/product/KNF-1/"
    assert target("4006381333931") == "/admin/inventory/product/KNF-1/"
    assert target(number) == f"/admin/orders/customer/{number}/"


def test_what_is_not_exact_becomes_a_list_that_says_why(manager: Client) -> None:
    order = take_order(customer_po_number="PO-4711")

    answer = manager.get("/admin/search/?q=po-47")

    assert answer.status_code == 200
    assert order.number in answer.content.decode()
    assert "by customer PO number PO-4711" in answer.content.decode()


@pytest.mark.parametrize("text", ["", "%", "_", "\0", "x" * 5000, "'; DROP", "–"])
def test_odd_searches_are_answered(manager: Client, text: str) -> None:
    make_draft_order()

    assert manager.get("/admin/search/", {"q": text}).status_code == 200
    assert manager.get("/admin/orders/order/", {"q": text}).status_code == 200
    assert manager.get("/admin/inventory/product/", {"q": text}).status_code == 200
    assert manager.get("/admin/fulfillment/shipment/", {"q": text}).status_code == 200


def test_a_parked_delivery_is_shown_and_tried_again(manager: Client) -> None:
    event = OutboxEvent.objects.create(topic="orders.order_placed", stream="order:1", payload={})
    parked = Delivery.objects.create(
        event=event, subscriber="orders.confirmation", stream="order:1", state="parked",
        attempts=10, last_error="The mail server said no.",
    )  # fmt: skip
    page = "/admin/system/deliveries/"
    assert "The mail server said no." in manager.get(page).content.decode()
    key = key_on(manager, page)

    first = manager.post(f"{page}{parked.pk}/retry/", {"form_key": key})
    again = manager.post(f"{page}{parked.pk}/retry/", {"form_key": "another-key-1"})

    assert (first.status_code, again.status_code) == (302, 409)
    assert "This delivery is not parked any more." in again.content.decode()
    assert Delivery.objects.get().state == "pending"


def test_generated_pages_write_days_year_first(manager: Client) -> None:
    person = make_person("administrator")
    date_joined = datetime(2026, 11, 12, 15, 4, tzinfo=UTC)
    User.objects.filter(pk=person.pk).update(date_joined=date_joined, last_login=date_joined)

    page = manager.get("/admin/core/user/").content.decode()

    assert "2026-11-12 15:04" in page
    assert "Nov. 12" not in page
