"""Shipments through HTTP: the list, the page, and the way of an order to the truck by its buttons."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from fulfillment.models import Pick, Shipment
from fulfillment.services.picking import Scan, pick_all
from fulfillment.services.release import release_shipments
from fulfillment.services.route import route_orders
from inventory.models import Warehouse
from oms.core.actors import SYSTEM
from oms.core.models import Case
from orders.models import Customer, Order
from orders.services.holds import hold_order
from tests.factories import stocked_world, take_order, take_some_orders
from tests.people import browser_of, key_on, make_person

pytestmark = pytest.mark.django_db
LIST = "/admin/fulfillment/shipment/"


@pytest.fixture
def manager() -> Client:
    return browser_of(make_person("manager"))


def planned(count: int = 1) -> list[Shipment]:
    """Shipments of three lines, planned in Paris."""
    if not Warehouse.objects.exists():
        stocked_world()
    orders = take_some_orders(count)
    route_orders([order.pk for order in orders], actor=SYSTEM)
    return list(
        Shipment.objects.filter(lines__order_line__order__in=orders).distinct().order_by("pk")
    )


def places(shipment: Shipment) -> tuple[Warehouse, Warehouse]:
    """The warehouse of a shipment, and another one."""
    return shipment.warehouse, Warehouse.objects.exclude(pk=shipment.warehouse_id).get()


def page_of(shipment: Shipment) -> str:
    return f"{LIST}{shipment.number}/"


def press(client: Client, page: str, url: str, **data: str) -> Any:
    return client.post(url, {"form_key": key_on(client, page), **data})


def status_of(shipment: Shipment) -> str:
    return Shipment.objects.get(pk=shipment.pk).status


def numbers(answer: Any) -> list[str]:
    return list(dict.fromkeys(re.findall(rf'href="{LIST}(SH-\d+)/"', answer.content.decode())))


def statements(client: Client, url: str) -> int:
    client.get(url)
    with CaptureQueriesContext(connection) as captured:
        assert client.get(url).status_code == 200
    return len(captured)


def test_the_list_costs_the_same_however_many_rows(manager: Client) -> None:
    planned(2)
    few = statements(manager, LIST)
    planned(20)

    assert statements(manager, LIST) == few
    assert few <= 12


def test_the_list_finds_by_number_order_and_customer(manager: Client) -> None:
    [shipment] = planned()
    order = Order.objects.get()

    for text in (shipment.number, order.number, "maison"):
        assert numbers(manager.get(LIST, {"q": text})) == [shipment.number]
    assert numbers(manager.get(f"{LIST}?view=to_pick")) == []
    here, elsewhere = places(shipment)
    assert numbers(manager.get(f"{LIST}?warehouse={here.code}")) == [shipment.number]
    assert numbers(manager.get(f"{LIST}?warehouse={elsewhere.code}")) == []


def test_an_order_goes_to_the_truck_by_the_buttons_of_its_pages(manager: Client) -> None:
    stocked_world()
    [order] = take_some_orders(1)
    order_page = f"/admin/orders/order/{order.number}/"

    assert press(manager, order_page, f"{order_page}route/").status_code == 302
    assert press(manager, order_page, f"{order_page}release/").status_code == 302
    shipment = Shipment.objects.get()
    page = page_of(shipment)
    assert page in manager.get(order_page).content.decode()
    for name, status in [
        ("pick", "picked"),
        ("pack", "packed"),
        ("ship", "shipped"),
        ("undo-ship", "packed"),
        ("ship", "shipped"),
        ("deliver", "delivered"),
    ]:
        shown = manager.get(page).content.decode()
        assert shown.count("btn primary") == 1, name
        assert press(manager, page, f"{page}{name}/").status_code == 302, name
        assert status_of(shipment) == status
    assert Order.objects.get().status == "completed"
    assert manager.get(order_page).status_code == 200


def test_a_button_pressed_too_early_is_refused_with_a_sentence(manager: Client) -> None:
    [shipment] = planned()
    page = page_of(shipment)

    answers = [
        press(manager, page, f"{page}{name}/") for name in ("pick", "pack", "ship", "deliver")
    ]

    assert [answer.status_code for answer in answers] == [409] * 4
    assert status_of(shipment) == "planned"
    assert all('data-tone="danger"' in answer.content.decode() for answer in answers)


def test_a_shipping_hold_keeps_it_from_the_floor(manager: Client) -> None:
    [shipment] = planned()
    order = Order.objects.get()
    hold_order(order_id=order.pk, kind="shipping", reason="customs", actor=SYSTEM)
    page = page_of(shipment)

    assert "A shipping hold keeps it from the floor." in manager.get(page).content.decode()
    assert press(manager, page, f"{page}release/").status_code == 409
    assert status_of(shipment) == "planned"


def test_a_canceled_shipment_gives_its_units_back(manager: Client) -> None:
    [shipment] = planned()
    page = page_of(shipment)

    assert press(manager, page, f"{page}cancel/").status_code == 422
    assert press(manager, page, f"{page}cancel/", reason="Wrong warehouse").status_code == 302
    assert status_of(shipment) == "canceled"
    assert {line.open for line in Order.objects.get().lines.all()} == {2}


def test_an_order_is_canceled_with_its_shipments(manager: Client) -> None:
    [shipment] = planned()
    order = Order.objects.get()
    page = f"/admin/orders/order/{order.number}/"
    assert "cancel-with-shipments" in manager.get(page).content.decode()

    answer = press(manager, page, f"{page}cancel-with-shipments/", reason="Customer called")

    assert answer.status_code == 302
    assert (status_of(shipment), Order.objects.get().status) == ("canceled", "canceled")


def test_pickers_see_the_work_of_their_warehouses_alone() -> None:
    [shipment] = planned()
    here, elsewhere = places(shipment)
    own = browser_of(make_person("warehouse", "here", at=here))
    foreign = browser_of(make_person("warehouse", "elsewhere", at=elsewhere))

    assert numbers(own.get(LIST)) == [shipment.number]
    assert own.get(page_of(shipment)).status_code == 200
    assert numbers(foreign.get(LIST)) == []
    assert foreign.get(page_of(shipment)).status_code == 404
    pressed = foreign.post(f"{page_of(shipment)}ship/", {"form_key": "k" * 20})
    assert pressed.status_code == 404


def test_reps_see_the_shipments_of_their_own_customers() -> None:
    rep = make_person("sales_rep")
    [shipment] = planned()
    client = browser_of(rep)
    assert client.get(page_of(shipment)).status_code == 404

    Customer.objects.filter(pk=shipment.customer_id).update(sales_rep=rep)

    assert client.get(page_of(shipment)).status_code == 200


def test_the_order_list_can_be_filtered_by_warehouse(manager: Client) -> None:
    [shipment] = planned()
    order = Order.objects.get()
    take_order()

    code = shipment.warehouse.code
    page = manager.get(f"/admin/orders/order/?warehouse={code}").content.decode()

    assert order.number in page
    assert page.count('class="key"') == 1


def open_case(order: Order) -> Case:
    return Case.objects.create(
        kind="routing", dedupe_key=f"route:{order.pk}", sentence="Nothing can be shipped.",
        proposed_fix="route_order", document_kind="order", document_id=order.pk,
    )  # fmt: skip


EXCEPTIONS = "/admin/exceptions/"


def test_the_exceptions_page_routes_again(manager: Client) -> None:
    stocked_world()
    [order] = take_some_orders(1)
    case = open_case(order)
    shown = manager.get(EXCEPTIONS).content.decode()

    answer = press(manager, EXCEPTIONS, f"{EXCEPTIONS}{case.pk}/fix/")

    assert "Nothing can be shipped." in shown
    assert f"/admin/orders/order/{order.number}/" in shown
    assert answer.status_code == 302
    assert Order.objects.get().status == "in_fulfillment"


def test_a_case_is_taken_and_closed(manager: Client) -> None:
    case = open_case(take_order())

    taken = press(manager, EXCEPTIONS, f"{EXCEPTIONS}{case.pk}/take/")
    mine = manager.get(f"{EXCEPTIONS}?mine=1").content.decode()
    closed = press(manager, EXCEPTIONS, f"{EXCEPTIONS}{case.pk}/close/")

    assert (taken.status_code, closed.status_code) == (302, 302)
    assert "Nothing can be shipped." in mine
    assert Case.objects.get().closed_by == "manager"
    assert "Nothing needs you" in manager.get(EXCEPTIONS).content.decode()


def test_the_order_page_shows_what_is_picked_of_each_line(manager: Client) -> None:
    [shipment] = planned()
    order = Order.objects.get()
    release_shipments(shipment_ids=[shipment.pk], actor=SYSTEM)
    pick = Pick.objects.filter(shipment_line__shipment=shipment).order_by("pk")[0]
    pick_all(scans=[Scan(pick.pk, 1)], actor=SYSTEM)

    answer = manager.get(f"/admin/orders/order/{order.number}/")

    rows = {row.line.pk: row for row in answer.context["page"].lines}
    picked = rows.pop(pick.shipment_line.order_line_id)
    assert picked.picked == 1
    assert picked.state == f"1 of {picked.line.allocated} picked"
    assert {row.picked for row in rows.values()} == {0}
