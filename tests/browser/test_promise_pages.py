"""The pages of promises and rates in a real browser: no accessibility fault, nothing scrolls sideways."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.core.management import call_command
from django.utils import timezone
from playwright.sync_api import Page, expect

from fulfillment.services.promises import keep_promises
from inventory.models import PurchaseOrder
from oms.core.actors import SYSTEM
from oms.core.models import User
from tests.browser.conftest import OpenPage, overflow, take_picture
from tests.factories import line_draft, make_product, make_warehouse, take_order
from tests.fulfillment.rates import make_service
from tests.inventory.arrivals import order_goods
from tests.people import make_person

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

LOOKS = [(1360, "dark"), (1360, "light"), (360, "light")]


@pytest.fixture
def manager(transactional_db: None) -> User:
    call_command("setup_roles")
    return make_person("manager")


@pytest.fixture
def pages(transactional_db: None) -> dict[str, str]:
    """An order whose goods come later than was promised, and a service to try."""
    setup, lamp = make_warehouse("BER"), make_product("LAMP")
    service = make_service(days=2)
    today = timezone.localdate()
    goods = order_goods(setup.warehouse, lamp, 10, today)
    order = take_order(line_draft(lamp, 8))
    keep_promises([order.pk], actor=SYSTEM)
    later = today.replace(year=today.year + 1, day=1)
    PurchaseOrder.objects.filter(pk=goods.pk).update(expected_date=later)
    keep_promises([order.pk], actor=SYSTEM)
    return {
        "promises": "/admin/fulfillment/linepromise/",
        "promised_order": f"/admin/orders/order/{order.number}/",
        "rates": f"/admin/fulfillment/rates/?warehouse={setup.pk}&country=DE&weight_kg=3",
        "carriers": "/admin/fulfillment/carrier/",
        "service": f"/admin/fulfillment/carrierservice/{service.pk}/change/",
        "warehouse_days": f"/admin/inventory/warehouse/{setup.pk}/change/",
    }


@pytest.mark.parametrize(("width", "scheme"), LOOKS)
def test_no_page_of_promises_and_rates_has_a_fault(
    open_page: OpenPage,
    manager: User,
    pages: dict[str, str],
    axe: Callable[[Page], list[str]],
    width: int,
    scheme: str,
) -> None:
    page = open_page(pages["promises"], user=manager, width=width, scheme=scheme)
    faults = {}
    for name, url in pages.items():
        page.goto(url)
        take_picture(page, f"{name}_{width}_{scheme}")
        if (found := axe(page)) or overflow(page) > 0:
            faults[name] = (found, overflow(page))

    assert faults == {}


def test_the_calculator_answers_from_the_keyboard(
    open_page: OpenPage, manager: User, pages: dict[str, str]
) -> None:
    page = open_page("/admin/fulfillment/rates/", user=manager)
    page.get_by_label("To country").select_option("DE")
    page.get_by_label("Weight (kg)").fill("3")

    page.keyboard.press("Control+Enter")

    expect(page.get_by_text("The cheapest.")).to_be_visible()
