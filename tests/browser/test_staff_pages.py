"""The staff pages in a real browser: light and dark, wide and narrow, with and without scripts."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.core.management import call_command
from playwright.sync_api import Page, expect

from fulfillment.models import Shipment
from fulfillment.services.release import release_shipments
from fulfillment.services.route import route_orders
from oms.core.actors import SYSTEM
from oms.core.cases import open_case
from oms.core.models import User
from orders.models import Order
from orders.services.holds import hold_order
from tests.browser.conftest import OpenPage, overflow, take_picture
from tests.factories import WORLD_SKUS, make_draft_order, stocked_world, take_some_orders

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

LOOKS = [(1360, "light"), (1360, "dark"), (360, "light"), (360, "dark")]


@pytest.fixture
def world(transactional_db: None) -> dict[str, str]:
    """A small day: a draft, a held, a placed and two routed orders, one of them on the floor."""
    call_command("setup_roles")
    stocked_world()
    draft = make_draft_order()
    placed, held, planned, released = take_some_orders(4)
    hold_order(
        order_id=held.pk, kind="routing", reason="address", note="House number?", actor=SYSTEM
    )
    route_orders([planned.pk, released.pk], actor=SYSTEM)
    shipment = Shipment.objects.filter(lines__order_line__order=released).distinct().get()
    release_shipments(shipment_ids=[shipment.pk], actor=SYSTEM)
    open_case(
        kind="routing",
        dedupe_key="route:1",
        sentence="Nothing can be shipped.",
        proposed_fix="route_order",
        document_kind="order",
        document_id=placed.pk,
    )
    return {
        "start": "/admin/",
        "orders": "/admin/orders/order/",
        "draft": f"/admin/orders/order/{draft.number}/",
        "placed": f"/admin/orders/order/{placed.number}/",
        "held": f"/admin/orders/order/{held.number}/",
        "planned": f"/admin/orders/order/{planned.number}/",
        "customers": "/admin/orders/customer/",
        "customer": f"/admin/orders/customer/{placed.customer.number}/",
        "shipments": "/admin/fulfillment/shipment/",
        "shipment": f"/admin/fulfillment/shipment/{shipment.number}/",
        "products": "/admin/inventory/product/",
        "product": f"/admin/inventory/product/{WORLD_SKUS[0]}/",
        "search": "/admin/search/?q=world",
        "exceptions": "/admin/exceptions/",
        "deliveries": "/admin/system/deliveries/?view=pending",
        "empty": "/admin/orders/order/?view=canceled",
    }


@pytest.mark.parametrize(("width", "scheme"), LOOKS)
def test_no_staff_page_has_an_accessibility_fault_or_scrolls_sideways(
    open_page: OpenPage,
    desk: User,
    world: dict[str, str],
    axe: Callable[[Page], list[str]],
    width: int,
    scheme: str,
) -> None:
    page = open_page(world["start"], user=desk, width=width, scheme=scheme)
    faults = {}
    for name, url in world.items():
        page.goto(url)
        take_picture(page, f"{name}_{width}_{scheme}")
        found = axe(page)
        if found or overflow(page) > 0:
            faults[name] = (found, overflow(page))

    assert faults == {}


def test_an_order_is_placed_and_routed_by_its_primary_button(
    open_page: OpenPage, desk: User, world: dict[str, str]
) -> None:
    page = open_page(world["placed"], user=desk)

    page.get_by_role("button", name="Route").click()

    expect(page.locator(".toast")).to_contain_text("Ships from one warehouse")
    expect(page.get_by_role("button", name="Release shipment")).to_be_visible()


def test_ctrl_enter_presses_the_primary_button(
    open_page: OpenPage, desk: User, world: dict[str, str]
) -> None:
    page = open_page(world["draft"], user=desk)

    page.keyboard.press("Control+Enter")

    expect(page.locator(".toast")).to_contain_text("Placed")


def test_the_small_forms_open_from_the_menu_and_keep_what_was_typed(
    open_page: OpenPage, desk: User, world: dict[str, str]
) -> None:
    page = open_page(world["placed"], user=desk)

    page.locator(".head summary").click()
    page.get_by_role("button", name="Hold …").click()
    page.get_by_label("Note").fill("Ask the customer first")
    page.locator("#form-hold").get_by_role("button", name="Hold", exact=True).click()

    expect(page.locator(".note")).to_contain_text("Ask the customer first")
    page.get_by_role("button", name="Lift hold").click()
    expect(page.locator(".toast")).to_contain_text("lifted")


def test_searching_in_the_list_narrows_it_while_typing(
    open_page: OpenPage, desk: User, world: dict[str, str]
) -> None:
    page = open_page(world["orders"], user=desk)
    order = Order.objects.order_by("-pk")[0]

    page.keyboard.press("f")
    page.keyboard.type(order.number.lower())

    expect(page.locator("a.key")).to_have_count(1)
    expect(page.locator("a.key")).to_have_text(order.number)
    assert f"q={order.number.lower()}" in page.url
    page.go_back()
    expect(page.locator("a.key")).to_have_count(5)


def test_a_shipment_is_picked_packed_and_handed_over_without_scripts(
    open_page: OpenPage, desk: User, world: dict[str, str]
) -> None:
    page = open_page(world["shipment"], user=desk, scripts=False)

    page.get_by_role("button", name="Pick all").click()
    page.get_by_role("button", name="Pack").click()
    page.get_by_label("Weight (kg)").fill("12.5")
    page.get_by_role("button", name="Close the parcel").click()
    page.get_by_role("button", name="Hand over").click()

    expect(page.locator("h1 + .tag")).to_have_text("Shipped")
    expect(page.locator("body")).to_contain_text("12.5 kg")
