"""Purchasing in a real browser: every page in every look, and goods in with the keyboard alone."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.core.management import call_command
from playwright.sync_api import Page, expect

from inventory.models import Product, PurchaseOrder, PurchaseOrderLine, Receipt, ReorderRule
from inventory.services.alerts import watch_stock
from inventory.services.receipts import Arrived
from inventory.services.receiving import receive_purchase
from oms.core.actors import SYSTEM
from oms.core.models import User
from tests.browser.conftest import OpenPage, overflow, take_picture
from tests.factories import (
    PICKER,
    WarehouseSetup,
    add_stock,
    make_product,
    make_purchase_order,
    make_supplier,
    make_warehouse,
)

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
LOOKS = [(1360, "light"), (1360, "dark"), (360, "light"), (360, "dark")]
ORDERS = "/admin/inventory/purchaseorder/"


@pytest.fixture
def setup(transactional_db: None) -> WarehouseSetup:
    call_command("setup_roles")
    return make_warehouse("BER")


@pytest.fixture
def world(setup: WarehouseSetup) -> dict[str, str]:
    """A draft, an order of which a part is here, products that are low, one that nobody sells."""
    plain, milk = make_product("PLAIN"), make_product("MILK", tracking="lot")
    phone, rare = make_product("PHONE", tracking="serial"), make_product("RARE")
    supplier = make_supplier("BRIGHT", plain, milk, phone)
    draft = make_purchase_order(supplier, setup, (plain, 5), sent=False)
    sent = make_purchase_order(supplier, setup, (plain, 12), (milk, 6), (phone, 2))
    line = PurchaseOrderLine.objects.get(purchase_order=sent, product=plain)
    came = Arrived(line_id=line.pk, quantity=8, damaged=1, bin_id=setup.bins["A-01"].pk)
    receipt = receive_purchase(order_id=sent.pk, lines=[came], actor=PICKER)
    for product in (plain, milk, rare):
        ReorderRule.objects.create(product=product, warehouse=setup.warehouse, point=40, target=90)
    add_stock(setup, rare, 3)
    watch_stock(actor=SYSTEM)
    number = Receipt.objects.get(pk=receipt.pk).number
    return {
        "purchase_orders": ORDERS,
        "purchase_draft": f"{ORDERS}{draft.number}/",
        "purchase_order": f"{ORDERS}{sent.number}/",
        "purchase_new": f"{ORDERS}new/",
        "receive": f"{ORDERS}{sent.number}/receive/",
        "receipt": f"/admin/inventory/receipt/{number}/",
        "low_stock": "/admin/inventory/low-stock/",
        "rules": "/admin/inventory/reorderrule/",
        "rules_new": "/admin/inventory/reorderrule/new/",
        "suggestions": "/admin/inventory/suggestions/",
    }


@pytest.mark.parametrize(("width", "scheme"), LOOKS)
def test_no_purchasing_page_has_an_accessibility_fault_or_scrolls_sideways(
    open_page: OpenPage,
    desk: User,
    world: dict[str, str],
    axe: Callable[[Page], list[str]],
    width: int,
    scheme: str,
) -> None:
    page = open_page(world["purchase_orders"], user=desk, width=width, scheme=scheme)
    faults = {}
    for name, url in world.items():
        page.goto(url)
        take_picture(page, f"{name}_{width}_{scheme}")
        found = axe(page)
        if found or overflow(page) > 0:
            faults[name] = (found, overflow(page))

    assert faults == {}


def test_goods_are_booked_in_by_the_keyboard(
    open_page: OpenPage, desk: User, setup: WarehouseSetup
) -> None:
    lamp = make_product("LAMP")
    order = make_purchase_order(make_supplier("BRIGHT", lamp), setup, (lamp, 12))
    page = open_page(f"{ORDERS}{order.number}/", user=desk)

    page.keyboard.press("Control+Enter")
    expect(page.get_by_role("heading", name=f"Receive {order.number}")).to_be_visible()
    page.get_by_label("Delivery note").focus()
    page.keyboard.type("LS-1")
    page.keyboard.press("Control+Enter")

    expect(page.locator(".toast")).to_contain_text("12 units booked in.")
    assert PurchaseOrder.objects.get().status == "received"
    assert Product.objects.get().levels.get().on_hand == 12
